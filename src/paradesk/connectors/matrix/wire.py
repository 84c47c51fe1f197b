"""What the client-server API sends, as types: tolerant of what is missing, strict about what is there.

Each event stays undecoded (`msgspec.Raw`) until somebody asks for it, so that one event with wrong types, which any
customer can send, never spoils the answer that it came in.
"""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

T = TypeVar("T")

EMPTY = msgspec.Raw(b"{}")
ABSENT = msgspec.Raw(b"null")
"""Stands for a field that is not there. (`Raw | None` would refuse what is there.)"""
MAX_TIME_MS = 2**47
"""Later than year 6000: anything above is nonsense, and would overflow calendars further up."""


class Login(msgspec.Struct):
    """Answer of `POST /login`."""

    access_token: str
    user_id: str
    device_id: str = ""


class Whoami(msgspec.Struct):
    """Answer of `GET /account/whoami`."""

    user_id: str
    device_id: str = ""


class Trouble(msgspec.Struct):
    """The body of every refusal."""

    errcode: str = ""
    error: str = ""
    retry_after_ms: float | None = None
    soft_logout: bool = False


class EventId(msgspec.Struct):
    """Answer of every send."""

    event_id: str


class RoomId(msgspec.Struct):
    """Answer of `POST /createRoom` and `POST /join`."""

    room_id: str


class ContentUri(msgspec.Struct):
    """Answer of an upload."""

    content_uri: str


class MediaLimits(msgspec.Struct):
    """Answer of `GET /media/config`."""

    upload: int | None = msgspec.field(name="m.upload.size", default=None)


class DisplayName(msgspec.Struct):
    """Answer of `GET /profile/{user}/displayname`."""

    displayname: str | None = None


class Bundled(msgspec.Struct):
    """Relations that the server aggregated onto an event."""

    replace: msgspec.Raw = msgspec.field(name="m.replace", default=EMPTY)


class Unsigned(msgspec.Struct):
    """What the server adds to an event."""

    transaction_id: str | None = None
    redacted_because: msgspec.Raw = ABSENT
    prev_content: msgspec.Raw = EMPTY
    relations: Bundled = msgspec.field(name="m.relations", default_factory=Bundled)


class RoomEvent(msgspec.Struct):
    """One event of a room. `content` is whatever its sender wrote; decode it with `decode_raw`."""

    type: str
    sender: str
    event_id: str = ""
    origin_server_ts: int = 0
    state_key: str | None = None
    content: msgspec.Raw = EMPTY
    redacts: str | None = None
    room_id: str = ""
    """Told by search only."""
    unsigned: Unsigned = msgspec.field(default_factory=Unsigned)

    @property
    def redacted(self) -> bool:
        """Its content was withdrawn."""
        return self.unsigned.redacted_because != ABSENT

    @property
    def time_ms(self) -> int:
        """The server's time in milliseconds, forced into a range that calendars know."""
        return max(0, min(self.origin_server_ts, MAX_TIME_MS))


class BareEvent(msgspec.Struct):
    """What can be said of an event whose other fields have wrong types."""

    event_id: str
    sender: str = ""
    type: str = ""


class Relation(msgspec.Struct):
    """`m.relates_to` of an event."""

    rel_type: str = ""
    event_id: str = ""


class FileFacts(msgspec.Struct):
    """`info` of a media message."""

    mimetype: str | None = None
    size: int | None = None


class MessageContent(msgspec.Struct):
    """Content of `m.room.message` and `m.sticker`. The formatted body is not even looked at."""

    body: str = ""
    msgtype: str = "m.text"
    url: str | None = None
    file: msgspec.Raw = ABSENT
    filename: str | None = None
    info: FileFacts | None = None
    geo_uri: str | None = None
    new_content: msgspec.Raw = msgspec.field(name="m.new_content", default=ABSENT)
    relates_to: Relation | None = msgspec.field(name="m.relates_to", default=None)


class PlainContent(msgspec.Struct):
    """The readable part of a message whose other fields have wrong types."""

    body: str


class RelatedContent(msgspec.Struct):
    """The readable part of any content: what it relates to."""

    relates_to: Relation | None = msgspec.field(name="m.relates_to", default=None)


class RedactionContent(msgspec.Struct):
    """Content of `m.room.redaction`, where newer rooms keep the target."""

    redacts: str | None = None


class Member(msgspec.Struct):
    """Content of `m.room.member`."""

    membership: str = ""
    displayname: str | None = None
    reason: str | None = None


class RoomName(msgspec.Struct):
    """Content of `m.room.name`."""

    name: str = ""


class Create(msgspec.Struct):
    """Content of `m.room.create`."""

    room_version: str = "1"
    type: str | None = None
    additional_creators: list[str] = []


class PowerLevels(msgspec.Struct):
    """Content of `m.room.power_levels`."""

    users: dict[str, int] = {}
    events: dict[str, int] = {}
    users_default: int = 0
    events_default: int = 0
    state_default: int = 50
    invite: int = 0


class Events(msgspec.Struct):
    """A list of events, each still to be decoded."""

    events: list[msgspec.Raw] = []


class Timeline(msgspec.Struct):
    """The newest events of a room; `limited` says that older ones of the same stretch were left out."""

    events: list[msgspec.Raw] = []
    limited: bool = False
    prev_batch: str | None = None


class JoinedRoom(msgspec.Struct):
    """One room of ours in a sync answer."""

    state: Events = msgspec.field(default_factory=Events)
    timeline: Timeline = msgspec.field(default_factory=Timeline)
    ephemeral: Events = msgspec.field(default_factory=Events)


class InvitedRoom(msgspec.Struct):
    """One room that somebody asks us into; only stripped state is known."""

    invite_state: Events = msgspec.field(default_factory=Events)


class LeftRoom(msgspec.Struct):
    """One room that is no longer ours."""

    timeline: Timeline = msgspec.field(default_factory=Timeline)


class Rooms(msgspec.Struct):
    """The rooms of a sync answer."""

    join: dict[str, JoinedRoom] = {}
    invite: dict[str, InvitedRoom] = {}
    leave: dict[str, LeftRoom] = {}


class Sync(msgspec.Struct):
    """Answer of `GET /sync`."""

    next_batch: str
    rooms: Rooms = msgspec.field(default_factory=Rooms)
    presence: Events = msgspec.field(default_factory=Events)


class MessagesPage(msgspec.Struct):
    """Answer of `GET /rooms/{id}/messages`; no `end` means that there is nothing further."""

    chunk: list[msgspec.Raw] = []
    end: str | None = None


class EventContext(msgspec.Struct):
    """Answer of `GET /rooms/{id}/context/{event}`."""

    start: str | None = None
    events_before: list[msgspec.Raw] = []


class Chunk(msgspec.Struct):
    """Answer of `GET /rooms/{id}/members`."""

    chunk: list[msgspec.Raw] = []


class EphemeralEvent(msgspec.Struct):
    """Something that passes (typing, read marks): it has neither sender nor id."""

    type: str
    content: msgspec.Raw = EMPTY


class PresenceEvent(msgspec.Struct):
    """Whether somebody is there."""

    type: str
    sender: str = ""
    content: msgspec.Raw = EMPTY


class PresenceContent(msgspec.Struct):
    """Content of `m.presence`."""

    presence: str
    status_msg: str | None = None


class CannedContent(msgspec.Struct):
    """The agent's account data with canned responses, each still to be decoded."""

    responses: list[msgspec.Raw] = []


class CannedEntry(msgspec.Struct):
    """One canned response."""

    body: str
    id: str = ""
    title: str = ""
    shortcut: str = ""
    language: str = ""


class SearchHit(msgspec.Struct):
    """One event that a search found."""

    result: msgspec.Raw = EMPTY


class SearchEvents(msgspec.Struct):
    """What a search found, best first, each still to be decoded."""

    results: list[msgspec.Raw] = []


class SearchCategories(msgspec.Struct):
    """The categories of a search's answer."""

    room_events: SearchEvents = msgspec.field(default_factory=SearchEvents)


class SearchAnswer(msgspec.Struct):
    """Answer of `POST /search`."""

    categories: SearchCategories = msgspec.field(name="search_categories", default_factory=SearchCategories)


class TypingUsers(msgspec.Struct):
    """Content of `m.typing`."""

    user_ids: list[str] = []


def decode_raw(raw: msgspec.Raw | bytes, kind: type[T], *, strict: bool = True) -> T | None:
    """Return the JSON as this type, or None when its types are wrong. Not strict: numbers may be written as strings."""
    try:
        return msgspec.json.decode(raw, type=kind, strict=strict)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def decode_events(raws: Iterable[msgspec.Raw]) -> Iterator[RoomEvent | BareEvent | None]:
    """Yield each event as a whole, as a bare one when some field is unreadable, or as None when all of it is."""
    for raw in raws:
        yield decode_raw(raw, RoomEvent) or decode_raw(raw, BareEvent)
