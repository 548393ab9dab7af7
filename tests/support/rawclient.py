# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that logs in properly and then sends octets that no library would."""

import asyncio
import base64
import re
import ssl


class RawClient:
    """Over direct TLS, because nothing stands between the octets and the server then."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.received = b""

    @classmethod
    async def log_in(cls, host, jid, within=15):
        account, _, resource = jid.partition("/")
        user, _, domain = account.partition("@")
        context = ssl.create_default_context(cafile=str(host.ca))
        client = cls(*await asyncio.open_connection(
            "127.0.0.1", host.c2s_tls_port, ssl=context, server_hostname=domain))
        header = (f"<stream:stream xmlns='jabber:client' version='1.0' to='{domain}' "
                  "xmlns:stream='http://etherx.jabber.org/streams'>")
        plain = base64.b64encode(f"\0{user}\0{host.accounts[account]}".encode()).decode()
        steps = [
            (header, b"</stream:features>"),
            (f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>",
             b"<success"),
            (header, b"</stream:features>"),
            (f"<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>"
             f"{resource}</resource></bind></iq>", b"</iq>"),
        ]
        for text, expected in steps:
            client.received = b""
            client.send(text)
            await client.sees(expected, within)
        client.send("<presence/>")
        return client

    def send(self, text):
        self.writer.write(text if isinstance(text, bytes) else text.encode())

    async def sees(self, octets, within=10):
        """Waits until this has arrived; returns everything that has."""

        async def read():
            while not re.search(re.escape(octets), self.received):
                more = await self.reader.read(65536)
                if not more:
                    raise AssertionError(f"closed before {octets!r}: {self.received[-500:]!r}")
                self.received += more
            return self.received

        try:
            return await asyncio.wait_for(read(), within)
        except asyncio.TimeoutError:
            raise AssertionError(
                f"no {octets!r} within {within} s: {self.received[-500:]!r}") from None

    async def has_been_closed(self, within=10):
        async def read():
            while more := await self.reader.read(65536):
                self.received += more

        await asyncio.wait_for(read(), within)

    def close(self):
        self.writer.transport.abort()
