# SPDX-License-Identifier: GPL-3.0-or-later
"""nginx and Caddy from Debian's packages in front of a small application, configured by the very pages
that deploy/ offers."""

import json
from pathlib import Path

import pytest

from support.caddy import Caddy
from support.confirm import ORCHARD, ROMEO, asked
from support.nginx import Nginx
from support.processes import Folder
from support.web import Http, basic

DEPLOY = Path(__file__).parents[2] / "deploy"
TID = "a7374jnjlalasdf82"
NAME = "app.example.org"
OPEN = "open.example.org"  # another site, where everybody may see everything
SPOOFED = [("Remote-User", "admin@verona.test"), ("Remote-Groups", "staff"),
           ("Remote-Name", "admin"), ("X-Forwarded-For", "10.0.0.1"),
           ("X-Forwarded-Uri", "/public/"), ("X-Forwarded-Method", "GET"),
           ("X-Forwarded-Host", "public.example.org"), ("X-Forwarded-Prefix", "/public"),
           ("X-Original-URL", "https://app.example.org/public/"), ("X-Original-Method", "GET"),
           ("X_Forwarded_Uri", "/public/"), ("X-Real-IP", "10.0.0.1")]


IDENTITIES = [(name, "admin@verona.test") for name in (
    "Remote-User", "Remote-Groups", "Remote-Name", "Remote-Email", "Remote_User", "Remote.User",
    "REMOTE-USER", "remote_groups", "X-Auth-Request-User", "X_Auth_Request_User",
    "X-Auth-Request-Groups", "X-Auth-Request-Email", "X-Auth-Request-Preferred-Username",
    "X-Auth-JID-Resource", "X-Forwarded-User", "X_Forwarded_User")]
ROMEO_CLAIMS = [["Remote-Groups", "xmpp"], ["Remote-Name", "romeo"], ["Remote-User", ROMEO]]


def settings(origin, timeout="20s", grant="5m"):
    return {
        "confirm": {"timeout": timeout},
        "site.files": None, "rule.files.1": None,
        "site.app": {"host": NAME, "origin": origin, "allow": "*@verona.test", "grant": grant},
        "rule.app.1": {"path": "/public/", "mode": "bypass"},
        "rule.app.2": {"path": "/inner/", "network": "10.0.0.0/8", "mode": "bypass"},
        "site.open": {"host": OPEN, "origin": f"https://{OPEN}", "mode": "bypass"},
    }


def start_nginx(folder, site, gate, application):
    return Nginx(folder, site.authority, DEPLOY / "nginx" / "jidgate.conf", {
        "http://127.0.0.1:8070/": f"http://127.0.0.1:{gate.port}/",
        "server 127.0.0.1:3000;": f"server 127.0.0.1:{application.port};"})


def start_caddy(folder, site, gate, application):
    return Caddy(folder, DEPLOY / "caddy" / "Caddyfile", f"127.0.0.1:{gate.port}",
                 f"127.0.0.1:{application.port}")


@pytest.fixture(params=["nginx", "caddy"])
async def front(request, server, jidgate, application, site, tls):
    """Starts daemon and proxy; gives a client of the proxy."""
    started = []
    scheme = "https" if request.param == "nginx" else "http"

    async def start(**more):
        gate = await jidgate(server, settings(f"{scheme}://{NAME}", **more))
        folder = Folder(request.param)
        proxy = (start_nginx if request.param == "nginx" else start_caddy)(
            folder, site, gate, application)
        started.append((proxy, folder))
        http = Http(proxy.port, host=f"{NAME}:{proxy.port}",
                    tls=tls if request.param == "nginx" else None)
        http.origin = f"{scheme}://{NAME}"
        http.kind = request.param
        started.append((http, None))
        return http

    yield start
    for made, folder in reversed(started):
        if folder is None:
            await made.finish()
            continue
        folder.keep = getattr(request.node, "failed", False)
        if folder.keep:
            print(f"kept: {folder.path}\n{made.process.log()[-3000:]}")
        made.stop()
        folder.remove()


async def test_asked_once_and_let_in(server, front, application):
    """The person's name reaches the application, the code does not, and within the grant the next
    request asks nobody."""
    http = await front()
    answer = http.request("POST", "/wiki?a=1", auth=(ORCHARD, TID), body="text")
    question = await asked(server, ORCHARD, TID, "POST", f"{http.origin}/wiki?a=1")
    assert not application.requests
    server.sends(question.confirmed())
    got = await answer
    assert got.status == 200
    assert json.loads(got.body) == {"claims": ROMEO_CLAIMS, "method": "POST", "path": "/wiki?a=1",
                                    "body": "text"}
    assert (await http.get("/wiki/2", auth=(ORCHARD, TID))).status == 200
    assert len(application.requests) == 2
    assert not any("Authorization" in request.headers for request in application.requests)


async def test_denied(server, front, application):
    http = await front()
    answer = http.get("/wiki", auth=(ORCHARD, TID))
    question = await asked(server, ORCHARD, TID, url=f"{http.origin}/wiki")
    server.sends(question.denied())
    assert (await answer).status == 403
    assert not application.requests


async def test_unanswered(server, front, application):
    """A proxy turns a 5xx of ours into its own error: this one must not be such."""
    http = await front(timeout="1s")
    answer = http.get("/wiki", auth=(ORCHARD, TID))
    await asked(server, ORCHARD, TID, url=f"{http.origin}/wiki")
    got = await answer
    assert got.status == 401
    assert got.all("WWW-Authenticate")[0] == 'Basic realm="xmpp", charset="UTF-8"'
    assert not application.requests


async def test_without_credentials(front, application):
    """nginx before 1.23 passes on one challenge only, so Basic comes first."""
    http = await front()
    got = await http.get("/wiki")
    assert got.status == 401
    assert got.all("WWW-Authenticate")[0] == 'Basic realm="xmpp", charset="UTF-8"'
    assert not application.requests


async def test_what_is_public_stays_public(front, application):
    """And even there nobody can call themselves somebody."""
    http = await front()
    got = await http.get("/public/page", headers=IDENTITIES)
    assert got.status == 200
    assert all(value == "anonymous" for _, value in json.loads(got.body)["claims"]), got.body


async def test_spoofed_fields_have_no_effect(server, front, application):
    """Neither on the decision nor on what the application is told."""
    http = await front()
    assert (await http.get("/wiki", headers=SPOOFED)).status in (400, 401, 403)
    assert (await http.get("/inner/page", headers=SPOOFED)).status in (400, 401, 403)
    assert not application.requests
    # Without the fields that a gateway of ours would rather refuse than sort out.
    answer = http.get("/wiki", auth=(ORCHARD, TID), headers=IDENTITIES)
    question = await asked(server, ORCHARD, TID, url=f"{http.origin}/wiki")
    server.sends(question.confirmed())
    got = await answer
    assert json.loads(got.body)["claims"] == ROMEO_CLAIMS


async def test_another_site_opens_nothing(front, application):
    """The rules are those of the site that the proxy serves, whichever host the client names. With an
    absolute target the Host field may even name another one than the target does."""
    http = await front()
    for target in ("/wiki", f"https://{NAME}/wiki", f"https://{OPEN}/wiki"):
        for host in (NAME, OPEN):
            await http.get(target, host=host)
            assert not application.requests, (target, host)


async def test_ways_around_the_public_part(front, application):
    """Whatever the proxy makes of the path, the application never sees an inner page unasked."""
    http = await front()
    for target in ("/public/../wiki", "/public/..%2fwiki", "/public/%2e%2e/wiki", "//wiki", "/./wiki",
                   "/public/..%5cwiki", "/public/%252e%252e%252fwiki", "/wiki;x=/public/",
                   "/wiki?/public/", "/public/%00/../wiki", "/public/..;/wiki"):
        got = await http.get(target)
        assert got.status in (400, 401, 403, 404) or "wiki" not in json.loads(got.body)["path"], (
            target, got)
    assert not [request for request in application.requests if "wiki" in request.path]


async def test_the_browser_leaves(server, front):
    """A closed tab ends the question, through the proxy as well."""
    http = await front()
    connection = await http.connect()
    connection.send("GET", "/wiki", [("Host", http.host), ("Authorization", basic(ROMEO, TID))])
    await asked(server, ROMEO, TID, url=f"{http.origin}/wiki")
    connection.close()
    told = await server.receives()
    assert told.get("to").partition("/")[0] == ROMEO
