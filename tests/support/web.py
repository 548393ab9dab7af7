# SPDX-License-Identifier: GPL-3.0-or-later
"""A small HTTP client that sends exactly the octets it is told to, and can hang while a person
thinks: `http.get(…)` returns a task."""

import asyncio
import base64
import ssl


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        values = self.all(name)
        assert len(values) <= 1, f"{name} stands {len(values)} times: {values}"
        return values[0] if values else None

    def __repr__(self):
        return f"<Answer {self.status} {self.headers} {self.body[:300]!r}>"


def octets(text):
    return text if isinstance(text, bytes) else text.encode()


def basic(jid, transaction_id):
    """The value of an Authorization field (XEP-0070 section 4.3.1)."""
    return b"Basic " + base64.b64encode(octets(jid) + b":" + octets(transaction_id))


class Connection:
    """One connection, for one request after another."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, port, host="127.0.0.1", tls=None, name=None):
        return cls(*await asyncio.open_connection(host, port, ssl=tls, server_hostname=name))

    def send(self, method, target, headers=(), body=b""):
        lines = [octets(method) + b" " + octets(target) + b" HTTP/1.1"]
        lines += [octets(name) + b": " + octets(value) for name, value in headers]
        if body:
            lines.append(b"Content-Length: " + str(len(body)).encode())
        self.writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + octets(body))

    async def answer(self, method="GET"):
        """Reads one answer; raises ConnectionError when the server closes instead."""
        try:
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.IncompleteReadError:
            raise ConnectionError("closed without an answer") from None
        first, *rest = head[:-4].split("\r\n")
        status = int(first.split(" ", 2)[1])
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in rest]
        return Answer(status, headers, await self._body(method, status, headers))

    async def _body(self, method, status, headers):
        fields = {name.lower(): value for name, value in headers}
        if method == "HEAD" or status in (204, 304) or status < 200:
            return b""
        if fields.get("transfer-encoding") == "chunked":
            parts = []
            while True:
                size = int((await self.reader.readline()).split(b";")[0], 16)
                parts.append(await self.reader.readexactly(size))
                await self.reader.readexactly(2)
                if size == 0:
                    return b"".join(parts)
        if "content-length" in fields:
            return await self.reader.readexactly(int(fields["content-length"]))
        return await self.reader.read()

    def close(self):
        """Leaves at once, as a browser whose tab was closed."""
        self.writer.transport.abort()


class Http:
    """Requests to one server, each on a connection of its own, for the host `host`."""

    def __init__(self, port, host="files.verona.test:9345", tls=None):
        self.port, self.host, self.tls = port, host, tls
        self._open = set()

    def request(self, method, target, auth=None, headers=(), body=b"", host=None, within=90.0):
        """Starts a request; await it for the Answer. `auth` is a pair (JID, transaction id)."""
        task = asyncio.create_task(
            asyncio.wait_for(self._request(method, target, auth, headers, body, host), within))
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        return task

    def get(self, target, auth=None, **more):
        return self.request("GET", target, auth, **more)

    async def connect(self):
        name = self.host.partition(":")[0] if self.tls else None
        return await Connection.open(self.port, tls=self.tls, name=name)

    async def _request(self, method, target, auth, headers, body, host):
        connection = await self.connect()
        try:
            fields = [("Host", host or self.host), *headers]
            if auth:
                fields.append(("Authorization", basic(*auth)))
            connection.send(method, target, fields, body)
            return await connection.answer(method)
        finally:
            connection.close()

    async def finish(self):
        """Ends what a failed test left hanging."""
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)


def trusting(ca):
    """A TLS context that believes this authority alone."""
    return ssl.create_default_context(cafile=str(ca))
