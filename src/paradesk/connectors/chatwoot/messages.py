"""Chatwoot's messages as messages of the desk."""

import mimetypes
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

from paradesk.connectors.chatwoot.values import in_words
from paradesk.connectors.chatwoot.wire import (
    NOTHING,
    AttachmentRecord,
    BareMessage,
    ContentAttributes,
    MessageRecord,
    Person,
    attributes_of,
    decode,
    listed,
    members,
    seconds,
)
from paradesk.core.model import Attachment, ClientId, ConversationId, Delivery, Message, MessageId, Role, Visibility

DELETED_VERSION: Final = 2**59
"""A deletion outlasts every other word on a message, whatever the times say."""
_INCOMING: Final = (0, "incoming")
_OUTGOING: Final = (1, "outgoing")
_ACTIVITY: Final = (2, "activity")
_TEMPLATE: Final = (3, "template")
_UNREADABLE: Final = "(this message cannot be shown here: look at it in Chatwoot)"
# Not the machine's own list: a file is of the same type on every desk.
_TYPES: Final = mimetypes.MimeTypes()
_GUESSES: Final = {"image": "image/jpeg", "audio": "audio/mpeg", "video": "video/mp4"}


def message_of(raw: msgspec.Raw, conversation_id: ConversationId, customer_name: str = "") -> Message | None:
    """Return a message of an answer or an event, or None for what is none.

    One with wrong types stands as a line that says so: that somebody wrote must not get lost.
    """
    record = decode(raw, MessageRecord)
    if record is not None:
        return message_from(record, conversation_id, customer_name)
    bare = decode(raw, BareMessage)
    if bare is None:
        return None
    at = decode(bare.created_at, float) or 0.0
    return Message(
        id=MessageId(str(bare.id)),
        conversation_id=conversation_id,
        role=Role.SYSTEM,
        sender_id="",
        sender_name="",
        body=_UNREADABLE,
        sent_at=seconds(at),
        order_key=bare.id,
        visibility=Visibility.NOTE if bare.private is not False else Visibility.PUBLIC,
    )


def message_from(record: MessageRecord, conversation_id: ConversationId, customer_name: str = "") -> Message:
    """Return a readable message as the desk knows it."""
    sender = decode(record.sender, Person) or Person()
    attributes = attributes_of(record.content_attributes)
    role = role_of(record, sender)
    sent_at = seconds(record.created_at)
    deleted = bool(attributes.deleted)
    files = [] if deleted else list(members(listed(record.attachments), AttachmentRecord))
    sender_id = record.sender_id if record.sender_id is not None else sender.id
    failed = record.status == "failed" and role in (Role.AGENT, Role.BOT)
    # Answers do not say when a message was changed: what can only come later than the message counts as later.
    changed = max(seconds(record.updated_at), sent_at) + (
        1.0 if failed or attributes.submitted_values != NOTHING else 0.0
    )
    client_id = record.echo_id or attributes.paradesk_id
    name = sender.shown_name or (customer_name if role is Role.CUSTOMER else "")
    return Message(
        id=MessageId(str(record.id)),
        conversation_id=conversation_id,
        role=role,
        sender_id="" if sender_id is None else str(sender_id),
        sender_name=name or _nameless(record, role),
        body="" if deleted else body_of(record, attributes, files),
        sent_at=sent_at,
        order_key=record.id,
        visibility=Visibility.NOTE if record.private else Visibility.PUBLIC,
        version=DELETED_VERSION if deleted else int(changed * 1000),
        deleted=deleted,
        attachments=tuple(attachment_of(file) for file in files if file.data_url),
        client_id=ClientId(client_id) if client_id and role is Role.AGENT else None,
        delivery=Delivery.FAILED if failed else Delivery.CONFIRMED,
        delivery_reason=(attributes.external_error or "its channel did not take it") if failed else "",
    )


def _nameless(record: MessageRecord, role: Role) -> str:
    if record.message_type in _TEMPLATE:
        return "Chatwoot"
    return {Role.CUSTOMER: "Customer", Role.AGENT: "Agent", Role.BOT: "Bot"}.get(role, "")


def role_of(record: MessageRecord, sender: Person) -> Role:
    """Return who wrote a message. Greetings, surveys, automations and bots do not end the customer's wait."""
    if record.message_type in _INCOMING:
        return Role.CUSTOMER
    if record.message_type in _ACTIVITY:
        return Role.SYSTEM
    kind = (record.sender_type or sender.type or "").lower()
    if record.message_type in _OUTGOING and kind in ("user", "agent"):
        return Role.AGENT
    return Role.BOT


def body_of(record: MessageRecord, attributes: ContentAttributes, files: list[AttachmentRecord]) -> str:
    """Return the text of a message: its content, what it offers to choose from, what was chosen, and places."""
    lines = [record.content or ""]
    lines += _choices(attributes)
    lines += (text for file in files if not file.data_url for text in _without_file(file))
    return "\n".join(filter(None, lines))


def _choices(attributes: ContentAttributes) -> Iterator[str]:
    for raw in attributes.items or ():
        item = decode(raw, dict[str, object]) or {}
        title = in_words(item.get("title") or item.get("label") or item.get("name"))
        if title:
            yield f"• {title}"
    submitted = decode(attributes.submitted_values, list[dict[str, object]]) or []
    for answer in submitted:
        words = in_words(answer.get("title") or answer.get("value"))
        if words:
            yield f"→ {words}"


def _without_file(file: AttachmentRecord) -> Iterator[str]:
    if file.coordinates_lat is not None and file.coordinates_long is not None:
        yield f"[place {file.coordinates_lat:.6f}, {file.coordinates_long:.6f}] {file.fallback_title or ''}".strip()
    else:
        yield f"[{file.fallback_title or file.file_type or 'attachment'}]"


def attachment_of(file: AttachmentRecord) -> Attachment:
    """Return a file of a message. Chatwoot gives its name only as the end of its address, and its type in one word."""
    address = file.data_url or ""
    try:
        name = unquote(urlsplit(address).path.rpartition("/")[2])
    except ValueError:
        name = ""
    if not name:
        name = f"{file.file_type or 'file'}.{file.extension}" if file.extension else file.file_type or "file"
    guessed, _ = _TYPES.guess_type(name)
    media_type = guessed or _GUESSES.get(file.file_type or "", "application/octet-stream")
    size = int(file.file_size) if file.file_size is not None and 0 < file.file_size < 2**53 else None
    return Attachment(id=address, name=name, media_type=media_type, size=size)
