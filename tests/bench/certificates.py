# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast certificates are registered and looked up, beside PostgreSQL's own pgbench with the same
statements on the same cluster, and what a lookup costs among ten million."""

import re
import sys
import time
from pathlib import Path

import programs
from report import Runs, compare
from support.postgres import Postgres, programs as postgres_programs
from support.processes import run as finished

PROGRAM = programs.BUILD / "tests/bench/bench_certificates"
CONNECTIONS = 4
# What is compared takes turns, so that whatever else the machine does falls on both.
TURNS, SECONDS = 3, 2
SIZES = (1_000, 1_000_000, 10_000_000)
# Durable, as a server of somebody's certificates is, and with room for all that is looked up.
OPTIONS = ("-c", "shared_buffers=4GB", "-c", "max_wal_size=8GB", "-c", "maintenance_work_mem=512MB")

# What the statement of the program finds: row i holds the number i.
FILL = """
    INSERT INTO jidgate.certificate (account, name, der, subject, xmpp_addresses, key, not_before,
      not_after, can_manage, slot, add_id, told_added_at)
    SELECT 'a' || i || '@verona.test', 'phone', decode(lpad(to_hex(i), 128, '0'), 'hex'),
      'CN=bench', ARRAY['a' || i || '@verona.test'], 'P-256', now(), now() + interval '1 year',
      true, 1, gen_random_uuid(), now()
    FROM generate_series"""
# What pgbench gives for each parameter of the store's statement, as long as what the store gives.
ADD_VALUES = {
    1: "('bench' || lpad(to_hex(:n::bigint), 32, '0') || '@verona.test')",
    2: "'phone'",
    3: "decode(lpad(to_hex(:n::bigint), 1400, '0'), 'hex')",
    4: "'CN=bench'",
    5: "('bench' || lpad(to_hex(:n::bigint), 32, '0') || '@verona.test')",
    6: "'P-256'",
    7: "1767225600",
    8: "1798761600",
    9: "true",
    10: "gen_random_uuid()",
    11: "20",
    12: "1000",
}


def run(rounds):
    with programs.folder("certificates") as place:
        postgres = Postgres(place, OPTIONS)
        try:
            adds(postgres, place, rounds)
            lookups(postgres, place, rounds)
        finally:
            postgres.stop()


def database_of(postgres):
    database = postgres.create_database()
    finished([PROGRAM, "migrate", postgres.url(database)])
    return database


def pgbench(url, script, connections):
    """Transactions a second."""
    told = finished([postgres_programs() / "pgbench", "-n", "-M", "prepared", "-c", connections,
                     "-j", connections, "-T", SECONDS, "-f", script, url])
    assert "number of failed transactions: 0 " in told, told
    return float(re.search(r"^tps = ([\d.]+)", told, re.MULTILINE)[1])


def add_statement():
    """The statement of the store, as it stands in its source."""
    source = Path(__file__).resolve().parents[2] / "db/certificate_store.cpp"
    literal = re.search(r"add_sql\{(.*?)\};", source.read_text(encoding="utf-8"), re.DOTALL)[1]
    text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', literal.partition(",")[2]))
    return text.replace("\\\\", "\\")


def adds(postgres, place, rounds):
    database = database_of(postgres)
    url = postgres.url(database, "jidgate_service")
    statement = re.sub(r"\$(\d+)", lambda found: ADD_VALUES[int(found[1])], add_statement())
    script = place.write("add.sql", f"\\set n random(1, 9223372036854775806)\n{statement};\n")
    ours, theirs = Runs(), Runs()
    for _ in range(rounds * TURNS):
        for runs, measure in ((theirs, lambda: {"adds": pgbench(url, script, CONNECTIONS)}),
                              (ours, lambda: programs.figures(finished(
                                  [PROGRAM, "add", url, CONNECTIONS, SECONDS])))):
            postgres.execute(database, "TRUNCATE jidgate.certificate")
            postgres.execute(database, "CHECKPOINT")
            runs.add(measure())
    compare("certificates.adds", "adds", "1/s", ours, {"pgbench": theirs})


def lookups(postgres, place, rounds):
    statement = finished([PROGRAM, "statement"]).strip()
    databases = {size: filled(postgres, size) for size in SIZES}

    def measure(size, connections):
        url = postgres.url(databases[size], "jidgate_login")
        return programs.figures(finished(
            [PROGRAM, "lookup", url, connections, SECONDS, size]))["lookups"]

    smallest = SIZES[0]
    script = place.write("lookup.sql",
                         f"\\set i random(1, {smallest})\n{statement.replace('$1', ':i')};\n")
    ours, theirs, costs = Runs(), Runs(), {size: Runs() for size in SIZES}
    for _ in range(rounds * TURNS):
        theirs.add({"lookups": pgbench(postgres.url(databases[smallest], "jidgate_login"), script,
                                       CONNECTIONS)})
        ours.add({"lookups": measure(smallest, CONNECTIONS)})
        for size in SIZES:
            costs[size].add({"cost": 1e6 / measure(size, 1)})
    compare("certificates.lookups", "lookups", "1/s", ours, {"pgbench": theirs})
    for size in SIZES[1:]:
        compare(f"certificates.lookup-among-{size}", "cost", "us", costs[size],
                {f"among-{smallest}": costs[smallest]})


def filled(postgres, size):
    """A database with so many certificates. The indexes are made again behind them: one by one it
    would take hours."""
    database, started = database_of(postgres), time.monotonic()
    postgres.execute(database, f"""
        CREATE TEMPORARY TABLE index ON COMMIT DROP AS
          SELECT conname AS name,
              format('ALTER TABLE jidgate.certificate DROP CONSTRAINT %I', conname) AS away,
              format('ALTER TABLE jidgate.certificate ADD CONSTRAINT %I ', conname)
                || pg_get_constraintdef(oid) AS back
            FROM pg_constraint
            WHERE conrelid = 'jidgate.certificate'::regclass AND contype IN ('p', 'u');
        INSERT INTO index
          SELECT relname, 'DROP INDEX ' || oid::regclass, pg_get_indexdef(oid) FROM pg_class
          WHERE oid IN (SELECT indexrelid FROM pg_index
                        WHERE indrelid = 'jidgate.certificate'::regclass)
            AND relname NOT IN (SELECT name FROM index);
        DO $$ DECLARE statement text; BEGIN
          FOR statement IN SELECT away FROM index LOOP EXECUTE statement; END LOOP;
        END $$;
        {FILL}(1, {size}) i;
        DO $$ DECLARE statement text; BEGIN
          FOR statement IN SELECT back FROM index LOOP EXECUTE statement; END LOOP;
        END $$;""", within=1800)
    postgres.execute(database, "VACUUM ANALYZE jidgate.certificate", within=1800)
    # As it is after some hours of service: in memory, and written.
    postgres.execute(database, "CREATE EXTENSION pg_prewarm")
    postgres.execute(database, "SELECT pg_prewarm('jidgate.certificate'),"
                     " pg_prewarm('jidgate.certificate_once')", within=600)
    postgres.execute(database, "CHECKPOINT", within=600)
    print(f"# {size} certificates are there after {time.monotonic() - started:.0f} s",
          file=sys.stderr, flush=True)
    return database
