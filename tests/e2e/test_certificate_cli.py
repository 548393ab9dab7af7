# SPDX-License-Identifier: GPL-3.0-or-later
"""`jidgate cert`, with a real PostgreSQL and the real openssl."""

import json
import os
import stat
import subprocess

import psycopg2
import pytest

from support.client_certificates import Maker
from support.jidgate import binary
from support.postgres import Postgres
from support.processes import Folder

ROMEO, JULIET = "romeo@verona.test", "juliet@verona.test"


@pytest.fixture(scope="module")
def postgres():
    folder = Folder("postgres")
    made = Postgres(folder)
    yield made
    made.stop()
    folder.remove()


@pytest.fixture
def maker(folder):
    return Maker(folder)


class Program:
    """The program with a configuration and a database, and no daemon."""

    def __init__(self, folder, postgres):
        self.folder, database = folder, postgres.create_database()
        folder.write("component.secret", "s3cr3t-of-the-test", mode=0o640)
        self.configuration = folder.write("jidgate.conf", f"""\
[xmpp]
domain = gate.verona.test
secret-file = {folder / "component.secret"}
host = verona.test
[database]
url = {postgres.url(database, "jidgate_service")}
""", mode=0o640)
        self.reader_url = postgres.url(database, "jidgate_reader")
        assert self.run("migrate", environment={"JIDGATE_DATABASE_URL": postgres.url(database)})

    def start(self, *arguments, environment=None):
        return subprocess.run([binary(), *map(str, arguments), "--config", str(self.configuration)],
                              text=True, timeout=60, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env={**os.environ, **(environment or {})})

    def run(self, *arguments, **more):
        done = self.start(*arguments, **more)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused(self, *arguments, status=1):
        done = self.start(*arguments)
        assert done.returncode == status, done.stdout + done.stderr
        assert "BEGIN" not in done.stderr
        return done.stderr

    def rows(self):
        with psycopg2.connect(self.reader_url) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT account, name, sha256, can_manage, state "
                           "FROM jidgate.certificates ORDER BY account, name, state")
            return cursor.fetchall()


@pytest.fixture
def program(folder, postgres):
    return Program(folder, postgres)


def add(program, name, path, account=ROMEO, more=()):
    return program.run("cert", "add", "--account", account, "--name", name, path, *more).strip()


def test_a_certificate_from_its_making_to_its_end(program, folder):
    """What `new` makes is accepted; the fingerprint is what every command and openssl say."""
    made = program.folder.sub("made")
    out = subprocess.run([binary(), "cert", "new", ROMEO, "--key", "ec", "--out", str(made)],
                         text=True, check=True, stdout=subprocess.PIPE).stdout.split()
    key, certificate = made / f"{ROMEO}.key", made / f"{ROMEO}.crt"
    assert out == [str(key), str(certificate)]
    assert stat.S_IMODE(os.stat(key).st_mode) == 0o600
    text = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-fingerprint", "-sha256"],
                          text=True, check=True, stdout=subprocess.PIPE).stdout
    sha256 = text.split("=")[1].strip().replace(":", "").lower()
    assert not program.rows(), "new registers nothing"

    assert add(program, "Phone", certificate) == sha256
    assert program.rows() == [(ROMEO, "Phone", sha256, True, "active")]
    line = program.run("cert", "list").strip().split("\t")
    assert line[:3] == [ROMEO, "Phone", "active"] and line[4] == sha256
    [shown] = json.loads(program.run("cert", "list", "--account", ROMEO, "--json"))
    assert shown["sha256"] == sha256 and shown["xmpp_addresses"] == [ROMEO]
    assert shown["key"] == "P-256" and shown["can_manage"] is True and shown["ended_at"] is None
    block = program.run("cert", "show", "--account", ROMEO, "--name", "Phone")
    assert sha256 in block
    assert (certificate.read_text().split() == block[block.index("-----BEGIN"):].split())

    assert program.run("cert", "disable", "--account", ROMEO, "--name", "Phone").strip() == sha256
    assert program.rows()[0][4] == "disabled"
    assert "no certificate" in program.refused("cert", "disable", "--account", ROMEO, "--name", "Phone")
    assert program.run("cert", "revoke", "--account", ROMEO, "--name", "Phone").strip() == sha256
    assert program.rows()[0][4] == "revoked"
    # Ruled once and for ever: what was revoked does not come back.
    program.refused("cert", "add", "--account", ROMEO, "--name", "Again", certificate)
    assert len(program.rows()) == 1


def test_the_same_policy_as_everywhere(program, maker, folder):
    """Refused with the reason, status 1, and nothing is stored."""
    theirs, mine = maker.make(JULIET), maker.make(ROMEO)
    assert JULIET in program.refused("cert", "add", "--account", ROMEO, "--name", "x", theirs.path)
    both = folder.write("both.pem", mine.path.read_text() + theirs.path.read_text())
    program.refused("cert", "add", "--account", ROMEO, "--name", "x", both)
    secret = mine.key.read_text()
    with_key = folder.write("with-key.pem", mine.path.read_text() + secret)
    said = program.refused("cert", "add", "--account", ROMEO, "--name", "x", with_key)
    assert "private key" in said and secret.split()[4] not in said
    for name, text in (("empty", ""), ("long", "A" * 100000), ("prose", "Wherefore art thou?")):
        program.refused("cert", "add", "--account", ROMEO, "--name", "x", folder.write(name, text))
    program.refused("cert", "add", "--account", ROMEO, "--name", "x", folder / "not-there")
    program.refused("cert", "add", "--account", ROMEO, "--name", "x" * 256, mine.path)
    program.refused("cert", "add", "--account", ROMEO, "--name", " ", mine.path)
    assert not program.rows()

    add(program, "Bot", mine.path, more=["--no-cert-management"])
    assert program.rows() == [(ROMEO, "Bot", mine.sha256, False, "active")]
    program.refused("cert", "add", "--account", ROMEO, "--name", "Bot", maker.make(ROMEO).path)
    assert len(program.rows()) == 1


def test_usage(program, maker):
    """Status 2, with what is missing; nothing is done."""
    mine = maker.make(ROMEO)
    for arguments in (("cert",), ("cert", "frob"), ("cert", "add", mine.path),
                      ("cert", "add", "--account", "verona.test", "--name", "x", mine.path),
                      ("cert", "add", "--account", ROMEO + "/orchard", "--name", "x", mine.path),
                      ("cert", "add", "--account", ROMEO, "--name", "x"),
                      ("cert", "add", "--account", ROMEO, "--name", "x", mine.path, mine.path),
                      ("cert", "revoke", "--account", ROMEO), ("cert", "show", "--name", "x"),
                      ("cert", "list", "--account", "?"), ("cert", "list", "--frob")):
        assert program.refused(*arguments, status=2), arguments
    for arguments in ((), ("verona.test",), (ROMEO, "--days", "0"), (ROMEO, "--days", "99999"),
                      (ROMEO, "--key", "dsa"), (ROMEO, "--name", "a\nb")):
        done = subprocess.run([binary(), "cert", "new", *arguments], cwd=program.folder.path,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 2, (arguments, done.stdout)
    assert not program.rows()


def test_new_overwrites_nothing(folder):
    """A key that is lost is lost for ever."""
    there = folder.write(f"{ROMEO}.key", "precious")
    done = subprocess.run([binary(), "cert", "new", ROMEO, "--key", "ec"], cwd=folder.path, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 1 and "is there already" in done.stdout
    assert there.read_text() == "precious"
    assert not (folder / f"{ROMEO}.crt").exists()


def test_new_for_one_resource_and_as_pkcs12(folder):
    """As phones import it: the passphrase is printed once, and opens it."""
    out = subprocess.run([binary(), "cert", "new", ROMEO + "/Phone", "--key", "ec", "--pkcs12",
                          "--name", "Romeo's phone", "--days", "3"],
                         cwd=folder.path, text=True, check=True, stdout=subprocess.PIPE).stdout
    passphrase = out.split("passphrase: ")[1].strip()
    both = folder / f"{ROMEO}.p12"
    assert stat.S_IMODE(os.stat(both).st_mode) == 0o600
    text = subprocess.run(["openssl", "pkcs12", "-in", both, "-passin", f"pass:{passphrase}", "-nodes"],
                          text=True, check=True, stdout=subprocess.PIPE).stdout
    assert "PRIVATE KEY" in text and "BEGIN CERTIFICATE" in text
    text = subprocess.run(["openssl", "x509", "-in", folder / f"{ROMEO}.crt", "-noout", "-text"],
                          text=True, check=True, stdout=subprocess.PIPE).stdout
    assert "Romeo's phone" in text and "TLS Web Client Authentication" in text
    assert ROMEO.encode() + b"/Phone" in subprocess.run(
        ["openssl", "x509", "-in", folder / f"{ROMEO}.crt", "-outform", "DER"], check=True,
        stdout=subprocess.PIPE).stdout


def test_a_long_list_of_everybody(program, postgres, maker):
    """By account, then by name; as JSON the same, one document."""
    for account in (JULIET, ROMEO):
        for name in ("b", "a", "c"):
            add(program, name, maker.make(account).path, account)
    expected = [(account, name) for account in (JULIET, ROMEO) for name in "abc"]
    lines = program.run("cert", "list").splitlines()
    assert [tuple(line.split("\t")[:2]) for line in lines] == expected
    shown = json.loads(program.run("cert", "list", "--json"))
    assert [(row["account"], row["name"]) for row in shown] == expected
    assert json.loads(program.run("cert", "list", "--account", "nurse@verona.test", "--json")) == []


def test_without_a_database(program):
    """Said, and no guess is made."""
    done = program.start("cert", "list", environment={"JIDGATE_DATABASE_URL": ""})
    assert done.returncode == 1 and "no database" in done.stderr
    away = program.start("cert", "list", environment={
        "JIDGATE_DATABASE_URL": "postgresql://jidgate_service@127.0.0.1:1/jidgate"})
    assert away.returncode == 1 and "cannot be asked" in away.stderr
