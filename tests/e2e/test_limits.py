# SPDX-License-Identifier: GPL-3.0-or-later
"""Against prompt bombing: anybody can name any account, so how often that has an effect is bounded."""

from support.confirm import JULIET, ORCHARD, PAGE, ROMEO, asked

TID = "a7374jnjlalasdf82"


def limited(got, status=429):
    assert got.status == status, got
    assert int(got.header("Retry-After")) > 0


async def test_one_question_at_a_time_for_an_account(server, jidgate, browse):
    """The second one is refused at once; the first stays as it was. Resources do not help."""
    http = browse(await jidgate(server))
    answer = http.get(PAGE, auth=(ORCHARD, "first"))
    question = await asked(server, ORCHARD, "first")
    limited(await http.get(PAGE, auth=(ORCHARD, "second")))
    limited(await http.get(PAGE, auth=(ROMEO, "third")))
    await server.receives_nothing()
    server.sends(question.confirmed())
    assert (await answer).status == 200
    answer = http.get(PAGE, auth=(ORCHARD, "fourth"))
    server.sends((await asked(server, ORCHARD, "fourth")).confirmed())
    assert (await answer).status == 200


async def test_after_a_denial_there_is_quiet(server, jidgate, browse):
    """For the account that denied, from the address that asked; others go on."""
    http = browse(await jidgate(server, {"confirm": {"per-account-rate": "3/2m"}}))
    answer = http.get(PAGE, auth=(ORCHARD, "first"))
    server.sends((await asked(server, ORCHARD, "first")).denied())
    assert (await answer).status == 403
    limited(await http.get(PAGE, auth=(ORCHARD, "second")))
    await server.receives_nothing()
    answer = http.get(PAGE, auth=(JULIET, "third"))
    server.sends((await asked(server, JULIET, "third")).confirmed())
    assert (await answer).status == 200


async def test_questions_in_vain_are_counted_for_the_account(server, jidgate, browse):
    """From however many addresses they come."""
    http = browse(await jidgate(server, {
        "confirm": {"per-account-rate": "2/2m", "timeout": "1s"}}))
    for number, address in enumerate(("192.0.2.1", "192.0.2.2")):
        answer = http.get(PAGE, auth=(ORCHARD, f"code-{number}"),
                          headers=[("X-Forwarded-For", address)])
        await asked(server, ORCHARD, f"code-{number}")
        assert (await answer).status == 401
    limited(await http.get(PAGE, auth=(ORCHARD, "more"), headers=[("X-Forwarded-For", "192.0.2.3")]))
    await server.receives_nothing()


async def test_questions_in_vain_are_counted_for_the_address(server, jidgate, browse):
    """Whomever they are for."""
    http = browse(await jidgate(server, {
        "confirm": {"per-address-rate": "2/1m", "timeout": "1s"}}))
    for name in ("romeo", "juliet"):
        answer = http.get(PAGE, auth=(f"{name}@verona.test", TID))
        await asked(server, f"{name}@verona.test", TID)
        assert (await answer).status == 401
    limited(await http.get(PAGE, auth=("tybalt@verona.test", TID)))
    await server.receives_nothing()


async def test_confirmed_questions_never_count(server, jidgate, browse):
    http = browse(await jidgate(server, {
        "confirm": {"per-account-rate": "1/2m", "per-address-rate": "1/1m"}}))
    for number in range(4):
        answer = http.get(PAGE, auth=(ORCHARD, f"code-{number}"))
        server.sends((await asked(server, ORCHARD, f"code-{number}")).confirmed())
        assert (await answer).status == 200


async def test_when_too_many_wait_it_is_our_limit(server, jidgate, browse):
    """503, not 429: whoever asks has done nothing wrong."""
    http = browse(await jidgate(server, {"http": {"max-waiting": "1"}}))
    answer = http.get(PAGE, auth=(ORCHARD, TID))
    question = await asked(server, ORCHARD, TID)
    limited(await http.get(PAGE, auth=(JULIET, TID)), status=503)
    await server.receives_nothing()
    server.sends(question.confirmed())
    assert (await answer).status == 200
