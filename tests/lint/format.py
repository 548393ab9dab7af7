# SPDX-License-Identifier: GPL-3.0-or-later
"""Every C++ file is as clang-format leaves it. The version is pinned: each formats differently."""

import subprocess

import tree

PROGRAM = "clang-format-14"


def lint(root):
    sources = tree.files(root, ".cpp", ".hpp")
    if not sources:
        return ["there is no C++ file"]
    done = subprocess.run(
        [PROGRAM, f"--style=file:{tree.PROJECT / '.clang-format'}", "--dry-run", *sources],
        cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    places = {line.split(":")[0] for line in done.stdout.splitlines() if ": warning: " in line}
    return [f"{place}: is not as {PROGRAM} leaves it" for place in sorted(places)]


if __name__ == "__main__":
    tree.main(lint)
