# SPDX-License-Identifier: GPL-3.0-or-later
"""What a confirmation is worth after the request that it was given for."""

import pytest

from support.confirm import JULIET, ORCHARD, PAGE, ROMEO, asked
from support.jidgate import ORIGIN

TID = "a7374jnjlalasdf82"


async def confirm(server, http, method="GET", target=PAGE, jid=ORCHARD, tid=TID):
    answer = http.request(method, target, auth=(jid, tid))
    question = await asked(server, jid, tid, method, ORIGIN + target)
    server.sends(question.confirmed())
    return await answer


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
async def test_head_and_options_serve_one_following_request(server, jidgate, browse, method):
    """Section 5.1: credentials "provided in a HEAD or OPTIONS request SHOULD be usable for a
    subsequent request" for the same entity: one, and no other entity."""
    http = browse(await jidgate(server))
    got = await confirm(server, http, method)
    assert got.status not in (401, 403)
    assert (await http.get("/other.html", auth=(ORCHARD, TID))).status == 401
    assert (await http.get(PAGE, auth=(ORCHARD, TID))).status == 200
    assert (await http.get(PAGE, auth=(ORCHARD, TID))).status == 401
    await server.receives_nothing()


async def test_within_a_grant_nobody_is_asked(server, jidgate, browse):
    """The same credentials pass on the whole site for as long as the rule says."""
    http = browse(await jidgate(server, {"site.files": {"grant": "5m"}}))
    assert (await confirm(server, http)).status == 200
    for target in (PAGE, "/other.html", PAGE):
        assert (await http.get(target, auth=(ORCHARD, TID))).status == 200
    await server.receives_nothing()


async def test_a_grant_is_the_persons_and_the_codes(server, jidgate, browse):
    """Another code, another account, another address: each is asked for itself."""
    http = browse(await jidgate(server, {"site.files": {"grant": "5m"}}))
    assert (await confirm(server, http)).status == 200
    assert (await confirm(server, http, tid="other")).status == 200
    assert (await confirm(server, http, jid=JULIET + "/balcony")).status == 200
    answer = http.get(PAGE, auth=(ORCHARD, TID), headers=[("X-Forwarded-For", "192.0.2.7")])
    question = await asked(server, ORCHARD, TID)
    server.sends(question.denied())
    assert (await answer).status == 403


async def test_a_code_is_used_once(server, jidgate, browse):
    """Without a grant the next request with the same code is refused, and the person is left in
    peace: browsers send the same pair with every request."""
    http = browse(await jidgate(server))
    assert (await confirm(server, http)).status == 200
    for _ in range(2):
        got = await http.get(PAGE, auth=(ORCHARD, TID))
        assert got.status == 401
        assert got.all("WWW-Authenticate")
    await server.receives_nothing()


async def test_a_rule_may_ask_every_time(server, jidgate, browse):
    http = browse(await jidgate(server, {
        "site.files": {"grant": "5m"},
        "rule.files.2": {"path": "/other.html", "grant": "0"}}))
    assert (await confirm(server, http, target="/other.html")).status == 200
    assert (await http.get("/other.html", auth=(ORCHARD, TID))).status == 401
    await server.receives_nothing()


async def test_a_denial_grants_nothing(server, jidgate, browse):
    http = browse(await jidgate(server, {"site.files": {"grant": "5m"}}))
    answer = http.get(PAGE, auth=(ROMEO, TID))
    question = await asked(server, ROMEO, TID)
    server.sends(question.denied())
    assert (await answer).status == 403
    answer = http.get(PAGE, auth=(ROMEO, TID))
    question = await asked(server, ROMEO, TID)
    assert not answer.done()
    server.sends(question.denied())
    assert (await answer).status == 403
