# SPDX-License-Identifier: GPL-3.0-or-later
"""Revoking a certificate ends the sessions that logged in with it, whoever does it and whatever runs
at that moment: with a real PostgreSQL and the scripted module of a host."""

import asyncio

import pytest

from support.client_certificates import Maker
from support.fakeserver import error_of, local, show
from support.postgres import Postgres
from support.processes import Folder
from support.waiting import until

NS = "urn:xmpp:saslcert:1"
ROMEO = "romeo@verona.test"
# Far below the ten seconds after which the daemon looks without having been told.
SOON = 5.0


@pytest.fixture(scope="module")
def postgres():
    folder = Folder("postgres")
    made = Postgres(folder)
    yield made
    made.stop()
    folder.remove()


@pytest.fixture(scope="module")
def maker():
    folder = Folder("certificates")
    yield Maker(folder)
    folder.remove()


@pytest.fixture
def database(postgres):
    return postgres.create_database()


@pytest.fixture
async def gate(postgres, database, server, jidgate):
    server.sessions = {ROMEO: [("orchard", None)]}

    async def start():
        return await jidgate(server, {
            "database": {"url": postgres.url(database, "jidgate_service")}},
            prepare=lambda gate: gate.migrate(postgres.url(database)))

    return start


@pytest.fixture
def sql(postgres, database):
    """A statement by the service's own role."""
    return lambda statement: postgres.execute(database, statement, "jidgate_service").strip()


def by_name(element, name):
    return f"<{element} xmlns='{NS}'><name>{name}</name></{element}>"


async def logs_in(server, maker, name):
    """Registers a certificate; the session `name` has logged in with it. Gives its fingerprint."""
    made = maker.make(ROMEO)
    answer = await server.ask(f"<append xmlns='{NS}'><name>{name}</name>"
                              f"<x509cert>{made.base64}</x509cert></append>")
    assert answer.get("type") == "result", show(answer)
    server.sessions[ROMEO].append((name, made.sha256))
    return made.sha256


def revoke(gate, name):
    """On the command line: a process of its own, with no link to anybody."""
    done = gate.command("cert", "revoke", "--account", ROMEO, "--name", name)
    assert done.returncode == 0, done.stdout


async def looks_on_its_own(gate, server):
    """As it does when it connects; from now on it does not for ten seconds."""
    gate.expects("link.down", "link.failed")
    ups = len([event for event in gate.events() if event["event"] == "link.up"])
    server.drop()
    await gate.logged("link.up", times=ups + 1)
    await server.passed()


async def is_ended(server, *fingerprints, within=SOON):
    await until(lambda: {(ROMEO, sha256) for sha256 in fingerprints} <= set(server.ended),
                f"{fingerprints} ended; were {server.ended}", within)


def left(server):
    return {resource for resource, _ in server.sessions[ROMEO]}


async def ends(gate):
    gate.ask_to_end()
    await asyncio.to_thread(gate.process.popen.wait, 15)


async def test_the_command_line_ends_sessions(server, gate, maker, sql):
    made = await gate()
    phone = await logs_in(server, maker, "phone")
    await logs_in(server, maker, "laptop")
    await looks_on_its_own(made, server)
    await asyncio.to_thread(revoke, made, "phone")
    await is_ended(server, phone)
    assert left(server) == {"orchard", "laptop"}
    told = await made.logged("certificate.sessions_ended", account=ROMEO)
    assert (told["sha256"], told["sessions"]) == (phone, "1")
    assert sql("SELECT name FROM jidgate.certificate WHERE sessions_ended_at IS NOT NULL") == "phone"
    # Nobody is ended who was not revoked.
    done = made.command("cert", "disable", "--account", ROMEO, "--name", "laptop")
    assert done.returncode == 0, done.stdout
    await looks_on_its_own(made, server)
    assert server.ended == [(ROMEO, phone)]


async def test_plain_sql_ends_sessions(server, gate, maker, sql):
    made = await gate()
    fingerprints = [await logs_in(server, maker, name) for name in ("phone", "laptop", "bot")]
    await looks_on_its_own(made, server)
    sql("UPDATE jidgate.certificate SET slot = NULL, revoked_at = now() WHERE name <> 'bot'")
    await is_ended(server, *fingerprints[:2])
    assert left(server) == {"orchard", "bot"}
    await made.logged("certificate.sessions_ended", times=2)


async def test_after_a_restart_of_the_database_too(server, gate, maker, sql, postgres):
    made = await gate()
    made.expects("database.down", "certificate.care_failed")
    phone, laptop = [await logs_in(server, maker, name) for name in ("phone", "laptop")]
    postgres.stop()
    await made.logged("database.not_listening")
    postgres.start()
    sql("UPDATE jidgate.certificate SET slot = NULL, revoked_at = now() WHERE name = 'phone'")
    await is_ended(server, phone, within=20)
    await made.logged("database.listening", times=2)
    await looks_on_its_own(made, server)
    sql("UPDATE jidgate.certificate SET slot = NULL, revoked_at = now() WHERE name = 'laptop'")
    await is_ended(server, laptop)


async def test_a_restart_forgets_nothing(server, gate, maker):
    """Neither what was revoked while the daemon did not run, nor what it had not yet ended."""
    made = await gate()
    phone, laptop, bot = [await logs_in(server, maker, name) for name in ("phone", "laptop", "bot")]
    server.module_answers = False
    await asyncio.to_thread(revoke, made, "phone")
    made.expects("certificate.sessions_not_ended")
    await made.logged("certificate.sessions_not_ended", account=ROMEO)
    await ends(made)
    revoke(made, "laptop")
    server.module_answers = True
    made = await gate()
    await is_ended(server, phone, laptop, within=20)
    assert left(server) == {"orchard", "bot"}
    await made.logged("certificate.sessions_ended", times=2)
    await ends(made)
    made = await gate()
    await asyncio.to_thread(revoke, made, "bot")
    await is_ended(server, bot)
    assert len(server.ended) == 3, "each once"


async def test_a_host_that_was_away_is_told_when_it_is_back(server, gate, maker):
    made = await gate()
    made.expects("link.down", "link.failed", "certificate.sessions_not_ended")
    phone, laptop = [await logs_in(server, maker, name) for name in ("phone", "laptop")]
    server.module_answers = False
    await asyncio.to_thread(revoke, made, "phone")
    told = await made.logged("certificate.sessions_not_ended", account=ROMEO)
    assert (told["host"], told["sha256"]) == ("verona.test", phone)
    server.module_answers = True
    await is_ended(server, phone, within=20)
    # The whole server.
    server.accepting = False
    server.drop()
    await made.logged("link.down")
    await asyncio.to_thread(revoke, made, "laptop")
    server.accepting = True
    await is_ended(server, laptop, within=20)
    assert left(server) == {"orchard"}
    await made.logged("certificate.sessions_ended", times=2)


async def test_who_revokes_the_own_certificate_is_answered_first(server, gate, maker):
    """The host ends the session that asked, and nobody could hear the answer any more."""
    made = await gate()
    late = []
    end = server._module

    def module(id, request):
        if local(request) == "end" and not all(one.done() for one in server._answers.values()):
            late.append(show(request))
        end(id, request)

    server._module = module
    for number in range(20):
        name = f"phone{number}"
        sha256 = await logs_in(server, maker, name)
        answer = await server.ask(by_name("revoke", name), sender=f"{ROMEO}/{name}")
        assert error_of(answer) is None, show(answer)
        await is_ended(server, sha256)
    assert not late
    await made.logged("certificate.sessions_ended", times=20)
    assert left(server) == {"orchard"}
