"""What the guard knows of one open chat: its lines, and the sums over them that every question needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from paradesk.core.model import Conversation, ConversationId, Message, Role, Visibility
from paradesk.core.state import Thread
from paradesk.guard.words import Line, read

MAX_LINES = 500
"""Messages of a chat that are looked at, the newest."""
_MAX_WORDS = 40
"""Words of the customer that count for the topic, the newest."""
_CLOSE = 3
"""Customer lines after the last reply that make up the question, the newest."""


@dataclass(frozen=True, slots=True)
class Said:
    """One public message: who wrote it, and what it says."""

    by_customer: bool
    text: str

    @property
    def line(self) -> Line:
        """What it says, as it is compared."""
        return read(self.text)


@dataclass(frozen=True)
class ChatView:
    """An open chat at one moment. Two views are the same chat when their conversation is."""

    conversation_id: ConversationId
    said: tuple[Said, ...] = ()
    """Newest last."""
    record: Conversation | None = None
    """What the backend knows of customer and order; None where nothing is known."""

    @cached_property
    def waiting(self) -> bool:
        """Whether the customer wrote last."""
        return bool(self.said) and self.said[-1].by_customer

    @cached_property
    def question(self) -> tuple[int, ...]:
        """Word ids of what the customer wrote since the last reply."""
        found: list[int] = []
        for count, said in enumerate(reversed(self.said)):
            if not said.by_customer or count == _CLOSE:
                break
            found += said.line.asking
        return tuple(dict.fromkeys(found))[:_MAX_WORDS]

    @cached_property
    def topic(self) -> tuple[int, ...]:
        """Word ids of what the customer wrote in all, the newest first."""
        found: dict[int, None] = {}
        for said in reversed(self.said):
            if said.by_customer:
                found.update(dict.fromkeys(said.line.about))
                if len(found) >= _MAX_WORDS:
                    break
        return tuple(found)[:_MAX_WORDS]

    @cached_property
    def replies(self) -> tuple[Line, ...]:
        """The agents' replies, newest last."""
        return tuple(said.line for said in self.said if not said.by_customer)

    @cached_property
    def terms(self) -> frozenset[str]:
        """All words and values that were said here or stand in the record."""
        return frozenset().union(self.record_terms, *(said.line.terms for said in self.said))

    @cached_property
    def customer_terms(self) -> frozenset[str]:
        """All words and values that the customer said here."""
        return frozenset().union(*(said.line.terms for said in self.said if said.by_customer))

    @cached_property
    def record_terms(self) -> frozenset[str]:
        """All words and values of the customer's record and order."""
        return frozenset().union(*(read(text).terms for _, text in self.record_fields))

    @cached_property
    def record_fields(self) -> tuple[tuple[str, str], ...]:
        """The fields of the record that name a customer or a case, each with a word for it."""
        if self.record is None:
            return ()
        of, who = self.record, self.record.customer
        fields = [
            ("name", who.name),
            ("e-mail", who.email),
            ("phone", who.phone),
            ("company", who.company),
            ("ticket", of.number),
            ("subject", of.subject),
            *(("order" if name == "id" else name, text) for name, text in of.order.items()),
            *of.attributes.items(),
            *who.attributes.items(),
            *(("ticket", earlier.id) for earlier in who.earlier[:20]),
        ]
        return tuple((name, text) for name, text in fields if text)


def view_of(thread: Thread) -> ChatView:
    """Return the guard's view of a thread: the same one until the thread changes, and then built upon the one before."""
    key = thread.conversation.id
    kept = _KEPT.get(key)
    if kept is not None and kept.thread is thread:
        return kept.view
    messages = _public(thread)
    view = None if kept is None else _continued(kept, thread, messages)
    if view is None:
        said = tuple(Said(message.role is Role.CUSTOMER, message.body) for message in messages)
        view = ChatView(key, said, thread.conversation)
    _KEPT.pop(key, None)
    _KEPT[key] = _Kept(thread, messages, view)
    if len(_KEPT) > _MOST_KEPT:
        _KEPT.pop(next(iter(_KEPT)), None)
    return view


@dataclass(frozen=True, slots=True)
class _Kept:
    thread: Thread
    messages: list[Message]
    view: ChatView


_KEPT: dict[ConversationId, _Kept] = {}
_MOST_KEPT = 64


def _public(thread: Thread) -> list[Message]:
    """Return the newest messages that the customer can read, oldest first."""
    found: list[Message] = []
    for message in reversed(thread.transcript):
        if message.visibility is Visibility.PUBLIC and not message.deleted and message.role is not Role.SYSTEM:
            found.append(message)
            if len(found) == MAX_LINES:
                break
    found.reverse()
    return found


def _continued(kept: _Kept, thread: Thread, messages: list[Message]) -> ChatView | None:
    """Return the kept view with what was said since, or None where anything else has changed.

    What fell off the beginning stays in the terms: it was said here, after all.
    """
    old = kept.messages
    if not old or thread.conversation is not kept.thread.conversation:
        return None
    new = next((count for count in range(len(messages)) if messages[-1 - count] is old[-1]), None)
    if new is None:
        return None
    common = messages[: len(messages) - new]
    if len(common) > len(old) or any(
        one is not other for one, other in zip(reversed(common), reversed(old), strict=False)
    ):
        return None
    added = tuple(Said(message.role is Role.CUSTOMER, message.body) for message in messages[len(messages) - new :])
    earlier = kept.view
    said = (earlier.said[len(old) - len(common) :]) + added
    view = ChatView(earlier.conversation_id, said, thread.conversation)
    view.__dict__["record_terms"] = earlier.record_terms
    view.__dict__["record_fields"] = earlier.record_fields
    view.__dict__["terms"] = earlier.terms.union(*(one.line.terms for one in added))
    view.__dict__["customer_terms"] = earlier.customer_terms.union(
        *(one.line.terms for one in added if one.by_customer)
    )
    return view


def of_lines(conversation_id: str, lines: Sequence[tuple[bool, str]]) -> ChatView:
    """Return a view of plain lines, oldest first: whether the customer wrote it, and its text."""
    return ChatView(ConversationId(conversation_id), tuple(Said(by, text) for by, text in lines[-MAX_LINES:]))
