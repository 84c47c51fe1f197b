"""Finding the right response: by what the agent types, and before that by what the customer wrote."""

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from rapidfuzz import fuzz, process

from paradesk.canned.responses import Library, Response
from paradesk.core.model import Role, Visibility
from paradesk.core.state import Thread

_WORD = re.compile(r"\w+")
_MARKS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_TITLE, _LABEL, _TAG, _ID, _BODY = 8.0, 7.0, 5.0, 6.0, 1.5
_EXACT, _PREFIX, _INSIDE, _FUZZY = 1.0, 0.85, 0.5, 0.4
_FUZZY_CUTOFF = 78
_RECENT_MESSAGES = 4
_EARLIER = 0.45
_STEM = 5
_OVERDUE = 0.9
_OPENING, _OPENING_SCORE = "greeting", 0.05


@dataclass(frozen=True, slots=True)
class Hit:
    """A response and how well it fits; larger is better, comparable within one search only."""

    response: Response
    score: float


def search(
    library: Library,
    query: str,
    facets: Mapping[str, str],
    thread: Thread | None,
    language: str = "",
    today: date | None = None,
) -> list[Hit]:
    """Return the responses that match, best first, always in the same order for the same input.

    Every word of the query must be found (typing mistakes forgiven) in title, labels, id, shortcut, tags or text; a
    word `#refunds` must begin a tag or a label instead. An empty query ranks by the last messages, the subject and
    the tags of `thread`, with greetings in reach while nobody has answered it. All facets must hold; a response in
    `language` comes before an equal one that lacks it, and one whose review is overdue `today` sinks.
    """
    index = _index(library)
    typed = [word for word in query.split() if not word.startswith("#")]
    marks = [fold(word[1:]) for word in query.split() if word.startswith("#")]
    chosen = [
        place
        for place, response in enumerate(library.responses)
        if _fits(response, facets) and all(index.has_mark(place, mark) for mark in marks)
    ]
    words = list(dict.fromkeys(_WORD.findall(fold(" ".join(typed)))))
    relevance = index.relevance(thread) if thread is not None else {}
    top = max(relevance.values(), default=0.0) or 1.0
    opening = thread is not None and not any(message.role is Role.AGENT for message in thread.transcript[-200:])
    matches = index.matches(words, " ".join(map(fold, typed))) if words else None
    hits = []
    for place in chosen:
        response = library.responses[place]
        near = relevance.get(place, 0.0) / top
        if opening and response.tags.get("topic") == _OPENING:
            near = max(near, _OPENING_SCORE)
        if matches is None:
            score = near
        elif place in matches:
            score = matches[place] + near
        else:
            continue
        if today is not None and response.overdue(today):
            score *= _OVERDUE
        hits.append(Hit(response, round(score, 6)))
    hits.sort(
        key=lambda hit: (
            -hit.score,
            today is not None and hit.response.overdue(today),
            bool(language) and not hit.response.speaks(language),
            fold(hit.response.title),
            hit.response.id,
        )
    )
    return hits


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Return text as it is compared: small letters, without accents."""
    folded = text.casefold()
    if folded.isascii():
        return folded
    return "".join(char for char in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(char))


def _fits(response: Response, facets: Mapping[str, str]) -> bool:
    for facet, value in facets.items():
        if not value:
            continue
        if facet == "language":
            if response.language_for(value, "") != value and not response.speaks(value):
                return False
        elif response.tags.get(facet) != value:
            return False
    return True


class _Index:
    """The words of a library, each with the responses that it leads to."""

    def __init__(self, responses: Iterable[Response]) -> None:
        self._entries: list[tuple[tuple[str, ...], str, str]] = []
        self._marks: list[tuple[str, ...]] = []
        self._words: dict[str, dict[int, float]] = defaultdict(dict)
        self._stems: dict[str, dict[int, float]] = defaultdict(dict)
        for place, response in enumerate(responses):
            self._entries.append((response.shortcuts, fold(response.id), fold(response.title)))
            self._marks.append(tuple(fold(mark) for mark in (*response.tags.values(), *response.labels)))
            self._add(place, response.title, _TITLE)
            self._add(place, " ".join((response.id, *response.shortcuts)), _ID)
            for label in response.labels:
                # "where is my parcel" is about parcels, not about where and my: the longer, the less each word says.
                self._add(place, label, _LABEL / math.sqrt(1 + label.count(" ")))
            for tag in response.tags.values():
                self._add(place, tag, _TAG)
            for body in response.body.values():
                self._add(place, _MARKS.sub(" ", body), _BODY)
        self._vocabulary = sorted(self._words)
        self._count = max(1, len(self._entries))

    def _add(self, place: int, text: str, weight: float) -> None:
        for word in _WORD.findall(fold(text)):
            for table, key in ((self._words, word), (self._stems, word[:_STEM])):
                if len(key) == _STEM or table is self._words:
                    table[key][place] = max(weight, table[key].get(place, 0.0))

    def has_mark(self, place: int, mark: str) -> bool:
        """Tell whether a tag or label of the response begins like this."""
        return any(known.startswith(mark) for known in self._marks[place])

    def matches(self, words: list[str], query: str) -> dict[int, float]:
        """Return the score of each response in which every word is found."""
        total: dict[int, float] = {}
        for number, word in enumerate(words):
            best: dict[int, float] = {}
            for found, likeness in self._alike(word):
                for place, weight in self._words[found].items():
                    best[place] = max(best.get(place, 0.0), likeness * weight)
            total = best if not number else {place: total[place] + best[place] for place in total.keys() & best.keys()}
        for place, (shortcuts, identity, title) in enumerate(self._entries):
            if query.lstrip("/") in shortcuts:
                total[place] = total.get(place, 0.0) + 100.0
            elif place in total:
                if any(shortcut.startswith(query.lstrip("/")) for shortcut in shortcuts):
                    total[place] += 12.0
                if title.startswith(query) or identity.startswith(query):
                    total[place] += 6.0
        return total

    def _alike(self, word: str) -> list[tuple[str, float]]:
        """Return the known words that this one stands for; guesses at typing mistakes only where nothing else fits."""
        inside = [found for found in self._vocabulary if word in found] if len(word) > 2 else []
        starts = inside if inside else [found for found in self._vocabulary if found.startswith(word)]
        if starts:
            return [
                (found, _EXACT if found == word else _PREFIX if found.startswith(word) else _INSIDE) for found in starts
            ]
        if len(word) < 4:
            return []
        guesses = process.extract(word, self._vocabulary, scorer=fuzz.ratio, score_cutoff=_FUZZY_CUTOFF, limit=12)
        return [(found, _FUZZY * score / 100) for found, score, _ in guesses]

    def relevance(self, thread: Thread) -> dict[int, float]:
        """Return how close responses are to what this customer wrote last; none that has no word of it."""
        weights: dict[str, float] = {}
        for weight, text in _texts(thread):
            for word in _WORD.findall(fold(text)):
                weights[word] = max(weight, weights.get(word, 0.0))
        scores: dict[int, float] = defaultdict(float)
        for word, weight in sorted(weights.items()):
            if len(word) < 3:
                continue
            exact = self._words.get(word, {})
            akin = self._stems.get(word[:_STEM], {}) if len(word) >= _STEM else {}
            if len(exact) > self._count / 3:  # words that are everywhere say nothing
                continue
            for places, factor in ((exact, 1.0), (akin, 0.5)):
                if places and (factor == 1.0 or len(places) <= self._count / 3):
                    rarity = math.log(1 + self._count / len(places))
                    for place, field_weight in places.items():
                        if factor == 1.0 or place not in exact:
                            scores[place] += factor * weight * rarity * field_weight
        return scores


def _texts(thread: Thread) -> Iterable[tuple[float, str]]:
    """Yield what tells of this chat's matter, with how much it counts."""
    conversation = thread.conversation
    yield 1.0, " ".join(sorted(conversation.tags))
    yield 0.7, conversation.subject[:300]
    transcript = thread.transcript
    found = 0
    for place in range(len(transcript) - 1, max(-1, len(transcript) - 60), -1):
        message = transcript[place]
        if message.role is Role.CUSTOMER and message.visibility is Visibility.PUBLIC and not message.deleted:
            yield _EARLIER**found, message.body[:1000]
            found += 1
            if found == _RECENT_MESSAGES:
                return


@lru_cache(maxsize=4)
def _index(library: Library) -> _Index:
    return _Index(library.responses)
