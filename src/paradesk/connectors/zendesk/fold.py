"""Tickets and comments of Zendesk as the desk knows such things."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from paradesk.connectors.zendesk.text import as_written
from paradesk.connectors.zendesk.wire import CommentRow, FileRow, TicketRow, UserRow
from paradesk.core.model import (
    Agent,
    Attachment,
    Conversation,
    ConversationId,
    Customer,
    EarlierConversation,
    Message,
    MessageId,
    Priority,
    Role,
    Status,
    Visibility,
)

STATUSES: Final = {
    "new": Status.NEW,
    "open": Status.OPEN,
    "pending": Status.PENDING,
    "hold": Status.ON_HOLD,
    "solved": Status.SOLVED,
    "closed": Status.CLOSED,
}
WORDS: Final = {status: word for word, status in STATUSES.items()}
PRIORITIES: Final = {priority.value: priority for priority in Priority}
CLOSED_REASON: Final = "the ticket is closed for good: open a follow-up (new ticket, with its number as the customer)"
GROUP: Final = "group-"
"""In front of the id of a group on the roster."""
_SYSTEM: Final = -1


@dataclass(slots=True)
class People:
    """Who is who: ourselves, our groups, and everybody whose name has been heard."""

    me: UserRow
    groups: Mapping[int, str] = field(default_factory=dict)
    """All groups that something can be given to, by id."""
    mine: frozenset[int] = frozenset()
    """The groups that we are in."""
    known: dict[int, UserRow] = field(default_factory=dict)

    def learn(self, users: Iterable[UserRow]) -> None:
        """Remember people."""
        self.known |= {user.id: user for user in users}

    def agent(self, user_id: int) -> Agent | None:
        """Return an agent, or None for nobody."""
        if user_id <= 0:
            return None
        user = self.me if user_id == self.me.id else self.known.get(user_id)
        return Agent(str(user_id), user.name if user else f"agent {user_id}", email=user.email if user else "")


def conversation_id(ticket_id: int) -> ConversationId:
    """Return the id under which the desk knows a ticket."""
    return ConversationId(str(ticket_id))


def status_of(row: TicketRow) -> Status:
    """Return the canonical status; a word that is not known counts as open, and is shown beside."""
    return STATUSES.get(row.status, Status.OPEN)


def customer_of(row: TicketRow, user: UserRow | None, earlier: Sequence[TicketRow] = ()) -> Customer:
    """Return what is known of the requester."""
    lines = tuple(
        EarlierConversation(str(one.id), one.subject or f"ticket {one.id}", one.status, one.created_at)
        for one in earlier
        if one.id != row.id
    )
    if user is None:
        return Customer(id=str(row.requester or f"of-{row.id}"), name=f"requester {row.requester}", earlier=lines)
    return Customer(
        id=str(user.id),
        name=user.name,
        email=user.email,
        phone=user.phone,
        language=user.locale,
        since=user.created_at or None,
        attributes=dict(user.facts),
        earlier=lines,
    )


def conversation_of(row: TicketRow, people: People) -> Conversation:
    """Return a ticket."""
    closed = row.status == "closed"
    return Conversation(
        id=conversation_id(row.id),
        number=str(row.id),
        customer=customer_of(row, people.known.get(row.requester)),
        channel=row.channel,
        subject=row.subject,
        status=status_of(row),
        status_label=row.status,
        priority=PRIORITIES.get(row.priority, Priority.NORMAL),
        tags=row.tags,
        assignee=people.agent(row.assignee),
        queue=people.groups.get(row.group, ""),
        joined=row.assignee == people.me.id,
        ended=closed,
        created_at=row.created_at,
        absent={"send": CLOSED_REASON} if closed else {},
    )


def messages_of(ticket: TicketRow, comments: Sequence[CommentRow], people: People) -> list[Message]:
    """Return all comments of a ticket as messages. Their place is where they stand: times are whole seconds, and nothing
    is ever put between two comments.
    """
    return [_message(row, place, ticket, people) for place, row in enumerate(comments, start=1)]


def _message(row: CommentRow, key: int, ticket: TicketRow, people: People) -> Message:
    role = role_of(row, ticket, people)
    user = people.me if row.author == people.me.id else people.known.get(row.author)
    return Message(
        id=MessageId(str(row.id)),
        conversation_id=conversation_id(ticket.id),
        role=role,
        sender_id=str(row.author),
        sender_name=user.name if user else role.value,
        body=as_written(row.body) if role is Role.AGENT else row.body,
        sent_at=row.at,
        order_key=key,
        visibility=Visibility.PUBLIC if row.public else Visibility.NOTE,
        attachments=tuple(map(_attachment, row.files)),
    )


def role_of(row: CommentRow, ticket: TicketRow, people: People) -> Role:
    """Return who wrote a comment. An agent who asks something is the customer of their own ticket."""
    if row.author == _SYSTEM:
        return Role.SYSTEM
    if row.author == people.me.id:
        return Role.AGENT
    if row.author == ticket.requester:
        return Role.CUSTOMER
    user = people.known.get(row.author)
    return Role.AGENT if user is not None and user.agent else Role.CUSTOMER


def _attachment(file: FileRow) -> Attachment:
    size = file.size if file.size >= 0 else None
    return Attachment(id=str(file.id), name=file.name, media_type=file.media_type, size=size)
