"""Room events as messages: what the agent reads, whatever a customer's client (or malice) has put into them."""

import re
from typing import Final

from paradesk.connectors.matrix.room import Room
from paradesk.connectors.matrix.ticket import TYPES
from paradesk.connectors.matrix.wire import (
    ABSENT,
    BareEvent,
    Member,
    MessageContent,
    PlainContent,
    RedactionContent,
    RelatedContent,
    Relation,
    RoomEvent,
    decode_raw,
)
from paradesk.core.model import Attachment, ClientId, ConversationId, Message, MessageId, Role

PART: Final = "~"
"""Marks the transaction ids of a reply's leading attachments: `client~1`, `client~2`; its last part has `client`."""
DELETED_VERSION: Final = 2**62
"""A withdrawal is final: no edit comes after it."""
SAID: Final = ("m.room.message", "m.sticker")
ENCRYPTED: Final = "m.room.encrypted"
UNREADABLE: Final = "a message that cannot be shown: its content is malformed"

_MXC: Final = re.compile(r"mxc://([A-Za-z0-9.:\[\]-]{1,255})/([A-Za-z0-9_=.-]{1,255})")
_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,63}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,63}")
_GUESS: Final = {"m.image": "image/*", "m.audio": "audio/*", "m.video": "video/*"}
_MEDIA: Final = ("m.image", "m.file", "m.audio", "m.video", "m.sticker")


def media_address(url: str) -> tuple[str, str] | None:
    """Return server name and media id of an `mxc://` address, or None when it is not one."""
    found = _MXC.fullmatch(url)
    if found is None or set(found[2]) <= {"."} or set(found[1]) <= {"."}:
        return None
    return found[1], found[2]


def role_of(room: Room, sender: str, msgtype: str = "m.text") -> Role:
    """Return in which role somebody speaks. A notice from staff is a bot's; from a customer it is the customer's."""
    if sender not in room.staff:
        return Role.CUSTOMER
    if sender in room.staff.bots or msgtype == "m.notice":
        return Role.BOT
    return Role.AGENT


def relation_of(event: RoomEvent) -> Relation:
    """Return what an event relates to; an empty relation when to nothing."""
    content = decode_raw(event.content, RelatedContent)
    return (content.relates_to if content else None) or Relation()


def redaction_target(event: RoomEvent) -> str:
    """Return the id of the event that a redaction withdraws, or an empty string."""
    content = decode_raw(event.content, RedactionContent)
    return (content.redacts if content else None) or event.redacts or ""


def edited_body(event: RoomEvent) -> str | None:
    """Return the new text that an edit carries, or None when it carries none."""
    content = decode_raw(event.content, MessageContent)
    if content is None or content.new_content == ABSENT:
        return None
    new = decode_raw(content.new_content, MessageContent)
    return new.body if new else None


def system_line(room: Room, event: RoomEvent | BareEvent, key: int, text: str) -> Message:
    """Return a line that nobody said."""
    return Message(
        id=MessageId(event.event_id),
        conversation_id=ConversationId(room.id),
        role=Role.SYSTEM,
        sender_id=event.sender,
        sender_name=room.name_of(event.sender),
        body=text,
        sent_at=event.time_ms / 1000 if isinstance(event, RoomEvent) else 0.0,
        order_key=key,
    )


def message_of(room: Room, event: RoomEvent | BareEvent | None, key: int) -> Message | None:
    """Return the message that an event is, or None for what is not shown as one (edits, reactions, most state)."""
    if event is None or not event.event_id:
        return None
    if isinstance(event, BareEvent):
        is_message = event.type in (*SAID, ENCRYPTED)
        return system_line(room, event, key, f"{room.name_of(event.sender)}: {UNREADABLE}") if is_message else None
    if event.state_key is not None:
        line = state_line(room, event)
        return system_line(room, event, key, line) if line else None
    if event.type == ENCRYPTED:
        if relation_of(event).rel_type in ("m.replace", "m.annotation"):
            return None
        who = room.name_of(event.sender)
        return system_line(room, event, key, f"{who}: encrypted message: cannot be read here")
    return _said(room, event, key) if event.type in SAID else None


def _said(room: Room, event: RoomEvent, key: int) -> Message | None:
    deleted = event.redacted
    content = MessageContent() if deleted else decode_raw(event.content, MessageContent)
    if content is None:
        plain = decode_raw(event.content, PlainContent)
        if plain is None:
            return system_line(room, event, key, f"{room.name_of(event.sender)}: {UNREADABLE}")
        content = MessageContent(body=plain.body)
    if content.relates_to is not None and content.relates_to.rel_type == "m.replace":
        return None
    msgtype = "m.sticker" if event.type == "m.sticker" else content.msgtype
    body, attachments = _body(room, event, content, msgtype)
    version, edited = 0, False
    edit = decode_raw(event.unsigned.relations.replace, RoomEvent)
    if edit is not None and edit.sender == event.sender and not deleted:
        text = edited_body(edit)
        if text is not None:
            body, version, edited = text, edit.time_ms, True
    transaction = event.unsigned.transaction_id if event.sender == room.staff.me.id else None
    return Message(
        id=MessageId(event.event_id),
        conversation_id=ConversationId(room.id),
        role=role_of(room, event.sender, msgtype),
        sender_id=event.sender,
        sender_name=room.name_of(event.sender),
        body="" if deleted else body,
        sent_at=event.time_ms / 1000,
        order_key=key,
        version=DELETED_VERSION if deleted else version,
        edited=edited,
        deleted=deleted,
        attachments=attachments,
        client_id=ClientId(transaction) if transaction and PART not in transaction else None,
    )


def _body(room: Room, event: RoomEvent, content: MessageContent, msgtype: str) -> tuple[str, tuple[Attachment, ...]]:
    if msgtype in _MEDIA:
        return _media_body(content, msgtype)
    if msgtype == "m.emote":
        return f"* {room.name_of(event.sender)} {content.body}", ()
    if msgtype == "m.location" and content.geo_uri:
        return f"{content.body} ({content.geo_uri})", ()
    return content.body, ()


def _media_body(content: MessageContent, msgtype: str) -> tuple[str, tuple[Attachment, ...]]:
    name = content.filename or content.body or "file"
    caption = content.body if content.filename and content.body != content.filename else ""
    if content.url is None or media_address(content.url) is None:
        why = "encrypted file" if content.file != ABSENT else "file that cannot be fetched"
        return f"[{why}: {name}] {caption}".rstrip(), ()
    facts = content.info
    media_type = (facts.mimetype if facts else None) or ""
    if not _MEDIA_TYPE.fullmatch(media_type):
        media_type = _GUESS.get(msgtype, "application/octet-stream")
    size = facts.size if facts and facts.size is not None and 0 <= facts.size < 2**53 else None
    return caption, (Attachment(id=content.url, name=name, media_type=media_type, size=size),)


def state_line(room: Room, event: RoomEvent) -> str:
    """Return the line that tells of a state event, or an empty string for what needs no telling."""
    if event.type == "m.room.encryption":
        return "encryption was switched on: from here on messages cannot be read or written here"
    if event.type == "m.room.tombstone":
        return "this room was closed; the chat goes on in another"
    if event.type in TYPES and not room.trusted(event.sender):
        field = event.type.rpartition(".")[2]
        return f"{room.name_of(event.sender)} set the ticket's {field}; this is ignored, as they are no agent"
    if event.type != "m.room.member" or not event.state_key:
        return ""
    now = decode_raw(event.content, Member) or Member()
    before = decode_raw(event.unsigned.prev_content, Member) or Member()
    who = now.displayname or before.displayname or room.name_of(event.state_key)
    by = "" if event.sender == event.state_key else f" by {room.name_of(event.sender)}"
    why = f": {now.reason}" if now.reason else ""
    match now.membership, before.membership:
        case "join", "join":
            renamed = now.displayname != before.displayname
            return f"{before.displayname or event.state_key} is now called {who}" if renamed else ""
        case "join", _:
            return f"{who} joined"
        case "invite", _:
            return f"{who} was invited{by}"
        case "leave", "invite":
            return f"the invitation of {who} was withdrawn{by}{why}" if by else f"{who} declined the invitation{why}"
        case "leave", _:
            return f"{who} was removed{by}{why}" if by else f"{who} left{why}"
        case "ban", _:
            return f"{who} was banned{by}{why}"
    return ""
