# SPDX-License-Identifier: GPL-3.0-or-later
"""deploy/demo with each server: up, what demo.env says, a confirmation, down."""

import asyncio
import os
import re
import shlex
import shutil
import ssl
import subprocess
from pathlib import Path

import aiohttp
import psycopg2
import pytest

from support.client_certificates import Maker
from support.processes import Folder
from support.waiting import until
from support.xmppclient import Person

DEMO = Path(__file__).parents[2] / "deploy" / "demo"
KEYS = {"JIDGATE", "JIDGATE_CONF", "JIDGATE_PID", "JIDGATE_LOG", "XMPP_SERVER", "XMPP_PID",
        "XMPP_DOMAIN", "XMPP_HOST", "XMPP_C2S_PORT", "XMPP_C2S_TLS_PORT", "XMPP_CA", "COMPONENT_JID",
        "COMPONENT_PORT", "COMPONENT_SECRET_FILE", "HTTP_URL", "ADMIN_URL", "DATABASE_URL",
        "DATABASE_ADMIN_URL", "USER1_JID", "USER1_PASSWORD", "USER2_JID", "USER2_PASSWORD",
        "PROTECTED_URL"}


def demo(*arguments, within=180):
    return subprocess.run([DEMO, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=within)


def environment(folder):
    found = {}
    for line in (folder / "demo.env").read_text().splitlines():
        key, _, value = line.partition("=")
        assert re.fullmatch(r"'[^']*'", value), line
        found[key] = shlex.split(value)[0]
    return found


@pytest.fixture(params=["prosody", "ejabberd"])
def running(request):
    folder = Folder("demo")
    folder.server = request.param
    up = demo("up", "--server", request.param, "--dir", folder.path)
    try:
        assert up.returncode == 0, up.stdout
        folder.settings = environment(folder)
        yield folder
    finally:
        down = demo("down", "--dir", folder.path)
        state = re.search(r"its data stays in (\S+)\.$", down.stdout, re.MULTILINE)[1]
        shutil.rmtree(state)
        folder.remove()


@pytest.mark.parametrize("command", ["up", "down", "status"])
def test_another_user_s_demo_is_not_said_to_be_down(command):
    """Where root's demo keeps its processes nobody else looks, and the other way round."""
    folder = Folder("demo")
    try:
        folder.write("demo.env", "")
        done = demo(command, "--dir", folder.path)
        assert done.returncode == 1, done.stdout
        assert "sudo" in done.stdout
    finally:
        folder.remove()


class Host:
    """The demo's server as the clients see one."""

    def __init__(self, settings):
        self.ca = settings["XMPP_CA"]
        self.c2s_port = int(settings["XMPP_C2S_PORT"])
        self.c2s_tls_port = int(settings["XMPP_C2S_TLS_PORT"])
        self.accounts = {settings[f"{user}_JID"]: settings[f"{user}_PASSWORD"]
                         for user in ("USER1", "USER2")}


def recorded(settings):
    with psycopg2.connect(settings["DATABASE_URL"]) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT jid, outcome FROM jidgate.confirmations ORDER BY asked_at")
            return cursor.fetchall()


async def test_the_demo(running):
    settings = running.settings
    assert set(settings) == KEYS
    assert settings["XMPP_SERVER"] == running.server
    assert settings["PROTECTED_URL"] == settings["HTTP_URL"] + "/private/missive.html"
    for key in ("JIDGATE_PID", "XMPP_PID"):
        owner = os.stat(f"/proc/{settings[key]}").st_uid
        assert owner != 0, f"{key} runs as root"
    assert "running already" in demo("up", "--dir", running.path).stdout

    first = await Person(Host(settings), settings["USER1_JID"] + "/one").log_in()
    second = await Person(Host(settings), settings["USER2_JID"] + "/two").log_in(direct_tls=True)
    async with aiohttp.ClientSession() as session:
        async def get(path, user=None, code=None):
            auth = aiohttp.BasicAuth(user, code) if user else None
            async with session.get(settings["HTTP_URL"] + path, auth=auth) as answer:
                return answer.status

        async def ask(path, person, code, reply):
            pending = asyncio.ensure_future(get(path, person.boundjid.bare, code))
            reply(await person.is_asked())
            return await pending

        assert await get("/") == 200
        assert await get("/private/missive.html") == 401
        assert await ask("/private/missive.html", first, "one", first.confirm) == 200
        assert await ask("/private/missive.html", first, "two", first.deny) == 403
        assert await get("/romeo-only/letter.html", settings["USER1_JID"], "three") == 403
        assert await ask("/romeo-only/letter.html", second, "four", second.confirm) == 200
        async with session.get(settings["ADMIN_URL"] + "/readyz") as answer:
            assert answer.status == 200
    await until(lambda: len(recorded(settings)) == 3, "the three questions to be recorded")
    assert [outcome for _, outcome in recorded(settings)] == ["confirmed", "denied", "confirmed"]
    with psycopg2.connect(settings["DATABASE_ADMIN_URL"]) as connection:
        connection.cursor().execute("SELECT version FROM jidgate.schema_version")
    ssl.create_default_context(cafile=settings["XMPP_CA"])
    assert os.access(settings["COMPONENT_SECRET_FILE"], os.R_OK)
    # Without an address: the demo's server hands it on.
    mine = Maker(running).make(settings["USER1_JID"])
    await first["xep_0257"].add_cert("phone", mine.base64)
    assert [item["name"] for item in (await first["xep_0257"].get_certs())["sasl_certs"]["items"]] \
        == ["phone"]
    for person in (first, second):
        await person.log_out()

    assert "not running" not in demo("status", "--dir", running.path).stdout.replace(
        "epmd: not running", "")
    down = demo("down", "--dir", running.path)
    assert down.returncode == 0, down.stdout
    for key in ("JIDGATE_PID", "XMPP_PID"):
        assert not Path(f"/proc/{settings[key]}/exe").exists()
    again = demo("up", "--dir", running.path)
    assert again.returncode == 0, again.stdout
    assert len(recorded(environment(running))) == 3
    if running.server == "prosody":
        other = demo("up", "--server", "ejabberd", "--dir", running.path)
        assert other.returncode == 0, other.stdout
        assert "runs with prosody; it is ended" in other.stdout
        assert environment(running)["XMPP_SERVER"] == "ejabberd"
        assert len(recorded(environment(running))) == 3
