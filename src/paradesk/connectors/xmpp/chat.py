"""One conversation: who takes part, and what of it is remembered. Pure: entries are fed, meanings come out."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from paradesk.connectors.xmpp.account import Account
from paradesk.connectors.xmpp.jids import bare, local_part, resource
from paradesk.connectors.xmpp.refusals import reason_of_error
from paradesk.connectors.xmpp.stanzas import Stanza
from paradesk.core.model import (
    Attachment,
    ClientId,
    Conversation,
    ConversationId,
    Customer,
    Delivery,
    Message,
    MessageId,
    Role,
    Status,
)

OURS: Final = "paradesk-"
"""Begins the ids of stanzas that carry a reply of this desk; the client id follows."""
PART: Final = "~"
"""Between the client id and the number of a part that is not the last."""
LIVE: Final = "live:"
"""Begins the ids of messages that no archive has kept."""
MAX_REMEMBERED: Final = 500
ENCRYPTED: Final = "only the customer's app and your own can read it; ask them to switch encryption off here"


@dataclass(frozen=True, slots=True)
class Occupant:
    """Somebody in a room."""

    nick: str
    jid: str = ""
    """Bare, where the room tells."""
    occupant_id: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A message that can still be referred to."""

    message: Message
    author: str
    """Who may change it: the bare address, or in a room the occupant id or else the occupant's address."""
    origin: str
    """What its author calls it."""
    markable: bool
    mine: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the transcript."""

    known: Known


@dataclass(frozen=True, slots=True)
class Amended:
    """A correction, or with `body` None a retraction, of an earlier message."""

    reference: str
    author: str
    body: str | None
    version: int
    moderated: bool = False
    otherwise: Known | None = None
    """What to show where the earlier message cannot be found."""


@dataclass(frozen=True, slots=True)
class Displayed:
    """The other side has read up to a message."""

    reference: str


@dataclass(frozen=True, slots=True)
class Bounced:
    """A message of ours came back."""

    reference: str
    reason: str
    version: int


@dataclass(frozen=True, slots=True)
class Renamed:
    """A room has a new subject."""

    subject: str


Meaning = Said | Amended | Displayed | Bounced | Renamed | None


@dataclass(slots=True)
class Chat:
    """One conversation and what is remembered of it."""

    id: str
    account: Account
    room: bool = False
    name: str = ""
    subject: str = ""
    nick: str = ""
    """Ours in this room."""
    occupant_id: str = ""
    """Ours in this room, where it gives such ids."""
    occupants: dict[str, Occupant] = field(default_factory=dict)
    closed: str = ""
    """Why the room cannot be entered; empty when we are in it, or it is no room."""
    archived: bool = True
    """Its messages lie in an archive that can be read."""
    top: int = 0
    """The highest order key so far."""
    known: OrderedDict[str, Known] = field(default_factory=OrderedDict)
    """By the archive's id."""
    amendments: OrderedDict[str, list[Amended]] = field(default_factory=OrderedDict)
    """By what they refer to: history that is read later needs them."""

    @property
    def key(self) -> ConversationId:
        """Its id as the desk's type."""
        return ConversationId(self.id)

    @property
    def title(self) -> str:
        """What to call it."""
        return self.name or local_part(self.id)

    def conversation(self) -> Conversation:
        """Return it as the desk should know it now."""
        return Conversation(
            id=self.key,
            customer=self._customer(),
            channel="xmpp",
            subject=self.subject,
            status=Status.OPEN,
            joined=not self.closed,
            absent=self._absent(),
        )

    def _customer(self) -> Customer:
        attributes = {"address": self.id}
        if not self.room:
            return Customer(id=self.id, name=self.title, attributes=attributes)
        nicks = [who.nick for who in self.occupants.values() if self.role_of(who.nick, who.jid) is Role.CUSTOMER]
        title = self.title
        attributes |= {"room": title} | ({"present": ", ".join(sorted(nicks))} if nicks else {})
        return Customer(id=self.id, name=nicks[0] if len(nicks) == 1 else title, attributes=attributes)

    def _absent(self) -> dict[str, str]:
        absent: dict[str, str] = {}
        if self.closed:
            absent |= dict.fromkeys(("send", "typing_out", "read_out", "attachments_out"), self.closed)
        if not self.archived:
            absent["history"] = "this room keeps no archive: only what is said while you are there is shown"
        return absent

    # Who wrote it

    def role_of(self, nick: str, jid: str) -> Role:
        """Return whether an occupant of a room is one of us."""
        if jid == self.account.jid:
            return Role.AGENT
        for names, role in ((self.account.bots, Role.BOT), (self.account.agents, Role.AGENT)):
            if (jid and jid in names) or nick in names:
                return role
        return Role.CUSTOMER

    def is_mine(self, stanza: Stanza) -> bool:
        """Tell whether this account wrote it, on whichever device."""
        if not self.room:
            return bare(stanza.sender) == self.account.jid
        if stanza.occupant_id and self.occupant_id:
            return stanza.occupant_id == self.occupant_id
        real = bare(stanza.real_jid)
        return real == self.account.jid if real else bool(self.nick) and resource(stanza.sender) == self.nick

    def author_of(self, stanza: Stanza) -> str:
        """Return who may change what this stanza says."""
        if not self.room:
            return bare(stanza.sender)
        return stanza.occupant_id or stanza.sender

    def _writer(self, stanza: Stanza) -> tuple[Role, str, str]:
        """Return role, id and name of the author."""
        if self.is_mine(stanza):
            return Role.AGENT, self.account.jid, self.account.nick
        if not self.room:
            role = Role.BOT if bare(stanza.sender) in self.account.bots else Role.CUSTOMER
            return role, bare(stanza.sender), self.name or local_part(stanza.sender)
        nick = resource(stanza.sender)
        if not nick:
            return Role.SYSTEM, self.id, self.title
        jid = bare(stanza.real_jid) or (self.occupants[nick].jid if nick in self.occupants else "")
        return self.role_of(nick, jid), jid or stanza.sender, nick

    def who_types(self, stanza: Stanza) -> tuple[str, bool]:
        """Return the name of who sent a chat state, and whether that is a customer."""
        role, _, name = self._writer(stanza)
        return name, role is Role.CUSTOMER

    # What it means

    def meaning(self, stanza: Stanza, archive_id: str, key: int, at: float) -> Meaning:
        """Return what a stanza of this conversation means. It is not remembered yet."""
        if stanza.kind == "error":
            reason = "unknown" if stanza.error is None else reason_of_error(stanza.error)
            return Bounced(stanza.id, reason, key) if stanza.id else None
        if stanza.kind == "headline":
            return None
        if stanza.retracts:
            allowed = stanza.moderated and self.room and stanza.sender == self.id
            return Amended(stanza.retracts, self.author_of(stanza), None, key, moderated=allowed)
        if stanza.displayed and not stanza.body:
            return None if self.is_mine(stanza) else Displayed(stanza.displayed)
        if stanza.subject is not None and not stanza.body and self.room:
            return Renamed(stanza.subject)
        if not (stanza.body or stanza.files or stanza.encryption or stanza.withdrawn or stanza.subject):
            return None
        known = self._known(stanza, archive_id, key, at)
        if stanza.replaces:
            return Amended(stanza.replaces, known.author, known.message.body, key, otherwise=known)
        return Said(known)

    def _known(self, stanza: Stanza, archive_id: str, key: int, at: float) -> Known:
        role, sender_id, sender_name = self._writer(stanza)
        mine = self.is_mine(stanza)
        body = stanza.body
        if stanza.encryption:
            body = f"(encrypted with {stanza.encryption}: {ENCRYPTED})"
        elif stanza.subject and not self.room:
            body = f"{stanza.subject}\n{body}" if body else stanza.subject
        message = Message(
            id=MessageId(archive_id),
            conversation_id=self.key,
            role=role,
            sender_id=sender_id,
            sender_name=sender_name,
            body="" if stanza.withdrawn else body,
            sent_at=at,
            order_key=key,
            deleted=stanza.withdrawn,
            attachments=()
            if stanza.withdrawn
            else tuple(
                Attachment(id=file.url, name=file.name, media_type=file.media_type, size=file.size)
                for file in stanza.files
            ),
            client_id=client_id_in(stanza.id) if mine else None,
            delivery=Delivery.CONFIRMED,
        )
        return Known(message, self.author_of(stanza), stanza.id, stanza.markable, mine)

    # What is remembered

    def remember(self, known: Known) -> None:
        """Keep a message for what may refer to it later."""
        self.known[known.message.id] = known
        self.known.move_to_end(known.message.id)
        self.top = max(self.top, known.message.order_key)
        while len(self.known) > MAX_REMEMBERED:
            self.known.popitem(last=False)

    def note(self, amendment: Amended) -> None:
        """Keep a correction for the history in which its message may come."""
        noted = self.amendments.setdefault(amendment.reference, [])
        if amendment not in noted:
            noted.append(amendment)
        while len(self.amendments) > MAX_REMEMBERED:
            self.amendments.popitem(last=False)

    def find(self, reference: str) -> Known | None:
        """Return the newest remembered message of this archive id or origin id."""
        found = self.known.get(reference)
        if found is not None:
            return found
        return next((known for known in reversed(self.known.values()) if known.origin == reference), None)

    def find_for(self, amendment: Amended) -> Known | None:
        """Return the message that an amendment is allowed to change, or None."""
        found = self.known.get(amendment.reference)
        if found is not None and may_change(amendment, found):
            return found
        return next((known for known in reversed(self.known.values()) if changes(amendment, known)), None)


def may_change(amendment: Amended, known: Known) -> bool:
    """Tell whether an amendment comes from who wrote the message, or from the room's own moderation."""
    return amendment.moderated or amendment.author == known.author


def changes(amendment: Amended, known: Known) -> bool:
    """Tell whether an amendment is meant for this message, and allowed."""
    return amendment.reference in (known.origin, known.message.id) and may_change(amendment, known)


def client_id_in(stanza_id: str) -> ClientId | None:
    """Return the client id that a stanza of this desk carries; None for parts and for what another client sent."""
    if not stanza_id.startswith(OURS) or PART in stanza_id:
        return None
    return ClientId(stanza_id.removeprefix(OURS)) or None


def peer_of(stanza: Stanza, me: str) -> str:
    """Return the conversation that a stanza of our own archive, or of the stream, belongs to; empty for none."""
    other = stanza.to if bare(stanza.sender) == me else stanza.sender
    return "" if bare(other) == me else bare(other)
