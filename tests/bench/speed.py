# SPDX-License-Identifier: GPL-3.0-or-later
"""How many confirmations a second, and how long one takes, when people answer at once."""

import programs
from report import Runs, compare
from support.postgres import Postgres

FIGURES = ("concurrent-p50", "concurrent-p99", "sequential-p50", "sequential-p95",
           "new-connection-p50", "new-connection-p95")


def run(rounds):
    ours, recorded, threads, go = Runs(), Runs(), Runs(), Runs()
    with programs.folder("postgres") as place:
        postgres = Postgres(place)
        try:
            for _ in range(rounds):
                ours.add(programs.load(programs.daemon, "speed"))
                threads.add(programs.load(programs.thread_per_request, "speed"))
                go.add(programs.load(programs.go, "speed"))
                recorded.add(with_records(postgres))
        finally:
            postgres.stop()
    baselines = {"thread-per-request": threads, "go-net-http": go}
    compare("speed.confirms", "confirms", "1/s", ours, baselines, promise=5000)
    compare("speed.processor-time", "processor", "us", ours, baselines)
    for figure in FIGURES:
        compare(f"speed.{figure}", figure, "us", ours, baselines)
    unrecorded = {"without-records": ours}
    compare("speed.recorded-confirms", "confirms", "1/s", recorded, unrecorded, promise=5000)
    compare("speed.recorded-sequential-p50", "sequential-p50", "us", recorded, unrecorded)
    compare("speed.records-lost", "lost", "rows", recorded, {}, promise=0)


def with_records(postgres):
    """The same with a database: each confirmation is a row in it, on the same processors."""
    database = postgres.create_database()

    def start(place, component_port):
        return programs.daemon(
            place, component_port,
            {"database": {"url": postgres.url(database, "jidgate_service")}},
            lambda configuration: programs.migrate(configuration, postgres.url(database)))

    figures = programs.load(start, "speed")
    rows = postgres.execute(database, "SELECT count(*) FROM jidgate.confirmations")
    return {**figures, "lost": figures["asked"] - int(rows)}
