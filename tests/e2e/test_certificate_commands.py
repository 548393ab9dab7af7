# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates managed by ad-hoc commands (XEP-0050), by the daemon with a real PostgreSQL."""

import psycopg2
import pytest

from support.client_certificates import Maker
from support.fakeserver import error_of, local, show
from support.postgres import Postgres
from support.processes import Folder

COMMANDS, FORMS = "http://jabber.org/protocol/commands", "jabber:x:data"
NODE = "urn:xmpp:jidgate:certificates:"
ROMEO, JULIET = "romeo@verona.test", "juliet@verona.test"
ORCHARD, BALCONY = ROMEO + "/orchard", JULIET + "/balcony"


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
async def gate(postgres, server, jidgate):
    """A daemon with a database of its own; juliet administers it."""
    database = postgres.create_database()
    made = await jidgate(server, {
        "xmpp": {"administrator": JULIET},
        "database": {"url": postgres.url(database, "jidgate_service")}},
        prepare=lambda gate: gate.migrate(postgres.url(database)))
    made.rows = lambda: rows(postgres, database)
    return made


def rows(postgres, database):
    with psycopg2.connect(postgres.url(database, "jidgate_reader")) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT account, name, sha256, can_manage, state "
                           "FROM jidgate.certificates ORDER BY account, name")
            return cursor.fetchall()


class Dialogue:
    """One command of one person, from its beginning to its end."""

    def __init__(self, server, command, sender=ORCHARD):
        self.server, self.node, self.sender = server, NODE + command, sender
        self.session = None

    async def step(self, action=None, fields=None, language="en"):
        session = f" sessionid='{self.session}'" if self.session else ""
        action = f" action='{action}'" if action else ""
        form = ""
        if fields is not None:
            values = "".join(
                f"<field var='{name}'>"
                + "".join(f"<value>{line}</value>" for line in value.splitlines()) + "</field>"
                for name, value in fields.items())
            form = f"<x xmlns='{FORMS}' type='submit'>{values}</x>"
        self.answer = await self.server.ask(
            f"<command xmlns='{COMMANDS}' node='{self.node}'{session}{action} "
            f"xml:lang='{language}'>{form}</command>", sender=self.sender)
        if self.answer.get("type") == "error":
            return self
        command = self.answer[0]
        assert command.tag == f"{{{COMMANDS}}}command" and command.get("node") == self.node
        self.session, self.status = command.get("sessionid"), command.get("status")
        self.notes = [(note.get("type"), note.text) for note in command if local(note) == "note"]
        self.form = next((child for child in command if child.tag == f"{{{FORMS}}}x"), None)
        return self

    def options(self):
        return [value.text for value in self.form.iter(f"{{{FORMS}}}value")
                if value.text != "urn:xmpp:jidgate:certificates"]

    def fields(self):
        """What was shown: {label: value}."""
        return {field.get("label"): field[0].text for field in self.form
                if local(field) == "field" and field.get("type") != "hidden"}


async def run(server, command, *fields, sender=ORCHARD):
    """A whole command, with what is filled in at each of its stages."""
    dialogue = await Dialogue(server, command, sender).step()
    for filled_in in fields:
        assert error_of(dialogue.answer) is None and dialogue.status == "executing", (
            show(dialogue.answer))
        await dialogue.step("execute", filled_in)
    assert error_of(dialogue.answer) is not None or dialogue.status == "completed", (
        show(dialogue.answer))
    return dialogue


async def is_told(server, account):
    message = await server.receives()
    assert (local(message), message.get("to")) == ("message", account), show(message)


async def test_a_certificate_from_its_registration_to_its_end(server, gate, maker):
    phone, bot = maker.make(ROMEO), maker.make(ROMEO)
    listed = await run(server, "list")
    assert listed.notes == [("info", "There are no certificates.")] and listed.form is None

    done = await run(server, "add", {"name": "Phone", "certificate": phone.path.read_text()})
    assert done.notes[0][0] == "info" and "“Phone” is registered." in done.notes[0][1]
    await is_told(server, ROMEO)
    done = await run(server, "add",
                     {"name": "Bot", "certificate": bot.base64, "can-manage": "0"})
    assert done.notes[0][0] == "info"
    await is_told(server, ROMEO)
    assert gate.rows() == [(ROMEO, "Bot", bot.sha256, False, "active"),
                           (ROMEO, "Phone", phone.sha256, True, "active")]

    listed = await run(server, "list")
    assert list(listed.fields()) == ["Bot", "Phone"] and not listed.notes
    assert listed.fields()["Bot"].startswith("active, expires ")
    assert listed.fields()["Bot"].endswith(", may not manage certificates")
    assert listed.fields()["Phone"].replace(":", "").lower().endswith(phone.sha256)
    assert (await run(server, "list", sender=BALCONY)).form is None

    choice = await Dialogue(server, "disable").step()
    assert choice.options() == ["Bot", "Phone"]
    await choice.step("complete", {"name": "Bot"})
    assert choice.notes == [("info", "“Bot” is disabled.")]
    choice = await Dialogue(server, "revoke").step()
    assert choice.options() == ["Phone", "Bot"]
    await choice.step("next", {"name": "Phone"})
    assert choice.notes == [("info", "“Phone” is revoked.")]
    assert gate.rows() == [(ROMEO, "Bot", bot.sha256, False, "disabled"),
                           (ROMEO, "Phone", phone.sha256, True, "revoked")]
    await gate.logged("certificate.revoked", account=ROMEO, name="Phone")

    refused = await run(server, "add", {"name": "Again", "certificate": phone.base64})
    assert refused.notes[0][0] == "error" and "registered before" in refused.notes[0][1]


async def test_a_private_key_is_neither_kept_nor_logged(server, gate, maker):
    phone = maker.make(ROMEO)
    key = phone.key.read_text()
    for text in (key, key + phone.path.read_text(), phone.path.read_text() + key):
        refused = await run(server, "add", {"name": "Phone", "certificate": text})
        assert refused.notes[0][0] == "error" and "private key" in refused.notes[0][1]
    assert gate.rows() == []
    assert all(line not in gate.process.log() for line in key.splitlines()[1:-1])
    assert all(line not in show(refused.answer) for line in key.splitlines()[1:-1])


async def test_a_restricted_session_changes_nothing(server, gate, maker):
    """XEP-0257 section 2.1: "a client logged in with that certificate is not allowed to add or
    remove certificates from the list. A server MAY allow such a client to query the list"."""
    bot, other = maker.make(ROMEO), maker.make(ROMEO)
    server.sessions = {ROMEO: [("orchard", None)]}
    await run(server, "add", {"name": "Bot", "certificate": bot.base64, "can-manage": "0"})
    await is_told(server, ROMEO)
    before = gate.rows()
    started = [await Dialogue(server, command).step() for command in ("add", "disable", "revoke")]
    server.sessions = {ROMEO: [("orchard", bot.sha256)]}
    for dialogue, fields in zip(started, ({"name": "Mine", "certificate": other.base64},
                                          {"name": "Bot"}, {"name": "Bot"})):
        await dialogue.step("complete", fields)
        assert error_of(dialogue.answer) == "cancel/forbidden", show(dialogue.answer)
        again = await Dialogue(server, dialogue.node.removeprefix(NODE)).step()
        assert error_of(again.answer) == "cancel/forbidden", show(again.answer)
    assert list((await run(server, "list")).fields()) == ["Bot"]
    assert gate.rows() == before


async def test_administrators_see_and_revoke_what_others_have(server, gate, maker):
    phone = maker.make(ROMEO)
    await run(server, "add", {"name": "Phone", "certificate": phone.base64})
    await is_told(server, ROMEO)
    for command in ("list-account", "revoke-account", "statistics"):
        refused = await Dialogue(server, command).step()
        assert error_of(refused.answer) == "cancel/forbidden", show(refused.answer)
    listed = await run(server, "list-account", {"account": ROMEO}, sender=BALCONY)
    assert list(listed.fields()) == ["Phone"]
    revoked = await run(server, "revoke-account", {"account": ROMEO}, {"name": "Phone"},
                        sender=BALCONY)
    assert revoked.notes == [("info", "“Phone” is revoked.")]
    assert gate.rows() == [(ROMEO, "Phone", phone.sha256, True, "revoked")]
    await gate.logged("certificate.revoked_by_administrator", administrator=BALCONY, account=ROMEO,
                      name="Phone")
    counted = await run(server, "statistics", sender=BALCONY)
    assert counted.fields() == {"Accounts": "1", "active": "0", "disabled": "0", "revoked": "1",
                                "expired": "0"}


async def test_without_the_database_people_are_told_to_come_back(server, gate, postgres):
    gate.expects("certificate.care_failed", "database.down", "db.down")
    before = await run(server, "list")
    assert before.notes[0][0] == "info"
    postgres.stop()
    try:
        failed = await Dialogue(server, "list").step(language="de")
        assert failed.notes == [("error", "Die Zertifikate sind gerade nicht erreichbar. Bitte "
                                          "versuchen Sie es später noch einmal.")]
    finally:
        postgres.start()


async def test_the_menu_is_for_whoever_asks(server, gate):
    async def menu(sender, language="en"):
        answer = await server.ask(
            "<query xmlns='http://jabber.org/protocol/disco#items' "
            f"node='{COMMANDS}' xml:lang='{language}'/>", "get", sender)
        return {item.get("node").removeprefix(NODE): item.get("name") for item in answer[0]}

    own, everything = await menu(ORCHARD), await menu(BALCONY, "fr")
    assert list(own) == ["list", "add", "disable", "revoke"]
    assert own["add"] == "Manage certificates: add"
    assert list(everything) == [*own, "list-account", "revoke-account", "statistics"]
    assert everything["add"] == "Gérer les certificats : ajouter"
    assert await menu("mallory@elsewhere.test/x") == {}
