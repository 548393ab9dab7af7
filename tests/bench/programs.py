# SPDX-License-Identifier: GPL-3.0-or-later
"""The load, and the programs it is given to: each measured in a folder of its own, and ended."""

import contextlib
import os
import subprocess
from pathlib import Path

from support import jidgate
from support.processes import Folder, Process

BUILD = Path(os.environ["JIDGATE_BUILD"])
BINARY = BUILD / "component/jidgate"
LOAD = BUILD / "tests/bench/bench_load"
XMPP = BUILD / "tests/bench/bench_xmpp"
LONGEST = 150  # seconds for one run of the load, which has a bound of its own below that


@contextlib.contextmanager
def folder(name):
    """A folder that goes away, unless what happened in it went wrong."""
    made = Folder(f"bench-{name}")
    try:
        yield made
    except BaseException:
        made.keep = True
        print(f"# kept: {made.path}", flush=True)
        raise
    finally:
        made.remove()


class Started:
    """A program under test: its web port, and the process to look at."""

    def __init__(self, process, port):
        self.process, self.port = process, port

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        self.process.stop(within=30)


def started(process, port):
    """Once `port()` gives its port. What does not come that far is not left behind."""
    try:
        return Started(process, process.wait_for(port, "its web port"))
    except BaseException:
        process.stop(within=30)
        raise


def daemon(place, component_port, changes=None, prepare=None):
    """The real thing, as deploy/ and the tests run it. `prepare` is given its configuration."""
    settings = jidgate.merge(jidgate.defaults(place, component_port), {
        "confirm": {"timeout": "110s"}, **(changes or {})})
    configuration = place.write("jidgate.conf", jidgate.text(settings), mode=0o640)
    if prepare:
        prepare(configuration)
    process = Process("jidgate", [BINARY, "serve", "--config", configuration],
                      place / "jidgate.log", as_root=True)

    def front_port():
        for line in process.log().splitlines():
            if '"event":"http.listening"' in line and '"where":"front"' in line:
                return int(line.partition('"port":"')[2].partition('"')[0])
        return None

    return started(process, front_port)


def migrate(configuration, owner_url):
    subprocess.run([BINARY, "migrate", "--config", configuration], check=True,
                   stdout=subprocess.DEVNULL, timeout=60,
                   env={**os.environ, "JIDGATE_DATABASE_URL": owner_url})


def printing_its_port(name, program):
    """A baseline: takes the component port and a page, prints the port that it listens on."""

    def start(place, component_port):
        page = place / "index.html"
        page.write_bytes(jidgate.PAGE)
        process = Process(name, [program, component_port, page], place / f"{name}.log",
                          as_root=True)

        def port():
            for line in process.log().splitlines():
                if line.startswith("port ") and line.split()[1].isdigit():
                    return int(line.split()[1])
            return None

        return started(process, port)

    return start


thread_per_request = printing_its_port(
    "thread-per-request", BUILD / "tests/bench/bench_thread_per_request")
go = printing_its_port("go-net-http", BUILD / "tests/bench/hold")


def figures(text):
    """What the load printed: a dictionary of numbers."""
    return {name: float(value) for name, value in (line.split() for line in text.splitlines())}


def load(start, *scenario):
    """Runs a scenario of bench_load against what `start(folder, component port)` starts."""
    with folder(scenario[0]) as place:
        with subprocess.Popen([str(part) for part in (LOAD, *scenario)], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
            under_test = None
            try:
                word, port = running.stdout.readline().split()
                assert word == "port"
                under_test = start(place, int(port))
                out, _ = running.communicate(f"{under_test.port} {under_test.pid}\n",
                                             timeout=LONGEST)
                assert running.returncode == 0, f"{scenario}: bench_load failed"
                return figures(out)
            finally:
                running.kill()
                if under_test:
                    under_test.stop()
