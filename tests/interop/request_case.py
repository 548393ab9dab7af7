# SPDX-License-Identifier: GPL-3.0-or-later
"""What a case is: octets that a client sends, and what RFC 9112 and RFC 9110 want to come back."""

from dataclasses import dataclass

NAME = "files.verona.test"
HOST = f"Host: {NAME}"
# The request that stands behind each case. Whether it is answered shows where the server believes that
# the one before it ended, and that it is the last makes the server end the connection in any case.
CANARY = f"GET /canary.html HTTP/1.1\r\n{HOST}\r\nConnection: close\r\n\r\n".encode()

# Kinds of cases.
VALID = "valid"  # has to be answered
INVALID = "invalid"  # has to be refused
STRICT = "strict"  # a server may be lenient; we refuse, and the case says why
CUT = "cut"  # the client ends its half of the connection in the middle

KINDS = (VALID, INVALID, STRICT, CUT)


@dataclass(frozen=True)
class Case:
    name: str
    clause: str  # of the specification that decides
    octets: bytes
    statuses: tuple  # of the answers to `octets`, in order
    kind: str
    methods: tuple = ()  # of the requests in `octets`
    keeps: bool = True  # whether the canary has to be answered
    then: bytes = b""  # sent once something has come back for `octets`
    ends: bool = False  # whether the client ends its half of the connection after that
    why: str = ""  # we differ from nginx, or refuse what we need not

    def __post_init__(self):
        assert self.kind in KINDS and self.clause
        if self.kind != VALID:
            assert not self.keeps
            # A client that says nothing is told nothing.
            assert self.statuses[-1] >= 400 if self.statuses else not self.octets
        if self.kind == STRICT:
            assert self.why
        if not self.methods:
            method = self.octets.lstrip().split(b" ")[0].decode("latin-1")
            object.__setattr__(self, "methods", (method,))


def octets(text):
    return text.encode("latin-1")


def ask(line, *fields, body="", host=HOST):
    """A whole request. Without `body` its head alone."""
    return octets("\r\n".join([line, *([host] if host else []), *fields, "", ""]) + body)


def get(*fields, **more):
    return ask("GET / HTTP/1.1", *fields, **more)


def post(*fields, **more):
    return ask("POST / HTTP/1.1", *fields, **more)


def chunked(body, method="GET"):
    return ask(f"{method} / HTTP/1.1", "Transfer-Encoding: chunked", body=body)


def valid(name, clause, sent, *statuses, **more):
    return Case(name, clause, sent, statuses or (200,), VALID, **more)


def invalid(name, clause, sent, *statuses, **more):
    return Case(name, clause, sent, statuses or (400,), INVALID, keeps=False, **more)


def strict(name, clause, sent, *statuses, why, **more):
    return Case(name, clause, sent, statuses or (400,), STRICT, keeps=False, why=why, **more)


def cut(name, clause, sent, *statuses, **more):
    return Case(name, clause, sent, statuses, CUT, keeps=False, ends=True, **more)
