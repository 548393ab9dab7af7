# SPDX-License-Identifier: GPL-3.0-or-later
"""XEP-0070: the whole way from a request to the person and back, over a scripted server."""

import asyncio

import pytest

from support.confirm import JULIET, ORCHARD, PAGE, ROMEO, asked
from support.jidgate import ORIGIN
from support.jidgate import PAGE as CONTENT

TID = "a7374jnjlalasdf82"


async def test_an_iq_result_confirms(server, jidgate, browse):
    """Section 4.6: "If the user wishes to confirm the request, the XMPP Client MUST do so by sending
    an IQ result"; section 4.7: "the HTTP Server MUST allow the access"."""
    http = browse(await jidgate(server))
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    question = await asked(server, ORCHARD, TID)
    assert not answer.done()
    server.sends(question.confirmed())
    got = await answer
    assert (got.status, got.body) == (200, CONTENT)


async def test_an_iq_error_denies(server, jidgate, browse):
    """Section 4.7: "If the user denies the request, the HTTP Server MUST deny access by returning a
    403 (Forbidden)"."""
    http = browse(await jidgate(server))
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    question = await asked(server, ORCHARD, TID)
    server.sends(question.denied())
    got = await answer
    assert got.status == 403
    assert CONTENT not in got.body


async def test_a_message_in_the_same_thread_confirms(server, jidgate, browse):
    """Section 4.5: "If the XMPP address provided was a bare JID […] the XMPP Server MUST send a
    message stanza"; section 4.6: the answer mirrors the <thread/>."""
    http = browse(await jidgate(server))
    answer = http.get(PAGE, auth=(ROMEO, TID))
    question = await asked(server, ROMEO, TID)
    assert question.thread
    server.sends(question.confirmed())
    assert (await answer).status == 200


async def test_a_message_of_type_error_denies(server, jidgate, browse):
    """Section 4.6: "If the user wishes to deny the request, the XMPP Client MUST send a message of
    type 'error'"."""
    http = browse(await jidgate(server))
    answer = http.get(PAGE, auth=(ROMEO, TID))
    question = await asked(server, ROMEO, TID)
    server.sends(question.denied())
    assert (await answer).status == 403


@pytest.mark.parametrize("text, status", [("OK", 200), ("ok", 200), ("No", 403), ("no", 403)])
async def test_a_person_without_support_answers_in_words(server, jidgate, browse, text, status):
    """Section 4.5: "If the message includes a body, the XMPP Server SHOULD understand a text reply"."""
    http = browse(await jidgate(server))
    answer = http.get(PAGE, auth=(ROMEO, TID))
    question = await asked(server, ROMEO, TID)
    server.sends(question.said(text))
    assert (await answer).status == status


async def test_the_body_tells_the_person_what_they_need_to_know(server, jidgate, browse):
    """Section 6.1: the transaction identifier is shown so that the person can compare it. The query
    may hold secrets and stays out of what clients archive."""
    http = browse(await jidgate(server))
    answer = http.request("POST", PAGE + "?token=hidden", auth=(ROMEO, TID))
    question = await asked(server, ROMEO, TID, "POST", f"{ORIGIN}{PAGE}?token=hidden")
    assert question.bodies
    for body in question.bodies.values():
        for part in ("files.verona.test", "POST", PAGE, "127.0.0.1", TID):
            assert part in body, body
        assert "hidden" not in body, body
    server.sends(question.denied())
    assert (await answer).status == 403


async def test_the_question_repeats_the_request_unchanged(server, jidgate, browse):
    """Section 4.5: the 'id' is the transaction identifier, "method" the method, "url" "the full HTTP
    URL"; section 4.1: any method, user-defined ones included. Characters that XML reserves arrive as
    they were sent."""
    http = browse(await jidgate(server))
    tid = """<&'"> ]]> é 🎭"""
    answer = http.request("FROB-NICATE", PAGE + "?a=1&b=%3Cx%3E", auth=(ORCHARD, tid))
    question = await asked(server, ORCHARD, tid, "FROB-NICATE", f"{ORIGIN}{PAGE}?a=1&b=%3Cx%3E")
    server.sends(question.denied())
    assert (await answer).status == 403


async def test_an_iq_that_bounces_becomes_a_message_once(server, jidgate, browse):
    """Section 4.5: to a full JID the IQ is only a SHOULD: a client that cannot take it is asked by
    message, and so is the next resource."""
    http = browse(await jidgate(server))
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    first = await asked(server, ORCHARD, TID)
    server.sends(first.fill(
        "<iq type='error' from='{asked}' to='{component}' id='{sid}'><error type='cancel'>"
        "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"))
    stanza = await server.receives()
    assert stanza.tag.endswith("}message"), stanza.tag
    assert not answer.done()
    again = type(first)(stanza, ORCHARD, TID, "GET", first.url)
    assert again.thread
    server.sends(again.confirmed())
    assert (await answer).status == 200


async def test_without_credentials_the_challenges_come_in_separate_lines(server, jidgate, browse):
    """Section 4.2: the server MUST answer 401 with a WWW-Authenticate field for each scheme, "at
    least one" with realm "xmpp". Basic first: older proxies pass on one line only."""
    http = browse(await jidgate(server))
    got = await http.get(PAGE)
    assert got.status == 401
    challenges = got.all("WWW-Authenticate")
    assert challenges[0] == 'Basic realm="xmpp", charset="UTF-8"'
    assert [line.startswith('Digest realm="xmpp", ') for line in challenges[1:]] == [True, True]
    assert "SHA-256" in challenges[1] and "MD5" in challenges[2]
    assert "no-store" in got.header("Cache-Control")


async def test_who_may_not_come_in_is_not_asked(server, jidgate, browse):
    """Section 4.4: the server "MUST check whether the JID is authorized" before it sends anything."""
    http = browse(await jidgate(server, {
        "rule.files.2": {"path": "/other.html", "allow": JULIET}}))
    assert (await http.get("/other.html", auth=(ORCHARD, TID))).status == 403
    assert (await http.get(PAGE, auth=("romeo@elsewhere.test", TID))).status == 403
    assert (await http.get(PAGE, auth=("verona.test", TID))).status == 403
    await server.receives_nothing()
    answer = http.get("/other.html", auth=(JULIET, TID))
    question = await asked(server, JULIET, TID, url=ORIGIN + "/other.html")
    server.sends(question.confirmed())
    assert (await answer).status == 200


async def test_public_pages_need_nobody(server, jidgate, browse):
    http = browse(await jidgate(server))
    got = await http.get("/public/index.html")
    assert (got.status, got.body) == (200, CONTENT)


async def test_ways_around_the_public_part_are_refused(server, jidgate, browse):
    """A path that somebody behind us could read otherwise gets the strictest rule, never a bypass."""
    http = browse(await jidgate(server))
    for target in ("/public/../missive.html", "/public/%2e%2e/missive.html", "/public/..%2fmissive.html",
                   "/public//../missive.html", "/public/..\\missive.html", "/public/%00/../missive.html",
                   "/public/%252e%252e/missive.html", "/PUBLIC/../missive.html"):
        got = await http.get(target)
        assert got.status in (400, 401), (target, got)
        assert CONTENT not in got.body


async def test_two_people_are_asked_side_by_side(server, jidgate, browse):
    """Each answer belongs to the question that it names."""
    http = browse(await jidgate(server))
    first = http.get(PAGE, auth=(ORCHARD, "one"))
    to_romeo = await asked(server, ORCHARD, "one")
    second = http.get(PAGE, auth=(JULIET + "/balcony", "two"))
    to_juliet = await asked(server, JULIET + "/balcony", "two")
    assert to_romeo.id != to_juliet.id
    server.sends(to_juliet.denied())
    assert (await second).status == 403
    assert not first.done()
    server.sends(to_romeo.confirmed())
    assert (await first).status == 200


@pytest.mark.parametrize("scheme", [["--basic"], ["--digest"], ["--anyauth"]])
async def test_curl_gets_in(server, jidgate, scheme):
    """Section 4.3: Basic and Digest as an everyday client does them. For Digest the transaction
    identifier is curl's own cnonce, and the password is empty."""
    gate = await jidgate(server)
    user = f"{ORCHARD}:" + (TID if scheme == ["--basic"] else "")
    curl = await asyncio.create_subprocess_exec(
        "curl", "-sS", "--noproxy", "*", *scheme, "-u", user, "-H", "Host: files.verona.test:9345",
        f"http://127.0.0.1:{gate.port}{PAGE}", stdout=asyncio.subprocess.PIPE)
    stanza = await server.receives()
    confirm = stanza[0]
    server.sends(f"<iq type='result' id='{stanza.get('id')}' from='{ORCHARD}' "
                 f"to='{server.component}'/>")
    assert confirm.get("id")
    output, _ = await asyncio.wait_for(curl.communicate(), 10)
    assert output == CONTENT
