# SPDX-License-Identifier: GPL-3.0-or-later
"""How many confirmations a second, and how long one takes, when people answer at once."""

import programs
from report import Runs, compare


def run(rounds):
    ours, go = Runs(), Runs()
    for _ in range(rounds):
        for start, runs in ((programs.daemon, ours), (programs.go, go)):
            runs.add(programs.load(start, "speed"))
    baselines = {"go-net-http": go}
    compare("speed.confirms", "confirms", "1/s", ours, baselines, promise=5000)
    compare("speed.processor-time", "processor", "us", ours, baselines)
    for figure in ("concurrent-p50", "concurrent-p99", "sequential-p50", "sequential-p95",
                   "new-connection-p50", "new-connection-p95"):
        compare(f"speed.{figure}", figure, "us", ours, baselines)
