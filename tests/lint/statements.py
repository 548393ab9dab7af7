# SPDX-License-Identifier: GPL-3.0-or-later
"""No statement is ever built from input: the text of each is a constant, and values are parameters.

In C++ the compiler sees to it, since only it can make the type Sql; here it is made sure that
nothing goes past that type. In the migrations and in the modules for the host servers the texts are
looked at."""

import re

import tree

PRODUCT = ("core", "http", "component", "db", "c2s", "deploy")
ADAPTER = ("db/pqxx_adapter.hpp", "db/pqxx_adapter.cpp")
GUARANTEE = "consteval Sql(const char* text)"
# The scripts that are compiled in.
SCRIPTS = (*ADAPTER, "db/migrate.cpp")

KNOWS_SQL = re.compile(r'#\s*include\s*(<pqxx|<libpq|"db/(pqxx_adapter|schema_version)\.hpp")')
# What libpqxx and libpq run text with, and what they offer to whoever puts values into a text.
RUNS = re.compile(r"(\.|->)\s*(exec\w*|query\w*|for_query|for_stream|stream\w*|"
                  r"raw\(\)\.prepare)\s*[<(]|"
                  r"\bpqxx::(pipeline|stream_\w+|prepped|\w*cursor\w*)\b|"
                  r"\bPQ(exec|sendQuery|prepare|sendPrepare)\w*")
QUOTES = re.compile(r"(\.|->)\s*(quote\w*|esc\w*)\s*\(|\bPQescape\w*")
SCRIPT = re.compile(r"\bexecute_script\s*\(")

# EXECUTE as a statement, not as a privilege, nor of a trigger.
DYNAMIC = re.compile(r"\bEXECUTE\b(?!\s+(ON|FUNCTION)\b)(.*)", re.IGNORECASE)
NAMES_ALONE = re.compile(r"\s+format\('([^%']|%[IL])*'(,[^|]*)?\);")
# Text in Lua or Erlang that begins a statement, and is joined with something.
VERB = r"\s*(SELECT|INSERT|UPDATE|DELETE|EXECUTE|CALL)\b"
TEXT = rf"""("{VERB}[^"]*"|'{VERB}[^']*'|\[\[{VERB}.*?\]\])\s*"""
JOINED = {".lua": re.compile(TEXT + r"\.\."), ".erl": re.compile(TEXT + r"\+\+")}


def cpp(name, numbered):
    for number, line in numbered:
        code = line.partition("//")[0]
        place = f"{name}:{number}"
        if KNOWS_SQL.search(code) and not name.startswith("db/"):
            yield f"{place}: speaks SQL outside of db/"
        if name not in ADAPTER and RUNS.search(code):
            yield f"{place}: runs a statement past db/pqxx_adapter.hpp"
        if name not in ADAPTER and QUOTES.search(code):
            yield f"{place}: puts a value into the text of a statement"
        if name not in SCRIPTS and SCRIPT.search(code):
            yield f"{place}: runs a script that is no migration"


def sql(name, numbered):
    for number, line in numbered:
        found = DYNAMIC.search(line.partition("--")[0])
        if found and not NAMES_ALONE.fullmatch(found[2]):
            yield f"{name}:{number}: EXECUTE of more than a constant and quoted names"


def joined(name, numbered, pattern):
    for number, line in numbered:
        if pattern.search(line):
            yield f"{name}:{number}: joins the text of a statement with something"


def lint(root):
    faults = []
    adapter = root / ADAPTER[0]
    if not adapter.exists() or GUARANTEE not in adapter.read_text(encoding="utf-8"):
        faults.append(f"{ADAPTER[0]}: text can become a statement while the program runs")
    for path in tree.files(root, ".cpp", ".hpp", ".sql", *JOINED):
        name = path.as_posix()
        if path.parts[0] not in PRODUCT:
            continue
        numbered = tree.lines(root / path)
        if path.suffix in JOINED:
            faults += joined(name, numbered, JOINED[path.suffix])
        else:
            # libpqxx is used in db/ alone: elsewhere `exec` and `stream` are words like others.
            looked_at = numbered if path.parts[0] == "db" else [
                (number, line) for number, line in numbered if KNOWS_SQL.search(line)]
            faults += sql(name, numbered) if path.suffix == ".sql" else cpp(name, looked_at)
    return faults


if __name__ == "__main__":
    tree.main(lint)
