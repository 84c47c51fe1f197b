"""What was said in a chat, as words and runs of words, so that a passage is found again wherever it stands."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from paradesk.core.model import ConversationId, Delivery, Message, Role, Visibility
from paradesk.core.state import Thread
from paradesk.core.transcript import Transcript

RUN = 5
"""Words in a row that make up a passage."""
MAX_MESSAGES = 500
"""Messages of a chat that are looked at, the newest."""
MAX_CHARACTERS = 20_000
"""Characters of one text that are read; more is a pasted log."""
_KEPT_CHATS = 64
_NEVER_SAID = frozenset({Delivery.FAILED, Delivery.CANCELLED})

# Scripts that put no blanks between words are read letter by letter.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text, folded: case, width, punctuation and spacing do not count."""
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).casefold()))


def runs(found: Sequence[str]) -> list[int]:
    """Return a number for each passage of `RUN` words, by the place where it begins."""
    return [hash(tuple(found[place : place + RUN])) for place in range(len(found) - RUN + 1)]


@lru_cache(maxsize=8192)
def read(text: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the words and the passages of a message, kept for the next look."""
    found = words(text)
    return found, tuple(runs(found))


@dataclass(slots=True)
class ChatPassages:
    """The public side of one chat."""

    by_customer: set[int] = field(default_factory=set)
    """Passages of the customer's messages."""
    by_others: set[int] = field(default_factory=set)
    """Passages of everybody else's, bots included."""
    words: set[str] = field(default_factory=set)
    messages: list[Message] = field(default_factory=list)
    """What was read, oldest first."""

    def add(self, messages: Iterable[Message]) -> None:
        """Read further messages."""
        for message in messages:
            found, passages = read(message.body)
            self.words.update(found)
            (self.by_customer if message.role is Role.CUSTOMER else self.by_others).update(passages)
            self.messages.append(message)

    def says(self, passage: Sequence[str]) -> bool:
        """Tell whether these words stand in one message here, in this order."""
        if not self.words.issuperset(passage):
            return False
        wanted = f" {' '.join(passage)} "
        return any(wanted in f" {' '.join(read(message.body)[0])} " for message in self.messages)


class Passages:
    """Reads chats for the guard and reads on from where it was. For one thread only."""

    def __init__(self) -> None:
        self._kept: dict[ConversationId, tuple[Transcript, ChatPassages]] = {}

    def of(self, thread: Thread) -> ChatPassages:
        """Return what was said in a thread; a new line costs as much as its own text."""
        key = thread.conversation.id
        kept = self._kept.pop(key, None)
        if kept is not None and kept[0] is thread.transcript:
            found = kept[1]
        else:
            messages = _public(thread)
            known = None if kept is None else _continued(kept[1], messages)
            found = _read(messages) if known is None else known
        self._kept[key] = thread.transcript, found
        if len(self._kept) > _KEPT_CHATS:
            self._kept.pop(next(iter(self._kept)))
        return found


def _read(messages: list[Message]) -> ChatPassages:
    found = ChatPassages()
    found.add(messages)
    return found


def _public(thread: Thread) -> list[Message]:
    """Return the newest messages that the customer can read, oldest first."""
    found: list[Message] = []
    for message in reversed(thread.transcript):
        if said_to_customer(message):
            found.append(message)
            if len(found) == MAX_MESSAGES:
                break
    found.reverse()
    return found


def said_to_customer(message: Message) -> bool:
    """Tell whether a message is a part of the talk with the customer: no note, not deleted, not taken back."""
    public = message.visibility is Visibility.PUBLIC and message.role is not Role.SYSTEM
    return public and not message.deleted and message.delivery not in _NEVER_SAID


def _continued(kept: ChatPassages, messages: list[Message]) -> ChatPassages | None:
    """Return the kept passages with what was said since, or None where anything but the end has changed.

    What fell off the beginning stays: it was said here, after all.
    """
    old = kept.messages
    if not old:
        return None
    new = next((count for count in range(len(messages)) if _same(messages[-1 - count], old[-1])), None)
    if new is None:
        return None
    common = messages[: len(messages) - new]
    if len(common) > len(old) or not all(map(_same, reversed(common), reversed(old))):
        return None
    kept.messages = old[len(old) - len(common) :]
    kept.add(messages[len(common) :])
    return kept


def _same(one: Message, other: Message) -> bool:
    """Tell whether two messages say the same; that one has been delivered meanwhile does not matter."""
    return one is other or (one.role is other.role and one.body == other.body)
