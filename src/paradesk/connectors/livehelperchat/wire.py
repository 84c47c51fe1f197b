"""What Live Helper Chat answers, as values: only the fields that are needed, whatever types PHP gave them.

A chat's `hash` is its visitor's credential, and operators come with their password's hash. Neither is ever read here, so
that neither can be kept, shown or logged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import msgspec

from paradesk.connectors.loose import Row, number, row_of, rows_of, text, truth


class ChatStatus(IntEnum):
    """`status` of a chat."""

    PENDING = 0
    ACTIVE = 1
    CLOSED = 2
    CHATBOX = 3
    OPERATORS = 4
    BOT = 5


ON_HOLD: Final = 8
"""`status_sub` of a chat that waits for the visitor."""
VISITOR, SYSTEM, BOT = 0, -1, -2
"""`user_id` of a message that no operator wrote."""
READ, REJECTED = 3, 4
"""`del_st` of a message: 0 pending, 1 sent, 2 delivered, 3 read, 4 rejected."""


def nested(value: str) -> object:
    """Return the JSON inside a text field, or None where it is none."""
    try:
        return msgspec.json.decode(value) if value else None
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


@dataclass(frozen=True, slots=True)
class ChatRow:
    """One chat, without its messages."""

    id: int
    status: int
    on_hold: bool
    owner: int
    """Id of the operator who has it, or 0."""
    owner_name: str
    nick: str
    email: str
    phone: str
    department: int
    department_name: str
    priority: int
    subjects: tuple[str, ...]
    created_at: int
    online_user: int
    """Id of the visitor's browser, or 0."""
    language: str
    facts: tuple[tuple[str, str], ...]
    """What else is known of the visitor: label and text."""
    typing: bool
    typing_text: str
    stamp: tuple[int, int, int]
    """Changes with each message, but for the row being written back by somebody else (see `docs/livehelperchat.md`)."""
    transferred_by: int


def chat_row(row: Row) -> ChatRow | None:
    """Return a chat, or None for what has no id or no status."""
    chat_id, status = number(row, "id"), number(row, "status", -1)
    if chat_id <= 0 or status < 0:
        return None
    subjects = (text(subject, "name") for subject in rows_of(row.get("subject")))
    return ChatRow(
        id=chat_id,
        status=status,
        on_hold=number(row, "status_sub") == ON_HOLD,
        owner=max(0, number(row, "user_id")),
        owner_name=text(row, "plain_user_name"),
        nick=text(row, "nick").strip(),
        email=text(row, "email").strip(),
        phone=text(row, "phone").strip(),
        department=number(row, "dep_id"),
        department_name=text(row, "department_name"),
        priority=number(row, "priority"),
        subjects=tuple(name for name in subjects if name),
        created_at=number(row, "time"),
        online_user=max(0, number(row, "online_user_id")),
        language=text(row, "chat_locale"),
        facts=tuple(_facts(row)),
        typing=truth(row, "is_user_typing"),
        typing_text=text(row, "user_typing_txt"),
        stamp=(number(row, "last_msg_id"), number(row, "last_user_msg_time"), number(row, "last_op_msg_time")),
        transferred_by=max(0, number(row, "transfer_uid")),
    )


_LABELS: Final = {
    "country_name": "country",
    "city": "city",
    "user_tz_identifier": "time zone",
    "referrer": "page",
    "session_referrer": "came from",
    "remarks": "remarks",
}


def _facts(row: Row) -> Iterator[tuple[str, str]]:
    for column, label in _LABELS.items():
        if value := text(row, column).strip():
            yield label, value
    for extra in rows_of(nested(text(row, "additional_data"))):
        label, value = text(extra, "key") or text(extra, "identifier"), text(extra, "value")
        if label and value:
            yield label, value


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that belongs to a message."""

    id: int
    hash: str
    name: str
    media_type: str
    size: int
    """Bytes; below zero where the server does not say."""


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message."""

    id: int
    author: int
    """0 the visitor, above 0 an operator, -1 the system, -2 a bot."""
    name: str
    body: str
    at: int
    state: int
    """`del_st`."""
    whisper: bool
    accepts: int
    """Above 0: the system says here that this operator accepted the chat, which their message before this one did."""
    widget_only: str
    """What the widget shows in the place of a text, such as `quick_replies`."""
    files: tuple[FileRow, ...]


def message_row(row: Row, chat_id: int) -> MessageRow | None:
    """Return a message of this chat, or None for what has no id or belongs to another chat."""
    message_id = number(row, "id")
    if message_id <= 0 or number(row, "chat_id", chat_id) != chat_id:
        return None
    content = row_of(row_of(nested(text(row, "meta_msg"))).get("content"))
    accepted = row_of(content.get("accept_action"))
    by_message = any(word in ("op_pnd_msg", "op_bot_msg") for word in _words(accepted.get("ol")))
    shown = next((name for name in content if name not in ("whisper", "accept_action", "debug")), "")
    return MessageRow(
        id=message_id,
        author=number(row, "user_id", SYSTEM),
        name=text(row, "name_support"),
        body=text(row, "msg"),
        at=number(row, "time"),
        state=number(row, "del_st"),
        whisper=truth(content, "whisper"),
        accepts=number(accepted, "user_id") if by_message else 0,
        widget_only=shown if isinstance(shown, str) else "",
        files=tuple(found for media in rows_of(row.get("media")) if (found := file_row(media)) is not None),
    )


def _words(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def file_row(row: Row) -> FileRow | None:
    """Return a file, or None for what has no id."""
    file_id = number(row, "id")
    if file_id <= 0:
        return None
    return FileRow(
        file_id,
        text(row, "hash") or text(row, "security_hash"),
        text(row, "upload_name"),
        text(row, "type") or "application/octet-stream",
        number(row, "size", -1),
    )


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """One operator."""

    id: int
    name: str
    email: str
    online: bool
    invisible: bool


def operator_row(row: Row) -> OperatorRow | None:
    """Return an operator from their own record, or None for what has no id."""
    user_id = number(row, "id")
    if user_id <= 0:
        return None
    full = f"{text(row, 'name').strip()} {text(row, 'surname').strip()}".strip()
    name = text(row, "chat_nickname").strip() or full or text(row, "username") or f"operator {user_id}"
    return OperatorRow(user_id, name, text(row, "email"), not truth(row, "hide_online"), truth(row, "invisible_mode"))


@dataclass(frozen=True, slots=True)
class TransferRow:
    """One chat that is offered to us by the mobile interface's list."""

    id: int
    chat_id: int
    by: int


def transfer_row(row: Row) -> TransferRow | None:
    """Return an offered chat, or None for an offered mail or what has no ids."""
    # Offered mails come in the same list with a scope of 1.
    transfer_id, chat_id = number(row, "transfer_id"), number(row, "id")
    if transfer_id <= 0 or chat_id <= 0 or number(row, "transfer_scope"):
        return None
    return TransferRow(transfer_id, chat_id, number(row, "transfer_user_id"))
