# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers from Debian's packages, one of each for a file of tests."""

import ssl

import pytest
from aiohttp import web

from support.certificates import Authority
from support.ejabberd import Ejabberd
from support.processes import Folder
from support.prosody import Prosody
from support.rawclient import RawClient
from support.xmppclient import Person

SERVERS = {"prosody": Prosody, "ejabberd": Ejabberd}


@pytest.fixture(scope="session")
def site():
    """Where the servers of a run live, and the authority that their certificates are from."""
    folder = Folder("interop")
    folder.authority = Authority(folder)
    yield folder
    folder.remove()


@pytest.fixture(scope="session", params=SERVERS)
def host(request, site):
    """A Prosody, then an ejabberd, with people on it."""
    made = SERVERS[request.param](site, site.authority)
    for user in ("romeo", "juliet", "mallory"):
        made.add_account(user)
    yield made
    made.stop()


@pytest.fixture
async def log_in():
    """People who come online: `romeo = await log_in(host, "romeo@verona.test/orchard")`."""
    people = []

    async def enter(host, jid, **more):
        person = Person(host, jid)
        people.append(person)
        return await person.log_in(**more)

    yield enter
    for person in people:
        await person.log_out()


@pytest.fixture
async def raw_client():
    """Somebody who sends whatever octets they like, after an honest login."""
    clients = []

    async def enter(host, jid):
        client = await RawClient.log_in(host, jid)
        clients.append(client)
        return client

    yield enter
    for client in clients:
        client.close()


class Application:
    """A small application behind a proxy. It believes what the proxy says and tells what it got."""

    def __init__(self):
        self.requests = []

    async def serve(self, request):
        self.requests.append(request)
        return web.json_response({"claims": self.claims(request),
                                  "method": request.method, "path": request.path_qs,
                                  "body": (await request.read()).decode()})

    @staticmethod
    def claims(request):
        """Every field that some application takes for an identity: to WSGI, CGI and PHP
        "Remote_User" is "Remote-User"."""
        def plain(name):
            return "".join(c for c in name.lower() if c.isalnum())
        return sorted([name, value] for name, value in request.headers.items() if value and
                      plain(name).startswith(("remote", "xauth", "xforwardeduser")))

    async def start(self):
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self.serve)
        self.runner = web.AppRunner(application, access_log=None)
        await self.runner.setup()
        listener = web.TCPSite(self.runner, "127.0.0.1", 0)
        await listener.start()
        self.port = listener._server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        await self.runner.cleanup()


@pytest.fixture
async def application():
    made = await Application().start()
    yield made
    await made.stop()


@pytest.fixture
def tls(site):
    return ssl.create_default_context(cafile=str(site.authority.certificate))
