# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that must not stand in the tree, and one line that must."""

import re

import tree

# A test waits for a condition; support/waiting.py is where that is done. The demo's shell looks at
# its conditions in wait_until and step.
SLEEP = re.compile(r"\bsleep_(for|until)\b|\b(u|nano)?sleep\s*\(")
SLEEPERS = ("tests/support/waiting.py",)
# Whatever was left for later, or switched off.
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
SWITCHED_OFF = re.compile(
    r"GTEST_SKIP|\bDISABLED_|pytest\.(skip|xfail|importorskip|mark\.(skip|skipif|xfail))\b")
# Paths of somebody's machine.
MACHINE = re.compile(r"(?<![\w.$}])/(work|root|home/\w+|Users/\w+|tmp/build)(/|\b)")
SPDX = "SPDX-License-Identifier: GPL-3.0-or-later"
SOURCES = (".cpp", ".hpp", ".py", ".sh", ".lua", ".erl", ".yml")
# This file names what it looks for.
SELF = "tests/lint/words.py"


def lint(root):
    faults = []
    for path in tree.files(root):
        name = path.as_posix()
        if name == SELF or name == "LICENSE" or name.startswith("tests/vectors/"):
            continue
        numbered = tree.lines(root / path)
        code = name.endswith((".cpp", ".hpp", ".py"))
        for number, line in numbered:
            if code and name not in SLEEPERS and SLEEP.search(line):
                faults.append(f"{name}:{number}: sleeps instead of waiting for a condition")
            if UNFINISHED.search(line):
                faults.append(f"{name}:{number}: is unfinished by its own word")
            if SWITCHED_OFF.search(line):
                faults.append(f"{name}:{number}: switches a test off")
            if MACHINE.search(line):
                faults.append(f"{name}:{number}: names a path of somebody's machine")
        if name.endswith(SOURCES) and numbered:
            if not any(SPDX in line for _, line in numbered[:2]):
                faults.append(f"{name}:1: does not begin with its licence")
    return faults


if __name__ == "__main__":
    tree.main(lint)
