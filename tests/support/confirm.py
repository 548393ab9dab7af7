# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions of XEP-0070 as the scripted server sees them."""

import dataclasses

from support.fakeserver import COMPONENT, local, show
from support.jidgate import ORIGIN

CONFIRM = "http://jabber.org/protocol/http-auth"
JULIET, ROMEO = "juliet@verona.test", "romeo@verona.test"
ORCHARD = ROMEO + "/orchard"
PAGE = "/missive.html"


@dataclasses.dataclass
class Question:
    """One question that arrived, and what an answer to it is made of."""

    stanza: object
    asked: str  # the full address that answers
    transaction_id: str
    method: str
    url: str

    @property
    def id(self):
        return self.stanza.get("id")

    @property
    def thread(self):
        return self.stanza.findtext(f"{{{COMPONENT}}}thread") or ""

    @property
    def bodies(self):
        return {body.get("{http://www.w3.org/XML/1998/namespace}lang"): body.text
                for body in self.stanza.findall(f"{{{COMPONENT}}}body")}

    def fill(self, template, mallory="mallory@verona.test/cell"):
        """A stanza of a script, with what it needs to know about this question."""
        values = {
            "asked": self.asked, "bare": self.asked.partition("/")[0], "mallory": mallory,
            "component": self.stanza.get("from"), "sid": self.id, "tid": self.transaction_id,
            "code": self.transaction_id, "url": self.url, "method": self.method,
            "thread": self.thread}
        for name, value in values.items():
            template = template.replace("{" + name + "}", escaped(value))
        return template

    def confirmed(self):
        """The answer of a client that knows XEP-0070 (section 4.6)."""
        if local(self.stanza) == "iq":
            return self.fill("<iq type='result' from='{asked}' to='{component}' id='{sid}'/>")
        return self.fill(
            "<message from='{asked}' to='{component}'><thread>{thread}</thread>"
            f"<confirm xmlns='{CONFIRM}' id='{{tid}}' method='{{method}}' url='{{url}}'/></message>")

    def denied(self):
        if local(self.stanza) == "iq":
            return self.fill(
                "<iq type='error' from='{asked}' to='{component}' id='{sid}'>"
                f"<confirm xmlns='{CONFIRM}' id='{{tid}}' method='{{method}}' url='{{url}}'/>"
                "<error type='auth'><not-authorized "
                "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>")
        return self.fill(
            "<message type='error' from='{asked}' to='{component}'><thread>{thread}</thread>"
            f"<confirm xmlns='{CONFIRM}' id='{{tid}}' method='{{method}}' url='{{url}}'/>"
            "<error type='auth'><not-authorized "
            "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>")

    def said(self, text):
        """The answer of a client that knows nothing but chatting."""
        return self.fill("<message type='chat' from='{asked}' to='{component}' id='said'>"
                         f"<body>{escaped(text)}</body></message>")


def escaped(text):
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("'", "&apos;"),
                              ('"', "&quot;")):
        text = text.replace(character, entity)
    return text


def is_question(stanza):
    return stanza.find(f"{{{CONFIRM}}}confirm") is not None


async def asked(server, jid, transaction_id, method="GET", url=ORIGIN + PAGE, resource="orchard",
                within=5.0):
    """The next stanza is the question for this request, to the address that the request gave: by IQ
    to a full one, by message to a bare one. `resource` is what answers for a bare one."""
    stanza = await server.receives(within=within)
    kind = "iq" if "/" in jid else "message"
    assert local(stanza) == kind, f"want an {kind}: {show(stanza)}"
    return check(server, stanza, jid, transaction_id, method, url, resource)


def check(server, stanza, jid, transaction_id, method, url, resource="orchard"):
    assert stanza.get("from") == server.component, show(stanza)
    assert stanza.get("to") == jid, show(stanza)
    confirm = stanza.findall(f"{{{CONFIRM}}}confirm")
    assert len(confirm) == 1 and len(confirm[0]) == 0 and not confirm[0].text, show(stanza)
    assert confirm[0].attrib == {"id": transaction_id, "method": method, "url": url}, show(stanza)
    if local(stanza) == "iq":
        assert stanza.get("type") == "get" and len(stanza) == 1, show(stanza)
    answers = jid if "/" in jid else f"{jid}/{resource}"
    return Question(stanza, answers, transaction_id, method, url)
