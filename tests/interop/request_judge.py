# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what jidgate says to a case is as good as what nginx says to the same octets. The rule:

* Every answer of jidgate is framed exactly: a Content-Length that is right, no content where none may
  be, a Date, a Connection field that tells the end of the connection and nothing else.
* VALID: the answers are those that the specification wants of this site, and a request behind it on the
  same connection is answered exactly where the connection goes on. The class of each status, and whether
  the connection goes on, are the same as nginx's, or the case says why not.
* INVALID and STRICT: it is refused with a 4xx or 5xx, whatever nginx does; the connection is closed, and
  no octet behind it is ever read as a request.
* CUT: the same, and what had been complete before is answered.
"""

import re

from request_case import VALID
from request_exchange import PAGE, has_content

DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} "
                  r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT")


def badly_framed(case, seen):
    """What is wrong with the framing, as sentences."""
    if seen.rest:
        yield f"octets that are no answer: {seen.rest[:200]!r}"
    if seen.ended != "closed":
        yield f"the connection is not closed in peace but {seen.ended}"
    if seen.interim and b" HTTP/1.0\r\n" in case.octets:
        yield 'RFC 9110 15.2: "A server MUST NOT send a 1xx response to an HTTP/1.0 client."'
    for number, answer in enumerate(seen.answers):
        yield from (f"answer {number + 1}, {answer.status}: {fault}"
                    for fault in badly_framed_answer(case, seen, number))


def badly_framed_answer(case, seen, number):
    answer = seen.answers[number]
    is_last = number + 1 == len(seen.answers)
    method = case.methods[number] if number < len(case.methods) else "GET"
    if answer.missing:
        yield f"{answer.missing} octets of the content are missing"
    # RFC 9110 6.6.1: MUST in 2xx, 3xx and 4xx; the clock is there for 5xx as well.
    if len(answer.all("date")) != 1 or not DATE.fullmatch(answer.all("date")[0]):
        yield f"no single Date in the form of RFC 9110 5.6.7: {answer.all('date')}"
    lengths = answer.all("content-length")
    if answer.status == 204 and lengths:
        yield 'RFC 9110 8.6: "MUST NOT send a Content-Length header field in any response with [...] 204"'
    if has_content(method, answer.status) and (len(lengths) != 1 or not lengths[0].isdecimal()):
        yield f"no single Content-Length: {lengths}"
    if answer.all("transfer-encoding"):
        yield "Transfer-Encoding, where every length is known"
    if answer.status == 200 and method == "HEAD" and lengths != [str(len(PAGE))]:
        yield f"RFC 9110 9.3.2: the Content-Length is not the one of a GET: {lengths}"
    if answer.status == 200 and method == "GET" and answer.content != PAGE and not (
            is_last and seen.canary):
        yield f"the content is not the page: {answer.content[:200]!r}"
    if answer.status == 405 and not answer.all("allow"):
        yield "RFC 9110 15.5.6: MUST generate an Allow header field"
    # RFC 9112 9.6: a server that closes sends "close" in its final response. When the client ended its
    # half first, there is nobody left to tell.
    if is_last and "close" not in answer.options() and not case.ends:
        yield "is the last and does not say so"
    if not is_last and "close" in answer.options():
        yield "says that it is the last and is not"
    if not is_last and b" HTTP/1.0\r\n" in case.octets and "keep-alive" not in answer.options():
        yield "RFC 9112 9.3: the connection of an HTTP/1.0 client goes on and is not said to"


def classes(statuses):
    return tuple(status // 100 for status in statuses)


def is_refused(case, seen):
    """Whether the last request of the case got an error, or nothing, and none behind it an answer."""
    wanted = len(case.statuses)
    return not seen.canary and not seen.rest and len(seen.statuses) <= wanted and (
        len(seen.statuses) < wanted or not wanted or seen.statuses[-1] >= 400)


def worse(case, nginx, jidgate):
    """In which ways jidgate is not as good as nginx, as sentences."""
    faults = list(badly_framed(case, jidgate))
    if jidgate.statuses != case.statuses:
        faults.append(f"answers {jidgate.statuses}, wanted: {case.statuses}; nginx: {nginx.statuses}")
    if case.kind == VALID:
        if jidgate.canary != case.keeps:
            faults.append("the request behind it is " + (
                "answered although the connection ends" if jidgate.canary else "not answered"))
        if not case.why and (classes(jidgate.statuses), jidgate.canary) != (
                classes(nginx.statuses), nginx.canary):
            faults.append(f"differs from nginx ({nginx}), and the case does not say why")
    else:
        if not is_refused(case, jidgate):
            faults.append("is not refused")
        if jidgate.canary:
            faults.append("the request behind it is answered although this one was refused")
    return faults
