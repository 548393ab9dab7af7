# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever octets stand in a request, the stream to the server stays up. A single control character or
broken sequence in a stanza makes a real server close the stream, and with it every open question."""

import asyncio
import re
from pathlib import Path

import pytest

from support.confirm import CONFIRM, ORCHARD, PAGE, asked, is_question
from support.web import basic

VECTORS = Path(__file__).parent.parent / "vectors" / "utf8-sequences.txt"
CONTROLS = [bytes([number]) for number in [*range(0x20), 0x7F]] + [
    code.encode() for code in ("\u0080", "\u0085", "\u009f", "\u2028", "\u2029", "\u202e", "\u2066",
                               "\u200b", "\ufeff", "\ufffe", "\uffff")]


def sequences():
    """(verdict for XML, octets) of each line of the vectors."""
    found = []
    for line in VECTORS.read_text(encoding="ascii").splitlines():
        utf8, xml, escaped = line.split("\t")
        octets = re.sub(rb"\\x([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]),
                        escaped.encode())
        found.append((utf8 == "valid" and xml == "char", octets))
    assert len(found) > 35
    return found


def escaped(octets):
    return b"".join(b"%%%02X" % octet for octet in octets)


async def send(server, http, method, target, headers):
    """Sends a request and returns its answer, or the question that it led to, whichever comes first.
    A question is confirmed, so that nothing stays open."""
    connection = await http.connect()
    try:
        connection.send(method, target, [("Host", http.host), *headers])
        answer = asyncio.ensure_future(connection.answer())
        question = asyncio.ensure_future(server.receives(within=10))
        await asyncio.wait((answer, question), return_when=asyncio.FIRST_COMPLETED)
        stanza = None
        if question.done():
            stanza = question.result()
            assert is_question(stanza)
            kind = "result" if stanza.tag.endswith("}iq") else None
            assert kind, "only full addresses are used here"
            server.sends(f"<iq type='result' id='{stanza.get('id')}' from='{ORCHARD}' "
                         f"to='{server.component}'/>".replace(ORCHARD, xml(stanza.get("to"))))
        else:
            question.cancel()
        try:
            return await asyncio.wait_for(answer, 10), stanza
        except ConnectionError:
            return None, stanza
    finally:
        connection.close()


def xml(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&apos;")


async def is_still_up(server, http):
    """One more question goes out on the very stream that it all began with."""
    await server.receives_nothing()
    answer = http.get(PAGE, auth=(ORCHARD, "the-last-one"))
    question = await asked(server, ORCHARD, "the-last-one")
    server.sends(question.confirmed())
    assert (await answer).status == 200
    assert server.handshakes == 1 and not server.violations and not server.stream_errors


@pytest.mark.parametrize("place", ["transaction id", "account", "resource"])
async def test_in_the_credentials(server, jidgate, browse, place):
    """XEP-0070 section 4.3.1: raw, as browsers send it, and percent-encoded, as the text wants it.
    What may stand in XML arrives unchanged; what may not leads to no question."""
    http = browse(await jidgate(server))
    cases = sequences() + [(False, octets) for octets in CONTROLS]
    for number, (good, octets) in enumerate(cases):
        for form, coded in (("raw", octets), ("percent", escaped(octets))):
            jid, tid = b"romeo@verona.test/orchard", b"code-%d-%s" % (number, form.encode())
            if place == "transaction id":
                tid += b"-" + coded + b"-"
            elif place == "account":
                jid = b"ro" + coded + b"meo@verona.test/orchard"
            else:
                jid += b"-" + coded
            got, stanza = await send(server, http, "GET", PAGE,
                                     [("Authorization", basic(jid, tid))])
            if stanza is None:
                assert got is None or got.status in (400, 401, 403), (octets, form, got)
            elif form == "raw":
                assert good, f"a question with {octets!r}"
            if stanza is not None and place == "transaction id" and form == "raw":
                confirm = stanza.find(f"{{{CONFIRM}}}confirm")
                assert confirm.get("id").encode() == tid
    await is_still_up(server, http)


@pytest.mark.parametrize("place", ["path", "query", "method", "host", "user agent"])
async def test_in_the_rest_of_the_request(server, jidgate, browse, place):
    http = browse(await jidgate(server))
    cases = [octets for _, octets in sequences()] + CONTROLS
    for number, octets in enumerate(cases):
        for form, coded in (("raw", octets), ("percent", escaped(octets))):
            method, target, headers = "GET", PAGE.encode(), []
            if place == "path":
                target = b"/a" + coded + b"b"
            elif place == "query":
                target += b"?q=" + coded
            elif place == "method":
                method = b"FRO" + coded + b"B"
            elif place == "host":
                headers.append(("Host", b"files" + coded + b".verona.test"))
            else:
                headers.append(("User-Agent", b"Firefox " + coded))
            tid = f"code-{number}-{form}"
            headers.append(("Authorization", basic(ORCHARD, tid)))
            got, stanza = await send(server, http, method, target, headers)
            if stanza is None:
                assert got is None or 400 <= got.status < 500, (octets, form, got)
            else:
                assert stanza.find(f"{{{CONFIRM}}}confirm").get("id") == tid
    await is_still_up(server, http)


async def test_sizes(server, jidgate, browse):
    """Bounded in what goes out as well: a server ends a stream over a stanza that is too large."""
    http = browse(await jidgate(server))
    for jid, tid in ((ORCHARD, "x" * 129), (ORCHARD, "x" * 8000), (ORCHARD, ""),
                     ("r" * 1024 + "@verona.test/orchard", "x"),
                     ("romeo@verona.test/" + "o" * 1024, "x"),
                     ("romeo@" + "v" * 1024 + ".test/orchard", "x")):
        got, stanza = await send(server, http, "GET", PAGE, [("Authorization", basic(jid, tid))])
        assert stanza is None
        assert got.status in (401, 403, 431), got
    for target, status in ((PAGE + "?" + "q" * 9000, 414), ("/" + "p" * 9000, 414)):
        got, stanza = await send(server, http, "GET", target,
                                 [("Authorization", basic(ORCHARD, "y"))])
        assert stanza is None and got.status == status
    got, stanza = await send(server, http, "F" * 65, PAGE, [("Authorization", basic(ORCHARD, "z"))])
    assert stanza is None and got.status in (400, 501)
    await is_still_up(server, http)


HOSTILE_STANZAS = {
    "deep": "<message from='{m}' to='{c}'>" + "<a>" * 5000 + "</a>" * 5000 + "</message>",
    "wide": "<message from='{m}' to='{c}'>" + "<a/>" * 20000 + "</message>",
    "many attributes": "<message from='{m}' to='{c}' "
                       + " ".join(f"a{n}='1'" for n in range(5000)) + "/>",
    "a long attribute": "<message from='{m}' to='{c}' a='" + "x" * 300000 + "'/>",
    "a long text": "<message from='{m}' to='{c}'><body>" + "x" * 300000 + "</body></message>",
    "nothing to read": "<message from='{m}' to='{c}'/>",
    "no addresses": "<message/><presence/>",
    "an unknown element": "<whatever from='{m}' to='{c}'/>",
    "a result nobody wants": "<iq type='result' id='1' from='{m}' to='{c}'/>",
    "an error nobody wants": "<iq type='error' id='1' from='{m}' to='{c}'/>",
    "a broken sender": "<message from='@@@' to='{c}'><body>OK</body></message>",
    "odd characters": "<message from='{m}' to='{c}'><body>&#x1F600;&#9;&#13;&#x85;&#x2028;"
                      "<![CDATA[<x/>]]><!-- a comment --></body></message>",
}


@pytest.mark.parametrize("stanza", HOSTILE_STANZAS.values(), ids=HOSTILE_STANZAS)
async def test_stanzas_that_a_server_may_pass_on(server, jidgate, browse, stanza):
    """The daemon outlives them, the open question included."""
    gate = await jidgate(server)
    http = browse(gate)
    answer = http.get(PAGE, auth=(ORCHARD, "code"))
    question = await asked(server, ORCHARD, "code")
    server.sends(stanza.replace("{m}", "mallory@verona.test/cell").replace("{c}", server.component))
    assert not any(is_question(found) for found in await server.passed(within=10))
    assert not answer.done()
    server.sends(question.confirmed())
    assert (await answer).status == 200
    assert server.handshakes == 1


QUERIES = {
    "an unknown one": "<query xmlns='urn:example:unknown'/>",
    "an empty one": "",
    "one too large": "<query xmlns='urn:example:unknown'>" + "x" * 300000 + "</query>",
    "one too deep": "<query xmlns='urn:example:unknown'>" + "<a>" * 5000 + "</a>" * 5000 + "</query>",
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
@pytest.mark.parametrize("type", ["get", "set"])
async def test_every_request_has_one_answer(server, jidgate, type, query):
    """RFC 6120 section 8.2.3: "An entity that receives a stanza of type "get" or "set" MUST reply",
    from the address that was asked, also when the guard drops it."""
    await jidgate(server)
    server.sends(f"<iq type='{type}' id='q1' from='mallory@verona.test/cell' to='{server.component}'>"
                 f"{query}</iq>")
    answers = await server.passed(within=10)
    assert len(answers) == 1
    assert answers[0].attrib["type"] == "error"
    assert answers[0].attrib["id"] == "q1"
    assert answers[0].attrib["from"] == server.component
    assert answers[0].attrib["to"] == "mallory@verona.test/cell"
