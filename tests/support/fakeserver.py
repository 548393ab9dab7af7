# SPDX-License-Identifier: GPL-3.0-or-later
"""A scripted XMPP server that accepts one component (XEP-0114), with three verbs: sends, receives,
receives_nothing. The standard library alone.

Stanzas are XML text and compared as trees. `{any}` stands for any attribute value or text and
nothing else does. In every test, whatever it is about, each stanza of the component has to have a
`to`, and a `from` in the component's domain: a real server ends the stream over less.
"""

import asyncio
import hashlib
import xml.etree.ElementTree as ElementTree
from xml.parsers import expat

COMPONENT = "jabber:component:accept"
STREAM = "http://etherx.jabber.org/streams"
PING = "urn:xmpp:ping"
HOST_MODULE = "urn:xmpp:jidgate:host:0"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
ANY = "{any}"


def parse(text):
    """A stanza of a script, in the component's namespace unless it says otherwise."""
    return ElementTree.fromstring(f"<w xmlns='{COMPONENT}'>{text.strip()}</w>")[0]


def difference(got, want, where=None):
    """The first place where two trees differ, as a sentence, or None."""
    where = where or "/" + local(want)
    if got.tag != want.tag:
        return f"{where}: is <{got.tag}>, want <{want.tag}>"
    for name in sorted(set(got.attrib) | set(want.attrib)):
        is_, wanted = got.get(name), want.get(name)
        if wanted != ANY and is_ != wanted or is_ is None:
            return f"{where}/@{name}: is {is_!r}, want {wanted!r}"
    is_, wanted = (got.text or "").strip(), (want.text or "").strip()
    if wanted != ANY and is_ != wanted:
        return f"{where}/text(): is {is_!r}, want {wanted!r}"
    if len(got) != len(want):
        return (f"{where}: has the children {[local(child) for child in got]}, "
                f"want {[local(child) for child in want]}")
    for index, (child, model) in enumerate(zip(got, want), 1):
        found = difference(child, model, f"{where}/{local(model)}[{index}]")
        if found:
            return found
    return None


def local(element):
    return element.tag.rpartition("}")[2]


def show(element):
    return ElementTree.tostring(element, encoding="unicode")


def error_of(stanza):
    """An error as "type/condition"; None for anything else."""
    error = next((child for child in stanza if local(child) == "error"), None)
    if stanza.get("type") != "error" or error is None:
        return None
    condition = next(child for child in error if local(child) != "text")
    return f"{error.get('type')}/{local(condition)}"


class FakeServer:
    def __init__(self, component="gate.verona.test", domain="verona.test",
                 secret="s3cr3t-of-the-test"):
        self.component, self.domain, self.secret = component, domain, secret
        self.violations = []  # what the daemon did wrong, for the test's end
        self.handshakes = 0  # successful ones since the start
        self.stream_errors = []  # what the daemon was sent away with
        self.said_goodbye = []  # the stream errors that the daemon left with
        self.answers_pings = True
        self.accepting = True
        self.frozen = False
        self._stanzas = asyncio.Queue()
        self._changed = asyncio.Condition()
        self._writer = None
        self._tasks = set()
        self._pings, self._pong = 0, None
        self._answers = {}  # of ask(), by id
        # The host's module: the sessions of each account as pairs (resource, sha256 or None). None: it
        # has no module.
        self.sessions = None
        self.module_answers = True
        self.ended = []  # (account, sha256) of the sessions that it was told to end

    async def start(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        self._server.close()
        self.drop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    # The three verbs.

    def sends(self, text):
        """Puts stanzas, or anything else, on the stream in one piece."""
        assert self._writer, "the component is not connected"
        self._writer.write(text if isinstance(text, bytes) else text.encode())

    async def flushed(self):
        """What was put on the stream has been given to the network."""
        await self._writer.drain()

    async def receives(self, text=None, within=5.0):
        """The next stanza, which has to equal `text` where that is given."""
        try:
            got = await asyncio.wait_for(self._stanzas.get(), within)
        except asyncio.TimeoutError:
            raise AssertionError(
                f"no stanza within {within:g} s; want: {text}\n{self.complaints()}") from None
        if text is not None:
            found = difference(got, parse(text))
            assert not found, f"{found}\n got: {show(got)}\nwant: {text.strip()}"
        return got

    async def ask(self, payload, type="set", sender="romeo@verona.test/orchard", to=None,
                  within=10.0):
        """The answer to an IQ with this payload, whatever else the component sends meanwhile."""
        id = f"ask-{len(self._answers)}"
        answer = self._answers[id] = asyncio.get_running_loop().create_future()
        self.sends(f"<iq type='{type}' id='{id}' from='{sender}' to='{to or self.component}'>"
                   f"{payload}</iq>")
        try:
            return await asyncio.wait_for(answer, within)
        except asyncio.TimeoutError:
            raise AssertionError(
                f"no answer within {within:g} s: {payload[:300]}\n{self.complaints()}") from None

    async def passed(self, within=5.0):
        """Every stanza that the component has sent by now and nobody has read. A ping there and back
        puts whatever it did about earlier stanzas into the past, without waiting for a time."""
        self._pings += 1
        sync, self._pong = f"sync-{self._pings}", asyncio.get_running_loop().create_future()
        self.sends(f"<iq type='get' id='{sync}' from='{self.domain}' to='{self.component}'>"
                   f"<ping xmlns='{PING}'/></iq>")
        try:
            answer = await asyncio.wait_for(self._pong, within)
        except asyncio.TimeoutError:
            raise AssertionError(f"no answer to a ping; {self.complaints()}") from None
        assert (answer.get("id"), answer.get("type")) == (sync, "result"), show(answer)
        found = []
        while not self._stanzas.empty():
            found.append(self._stanzas.get_nowait())
        return found

    async def receives_nothing(self):
        """Nothing is unread, and nothing is under way."""
        found = await self.passed()
        assert not found, f"unexpected stanzas: {[show(stanza) for stanza in found]}"

    # The link.

    def connected(self):
        return self._writer is not None

    async def has_connected(self, times=1, within=10.0):
        """Waits until the component has shaken hands this many times in all."""
        async with self._changed:
            try:
                await asyncio.wait_for(
                    self._changed.wait_for(lambda: self.handshakes >= times), within)
            except asyncio.TimeoutError:
                raise AssertionError(
                    f"{self.handshakes} handshakes within {within:g} s, want {times}; "
                    f"{self.complaints()}") from None

    def drop(self):
        """Loses the link without a word, as a server that was killed does."""
        if self._writer:
            self._writer.transport.abort()
            self._writer = None

    def freeze(self):
        """Reads and answers nothing from now on, and keeps the connection."""
        self.frozen = True

    def complaints(self):
        return f"violations: {self.violations}; stream errors: {self.stream_errors}"

    # One connection.

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            if self.accepting:
                await _Stream(self, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            if self._writer is writer:
                self._writer = None
            writer.transport.abort()
            self._tasks.discard(task)

    async def _is_up(self, writer):
        async with self._changed:
            self._writer = writer
            self.handshakes += 1
            self._changed.notify_all()

    def _take(self, stanza):
        if stanza.tag == f"{{{STREAM}}}error":
            self.said_goodbye.append(local(stanza[0]))
            return
        for name in ("to", "from"):
            if not stanza.get(name):
                self.violations.append(f"a stanza without '{name}': {show(stanza)}")
        sender = stanza.get("from", "")
        domain = sender.partition("/")[0].rpartition("@")[2]
        if sender and domain != self.component:
            self.violations.append(f"a stanza from elsewhere: {show(stanza)}")
        if stanza.tag == f"{{{COMPONENT}}}iq" and not stanza.get("id"):
            self.violations.append(f"an iq without an id: {show(stanza)}")
        if stanza.get("id", "").startswith("sync-") and self._pong and not self._pong.done():
            self._pong.set_result(stanza)
            return
        if (self.answers_pings and stanza.get("type") == "get"
                and stanza.find(f"{{{PING}}}ping") is not None):
            self.sends(f"<iq type='result' id='{stanza.get('id')}' from='{stanza.get('to')}' "
                       f"to='{sender}'/>")
            return
        answer = self._answers.get(stanza.get("id"))
        if answer and stanza.get("type") in ("result", "error"):
            if answer.done():
                self.violations.append(f"a second answer: {show(stanza)}")
            else:
                answer.set_result(stanza)
            return
        if (stanza.get("to") == self.domain and len(stanza) == 1
                and stanza[0].tag.startswith(f"{{{HOST_MODULE}}}")):
            self._module(stanza.get("id"), stanza[0])
            return
        self._stanzas.put_nowait(stanza)

    def _module(self, id, request):
        if not self.module_answers:
            return
        addresses = f"id='{id}' from='{self.domain}' to='{self.component}'"
        if self.sessions is None:
            self.sends(f"<iq type='error' {addresses}><error type='cancel'><service-unavailable "
                       f"xmlns='{STANZAS}'/></error></iq>")
            return
        account, sha256 = request.get("account"), request.get("sha256")
        sessions = self.sessions.get(account, [])
        if local(request) == "end":
            self.ended.append((account, sha256))
            self.sessions[account] = [session for session in sessions if session[1] != sha256]
            sessions = [session for session in sessions if session[1] == sha256]
        content = "".join(
            f"<session resource='{resource}'" + (f" sha256='{used}'/>" if used else "/>")
            for resource, used in sessions)
        self.sends(f"<iq type='result' {addresses}><{local(request)} xmlns='{HOST_MODULE}'>"
                   f"{content}</{local(request)}></iq>")


class _Stream:
    """Reads a component's stream as strictly as a real server does."""

    def __init__(self, server, reader, writer):
        self.server, self.reader, self.writer = server, reader, writer
        self.depth = 0
        self.builder = None
        self.ready = []
        self.header = None
        self.closed = False
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        for event in ("Comment", "ProcessingInstruction", "StartDoctypeDecl"):
            setattr(self.parser, event + "Handler",
                    lambda *_, event=event: server.violations.append(f"a {event} in the stream"))

    async def run(self):
        await self._handshake()
        while True:
            while self.ready:
                self.server._take(self.ready.pop(0))
            if self.closed:
                self.writer.write(b"</stream:stream>")
                await self.writer.drain()
                return
            if not await self._read():
                return

    async def _handshake(self):
        while self.header is None:
            if not await self._read():
                raise ConnectionResetError
        stream_id = "3BF96D32"
        if self.header.get("to") != self.server.component:
            self.server.violations.append(f"a stream to {self.header.get('to')!r}")
        self.writer.write(
            f"<?xml version='1.0'?><stream:stream xmlns:stream='{STREAM}' xmlns='{COMPONENT}' "
            f"from='{self.server.component}' id='{stream_id}'>".encode())
        while not self.ready:
            if not await self._read():
                raise ConnectionResetError
        shake = self.ready.pop(0)
        digest = hashlib.sha1((stream_id + self.server.secret).encode()).hexdigest()
        if shake.tag != f"{{{COMPONENT}}}handshake" or shake.text != digest:
            self._error("not-authorized")
            await self.writer.drain()
            raise ConnectionResetError
        self.writer.write(b"<handshake/>")
        await self.server._is_up(self.writer)

    async def _read(self):
        octets = await self.reader.read(65536)
        while self.server.frozen:
            await asyncio.Event().wait()  # until this task is cancelled
        if not octets:
            return False
        try:
            self.parser.Parse(octets)
        except expat.ExpatError as error:
            self.server.violations.append(f"not well-formed: {error}: {octets[-400:]!r}")
            self._error("not-well-formed")
            return False
        return True

    def _error(self, condition):
        self.server.stream_errors.append(condition)
        self.writer.write(
            f"<stream:error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
            "</stream:error></stream:stream>".encode())

    @staticmethod
    def _name(name):
        return "{" + name if "}" in name else name

    def _start(self, name, attributes):
        attributes = {self._name(key): value for key, value in attributes.items()}
        self.depth += 1
        if self.depth == 1:
            self.header = attributes
            if self._name(name) != f"{{{STREAM}}}stream":
                self.server.violations.append(f"a stream that begins with <{name}>")
            return
        if self.depth == 2:
            self.builder = ElementTree.TreeBuilder()
        self.builder.start(self._name(name), attributes)

    def _end(self, name):
        self.depth -= 1
        if self.depth == 0:
            self.closed = True
            return
        self.builder.end(self._name(name))
        if self.depth == 1:
            self.ready.append(self.builder.close())

    def _text(self, text):
        if self.depth > 1:
            self.builder.data(text)
        elif text.strip():
            self.server.violations.append(f"text between stanzas: {text!r}")
