# SPDX-License-Identifier: GPL-3.0-or-later
"""A private ejabberd node: own port mapper, own spool, an authority of the test run."""

import os
import signal
from pathlib import Path

from support.processes import Process, accepts, free_port, run, start_with_retry

CONFIGURATION = """
# A private server of the tests.
hosts: ["{domain}"]
loglevel: info
certfiles: ["{certificate}"]
default_db: mnesia
auth_method: [mnesia]
auth_password_format: scram
listen:
  - {{port: {c2s_port}, ip: "127.0.0.1", module: ejabberd_c2s, max_stanza_size: 262144,
     starttls_required: true, access: c2s}}
  - {{port: {c2s_tls_port}, ip: "127.0.0.1", module: ejabberd_c2s, max_stanza_size: 262144,
     tls: true, access: c2s}}
  - port: {component_port}
    ip: "127.0.0.1"
    module: ejabberd_service
    access: all
    hosts: {{"{component}": {{password: "{secret}"}}}}
  - port: {component_tls_port}
    ip: "127.0.0.1"
    module: ejabberd_service
    access: all
    tls: true
    certfile: "{certificate}"
    hosts: {{"{component}": {{password: "{secret}"}}}}
{listeners}
acl:
  jidgate: {{server: "{component}"}}
access_rules:
  c2s: [{{allow: all}}]
  jidgate: [{{allow: jidgate}}]
modules:
  mod_disco: {{}}
  mod_ping: {{}}
  mod_roster: {{}}
  mod_carboncopy: {{}}
  mod_offline: {{}}
{modules}
"""

# One listener for each: a connection to a listener registers all of its hosts.
OTHER = """\
  - port: {port}
    ip: "127.0.0.1"
    module: ejabberd_service
    access: all
    hosts: {{"{name}": {{password: "{secret}"}}}}
"""
DELEGATION = """\
  mod_delegation:
    namespaces:
"""


def libraries():
    """Where Debian keeps ejabberd and what it needs."""
    found = sorted(Path("/usr/lib").glob("*/ejabberd-*/ebin"))
    assert found, "no ejabberd under /usr/lib"
    return found[-1].parent.parent


class Ejabberd:
    name = "ejabberd"

    def __init__(self, folder, authority, domain="verona.test", component="gate.verona.test",
                 secret="s3cr3t-of-the-test", modules="", delegates=(), others=None):
        """`delegates`: namespaces that are handed to the component (XEP-0355). `others`: further
        components with their secrets."""
        self.folder = folder.sub("ejabberd")
        self.domain, self.component, self.secret = domain, component, secret
        _, _, self.certificate = authority.issue("ejabberd", domain, component)
        self.ca = authority.certificate
        self.modules = modules + (DELEGATION if delegates else "") + "".join(
            f'      "{namespace}": {{access: jidgate}}\n' for namespace in delegates)
        self.others = others or {}
        self.accounts = {}
        self.configuration = self.folder / "ejabberd.yml"
        start_with_retry(self._start)

    def _start(self):
        (self.epmd_port, self.c2s_port, self.c2s_tls_port, self.component_port,
         self.component_tls_port) = (free_port() for _ in range(5))
        # Each has a port mapper of its own, so the name is free; it goes into the database.
        self.node = "jidgate@localhost"
        self.other_ports = {name: free_port() for name in self.others}
        listeners = "".join(OTHER.format(port=self.other_ports[name], name=name, secret=secret)
                            for name, secret in self.others.items())
        text = CONFIGURATION.format(
            domain=self.domain, component=self.component, secret=self.secret,
            certificate=self.certificate, c2s_port=self.c2s_port, c2s_tls_port=self.c2s_tls_port,
            component_port=self.component_port, component_tls_port=self.component_tls_port,
            modules=self.modules, listeners=listeners)
        run(["sh", "-c", 'mkdir -p "$1" && cat > "$0"', self.configuration, self.folder / "spool"],
            input=text)
        self.epmd = Process(
            "epmd", ["epmd", "-port", self.epmd_port, "-address", "127.0.0.1"],
            self.folder / "epmd.log", cwd=self.folder)
        self.epmd.wait_for(lambda: accepts(self.epmd_port), "its port to open")
        try:
            self.start()
        except AssertionError:
            self.epmd.stop()
            raise

    def _environment(self):
        return {
            "HOME": str(self.folder), "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_LIBS": str(libraries()),
            "ERL_CRASH_DUMP_SECONDS": "0", "EJABBERD_CONFIG_PATH": str(self.configuration),
            "EJABBERD_LOG_PATH": str(self.folder / "ejabberd.log")}

    def _erl(self, name, *more):
        # "-start_epmd false": the port mapper is ours, started and stopped by its pid.
        return ["erl", "-sname", name, "-setcookie", "jidgate-tests", "-start_epmd", "false",
                "-kernel", "inet_dist_use_interface", "{127,0,0,1}", "-noinput", *more]

    def start(self):
        self.process = Process(
            "ejabberd",
            self._erl(self.node, "-mnesia", "dir", f'"{self.folder}/spool"', "-s", "ejabberd"),
            self.folder / "log", environment=self._environment(), cwd=self.folder)
        self.process.wait_for(
            lambda: "is started in the node" in self.process.log()
            and accepts(self.component_port) and accepts(self.c2s_tls_port),
            "its start to be reported", within=60)

    def port_of_other(self, name):
        return self.other_ports[name]

    def add_account(self, user, password="montague"):
        expression = (
            f'ok = rpc:call(list_to_atom("{self.node}"), ejabberd_auth, try_register, '
            f'[<<"{user}">>, <<"{self.domain}">>, <<"{password}">>]), halt(0).')
        run(self._erl(f"control{os.getpid()}@localhost", "-hidden", "-eval", expression),
            environment=self._environment(), cwd=self.folder)
        self.accounts[f"{user}@{self.domain}"] = password

    def stop(self, number=signal.SIGTERM):
        try:
            self.process.stop(number, within=20)
        finally:
            self.epmd.stop()
