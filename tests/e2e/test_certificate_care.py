# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts are told of their certificates by message, with a real PostgreSQL: once, whoever added
them and however many instances there are."""

import asyncio

import pytest

from support.client_certificates import Maker
from support.fakeserver import FakeServer, local, show
from support.jidgate import Jidgate
from support.postgres import Postgres
from support.processes import Folder, run
from support.waiting import until

NS = "urn:xmpp:saslcert:1"
ROMEO, JULIET = "romeo@verona.test", "juliet@verona.test"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


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
    async def start(changes=None, **more):
        return await jidgate(server, with_database(postgres, database, changes),
                             prepare=lambda gate: gate.migrate(postgres.url(database)), **more)

    return start


def with_database(postgres, database, changes=None):
    return {"database": {"url": postgres.url(database, "jidgate_service")}, **(changes or {})}


def add(gate, account, name, certificate):
    """On the command line: a process of its own, with no link to anybody."""
    done = gate.command("cert", "add", str(certificate.path), "--account", account, "--name", name)
    assert done.returncode == 0, done.stdout


def shown_fingerprint(certificate):
    """As the real openssl prints it."""
    printed = run(["openssl", "x509", "-in", certificate.path, "-noout", "-fingerprint", "-sha256"])
    return printed.strip().partition("=")[2]


def bodies(message):
    """The texts by language."""
    own = message.get(XML_LANG)
    return {body.get(XML_LANG, own): body.text for body in message if local(body) == "body"}


async def is_told(server, account, within=10.0):
    message = await server.receives(within=within)
    assert (local(message), message.get("type"), message.get("to"), message.get("from")) == (
        "message", "normal", account, server.component), show(message)
    return bodies(message)


async def ends(gate):
    gate.ask_to_end()
    await asyncio.to_thread(gate.process.popen.wait, 15)


async def test_an_account_is_told_what_was_added(server, gate, maker):
    """In every language: what, until when, and what to do if it was somebody else."""
    phone, bot = maker.make(ROMEO), maker.make(ROMEO)
    made = await gate()
    answer = await server.ask(
        f"<append xmlns='{NS}'><name>Phone &lt;1&gt;</name><x509cert>{phone.base64}</x509cert>"
        "</append>")
    assert answer.get("type") == "result", show(answer)
    told = await is_told(server, ROMEO)
    assert sorted(told) == ["de", "en", "es", "fr"]
    for text in told.values():
        assert ROMEO in text and "Phone <1>" in text
        assert shown_fingerprint(phone)[:23] + "…" in text
        assert "xmpp:gate.verona.test?command;node=urn:xmpp:jidgate:certificates:revoke" in text
    assert "It may manage certificates." in told["en"]
    await made.logged("certificate.told", account=ROMEO, about="added")

    answer = await server.ask(
        f"<append xmlns='{NS}'><name>Bot</name><no-cert-management/>"
        f"<x509cert>{bot.base64}</x509cert></append>")
    assert answer.get("type") == "result", show(answer)
    told = await is_told(server, ROMEO)
    assert "Bot" in told["en"] and "It may manage certificates." not in told["en"]
    await server.receives_nothing()


async def test_an_account_is_told_once_before_one_expires(server, gate, maker):
    """Whether it was added on the command line or by another instance makes no difference."""
    changes = {"certificates": {"expiry-notice": "40d"}}
    made = await gate(changes)
    made.expects("link.down", "link.failed")
    server.accepting = False
    server.drop()
    await made.logged("link.down")
    add(made, ROMEO, "Phone", maker.make(ROMEO))  # for 30 days
    server.accepting = True
    told = [(await is_told(server, ROMEO))["en"] for _ in range(2)]
    assert "was registered" in told[0]
    assert "expires soon" in told[1] and "Phone" in told[1]
    assert "xmpp:gate.verona.test?command;node=urn:xmpp:jidgate:certificates:add" in told[1]
    await made.logged("certificate.told", account=ROMEO, about="expiry")
    add(made, JULIET, "Hers", maker.make(JULIET))
    await ends(made)
    await gate(changes)
    # Of what is new, and of nothing that was told before.
    told = [(await is_told(server, JULIET))["en"] for _ in range(2)]
    assert "was registered" in told[0] and "expires soon" in told[1]
    await server.receives_nothing()


async def test_what_is_switched_off_is_not_told(server, gate, maker):
    made = await gate({"certificates": {"expiry-notice": "0"}})
    soon = maker.dated(ROMEO, date("yesterday"), date("tomorrow"))
    answer = await server.ask(f"<append xmlns='{NS}'><name>Phone</name>"
                              f"<x509cert>{soon.base64}</x509cert></append>")
    assert answer.get("type") == "result", show(answer)
    assert "was registered" in (await is_told(server, ROMEO))["en"]
    await made.logged("certificate.told", about="added")
    await server.receives_nothing()


def date(words):
    """As `openssl ca` wants it."""
    return run(["date", "-u", "-d", words, "+%Y%m%d%H%M%SZ"]).strip()


async def test_several_instances_tell_everybody_once(server, gate, maker, postgres, database):
    """Each with a link of its own; whoever takes a record from the database tells of it."""
    first = await gate()
    accounts = [f"user{number}@verona.test" for number in range(12)]
    other_server = await FakeServer().start()
    second_folder = Folder("second")
    second = Jidgate(second_folder, other_server.port, with_database(postgres, database))
    try:
        await second.start()

        async def append(number, account):
            by = (server, other_server)[number % 2]
            answer = await by.ask(
                f"<append xmlns='{NS}'><name>Phone</name><x509cert>"
                f"{maker.make(account).base64}</x509cert></append>", sender=account + "/x")
            assert answer.get("type") == "result", show(answer)

        await asyncio.gather(*(append(*one) for one in enumerate(accounts)))

        def told():
            return [event["account"] for gate in (first, second) for event in gate.events()
                    if event["event"] == "certificate.told"]

        await until(lambda: len(told()) >= len(accounts), "everybody told")
        received = [stanza.get("to") for at in (server, other_server) for stanza in await at.passed()]
        assert sorted(received) == sorted(told()) == sorted(accounts)
    finally:
        faults = await asyncio.to_thread(second.stop)
        await other_server.stop()
        second_folder.remove()
    assert not faults and not other_server.violations, (faults, other_server.violations)


async def test_long_expired_ones_are_removed(server, gate, maker, postgres, database):
    changes = {"certificates": {"remove-expired-after": "1d"}}
    made = await gate(changes)
    await ends(made)
    for name in ("Phone", "Bot"):
        add(made, ROMEO, name, maker.make(ROMEO))
    postgres.execute(database, "UPDATE jidgate.certificate SET not_after = now() - interval '2 d', "
                               "not_before = now() - interval '3 d' WHERE name = 'Phone'")
    made = await gate(changes)
    await made.logged("certificate.removed_expired", count=1)
    for _ in range(2):
        assert "was registered" in (await is_told(server, ROMEO))["en"]
    assert postgres.execute(database, "SELECT name FROM jidgate.certificates").strip() == "Bot"
