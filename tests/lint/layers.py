# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may include whom. The linker cannot tell: a layer that reaches past its neighbours links well."""

import re

import tree

# Which folder may use which other folders and libraries, itself and the standard library aside.
ALLOWED = {
    "core": set(),
    "http": {"core", "httplib", "openssl", "json"},
    "component": {"core", "gloox", "expat", "openssl"},
    "db": {"core", "pqxx"},
}
# The composition root may know everybody.
EVERYTHING = ("component/main.cpp", "component/program/")
# Files that hold a library for their whole folder.
EXCEPTIONS = {
    "core/crypto.cpp": {"openssl"},
    "core/certificate.cpp": {"openssl"},
    "core/certificate_maker.cpp": {"openssl"},
    "core/certificate_openssl.hpp": {"openssl"},
    "core/certificate_policy.cpp": {"openssl"},
    "core/jid.cpp": {"idn"},
}
LIBRARIES = {
    "gloox/": "gloox", "expat.h": "expat", "httplib.h": "httplib", "openssl/": "openssl",
    "pqxx/": "pqxx", "libpq-fe.h": "pqxx", "boost/": "boost", "nlohmann/": "json",
    "systemd/": "systemd",
    "idna.h": "idn", "stringprep.h": "idn", "idn-free.h": "idn", "punycode.h": "idn",
}
# The C++ standard library, and what POSIX and Linux offer.
SYSTEM = re.compile(r"[a-z_]+|(sys|netinet|arpa|net|linux)/[a-z0-9_]+\.h|"
                    r"(errno|fcntl|netdb|poll|pthread|pwd|signal|stdlib|string|time|unistd)\.h")
INCLUDE = re.compile(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def library(header):
    for prefix, name in LIBRARIES.items():
        if header == prefix or prefix.endswith("/") and header.startswith(prefix):
            return name
    return None


def lint(root):
    faults = []
    for path in tree.files(root, ".cpp", ".hpp"):
        folder, name = path.parts[0], path.as_posix()
        if folder not in ALLOWED or name.startswith(EVERYTHING):
            continue
        may = ALLOWED[folder] | EXCEPTIONS.get(name, set()) | {folder}
        for number, line in tree.lines(root / path):
            found = INCLUDE.match(line)
            if not found:
                continue
            own, system = found.groups()
            if own:
                used = own.partition("/")[0]
                if own.startswith(EVERYTHING):
                    used = "component/program"
            elif SYSTEM.fullmatch(system):
                continue
            else:
                used = library(system)
                if used is None:
                    faults.append(f"{name}:{number}: <{system}> is of no library that is known here")
                    continue
            if used not in may:
                faults.append(f"{name}:{number}: {folder}/ may not include {used}")
    return faults


if __name__ == "__main__":
    tree.main(lint)
