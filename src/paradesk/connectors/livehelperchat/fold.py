"""Chats and messages of Live Helper Chat as the desk knows such things."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from paradesk.connectors.livehelperchat.text import as_written
from paradesk.connectors.livehelperchat.wire import (
    BOT,
    REJECTED,
    SYSTEM,
    VISITOR,
    ChatRow,
    ChatStatus,
    FileRow,
    MessageRow,
    OperatorRow,
)
from paradesk.core.model import (
    Agent,
    Attachment,
    Conversation,
    ConversationId,
    Customer,
    Delivery,
    EarlierConversation,
    Message,
    MessageId,
    Offer,
    Presence,
    Priority,
    Role,
    Status,
    Visibility,
)

CLOSED_REASON: Final = "the chat is closed: its visitor can no longer answer"
HIGH, URGENT = 1, 10
"""From which of the server's numbers on a chat counts as high and as urgent; below zero is low."""
NUMBERS: Final = {Priority.LOW: -1, Priority.NORMAL: 0, Priority.HIGH: HIGH, Priority.URGENT: URGENT}
_FILE_TAG = re.compile(r"\[file=\"?(\d+)_[^\]\s]*\"?[^\]]*\]")
_ROLES: Final = {VISITOR: Role.CUSTOMER, SYSTEM: Role.SYSTEM, BOT: Role.BOT}


def conversation_id(chat_id: int) -> ConversationId:
    """Return the id under which the desk knows a chat."""
    return ConversationId(str(chat_id))


def status_of(row: ChatRow) -> Status:
    """Return the canonical status."""
    if row.status == ChatStatus.CLOSED:
        return Status.CLOSED
    if row.status != ChatStatus.ACTIVE:
        return Status.NEW
    return Status.ON_HOLD if row.on_hold else Status.OPEN


_LABELS: Final = {
    ChatStatus.PENDING: "pending",
    ChatStatus.ACTIVE: "active",
    ChatStatus.CLOSED: "closed",
    ChatStatus.BOT: "bot",
}


def label_of(row: ChatRow) -> str:
    """Return the server's word for the status."""
    if row.status == ChatStatus.ACTIVE and row.on_hold:
        return "on hold"
    return next((label for status, label in _LABELS.items() if status == row.status), f"status {row.status}")


def priority_of(number: int) -> Priority:
    """Return the canonical priority for the server's number, larger being more pressing."""
    if number < 0:
        return Priority.LOW
    if number < HIGH:
        return Priority.NORMAL
    return Priority.HIGH if number < URGENT else Priority.URGENT


def joined(row: ChatRow, me: int) -> bool:
    """Tell whether this operator has the chat and may answer."""
    return row.status == ChatStatus.ACTIVE and row.owner == me


def customer_id(row: ChatRow) -> str:
    """Return what tells this visitor from others: their browser where the server knows it, else the chat."""
    return f"visitor-{row.online_user}" if row.online_user else f"chat-{row.id}"


def customer_of(row: ChatRow, earlier: Iterable[ChatRow] = ()) -> Customer:
    """Return what is known of the visitor."""
    return Customer(
        id=customer_id(row),
        name=row.nick or "Visitor",
        email=row.email,
        phone=row.phone,
        language=row.language,
        attributes=dict(row.facts),
        earlier=tuple(
            EarlierConversation(str(chat.id), chat.department_name or "chat", label_of(chat), float(chat.created_at))
            for chat in earlier
            if chat.id != row.id
        ),
    )


def conversation_of(
    row: ChatRow, me: OperatorRow, names: Mapping[int, str], absent: Mapping[str, str], offer: Offer | None
) -> Conversation:
    """Return a chat; `names` are of operators, `absent` is what this server cannot do for any chat."""
    closed = row.status == ChatStatus.CLOSED
    return Conversation(
        id=conversation_id(row.id),
        number=str(row.id),
        customer=customer_of(row),
        channel="web",
        status=status_of(row),
        status_label=label_of(row),
        priority=priority_of(row.priority),
        tags=frozenset(row.subjects),
        assignee=agent_of(row.owner, me, names, row.owner_name),
        queue=row.department_name or (f"department {row.department}" if row.department else ""),
        joined=joined(row, me.id) or (closed and row.owner == me.id),
        ended=closed,
        created_at=float(row.created_at),
        attributes=dict(row.facts),
        offer=offer,
        absent={**absent, **({"send": CLOSED_REASON} if closed else {})},
    )


def agent_of(user_id: int, me: OperatorRow, names: Mapping[int, str], name: str = "") -> Agent | None:
    """Return an operator, or None for nobody."""
    if user_id <= 0:
        return None
    if user_id == me.id:
        return Agent(str(me.id), me.name)
    return Agent(str(user_id), names.get(user_id) or name or f"operator {user_id}")


def roster_agent(row: OperatorRow) -> Agent:
    """Return a colleague as the roster shows them."""
    return Agent(
        str(row.id), row.name, email=row.email, online=row.online and not row.invisible, presence=presence_of(row)
    )


def presence_of(row: OperatorRow) -> Presence:
    """Return what an operator has told the server."""
    if not row.online:
        return Presence.AWAY
    return Presence.INVISIBLE if row.invisible else Presence.ONLINE


def place_keys(rows: Iterable[MessageRow]) -> dict[int, int]:
    """Return order keys for messages that lie side by side: twice the id, but for what the system says too late.

    Who answers a waiting chat accepts it; that they did is stored behind the answer. It is put in front of it.
    """
    keys: dict[int, int] = {}
    before: list[MessageRow] = []
    for row in rows:
        keys[row.id] = 2 * row.id
        if row.author == SYSTEM and row.accepts:
            cause = next((one for one in reversed(before[-3:]) if one.author == row.accepts), None)
            if cause is not None and abs(row.at - cause.at) <= 2:
                keys[row.id] = 2 * cause.id - 1
        before.append(row)
    return keys


def message_of(row: MessageRow, key: int, chat: ChatRow) -> Message:
    """Return one message. What the server could not deliver is a newer version of it."""
    role = _ROLES.get(row.author, Role.AGENT)
    rejected = role is Role.AGENT and row.state == REJECTED
    return Message(
        id=MessageId(str(row.id)),
        conversation_id=conversation_id(chat.id),
        role=role,
        sender_id=customer_id(chat) if role is Role.CUSTOMER else str(row.author),
        sender_name=(chat.nick or "Visitor") if role is Role.CUSTOMER else row.name or role.value,
        body=body_of(row),
        sent_at=float(row.at),
        order_key=key,
        visibility=Visibility.NOTE if row.whisper else Visibility.PUBLIC,
        version=int(rejected),
        attachments=tuple(map(attachment_of, row.files)),
        delivery=Delivery.FAILED if rejected else Delivery.CONFIRMED,
        delivery_reason="the visitor's side did not take it" if rejected else "",
    )


def body_of(row: MessageRow) -> str:
    """Return the text without the marks of its files; words in its place where only the widget could show it."""
    files = {file.id for file in row.files}
    body = row.body
    if files:
        body = _FILE_TAG.sub(lambda found: "" if int(found[1]) in files else found[0], body).strip()
    if row.author > 0:
        body = as_written(body)
    if not body and not files and row.widget_only:
        return f"(only the chat widget shows this: {row.widget_only[:60]})"
    return body


def attachment_of(file: FileRow) -> Attachment:
    """Return a file; its address in the message is never used, only its number."""
    return Attachment(
        id=str(file.id),
        name=file.name or f"file {file.id}",
        media_type=file.media_type,
        size=file.size if file.size >= 0 else None,
    )
