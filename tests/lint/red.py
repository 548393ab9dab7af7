# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a lint can fail: over the offenders it says what their file `expected` holds, no more
and no less. A gate that nobody has seen shut is none."""

import difflib
import importlib
import sys

import tree


def main(name):
    root = tree.PROJECT / tree.OFFENDERS / name
    wanted = (root / "expected").read_text().splitlines()
    found = importlib.import_module(name).lint(root / "tree")
    for line in difflib.unified_diff(wanted, found, "expected", "found", lineterm="", n=0):
        print(line)
    sys.exit(0 if wanted and found == wanted else 1)


if __name__ == "__main__":
    main(sys.argv[1])
