# SPDX-License-Identifier: GPL-3.0-or-later
"""A private Caddy that serves the very page of configuration that deploy/caddy offers."""

from support.processes import Process, accepts, free_port, run, start_with_retry

MAIN = """
{{
    admin off
    auto_https off
}}
import {folder}/page
"""


class Caddy:
    def __init__(self, folder, page, gateway, application, name="app.example.org"):
        """`page` is the path of the configuration; the addresses go in by its own variables."""
        self.folder = folder.sub("caddy")
        self.name, self.page = name, page.read_text()
        self.gateway, self.application = gateway, application
        start_with_retry(self._start)

    def _start(self):
        self.port = free_port()
        for name, text in (("page", self.page), ("Caddyfile", MAIN.format(folder=self.folder))):
            run(["sh", "-c", 'cat > "$0"', self.folder / name], input=text)
        self.process = Process(
            "caddy", ["caddy", "run", "--adapter", "caddyfile", "--config", self.folder / "Caddyfile"],
            self.folder / "log", cwd=self.folder, environment={
                "HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder),
                "XDG_CONFIG_HOME": str(self.folder),
                "JIDGATE_SITE": f"http://{self.name}:{self.port}",
                "JIDGATE_ADDRESS": self.gateway, "JIDGATE_APPLICATION": self.application})
        self.process.wait_for(lambda: accepts(self.port), "its port to open")

    def stop(self):
        self.process.stop()
