# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way through a real Prosody and a real ejabberd, to people with a real client library."""

import slixmpp

from support.confirm import CONFIRM, ORCHARD, PAGE, ROMEO
from support.jidgate import ORIGIN
from support.jidgate import PAGE as CONTENT

TID = "a7374jnjlalasdf82"


async def test_an_iq_is_confirmed(host, jidgate, browse, log_in):
    """XEP-0070 by IQ, over STARTTLS."""
    http = browse(await jidgate(host))
    romeo = await log_in(host, ORCHARD)
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    question = await romeo.is_asked()
    assert isinstance(question, slixmpp.Iq)
    assert question["confirm"]["id"] == TID
    assert question["confirm"]["method"] == "GET"
    assert question["confirm"]["url"] == ORIGIN + PAGE
    assert question["from"] == host.component
    assert not answer.done()
    romeo.confirm(question)
    got = await answer
    assert (got.status, got.body) == (200, CONTENT)


async def test_an_iq_is_denied(host, jidgate, browse, log_in):
    """Over direct TLS."""
    http = browse(await jidgate(host))
    romeo = await log_in(host, ORCHARD, direct_tls=True)
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    romeo.deny(await romeo.is_asked())
    assert (await answer).status == 403


async def test_a_message_is_confirmed_and_denied(host, jidgate, browse, log_in):
    http = browse(await jidgate(host))
    romeo = await log_in(host, ORCHARD)
    for reply, tid, status in ((romeo.confirm, "first", 200), (romeo.deny, "second", 403)):
        answer = http.get(PAGE, auth=(ROMEO, tid),
                          headers=[("X-Forwarded-For", f"192.0.2.{status - 150}")])
        question = await romeo.is_asked()
        assert isinstance(question, slixmpp.Message)
        assert question["confirm"]["id"] == tid and question["thread"]
        reply(question)
        assert (await answer).status == status


async def test_an_ordinary_client_answers_in_words(host, jidgate, browse, log_in):
    """It shows a message from a stranger; the person types OK, or No."""
    http = browse(await jidgate(host))
    romeo = await log_in(host, ORCHARD)
    for text, status in (("OK", 200), ("No", 403)):
        answer = http.get(PAGE, auth=(ROMEO, f"code-{text}"),
                          headers=[("X-Forwarded-For", f"192.0.2.{status - 150}")])
        shown = await romeo.is_told()
        assert f"code-{text}" in shown["body"]
        romeo.say(shown, text)
        assert (await answer).status == status


async def test_unknown_people_and_absent_ones_look_alike(host, jidgate, browse):
    """Through the bounces of a real server."""
    http = browse(await jidgate(host, {"confirm": {"timeout": "2s"}}))
    seen = []
    for jid in ("nobody-at-all@verona.test", "juliet@verona.test", "juliet@verona.test/balcony"):
        got = await http.get(PAGE, auth=(jid, TID))
        seen.append((got.status, [name for name, _ in got.headers]))
    assert seen[0][0] == 401
    assert seen[0] == seen[1] == seen[2]


async def test_the_link_runs_over_tls(host, jidgate, browse, log_in):
    """From the first octet on, the server's certificate checked."""
    http = browse(await jidgate(host, {"xmpp": {
        "server": f"127.0.0.1:{host.component_tls_port}", "tls": "on", "tls-ca": str(host.ca),
        "tls-name": host.component}}))
    romeo = await log_in(host, ORCHARD)
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    romeo.confirm(await romeo.is_asked())
    assert (await answer).status == 200


async def test_a_wrong_server_certificate_ends_the_attempt(host, jidgate):
    """The secret is shown to nobody whose name does not fit."""
    gate = await jidgate(host, {"xmpp": {
        "server": f"127.0.0.1:{host.component_tls_port}", "tls": "on", "tls-ca": str(host.ca),
        "tls-name": "other.test"}}, ready=False)
    gate.expects("link.failed", "link.refused", "link.down")
    failed = await gate.logged("link.failed")
    assert "certificate" in failed["reason"] or "name" in failed["reason"], failed
    assert not [event for event in gate.events() if event["event"] == "link.up"]


async def test_a_stranger_on_the_same_server_confirms_nothing(
        host, jidgate, browse, log_in, raw_client):
    """Who knows everything about the question, its id included, still has the wrong address: the
    server stamps it."""
    http = browse(await jidgate(host))
    romeo = await log_in(host, ORCHARD)
    mallory = await raw_client(host, "mallory@verona.test/cell")
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    question = await romeo.is_asked()
    mallory.send(
        f"<iq type='result' id='{question['id']}' to='{host.component}'/>"
        f"<message to='{host.component}'><confirm xmlns='{CONFIRM}' id='{TID}' method='GET' "
        f"url='{ORIGIN + PAGE}'/></message>"
        f"<iq xmlns:e='urn:x' type='result' id='{question['id']}' e:from='{ORCHARD}' "
        f"to='{host.component}'/>")
    await ping(mallory, host, "after")
    assert not answer.done()
    romeo.confirm(question)
    assert (await answer).status == 200


async def ping(client, host, id):
    """There and back through the server and the component: what was sent before has arrived."""
    client.send(f"<iq type='get' id='{id}' to='{host.component}'><ping xmlns='urn:xmpp:ping'/></iq>")
    await client.sees(id.encode())


async def test_a_ping_from_anybody_is_answered(host, jidgate, browse, log_in, raw_client):
    """With a `from`: ejabberd ends the stream of a component that leaves it out, and then one ping
    of a stranger would take everybody's way in away."""
    gate = await jidgate(host)
    http = browse(gate)
    mallory = await raw_client(host, "mallory@verona.test/cell")
    for number in range(3):
        await ping(mallory, host, f"ping-{number}")
    mallory.send(f"<iq type='get' id='what' to='{host.component}'><query xmlns='urn:example:x'/></iq>"
                 f"<iq type='set' id='empty' to='{host.component}'/>")
    await ping(mallory, host, "ping-last")
    assert b"service-unavailable" in mallory.received or b"feature-not" in mallory.received
    romeo = await log_in(host, ORCHARD)
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    romeo.confirm(await romeo.is_asked())
    assert (await answer).status == 200
    assert len([event for event in gate.events() if event["event"] == "link.up"]) == 1


# As large as the servers of Debian 12 pass on: ejabberd itself dies of a depth of 20,000.
BOMBS = {
    "deep": "<message to='{c}'>" + "<a>" * 3000 + "</a>" * 3000 + "</message>",
    "wide": "<message to='{c}'>" + "<a/>" * 40000 + "</message>",
    "attributes": "<message to='{c}' " + " ".join(f"a{n}='1'" for n in range(900)) + "/>",
    "one long text": "<message to='{c}'><body>" + "x" * 200000 + "</body></message>",
    "odd but legal": "<message to='{c}'><body>&#x1F600;&#9;&#13;&#x85;&#x2028;</body>"
                     "<e:x xmlns:e='urn:x' e:from='romeo@verona.test'/></message>",
}


async def test_bombs_from_a_client(host, jidgate, browse, log_in, raw_client):
    """The server may pass them on or send the client away; the component's stream stays up either
    way, and so does the question that is open."""
    gate = await jidgate(host)
    http = browse(gate)
    romeo = await log_in(host, ORCHARD)
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    question = await romeo.is_asked()
    for number, bomb in enumerate(BOMBS.values()):
        mallory = await raw_client(host, f"mallory@verona.test/cell{number}")
        mallory.send(bomb.replace("{c}", host.component))
        try:
            await ping(mallory, host, f"after-{number}")
        except (AssertionError, ConnectionError):
            # The server refused it: somebody else shows that the component is there.
            mallory = await raw_client(host, f"mallory@verona.test/again{number}")
            await ping(mallory, host, f"again-{number}")
        assert not answer.done()
    romeo.confirm(question)
    assert (await answer).status == 200
    assert len([event for event in gate.events() if event["event"] == "link.up"]) == 1


async def test_the_server_restarts(host, jidgate, browse, log_in):
    """The daemon notices, says so, and is back with the server."""
    gate = await jidgate(host)
    gate.expects("link.down", "link.failed", "link.refused")
    http = browse(gate)
    host.process.stop()
    await gate.logged("link.down")
    assert (await http.get(PAGE, auth=(ORCHARD, TID))).status == 503
    host.start()
    await gate.logged("link.up", times=2)
    romeo = await log_in(host, ORCHARD)
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    romeo.confirm(await romeo.is_asked())
    assert (await answer).status == 200
