"""What Chatwoot sends, as types: tolerant of what is missing or null, strict about what is there.

Lists stay undecoded (`msgspec.Raw`) until each of their members is asked for, so that one member with wrong types
never spoils the answer that it came in. The same thing looks different in answers and on the websocket; one type here
reads both.
"""

import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec

T = TypeVar("T")

NOTHING: Final = msgspec.Raw(b"null")
"""Stands for a field that is not there. (`Raw | None` would refuse what is there.)"""
MAX_TIME: Final = 2.0**36
"""Unix seconds later than the year 4000: anything above is nonsense, and would overflow calendars further up."""

Stamp = float | str | None
"""A time as Chatwoot writes it: Unix seconds, as a number or a text, or an ISO 8601 text."""
Fields = dict[str, object]


class Person(msgspec.Struct):
    """A contact, a user, a bot: whoever a message or a conversation names."""

    id: int | None = None
    name: str | None = None
    available_name: str | None = None
    email: str | None = None
    phone_number: str | None = None
    identifier: str | None = None
    type: str | None = None
    created_at: Stamp = None
    custom_attributes: Fields | None = None
    additional_attributes: Fields | None = None

    @property
    def shown_name(self) -> str:
        """What to call them, or an empty text."""
        return self.available_name or self.name or self.email or self.phone_number or self.identifier or ""


class Team(msgspec.Struct):
    """A team of the account."""

    id: int
    name: str | None = None


class Inbox(msgspec.Struct):
    """An inbox of the account: one web site, one number, one address."""

    id: int
    name: str | None = None
    channel_type: str | None = None


class AgentRecord(msgspec.Struct):
    """A member of `GET /agents`."""

    id: int
    name: str | None = None
    available_name: str | None = None
    email: str | None = None
    availability_status: str | None = None


class Membership(msgspec.Struct):
    """One account that a user belongs to."""

    id: int
    role: str | None = None
    availability: str | None = None


class Profile(msgspec.Struct):
    """Answer of `GET /profile`. `pubsub_token` is the websocket's credential."""

    id: int
    pubsub_token: str
    name: str | None = None
    available_name: str | None = None
    email: str | None = None
    accounts: list[Membership] = []


class AttachmentRecord(msgspec.Struct):
    """A file of a message, or something that is sent like one (a place, a contact card)."""

    id: int | None = None
    file_type: str | None = None
    data_url: str | None = None
    file_size: float | None = None
    extension: str | None = None
    fallback_title: str | None = None
    coordinates_lat: float | None = None
    coordinates_long: float | None = None


class MessageRecord(msgspec.Struct):
    """A message of a conversation."""

    id: int
    message_type: int | str
    conversation_id: int | None = None
    account_id: int | None = None
    content: str | None = None
    created_at: Stamp = None
    updated_at: Stamp = None
    private: bool | None = None
    status: str | None = None
    content_type: str | None = None
    content_attributes: msgspec.Raw = NOTHING
    echo_id: str | None = None
    sender_type: str | None = None
    sender_id: int | None = None
    sender: msgspec.Raw = NOTHING
    attachments: msgspec.Raw = NOTHING


class BareMessage(msgspec.Struct):
    """What can be said of a message whose other fields have wrong types."""

    id: int
    conversation_id: int | None = None
    account_id: int | None = None
    private: bool | None = None
    created_at: msgspec.Raw = NOTHING


class ContentAttributes(msgspec.Struct):
    """What a message carries beside its text. `paradesk_id` is ours: the client id of a reply of this desk."""

    deleted: bool | None = None
    paradesk_id: str | None = None
    external_error: str | None = None
    items: list[msgspec.Raw] | None = None
    submitted_values: msgspec.Raw = NOTHING


class Meta(msgspec.Struct):
    """What a conversation names: its contact, who answers it."""

    sender: Person | None = None
    assignee: Person | None = None
    assignee_type: str | None = None
    team: Team | None = None
    channel: str | None = None


class ConversationRecord(msgspec.Struct):
    """A conversation; `id` is the number that people see (`display_id`)."""

    id: int
    status: str
    account_id: int | None = None
    inbox_id: int | None = None
    meta: Meta = msgspec.field(default_factory=Meta)
    can_reply: bool | None = None
    channel: str | None = None
    labels: list[str] | None = None
    priority: str | None = None
    snoozed_until: Stamp = None
    waiting_since: Stamp = None
    contact_last_seen_at: Stamp = None
    last_activity_at: Stamp = None
    created_at: Stamp = None
    updated_at: Stamp = None
    custom_attributes: Fields | None = None
    additional_attributes: Fields | None = None
    messages: msgspec.Raw = NOTHING
    last_non_activity_message: msgspec.Raw = NOTHING


class Listing(msgspec.Struct):
    """`data` of `GET /conversations`."""

    payload: list[msgspec.Raw] = []


class ConversationList(msgspec.Struct):
    """Answer of `GET /conversations`."""

    data: Listing


class Payload(msgspec.Struct):
    """Any answer that is a list under `payload`."""

    payload: list[msgspec.Raw]


class Labels(msgspec.Struct):
    """Answer of `GET` and `POST …/labels`."""

    payload: list[str]


class Toggled(msgspec.Struct):
    """`payload` of the answer of `toggle_status`."""

    success: bool | None = None
    current_status: str | None = None


class ToggleAnswer(msgspec.Struct):
    """Answer of `POST …/toggle_status`."""

    payload: Toggled


class ContactAnswer(msgspec.Struct):
    """Answer of `GET /contacts/{id}`."""

    payload: Person


class CannedRecord(msgspec.Struct):
    """A member of `GET /canned_responses`."""

    id: int
    short_code: str | None = None
    content: str | None = None


class MacroAction(msgspec.Struct):
    """One step of a macro."""

    action_name: str
    action_params: msgspec.Raw = NOTHING


class Macro(msgspec.Struct):
    """A member of `GET /macros`."""

    id: int
    name: str | None = None
    actions: list[msgspec.Raw] = []


class Trouble(msgspec.Struct):
    """The body of a refusal, in each of the shapes that occur."""

    error: object = None
    message: object = None
    errors: object = None
    description: object = None

    @property
    def words(self) -> str:
        """The first of them that is a text."""
        for value in (self.error, self.message, self.description, self.errors):
            found = value[0] if isinstance(value, list) and value else value
            if isinstance(found, str) and found:
                return found
        return ""


class Frame(msgspec.Struct):
    """One frame of the websocket."""

    type: str | None = None
    identifier: str | None = None
    message: msgspec.Raw = NOTHING
    reason: str | None = None
    reconnect: bool | None = None


class Broadcast(msgspec.Struct):
    """The message in a frame: the name of what happened, and what it is about."""

    event: str
    data: msgspec.Raw = NOTHING


class Owner(msgspec.Struct):
    """The part of an event's data that says whose it is."""

    account_id: int | None = None


class Typing(msgspec.Struct):
    """Data of `conversation.typing_on` and `.typing_off`."""

    conversation: ConversationRecord
    user: Person
    is_private: bool | None = None


class PresenceUpdate(msgspec.Struct):
    """Data of `presence.update`: who is there, as texts `online` or `busy` by id."""

    users: dict[str, str] = {}


class Merge(msgspec.Struct):
    """Data of `contact.merged`, as far as it names a contact."""

    id: int | None = None
    name: str | None = None


def decode(raw: msgspec.Raw | bytes | str, kind: type[T]) -> T | None:
    """Return the JSON as this type, or None when it is none or its types are wrong."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, OverflowError):
        return None


def members(raws: Iterable[msgspec.Raw], kind: type[T]) -> Iterator[T]:
    """Yield those members of a list that can be read."""
    for raw in raws:
        found = decode(raw, kind)
        if found is not None:
            yield found


def listed(raw: msgspec.Raw) -> list[msgspec.Raw]:
    """Return a field that should be a list, undecoded; nothing where it is something else."""
    return decode(raw, list[msgspec.Raw]) or []


def attributes_of(raw: msgspec.Raw) -> ContentAttributes:
    """Return what a message carries; some versions write the object as a text."""
    text = decode(raw, str)
    return decode(raw if text is None else text, ContentAttributes) or ContentAttributes()


def seconds(stamp: Stamp) -> float:
    """Return a time in Unix seconds; 0 for none, and for what is no time."""
    if isinstance(stamp, str):
        try:
            at = float(stamp)
        except ValueError:
            at = _from_iso(stamp)
    else:
        at = float(stamp or 0.0)
    return at if math.isfinite(at) and 0.0 < at < MAX_TIME else 0.0


def _from_iso(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text.strip().replace(" UTC", "+00:00"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def shape_of(raw: bytes | msgspec.Raw | str, limit: int = 400) -> str:
    """Return what a payload looks like without what it says: names and numbers, of each text only its length."""
    value = decode(raw, object)
    shown = (
        repr(_shape(value)) if value is not None else f"{len(bytes(raw) if not isinstance(raw, str) else raw)} bytes"
    )
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _shape(value: object, depth: int = 0) -> object:
    if isinstance(value, str):
        return f"<text {len(value)}>"
    if depth > 4:
        return "…"
    if isinstance(value, dict):
        return {str(key)[:40]: _shape(item, depth + 1) for key, item in list(value.items())[:40]}
    if isinstance(value, list):
        return [_shape(item, depth + 1) for item in value[:3]] + (["…"] if len(value) > 3 else [])
    return value
