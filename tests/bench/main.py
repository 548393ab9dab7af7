# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the benchmarks that are named, or all; tests/bench/run builds and starts this."""

import argparse
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import certificates  # noqa: E402
import gate  # noqa: E402
import prosody  # noqa: E402
import speed  # noqa: E402
import waiting  # noqa: E402

BENCHMARKS = {"waiting": waiting, "speed": speed, "prosody": prosody, "gate": gate,
              "certificates": certificates}


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__.partition(";")[0])
    parser.add_argument("names", metavar="NAME", nargs="*", help=", ".join(BENCHMARKS))
    parser.add_argument("--rounds", type=int, default=3,
                        help="how often each is measured; lines show medians (default: 3)")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown or options.rounds < 1:
        parser.error(f"no benchmark is called {unknown[0]}" if unknown else "--rounds is below 1")
    # Ended from outside: the servers are ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for name in options.names or BENCHMARKS:
        BENCHMARKS[name].run(options.rounds)


if __name__ == "__main__":
    main()
