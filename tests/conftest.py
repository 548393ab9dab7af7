# SPDX-License-Identifier: GPL-3.0-or-later
"""What every process test is given. The vocabulary is in support/."""

import asyncio

import pytest

from support.fakeserver import FakeServer
from support.jidgate import Jidgate
from support.processes import Folder
from support.web import Http


def pytest_runtest_makereport(item, call):
    """Lets fixtures know that their test failed, so that its folder stays."""
    if call.excinfo is not None and call.when in ("setup", "call"):
        item.failed = True


def pytest_sessionfinish(session, exitstatus):
    """A test that was skipped has proved nothing, so a run that skips has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == 0 and reporter and reporter.stats.get("skipped"):
        session.exitstatus = 1


@pytest.fixture
def folder(request):
    """The test's own directory. It is kept, and named, when the test fails."""
    made = Folder("test")
    yield made
    if getattr(request.node, "failed", False):
        made.keep = True
        print(f"\nkept: {made.path}")
    made.remove()


@pytest.fixture
async def server():
    """The scripted XMPP server. Whatever a test is about, the daemon may not break the stream's
    rules, and nothing may be left unread at the end."""
    made = await FakeServer().start()
    yield made
    try:
        if made.connected() and not made.frozen:
            await made.receives_nothing()
    finally:
        await made.stop()
    assert not made.violations, made.violations


@pytest.fixture
async def jidgate(request, folder):
    """Starts daemons: `gate = await jidgate(server, {"confirm": {"timeout": "2s"}})`."""
    started = []

    async def start(server, changes=None, ready=True, **more):
        port = server.component_port if hasattr(server, "component_port") else server.port
        gate = Jidgate(folder, port, changes, **more)
        started.append(gate)
        return await gate.start(ready)

    yield start
    # In a thread: the scripted server has to answer the end of the stream meanwhile.
    faults = [fault for gate in started for fault in await asyncio.to_thread(gate.stop)]
    if faults:
        request.node.failed = True
        folder.keep = True
        pytest.fail(f"{faults}\nkept: {folder.path}")


@pytest.fixture
async def browse(jidgate):
    """Makes HTTP clients: `http = browse(gate)`."""
    made = []

    def client(gate, **more):
        made.append(Http(gate.port if hasattr(gate, "port") else gate, **more))
        return made[-1]

    yield client
    for http in made:
        await http.finish()
