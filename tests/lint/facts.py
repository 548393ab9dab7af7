# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said in two places is the same in both: the version, the supported XEPs, the commands."""

import os
import re

import tree


def read(root, name):
    path = root / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


def version(root):
    built = re.search(r"project\(\w+ VERSION ([\d.]+)", read(root, "CMakeLists.txt"))
    told = re.search(r"^## ([\d.]+)", read(root, "CHANGELOG.md"), re.MULTILINE)
    built, told = (found and found[1] for found in (built, told))
    if not built or built != told:
        yield f"CMakeLists.txt builds version {built}, the top of CHANGELOG.md is {told}"


def extensions(root):
    code = {path.name[3:7] for path in (root / "component").glob("xep[0-9]*.hpp")}
    places = {
        "doap.xml": set(re.findall(r"extensions/xep-(\d{4})\.html", read(root, "doap.xml"))),
        "README.md": set(re.findall(r"^\| (?:\[)?XEP-(\d{4})\b", read(root, "README.md"),
                                    re.MULTILINE)),
    }
    for place, listed in places.items():
        for number in sorted(code - listed):
            yield f"{place} does not list XEP-{number}, which component/ implements"
        for number in sorted(listed - code):
            yield f"{place} lists XEP-{number}, which component/ does not implement"


def commands(root):
    for command in ("./deploy/demo up", "./tests/run"):
        if command not in read(root, "README.md"):
            yield f"README.md does not name {command}"
        program = root / command.split()[0]
        if not os.access(program, os.X_OK):
            yield f"{command.split()[0]} is no program"


def lint(root):
    return [*version(root), *extensions(root), *commands(root)]


if __name__ == "__main__":
    tree.main(lint)
