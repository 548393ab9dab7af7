# SPDX-License-Identifier: GPL-3.0-or-later
"""Every key of the configuration stands in the manual page and in the example with the default that
it has in the table, and nothing stands there that is not in the table."""

import re

import tree

TABLE = "component/program/keys.cpp"
MANUAL = "deploy/jidgate.8"
EXAMPLE = "deploy/jidgate.conf"
ROW = re.compile(r'\{"([^"]+)",\s*"([^"]+)",\s*(?:single|words|lines),\s*"([^"]*)",')
NAMED = {"site": "site.NAME", "rule": "rule.SITE.N", "policy": "policy.NAME", "group": "group.NAME",
         "posh": "posh.DOMAIN"}


def table(root):
    """None when there are rows that ROW does not match."""
    source = (root / TABLE).read_text(encoding="utf-8")
    rows = ROW.findall(source)
    if not rows or len(rows) != source.count('\n    {"'):
        return None
    return {(section, name): default for section, name, default in rows}


def manual(root):
    """".SS [section]", then ".TP" and ".B key = default"."""
    found, section = {}, None
    for _, line in tree.lines(root / MANUAL):
        line = line.replace("\\-", "-")
        if line.startswith((".SS ", ".SH ")):
            heading = re.fullmatch(r"\.SS \[(.+)\]", line)
            section = heading and heading[1]
        elif section and line.startswith(".B "):
            name, _, default = line[len(".B "):].partition(" = ")
            found[section, name] = default
    return found


def example(root):
    """"[section]" and "key = value", each perhaps behind a "#" without a space."""
    found, section = {}, None
    for _, line in tree.lines(root / EXAMPLE):
        if heading := re.fullmatch(r"#?\[(.+)\]", line):
            section = NAMED.get(heading[1].split(".")[0], heading[1])
        elif setting := re.fullmatch(r"#?([a-z-]+) =\s*(.*)", line):
            found[section, setting[1]] = setting[2]
    return found


def compare(place, keys, found, is_right):
    for (section, name), default in keys.items():
        if (section, name) not in found:
            yield f"{place} does not have [{section}] {name}"
        elif not is_right(found[section, name], default):
            yield (f"{place} has [{section}] {name} = {found[section, name]}, "
                   f"the default is {default or 'empty'}")
    for section, name in found.keys() - keys.keys():
        yield f"{place} has [{section}] {name}, which the program does not know"


def lint(root):
    keys = table(root)
    if keys is None:
        return [f"{TABLE} has rows that this lint cannot read"]
    return sorted([
        *compare(MANUAL, keys, manual(root), lambda shown, default: shown == default),
        # Where there is no default the example shows a value.
        *compare(EXAMPLE, keys, example(root),
                 lambda shown, default: shown == default if default else shown != "")])


if __name__ == "__main__":
    tree.main(lint)
