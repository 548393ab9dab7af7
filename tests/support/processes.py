# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting and stopping the processes of a test, by their pid and no other way."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from support.waiting import until_blocking


def unprivileged():
    """The user for servers that refuse to run as root, or None when we are not root ourselves."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


class Folder:
    """A directory under the system's temporary one that an unprivileged server can use.

    It goes away at the end unless it was told to stay, which happens when a test failed.
    """

    def __init__(self, name):
        self.path = Path(tempfile.mkdtemp(prefix=f"jidgate-{name}-"))
        self.path.chmod(0o755)
        self.keep = False

    def __truediv__(self, name):
        return self.path / name

    def sub(self, name):
        """A subdirectory that belongs to the unprivileged user."""
        path = self.path / name
        path.mkdir(exist_ok=True)
        give(path)
        return path

    def write(self, name, text, mode=0o600):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        give(path)
        return path

    def remove(self):
        if not self.keep:
            shutil.rmtree(self.path, ignore_errors=True)


def give(path):
    user = unprivileged()
    if user:
        os.chown(path, user.pw_uid, user.pw_gid)


def as_user():
    """Arguments that make subprocess run something as the unprivileged user."""
    user = unprivileged()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


class Process:
    """One running program with its output in a log file."""

    def __init__(self, name, arguments, log, environment=None, cwd="/", as_root=False):
        self.name = name
        self.log_path = Path(log)
        # An earlier run may have written there.
        self.log_start = self.log_path.stat().st_size if self.log_path.exists() else 0
        with open(self.log_path, "ab") as output:
            self.popen = subprocess.Popen(
                [str(argument) for argument in arguments], stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, cwd=cwd, start_new_session=True,
                env={**os.environ, **(environment or {})}, **({} if as_root else as_user()))

    @property
    def pid(self):
        return self.popen.pid

    def running(self):
        return self.popen.poll() is None

    def log(self):
        return self.log_path.read_bytes()[self.log_start:].decode(errors="replace")

    def wait_for(self, condition, what, within=20.0):
        """Waits until `condition()`; fails at once when the process has ended instead."""

        def check():
            if not self.running():
                raise AssertionError(
                    f"{self.name} ended with {self.popen.returncode} before: {what}\n"
                    f"{self.log()[-4000:]}")
            return condition()

        try:
            return until_blocking(check, f"{self.name}: {what}", within)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{self.log()[-4000:]}") from None

    def send(self, number):
        if self.running():
            self.popen.send_signal(number)

    def stop(self, number=signal.SIGTERM, within=10.0):
        """Asks it to end, insists after `within` seconds, and returns its exit code."""
        self.send(signal.SIGCONT)
        self.send(number)
        try:
            return self.popen.wait(within)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise AssertionError(f"{self.name} did not end within {within:g} s") from None


def run(arguments, environment=None, cwd="/", within=60, input=None):
    """Runs a program to its end as the unprivileged user and returns its output; fails unless 0."""
    done = subprocess.run(
        [str(argument) for argument in arguments], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=within, cwd=cwd, input=input, text=True,
        env={**os.environ, **(environment or {})}, **as_user())
    if done.returncode != 0:
        raise AssertionError(f"{arguments[0]} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def free_port():
    """A port of the loopback interface that is free now, for servers that cannot report theirs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts(port):
    """Whether somebody listens on this port of the loopback interface."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def start_with_retry(start, attempts=3):
    """Calls `start()` again when it failed: a port that was free may be somebody's by now. Why it
    failed is shown in any case, so that nothing else hides behind it."""
    for attempt in range(attempts):
        try:
            return start()
        except AssertionError as failure:
            if attempt == attempts - 1:
                raise
            print(f"tried again after: {failure}")
