# SPDX-License-Identifier: GPL-3.0-or-later
"""A private Prosody: own ports, own data, an authority of the test run."""

import signal

from support.processes import Process, accepts, free_port, run, start_with_retry

CONFIGURATION = """
-- A private server of the tests.
daemonize = false
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
log = {{ info = "*console" }}
interfaces = {{ "127.0.0.1" }}
local_interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {c2s_port} }}
c2s_direct_tls_ports = {{ {c2s_tls_port} }}
component_ports = {{ {component_port} }}
-- The component port has no TLS of its own; this one unwraps it.
ports = {{ }}
ssl_ports = {{ {component_tls_port} }}
ssl_interfaces = {{ "127.0.0.1" }}
multiplex_ssl = {{ certificate = "{certificate}"; key = "{key}" }}
s2s_ports = {{ }}
http_ports = {{ }}
https_ports = {{ }}
modules_enabled = {{
    "roster"; "saslauth"; "tls"; "disco"; "ping"; "presence"; "message"; "iq"; "offline"; "carbons";
    "limits"; "net_multiplex"; {modules}
}}
modules_disabled = {{ "s2s" }}
certificates = "{folder}/data"
authentication = "internal_hashed"
c2s_require_encryption = true
limits = {{ c2s = {{ rate = "1mb/s" }} }}
ssl = {{ certificate = "{certificate}"; key = "{key}" }}
c2s_direct_tls_ssl = {{ certificate = "{certificate}"; key = "{key}" }}
{options}
VirtualHost "{domain}"
{host_options}
Component "{component}"
    component_secret = "{secret}"
    component_conflict_resolve = "kick_old"
{more}
"""

# mod_delegation has to know both sides.
DELEGATIONS = """
    modules_enabled = {{ "delegation" }}
    delegations = {{ {delegations} }}
"""
OTHER = """
Component "{name}"
    component_secret = "{secret}"
"""


class Prosody:
    name = "prosody"

    def __init__(self, folder, authority, domain="verona.test", component="gate.verona.test",
                 secret="s3cr3t-of-the-test", modules=(), options="", host_options="", more="",
                 delegates=(), others=None):
        """`delegates`: namespaces that are handed to the component (XEP-0355), by the mod_delegation
        of prosody-modules. `others`: further components with their secrets."""
        self.folder = folder.sub("prosody")
        self.domain, self.component, self.secret = domain, component, secret
        self.certificate, self.key, _ = authority.issue("prosody", domain, component)
        self.ca = authority.certificate
        if delegates:
            host_options += DELEGATIONS.format(delegations=" ".join(
                f'["{namespace}"] = {{ jid = "{component}" }};' for namespace in delegates))
            more = '    modules_enabled = { "delegation" }\n' + more
        for name, its_secret in (others or {}).items():
            more += OTHER.format(name=name, secret=its_secret)
        self.settings = {
            "modules": " ".join(f'"{module}";' for module in modules), "options": options,
            "host_options": host_options, "more": more}
        self.configuration = self.folder / "prosody.cfg.lua"
        self.accounts = {}
        start_with_retry(self._start)

    def _start(self):
        (self.c2s_port, self.c2s_tls_port, self.component_port,
         self.component_tls_port) = (free_port() for _ in range(4))
        text = CONFIGURATION.format(
            folder=self.folder, domain=self.domain, component=self.component, secret=self.secret,
            certificate=self.certificate, key=self.key, c2s_port=self.c2s_port,
            c2s_tls_port=self.c2s_tls_port, component_port=self.component_port,
            component_tls_port=self.component_tls_port, **self.settings)
        run(["sh", "-c", 'mkdir -p "$1" && cat > "$0"', self.configuration, self.folder / "data"],
            input=text)
        self.start()

    def start(self):
        self.process = Process(
            "prosody", ["prosody", "-F", "--config", self.configuration], self.folder / "log",
            cwd=self.folder)
        self.process.wait_for(
            lambda: all(accepts(port) for port in
                        (self.c2s_port, self.c2s_tls_port, self.component_port,
                         self.component_tls_port)),
            "its ports to open")

    def port_of_other(self, name):
        return self.component_port

    def add_account(self, user, password="montague"):
        run(["prosodyctl", "--config", self.configuration, "register", user, self.domain, password],
            cwd=self.folder)
        self.accounts[f"{user}@{self.domain}"] = password

    def stop(self, number=signal.SIGTERM):
        self.process.stop(number)
