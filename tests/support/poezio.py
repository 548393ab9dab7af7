# SPDX-License-Identifier: GPL-3.0-or-later
"""poezio as it is, in a terminal that a test types into and reads."""

import asyncio
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

from support.processes import as_user
from support.waiting import until

CONFIGURATION = """\
[Poezio]
jid = {jid}
password = {password}
custom_host = 127.0.0.1
custom_port = {port}
ca_cert_path = {ca}
plugins_autoload =
use_log = false
enable_vertical_tab_list = false
"""
ROWS, COLUMNS = 50, 160
# What moves the cursor or changes colours.
CONTROLS = re.compile(rb"\x1b(\[[0-9;?]*[a-zA-Z@]|\][^\x07]*\x07|[()][A-Z0-9]|[=>78M])|[\x00-\x1f\x7f]")


class Poezio:
    def __init__(self, folder, server, jid):
        home = folder.sub("poezio")
        configuration = folder.write("poezio/poezio.cfg", CONFIGURATION.format(
            jid=jid, password=server.accounts[jid.partition("/")[0]], port=server.c2s_port,
            ca=server.ca))
        self.terminal, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("XDG_")}
        self.process = subprocess.Popen(
            ["poezio", "-f", str(configuration)], stdin=inside, stdout=inside, stderr=inside,
            start_new_session=True, cwd=home, **as_user(),
            env={**environment, "HOME": str(home), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"})
        os.close(inside)
        self.output = b""
        asyncio.get_running_loop().add_reader(self.terminal, self._read)

    def _read(self):
        try:
            self.output += os.read(self.terminal, 65536)
        except OSError:  # it has ended
            asyncio.get_running_loop().remove_reader(self.terminal)

    async def says(self, line, *answers, within=15.0):
        """Types a command and Enter; returns which of these answers is shown first."""
        # What comes in one piece is taken for pasted text, in which Enter is no Enter.
        for piece in (line[0], line[1:]):
            self.output = b""
            os.write(self.terminal, piece.encode())
            await self.shows(piece)
        self.output = b""
        os.write(self.terminal, b"\r")
        return await self.shows(*answers, within=within)

    def text(self):
        """What it has shown, without any space: a terminal is free to jump over that."""
        return re.sub(rb"\s+", b"", CONTROLS.sub(b"", self.output)).decode(errors="replace")

    async def shows(self, *texts, within=15.0):
        """Waits until one of these is shown; returns which."""

        def seen():
            shown = self.text()
            assert self.process.poll() is None, f"poezio ended: {shown[-2000:]}"
            return next((text for text in texts if text.replace(" ", "") in shown), None)

        try:
            return await until(seen, f"poezio shows one of {texts}", within)
        except AssertionError as failure:
            raise AssertionError(f"{failure}; it shows: {self.text()[-2000:]}") from None

    def stop(self):
        asyncio.get_running_loop().remove_reader(self.terminal)
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)
