"""The words of a library of responses, and how well what was typed fits each of them before anything was learnt."""

import heapq
import math
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

from paradesk.canned.acts import acts_of, asks, greets
from paradesk.canned.moment import Moment, Query
from paradesk.canned.responses import Response
from paradesk.canned.tokens import stem, words_of

_MARKS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_SEGMENT = re.compile(r"[._/:-]")
_SATURATION, _LENGTH = 1.2, 0.75
"""k1 and b of BM25, the usual values (Robertson and Zaragoza, 2009)."""
_PREFIX, _PREFIX_INSIDE, _INSIDE = 0.8, 0.6, 0.4
_FUZZY, _FUZZY_SHARE = 76, 130
_MOST_ALIKE = 24
_UNKNOWN = 4.0
"""What a word counts that no response has: about the rarest."""
_LEAST_OF_EACH, _MOST_OF_ALL = 15, 120
"""Responses that are looked at for a stem, at least, and for all stems of one word together."""
_MANY = 1_000
"""Responses from which on not all that have a word are looked at."""
_POOL, _LOOKED_UP = 100, 2
"""Responses that other words have found, and stems of a word that these are looked up for."""
_OVERLAP_LENGTH, _OVERLAP_NAMES = 5.0, 2.5
_OVERLAP_MOST = 60

EVIDENCE = ("text", "names", "closeness", "question", "values", "acts", "topic", "customer", "tags")
"""What is measured of a response before anything was learnt, in this order."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is known of one response beside the postings."""

    mass: float
    length: float
    """Logarithm of the words of its text."""
    acts: int
    question: bool
    values: bool
    topic: str
    marks: frozenset[str]


@dataclass(slots=True)
class Typed:
    """A query as the lexicon understands it."""

    words: list[tuple[tuple[str, float], ...]] = field(default_factory=list)
    """For each word the stems that it may stand for, with how alike they are."""
    weight: float = 1.0
    values: float = 0.0
    """How many words look like values, which no response has, 0 to 1."""
    acts: int = 0
    question: bool = False


@dataclass(frozen=True, slots=True)
class Matches:
    """How well responses match a query, by their place: in their texts, in their names, and by how much of the query."""

    text: dict[int, float]
    names: dict[int, float]
    covered: dict[int, float]


class Lexicon:
    """An index over responses, numbered by their place. Built once for a library, then only read."""

    def __init__(self, responses: Sequence[Response]) -> None:
        """Index titles, ids, shortcuts, labels, tags and texts."""
        self._text: dict[str, dict[int, float]] = defaultdict(dict)
        self._names: dict[str, dict[int, float]] = defaultdict(dict)
        texts = [_text_words(response) for response in responses]
        names = [_name_words(response) for response in responses]
        count = len(responses)
        with_word = Counter(word for one, two in zip(texts, names, strict=True) for word in {*one, *two})
        self._rarity = {word: math.log(1 + (count - n + 0.5) / (n + 0.5)) for word, n in with_word.items()}
        for table, fields in ((self._text, texts), (self._names, names)):
            average = sum(map(sum, (words.values() for words in fields))) / max(1, count) or 1.0
            for place, words in enumerate(fields):
                size = _SATURATION * (1 - _LENGTH + _LENGTH * sum(words.values()) / average)
                for word, times in words.items():
                    table[word][place] = self._rarity[word] * times * (_SATURATION + 1) / (times + size)
        self._text.default_factory = self._names.default_factory = None
        self._best = tuple(
            {
                word: heapq.nlargest(_MOST_OF_ALL, places, key=places.__getitem__)
                for word, places in table.items()
                if count > _MANY and len(places) > _LEAST_OF_EACH
            }
            for table in (self._text, self._names)
        )
        self._vocabulary = sorted(self._rarity)
        self._alike: dict[tuple[str, bool], tuple[tuple[str, float], ...]] = {}
        topics = Counter(_topic(response) for response in responses)
        self.entries = [
            self._entry(response, texts[place], names[place], topics) for place, response in enumerate(responses)
        ]
        self.greetings = [
            place
            for place, response in enumerate(responses)
            if response.tags.get("topic") == "greeting" or greets(response.title)
        ]
        self.topics: dict[str, list[int]] = defaultdict(list)
        for place, entry in enumerate(self.entries):
            if entry.topic:
                self.topics[entry.topic].append(place)

    def _entry(
        self, response: Response, text: Mapping[str, float], names: Mapping[str, float], topics: Mapping[str, int]
    ) -> _Entry:
        plain = " ".join(_MARKS.sub(" ", body) for body in response.body.values())
        topic = _topic(response)
        return _Entry(
            mass=sum(self._rarity[word] for word in {*text, *names}) or 1.0,
            length=math.log1p(sum(text.values())),
            acts=acts_of(f"{plain} {response.title} {response.id.replace('_', ' ')}"),
            question=any("?" in body for body in response.body.values()),
            values=any("{{" in body for body in response.body.values()),
            topic=topic if topics[topic] > 1 else "",
            marks=frozenset(
                stem(word) for mark in (*response.tags.values(), *response.labels) for word in words_of(mark)
            ),
        )

    def read(self, query: Query) -> Typed:
        """Return what a query says; its last word may be unfinished."""
        words = query.words
        if not words:
            return Typed()
        found = [self.alike(word, last=place == len(words) - 1) for place, word in enumerate(words)]
        strange = sum(
            1 for word, alike in zip(words, found, strict=True) if not alike or any(char.isdigit() for char in word)
        )
        rarest = (max((self._rarity[known] for known, _ in alike), default=_UNKNOWN) for alike in found)
        return Typed(
            words=found,
            weight=sum(rarest) or 1.0,
            values=min(strange, 4) / 4,
            acts=acts_of(query.text),
            question=asks(query.text),
        )

    def alike(self, word: str, *, last: bool) -> tuple[tuple[str, float], ...]:
        """Return the stems that a folded word may stand for, best first: itself, what it begins, or a typing mistake."""
        known = self._alike.get((word, last))
        if known is None:
            if len(self._alike) > 4_096:
                self._alike.clear()
            known = self._alike[word, last] = self._look_up(word, last=last)
        return known

    def _look_up(self, word: str, *, last: bool) -> tuple[tuple[str, float], ...]:
        found: dict[str, float] = {}
        for exact in (word, stem(word)):
            if exact in self._rarity:
                found[exact] = 1.0
        if last or len(word) >= 4:
            vocabulary, start = self._vocabulary, bisect_left(self._vocabulary, word)
            begun = []
            for place in range(start, min(start + 2_000, len(vocabulary))):
                if not vocabulary[place].startswith(word):
                    break
                begun.append(vocabulary[place])
            for other in heapq.nlargest(_MOST_ALIKE, begun, key=self._spread):
                found.setdefault(other, _PREFIX if last else _PREFIX_INSIDE)
        if not found and len(word) >= 4:
            inside = [other for other in self._vocabulary if word in other][:_MOST_ALIKE]
            found = dict.fromkeys(inside, _INSIDE)
        if not found and len(word) >= 4:
            near = process.extract(word, self._vocabulary, scorer=fuzz.ratio, score_cutoff=_FUZZY, limit=5)
            found = {other: score / _FUZZY_SHARE for other, score, _ in near}
        return tuple(found.items())

    def _spread(self, word: str) -> int:
        return len(self._text.get(word, ())) + len(self._names.get(word, ()))

    def match(self, typed: Typed, allowed: Collection[int] | None) -> "Matches":
        """Return the responses that have any word of a query, and how they have it.

        Of a word that very many have, those that have it best, and those that another word has found.
        """
        matches = Matches({}, {}, {})
        sums = (matches.text, matches.names)
        for alike in sorted(typed.words, key=lambda alike: sum(self._spread(word) for word, _ in alike)):
            if allowed is not None and len(allowed) <= _POOL:
                pool: Collection[int] = allowed
            elif len(matches.covered) > _POOL:
                pool = heapq.nlargest(_POOL, matches.covered, key=matches.covered.__getitem__)
            else:
                pool = list(matches.covered)
            share = max(_LEAST_OF_EACH, _MOST_OF_ALL // max(1, len(alike)))
            covered: dict[int, float] = {}
            for table, best_first, total in zip((self._text, self._names), self._best, sums, strict=True):
                best: dict[int, float] = {}
                for number, (word, likeness) in enumerate(alike):
                    places = table.get(word)
                    if not places:
                        continue
                    if word in best_first:
                        near = best_first[word][:share]
                        if number < _LOOKED_UP and len(near) < len(places):
                            near = [*near, *(place for place in pool if place in places)]
                    else:
                        near = list(places)
                    rare = likeness * self._rarity[word]
                    for place in near:
                        if allowed is not None and place not in allowed:
                            continue
                        score = likeness * places[place]
                        if score > best.get(place, 0.0):
                            best[place] = score
                        if rare > covered.get(place, 0.0):
                            covered[place] = rare
                for place, score in best.items():
                    total[place] = total.get(place, 0.0) + score
            for place, score in covered.items():
                matches.covered[place] = matches.covered.get(place, 0.0) + score
        return matches

    def evidence(
        self, typed: Typed, matches: "Matches", place: int, customer: float, last_topic: str, marks: frozenset[str]
    ) -> tuple[float, ...]:
        """Return what speaks for one response, in the order of `EVIDENCE`."""
        entry = self.entries[place]
        return (
            matches.text.get(place, 0.0),
            matches.names.get(place, 0.0),
            matches.covered.get(place, 0.0) / math.sqrt(typed.weight * entry.mass),
            float(bool(typed.words) and typed.question == entry.question),
            typed.values * entry.values,
            float((typed.acts & entry.acts).bit_count()),
            float(bool(last_topic) and last_topic == entry.topic),
            customer,
            float(len(entry.marks & marks)) if marks else 0.0,
        )

    def overlap(self, moment: Moment) -> dict[int, float]:
        """Return how much of what the customer wrote is in each response; words that are everywhere say nothing."""
        found: dict[int, float] = {}
        limit = max(len(self.entries) / 3, 3)
        for word, weight in moment.customer_words.items():
            if len(word) < 3:
                continue
            in_names, in_text = self._names.get(word, {}), self._text.get(word, {})
            if not 0 < max(len(in_names), len(in_text)) <= limit:
                continue
            score = weight * self._rarity[word]
            best_text, best_names = (best.get(word, ())[:_OVERLAP_MOST] for best in self._best)
            for place in best_names or in_names:
                found[place] = found.get(place, 0.0) + weight * _OVERLAP_NAMES * in_names[place]
            for place in best_text or in_text:
                if place not in in_names:
                    found[place] = found.get(place, 0.0) + score
        return {place: score / (_OVERLAP_LENGTH + self.entries[place].length) for place, score in found.items()}


def moment_marks(moment: Moment) -> frozenset[str]:
    """Return the stems of a conversation's tags."""
    return frozenset(stem(word) for tag in moment.tags for word in words_of(tag))


def _topic(response: Response) -> str:
    topic = response.tags.get("topic")
    if topic:
        return topic
    return _SEGMENT.split(response.id.replace("_", "."), maxsplit=1)[0]


def _text_words(response: Response) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for body in response.body.values():
        counts.update(stem(word) for word in words_of(_MARKS.sub(" ", body)))
    return dict(counts)


def _name_words(response: Response) -> dict[str, float]:
    counts: dict[str, float] = {}
    names = (response.title, response.id.replace("_", " "), *response.shortcuts, *response.tags.values())
    # "where is my parcel" is about parcels, not about where and my: the longer, the less each word of a label says.
    weighed = [(name, 1.0) for name in names]
    weighed += [(label, 1 / math.sqrt(1 + label.count(" "))) for label in response.labels]
    for name, weight in weighed:
        for word in words_of(name):
            counts[stem(word)] = max(weight, counts.get(stem(word), 0.0))
    return counts
