# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of every confirmation, in a real PostgreSQL."""

import asyncio
import struct

import psycopg2
import pytest

from support.confirm import ORCHARD, PAGE, ROMEO, asked
from support.jidgate import ORIGIN
from support.postgres import Postgres
from support.processes import Folder
from support.waiting import until
from support.web import basic

TID = "a7374jnjlalasdf82"


@pytest.fixture(scope="module")
def postgres():
    folder = Folder("postgres")
    made = Postgres(folder)
    yield made
    made.stop()
    folder.remove()


@pytest.fixture
async def recorded(postgres, server, jidgate):
    """A daemon with a database of its own, as the role that it has in operation."""
    database = postgres.create_database()

    async def start(changes=None):
        gate = await jidgate(server, {
            "database": {"url": postgres.url(database, "jidgate_service")}, **(changes or {})},
            prepare=lambda gate: gate.migrate(postgres.url(database)))
        gate.rows = lambda: rows(postgres, database)
        return gate

    return start


def rows(postgres, database):
    """What the reader's role sees."""
    with psycopg2.connect(postgres.url(database, "jidgate_reader")) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT jid, method, url, site, via, outcome, host(asker), "
                           "ended_at >= asked_at, length(id::text) FROM jidgate.confirmations "
                           "ORDER BY asked_at")
            return cursor.fetchall()


async def test_each_outcome_is_one_row(server, recorded, browse):
    """Written behind the request, so a reader polls. The query string is nobody's business."""
    gate = await recorded({"confirm": {"timeout": "1s", "per-account-rate": "0"}})
    http = browse(gate)

    def ask(jid, tid, number, method="GET"):
        return http.request(method, PAGE + "?secret=1", auth=(jid, tid),
                            headers=[("X-Forwarded-For", f"192.0.2.{number}")])

    answer = ask(ORCHARD, "one", 1)
    server.sends((await asked(server, ORCHARD, "one", url=f"{ORIGIN}{PAGE}?secret=1")).confirmed())
    assert (await answer).status == 200
    answer = ask(ROMEO, "two", 2, "POST")
    question = await asked(server, ROMEO, "two", "POST", f"{ORIGIN}{PAGE}?secret=1")
    server.sends(question.denied())
    assert (await answer).status == 403
    answer = ask(ORCHARD, "three", 3)
    await asked(server, ORCHARD, "three", url=f"{ORIGIN}{PAGE}?secret=1")
    assert (await answer).status == 401
    connection = await http.connect()
    connection.send("GET", PAGE, [("Host", http.host), ("Authorization", basic(ORCHARD, "four"))])
    await asked(server, ORCHARD, "four")
    connection.close()
    await server.receives()
    await until(lambda: len(gate.rows()) >= 4, "four rows in the view")
    url = ORIGIN + PAGE
    assert gate.rows() == [
        (ORCHARD, "GET", url, "files", "iq", "confirmed", "192.0.2.1", True, 36),
        (ROMEO, "POST", url, "files", "message", "denied", "192.0.2.2", True, 36),
        (ORCHARD, "GET", url, "files", "iq", "expired", "192.0.2.3", True, 36),
        (ORCHARD, "GET", url, "files", "iq", "cancelled", "127.0.0.1", True, 36)]


async def test_without_the_database_people_still_get_in(server, recorded, browse, postgres):
    """Confirmations need no database; what they leave behind is written when it is back."""
    gate = await recorded()
    gate.expects("database.down", "audit.dropped")
    http = browse(gate)
    postgres.stop()
    try:
        answer = http.get(PAGE, auth=(ORCHARD, TID))
        server.sends((await asked(server, ORCHARD, TID)).confirmed())
        assert (await answer).status == 200
        admin = browse(gate.admin_port)

        async def not_ready():
            return (await admin.get("/readyz")).status == 503

        await gate.logged("database.down")
        assert await not_ready()
    finally:
        postgres.start()
    await until(lambda: len(gate.rows()) == 1, "the row to be written", within=20)
    await gate.logged("database.up")


async def test_a_silent_database_does_not_hold_the_stop(server, jidgate):
    """It lets in and answers nothing more, as a pooler does whose database is gone."""
    is_let_in = asyncio.Event()

    async def let_in(reader, writer):
        async def packet():
            return await reader.readexactly(struct.unpack("!I", await reader.readexactly(4))[0] - 4)

        while len(await packet()) == 4:  # TLS or GSSAPI is asked for: no
            writer.write(b"N")
        version = b"server_version\x0015.0\x00"
        writer.write(b"R" + struct.pack("!II", 8, 0) + b"S" + struct.pack("!I", 4 + len(version)) +
                     version + b"Z" + struct.pack("!I", 5) + b"I")
        if await reader.read(1):  # the first statement has come
            is_let_in.set()
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(let_in, "127.0.0.1", 0)
    async with silent:
        port = silent.sockets[0].getsockname()[1]
        gate = await jidgate(server, {"database": {"url": f"postgresql://u@127.0.0.1:{port}/d"}})
        gate.expects("database.down")
        await asyncio.wait_for(is_let_in.wait(), 10)
        gate.ask_to_end()
        assert await asyncio.to_thread(gate.process.popen.wait, 10) == 0


async def test_migrate_says_where_it_stands(server, recorded, postgres):
    """A second run has nothing to do, and a schema from the future is refused."""
    gate = await recorded()
    again = gate.command("migrate", environment={"JIDGATE_DATABASE_URL": gate.owner_url})
    assert again.returncode == 0 and "nothing to do" in again.stdout
    with psycopg2.connect(gate.owner_url) as connection:
        connection.cursor().execute(
            "INSERT INTO jidgate.schema_version (version) VALUES (99999)")
    newer = gate.command("migrate", environment={"JIDGATE_DATABASE_URL": gate.owner_url})
    assert newer.returncode == 1, newer.stdout
