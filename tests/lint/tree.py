# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lints share: which files there are, and how a lint is run.

A lint is a function from the root of a tree to sentences, one for each fault. As a program it looks
at the project, or at the tree that its argument names, and ends with 1 when it found something."""

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
OFFENDERS = Path("tests/lint/offenders")


def files(root, *endings):
    """The paths of the tree's own files with one of these endings (all: none given), sorted."""
    found = []
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if relative.parts[0] in (".git", "build", ".demo") or "__pycache__" in relative.parts:
            continue
        if OFFENDERS in relative.parents or not path.is_file() or path.is_symlink():
            continue
        if not endings or path.name.endswith(endings):
            found.append(relative)
    return found


def lines(path):
    """Numbered lines; nothing for a file that is no text."""
    try:
        return list(enumerate(path.read_text(encoding="utf-8").splitlines(), 1))
    except UnicodeDecodeError:
        return []


def main(lint):
    root = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else PROJECT
    faults = lint(root)
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)
