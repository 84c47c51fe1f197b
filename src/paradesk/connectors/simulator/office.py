"""The rest of the office: what colleagues offer and answer, who is there, and what the service knows when it is asked."""

import random
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from paradesk.connectors.base import Conflict, Gone, Rejected
from paradesk.connectors.simulator.agent import AgentSide
from paradesk.connectors.simulator.chat import Chat, Counterpart, StoredFile
from paradesk.connectors.simulator.ledger import locked
from paradesk.connectors.simulator.world import World
from paradesk.core.events import AssigneeChanged, Event, OfferChanged, PresenceChanged
from paradesk.core.model import (
    Agent,
    ConversationId,
    Customer,
    EarlierConversation,
    Found,
    Message,
    Offer,
    Presence,
    RemoteResponse,
)

ANSWERS_AFTER = (8.0, 20.0)
"""Virtual seconds that a colleague takes to answer an offer, at least and at most."""
WITHDRAWN_AFTER = 120.0
"""Virtual seconds after which a colleague takes back an offer that the agent has not answered."""
_DECLINES = 0.25
_KEPT_FILES = 200
_AROUND = 40
_CANNED = (
    RemoteResponse("greeting", "Greeting", "Hi {{contact.name}}, thanks for getting in touch. How can I help?", "hi"),
    RemoteResponse(
        "delay", "Delivery is late", "I am sorry that your parcel is late. I am asking the carrier.", "late"
    ),
    RemoteResponse("gruss", "Begrüßung", "Hallo {{contact.name}}, womit kann ich helfen?", "hallo", "de"),
)


class Office:
    """Offers, presence, search and files of a world. Every method may be called from any thread."""

    def __init__(self, world: World, agent: AgentSide) -> None:
        self._world = world
        self._agent = agent
        self._random = random.Random(f"office/{world.seed}")
        self._files: OrderedDict[str, StoredFile] = OrderedDict()

    @property
    def lock(self) -> AbstractContextManager[Any]:
        """The world's lock."""
        return self._world.lock

    # Who does it

    @locked
    def take_next(self) -> tuple[ConversationId | None, tuple[Event, ...]]:
        """Join whoever has waited longest in the queue; None where nobody does."""
        waiting = [chat for chat in self._world.chats() if _waits(chat)]
        if not waiting:
            return None, ()
        chosen = min(waiting, key=lambda chat: (chat.conversation.created_at, chat.version))
        return chosen.conversation.id, self._agent.join(chosen.conversation.id)

    @locked
    def assign(self, conversation_id: ConversationId, assignee_id: str | None) -> tuple[Event, ...]:
        """Make somebody responsible at once, or nobody; it stays in the agent's list."""
        chat = self._world.ours(conversation_id, reading=True)
        who = None if assignee_id is None else self._known(assignee_id)
        chat.change(self._world.log.next(), assignee=who)
        return self._world.tell(chat, AssigneeChanged(conversation_id, who, chat.version))

    @locked
    def transfer(self, conversation_id: ConversationId, target_id: str, note: str) -> tuple[Event, ...]:
        """Hand a chat to a team at once, or offer it to a colleague, who answers after a while."""
        target = next((agent for agent in self._world.roster if agent.id == target_id), None)
        if target is None or target.kind == "team" or not target.online:
            return self._agent.transfer(conversation_id, target_id, note)
        chat = self._world.ours(conversation_id)
        if note:
            self._world.colleague_notes(conversation_id, self._world.me, note)
        offer = Offer(self._world.me, target, note, mine=False)
        accepts = self._random.random() >= _DECLINES
        self._world.timeline.after(
            self._random.uniform(*ANSWERS_AFTER), lambda: self._answer_if_still(chat, offer, accepts)
        )
        return self._put_offer(chat, offer)

    @locked
    def colleague_answers(self, conversation_id: ConversationId, accepts: bool) -> None:
        """Let the colleague whom the agent offered this chat accept or decline it now."""
        chat = self._world.chat(conversation_id)
        offer = chat.conversation.offer
        if offer is None or offer.mine or offer.to is None:
            raise Rejected("nobody was offered this chat")
        self._put_offer(chat, None)
        if accepts:
            self._agent.transfer(conversation_id, offer.to.id, "")
        else:
            self._world.colleague_notes(conversation_id, offer.to, "Sorry, I cannot take this one now.")

    @locked
    def offer(self, customer: Customer, by: Agent, note: str, counterpart: Counterpart | None = None) -> ConversationId:
        """Let a colleague offer the agent a chat of theirs; taken back when it is not answered for long."""
        conversation_id = self._world.begin(customer, joined=False, subject=note, counterpart=counterpart)
        chat = self._world.chat(conversation_id)
        offer = Offer(by, self._world.me, note)
        self._world.upsert(chat, assignee=by, offer=offer)

        def withdraw() -> None:
            if chat.conversation.offer is offer:
                self._world.remove(chat, f"{by.name} has taken the offer back", offer=None)

        self._world.timeline.after(WITHDRAWN_AFTER, withdraw)
        return conversation_id

    @locked
    def accept(self, conversation_id: ConversationId) -> tuple[Event, ...]:
        """Take over a chat that was offered."""
        chat = self._offered(conversation_id)
        told = self._put_offer(chat, None)
        return (*told, *self._agent.join(conversation_id))

    @locked
    def decline(self, conversation_id: ConversationId, reason: str) -> tuple[Event, ...]:
        """Leave an offered chat with whoever offers it."""
        chat = self._offered(conversation_id)
        by = chat.conversation.offer.by if chat.conversation.offer is not None else None
        if reason:
            self._world.colleague_notes(conversation_id, self._world.me, reason)
        return self._world.remove(chat, f"stays with {by.name if by is not None else 'a colleague'}", offer=None)

    # Presence

    @locked
    def set_presence(self, presence: Presence, text: str) -> tuple[Event, ...]:
        """Set what the service holds the agent for."""
        self._world.presence, self._world.presence_text = presence, text
        told = PresenceChanged("", presence, text)
        self._world.log.append(told)
        return (told,)

    # What can be asked

    @locked
    def customer(self, conversation_id: ConversationId) -> Customer:
        """Return a customer with all their other conversations, newest first."""
        customer = self._world.ours(conversation_id, reading=True).conversation.customer
        others = [
            EarlierConversation(c.id, c.subject, c.status_label.lower(), c.created_at)
            for c in (chat.conversation for chat in self._world.chats())
            if c.customer.id == customer.id and c.id != conversation_id
        ]
        return replace(customer, earlier=tuple(sorted((*customer.earlier, *others), key=lambda one: -one.at)))

    def canned(self) -> tuple[RemoteResponse, ...]:
        """Return the canned responses of the service."""
        return _CANNED

    @locked
    def search(self, query: str, limit: int) -> tuple[Found, ...]:
        """Return the conversations in which all the words occur, the newest hit first."""
        words = query.casefold().split()
        found = [one for chat in self._world.chats() if (one := _hit(chat, words)) is not None]
        return tuple(sorted(found, key=lambda one: -one.at)[:limit])

    # Files

    @locked
    def keep(self, file: StoredFile) -> str:
        """Keep a file until a reply names it; returns its name here."""
        name = f"upload-{self._world.log.next()}"
        self._files[name] = file
        while len(self._files) > _KEPT_FILES:
            self._files.popitem(last=False)
        return name

    @locked
    def files(self, names: Iterable[str]) -> list[StoredFile]:
        """Return files that were kept; raises Gone for one that is not there."""
        missing = [name for name in names if name not in self._files]
        if missing:
            raise Gone("an uploaded file is no longer there")
        return [self._files[name] for name in names]

    def _known(self, agent_id: str) -> Agent:
        for agent in (self._world.me, *self._world.roster):
            if agent.id == agent_id:
                return agent
        raise Rejected("nobody on the roster has this id")

    def _offered(self, conversation_id: ConversationId) -> Chat:
        chat = self._world.ours(conversation_id, reading=True)
        if chat.conversation.offer is None or not chat.conversation.offer.mine:
            raise Conflict("this chat is not offered to you any more")
        return chat

    def _put_offer(self, chat: Chat, offer: Offer | None) -> tuple[Event, ...]:
        chat.change(self._world.log.next(), offer=offer)
        return self._world.tell(chat, OfferChanged(chat.conversation.id, offer, chat.version))

    def _answer_if_still(self, chat: Chat, offer: Offer, accepts: bool) -> None:
        if chat.conversation.offer is offer and not chat.removed:
            self.colleague_answers(chat.conversation.id, accepts)


def _waits(chat: Chat) -> bool:
    one = chat.conversation
    return not (one.joined or one.ended or chat.removed or one.offer is not None or one.assignee is not None)


def _hit(chat: Chat, words: list[str]) -> Found | None:
    one = chat.conversation
    head = f"#{one.number} {one.customer.name}"
    title = f"{head} · {one.subject}" if one.subject else head
    messages = [message for message in chat.all() if not message.deleted]
    whole = " ".join([title, *(message.body for message in messages)]).casefold()
    if not words or not all(word in whole for word in words):
        return None
    hit = next((m for m in reversed(messages) if any(word in m.body.casefold() for word in words)), None)
    if hit is None:
        return Found(one.id, title, "", one.created_at)
    return Found(one.id, title, _excerpt(hit, words), hit.sent_at)


def _excerpt(message: Message, words: list[str]) -> str:
    folded = message.body.casefold()
    at = min(folded.find(word) for word in words if word in folded)
    begin, end = max(0, at - _AROUND), at + _AROUND
    return f"{'…' if begin else ''}{message.body[begin:end]}{'…' if end < len(message.body) else ''}"
