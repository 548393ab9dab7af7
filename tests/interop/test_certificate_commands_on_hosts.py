# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates managed by ad-hoc commands, from unmodified clients through a real Prosody and a real
ejabberd."""

import asyncio
import os

import psycopg2
import pytest

from support.client_certificates import Maker
from support.poezio import Poezio
from support.postgres import Postgres
from support.processes import Folder

NODE = "urn:xmpp:jidgate:certificates:"
ROMEO, JULIET = "romeo@verona.test", "juliet@verona.test"
ORCHARD, BALCONY = ROMEO + "/orchard", JULIET + "/balcony"


@pytest.fixture(scope="module")
def postgres(site):
    made = Postgres(site)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def maker():
    folder = Folder("certificates")
    yield Maker(folder)
    folder.remove()


@pytest.fixture
async def gate(postgres, host, jidgate):
    """A daemon with a database of its own; juliet administers it."""
    database = postgres.create_database()
    made = await jidgate(host, {
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


@pytest.fixture
async def online(host, log_in):
    """Somebody with slixmpp's own plugins for commands and forms."""
    async def enter(jid):
        person = await log_in(host, jid)
        person.register_plugin("xep_0004")
        person.register_plugin("xep_0050")
        return person

    return enter


class Command:
    """One command in slixmpp's words."""

    def __init__(self, person, component, command):
        self.person, self.component, self.node = person, component, NODE + command
        self.answers = asyncio.Queue()
        self.session = {"next": lambda iq, _: self.answers.put_nowait(iq),
                        "error": lambda iq, _: self.answers.put_nowait(iq)}

    async def begins(self):
        self.person["xep_0050"].start_command(self.component, self.node, self.session)
        await self.answered()
        if self.error:
            self.person["xep_0050"].terminate_command(self.session)
        return self

    async def goes_on(self, fields, how="next"):
        form = self.person["xep_0004"].make_form(ftype="submit")
        for name, value in fields.items():
            form.add_field(var=name, value=value)
        return await self.sends(form, how)

    async def fills_in(self, **values):
        """The form that was shown, filled in and sent back whole."""
        form = self.form
        form["type"] = "submit"
        form["values"] = values
        return await self.sends(form, "complete")

    async def sends(self, form, how):
        self.session["payload"] = form
        plugin = self.person["xep_0050"]
        {"next": plugin.continue_command, "complete": plugin.complete_command,
         "cancel": plugin.cancel_command,
         "prev": lambda session: plugin.continue_command(session, direction="prev")}[how](
             self.session)
        return await self.answered()

    async def answered(self):
        iq = await asyncio.wait_for(self.answers.get(), 15)
        self.error = f"{iq['error']['type']}/{iq['error']['condition']}" if (
            iq["type"] == "error") else None
        self.status, self.notes = iq["command"]["status"], iq["command"]["notes"]
        self.actions, self.form = iq["command"]["actions"], iq["command"]["form"]
        return self

    def note(self):
        assert self.error is None and self.status == "completed", (self.error, self.status)
        assert len(self.notes) == 1, self.notes
        return self.notes[0]

    def fields(self):
        """What was shown: {label: value}."""
        return {field["label"]: field["value"] for field in self.form.get_fields().values()
                if field["type"] != "hidden"}

    def options(self):
        return [option["value"] for option in self.form.get_fields()["name"]["options"]]


async def test_the_menu(host, gate, online):
    """As a client builds it: by disco#items, and disco#info on each node."""
    romeo, juliet = await online(ORCHARD), await online(BALCONY)

    async def menu(person):
        items = await person["xep_0050"].get_commands(host.component)
        return {node.removeprefix(NODE): name
                for jid, node, name in items["disco_items"]["items"] if jid == host.component}

    own, everything = await menu(romeo), await menu(juliet)
    assert sorted(own) == ["add", "disable", "list", "revoke"]
    assert all("certificates" in name for name in own.values())
    assert set(everything) == {*own, "list-account", "revoke-account", "statistics"}
    for command in own:
        info = await romeo["xep_0030"].get_info(jid=host.component, node=NODE + command)
        assert ("automation", "command-node", None, own[command]) in (
            info["disco_info"]["identities"]), info
        assert "http://jabber.org/protocol/commands" in info["disco_info"]["features"]


async def test_everything_that_romeo_can_do(host, gate, online, maker):
    romeo = await online(ORCHARD)
    phone, bot = maker.make(ROMEO), maker.by_the_recipe(ROMEO)

    listed = await Command(romeo, host.component, "list").begins()
    assert listed.note() == ("info", "There are no certificates.")

    add = await Command(romeo, host.component, "add").begins()
    assert (add.status, add.actions) == ("executing", {"complete"})
    assert [(var, field["type"]) for var, field in add.form.get_fields().items()] == [
        ("FORM_TYPE", "hidden"), ("name", "text-single"), ("certificate", "text-multi"),
        ("can-manage", "boolean")]
    await add.fills_in(name="Phone", certificate=phone.path.read_text())
    assert add.note()[0] == "info"
    told = await romeo.is_told()
    assert "Phone" in told["body"] and told["from"] == host.component

    add = await Command(romeo, host.component, "add").begins()
    await add.goes_on({"name": "Bot", "certificate": bot.path.read_text(), "can-manage": False})
    assert add.note()[0] == "info"
    assert "Bot" in (await romeo.is_told())["body"]
    assert gate.rows() == [(ROMEO, "Bot", bot.sha256, False, "active"),
                           (ROMEO, "Phone", phone.sha256, True, "active")]

    listed = await Command(romeo, host.component, "list").begins()
    assert list(listed.fields()) == ["Bot", "Phone"]
    assert listed.fields()["Phone"].startswith("active, expires ")

    disable = await Command(romeo, host.component, "disable").begins()
    assert disable.options() == ["Bot", "Phone"]
    await disable.goes_on({}, "next")
    assert disable.error == "modify/bad-request"
    await disable.goes_on({"name": "Bot"}, "complete")
    assert disable.note() == ("info", "“Bot” is disabled.")

    revoke = await Command(romeo, host.component, "revoke").begins()
    await revoke.sends(None, "cancel")
    assert revoke.status == "canceled"
    revoke = await Command(romeo, host.component, "revoke").begins()
    await revoke.goes_on({"name": "Phone"})
    assert revoke.note() == ("info", "“Phone” is revoked.")
    assert gate.rows() == [(ROMEO, "Bot", bot.sha256, False, "disabled"),
                           (ROMEO, "Phone", phone.sha256, True, "revoked")]


async def test_what_is_refused(host, gate, online, maker):
    romeo = await online(ORCHARD)
    phone = maker.make(ROMEO)
    for text, reason in ((maker.make(JULIET).path.read_text(), "not accepted"),
                         ("no certificate", "cannot be registered"),
                         (phone.key.read_text(), "private key"),
                         (phone.path.read_text() + phone.key.read_text(), "private key")):
        add = await Command(romeo, host.component, "add").begins()
        await add.goes_on({"name": "Phone", "certificate": text}, "complete")
        assert add.note()[0] == "error" and reason in add.note()[1]
    assert gate.rows() == []
    for command in ("list-account", "revoke-account", "statistics"):
        assert (await Command(romeo, host.component, command).begins()).error == "cancel/forbidden"
    assert (await Command(romeo, host.component, "other").begins()).error == (
        "cancel/item-not-found")


async def test_everything_that_juliet_can_do_for_others(host, gate, online, maker):
    romeo, juliet = await online(ORCHARD), await online(BALCONY)
    phone = maker.make(ROMEO)
    add = await Command(romeo, host.component, "add").begins()
    await add.goes_on({"name": "Phone", "certificate": phone.path.read_text()}, "complete")
    await romeo.is_told()

    listed = await Command(juliet, host.component, "list-account").begins()
    await listed.goes_on({"account": ROMEO}, "complete")
    assert list(listed.fields()) == ["Phone"]

    revoke = await Command(juliet, host.component, "revoke-account").begins()
    assert revoke.actions == {"next"}
    await revoke.goes_on({"account": JULIET})
    assert revoke.note() == ("info", "There are no certificates.")
    revoke = await Command(juliet, host.component, "revoke-account").begins()
    await revoke.goes_on({"account": ROMEO})
    assert revoke.actions == {"prev", "complete"}
    await revoke.sends(None, "prev")
    assert revoke.actions == {"next"}
    await revoke.goes_on({"account": ORCHARD})
    assert revoke.options() == ["Phone"]
    await revoke.goes_on({"name": "Phone"}, "complete")
    assert revoke.note() == ("info", "“Phone” is revoked.")
    assert gate.rows() == [(ROMEO, "Phone", phone.sha256, True, "revoked")]

    counted = await Command(juliet, host.component, "statistics").begins()
    assert counted.fields() == {"Accounts": "1", "active": "0", "disabled": "0", "revoked": "1",
                                "expired": "0"}


async def test_poezio(host, gate, online, maker, folder):
    """The program itself, typed into. It shows neither tables nor notes beside a form, and knows no
    way on but "next"."""
    romeo = await online(ORCHARD)
    phone = maker.make(ROMEO)
    add = await Command(romeo, host.component, "add").begins()
    await add.goes_on({"name": "Phone", "certificate": phone.path.read_text()}, "complete")
    poezio = Poezio(folder, host, ROMEO)

    async def presses(keys, *answers):
        poezio.output = b""
        os.write(poezio.terminal, keys)
        return await poezio.shows(*answers)

    enter, down, send, cancel = b"\r", b"\x1bOB", b"\x19", b"\x07"
    try:
        await poezio.shows("Welcome to poezio")
        await poezio.says(f"/ad-hoc {host.component}", "Manage certificates: list")
        await presses(enter, "active, expires")
        await presses(cancel, "Ad-hoc commands of JID")
        for below in ("add", "disable", "revoke"):
            await presses(down, f"Manage certificates: {below}")
        await presses(enter, "Phone: active")
        await presses(send, "“Phone” is revoked.")
    finally:
        poezio.stop()
    assert gate.rows() == [(ROMEO, "Phone", phone.sha256, True, "revoked")]
