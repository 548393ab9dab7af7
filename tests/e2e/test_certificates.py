# SPDX-License-Identifier: GPL-3.0-or-later
"""XEP-0257 by the daemon with a real PostgreSQL, asked directly and by delegation (XEP-0355)."""

import asyncio
import base64

import psycopg2
import pytest

from support.client_certificates import Maker
from support.fakeserver import HOST_MODULE, error_of, local, show
from support.postgres import Postgres
from support.processes import Folder

NS = "urn:xmpp:saslcert:1"
ROMEO, JULIET = "romeo@verona.test", "juliet@verona.test"
ORCHARD = ROMEO + "/orchard"


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


@pytest.fixture(scope="module")
def romeos(maker):
    """Two certificates of romeo's."""
    return maker.make(ROMEO), maker.make(ROMEO)


@pytest.fixture
async def gate(postgres, server, jidgate):
    """Starts daemons with a database of their own, which `gate.rows()` shows as readers see it."""
    database = postgres.create_database()

    async def start(changes=None):
        made = await jidgate(server, {
            "database": {"url": postgres.url(database, "jidgate_service")}, **(changes or {})},
            prepare=lambda gate: gate.migrate(postgres.url(database)))
        made.rows = lambda: rows(postgres, database)
        return made

    return start


def rows(postgres, database):
    with psycopg2.connect(postgres.url(database, "jidgate_reader")) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT account, name, sha256, can_manage, state "
                           "FROM jidgate.certificates ORDER BY account, name, state")
            return cursor.fetchall()


def append(name, certificate, more=""):
    return (f"<append xmlns='{NS}'><name>{name}</name>{more}<x509cert>"
            f"{getattr(certificate, 'base64', certificate)}</x509cert></append>")


def by_name(element, name):
    return f"<{element} xmlns='{NS}'><name>{name}</name></{element}>"


def items(answer):
    """What a list says: {name: (certificate, may manage, resources)}."""
    assert answer.get("type") == "result", show(answer)
    assert local(answer[0]) == "items"
    return {item.findtext(f"{{{NS}}}name"): (
        item.findtext(f"{{{NS}}}x509cert"),
        item.find(f"{{{NS}}}no-cert-management") is None,
        [one.text for one in item.iterfind(f"{{{NS}}}users/{{{NS}}}resource")])
        for item in answer[0]}


async def listed(server, sender=ORCHARD):
    return items(await server.ask(f"<items xmlns='{NS}'/>", "get", sender))


def is_empty_result(answer):
    return answer.get("type") == "result" and len(answer) == 0


def delegation(payload, type="set", attributes=f"from='{ORCHARD}'", version=2, more=""):
    return (f"<delegation xmlns='urn:xmpp:delegation:{version}'>"
            "<forwarded xmlns='urn:xmpp:forward:0'>"
            f"<iq xmlns='jabber:client' type='{type}' id='q1' {attributes}>{payload}</iq>"
            f"</forwarded>{more}</delegation>")


async def delegated(server, *arguments, version=2, **more):
    """What is inside of the answer to a delegated request."""
    answer = await server.ask(delegation(*arguments, version=version, **more), sender=server.domain)
    assert answer.get("type") == "result" and len(answer) == 1, show(answer)
    wrapped = answer[0]
    assert wrapped.tag == f"{{urn:xmpp:delegation:{version}}}delegation", show(answer)
    assert len(wrapped) == 1 and wrapped[0].tag == "{urn:xmpp:forward:0}forwarded", show(answer)
    assert len(wrapped[0]) == 1 and wrapped[0][0].tag == "{jabber:client}iq", show(answer)
    assert wrapped[0][0].get("id") == "q1", show(answer)
    return wrapped[0][0]


async def test_a_certificate_from_its_registration_to_its_end(server, gate, romeos):
    """XEP-0257 sections 2.1 to 2.4, and what the view says at each step."""
    made = await gate()
    phone, laptop = romeos
    assert is_empty_result(await server.ask(append("Phone", phone)))
    assert is_empty_result(
        await server.ask(append("Bot", laptop, "<no-cert-management/>")))
    assert made.rows() == [(ROMEO, "Bot", laptop.sha256, False, "active"),
                           (ROMEO, "Phone", phone.sha256, True, "active")]
    assert await listed(server) == {"Bot": (laptop.base64, False, []),
                                    "Phone": (phone.base64, True, [])}
    assert await listed(server, JULIET + "/balcony") == {}
    assert is_empty_result(await server.ask(by_name("disable", "Bot")))
    assert is_empty_result(await server.ask(by_name("revoke", "Phone")))
    assert made.rows() == [(ROMEO, "Bot", laptop.sha256, False, "disabled"),
                           (ROMEO, "Phone", phone.sha256, True, "revoked")]
    assert await listed(server) == {}
    for again in (append("Other", phone), append("Other", laptop)):
        assert error_of(await server.ask(again)) == "cancel/conflict"
    added = await made.logged("certificate.added", times=2)
    assert (added["account"], added["name"], added["sha256"]) == (ROMEO, "Bot", laptop.sha256)
    assert phone.base64[:60] not in made.process.log()


async def test_the_published_recipe_gives_a_certificate_that_is_taken(server, gate, maker):
    made = await gate()
    certificate = maker.by_the_recipe(ROMEO)
    # As the file has it: lines of 64.
    lines = "\n".join(certificate.path.read_text().splitlines()[1:-1])
    assert is_empty_result(await server.ask(append("My bot", lines)))
    assert made.rows() == [(ROMEO, "My bot", certificate.sha256, True, "active")]
    assert (await listed(server))["My bot"][0] == certificate.base64


async def test_what_is_wrong_is_refused_and_nothing_is_stored(server, gate, maker, romeos):
    """The right error for each fault; the table unchanged."""
    made = await gate()
    good, other = romeos
    assert is_empty_result(await server.ask(append("Good", good)))
    before = made.rows()
    encoded = lambda der: base64.b64encode(der).decode()
    bad, policy, conflict = "modify/bad-request", "modify/not-acceptable", "cancel/conflict"
    cases = [
        ("another account's", maker.make(JULIET), policy),
        ("nobody's", maker.make(None), policy),
        ("another host's", maker.make("romeo@elsewhere.test"), policy),
        ("expired", maker.dated(ROMEO, "20200101000000Z", "20210101000000Z"), policy),
        ("not valid yet", maker.dated(ROMEO, "20900101000000Z", "20910101000000Z"), policy),
        ("weak", maker.make(ROMEO, ("rsa:1024",)), policy),
        ("an odd curve", maker.make(ROMEO, ("ec", "-pkeyopt", "ec_paramgen_curve:secp256k1")),
         policy),
        ("trailing octets", encoded(other.der + b"\0"), bad),
        ("two of them", encoded(other.der + other.der), bad),
        ("cut short", encoded(other.der[:-1]), bad),
        ("oversized", encoded(b"0\x82\x50\x00" + bytes(20480)), bad),
        ("nothing", "", bad),
        ("no Base64", "!!!!", bad),
        ("Base64 for URLs", other.base64.replace("+", "-").replace("/", "_") + "_-==", bad),
        ("PEM", other.path.read_text(), bad),
        ("its key as well", other.path.read_text() + other.key.read_text(), bad),
        ("registered before", good, conflict),
    ]
    for what, certificate, expected in cases:
        answer = await server.ask(append(what, certificate))
        assert error_of(answer) == expected, f"{what}: {show(answer)}"
    for payload, expected in (
            (append("Good", other), conflict),
            (append("", other), bad),
            (append("a\nb", other), bad),
            (append("x" * 256, other), bad),
            (f"<append xmlns='{NS}'><x509cert>{other.base64}</x509cert></append>", bad),
            (by_name("disable", "Unknown"), "cancel/item-not-found"),
            (by_name("revoke", "Unknown"), "cancel/item-not-found"),
            (by_name("remove", "Good"), "cancel/feature-not-implemented")):
        answer = await server.ask(payload)
        assert error_of(answer) == expected, f"{payload[:100]}: {show(answer)}"
    for sender in ("mallory@elsewhere.test/x", "verona.test", "romeo@gate.verona.test"):
        answer = await server.ask(by_name("revoke", "Good"), sender=sender)
        assert error_of(answer) == "auth/forbidden", show(answer)
    answer = await server.ask(append("huge", "A" * 200000))
    assert error_of(answer) == "modify/policy-violation", show(answer)
    assert made.rows() == before
    assert "PRIVATE KEY" not in made.process.log()
    assert other.key.read_text().splitlines()[1] not in made.process.log()


async def test_names_are_text_and_nothing_else(server, gate, maker):
    made = await gate({"certificates": {"max-per-account": "40"}})
    names = ["'; DROP TABLE jidgate.certificate; --", "a\\b", "100%_", "$1", "Ünïcödé 日本 🎉",
             '"quoted"', "{}", "a" * 255]
    for name in names:
        escaped = name.replace("'", "&apos;")
        assert is_empty_result(await server.ask(append(escaped, maker.make(ROMEO)))), name
    assert sorted(row[1] for row in made.rows()) == sorted(names)
    assert set(await listed(server)) == set(names)
    for name in names:
        assert is_empty_result(await server.ask(by_name("revoke", name.replace("'", "&apos;"))))
    assert {row[4] for row in made.rows()} == {"revoked"}


async def test_the_settings_decide(server, gate, maker):
    """require-xmpp-address and max-per-account, taken over by a reload."""
    made = await gate({"certificates": {"max-per-account": "2"}})
    assert is_empty_result(await server.ask(append("a", maker.make(ROMEO))))
    assert error_of(await server.ask(append("b", maker.make(None)))) == "modify/not-acceptable"
    made.settings["certificates"] = {"max-per-account": "2", "require-xmpp-address": "no"}
    made.reload()
    await made.logged("config.reloaded")
    assert is_empty_result(await server.ask(append("b", maker.make(None))))
    assert error_of(await server.ask(append("c", maker.make(ROMEO)))) == "wait/resource-constraint"
    assert is_empty_result(await server.ask(append("c", maker.make(JULIET)), sender=JULIET + "/x"))
    made.settings["certificates"]["max-per-account"] = "3"
    made.reload()
    await made.logged("config.reloaded", times=2)
    assert is_empty_result(await server.ask(append("c", maker.make(ROMEO))))
    assert len(made.rows()) == 4


async def test_a_trusted_authority_can_be_required(server, gate, maker):
    trusted = maker.authority()
    made = await gate({"certificates": {"require-ca": str(trusted.certificate)}})
    assert error_of(await server.ask(append("a", maker.make(ROMEO)))) == "modify/not-acceptable"
    assert error_of(await server.ask(append("a", maker.authority().sign(ROMEO)))) == (
        "modify/not-acceptable")
    assert is_empty_result(await server.ask(append("a", trusted.sign(ROMEO))))
    assert len(made.rows()) == 1


async def test_one_of_many_with_the_same_name_is_stored(server, gate, maker):
    """XEP-0257 section 2.1: "The server MUST return an error when a client tries to add a
    certificate using a name that is already used by a certificate" — also all at once."""
    made = await gate()
    certificates = [maker.make(ROMEO) for _ in range(12)]
    answers = await asyncio.gather(*(
        server.ask(append("Phone", certificate), sender=f"{ROMEO}/{number}")
        for number, certificate in enumerate(certificates)))
    errors = [error_of(answer) for answer in answers]
    assert sorted(map(str, errors)) == ["None"] + ["cancel/conflict"] * 11
    assert [row[2] for row in made.rows()] == [certificates[errors.index(None)].sha256]


@pytest.mark.parametrize("version", (1, 2))
async def test_a_host_delegates(server, gate, romeos, version):
    """XEP-0355 section 4.3, as Prosody (version 2) and ejabberd (version 1) do it."""
    made = await gate()
    phone, _ = romeos
    server.sends(f"<message from='{server.domain}' to='{server.component}'><delegation "
                 f"xmlns='urn:xmpp:delegation:{version}'><delegated namespace='{NS}'/></delegation>"
                 "</message>")
    await made.logged("delegation.granted", namespace=NS)
    for separator, features in (("::", [NS]), (":bare:", [])):
        node = f"urn:xmpp:delegation:{version}{separator}{NS}"
        answer = await server.ask(f"<query xmlns='http://jabber.org/protocol/disco#info' "
                                  f"node='{node}'/>", "get", server.domain)
        assert answer.get("type") == "result" and answer[0].get("node") == node, show(answer)
        assert [feature.get("var") for feature in answer[0]] == features

    inner = await delegated(server, append("Phone", phone), version=version)
    assert is_empty_result(inner)
    assert (inner.get("from"), inner.get("to")) == (ROMEO, ORCHARD)
    inner = await delegated(server, f"<items xmlns='{NS}'/>", "get",
                            f"from='{ORCHARD}' to='{ROMEO}'", version=version)
    assert items(inner) == {"Phone": (phone.base64, True, [])}
    inner = await delegated(server, append("Phone", phone), version=version)
    assert error_of(inner) == "cancel/conflict"
    inner = await delegated(server, append("huge", "A" * 200000), version=version)
    assert error_of(inner) == "modify/policy-violation"
    assert is_empty_result(await delegated(server, by_name("disable", "Phone"), version=version))
    assert is_empty_result(await delegated(server, by_name("revoke", "Phone"), version=version))
    assert made.rows() == [(ROMEO, "Phone", phone.sha256, True, "revoked")]


async def test_delegation_is_not_forged(server, gate, romeos):
    """From another domain or an account, for another's account, for the host, for a stranger, in
    another delegation: refused."""
    made = await gate()
    assert is_empty_result(await server.ask(append("Phone", romeos[0])))
    before = made.rows()
    revoke = by_name("revoke", "Phone")
    for sender in ("mallory@verona.test/cell", "evil.verona.test", "elsewhere.test", ORCHARD,
                   "verona.test/x", "gate.verona.test"):
        answer = await server.ask(delegation(revoke), sender=sender)
        assert error_of(answer) == "auth/forbidden", (sender, show(answer))
    mallory = "mallory@verona.test/cell"
    for attributes in (f"from='{mallory}' to='{ROMEO}'", f"from='{ORCHARD}' to='verona.test'",
                       "from='romeo@elsewhere.test/x'", "from='verona.test'", f"from='{ROMEO}'"):
        inner = await delegated(server, revoke, attributes=attributes)
        assert error_of(inner) == "auth/forbidden", attributes
    inner = await delegated(server, delegation(revoke))
    assert error_of(inner) == "auth/forbidden"
    twice = delegation(revoke).replace("</forwarded>", "</forwarded><forwarded "
                                       "xmlns='urn:xmpp:forward:0'/>")
    assert error_of(await server.ask(twice, sender=server.domain)) == "modify/bad-request"
    inner = await delegated(server, "<ping xmlns='urn:xmpp:ping'/>", "get")
    assert error_of(inner) == "cancel/service-unavailable"
    assert made.rows() == before


async def test_with_the_module_of_the_host(server, gate, romeos):
    """Who uses which certificate; who may not change anything; whose sessions end with a revoke."""
    made = await gate()
    phone, bot = romeos
    server.sessions = {ROMEO: [("orchard", None), ("cell", phone.sha256), ("bot", bot.sha256)]}
    assert is_empty_result(await server.ask(append("Phone", phone)))
    assert is_empty_result(await server.ask(append("Bot", bot, "<no-cert-management/>")))
    assert await listed(server) == {"Phone": (phone.base64, True, ["cell"]),
                                    "Bot": (bot.base64, False, ["bot"])}
    before = made.rows()
    for payload in (append("New", phone), by_name("disable", "Phone"), by_name("revoke", "Phone")):
        answer = await server.ask(payload, sender=f"{ROMEO}/bot")
        assert error_of(answer) == "auth/forbidden", show(answer)
        answer = await server.ask(payload, sender=f"{ROMEO}/gone-meanwhile")
        assert error_of(answer) == "auth/forbidden", show(answer)
        session = f"<session xmlns='{HOST_MODULE}' sha256='{bot.sha256}'/>"
        inner = await delegated(server, payload, more=session)
        assert error_of(inner) == "auth/forbidden", show(inner)
    assert made.rows() == before
    assert set(await listed(server, f"{ROMEO}/bot")) == {"Phone", "Bot"}

    assert is_empty_result(await server.ask(by_name("disable", "Phone"), sender=f"{ROMEO}/orchard"))
    assert is_empty_result(await server.ask(by_name("revoke", "Phone"), sender=f"{ROMEO}/orchard"))
    ended = await made.logged("certificate.sessions_ended", account=ROMEO)
    assert (ended["sha256"], ended["sessions"]) == (phone.sha256, "1")
    assert server.ended == [(ROMEO, phone.sha256)]


async def test_without_the_database_everybody_is_told_to_try_again(
        server, gate, postgres, maker):
    made = await gate()
    made.expects("database.down", "certificate.care_failed")
    assert is_empty_result(await server.ask(append("Kept", maker.make(ROMEO))))
    postgres.stop()
    try:
        for payload, type in ((append("New", maker.make(ROMEO)), "set"),
                              (by_name("revoke", "Kept"), "set"), (f"<items xmlns='{NS}'/>", "get")):
            answer = await server.ask(payload, type, within=20)
            assert error_of(answer) == "wait/internal-server-error", show(answer)
        inner = await delegated(server, by_name("revoke", "Kept"))
        assert error_of(inner) == "wait/internal-server-error"
    finally:
        postgres.start()
    answer = await asyncio.wait_for(later(server, by_name("revoke", "Kept")), 20)
    assert is_empty_result(answer), show(answer)
    assert [row[1::3] for row in made.rows()] == [("Kept", "revoked")]


async def later(server, payload):
    """What it comes to for somebody who does as the error says."""
    while True:
        answer = await server.ask(payload)
        if error_of(answer) != "wait/internal-server-error":
            return answer


async def test_without_a_database_it_is_not_advertised(server, jidgate):
    """What is served is advertised, and nothing else."""
    await jidgate(server)
    answer = await server.ask("<query xmlns='http://jabber.org/protocol/disco#info'/>", "get")
    assert NS not in show(answer)
    answer = await server.ask(f"<items xmlns='{NS}'/>", "get")
    assert error_of(answer) == "cancel/service-unavailable"


async def test_with_one_it_is(server, gate):
    await gate()
    answer = await server.ask("<query xmlns='http://jabber.org/protocol/disco#info'/>", "get")
    features = {child.get("var") for child in answer[0] if local(child) == "feature"}
    identities = {(child.get("category"), child.get("type")) for child in answer[0]
                  if local(child) == "identity"}
    assert {NS, "urn:xmpp:delegation:1", "urn:xmpp:delegation:2"} <= features
    assert identities == {("auth", "cert"), ("auth", "generic")}
