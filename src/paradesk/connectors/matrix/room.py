"""What the connector knows of one room: its people, its rules, and the ticket that it is."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

import msgspec

from paradesk.connectors.matrix.cursor import Mark
from paradesk.connectors.matrix.ticket import (
    ASSIGNEE,
    NAMESPACE,
    PRIORITY,
    STATUS,
    TAGS,
    TYPES,
    Ticket,
    read_ticket_event,
)
from paradesk.connectors.matrix.wire import Create, Member, PowerLevels, RoomEvent, RoomName, decode_raw
from paradesk.core.model import Agent, Conversation, ConversationId, Customer, Status

ENCRYPTED_ROOM: Final = "this room is encrypted end to end; Paradesk can neither read nor write it"
UNTRUSTED: Final = "the customer may overwrite what the ticket says here; a bot or an agent should make the rooms"
NOT_JOINED: Final = "join the chat first: an invitation shows no messages"
MAX_REMEMBERED: Final = 4000
_NUMBER_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

NOTES: Final = f"{NAMESPACE}.notes"
"""The room type of a companion: a room that only agents are in, for the private notes of one chat."""
COMPANION: Final = f"{NAMESPACE}.companion"
"""The state event of a companion whose state key is the id of the chat that it belongs to."""
PRESENT: Final = ("join", "invite", "knock")


@dataclass(frozen=True, slots=True)
class Staff:
    """Who is who. Whoever is not named here is a customer, whatever power a room gives them."""

    me: Agent
    agents: frozenset[str] = frozenset()
    bots: frozenset[str] = frozenset()

    def is_agent(self, user_id: str) -> bool:
        """Tell whether somebody is an agent: private notes are for agents only, not for bots."""
        return user_id == self.me.id or user_id in self.agents

    def __contains__(self, user_id: str) -> bool:
        return user_id == self.me.id or user_id in self.agents or user_id in self.bots


@dataclass(frozen=True, slots=True)
class Remembered:
    """A timeline event that has been taken."""

    key: int
    sender: str
    shown: bool
    time_ms: int = 0
    """The server's time, or 0 where it is not known."""


@dataclass(slots=True)
class Room:
    """One room. Fed with state and timeline events; `conversation` tells what they amount to."""

    id: str
    staff: Staff
    mark: Mark
    joined: bool = True
    announced: bool = False
    """The desk has been told of it since the program started."""
    members_known: bool = False
    people: dict[str, Member] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)
    """When each person's membership was set (milliseconds)."""
    creator: str = ""
    creators: frozenset[str] = frozenset()
    """Those who are above every power level, in room versions that know it."""
    kind: str = ""
    """The room type; empty for an ordinary room."""
    made_at: float = 0.0
    newest_ms: int = 0
    """The latest server time seen here, in milliseconds."""
    power: PowerLevels | None = None
    name: str = ""
    encrypted: bool = False
    replaced: bool = False
    ticket: Ticket = field(default_factory=Ticket)
    notes_of: str = ""
    """The chat whose companion this room is; empty for every other room."""
    notes_refused: str = ""
    """Why no private note can be written in this chat, or empty."""
    customer_id: str = ""
    invited_by: str = ""
    profile: dict[str, str] = field(default_factory=dict)
    typing: frozenset[str] = frozenset()
    older: dict[str, str] = field(default_factory=dict)
    """Event id → token that pages back from just before it."""
    _seen: OrderedDict[str, Remembered] = field(default_factory=OrderedDict)

    # People

    def name_of(self, user_id: str) -> str:
        """Return what to call somebody: the display name in this room, else the first part of the id."""
        member = self.people.get(user_id)
        if user_id == self.staff.me.id and self.staff.me.name:
            return self.staff.me.name
        if member is not None and member.displayname and member.displayname.strip():
            return member.displayname
        return user_id.removeprefix("@").partition(":")[0] or user_id

    def settle_customer(self) -> None:
        """Decide who the customer is: whoever made the room, else the longest-standing person who is not staff."""
        strangers = [user for user in self.people if user not in self.staff]
        present = [user for user in strangers if self.people[user].membership in PRESENT]
        if self.customer_id in present:
            return
        candidates = present or ([self.customer_id] if self.customer_id else strangers)
        if candidates:
            self.customer_id = min(candidates, key=lambda user: (user != self.creator, self.since.get(user, 0), user))

    @property
    def customer_left(self) -> bool:
        """Nobody but staff is left in the room, and there was a customer."""
        customer = self.people.get(self.customer_id)
        return customer is not None and customer.membership in ("leave", "ban")

    @property
    def space(self) -> bool:
        """It is a folder of rooms, not a chat."""
        return self.kind == "m.space"

    @property
    def companion(self) -> bool:
        """It holds the private notes of a chat, and an agent made it."""
        return self.kind == NOTES and self.staff.is_agent(self.creator if self.joined else self.invited_by)

    @property
    def aside(self) -> bool:
        """It is not a chat: a folder, or a companion."""
        return self.space or self.companion

    # Rules

    def level(self, user_id: str) -> float:
        """Return somebody's power."""
        if user_id in self.creators:
            return float("inf")
        if self.power is None:
            return 100 if user_id == self.creator else 0
        return self.power.users.get(user_id, self.power.users_default)

    def may_set(self, event_type: str) -> bool:
        """Tell whether this desk's agent may set state of this type."""
        if self.power is None:
            return not self.creator or self.level(self.staff.me.id) > 0
        return self.level(self.staff.me.id) >= self.power.events.get(event_type, self.power.state_default)

    def customer_may_change_ticket(self) -> bool:
        """Tell whether somebody who is not staff may overwrite the ticket's fields, or give themselves that right."""
        return any(
            self._level_reaches(user, event_type)
            for user, member in self.people.items()
            if user not in self.staff and member.membership in PRESENT
            for event_type in (*TYPES, "m.room.power_levels")
        )

    def _level_reaches(self, user_id: str, event_type: str) -> bool:
        if self.power is None:
            return self.level(user_id) > 0
        return self.level(user_id) >= self.power.events.get(event_type, self.power.state_default)

    def may_say(self) -> bool:
        """Tell whether this desk's agent may send messages."""
        if self.power is None:
            return True
        return self.level(self.staff.me.id) >= self.power.events.get("m.room.message", self.power.events_default)

    def may_invite(self) -> bool:
        """Tell whether this desk's agent may invite."""
        return self.level(self.staff.me.id) >= (self.power.invite if self.power else 0)

    def trusted(self, sender: str) -> bool:
        """Tell whether ticket state from this sender is believed: staff only, even if others may set it."""
        return sender in self.staff

    # Events

    def take_state(self, event: RoomEvent) -> bool:
        """Take over a state event; returns True when the conversation may look different."""
        self.newest_ms = max(self.newest_ms, event.time_ms)
        match event.type:
            case "m.room.member" if event.state_key:
                self._take_member(event.state_key, event)
            case "m.room.create":
                content = decode_raw(event.content, Create) or Create()
                self.creator, self.kind = event.sender, content.type or ""
                self.made_at = event.time_ms / 1000
                if _creators_are_above(content.room_version):
                    self.creators = frozenset((event.sender, *content.additional_creators))
            case "m.room.power_levels":
                self.power = decode_raw(event.content, PowerLevels, strict=False) or PowerLevels()
            case "m.room.name":
                self.name = (decode_raw(event.content, RoomName) or RoomName()).name
            case "m.room.encryption":
                # It cannot be switched off again.
                self.encrypted = True
            case "m.room.tombstone":
                self.replaced = True
            case _ if event.type == COMPANION:
                if event.state_key and not self.notes_of and self.staff.is_agent(event.sender):
                    self.notes_of = event.state_key
            case _:
                return event.type in TYPES and self.take_ticket(event)
        return True

    def take_ticket(self, event: RoomEvent) -> bool:
        """Take over a ticket event; returns False when its sender is not believed or it makes no sense."""
        content = read_ticket_event(event.type, event.content)
        if content is None or event.state_key or not self.trusted(event.sender):
            return False
        self.ticket.take(event.type, content)
        return True

    def _take_member(self, user_id: str, event: RoomEvent) -> None:
        member = decode_raw(event.content, Member)
        if member is None:
            # Wrong types in a name must not hide who is there.
            bare = decode_raw(event.content, _Membership) or _Membership()
            member = Member(membership=bare.membership)
        known = self.people.get(user_id)
        if known is None or known.membership != member.membership:
            self.since[user_id] = event.time_ms
        self.people[user_id] = member

    def remember(self, event_id: str, key: int, sender: str, shown: bool, time_ms: int = 0) -> None:
        """Keep what later events may refer to; the oldest are forgotten."""
        self._seen[event_id] = Remembered(key, sender, shown, time_ms)
        if len(self._seen) > MAX_REMEMBERED:
            forgotten, _ = self._seen.popitem(last=False)
            self.older.pop(forgotten, None)

    def recall(self, event_id: str) -> Remembered | None:
        """Return what is known of a timeline event, or None."""
        return self._seen.get(event_id)

    def remembered(self) -> tuple[Remembered, ...]:
        """Return every timeline event that is remembered."""
        return tuple(self._seen.values())

    def shown_at(self, event_id: str) -> str | None:
        """Return the id of the newest message on screen at or before this event, or None when it is not known."""
        event = self._seen.get(event_id)
        if event is None or event.shown:
            return event_id if event else None
        before = [(seen.key, other) for other, seen in self._seen.items() if seen.shown and seen.key < event.key]
        return max(before)[1] if before else None

    # What it amounts to

    @property
    def status(self) -> Status:
        """The ticket's status; a room without one is new while it is an invitation, and open afterwards."""
        if self.ticket.status is not None:
            return self.ticket.status
        return Status.OPEN if self.joined else Status.NEW

    def assignee(self) -> Agent | None:
        """Return who the ticket is assigned to."""
        user_id = self.ticket.assignee
        if user_id is None:
            return None
        return self.staff.me if user_id == self.staff.me.id else Agent(user_id, self.name_of(user_id))

    def conversation(self) -> Conversation:
        """Return the conversation that this room is."""
        return Conversation(
            id=ConversationId(self.id),
            number=short_number(self.id),
            customer=Customer(
                id=self.customer_id,
                name=self._customer_name(),
                attributes=self.profile,
            ),
            channel="matrix",
            subject=self.name,
            status=self.status,
            snoozed_until=self.ticket.snoozed_until,
            priority=self.ticket.priority,
            tags=self.ticket.tags,
            assignee=self.assignee(),
            joined=self.joined,
            ended=self.status is Status.CLOSED or self.customer_left or self.replaced,
            created_at=self.made_at or self.mark.invited_at,
            attributes=self._attributes(),
            absent=self.absent(),
        )

    def _customer_name(self) -> str:
        if self.customer_id:
            return self.name_of(self.customer_id)
        if self.name:
            return self.name
        # A colleague's invitation does not say who else is in the room.
        return f"handed over by {self.name_of(self.invited_by)}" if self.invited_by else "nobody"

    def absent(self) -> dict[str, str]:
        """Return what this one room cannot do, with the reason."""
        absent: dict[str, str] = {}
        if not self.joined:
            absent |= {"send": NOT_JOINED, "attachments_out": NOT_JOINED, "history": NOT_JOINED, "notes": NOT_JOINED}
        elif self.encrypted:
            absent |= {"send": ENCRYPTED_ROOM, "attachments_out": ENCRYPTED_ROOM}
        elif self.replaced:
            absent |= dict.fromkeys(("send", "attachments_out"), "this room is closed; the chat goes on in another")
        elif not self.may_say():
            absent |= dict.fromkeys(("send", "attachments_out"), "this room does not let you write")
        if self.joined:
            if self.notes_refused:
                absent["notes"] = self.notes_refused
            if self.customer_may_change_ticket():
                absent["ticket"] = UNTRUSTED
            for name, event_type in _NEEDED.items():
                if not self.may_set(event_type):
                    absent[name] = "this room does not let you change the ticket: you have no moderator's rights in it"
            if not self.may_invite():
                absent["transfer"] = "this room does not let you invite a colleague"
        return absent

    def _attributes(self) -> dict[str, str]:
        attributes = {"room": self.id}
        if self.encrypted:
            attributes["encryption"] = ENCRYPTED_ROOM
        if self.joined and self.creator and self.creator not in self.staff:
            attributes["ticket fields"] = "made by the customer: what they set of the ticket themselves is ignored"
        return attributes


_NEEDED: Final = {"status": STATUS, "end_chat": STATUS, "priority": PRIORITY, "tags": TAGS, "assign": ASSIGNEE}


class _Membership(msgspec.Struct):
    """Only the membership; the rest of the content may be anything."""

    membership: str = ""


def _creators_are_above(room_version: str) -> bool:
    return (room_version.isascii() and room_version.isdecimal() and int(room_version[:9]) >= 12) or (
        room_version.startswith("org.matrix.hydra")
    )


def short_number(room_id: str) -> str:
    """Return a short, stable name for a room, for people to say aloud; it is a label, not an id."""
    digest = int.from_bytes(hashlib.sha256(room_id.encode()).digest()[:8], "big")
    letters = []
    for _ in range(4):
        digest, place = divmod(digest, len(_NUMBER_ALPHABET))
        letters.append(_NUMBER_ALPHABET[place])
    return "".join(letters)
