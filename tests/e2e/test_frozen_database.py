# SPDX-License-Identifier: GPL-3.0-or-later
"""A database that accepts everything and answers nothing any more: its processes are stopped."""

import asyncio

import pytest

from support.fakeserver import error_of, show
from support.postgres import Postgres
from support.processes import Folder

ITEMS = "<items xmlns='urn:xmpp:saslcert:1'/>"
AWAY = "wait/internal-server-error"


@pytest.fixture
def postgres():
    folder = Folder("postgres")
    made = Postgres(folder)
    yield made
    made.freeze(False)
    made.stop()
    folder.remove()


@pytest.fixture
async def gate(postgres, server, jidgate):
    database = postgres.create_database()
    made = await jidgate(
        server, {"database": {"url": postgres.url(database, "jidgate_service")}},
        prepare=lambda gate: gate.migrate(postgres.url(database)))
    made.expects("database.down", "certificate.care_failed")
    await made.logged("database.up")
    assert (await server.ask(ITEMS, "get")).get("type") == "result"
    return made


def many(server, within):
    """More than there are connections, of several accounts."""
    return [asyncio.create_task(server.ask(ITEMS, "get", f"u{number}@verona.test/x", within=within))
            for number in range(20)]


async def test_requests_are_refused_and_served_again_when_it_goes_on(server, gate, postgres):
    """No request waits for ever, whatever the server's own time limits are worth then."""
    postgres.freeze()
    for answer in await asyncio.gather(*many(server, within=30)):
        assert error_of(answer) == AWAY, show(answer)
    await gate.logged("database.down")
    postgres.freeze(False)
    async with asyncio.timeout(20):
        while (await server.ask(ITEMS, "get")).get("type") != "result":
            pass
    await gate.logged("database.up", times=2)


async def test_a_stop_answers_what_waits_for_it(server, gate, postgres):
    """What had still to hear from the host's module is not taken any more, and told so."""
    postgres.freeze()
    waiting = many(server, within=15)
    await server.flushed()
    await server.ask("<ping xmlns='urn:xmpp:ping'/>", "get")  # they have arrived
    gate.ask_to_end()
    for answer in await asyncio.gather(*waiting):
        assert error_of(answer) in (AWAY, "wait/resource-constraint"), show(answer)
    assert await asyncio.to_thread(gate.process.popen.wait, 10) == 0
