"""Ticket fields as room state: one event type per field, so that two agents never overwrite each other's fields.

Everybody in the room can read them, the customer too. Who may set them is decided by the room's power levels, and whom
we believe by `Room.trusted`.
"""

from dataclasses import dataclass, field
from typing import Final

import msgspec

from paradesk.connectors.matrix.wire import decode_raw
from paradesk.core.model import Priority, Status

NAMESPACE: Final = "org.paradesk.ticket"
STATUS: Final = f"{NAMESPACE}.status"
PRIORITY: Final = f"{NAMESPACE}.priority"
TAGS: Final = f"{NAMESPACE}.tags"
ASSIGNEE: Final = f"{NAMESPACE}.assignee"
TYPES: Final = (STATUS, PRIORITY, TAGS, ASSIGNEE)

MAX_TAGS: Final = 50


class StatusContent(msgspec.Struct, omit_defaults=True):
    """Content of the status event."""

    status: Status
    snoozed_until: float | None = None
    """Unix seconds."""


class PriorityContent(msgspec.Struct):
    """Content of the priority event."""

    priority: Priority


class TagsContent(msgspec.Struct):
    """Content of the tags event: the whole set."""

    tags: list[str]


class AssigneeContent(msgspec.Struct):
    """Content of the assignee event; an empty `user_id` means nobody."""

    user_id: str


TicketContent = StatusContent | PriorityContent | TagsContent | AssigneeContent


@dataclass(slots=True)
class Ticket:
    """What the trusted ticket events of one room say."""

    status: Status | None = None
    snoozed_until: float | None = None
    priority: Priority = Priority.NORMAL
    tags: frozenset[str] = frozenset()
    assignee: str | None = None
    known: set[str] = field(default_factory=set)
    """The event types that have been read."""

    def take(self, event_type: str, content: TicketContent) -> None:
        """Take over one field."""
        self.known.add(event_type)
        match content:
            case StatusContent():
                self.status, self.snoozed_until = content.status, content.snoozed_until
            case PriorityContent():
                self.priority = content.priority
            case TagsContent():
                self.tags = frozenset(content.tags[:MAX_TAGS])
            case AssigneeContent():
                self.assignee = content.user_id or None


def read_ticket_event(event_type: str, content: msgspec.Raw) -> TicketContent | None:
    """Return the field that a ticket event sets, or None when its content makes no sense."""
    if event_type == STATUS:
        return decode_raw(content, StatusContent)
    if event_type == PRIORITY:
        return decode_raw(content, PriorityContent)
    if event_type == TAGS:
        return decode_raw(content, TagsContent)
    if event_type == ASSIGNEE:
        return decode_raw(content, AssigneeContent)
    return None
