"""Private notes: messages of a companion room that only agents are in, shown in the chat that it belongs to.

Pure: where a note stands in its chat, and what a companion's events mean there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from paradesk.connectors.matrix.fold import AnyEvent, Senders, fold_timeline
from paradesk.connectors.matrix.messages import redaction_target, relation_of
from paradesk.connectors.matrix.room import PRESENT, Room
from paradesk.connectors.matrix.wire import RoomEvent
from paradesk.core.events import Event, MessageDeleted, MessageEdited, MessageUpserted
from paradesk.core.model import ConversationId, Message, MessageId, Visibility

NOTE_MARK: Final = "~"
"""Begins a note's id. A note has the order key of the message before it, and of equal keys the larger id comes later."""

Times = Mapping[str, int]
"""Event id → server time in milliseconds, for events that the companion does not remember."""


def untrusted(companion: Room) -> str:
    """Return why no note may be written to this companion, or an empty string."""
    if companion.encrypted:
        return "the room for notes is encrypted end to end; Paradesk can neither read nor write it"
    strangers = [
        user
        for user, member in companion.people.items()
        if member.membership in PRESENT and not companion.staff.is_agent(user)
    ]
    if strangers:
        return f"somebody who is no agent is in the room for notes: {min(strangers)}"
    if companion.replaced or not companion.may_say():
        return "the room for notes does not let you write"
    return ""


def note_id(event_id: str, time_ms: int) -> MessageId:
    """Return the id that a note has on screen: those of later notes sort later."""
    return MessageId(f"{NOTE_MARK}{time_ms:015d}{event_id}")


def note_of(chat_id: str, companion: Room, message: Message, key: int, time_ms: int) -> Message | None:
    """Return a companion's message as a note of its chat, or None for what no agent said."""
    if not companion.staff.is_agent(message.sender_id) or message.role == "system":
        return None
    return replace(
        message,
        id=note_id(message.id, time_ms),
        conversation_id=ConversationId(chat_id),
        visibility=Visibility.NOTE,
        order_key=key,
    )


def place_among(chat: Room, time_ms: int, start: int | None) -> int | None:
    """Return the order key of the last message said until then, or None where only older history knows it.

    `start`: the order key from which on the chat's events are as new as the note; None where the note may be an old one.
    """
    events = chat.remembered()
    keys = [
        seen.key
        for seen in events
        if seen.shown and 0 < seen.time_ms <= time_ms and (start is None or seen.key >= start)
    ]
    if keys:
        return max(keys)
    if start is None and not events:
        start = chat.mark.high
    return start - 1 if start else None


def targets(companion: Room, events: Iterable[AnyEvent]) -> set[str]:
    """Return what these events edit or withdraw and the companion does not remember."""
    found: set[str] = set()
    for event in events:
        if isinstance(event, RoomEvent) and event.state_key is None:
            redaction = event.type == "m.room.redaction"
            found.add(redaction_target(event) if redaction else relation_of(event).event_id)
    return {target for target in found if target and companion.recall(target) is None}


def fold_notes(
    companion: Room, chat: Room | None, events: Iterable[AnyEvent], senders: Senders, times: Times, start: int | None
) -> list[Event]:
    """Return what a companion's next events mean in its chat; nothing where that chat is not ours (yet)."""
    folded: list[Event] = []
    for happened in fold_timeline(companion, events, senders):
        if chat is None:
            continue
        conversation_id = ConversationId(chat.id)
        if isinstance(happened, MessageUpserted):
            time_ms = _time_of(companion, happened.message.id, times)
            key = place_among(chat, time_ms, start)
            note = note_of(chat.id, companion, happened.message, key, time_ms) if key is not None else None
            if note is not None:
                folded.append(MessageUpserted(note))
        elif isinstance(happened, MessageEdited | MessageDeleted):
            time_ms = _time_of(companion, happened.message_id, times)
            changed = note_id(happened.message_id, time_ms)
            if time_ms:
                folded.append(replace(happened, conversation_id=conversation_id, message_id=changed))
    return folded


def _time_of(companion: Room, event_id: str, times: Times) -> int:
    known = companion.recall(event_id)
    return known.time_ms if known is not None else times.get(event_id, 0)
