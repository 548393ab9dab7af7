# SPDX-License-Identifier: GPL-3.0-or-later
"""The built daemon under test."""

import copy
import json
import os
import re
import signal
import subprocess
from pathlib import Path

from support.processes import Process
from support.waiting import until

PAGE = b"<!doctype html><title>Missive</title><p>O Romeo, Romeo\n"
ORIGIN = "https://files.verona.test:9345"
SECRET = "s3cr3t-of-the-test"
# Of a sanitizer's build: what is found ends the daemon, and what was told to be no leak stays unsaid.
SANITIZERS = {"TSAN_OPTIONS": "halt_on_error=1", "LSAN_OPTIONS": "print_suppressions=0"}


def binary():
    path = os.environ.get("JIDGATE_BINARY")
    assert path and os.access(path, os.X_OK), "JIDGATE_BINARY names no program"
    return path


def defaults(folder, component_port):
    """A complete configuration: one site with a public part, everything else asks."""
    site = folder / "site"
    (site / "public").mkdir(parents=True, exist_ok=True)
    for name in ("missive.html", "public/index.html", "other.html"):
        (site / name).write_bytes(PAGE)
    folder.write("component.secret", SECRET)
    return {
        "xmpp": {"domain": "gate.verona.test", "server": f"127.0.0.1:{component_port}",
                 "secret-file": str(folder / "component.secret"), "host": "verona.test"},
        "database": {"url": ""},
        "http": {"listen": "127.0.0.1:0", "admin-listen": "127.0.0.1:0"},
        "confirm": {"timeout": "20s", "per-account": "1", "per-account-rate": "0",
                    "per-address-rate": "0"},
        "site.files": {"host": "files.verona.test", "origin": ORIGIN, "root": str(site),
                       "allow": "*@verona.test", "grant": "0"},
        "rule.files.1": {"path": "/public/", "mode": "bypass"},
    }


def merge(settings, changes):
    """`changes` on top of `settings`; None takes a key or a whole section away."""
    merged = copy.deepcopy(settings)
    for section, keys in changes.items():
        if keys is None:
            merged.pop(section, None)
            continue
        target = merged.setdefault(section, {})
        for key, value in keys.items():
            if value is None:
                target.pop(key, None)
            else:
                target[key] = value
    return merged


def text(settings):
    lines = []
    for section, keys in settings.items():
        lines.append(f"[{section}]")
        for key, values in keys.items():
            for value in values if isinstance(values, list) else [values]:
                lines.append(f"{key} = {value}")
    return "\n".join(lines) + "\n"


class Jidgate:
    """`changes` is laid over defaults(). At the end the daemon has to leave with 0, and the log must
    hold no warning or error that the test did not declare with expects()."""

    def __init__(self, folder, component_port, changes=None, environment=None, prepare=None):
        self.folder, self.prepare = folder, prepare
        self.settings = merge(defaults(folder, component_port), changes or {})
        self.environment = {**SANITIZERS, **(environment or {})}
        self.configuration = folder / "jidgate.conf"
        self.expected = set()
        self.process = None
        self.was_asked_to_end = False

    def write_configuration(self):
        self.folder.write("jidgate.conf", text(self.settings), mode=0o640)

    def command(self, *arguments, environment=None, within=30):
        """Runs another command of the program; returns the finished process with its output."""
        return subprocess.run(
            [binary(), *arguments, "--config", str(self.configuration)], text=True, timeout=within,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, **self.environment, **(environment or {})})

    def migrate(self, owner_url):
        """Brings the database's schema forward, as its owner."""
        self.owner_url = owner_url
        done = self.command("migrate", environment={"JIDGATE_DATABASE_URL": owner_url})
        assert done.returncode == 0, f"migrate: {done.stdout}"

    async def start(self, ready=True):
        self.write_configuration()
        if self.prepare:
            self.prepare(self)
        checked = self.command("check")
        assert checked.returncode == 0, f"check: {checked.stdout}"
        self.process = Process(
            "jidgate", [binary(), "serve", "--config", self.configuration],
            self.folder / "jidgate.log", environment=self.environment, as_root=True)
        await self.logged("daemon.ready")  # listens everywhere, and has all its threads
        self.port = self.listening("front")
        self.admin_port = self.listening("admin")
        if ready:
            await self.logged("link.up")
        return self

    def listening(self, where):
        ports = [int(event["port"]) for event in self.events()
                 if event["event"] == "http.listening" and event["where"] == where]
        return ports[0]

    def events(self):
        """The log so far. A line that is no event, such as a sanitizer's report, fails the test."""
        found = []
        for line in self.process.log().splitlines(keepends=True):
            if not line.endswith("\n"):
                break  # still being written
            try:
                found.append(json.loads(line))
            except ValueError:
                raise AssertionError(f"no event in the log:\n{self.process.log()[-6000:]}") from None
        return found

    async def logged(self, event, times=1, within=20.0, **fields):
        """Waits until the event has been logged `times` times with these fields; returns the last."""

        def check():
            assert self.process.running(), (
                f"jidgate ended with {self.process.popen.returncode}:\n{self.process.log()[-6000:]}")
            found = [entry for entry in self.events() if entry["event"] == event
                     and all(str(entry.get(name)) == str(value) for name, value in fields.items())]
            return found[-1] if len(found) >= times else None

        try:
            return await until(check, f"{times} × {event} {fields} in the log", within)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{self.process.log()[-3000:]}") from None

    def expects(self, *events):
        """Declares warnings and errors that this test is about."""
        self.expected.update(events)

    def reload(self):
        self.write_configuration()
        self.process.send(signal.SIGHUP)

    def ask_to_end(self):
        self.was_asked_to_end = True
        self.process.send(signal.SIGTERM)

    def resident(self):
        """Resident memory in octets."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def stop(self):
        """Ends the daemon and returns what was wrong with it, as sentences."""
        if not self.process:
            return []
        faults = []
        running = self.process.running() or self.was_asked_to_end
        code = self.process.stop(within=15)
        if not running:
            faults.append(f"jidgate had ended by itself with {code}")
        elif code != 0:
            faults.append(f"jidgate left with {code} after SIGTERM, want 0")
        for event in self.events():
            if event["level"] in ("warning", "error") and event["event"] not in self.expected:
                faults.append(f"an undeclared {event['level']}: {event}")
        return faults
