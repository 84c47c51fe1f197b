"""What is known of each conversation, and what the next word on it means for the desk. No I/O.

A desk shows what is its agent's and what is nobody's. What a colleague answers is not shown; should it come (back) to this
desk, `returning` says so, and the stream reads what was missed.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from paradesk.connectors.chatwoot.account import People
from paradesk.connectors.chatwoot.cursor import Cursor
from paradesk.connectors.chatwoot.messages import message_of
from paradesk.connectors.chatwoot.tickets import conversation_from, customer_from, version_of
from paradesk.connectors.chatwoot.values import PRESENCES
from paradesk.connectors.chatwoot.wire import ConversationRecord, Person, PresenceUpdate, Typing, listed, seconds
from paradesk.core.events import (
    ConversationRemoved,
    ConversationUpserted,
    Event,
    MessageUpserted,
    PresenceChanged,
    ReadMarked,
    RosterChanged,
    TypingChanged,
)
from paradesk.core.model import Conversation, ConversationId, Message, MessageId, Presence, Role, Visibility

TYPING_LASTS: Final = 30.0
"""Seconds. Chatwoot keeps no time for it; its own clients forget after so long."""
REMEMBERED: Final = 50
"""Replies of ours in each conversation that a read mark can still be put on."""


@dataclass(slots=True)
class Known:
    """One conversation as far as the stream has told."""

    conversation: Conversation
    version: int
    inbox_id: int | None
    seen_by_customer: float = 0.0
    last: int = 0
    """The id of the newest message that the desk has been given."""
    replies: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    """Time and id of our side's newest public messages."""
    marked: int = 0
    """The id of the newest message that is marked as read."""


class Board:
    """The conversations of one account as this desk may see them."""

    def __init__(self, profile: str, people: People, cursor: Cursor) -> None:
        self.profile = profile
        self.people = people
        self.cursor = cursor
        self.resumed = cursor.at > 0
        """The desk has been here before: it may show conversations that are not known here yet."""
        self.latest = 0.0
        """The newest time of the server that anything has carried (Unix seconds)."""
        self.known: dict[str, Known] = {}
        self.returning: set[str] = set()
        """Conversations that have come to this desk and whose messages are still to be read."""
        self.holes: set[str] = set()
        """Conversations of which messages are missing; they are read again when something happens in them."""
        self._presence = people.presence

    def shows(self, conversation_id: str) -> bool:
        """Tell whether a conversation is on this desk: it is our agent's, or nobody's."""
        known = self.known.get(conversation_id)
        return known is not None and self._ours(known)

    def _ours(self, known: Known) -> bool:
        return (known.conversation.joined or known.conversation.assignee is None) and self.people.wants(known.inbox_id)

    def meet(self, people: People) -> None:
        """Take over who is who after another sign-in."""
        self.people, self._presence = people, people.presence
        self.resumed = self.cursor.at > 0

    def introduce(self) -> list[Event]:
        """Return who can be given a conversation, and what this agent is held for."""
        return [
            RosterChanged(self.profile, self.people.roster),
            PresenceChanged(self.profile, self._presence),
        ]

    def take_conversation(self, record: ConversationRecord, *, news: bool = True) -> list[Event]:
        """Return what a conversation's new state means. `news`: it is told as it happens, not listed."""
        conversation_id, version = str(record.id), version_of(record)
        conversation = conversation_from(record, self.people)
        known = self.known.get(conversation_id)
        before = known is not None and self._ours(known)
        told = before or not news or (known is None and self.resumed)
        if known is None:
            known = Known(conversation, version, record.inbox_id)
        elif version >= known.version:
            known.conversation, known.version, known.inbox_id = conversation, version, record.inbox_id
        else:
            # Told late; what is newer stays.
            conversation, version = known.conversation, known.version
        if not self.people.wants(known.inbox_id):
            return []
        self.known[conversation_id] = known
        known.seen_by_customer = max(known.seen_by_customer, seconds(record.contact_last_seen_at))
        self.latest = max(self.latest, version / 1000)
        if not self._ours(known):
            return self._handed_away(known, told=told)
        if not before:
            self.returning.add(conversation_id)
        return [ConversationUpserted(conversation, version), *self._read_marks(known)]

    def _handed_away(self, known: Known, *, told: bool) -> list[Event]:
        conversation = known.conversation
        self.returning.discard(conversation.id)
        if not told:
            return []
        # After a restart nothing is known of its messages here, but the place may still hold where the desk stands.
        last = known.last or self.cursor.away.get(conversation.id) or self.cursor.settled
        self.cursor.remember_away(conversation.id, last)
        name = conversation.assignee.name if conversation.assignee else "somebody else"
        # Told as well, so that it can be seen whose it is; of one version, the removal stands.
        return [
            ConversationUpserted(conversation, known.version),
            ConversationRemoved(conversation.id, f"assigned to {name}", known.version),
        ]

    def take_message(self, raw: msgspec.Raw, conversation_id: str) -> list[Event]:
        """Return what a message means, if its conversation is on this desk."""
        known = self.known.get(conversation_id)
        name = known.conversation.customer.name if known else ""
        message = message_of(raw, ConversationId(conversation_id), name)
        if message is None:
            return []
        self.cursor.saw_message(message.order_key, message.sent_at)
        self.latest = max(self.latest, message.sent_at)
        if known is None or not self._ours(known):
            return []
        if conversation_id in self.holes:
            self.returning.add(conversation_id)
        return self._take(known, message)

    def take_messages(self, raws: Iterable[msgspec.Raw], conversation_id: str) -> list[Event]:
        """Return what several messages of one conversation mean."""
        return [event for raw in raws for event in self.take_message(raw, conversation_id)]

    def take_listed(self, record: ConversationRecord) -> list[Event]:
        """Return what a conversation of a list means, with the last message that the list gives."""
        conversation_id = str(record.id)
        events = self.take_conversation(record, news=False)
        for raw in (record.last_non_activity_message, *listed(record.messages)):
            events += self.take_message(raw, conversation_id)
        return events

    def _take(self, known: Known, message: Message) -> list[Event]:
        known.last = max(known.last, message.order_key)
        if message.role in (Role.AGENT, Role.BOT) and message.visibility is Visibility.PUBLIC:
            reply = (message.sent_at, message.order_key)
            if reply not in known.replies:
                known.replies.append(reply)
        return [MessageUpserted(message), *self._read_marks(known)]

    def _read_marks(self, known: Known) -> list[Event]:
        read = max((number for at, number in known.replies if at <= known.seen_by_customer), default=0)
        if read <= known.marked:
            return []
        known.marked = read
        return [ReadMarked(known.conversation.id, MessageId(str(read)))]

    def take_typing(self, typing: Typing, now: float, *, on: bool) -> list[Event]:
        """Return who types; our own agent is left out."""
        conversation_id = str(typing.conversation.id)
        person = typing.user
        customer = (person.type or "").lower() == "contact"
        mine = not customer and str(person.id) == self.people.me.id
        if mine or not self.shows(conversation_id):
            return []
        name = person.shown_name or ("Customer" if customer else "Agent")
        until = now + TYPING_LASTS if on else now
        return [TypingChanged(ConversationId(conversation_id), name, on, until, customer)]

    def take_presence(self, update: PresenceUpdate) -> list[Event]:
        """Return who is there now, if that has changed. Whoever is not named is not there."""
        events: list[Event] = []
        agents = {}
        for number, agent in self.people.agents.items():
            told = PRESENCES.get(update.users.get(str(number), "offline"), Presence.INVISIBLE)
            agents[number] = replace(agent, online=told is not Presence.INVISIBLE, presence=told)
        if agents != self.people.agents:
            self.people.agents = agents
            events.append(RosterChanged(self.profile, self.people.roster))
        mine = PRESENCES.get(update.users.get(self.people.me.id, ""))
        if mine is not None and mine is not self._presence:
            events += self.present_as(mine)
        return events

    def present_as(self, presence: Presence) -> list[Event]:
        """Return that this agent is held for something else now."""
        self._presence = self.people.presence = presence
        return [PresenceChanged(self.profile, presence)]

    def take_contact(self, person: Person) -> list[Event]:
        """Return the conversations of a contact who has changed, with what they are called now."""
        events: list[Event] = []
        for known in self.known.values():
            if known.conversation.customer.id == str(person.id) and self._ours(known):
                changed = replace(known.conversation, customer=customer_from(person))
                if changed != known.conversation:
                    # The conversation's own time has not changed by it.
                    known.conversation, known.version = changed, known.version + 1
                    events.append(ConversationUpserted(changed, known.version))
        return events
