# SPDX-License-Identifier: GPL-3.0-or-later
"""What the web adds to a confirmation through a real Prosody: the same person, asked by a component
without HTTP and by jidgate."""

import programs
from report import Runs, compare
from support import jidgate
from support.certificates import Authority
from support.processes import Process, run as finished
from support.prosody import Prosody

ROUND_TRIPS = 3000
ECHO = "echo.verona.test"
PERSON = "romeo@verona.test/bench"
# The person logs in without TLS: it would cost the same on both sides, and a client more here.
HOST_OPTIONS = """
    c2s_require_encryption = false
    allow_unencrypted_plain_auth = true
"""


def run(rounds):
    with programs.folder("prosody") as place:
        server = Prosody(place, Authority(place), secret=jidgate.SECRET, host_options=HOST_OPTIONS,
                         more=f'Component "{ECHO}"\n    component_secret = "{jidgate.SECRET}"')
        person = daemon = None
        try:
            server.add_account("romeo")
            person = Process(
                "confirmer", [programs.XMPP, "confirmer", server.c2s_port, "romeo", server.domain,
                              server.accounts["romeo@verona.test"]], place / "confirmer.log",
                as_root=True)
            person.wait_for(lambda: "online" in person.log(), "a session")
            daemon = programs.daemon(place, server.component_port)
            daemon.process.wait_for(lambda: '"link.up"' in daemon.process.log(), "its link")
            measure(server, daemon, rounds)
        finally:
            for process in (daemon, person, server):
                if process:
                    process.stop()


def measure(server, daemon, rounds):
    web, bare = Runs(), Runs()
    for _ in range(rounds):
        floor = programs.figures(finished(
            [programs.XMPP, "round-trips", server.component_port, ECHO, jidgate.SECRET, PERSON,
             ROUND_TRIPS]))
        through = programs.figures(finished(
            [programs.LOAD, "round-trips", daemon.port, PERSON, ROUND_TRIPS]))
        bare.add({way + part: floor["xmpp" + part] for way in ("sequential", "new-connection")
                  for part in ("-p50", "-p95")})
        web.add({**through, "added": through["sequential-p50"] - floor["xmpp-p50"]})
    baselines = {"bare-xmpp": bare}
    for figure in ("sequential-p50", "sequential-p95", "new-connection-p50", "new-connection-p95"):
        compare(f"prosody.{figure}", figure, "us", web, baselines)
    compare("prosody.added-p50", "added", "us", web, {}, promise=300)
