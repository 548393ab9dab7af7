# SPDX-License-Identifier: GPL-3.0-or-later
"""A component of a real server that sends whatever octets it likes, after an honest handshake."""

import asyncio
import hashlib
import re

from support.rawclient import RawClient


class RawComponent(RawClient):
    @classmethod
    async def connect(cls, port, name, secret):
        component = cls(*await asyncio.open_connection("127.0.0.1", port))
        component.send(f"<stream:stream xmlns='jabber:component:accept' to='{name}' "
                       "xmlns:stream='http://etherx.jabber.org/streams'>")
        header = await component.sees(b">", 15)
        while not (stream := re.search(rb"""<stream:stream[^>]*\sid=['"]([^'"]+)""", header)):
            header += await component.reader.read(4096)
        digest = hashlib.sha1(stream[1] + secret.encode()).hexdigest()
        component.send(f"<handshake>{digest}</handshake>")
        await component.sees(b"<handshake", 15)
        return component
