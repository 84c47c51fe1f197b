"""What is known at the moment in which a response is looked for: the chat, what was used in it before, what was typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from paradesk.canned.tokens import feature, stem, words_of
from paradesk.core.model import Role, Visibility
from paradesk.core.state import Thread

MESSAGES = 4
"""How many of the customer's last messages are read."""
_LONGEST_MESSAGE = 1_000
_MOST_WORDS = 40
_MOST_TYPED = 24
_LOOKED_BACK = 60
_EARLIER = 0.4
_HEADS = 6
_WAITS = (15, 60, 300, 3_600, 86_400)
_START = ">"


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed until now; the last word may be unfinished."""

    text: str

    @property
    def words(self) -> list[str]:
        """The folded words in their order."""
        return words_of(self.text[:400])[:_MOST_TYPED]


@dataclass(frozen=True)
class Moment:
    """An open chat, as far as it tells which response comes next. Nothing in it names the customer."""

    customer: tuple[str, ...] = ()
    """The customer's last messages, the newest first."""
    used: tuple[str, ...] = ()
    """Ids of the responses that were sent in this chat, the newest first; empty for a reply written by hand."""
    tags: frozenset[str] = frozenset()
    subject: str = ""
    language: str = ""
    status: str = ""
    answered: bool = False
    """Whether an agent has written in it."""
    waiting: float | None = None
    """Seconds since the customer has been waiting; None when nobody owes an answer."""

    @cached_property
    def customer_words(self) -> Mapping[str, float]:
        """Stems that the customer used, newer ones weigh more; the subject and the tags count a little."""
        weights: dict[str, float] = {}
        for place, message in enumerate(self.customer[:MESSAGES]):
            for word in words_of(message[:_LONGEST_MESSAGE])[:_MOST_WORDS]:
                key = stem(word)
                weights[key] = max(_EARLIER**place, weights.get(key, 0.0))
        for text in (self.subject[:300], *sorted(self.tags)):
            for word in words_of(text):
                weights.setdefault(stem(word), _EARLIER)
        return weights

    @cached_property
    def around(self) -> Mapping[str, tuple[int, ...]]:
        """What the chat says, as numbers to count by, in groups."""
        newest = (
            [stem(word) for word in words_of(self.customer[0][:_LONGEST_MESSAGE])[:_MOST_WORDS]]
            if self.customer
            else []
        )
        last = self.used[0] if self.used else _START
        before = self.used[1] if len(self.used) > 1 else _START
        waited = -1 if self.waiting is None else sum(self.waiting >= limit for limit in _WAITS)
        question = [*newest, *(f"{one} {two}" for one, two in pairwise(newest))]
        state = [f"status {self.status}", f"waits {waited}", f"replies {min(len(self.used), 8)}"]
        state += [f"language {self.language[:2]}", *(f"tag {tag}" for tag in sorted(self.tags)[:8])]
        return {
            "customer": tuple(dict.fromkeys(feature("c", word) for word in question)),
            "topic": tuple(feature("t", word) for word in self.customer_words),
            "last": (feature("l", last),),
            "last two": (feature("2", last, before),),
            "earlier": tuple(dict.fromkeys(feature("e", used) for used in self.used[:12] if used)),
            "state": tuple(feature("s", what) for what in state),
        }

    def typed(self, text: str, *, finished: bool) -> Mapping[str, tuple[int, ...]]:
        """Return what was typed as numbers to count by, in groups; `finished` once it has led to a choice."""
        words = Query(text).words
        if not words:
            return {}
        stems = [stem(word) for word in words]
        whole = " ".join(words)
        if finished:
            lengths = [word[:size] for word in words for size in range(2, min(5, len(word) + 1))]
            heads = [whole[:size] for size in range(1, min(_HEADS, len(whole)) + 1)]
        else:
            lengths = [word[:4] for word in words if len(word) > 1]
            heads = [whole[:_HEADS]]
        return {
            "words": tuple(dict.fromkeys(feature("w", word) for word in stems)),
            "beginnings": tuple(dict.fromkeys(feature("p", piece) for piece in lengths)),
            "heads": tuple(feature("h", head) for head in heads),
            "whole": (feature("q", whole),),
        }


def moment_of(thread: Thread, used: Sequence[str], now: float) -> Moment:
    """Return what a chat tells at `now` (Unix seconds), where these responses were sent before, the newest first."""
    conversation, transcript = thread.conversation, thread.transcript
    customer: list[str] = []
    for place in range(len(transcript) - 1, max(-1, len(transcript) - _LOOKED_BACK), -1):
        message = transcript[place]
        if message.role is Role.CUSTOMER and message.visibility is Visibility.PUBLIC and not message.deleted:
            customer.append(message.body[:_LONGEST_MESSAGE])
            if len(customer) == MESSAGES:
                break
    since = thread.waiting_since
    return Moment(
        customer=tuple(customer),
        used=tuple(used),
        tags=conversation.tags,
        subject=conversation.subject[:300],
        language=conversation.customer.language,
        status=conversation.status.value,
        answered=any(message.role is Role.AGENT for message in transcript[-200:]),
        waiting=None if since is None else max(0.0, now - since),
    )
