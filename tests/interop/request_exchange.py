# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends a case to a server, octet for octet, and reads what comes back as strictly as it can."""

import asyncio
import re
import socket
from dataclasses import dataclass

from request_case import CANARY

PAGE = b"<!doctype html><title>Missive</title><p>O Romeo, Romeo\n"
CANARY_PAGE = b"canary\n"

# Nothing takes as long, or says as much, unless it is broken.
PATIENCE = 15
MOST_OCTETS = 1 << 20

STATUS_LINE = re.compile(rb"(HTTP/1\.[01]) ([1-5][0-9]{2}) [\t\x20-\x7e]*")
FIELD_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*")


@dataclass
class Answer:
    status: int
    fields: list
    content: bytes = b""
    missing: int = 0  # octets of the content that never came

    def all(self, name):
        return [value for key, value in self.fields if key == name]

    def options(self):
        """Those of the connection."""
        return {option.strip().lower() for value in self.all("connection") for option in value.split(",")}


@dataclass
class Seen:
    """All that a server said on one connection."""

    answers: list  # final ones
    interim: int  # how many answers of class 1xx there were
    rest: bytes  # what cannot be read as an answer
    ended: str  # "closed", "reset", "open" or "unreachable"

    @property
    def canary(self):
        last = self.answers[-1] if self.answers else None
        return bool(last and last.status == 200 and last.content == CANARY_PAGE)

    @property
    def statuses(self):
        """Of the answers to the case itself."""
        answers = self.answers[:-1] if self.canary else self.answers
        return tuple(answer.status for answer in answers)

    def __str__(self):
        words = [*map(str, self.statuses), *(["?"] if self.rest else [])]
        return " ".join(words + ["kept" if self.canary else self.ended])


def has_content(method, status):
    return method != "HEAD" and status not in (204, 304) and status >= 200


def parse(octets, methods):
    """Reads the answers to requests with these methods, and to a GET behind them."""
    answers, interim = [], 0
    while octets:
        head, end, behind = octets.partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        status_line = STATUS_LINE.fullmatch(first)
        fields = [FIELD_LINE.fullmatch(line) for line in lines]
        if not end or not status_line or not all(fields):
            break
        answer = Answer(int(status_line[2]), [(field[1].decode().lower(), field[2].decode("latin-1"))
                                              for field in fields])
        octets = behind
        if answer.status < 200:
            interim += 1
            continue
        method = methods[len(answers)] if len(answers) < len(methods) else "GET"
        if has_content(method, answer.status):
            length = ([int(value) for value in answer.all("content-length") if value.isdecimal()]
                      or [len(octets)])[0]
            answer.content, octets = octets[:length], octets[length:]
            answer.missing = length - len(answer.content)
        answers.append(answer)
    return answers, interim, octets


async def exchange(port, case):
    """What the server on this port says to the case."""
    loop = asyncio.get_running_loop()
    received, ended = b"", "open"

    async def send(octets):
        try:
            await loop.sock_sendall(connection, octets)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before everything was said: what it answered can still be read

    async def read_until(is_enough):
        nonlocal received, ended
        while ended == "open" and len(received) < MOST_OCTETS and not is_enough():
            try:
                more = await loop.sock_recv(connection, 65536)
            except ConnectionResetError:
                ended = "reset"
                return
            received += more
            if not more:
                ended = "closed"

    async def talk():
        nonlocal ended
        try:
            await loop.sock_connect(connection, ("127.0.0.1", port))
        except ConnectionRefusedError:
            ended = "unreachable"  # a case before this one must have killed it
            return
        behind = b"" if case.ends else CANARY
        if case.then:
            await send(case.octets)
            await read_until(lambda: b"\r\n\r\n" in received)
            await send(case.then + behind)
        else:
            await send(case.octets + behind)
        if case.ends:
            connection.shutdown(socket.SHUT_WR)
        await read_until(lambda: False)

    with socket.socket() as connection:
        connection.setblocking(False)
        try:
            await asyncio.wait_for(talk(), PATIENCE)
        except asyncio.TimeoutError:
            pass  # it stays "open"
    return Seen(*parse(received, case.methods), ended)
