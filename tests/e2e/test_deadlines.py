# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions that nobody answers, and people who do not wait. XEP-0070 names no status for this: it is
401 with a new challenge, which no client repeats by itself."""

import time

from support.confirm import JULIET, ORCHARD, PAGE, ROMEO, asked, is_question
from support.fakeserver import COMPONENT, local
from support.jidgate import ORIGIN
from support.web import basic

TID = "a7374jnjlalasdf82"
BOUNCE = ("<{kind} type='error' id='{sid}' from='{bare}' to='{component}'><error type='cancel'>"
          "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></{kind}>")


def bounce(question):
    text = BOUNCE.replace("{kind}", local(question.stanza))
    if local(question.stanza) == "iq":
        text = text.replace("{bare}", "{asked}")
    return question.fill(text)


async def test_nobody_answers(server, jidgate, browse):
    """Within the timeout and a second, and not before it."""
    http = browse(await jidgate(server, {"confirm": {"timeout": "2s"}}))
    began = time.monotonic()
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    await asked(server, ORCHARD, TID)
    got = await answer
    assert got.status == 401
    assert len(got.all("WWW-Authenticate")) == 3
    assert 2 <= time.monotonic() - began <= 3
    assert not any(is_question(stanza) for stanza in await server.passed())


async def test_a_rule_has_its_own_timeout(server, jidgate, browse):
    http = browse(await jidgate(server, {
        "confirm": {"timeout": "20s"},
        "rule.files.2": {"path": "/other.html", "timeout": "1s"}}))
    answer = http.get("/other.html", auth=(ORCHARD, TID))
    await asked(server, ORCHARD, TID, url=ORIGIN + "/other.html")
    got = await answer
    assert got.status == 401
    assert not any(is_question(stanza) for stanza in await server.passed())


async def test_unknown_and_offline_look_like_silence(server, jidgate, browse):
    """A bounce is held until the timeout, so that a stranger learns nothing about who exists: same
    status, same challenges, same time."""
    http = browse(await jidgate(server, {"confirm": {"timeout": "2s"}}))
    seen = []
    for jid, answers in ((ROMEO, False), (JULIET, True)):
        began = time.monotonic()
        answer = http.get(PAGE, auth=(jid, TID))
        question = await asked(server, jid, TID)
        if answers:
            server.sends(bounce(question))
        got = await answer
        seen.append((got.status, [name for name, _ in got.headers],
                     [line.split(" ")[0] for line in got.all("WWW-Authenticate")]))
        assert 2 <= time.monotonic() - began <= 3
    assert seen[0] == seen[1]
    assert not any(is_question(stanza) for stanza in await server.passed())


async def test_a_held_bounce_is_no_answer(server, jidgate, browse):
    """The message may have reached another device meanwhile."""
    http = browse(await jidgate(server))
    answer = http.get(PAGE, auth=(ROMEO, TID))
    question = await asked(server, ROMEO, TID)
    server.sends(bounce(question))
    await server.receives_nothing()
    assert not answer.done()
    server.sends(question.confirmed())
    assert (await answer).status == 200


async def test_an_iq_and_its_message_both_bounce(server, jidgate, browse):
    """Two questions at most for one request."""
    http = browse(await jidgate(server, {"confirm": {"unreachable": "answer"}}))
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    question = await asked(server, ORCHARD, TID)
    server.sends(bounce(question))
    second = await server.receives()
    assert local(second) == "message"
    server.sends(f"<message type='error' id='{second.get('id')}' from='{second.get('to')}' "
                 f"to='{server.component}'><error type='cancel'><item-not-found "
                 "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>")
    assert (await answer).status == 401
    await server.receives_nothing()


async def test_whoever_asked_leaves_and_the_person_is_told(server, jidgate, browse):
    """In the question's thread, and without a question; an answer after it grants nothing."""
    gate = await jidgate(server)
    http = browse(gate)
    connection = await http.connect()
    connection.send("GET", PAGE, [("Host", http.host), ("Authorization", basic(ROMEO, TID))])
    question = await asked(server, ROMEO, TID)
    connection.close()
    told = await server.receives()
    assert local(told) == "message" and not is_question(told)
    assert told.findtext(f"{{{COMPONENT}}}thread") == question.thread
    assert told.findtext(f"{{{COMPONENT}}}body")
    server.sends(question.confirmed())
    assert not any(is_question(stanza) for stanza in await server.passed())
    again = http.get(PAGE, auth=(ROMEO, TID))
    second = await asked(server, ROMEO, TID)
    server.sends(second.denied())
    assert (await again).status == 403


async def test_a_late_answer_gets_one_word(server, jidgate, browse):
    """However often it is sent."""
    http = browse(await jidgate(server, {"confirm": {"timeout": "1s"}}))
    answer = http.get(PAGE, auth=(ROMEO, TID))
    question = await asked(server, ROMEO, TID)
    assert (await answer).status == 401
    for _ in range(3):
        server.sends(question.confirmed())
    said = [stanza for stanza in await server.passed() if local(stanza) == "message"]
    assert len(said) == 1 and not is_question(said[0])
    assert said[0].get("to").partition("/")[0] == ROMEO
