"""What the guard has learnt from an agent's past replies: which reply follows what, and which values are repeated in it.

Counts only, in tables of a fixed size, so that years of replies cost no more memory than months. Nothing of the texts
is kept but the wordings that recur, to know a reply again when it is worded a little differently.
"""

import math
from array import array
from collections.abc import Iterable, Iterator, Sequence

from paradesk.core.model import ConversationId
from paradesk.core.text import clean_line
from paradesk.guard.chat_view import ChatView, Said
from paradesk.guard.words import Line, Value, mix, read, stable_id, values

_BITS = 21
"""Two tables of two million counts, 8 MB: at 20,000 replies a quarter of the one and a twentieth of the other is in use."""
_FULL = 0xFFFF
_MAX_WORDINGS = 20_000
_ALIKE = 0.7
"""Share of words in common from which on two wordings count as one reply."""
_PRIOR = 2.0
"""How many imagined observations at the base rate each association starts with."""
_TAGS = ["opens", "before", "stage", "earlier", "word"]
_OPENS, _BEFORE, _STAGE, _EARLIER, _WORD = (stable_id(tag) for tag in _TAGS)
_START = stable_id("nothing was said")
_EARLIER_REPLIES = 10
_WORDS_LEARNT = 16
_WORDS_ASKED = 8
_GROWN = 3_000
_RARE = 0.35
_SELDOM = 0.02
_PAST = ConversationId("")
_WINDOW = 60
"""Messages before a past reply that are looked at when it is learnt."""


class Experience:
    """Counts over an agent's replies and what had been said before each. Not safe for use while another thread learns."""

    def __init__(self, bits: int = _BITS) -> None:
        """Prepare tables of two to the power of `bits` counts; few will do for one that never learns."""
        self.replies = 0
        """How many replies it was learnt from."""
        self._mask = (1 << bits) - 1
        self._pairs = array("H", bytes(2 << bits))
        self._singles = array("H", bytes(2 << bits))
        self._wordings: dict[int, int] = {}
        self._words_of: dict[int, frozenset[int]] = {}
        self._having: dict[int, list[int]] = {}
        self._count: dict[int, int] = {}
        self._again: dict[int, int] = {}
        self._had: dict[int, int] = {}
        self._doubles = 0
        self._echoed: dict[object, int] = {}
        self._looked_up: dict[object, int] = {}
        self._unechoed = 0

    def learn(self, view: ChatView, text: str) -> None:
        """Count one reply of the agent's, sent into `view` (what had been said before it)."""
        line = read(text)
        reply = self._settle(line)
        self.replies += 1
        if not view.waiting:
            self._doubles += 1
        self._count[reply] = self._count.get(reply, 0) + 1
        earlier = self._earlier(view)
        for one in earlier:
            self._had[one] = self._had.get(one, 0) + 1
        if reply in earlier:
            self._again[reply] = self._again.get(reply, 0) + 1
        before, before_both = self._before(earlier)
        contexts = [before, *(mix(_EARLIER, one) for one in earlier)]
        singles, pairs, mask = self._singles, self._pairs, self._mask
        for_words = len(contexts)
        contexts += (before_both, mix(_STAGE, min(len(view.replies), 6)))
        contexts += view.question
        contexts += [mix(before, word) for word in view.question]
        contexts += view.topic
        for context in contexts:
            place = context & mask
            if singles[place] < _FULL:
                singles[place] += 1
            place = (context ^ reply) & mask
            if pairs[place] < _FULL:
                pairs[place] += 1
        del contexts[for_words:]
        for word in line.ids[:_WORDS_LEARNT]:
            mixed = mix(_WORD, word)
            place = mixed & mask
            if singles[place] < _FULL:
                singles[place] += 1
            for context in contexts:
                place = (context ^ mixed) & mask
                if pairs[place] < _FULL:
                    pairs[place] += 1
        self._learn_values(view, text, reply)

    def learn_chat(self, said: Sequence[Said], mine: Iterable[int]) -> None:
        """Count the replies at the places `mine` of a chat's messages, oldest first, each with what stands before it."""
        for place in mine:
            before = tuple(said[max(0, place - _WINDOW) : place])
            self.learn(ChatView(_PAST, before), said[place].text)

    def _learn_values(self, view: ChatView, text: str, reply: int) -> None:
        for value in values(text):
            if not view.terms.isdisjoint(value.forms):
                counts = self._echoed
            else:
                counts = self._looked_up
                self._unechoed += 1
                form = value.forms[0]
                counts[form] = counts.get(form, 0) + 1
            for of in (value.kind, value.slot, mix(reply, value.run)):
                counts[of] = counts.get(of, 0) + 1

    def wording(self, line: Line) -> int | None:
        """Return the number of the reply that this is, or nearly is; None for one that was never sent."""
        known = self._wordings.get(line.key)
        return known if known is not None else self._nearest(line)

    def _settle(self, line: Line) -> int:
        """Return the number of a reply, and know its wording from now on."""
        reply = self._wordings.get(line.key)
        if reply is not None:
            return reply
        reply = self._nearest(line)
        if len(self._wordings) >= _MAX_WORDINGS:
            return line.key if reply is None else reply
        if reply is None:
            reply = line.key
            self._words_of[reply] = frozenset(line.ids)
            for word in line.ids:
                self._having.setdefault(word, []).append(reply)
        self._wordings[line.key] = reply
        return reply

    def _nearest(self, line: Line) -> int | None:
        having = self._having
        lists = sorted((having[word] for word in line.ids if word in having), key=len)[:5]
        votes: dict[int, int] = {}
        for found in lists:
            for reply in found[-300:]:
                votes[reply] = votes.get(reply, 0) + 1
        if not votes:
            return None
        words = frozenset(line.ids)
        best, likeness = None, _ALIKE
        for reply in sorted(votes, key=votes.__getitem__, reverse=True)[:8]:
            others = self._words_of[reply]
            common = len(words & others)
            share = common / (len(words) + len(others) - common)
            if share >= likeness:
                best, likeness = reply, share
        return best

    def _earlier(self, view: ChatView) -> list[int]:
        """Return the numbers of the last replies in a chat, each once, newest first."""
        found: dict[int, None] = {}
        for line in reversed(view.replies[-_EARLIER_REPLIES:]):
            known = self.wording(line)
            found[line.key if known is None else known] = None
        return list(found)

    def _before(self, earlier: list[int]) -> tuple[int, int]:
        one = earlier[0] if earlier else _START
        two = earlier[1] if len(earlier) > 1 else _START
        return mix(_OPENS, one), mix(_BEFORE, one * 31 + two & 0xFFFFFFFF)

    def _ratio(self, base: float, reply: int, context: int) -> float:
        """Return the logarithm of how much more often `reply` comes in `context` than in all."""
        seen = self._singles[context & self._mask]
        if not seen:
            return 0.0
        both = self._pairs[(context ^ reply) & self._mask]
        return math.log((both + _PRIOR * base) / ((seen + _PRIOR) * base))

    def echo(self, value: Value, reply: int | None) -> tuple[float, float]:
        """Return the evidence for a chat which holds this value, and that against one which does not (logarithms).

        What counts is how often the agent fills this place of the reply with what was said before, and how seldom with
        this very value from elsewhere.
        """
        rate, echoed, looked_up = 0.3, self._echoed, self._looked_up
        for of in (value.kind, value.slot, None if reply is None else mix(reply, value.run)):
            repeated = echoed.get(of, 0)
            rate = (repeated + 4 * rate) / (repeated + looked_up.get(of, 0) + 4)
        rate = min(rate, 0.995)
        chance = (looked_up.get(value.forms[0], 0) + 0.5) / (self._unechoed + 25)
        return math.log1p(rate / (1 - rate) * 0.05 / chance), math.log(1 - rate)

    def common(self, value: Value) -> bool:
        """Whether the agent writes this value again and again where it was not mentioned, such as the hotline's number."""
        return self._looked_up.get(value.forms[0], 0) >= max(2, self.replies // 2_000)

    @property
    def newness(self) -> float:
        """1 where nothing was learnt, down to 0 after some thousand replies: the guard is the more careful."""
        return max(0.0, 1 - self.replies / _GROWN)

    def turn(self, waiting: bool) -> float:
        """Return the evidence of the turn: how the agent's habit of writing twice in a row makes this state likely."""
        twice = max(0.002, (self._doubles + 4) / (self.replies + 16))
        return math.log(2 * (1 - twice if waiting else twice))

    def rarity(self, word: int) -> float:
        """Return how seldom customers use a word, 0 to about 2; one that was never heard counts little at first."""
        return math.log((self.replies + 10) / (self._singles[word & self._mask] + 1)) / 5

    def evidence(self, text: str, views: Iterable[ChatView]) -> list[tuple[float, ...]]:
        """Return for each chat the evidence that `text` belongs there, in the order of `EVIDENCE`; only differences count."""
        asked = _Asked(self, text)
        return [asked.of(view) for view in views]

    def likeness(self, one: ChatView, other: ChatView) -> float:
        """Return how alike two chats are, 0 to 2: rare words of both customers, and replies that few chats get."""
        words, others = ({w: r for w in view.topic if (r := self.rarity(w)) > _RARE} for view in (one, other))
        smaller = max(1.0, min(sum(words.values()), sum(others.values())))
        shared = sum(rare for word, rare in words.items() if word in others) / smaller
        seldom = self.replies * _SELDOM
        replies, sent = (
            {reply for reply in self._earlier(view) if self._count.get(reply, 0) < seldom} for view in (one, other)
        )
        return shared + len(replies & sent) / max(1, min(len(replies), len(sent)))

    def telling(self, text: str, here: ChatView, there: ChatView) -> tuple[str, ...]:
        """Return up to two words of the other chat, not of this one, that call for this reply."""
        line = read(text)
        reply = self.wording(line)
        base = self._count.get(reply, 0) / max(1, self.replies) if reply is not None else 0.0
        scores: dict[str, float] = {}
        for said in there.said[-_WINDOW:]:
            for word, about in zip(said.line.words, said.line.about, strict=True):
                if len(word) < 3 or word in here.terms or not word.isalnum():
                    continue
                shared = 3 * self.rarity(about) if word in line.terms else 0.0
                scores[word] = shared + (self._ratio(base, reply, about) if reply is not None and base else 0.0)
        best = sorted(scores, key=lambda word: (-round(scores[word]), -len(word), word))[:2]
        return tuple(clean_line(word, 20) for word in best if scores[word] > 1)


EVIDENCE = (
    "after the last reply",
    "after the last two replies",
    "stage of the chat",
    "question, for",
    "question, against",
    "question after the last reply",
    "topic, for",
    "topic, against",
    "earlier replies, for",
    "earlier replies, against",
    "words after the last reply",
    "words and earlier replies",
    "customer waits",
    "said before",
    "values",
    "values missing",
    "words of the question",
    "words of the customer",
)
"""What is measured of a reply and a chat. The first ones are logarithms of odds and 0 where nothing was learnt."""


class _Asked:
    """One reply whose belonging is asked."""

    def __init__(self, experience: Experience, text: str) -> None:
        self.experience = experience
        line = read(text)
        self.line = line
        self.reply = experience.wording(line)
        total = max(1, experience.replies)
        self.base = experience._count.get(self.reply, 0) / total if self.reply is not None else 0.0
        singles = experience._singles
        known = ((singles[mix(_WORD, word) & experience._mask], mix(_WORD, word)) for word in line.ids)
        self.words = [(seen / total, mixed) for seen, mixed in sorted(known) if seen][:_WORDS_ASKED]
        self.scale = 1 / math.sqrt(len(self.words) or 1)
        self.values = [(value, *experience.echo(value, self.reply)) for value in values(text)]
        self.rarity = {
            term: rare
            for word, term in zip(line.about, line.words, strict=True)
            if (rare := experience.rarity(word)) > 0.3
        }

    def of(self, view: ChatView) -> tuple[float, ...]:
        experience, reply, base = self.experience, self.reply, self.base
        ratio = experience._ratio
        earlier = experience._earlier(view)
        before, before_both = experience._before(earlier)
        stage = mix(_STAGE, min(len(view.replies), 6))
        found = [0.0] * 12
        again = 0.0
        if reply is not None and base:
            found[0] = ratio(base, reply, before)
            found[1] = ratio(base, reply, before_both)
            found[2] = ratio(base, reply, stage)
            found[3], found[4] = _both(ratio(base, reply, word) for word in view.question)
            scores = [ratio(base, reply, mix(before, word)) for word in view.question]
            found[5] = sum(scores) / math.sqrt(len(scores) or 1)
            found[6], found[7] = _both(ratio(base, reply, word) for word in view.topic)
            found[8], found[9] = _both(ratio(base, reply, mix(_EARLIER, one)) for one in earlier)
            if reply in earlier:
                had = experience._had.get(reply, 0)
                again = math.log((experience._again.get(reply, 0) + 0.6) / (had + 2) / 0.3)
        for word_base, mixed in self.words:
            found[10] += ratio(word_base, mixed, before)
            found[11] += max((ratio(word_base, mixed, mix(_EARLIER, one)) for one in earlier), default=0.0)
        found[10] *= self.scale
        found[11] *= self.scale
        terms, by_customer = view.terms, view.customer_terms
        asked = view.said[-1].line.terms if view.waiting else frozenset[str]()
        held: dict[int, float] = {}
        missing: dict[int, float] = {}
        for value, weight, odds in self.values:
            if terms.isdisjoint(value.forms):
                missing[value.run] = min(odds, missing.get(value.run, 0.0))
            else:
                held[value.run] = max(weight, held.get(value.run, 0.0))
        return (
            *found,
            experience.turn(view.waiting),
            again,
            sum(held.values()),
            sum(missing.values()),
            sum(rare for term, rare in self.rarity.items() if term in asked),
            sum(rare for term, rare in self.rarity.items() if term in by_customer),
        )


def _both(scores: Iterator[float]) -> tuple[float, float]:
    """Return the sum of the three strongest scores for, and of the three strongest against."""
    ordered = sorted(scores)
    return sum(score for score in ordered[-3:] if score > 0), sum(score for score in ordered[:3] if score < 0)
