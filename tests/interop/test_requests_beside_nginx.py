# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests of every kind, good and bad, sent to jidgate and to Debian's nginx in the same run: two
servers of the same files under one name. The rule of the comparison is in request_judge.py."""

import asyncio

import pytest

from invalid_requests import INVALID_REQUESTS
from request_case import KINDS, NAME, VALID, get, invalid, valid
from request_exchange import CANARY_PAGE, PAGE, Seen, exchange, parse
from request_judge import is_refused, worse
from support.fakeserver import FakeServer
from support.jidgate import Jidgate
from support.nginx import MAIN
from support.processes import Folder, Process, accepts, free_port, start_with_retry
from valid_requests import VALID_REQUESTS

CASES = [*VALID_REQUESTS, *INVALID_REQUESTS]

# Knows one name, as jidgate does, and does not wait long for what will not come.
NGINX_SITE = """
client_header_timeout 1s;
client_body_timeout 1s;
lingering_timeout 1s;
server {{
    listen 127.0.0.1:{port} default_server;
    return 421;
}}
server {{
    listen 127.0.0.1:{port};
    server_name {name};
    root {root};
}}
"""


class StaticNginx:
    def __init__(self, folder, root):
        self.folder, self.root = folder, root
        self.folder.sub("nginx")
        start_with_retry(self._start)

    def _start(self):
        self.port = free_port()
        home = self.folder / "nginx"
        self.folder.write("nginx/jidgate.conf",
                          NGINX_SITE.format(port=self.port, name=NAME, root=self.root))
        self.folder.write("nginx/nginx.conf", MAIN.format(folder=home))
        self.process = Process(
            "nginx", ["nginx", "-e", "stderr", "-p", home, "-c", home / "nginx.conf"], home / "log",
            cwd=home)
        self.process.wait_for(lambda: accepts(self.port), "its port to open")


async def ask_both(folder):
    """Sends every case to both. Returns what was seen, by the case's name, and what was wrong with the
    daemon beyond that."""
    turns, faults = asyncio.Semaphore(8), []
    server = await FakeServer().start()
    jidgate = Jidgate(folder, server.port, {"rule.files.1": {"path": "/", "mode": "bypass"}})
    for name, content in (("index.html", PAGE), ("canary.html", CANARY_PAGE)):
        (folder / "site" / name).write_bytes(content)
    nginx = StaticNginx(folder, folder / "site")

    async def ask(case):
        async with turns:
            return case.name, await asyncio.gather(exchange(nginx.port, case),
                                                   exchange(jidgate.port, case))

    try:
        await jidgate.start()
        seen = dict(await asyncio.gather(*map(ask, CASES)))
        for check in (server.receives_nothing(), asyncio.to_thread(jidgate.stop)):
            try:
                faults += await check or []
            except AssertionError as fault:
                faults.append(str(fault))
    finally:
        if jidgate.process and jidgate.process.running():
            jidgate.process.stop()
        nginx.process.stop()
        await server.stop()
    return seen, faults + server.violations


@pytest.fixture(scope="module")
def run():
    folder = Folder("requests")
    try:
        answers = asyncio.run(ask_both(folder))
        folder.keep = bool(answers[1])
        return answers
    except BaseException:
        folder.keep = True
        raise
    finally:
        if folder.keep:
            print(f"kept: {folder.path}")
        folder.remove()


@pytest.fixture(scope="module")
def seen(run):
    return run[0]


def test_nobody_is_asked_and_nothing_breaks(run):
    """Not one stanza, no warning in the log, and the daemon leaves with 0."""
    assert not run[1], run[1]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}-{case.name}")
def test_as_good_as_nginx(seen, case):
    nginx, jidgate = seen[case.name]
    faults = worse(case, nginx, jidgate)
    assert not faults, f"{case.clause}\n{case.octets[:500]!r}\n" + "\n".join(faults)


def test_as_good_as_nginx_in_all(seen):
    """Shows all of it, and holds the sums."""
    assert len(seen) == len(CASES) >= 60, "two cases have one name"
    width = max(len(case.name) for case in CASES)
    print(f"\n{'case':{width}}  {'kind':7}  {'nginx':20}  {'jidgate':20}")
    for case in CASES:
        nginx, jidgate = map(str, seen[case.name])
        print(f"{case.name:{width}}  {case.kind:7}  {nginx:20}  {jidgate:20}"
              + (f"  * {case.why}" if nginx != jidgate else ""))
    for kind in KINDS:
        cases = [case for case in CASES if case.kind == kind]
        as_wanted, refused, differs = [0, 0], [0, 0], 0
        for case in cases:
            differs += str(seen[case.name][0]) != str(seen[case.name][1])
            for which, one in enumerate(seen[case.name]):
                as_wanted[which] += one.statuses == case.statuses and one.canary == case.keeps
                refused[which] += is_refused(case, one)
        print(f"{kind}: {len(cases)} cases, {differs} answered differently; as wanted: nginx "
              f"{as_wanted[0]}, jidgate {as_wanted[1]}")
        assert as_wanted[1] == len(cases) >= as_wanted[0] > 0
        if kind != VALID:
            print(f"{kind}: refused: nginx {refused[0]}, jidgate {refused[1]}")
            assert refused[1] == len(cases) >= refused[0] > 0


# The comparison itself has to be able to say no.

HEAD = ("HTTP/1.1 {} X\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: {}\r\n"
        "Connection: {}\r\n\r\n")


def page(connection="keep-alive", length=len(PAGE), status=200, content=PAGE):
    return HEAD.format(status, length, connection).encode() + content


REFUSAL = page("close", 4, 400, b"bad\n")
REST = page("close", len(CANARY_PAGE), 200, CANARY_PAGE)
GOOD, BAD = valid("good", "of this test", get()), invalid("bad", "of this test", get())
LAST = valid("last", "of this test", get(), keeps=False)
HEAD_CASE = valid("head", "of this test", get().replace(b"GET", b"HEAD"))


def said(octets, case, ended="closed"):
    return Seen(*parse(octets, case.methods), ended)


@pytest.mark.parametrize("case, answered", [
    (GOOD, page() + REST), (LAST, page("close")), (BAD, REFUSAL),
    (HEAD_CASE, page(content=b"") + REST)])
def test_the_comparison_accepts_what_is_right(case, answered):
    assert not worse(case, said(answered, case), said(answered, case))


@pytest.mark.parametrize("fault, case, answered", [
    ("wanted: (200,)", GOOD, page(status=404) + REST),
    ("not answered", GOOD, page("close")),
    ("does not say why", GOOD, page("close")),
    ("although the connection ends", LAST, page() + REST),
    ("is not refused", BAD, page("close")),
    ("although this one was refused", BAD, page(status=400) + REST),
    ("is the last and does not say so", BAD, REFUSAL.replace(b"close", b"keep-alive")),
    ("says that it is the last and is not", GOOD, page("close") + REST),
    ("no single Date", GOOD, page().replace(b"Date", b"Data") + REST),
    ("no single Date", GOOD, page().replace(b"06 Nov", b"6 Nov") + REST),
    ("no single Content-Length", LAST, page("close").replace(b"Content-Length", b"Length")),
    ("octets of the content are missing", LAST, page("close", len(PAGE) + 1)),
    ("octets that are no answer", GOOD, page(length=len(PAGE) - 1) + REST),
    ("octets that are no answer", HEAD_CASE, page() + REST),
    ("octets that are no answer", BAD, b"<title>HTTP/0.9</title>"),
    ("the content is not the page", LAST, page("close", 4, 200, b"boo\n")),
    ("MUST NOT send a Content-Length", GOOD, page(status=204, content=b"") + REST),
    ("MUST generate an Allow", GOOD, page(status=405) + REST),
])
def test_the_comparison_sees_what_is_wrong(fault, case, answered):
    right = {"good": page() + REST, "last": page("close"), "bad": REFUSAL,
             "head": page(content=b"") + REST}[case.name]
    assert any(fault in sentence for sentence in worse(case, said(right, case), said(answered, case)))


@pytest.mark.parametrize("ended", ["reset", "open"])
def test_the_comparison_sees_how_it_ended(ended):
    assert any(ended in fault for fault in worse(BAD, said(REFUSAL, BAD), said(REFUSAL, BAD, ended)))
