"""Sync answers as events of the desk. Pure: rooms and their marks are fed in order, and the events come out."""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from paradesk.connectors.matrix.messages import (
    DELETED_VERSION,
    SAID,
    edited_body,
    message_of,
    redaction_target,
    relation_of,
)
from paradesk.connectors.matrix.room import Room
from paradesk.connectors.matrix.ticket import ASSIGNEE, PRIORITY, STATUS, TAGS, TYPES
from paradesk.connectors.matrix.wire import (
    BareEvent,
    EphemeralEvent,
    InvitedRoom,
    LeftRoom,
    Member,
    RoomEvent,
    TypingUsers,
    decode_events,
    decode_raw,
)
from paradesk.core.events import (
    AssigneeChanged,
    ConversationRemoved,
    ConversationUpserted,
    Event,
    MessageDeleted,
    MessageEdited,
    MessageUpserted,
    PriorityChanged,
    ReadMarked,
    StatusChanged,
    TagsChanged,
    TypingChanged,
)
from paradesk.core.model import ConversationId, MessageId, Status

TYPING_LASTS = 30.0
"""Seconds. The server says when somebody stops; it does not repeat that somebody goes on."""

AnyEvent = RoomEvent | BareEvent | None
Senders = Mapping[str, str]
"""Event id → sender, for events that the room does not remember."""


def upserted(room: Room) -> ConversationUpserted:
    """Return the room as the desk should know it now."""
    room.announced = True
    return ConversationUpserted(room.conversation(), room.mark.next_version(room.newest_ms))


def edit_targets(events: Iterable[AnyEvent]) -> set[str]:
    """Return the ids of all events that are edited by these."""
    return {
        relation.event_id
        for event in events
        if isinstance(event, RoomEvent) and event.type in SAID
        for relation in (relation_of(event),)
        if relation.rel_type == "m.replace" and relation.event_id
    }


def fold_timeline(room: Room, events: Iterable[AnyEvent], senders: Senders, *, take_state: bool = True) -> list[Event]:
    """Return what the next events of a room mean; each takes the next order key.

    `take_state` is off for a back-filled stretch, whose outcome the server has already told as state.
    """
    folded: list[Event] = []
    look_changed = False
    for event in events:
        key = room.mark.next_key()
        if event is None or not event.event_id:
            continue
        room.mark.last = event.event_id
        message = message_of(room, event, key)
        time_ms = event.time_ms if isinstance(event, RoomEvent) else 0
        room.remember(event.event_id, key, event.sender, message is not None, time_ms)
        if isinstance(event, RoomEvent):
            room.newest_ms = max(room.newest_ms, event.time_ms)
            if event.state_key is not None:
                if take_state:
                    ticket_events, look = _fold_state(room, event)
                    folded += ticket_events
                    look_changed |= look
            else:
                folded += _fold_change(room, event, senders)
        if message is not None:
            folded.append(MessageUpserted(message))
    if look_changed:
        room.settle_customer()
        folded.append(upserted(room))
    return folded


def _fold_state(room: Room, event: RoomEvent) -> tuple[list[Event], bool]:
    if event.type not in TYPES:
        return [], room.take_state(event)
    was_closed = room.status is Status.CLOSED
    if not room.take_ticket(event):
        return [], False
    conversation_id = ConversationId(room.id)
    version = room.mark.next_version(event.time_ms)
    changed: Mapping[str, Callable[[], Event]] = {
        STATUS: lambda: StatusChanged(conversation_id, room.status, version, snoozed_until=room.ticket.snoozed_until),
        PRIORITY: lambda: PriorityChanged(conversation_id, room.ticket.priority, version),
        TAGS: lambda: TagsChanged(conversation_id, room.ticket.tags, version),
        ASSIGNEE: lambda: AssigneeChanged(conversation_id, room.assignee(), version),
    }
    return [changed[event.type]()], was_closed != (room.status is Status.CLOSED)


def _fold_change(room: Room, event: RoomEvent, senders: Senders) -> list[Event]:
    conversation_id = ConversationId(room.id)
    if event.type == "m.room.redaction":
        target = redaction_target(event)
        known = room.recall(target)
        if not target or (known is not None and not known.shown):
            return []
        return [MessageDeleted(conversation_id, MessageId(target), DELETED_VERSION)]
    relation = relation_of(event) if event.type in SAID else None
    if relation is None or relation.rel_type != "m.replace":
        return []
    body = edited_body(event)
    known = room.recall(relation.event_id)
    author = known.sender if known else senders.get(relation.event_id)
    # The server lets anybody relate anything to anything: only an author changes their own words.
    if body is None or author != event.sender or event.redacted:
        return []
    version = room.mark.next_version(event.time_ms)
    return [MessageEdited(conversation_id, MessageId(relation.event_id), body, version)]


def fold_ephemeral(room: Room, events: Iterable[msgspec.Raw], now: float) -> list[Event]:
    """Return who types and what the customer has read."""
    folded: list[Event] = []
    for raw in events:
        event = decode_raw(raw, EphemeralEvent)
        if event is None:
            continue
        if event.type == "m.typing":
            folded += _typing(room, event, now)
        elif event.type == "m.receipt":
            folded += _receipts(room, event)
    return folded


def _typing(room: Room, event: EphemeralEvent, now: float) -> list[Event]:
    users = decode_raw(event.content, TypingUsers) or TypingUsers()
    typing = frozenset(users.user_ids) - {room.staff.me.id}
    stopped, room.typing = room.typing - typing, typing
    conversation_id = ConversationId(room.id)
    return [
        *(
            TypingChanged(conversation_id, room.name_of(user), False, now, customer=user not in room.staff)
            for user in sorted(stopped)
        ),
        *(
            TypingChanged(conversation_id, room.name_of(user), True, now + TYPING_LASTS, user not in room.staff)
            for user in sorted(typing)
        ),
    ]


def _receipts(room: Room, event: EphemeralEvent) -> list[Event]:
    receipts = decode_raw(event.content, dict[str, dict[str, dict[str, object]]]) or {}
    read: list[Event] = []
    for event_id, kinds in receipts.items():
        if room.customer_id in kinds.get("m.read", {}):
            message_id = room.shown_at(event_id) or event_id
            read.append(ReadMarked(ConversationId(room.id), MessageId(message_id)))
    return read


def fold_invite(room: Room, invited: InvitedRoom, now: float) -> list[Event]:
    """Return a room that we are asked into as a conversation that waits in the queue."""
    room.joined = False
    room.mark.invited_at = room.mark.invited_at or now
    inviter = ""
    for event in decode_events(invited.invite_state.events):
        if isinstance(event, RoomEvent) and event.state_key is not None:
            # The inviting server composes stripped state as it likes: it is good for a name, not for a ticket.
            if event.type not in TYPES:
                room.take_state(event)
            if event.type == "m.room.member" and event.state_key == room.staff.me.id:
                inviter = room.invited_by = event.sender
    if inviter and inviter not in room.staff:
        room.people.setdefault(inviter, Member("join"))
        room.customer_id = inviter
    room.settle_customer()
    return [] if room.aside else [upserted(room)]


def fold_departure(room: Room, left: LeftRoom) -> list[Event]:
    """Return that a room is no longer ours, and why."""
    me = room.staff.me.id
    reason = "you left the chat"
    for event in decode_events(left.timeline.events):
        if isinstance(event, RoomEvent) and event.type == "m.room.member" and event.state_key == me:
            member = decode_raw(event.content, Member) or Member()
            if event.sender != me:
                deed = "you were banned" if member.membership == "ban" else "you were removed"
                why = f": {member.reason}" if member.reason else ""
                reason = f"{deed} by {room.name_of(event.sender)}{why}"
    room.mark.gone = True
    room.mark.invited_at = 0.0
    return [ConversationRemoved(ConversationId(room.id), reason, room.mark.next_version(room.newest_ms))]
