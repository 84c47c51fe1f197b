"""Ranks canned responses for one chat: by what was typed, by what was said and used in it, and by what was chosen before."""

import heapq
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from paradesk.canned.habits import Habits
from paradesk.canned.lexicon import EVIDENCE, Lexicon, moment_marks
from paradesk.canned.moment import Moment, Query
from paradesk.canned.responses import Library, Response
from paradesk.canned.tokens import fold
from paradesk.canned.weights import LEVELS, OPEN, TYPED

_WEIGHED = 80
"""Responses that are weighed in full; the rest stay in the order of their rough score."""
_SHOWN = 120
"""Matches that are returned of a query."""
_SHORTCUT, _SHORTCUT_BEGUN, _TITLE_BEGUN = 1_000.0, 3.0, 1.5
_LANGUAGE, _OVERDUE = 0.4, 1.0
_GREETING = 0.2
_ORDERS = 8

KINDS = ("words", "beginnings", "heads", "whole", "customer", "topic", "last", "last two", "earlier", "state")
"""The groups of what a choice is counted with that are weighed."""
WEIGHED = (*EVIDENCE, *(f"learnt {kind}" for kind in KINDS), "often chosen")
"""What the weights in `weights.py` stand for, in their order."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A response and how well it fits; larger is better, comparable within one search only."""

    response: Response
    score: float


@dataclass(frozen=True, slots=True)
class Found:
    """What fits, best first. `more`: there are matches that are not listed, for there are too many."""

    hits: tuple[Hit, ...]
    more: bool = False


class Ranking:
    """Ranks the responses of one library. Pure and without a clock; `habits` may learn between two calls."""

    def __init__(self, library: Library, habits: Habits | None = None) -> None:
        """Index the library: some 50 µs a response."""
        self.library = library
        self.habits = habits if habits is not None else Habits()
        self._lexicon = Lexicon(library.responses)
        self._place = {response.id: place for place, response in enumerate(library.responses)}
        self._titles = [fold(response.title) for response in library.responses]
        self._ids = [fold(response.id) for response in library.responses]
        self._in_order = sorted(range(len(library)), key=lambda place: (self._titles[place], self._ids[place]))
        self._shortcuts = {
            shortcut: place for place, response in enumerate(library.responses) for shortcut in response.shortcuts
        }
        self._unranked = [Hit(response, -math.inf) for response in library.responses]
        self._sunk: dict[tuple[str, date | None], tuple[frozenset[int], frozenset[int]]] = {}
        self._near: tuple[Moment, int, _Near] | None = None
        self._allowed: tuple[object, frozenset[int] | None] = (None, None)

    def rank(
        self,
        moment: Moment,
        typed: str = "",
        facets: Mapping[str, str] | None = None,
        language: str = "",
        today: date | None = None,
        *,
        only: Library | None = None,
        folder: str = "",
    ) -> Found:
        """Return what fits a chat and a query, best first, always in the same order for the same input.

        A word `#refunds` must begin a tag or a label. All facets must hold; a response in `language` comes before an
        equal one that lacks it, and one whose review is overdue `today` sinks. An empty query lists everything. `only` is
        the part of the library that is offered, `folder` the folder that it must lie in or below.
        """
        text = " ".join(word for word in typed.split() if not word.startswith("#"))
        marks = tuple(fold(word[1:]) for word in typed.split() if word.startswith("#"))
        allowed = self._allow({key: value for key, value in (facets or {}).items() if value}, marks, only, folder)
        scores, count = self._scores(moment, text, allowed)
        responses = self.library.responses
        overdue, foreign = self._sinking(language, today)
        for place in scores:
            if place in overdue:
                scores[place] -= _OVERDUE
            if place in foreign:
                scores[place] -= _LANGUAGE
        order = sorted(scores, key=lambda place: (-round(scores[place], 6), self._titles[place], self._ids[place]))
        hits = [Hit(responses[place], round(scores[place], 6)) for place in order]
        if fold(text).strip():
            return Found(tuple(hits), more=count > len(hits))
        hits += [
            self._unranked[place]
            for place in self._rest(language, today)
            if place not in scores and (allowed is None or place in allowed)
        ]
        return Found(tuple(hits))

    def likely(
        self, moment: Moment, most: int = 3, language: str = "", *, only: Library | None = None
    ) -> list[tuple[Response, float]]:
        """Return the responses that probably come next in a chat, each with its probability, the likeliest first."""
        scores, _ = self._scores(moment, "", self._allow({}, (), only, ""))
        foreign = self._sinking(language, None)[1]
        for place in scores:
            if place in foreign:
                scores[place] -= _LANGUAGE
        if not scores:
            return []
        highest = max(scores.values())
        whole = sum(math.exp(score - highest) for score in scores.values())
        best = sorted(scores, key=lambda place: (-scores[place], self._ids[place]))[:most]
        return [(self.library.responses[place], math.exp(scores[place] - highest) / whole) for place in best]

    def evidence(self, moment: Moment, typed: str) -> dict[int, tuple[float, ...]]:
        """Return for each response that is weighed what speaks for it, in the order of `WEIGHED`; for tuning."""
        return self._evidence(moment, typed, None)[0]

    def place(self, response_id: str) -> int | None:
        """Return the number of a response, or None."""
        return self._place.get(response_id)

    def _sinking(self, language: str, today: date | None) -> tuple[frozenset[int], frozenset[int]]:
        """Return which responses are overdue, and which lack a language; kept, for it is asked with each key."""
        known = self._sunk.get((language, today))
        if known is None:
            if len(self._sunk) > _ORDERS:
                self._sunk.clear()
            every = list(enumerate(self.library.responses))
            overdue = frozenset(place for place, one in every if today is not None and one.overdue(today))
            foreign = frozenset(place for place, one in every if language and not one.speaks(language))
            known = self._sunk[language, today] = overdue, foreign
        return known

    def _rest(self, language: str, today: date | None) -> Sequence[int]:
        """Return all responses in the order in which those stand that nothing speaks for."""
        overdue, foreign = self._sinking(language, today)
        if not overdue and not foreign:
            return self._in_order
        return sorted(self._in_order, key=lambda place: (place in overdue, place in foreign))

    def _allow(
        self, facets: Mapping[str, str], marks: tuple[str, ...], only: Library | None, folder: str
    ) -> frozenset[int] | None:
        if only is self.library:
            only = None
        if not facets and not any(marks) and only is None and not folder:
            return None
        key = (tuple(sorted(facets.items())), marks, only, folder)
        if self._allowed[0] != key:
            self._allowed = (
                key,
                frozenset(
                    place
                    for place, response in enumerate(self.library.responses)
                    if (only is None or only.get(response.id) is not None)
                    and in_folder(response, folder)
                    and fits(response, facets)
                    and all(has_mark(response, mark) for mark in marks)
                ),
            )
        return self._allowed[1]

    def _scores(self, moment: Moment, text: str, allowed: Collection[int] | None) -> tuple[dict[int, float], int]:
        found, rest = self._evidence(moment, text, allowed)
        weights = weights_at(self.habits.choices, typed=bool(text))
        scores = {place: sum(map(float.__mul__, weights, values)) for place, values in found.items()}
        lowest = min(scores.values(), default=0.0)
        top = max(rest.values(), default=0.0) or 1.0
        for place in heapq.nlargest(_SHOWN - len(scores), rest, key=rest.__getitem__):
            scores[place] = lowest - 2 + rest[place] / top
        query = fold(text).strip()
        if query:
            self._by_name(scores, query, allowed)
        elif not moment.used and not moment.answered:
            for place in self._lexicon.greetings:
                if place in scores:
                    scores[place] += _GREETING
        return scores, len(found) + len(rest)

    def _by_name(self, scores: dict[int, float], query: str, allowed: Collection[int] | None) -> None:
        code = query.lstrip("/")
        exact = self._shortcuts.get(code)
        if exact is not None and (allowed is None or exact in allowed):
            scores[exact] = scores.get(exact, 0.0) + _SHORTCUT
        for place in scores:
            shortcuts = self.library.responses[place].shortcuts
            if shortcuts and code and any(shortcut.startswith(code) for shortcut in shortcuts):
                scores[place] += _SHORTCUT_BEGUN
            elif len(query) > 2 and (self._titles[place].startswith(query) or self._ids[place].startswith(query)):
                scores[place] += _TITLE_BEGUN

    def _evidence(
        self, moment: Moment, text: str, allowed: Collection[int] | None
    ) -> tuple[dict[int, tuple[float, ...]], dict[int, float]]:
        """Return the evidence for the likeliest responses, and the rough scores of the others that match."""
        typed = self._lexicon.read(Query(text))
        near = self._around(moment)
        among = len(self.library)
        counted = moment.typed(text, finished=False)
        learnt = [self.habits.evidence(counted.get(kind, ()), among) for kind in KINDS[:4]]
        matches = self._lexicon.match(typed, allowed)
        rough = {place: score + matches.names.get(place, 0.0) for place, score in matches.covered.items()}
        if typed.words:
            for found in learnt:
                for response_id, score in found.items():
                    place = self._place.get(response_id)
                    if place is not None and (allowed is None or place in allowed):
                        rough[place] = rough.get(place, 0.0) + score
            # What the chat tells decides among equals, so that the right one of many is weighed in full.
            for place in near.follows:
                if allowed is None or place in allowed:
                    rough.setdefault(place, 0.0)
            likely = {place: score + near.rough.get(place, 0.0) for place, score in rough.items()}
        else:
            likely = {place: score for place, score in near.rough.items() if allowed is None or place in allowed}
            rough = likely
        chosen = heapq.nlargest(_WEIGHED, likely, key=likely.__getitem__) if len(likely) > _WEIGHED else list(likely)
        marks = moment_marks(moment)
        result = {}
        for place in chosen:
            response_id = self.library.responses[place].id
            result[place] = (
                *self._lexicon.evidence(typed, matches, place, near.customer.get(place, 0.0), near.topic, marks),
                *(found.get(response_id, 0.0) for found in learnt),
                *(found.get(response_id, 0.0) for found in near.learnt),
                self.habits.base(response_id, among),
            )
        return result, {place: score for place, score in rough.items() if place not in result}

    def _around(self, moment: Moment) -> "_Near":
        """Return what the chat says of the responses: the same for each key, so it is kept."""
        if self._near is not None and self._near[0] == moment and self._near[1] == self.habits.choices:
            return self._near[2]
        near = self._new_near(moment)
        self._near = moment, self.habits.choices, near
        return near

    def _new_near(self, moment: Moment) -> "_Near":
        among = len(self.library)
        learnt = [self.habits.evidence(moment.around.get(kind, ()), among) for kind in KINDS[4:]]
        customer = self._lexicon.overlap(moment)
        topic = next(
            (self._lexicon.entries[place].topic for used in moment.used
             if (place := self._place.get(used)) is not None and self._lexicon.entries[place].topic), "",
        )  # fmt: skip
        weights = weights_at(self.habits.choices, typed=False)
        by_kind = weights[len(EVIDENCE) + 4 :]
        rough: dict[int, float] = {place: weights[EVIDENCE.index("customer")] * score
                                   for place, score in customer.items()}  # fmt: skip
        for weight, found in zip(by_kind, learnt, strict=False):
            for response_id, score in found.items():
                place = self._place.get(response_id)
                if place is not None:
                    rough[place] = rough.get(place, 0.0) + weight * score
        for place in self._lexicon.topics.get(topic, ())[: 4 * _WEIGHED]:
            rough[place] = rough.get(place, 0.0) + weights[EVIDENCE.index("topic")]
        # What follows in such chats is found by words, too, that only a customer's values are: a street, a date.
        follows = set(self._lexicon.topics.get(topic, ())[:_WEIGHED])
        follows.update(self._place[known] for found in learnt[2:4] for known in found if known in self._place)
        if not moment.used and not moment.answered:
            for place in self._lexicon.greetings[:_WEIGHED]:
                rough[place] = rough.get(place, 0.0) + _GREETING
        return _Near(customer, topic, learnt, rough, frozenset(follows))


@dataclass(frozen=True, slots=True)
class _Near:
    """What a chat says of the responses before anything is typed."""

    customer: Mapping[int, float]
    topic: str
    learnt: Sequence[Mapping[str, float]]
    rough: Mapping[int, float]
    follows: frozenset[int]


def weights_at(choices: int, *, typed: bool) -> tuple[float, ...]:
    """Return the weights for so many choices learnt: between two levels they pass over into each other."""
    table = TYPED if typed else OPEN
    if choices >= LEVELS[-1]:
        return table[-1]
    upper = next(place for place, level in enumerate(LEVELS) if level > choices)
    low, high = math.log1p(LEVELS[upper - 1]), math.log1p(LEVELS[upper])
    share = (math.log1p(choices) - low) / (high - low)
    return tuple(one + share * (two - one) for one, two in zip(table[upper - 1], table[upper], strict=True))


def fits(response: Response, facets: Mapping[str, str]) -> bool:
    """Tell whether a response has all these facets; an empty value stands for any."""
    for facet, value in facets.items():
        if not value:
            continue
        if facet == "language":
            if response.language_for(value, "") != value and not response.speaks(value):
                return False
        elif response.tags.get(facet) != value:
            return False
    return True


def in_folder(response: Response, folder: str) -> bool:
    """Tell whether a response lies in a folder or below it; an empty one stands for all."""
    return not folder or response.folder == folder or response.folder.startswith(f"{folder}/")


def has_mark(response: Response, mark: str) -> bool:
    """Tell whether a tag or a label of the response begins like this, folded."""
    return any(fold(known).startswith(mark) for known in (*response.tags.values(), *response.labels))
