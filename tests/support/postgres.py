# SPDX-License-Identifier: GPL-3.0-or-later
"""A private PostgreSQL cluster from Debian's packages."""

import os
import signal
import subprocess
from pathlib import Path

from support.processes import Process, free_port, run, start_with_retry


def programs():
    """The newest installed version's programs, which Debian keeps off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    assert found, "no PostgreSQL under /usr/lib/postgresql"
    return found[-1]


class Postgres:
    def __init__(self, folder, options=("-F",)):
        """Durability is what the server promises its users; a cluster of the tests has none."""
        self.options = options
        self.folder = folder.sub("postgres")
        self.data = self.folder / "data"
        run([programs() / "initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-N",
             "-E", "UTF8", "--locale=C"])
        self.databases = 0
        start_with_retry(self._start)

    def _start(self):
        self.port = free_port()
        self.start()

    def start(self):
        self.process = Process(
            "postgres",
            [programs() / "postgres", "-D", self.data, "-p", self.port,
             "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", *self.options],
            self.folder / "log", cwd=self.folder)
        self.process.wait_for(
            lambda: subprocess.run([programs() / "pg_isready", "-q", "-h", "127.0.0.1",
                                    "-p", str(self.port)], check=False).returncode == 0,
            "its first answer")

    def url(self, database, role="postgres"):
        return f"postgresql://{role}@127.0.0.1:{self.port}/{database}"

    def create_database(self, owner="postgres"):
        """A new, empty database; returns its name."""
        self.databases += 1
        name = f"jidgate{self.databases}"
        self.execute("postgres", f"CREATE DATABASE {name} OWNER {owner}")
        return name

    def execute(self, database, statement, role="postgres", within=60):
        return run([programs() / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
                    "-d", self.url(database, role), "-c", statement], within=within)

    def stop(self, number=signal.SIGINT):
        self.process.stop(number)

    def freeze(self, frozen=True):
        """The postmaster first, so that it starts nobody whom the signal would not reach."""
        number = signal.SIGSTOP if frozen else signal.SIGCONT
        self.process.send(number)
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        for child in map(int, children.split()):
            os.kill(child, number)
