# SPDX-License-Identifier: GPL-3.0-or-later
"""People with an XMPP client: slixmpp as it is, its XEP-0070 and XEP-0257 plugins included."""

import asyncio

import slixmpp

CONFIRM = "http://jabber.org/protocol/http-auth"


class Person(slixmpp.ClientXMPP):
    """An account that is online. What jidgate asks is put into `questions` and answered by the
    test: confirm(), deny(), say()."""

    def __init__(self, server, jid, password=None,
                 plugins=("xep_0030", "xep_0070", "xep_0199", "xep_0257")):
        super().__init__(jid, password or server.accounts[slixmpp.JID(jid).bare])
        self.host_server = server
        self.ca_certs = str(server.ca)
        for plugin in plugins:
            self.register_plugin(plugin)
        self.questions = asyncio.Queue()
        self.messages = asyncio.Queue()
        self.online = asyncio.get_running_loop().create_future()
        self.add_event_handler("http_confirm", self.questions.put_nowait)
        self.add_event_handler("message", self.messages.put_nowait)
        self.add_event_handler("session_start", self._start)
        self.add_event_handler(
            "failed_all_auth", lambda _: self._failed("no SASL mechanism was accepted"))

    def _start(self, _):
        self.send_presence()
        if not self.online.done():
            self.online.set_result(None)

    def _failed(self, why):
        if not self.online.done():
            self.online.set_exception(AssertionError(f"{self.requested_jid}: {why}"))

    async def log_in(self, direct_tls=False, within=15):
        port = self.host_server.c2s_tls_port if direct_tls else self.host_server.c2s_port
        if hasattr(self, "enable_direct_tls"):  # newer slixmpp: connect() is not told any more
            self.enable_direct_tls, self.enable_starttls = direct_tls, not direct_tls
            self.connect("127.0.0.1", port)
        else:
            self.connect(("127.0.0.1", port), use_ssl=direct_tls)
        await asyncio.wait_for(self.online, within)
        return self

    async def is_asked(self, within=10):
        """The next question, an IQ or a message."""
        return await asyncio.wait_for(self.questions.get(), within)

    async def is_told(self, within=10):
        """The next message of any kind."""
        return await asyncio.wait_for(self.messages.get(), within)

    def confirm(self, question):
        """XEP-0070 section 4.6: an IQ result, or the message back in its thread."""
        self._answer(question).send()

    def deny(self, question):
        answer = self._answer(question)
        answer["type"] = "error"
        answer["error"]["type"] = "auth"
        answer["error"]["condition"] = "not-authorized"
        answer.send()

    def _answer(self, question):
        if isinstance(question, slixmpp.Iq):
            return question.reply(clear=False)
        answer = self.make_message(question["from"])
        answer["thread"] = question["thread"]
        for name in ("id", "method", "url"):
            answer["confirm"][name] = question["confirm"][name]
        return answer

    def say(self, question, text):
        """What somebody does whose client has never heard of XEP-0070."""
        self.send_message(question["from"], text, mtype="chat")

    async def log_out(self):
        disconnected = self.disconnect(wait=1)
        if disconnected is not None:
            await asyncio.wait_for(disconnected, 10)
        # slixmpp leaves this one behind, and it would complain when the loop is closed.
        for task in asyncio.all_tasks():
            frame = getattr(task.get_coro(), "cr_frame", None)
            if frame and frame.f_code.co_name == "run_filters" and frame.f_locals["self"] is self:
                task.cancel()
