# SPDX-License-Identifier: GPL-3.0-or-later
"""The link to the server: lost, frozen, refused, back again (XEP-0114)."""

import asyncio

import pytest

from support.confirm import JULIET, ORCHARD, PAGE, asked, is_question

TID = "a7374jnjlalasdf82"


async def test_a_lost_link_ends_the_wait(server, jidgate, browse):
    """503 is our own fault: whoever waits is told soon, not at the timeout; and it goes on as soon
    as the server is back."""
    gate = await jidgate(server)
    gate.expects("link.down", "link.failed")
    http = browse(gate)
    waiting = [http.get(PAGE, auth=(jid, TID)) for jid in (ORCHARD, JULIET + "/balcony")]
    for _ in waiting:
        await server.receives()
    server.drop()
    for answer in await asyncio.wait_for(asyncio.gather(*waiting), 5):
        assert answer.status == 503
        assert int(answer.header("Retry-After")) > 0
    await server.has_connected(times=2)
    await gate.logged("link.up", times=2)
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    server.sends((await asked(server, ORCHARD, TID)).confirmed())
    assert (await answer).status == 200


async def test_without_a_link_nothing_waits(server, jidgate, browse):
    """Refused at once while the server is away; public pages go on."""
    server.accepting = False
    gate = await jidgate(server, ready=False)
    gate.expects("link.failed", "link.down")
    http = browse(gate)
    got = await http.get(PAGE, auth=(ORCHARD, TID))
    assert got.status == 503
    assert got.header("Retry-After")
    assert (await http.get("/public/index.html")).status == 200
    admin = browse(gate.admin_port)
    assert (await admin.get("/readyz")).status == 503
    assert (await admin.get("/healthz")).status == 200
    server.accepting = True
    await server.has_connected()
    await gate.logged("link.up")
    assert (await admin.get("/readyz")).status == 200
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    server.sends((await asked(server, ORCHARD, TID)).confirmed())
    assert (await answer).status == 200


async def test_a_frozen_server_is_noticed(server, jidgate, browse):
    """It keeps the connection and says nothing any more: noticed by a ping within 15 s."""
    gate = await jidgate(server)
    gate.expects("link.down", "link.failed", "link.refused")
    http = browse(gate)
    server.freeze()
    answer = await http.get(PAGE, auth=(ORCHARD, TID), within=20)
    assert answer.status == 503


async def test_a_wrong_secret_is_said(server, jidgate, browse):
    """And tried again: an operator may put the server right without touching the daemon."""
    right, server.secret = server.secret, "another"
    gate = await jidgate(server, ready=False)
    gate.expects("link.refused")
    refused = await gate.logged("link.refused")
    assert "not-authorized" in refused["reason"]
    server.secret = right
    await gate.logged("link.up")
    assert (await browse(gate.admin_port).get("/readyz")).status == 200


@pytest.mark.parametrize("pieces", [1, 7])
async def test_a_stream_in_small_pieces(server, jidgate, browse, pieces):
    """TCP keeps no boundaries: an answer may arrive octet by octet."""
    http = browse(await jidgate(server))
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    question = await asked(server, ORCHARD, TID)
    octets = question.confirmed().encode()
    for start in range(0, len(octets), pieces):
        assert not answer.done()
        server.sends(octets[start:start + pieces])
        await server.flushed()
    assert (await answer).status == 200


async def test_a_stream_that_is_no_xml(server, jidgate, browse):
    """Ended with a word about why (RFC 6120 section 4.9.3.13) and begun anew, without harm to
    anything else."""
    gate = await jidgate(server)
    gate.expects("link.down", "link.failed")
    server.sends("<message><</message>")
    await server.has_connected(times=2)
    await gate.logged("link.up", times=2)
    assert server.said_goodbye == ["not-well-formed"]
    http = browse(gate)
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    server.sends((await asked(server, ORCHARD, TID)).confirmed())
    assert (await answer).status == 200


async def test_a_cut_inside_a_stanza(server, jidgate, browse):
    """Half an answer is none, and the rest of it on the next stream neither."""
    gate = await jidgate(server)
    gate.expects("link.down", "link.failed")
    http = browse(gate)
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    question = await asked(server, ORCHARD, TID)
    whole = question.confirmed()
    server.sends(whole[:len(whole) // 2])
    await server.flushed()
    server.drop()
    assert (await answer).status == 503
    await server.has_connected(times=2)
    await gate.logged("link.up", times=2)
    server.sends(whole)
    assert not any(is_question(stanza) for stanza in await server.passed())
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    again = await asked(server, ORCHARD, TID)
    assert again.id != question.id
    server.sends(again.confirmed())
    assert (await answer).status == 200


async def test_disco_says_what_is_served(server, jidgate):
    """XEP-0030: the identities and features that are documented."""
    await jidgate(server)
    server.sends(f"<iq type='get' id='d1' from='romeo@verona.test/orchard' to='{server.component}'>"
                 "<query xmlns='http://jabber.org/protocol/disco#info'/></iq>")
    info = (await server.receives())[0]
    kinds = {(item.get("category"), item.get("type")) for item in info if item.get("category")}
    features = {item.get("var") for item in info if item.get("var")}
    assert ("auth", "generic") in kinds
    assert {"http://jabber.org/protocol/http-auth", "http://jabber.org/protocol/disco#info",
            "http://jabber.org/protocol/disco#items", "jabber:iq:version",
            "urn:xmpp:ping"} <= features
