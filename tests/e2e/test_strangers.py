# SPDX-License-Identifier: GPL-3.0-or-later
"""XEP-0070 sections 4.6 and 6.1: the answer counts when it comes from the address that was asked, for
the question that was asked, once. Whatever else arrives uses nothing up."""

import pytest

from support.confirm import CONFIRM, ORCHARD, PAGE, ROMEO, asked, is_question

TID = "a7374jnjlalasdf82"

FORGERIES = {
    "another account, right id":
        "<iq type='result' id='{sid}' from='{mallory}' to='{component}'/>",
    "another resource of the asked account":
        "<iq type='result' id='{sid}' from='{bare}/other' to='{component}'/>",
    "the asked account without its resource":
        "<iq type='result' id='{sid}' from='{bare}' to='{component}'/>",
    "the same name at another domain":
        "<iq type='result' id='{sid}' from='romeo@elsewhere.test/orchard' to='{component}'/>",
    "the person's own server":
        "<iq type='result' id='{sid}' from='verona.test' to='{component}'/>",
    "a get with the question's id":
        f"<iq type='get' id='{{sid}}' from='{{asked}}' to='{{component}}'><confirm "
        f"xmlns='{CONFIRM}' id='{{tid}}' method='{{method}}' url='{{url}}'/></iq>",
    "a guessed id":
        "<iq type='result' id='{sid}0' from='{asked}' to='{component}'/>",
    "an empty id":
        "<iq type='result' id='' from='{asked}' to='{component}'/>",
    "a message of somebody who saw everything":
        f"<message from='{{mallory}}' to='{{component}}'><thread>{{thread}}</thread><confirm "
        f"xmlns='{CONFIRM}' id='{{tid}}' method='{{method}}' url='{{url}}'/></message>",
    "a prefixed from":
        "<iq xmlns:e='urn:x' type='result' id='{sid}' e:from='{asked}' from='{mallory}' "
        "to='{component}'/>",
    "a prefixed from, first":
        "<iq e:from='{asked}' xmlns:e='urn:x' type='result' id='{sid}' from='{mallory}' "
        "to='{component}'/>",
    "a nested copy of the right answer":
        "<message from='{mallory}' to='{component}'><forwarded xmlns='urn:xmpp:forward:0'>"
        "<iq type='result' id='{sid}' from='{asked}' to='{component}'/></forwarded></message>",
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
async def test_a_forged_answer_grants_nothing_and_the_question_stays(
        server, jidgate, browse, forgery):
    http = browse(await jidgate(server))
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    question = await asked(server, ORCHARD, TID)
    server.sends(question.fill(forgery))
    assert not any(is_question(stanza) for stanza in await server.passed())
    assert not answer.done()
    server.sends(question.confirmed())
    assert (await answer).status == 200


async def test_a_stranger_cannot_deny_either(server, jidgate, browse):
    http = browse(await jidgate(server))
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    question = await asked(server, ORCHARD, TID)
    for sender in ("mallory@verona.test/cell", "romeo@verona.test/other"):
        server.sends(f"<iq type='error' id='{question.id}' from='{sender}' to='{server.component}'>"
                     "<error type='auth'><not-authorized "
                     "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
    await server.receives_nothing()
    assert not answer.done()
    server.sends(question.confirmed())
    assert (await answer).status == 200


async def test_an_answer_is_worth_one_request(server, jidgate, browse):
    """A replayed answer meets no question, and one for an earlier question meets not the later one."""
    http = browse(await jidgate(server))
    first = http.get(PAGE, auth=(ORCHARD, TID))
    earlier = await asked(server, ORCHARD, TID)
    server.sends(earlier.confirmed())
    assert (await first).status == 200
    second = http.get(PAGE, auth=(ORCHARD, "second"))
    later = await asked(server, ORCHARD, "second")
    for _ in range(3):
        server.sends(earlier.confirmed())
    assert not any(is_question(stanza) for stanza in await server.passed())
    assert not second.done()
    server.sends(later.denied())
    assert (await second).status == 403


async def test_the_first_decision_stands(server, jidgate, browse):
    """Two devices may disagree, in one segment: there is one outcome."""
    http = browse(await jidgate(server))
    answer = http.get(PAGE, auth=(ROMEO, TID))
    question = await asked(server, ROMEO, TID)
    server.sends(question.denied() + question.confirmed() + question.said("OK"))
    assert (await answer).status == 403
    assert not any(is_question(stanza) for stanza in await server.passed())


async def test_a_bare_ok_is_ambiguous_between_two_questions(server, jidgate, browse):
    """With two questions open nobody knows which one an OK is for; the code says it."""
    http = browse(await jidgate(server, {"confirm": {"per-account": "2"}}))
    first = http.get(PAGE, auth=(ROMEO, "alpha-1"))
    to_first = await asked(server, ROMEO, "alpha-1")
    second = http.get(PAGE, auth=(ROMEO, "beta-2"))
    await asked(server, ROMEO, "beta-2")
    server.sends(to_first.said("OK"))
    assert not any(is_question(stanza) for stanza in await server.passed())
    assert not first.done() and not second.done()
    server.sends(to_first.said("beta-2"))
    assert (await second).status == 200
    assert not first.done()
    server.sends(to_first.confirmed())
    assert (await first).status == 200


async def test_ids_cannot_be_predicted(server, jidgate, browse):
    """128 random bits in each: no counter, no prefix in common."""
    http = browse(await jidgate(server))
    ids = []
    for number in range(20):
        answer = http.get(PAGE, auth=(ORCHARD, f"code-{number}"))
        question = await asked(server, ORCHARD, f"code-{number}")
        ids.append(question.id)
        server.sends(question.confirmed())
        assert (await answer).status == 200
    assert all(len(id) >= 32 for id in ids) and len(set(ids)) == len(ids)
    assert len({id[:8] for id in ids}) == len(ids)
