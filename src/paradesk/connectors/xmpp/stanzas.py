"""What arrives on the stream, as values. Pure and total: any element gives a value or None, and nothing raises.

A stanza is written by whoever sent it. Only what the server adds is believed, and only where it says it itself: archive
results and carbons are judged by the address that they come from, which the server does not let anybody forge.
"""

import mimetypes
import posixpath
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

CLIENT: Final = "{jabber:client}"
MAX_ID: Final = 1000
"""Characters of the longest id that is taken for one."""
MAX_URL: Final = 4000
MAX_MS: Final = 2**47
"""Later than year 6000: anything above is nonsense."""
_ENCRYPTIONS: Final = {
    "{eu.siacs.conversations.axolotl}encrypted": "OMEMO",
    "{urn:xmpp:omemo:1}encrypted": "OMEMO",
    "{urn:xmpp:omemo:2}encrypted": "OMEMO",
    "{urn:xmpp:openpgp:0}openpgp": "OpenPGP",
    "{jabber:x:encrypted}x": "OpenPGP",
}
_PAYLOADS: Final = ("{eu.siacs.conversations.axolotl}payload", "{urn:xmpp:omemo:1}payload", "{urn:xmpp:omemo:2}payload")
_STATES: Final = "{http://jabber.org/protocol/chatstates}"
_MUC_USER: Final = "{http://jabber.org/protocol/muc#user}"


@dataclass(frozen=True, slots=True)
class FileLink:
    """A file that a message points to."""

    url: str
    name: str
    media_type: str
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stanza:
    """One message stanza. Empty fields were not there, or made no sense."""

    kind: str = "normal"
    """`chat`, `normal`, `groupchat`, `error` or `headline`."""
    sender: str = ""
    to: str = ""
    id: str = ""
    """What its sender calls it: the origin id, or the stanza's own."""
    archived_as: dict[str, str] = field(default_factory=dict)
    """Archive → id there, as the server noted on the way."""
    body: str = ""
    subject: str | None = None
    files: tuple[FileLink, ...] = ()
    replaces: str = ""
    retracts: str = ""
    moderated: bool = False
    """The retraction is the room's, not the author's."""
    withdrawn: bool = False
    """A tombstone: the archive has lost the text on its author's wish."""
    displayed: str = ""
    wants_receipt: bool = False
    markable: bool = False
    state: str = ""
    encryption: str = ""
    real_jid: str = ""
    occupant_id: str = ""
    sent_at: float | None = None
    """Unix seconds, where a server says that it was delayed."""
    error: Element | None = None

    @property
    def lasting(self) -> bool:
        """It belongs into a transcript, or changes one: an archive keeps it."""
        said = bool(self.body or self.files or self.encryption or self.subject is not None)
        return said or bool(self.replaces or self.retracts or self.displayed) or self.kind == "error"


@dataclass(frozen=True, slots=True)
class Archived:
    """One result of an archive query."""

    query: str
    id: str
    at: float
    """Unix seconds, as the archive says."""
    stanza: Stanza


@dataclass(frozen=True, slots=True)
class Occupancy:
    """One presence: of a contact, or of an occupant of a room."""

    sender: str
    kind: str = ""
    """Empty for “is there”; `unavailable`, `error`, …"""
    show: str = ""
    status: str = ""
    codes: frozenset[str] = frozenset()
    real_jid: str = ""
    nick: str = ""
    occupant_id: str = ""
    error: Element | None = None


def local_name(element: Element) -> str:
    """Return a tag without its namespace; empty for comments and the like."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _text(element: Element | None) -> str:
    return "" if element is None else (element.text or "")


def _id(element: Element | None, name: str = "id") -> str:
    value = "" if element is None else element.get(name, "")
    return value if len(value) <= MAX_ID else ""


def parse_time(stamp: str) -> float | None:
    """Return an XEP-0082 time as Unix seconds, or None where it makes no sense."""
    try:
        when = datetime.fromisoformat(stamp.strip())
        at = when.replace(tzinfo=when.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError):
        return None
    return at if 0 <= at * 1000 <= MAX_MS else None


def decode_message(xml: Element) -> Stanza:
    """Return a message stanza as a value."""
    replace = xml.find("{urn:xmpp:message-correct:0}replace")
    displayed = xml.find("{urn:xmpp:chat-markers:0}displayed")
    retracts, moderated = _retraction(xml)
    body, files = _content(xml)
    subject = xml.find(f"{CLIENT}subject")
    kind = xml.get("type", "normal")
    item = xml.find(f"{_MUC_USER}x/{_MUC_USER}item")
    tombstones = ("{urn:xmpp:message-retract:0}retracted", "{urn:xmpp:message-retract:1}retracted")
    return Stanza(
        kind=kind if kind in ("chat", "groupchat", "error", "headline") else "normal",
        sender=xml.get("from", ""),
        to=xml.get("to", ""),
        id=_id(xml.find("{urn:xmpp:sid:0}origin-id")) or _id(xml),
        archived_as={
            by: _id(found)
            for found in xml.findall("{urn:xmpp:sid:0}stanza-id")
            if (by := found.get("by")) and _id(found)
        },
        body=body,
        subject=None if subject is None else _text(subject),
        files=files,
        replaces=_id(replace),
        retracts=retracts,
        moderated=moderated,
        withdrawn=any(xml.find(tag) is not None for tag in tombstones),
        displayed=_id(displayed),
        wants_receipt=xml.find("{urn:xmpp:receipts}request") is not None,
        markable=xml.find("{urn:xmpp:chat-markers:0}markable") is not None,
        state=next((local_name(child) for child in xml if str(child.tag).startswith(_STATES)), ""),
        encryption=_encryption(xml),
        real_jid="" if item is None else item.get("jid", ""),
        occupant_id=_id(xml.find("{urn:xmpp:occupant-id:0}occupant-id")),
        sent_at=_delay(xml),
        error=xml if kind == "error" else None,
    )


def _retraction(xml: Element) -> tuple[str, bool]:
    """Return the id of what is withdrawn, and whether a moderator did it: both generations of XEP-0424 and XEP-0425."""
    plain = xml.find("{urn:xmpp:message-retract:1}retract")
    if plain is not None:
        return _id(plain), plain.find("{urn:xmpp:message-moderate:1}moderated") is not None
    fastened = xml.find("{urn:xmpp:fasten:0}apply-to")
    if fastened is None:
        return "", False
    moderated = fastened.find("{urn:xmpp:message-moderate:0}moderated")
    where = fastened if moderated is None else moderated
    if where.find("{urn:xmpp:message-retract:0}retract") is None:
        return "", False
    return _id(fastened), moderated is not None


def _encryption(xml: Element) -> str:
    """Return what the text is encrypted with; empty for plain text, and for mere exchanges of keys."""
    for child in xml:
        name = _ENCRYPTIONS.get(str(child.tag))
        if name == "OMEMO":
            return name if any(child.find(f".//{tag}") is not None for tag in _PAYLOADS) else ""
        if name:
            return name
    named = xml.find("{urn:xmpp:eme:0}encryption")
    return "" if named is None else named.get("name", "")[:40] or "an encryption of its own"


def _delay(xml: Element) -> float | None:
    return parse_time(delay.get("stamp", "")) if (delay := xml.find("{urn:xmpp:delay}delay")) is not None else None


def _content(xml: Element) -> tuple[str, tuple[FileLink, ...]]:
    """Return text and files; a text that is only the address of a file is no text."""
    body = _text(xml.find(f"{CLIENT}body"))
    links: dict[str, FileLink] = {}
    for shared in xml.findall("{urn:xmpp:sfs:0}file-sharing"):
        link = _shared(shared)
        if link is not None:
            links.setdefault(link.url, link)
    for found in xml.findall("{jabber:x:oob}x"):
        url = _text(found.find("{jabber:x:oob}url")).strip()
        if _fetchable(url):
            links.setdefault(url, FileLink(url, name_in(url), guessed_type(name_in(url))))
    return ("" if body.strip() in links else body), tuple(links.values())


def _shared(element: Element) -> FileLink | None:
    """Return a file shared by XEP-0447, which says more of it than an address."""
    target = element.find(".//{http://jabber.org/protocol/url-data}url-data")
    url = "" if target is None else target.get("target", "").strip()
    if not _fetchable(url):
        return None
    facts = element.find("{urn:xmpp:file:metadata:0}file")
    if facts is None:
        return FileLink(url, name_in(url), guessed_type(name_in(url)))
    name = _text(facts.find("{urn:xmpp:file:metadata:0}name"))[:500] or name_in(url)
    media_type = _text(facts.find("{urn:xmpp:file:metadata:0}media-type"))[:200] or guessed_type(name)
    size = _text(facts.find("{urn:xmpp:file:metadata:0}size")).strip()
    return FileLink(url, name, media_type, int(size) if size.isascii() and size.isdigit() and len(size) < 16 else None)


def _fetchable(url: str) -> bool:
    return url.startswith(("https://", "http://")) and len(url) <= MAX_URL and not any(map(str.isspace, url))


def name_in(url: str) -> str:
    """Return the name of a file from its address."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return "file"
    return unquote(posixpath.basename(path), errors="replace")[:500] or "file"


def guessed_type(name: str) -> str:
    """Return a media type from the ending of a name."""
    return mimetypes.guess_type(name, strict=True)[0] or "application/octet-stream"


def carbon_of(xml: Element, me: str) -> Element | None:
    """Return the message inside a carbon copy of our own account; None for anything else, forged carbons too."""
    for tag in ("received", "sent"):
        inner = xml.find(f"{{urn:xmpp:carbons:2}}{tag}/{{urn:xmpp:forward:0}}forwarded/{CLIENT}message")
        if inner is not None:
            return inner if xml.get("from", "") == me else None
    return None


def is_carbon(xml: Element) -> bool:
    """Tell whether this claims to be a carbon copy."""
    return any(xml.find(f"{{urn:xmpp:carbons:2}}{tag}") is not None for tag in ("received", "sent"))


def says_bookmarks_changed(xml: Element, me: str) -> bool:
    """Tell whether our own account says that a device of ours changed the bookmarks."""
    items = xml.find("{http://jabber.org/protocol/pubsub#event}event/{http://jabber.org/protocol/pubsub#event}items")
    return items is not None and items.get("node") == "urn:xmpp:bookmarks:1" and xml.get("from", "") == me


def archived_in(xml: Element) -> Archived | None:
    """Return the result of an archive query that this message carries, or None."""
    result = xml.find("{urn:xmpp:mam:2}result")
    forwarded = None if result is None else result.find("{urn:xmpp:forward:0}forwarded")
    if result is None or forwarded is None:
        return None
    inner = forwarded.find(f"{CLIENT}message")
    at = _delay(forwarded)
    stanza = Stanza() if inner is None else decode_message(inner)
    return Archived(result.get("queryid", ""), _id(result), 0.0 if at is None else at, stanza)


def decode_presence(xml: Element) -> Occupancy:
    """Return a presence as a value."""
    x = xml.find(f"{_MUC_USER}x")
    item = None if x is None else x.find(f"{_MUC_USER}item")
    codes = frozenset() if x is None else frozenset(found.get("code", "") for found in x.findall(f"{_MUC_USER}status"))
    return Occupancy(
        sender=xml.get("from", ""),
        kind=xml.get("type", ""),
        show=_text(xml.find(f"{CLIENT}show")).strip(),
        status=_text(xml.find(f"{CLIENT}status")),
        codes=codes,
        real_jid="" if item is None else item.get("jid", ""),
        nick="" if item is None else item.get("nick", ""),
        occupant_id=_id(xml.find("{urn:xmpp:occupant-id:0}occupant-id")),
        error=xml if xml.get("type") == "error" else None,
    )
