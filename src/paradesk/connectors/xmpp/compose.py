"""What is sent, as XML; and what a reply becomes before it is. Pure."""

import re
from typing import Final
from urllib.parse import quote
from uuid import uuid4
from xml.etree.ElementTree import Element, SubElement
from xml.sax.saxutils import escape

from paradesk.connectors.base import Prepared, Rejected, Unsupported
from paradesk.connectors.xmpp.chat import OURS, PART
from paradesk.core.intents import CreateConversation, Intent, MarkRead, Send, SetPresence, SetTyping
from paradesk.core.model import ClientId, Visibility

MAX_BODY: Final = 60_000
MAX_ESCAPED: Final = 120_000
"""Bytes of a text once it is XML. Servers take stanzas of 256 kB, and an archive wraps them once more."""
_ILLEGAL: Final = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to carry, not even escaped: one such character ends the connection."""
CLIENT: Final = "{jabber:client}"
HINTS: Final = "{urn:xmpp:hints}"
STATES: Final = "{http://jabber.org/protocol/chatstates}"


def carried(text: str) -> str:
    """Return a text as XML delivers it: line ends as one character, and without what XML cannot carry."""
    return _ILLEGAL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def prepare_text(send: Send) -> Prepared:
    """Return what a reply becomes; raises Rejected for what is too long, or nothing once it is cleaned."""
    text = carried(send.body)
    size = len(text.encode())
    if size > MAX_BODY:
        raise Rejected(f"the text is {size:,} bytes long; XMPP takes at most {MAX_BODY:,}")
    escaped = len(escape(text).encode())
    if escaped > MAX_ESCAPED:
        raise Rejected(f"the text is {escaped:,} bytes long once it is XML; XMPP takes at most {MAX_ESCAPED:,}")
    if send.body and not text.strip():
        raise Rejected("nothing that XMPP can carry is left of the text")
    remarks: list[str] = []
    illegal = len(_ILLEGAL.findall(send.body.replace("\r", "\n")))
    if illegal:
        what = "character that XMPP cannot carry is" if illegal == 1 else "characters that XMPP cannot carry are"
        remarks.append(f"{illegal} {what} left out")
    if text.startswith("/me "):
        remarks.append("a leading “/me” is shown as what you do, not as what you say")
    return Prepared((text,), tuple(remarks))


def refuse_what_is_absent(intent: Intent) -> None:
    """Raise Unsupported for what XMPP has no word for, before anything is looked at."""
    if isinstance(intent, Send) and intent.visibility is not Visibility.PUBLIC:
        raise Unsupported("XMPP has no private notes: everybody in the chat would read it")
    if not isinstance(intent, Send | SetTyping | MarkRead | SetPresence | CreateConversation):
        raise Unsupported("XMPP has no tickets: statuses, priorities, tags and who is responsible are no part of it")


def stanza_id(client_id: ClientId, part: int = 0) -> str:
    """Return the id of a reply's stanza; parts that come before the last have a number."""
    return f"{OURS}{client_id}{PART}{part}" if part else f"{OURS}{client_id}"


def text_message(body: str, identifier: str) -> list[Element]:
    """Return the content of a reply: its text, its origin id, and what asks for receipts and marks."""
    text = Element(f"{CLIENT}body")
    text.text = body
    return [text, *_around(identifier)]


def file_message(url: str, name: str, media_type: str, size: int, identifier: str) -> list[Element]:
    """Return the content of a message that is a file: its address three times over, for old and new clients."""
    body = Element(f"{CLIENT}body")
    body.text = url
    oob = Element("{jabber:x:oob}x")
    SubElement(oob, "{jabber:x:oob}url").text = url
    shared = Element("{urn:xmpp:sfs:0}file-sharing", {"disposition": "attachment"})
    facts = SubElement(shared, "{urn:xmpp:file:metadata:0}file")
    for tag, value in (("name", carried(name)), ("media-type", carried(media_type)), ("size", str(size))):
        SubElement(facts, f"{{urn:xmpp:file:metadata:0}}{tag}").text = value
    sources = SubElement(shared, "{urn:xmpp:sfs:0}sources")
    SubElement(sources, "{http://jabber.org/protocol/url-data}url-data", {"target": url})
    return [body, oob, shared, *_around(identifier)]


def _around(identifier: str) -> list[Element]:
    return [
        Element("{urn:xmpp:sid:0}origin-id", {"id": identifier}),
        Element("{urn:xmpp:receipts}request"),
        Element("{urn:xmpp:chat-markers:0}markable"),
        Element(f"{STATES}active"),
        Element(f"{HINTS}store"),
    ]


def typing(active: bool) -> list[Element]:
    """Return that we type, or have stopped; no archive keeps it."""
    return [Element(f"{STATES}{'composing' if active else 'paused'}"), Element(f"{HINTS}no-store")]


def receipt(reference: str) -> list[Element]:
    """Return that a message has arrived."""
    return [Element("{urn:xmpp:receipts}received", {"id": reference}), Element(f"{HINTS}store")]


def displayed(reference: str) -> list[Element]:
    """Return that everything up to a message has been read."""
    return [Element("{urn:xmpp:chat-markers:0}displayed", {"id": reference}), Element(f"{HINTS}store")]


def enter_room(*, history: bool) -> list[Element]:
    """Return what a presence carries that enters a room; the room's own history is for rooms without an archive."""
    muc = Element("{http://jabber.org/protocol/muc}x")
    SubElement(muc, "{http://jabber.org/protocol/muc}history", {"maxstanzas": "50" if history else "0"})
    return [muc]


def presence(show: str, status: str) -> list[Element]:
    """Return what our presence says."""
    children: list[Element] = []
    for tag, value in (("show", show), ("status", carried(status))):
        if value:
            child = Element(f"{CLIENT}{tag}")
            child.text = value
            children.append(child)
    return children


def slot_request(name: str, size: int, media_type: str) -> Element:
    """Return the request for a place to upload a file to (XEP-0363)."""
    # Servers put the name into an address: what does not belong into one is replaced.
    plain = carried(name).replace("/", "_").replace("\\", "_").strip() or "file"
    while len(quote(plain, safe="").encode()) > 200:
        stem, dot, ending = plain.rpartition(".")
        plain = f"{stem[:-1]}{dot}{ending}" if len(stem) > 1 else plain[1:]
    content = {"filename": plain, "size": str(size), "content-type": carried(media_type) or "application/octet-stream"}
    return Element("{urn:xmpp:http:upload:0}request", content)


def roster_item(jid: str) -> Element:
    """Return the request to keep an address among the contacts, so that the chat is there at the next start."""
    query = Element("{jabber:iq:roster}query")
    SubElement(query, "{jabber:iq:roster}item", {"jid": jid})
    return query


def fresh_id() -> ClientId:
    """Return a client id for a message that the desk has not given one."""
    return ClientId(uuid4().hex)
