# SPDX-License-Identifier: GPL-3.0-or-later
"""XEP-0257 by unmodified clients, on a real Prosody and a real ejabberd that delegate it to the
component (XEP-0355), and directly."""

import psycopg2
import pytest
from slixmpp.exceptions import IqError

from conftest import SERVERS
from support.client_certificates import Maker
from support.poezio import Poezio
from support.postgres import Postgres
from support.processes import Folder
from support.rawcomponent import RawComponent

NS = "urn:xmpp:saslcert:1"
ROMEO, ORCHARD = "romeo@verona.test", "romeo@verona.test/orchard"
EVIL, EVIL_SECRET = "evil.verona.test", "s3cr3t-of-mallory"


@pytest.fixture(scope="module", params=SERVERS)
def host(request, site):
    """A server that delegates, with a second component that means no good."""
    made = SERVERS[request.param](site, site.authority, delegates=(NS,), others={EVIL: EVIL_SECRET})
    for user in ("romeo", "juliet", "mallory"):
        made.add_account(user)
    yield made
    made.stop()


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
    """A daemon with a database of its own, to which the host has delegated."""
    database = postgres.create_database()
    made = await jidgate(
        host, {"database": {"url": postgres.url(database, "jidgate_service")}},
        prepare=lambda gate: gate.migrate(postgres.url(database)))
    made.rows = lambda: rows(postgres, database)
    await made.logged("delegation.granted", namespace=NS)
    return made


def rows(postgres, database):
    with psycopg2.connect(postgres.url(database, "jidgate_reader")) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT account, name, sha256, can_manage, state "
                           "FROM jidgate.certificates ORDER BY account, name, state")
            return cursor.fetchall()


async def fails(request):
    """The error that a request of slixmpp's is answered with, as "type/condition"."""
    with pytest.raises(IqError) as failed:
        await request
    return f"{failed.value.iq['error']['type']}/{failed.value.condition}"


def listed(iq):
    """{name: (certificate, may manage)} of a list, read with slixmpp's own stanzas."""
    return {item["name"]: (item["x509cert"],
                           item.xml.find(f"{{{NS}}}no-cert-management") is None)
            for item in iq["sasl_certs"]["items"]}


async def test_slixmpp_without_an_address(host, gate, maker, log_in):
    """Its plugin knows of no component: it asks its own account, as XEP-0257 has it. The certificate
    is made by the published recipe."""
    romeo = await log_in(host, ORCHARD)
    certificates = romeo["xep_0257"]
    phone, bot = maker.by_the_recipe(ROMEO), maker.make(ROMEO)
    assert listed(await certificates.get_certs()) == {}
    added = await certificates.add_cert("Phone", phone.base64)
    assert added["type"] == "result" and added["from"] in ("", ROMEO)
    await certificates.add_cert("Bot", bot.base64, allow_management=False)
    assert listed(await certificates.get_certs()) == {"Phone": (phone.base64, True),
                                                      "Bot": (bot.base64, False)}
    assert gate.rows() == [(ROMEO, "Bot", bot.sha256, False, "active"),
                           (ROMEO, "Phone", phone.sha256, True, "active")]
    assert await fails(certificates.add_cert("Phone", maker.make(ROMEO).base64)) == (
        "cancel/conflict")
    assert await fails(certificates.add_cert("New", phone.base64)) == "cancel/conflict"
    assert await fails(certificates.add_cert("New", "no certificate")) == "modify/bad-request"
    assert await fails(certificates.add_cert("New", maker.make("juliet@verona.test").base64)) == (
        "modify/not-acceptable")
    assert await fails(certificates.disable_cert("New")) == "cancel/item-not-found"
    await certificates.disable_cert("Bot")
    await certificates.revoke_cert("Phone")
    assert await fails(certificates.revoke_cert("Phone")) == "cancel/item-not-found"
    assert listed(await certificates.get_certs()) == {}
    assert gate.rows() == [(ROMEO, "Bot", bot.sha256, False, "disabled"),
                           (ROMEO, "Phone", phone.sha256, True, "revoked")]


async def test_the_server_advertises_it(host, gate, log_in):
    """XEP-0257 section 4: "If a server supports storage of client side certificates, it MUST
    advertise that fact by including the feature "urn:xmpp:saslcert:1"" in its disco#info."""
    romeo = await log_in(host, ORCHARD)
    for address in (host.domain, host.component):
        info = await romeo["xep_0030"].get_info(jid=address)
        assert NS in info["disco_info"]["features"], address


async def test_slixmpp_to_the_component(host, gate, maker, log_in):
    """The same stanzas, sent to the component itself."""
    romeo = await log_in(host, ORCHARD)
    phone = maker.make(ROMEO)

    def request(type, payload, **fields):
        iq = romeo.make_iq(itype=type, ito=host.component)
        for name, value in fields.items():
            iq[payload][name] = value
        if not fields:
            iq.enable(payload)
        return iq.send(timeout=10)

    await request("set", "sasl_cert_append", name="Phone", x509cert=phone.base64,
                  cert_management=False)
    assert listed(await request("get", "sasl_certs")) == {"Phone": (phone.base64, False)}
    await request("set", "sasl_cert_disable", name="Phone")
    await request("set", "sasl_cert_revoke", name="Phone")
    assert await fails(request("set", "sasl_cert_revoke", name="Phone")) == "cancel/item-not-found"
    assert gate.rows() == [(ROMEO, "Phone", phone.sha256, False, "revoked")]


async def test_poezio(host, gate, maker, folder):
    """The program itself, typed into."""
    phone, bot = maker.make(ROMEO), maker.make(ROMEO)
    poezio = Poezio(folder, host, ROMEO)
    try:
        await poezio.shows("Your JID is")
        # Its commands are there when it has seen the feature of the server.
        nothing = "No certificates found"
        while await poezio.says("/certs", nothing, "Unknown command") != nothing:
            pass
        await poezio.says(f"/cert_add Phone {phone.path}", "Certificate added.")
        await poezio.says(f"/cert_add Bot {bot.path} false", "Certificate added.")
        assert gate.rows() == [(ROMEO, "Bot", bot.sha256, False, "active"),
                               (ROMEO, "Phone", phone.sha256, True, "active")]
        await poezio.says(f"/cert_add Phone {bot.path}", "Unable to add the certificate.")
        await poezio.says("/certs", "Certificates:")
        await poezio.shows("Bot")
        await poezio.shows("Phone")
        fetched = folder / "poezio/fetched.pem"
        await poezio.says(f"/cert_fetch Phone {fetched}", "File stored at")
        assert type(phone)(fetched).sha256 == phone.sha256
        await poezio.says("/cert_disable Bot", "Certificate disabled.")
        await poezio.says("/cert_revoke Phone", "Certificate revoked.")
        await poezio.says("/cert_revoke Phone", "Unable to revoke the certificate.")
    finally:
        poezio.stop()
    assert gate.rows() == [(ROMEO, "Bot", bot.sha256, False, "disabled"),
                           (ROMEO, "Phone", phone.sha256, True, "revoked")]


async def test_nobody_reaches_another_account(host, gate, maker, log_in):
    """What a server forwards for another's account or for itself is refused inside."""
    romeo, mallory = await log_in(host, ORCHARD), await log_in(host, "mallory@verona.test/cell")
    phone = maker.make(ROMEO)
    await romeo["xep_0257"].add_cert("Phone", phone.base64)
    before = gate.rows()
    for address in (ROMEO, ORCHARD, host.domain, "juliet@verona.test"):
        for type, payload in (("set", "sasl_cert_revoke"), ("set", "sasl_cert_disable"),
                              ("get", "sasl_certs")):
            iq = mallory.make_iq(itype=type, ito=address)
            if type == "set":
                iq[payload]["name"] = "Phone"
            else:
                iq.enable(payload)
            condition = await fails(iq.send(timeout=10))
            # A resource is asked itself, and slixmpp serves nothing of the kind.
            assert condition == ("auth/forbidden" if address != ORCHARD else
                                 "cancel/feature-not-implemented"), (address, payload)
    own = mallory.make_iq(itype="get", ito="mallory@verona.test")
    own.enable("sasl_certs")
    assert listed(await own.send(timeout=10)) == {}
    assert gate.rows() == before


def forged(version, sender, component, payload):
    """Romeo's request, as his server would hand it over."""
    return (f"<iq type='set' id='forged-{version}' from='{sender}' to='{component}'>"
            f"<delegation xmlns='urn:xmpp:delegation:{version}'>"
            "<forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' type='set' id='q1' "
            f"from='{ORCHARD}'>{payload}</iq></forwarded>"
            "<session xmlns='urn:xmpp:jidgate:host:0'/></delegation></iq>")


async def test_delegation_is_not_forged(host, gate, maker, log_in, raw_client):
    """By an account of the host, and by another component of the same server."""
    romeo = await log_in(host, ORCHARD)
    await romeo["xep_0257"].add_cert("Phone", maker.make(ROMEO).base64)
    before = gate.rows()
    revoke = f"<revoke xmlns='{NS}'><name>Phone</name></revoke>"

    mallory = await raw_client(host, "mallory@verona.test/cell")
    evil = await RawComponent.connect(host.port_of_other(EVIL), EVIL, EVIL_SECRET)
    try:
        for version in (1, 2):
            for sender, address in ((mallory, "mallory@verona.test/cell"), (evil, EVIL)):
                sender.received = b""
                sender.send(forged(version, address, host.component, revoke))
                await sender.sees(f"forged-{version}".encode())
                seen = await sender.sees(b"</iq>")
                assert b"forbidden" in seen, seen
    finally:
        evil.close()
    assert gate.rows() == before


async def test_an_oversize_request_is_answered(host, gate, raw_client):
    """The client is told, although the component never holds what was sent."""
    romeo = await raw_client(host, ORCHARD)
    romeo.received = b""
    romeo.send(f"<iq type='set' id='huge'><append xmlns='{NS}'><name>a</name><x509cert>"
               + "A" * 150000 + "</x509cert></append></iq>")
    await romeo.sees(b"huge")
    seen = await romeo.sees(b"</iq>")
    assert b"policy-violation" in seen, seen
    assert gate.rows() == []


async def test_a_component_that_comes_back_is_delegated_to_again(
        host, gate, maker, log_in, jidgate):
    romeo = await log_in(host, ORCHARD)
    await romeo["xep_0257"].add_cert("Phone", maker.make(ROMEO).base64)
    gate.ask_to_end()
    gate.process.popen.wait(15)
    assert await fails(romeo["xep_0257"].get_certs()) in (
        "cancel/service-unavailable", "wait/remote-server-timeout")
    again = await jidgate(host, {"database": gate.settings["database"]})
    await again.logged("delegation.granted", namespace=NS)
    assert set(listed(await romeo["xep_0257"].get_certs())) == {"Phone"}
