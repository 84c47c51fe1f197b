"""What an agent's choices have taught: which responses were chosen with which words, after what, and how often.

Counts under numbers, no text. Everything is incremental and bounded: when there are too many counts, all are halved and
the faint ones dropped, so that old habits fade.
"""

import math
from collections.abc import Iterable, Mapping

MOST_PAIRS = 600_000
"""Counts that are kept; 20,000 choices among 158 responses come to about half of it."""
_FAINT = 0.6
_EVERYWHERE = 200
"""What was seen with more responses than this says nothing, and would cost time with each key."""
_IMAGINED = 1.0
"""How many imagined choices at the base rate each association starts with."""


class Habits:
    """Counts of choices. For one thread only."""

    def __init__(self, most: int = MOST_PAIRS) -> None:
        """`most` bounds the counts that are kept."""
        self.choices = 0
        """How many choices it was learnt from, in all."""
        self._most = most
        self._pairs: dict[int, dict[str, float]] = {}
        self._chosen: dict[str, float] = {}
        self._total = 0.0
        self._size = 0

    def learn(self, seen: Iterable[int], response_id: str) -> None:
        """Count one choice together with what was seen when it was made."""
        self.choices += 1
        self._total += 1
        self._chosen[response_id] = self._chosen.get(response_id, 0.0) + 1
        for number in seen:
            having = self._pairs.setdefault(number, {})
            if response_id in having:
                having[response_id] += 1
            else:
                having[response_id] = 1
                self._size += 1
        if self._size > self._most:
            self._fade()

    def _fade(self) -> None:
        kept: dict[int, dict[str, float]] = {}
        for number, having in self._pairs.items():
            left = {response: count / 2 for response, count in having.items() if count / 2 >= _FAINT}
            if left:
                kept[number] = left
        self._pairs = kept
        self._size = sum(map(len, kept.values()))
        self._chosen = {response: count / 2 for response, count in self._chosen.items()}
        self._total /= 2

    def base(self, response_id: str, among: int) -> float:
        """Return the logarithm of how often a response is chosen, smoothed, among so many responses."""
        return math.log((self._chosen.get(response_id, 0.0) + 0.3) / (self._total + 0.3 * among))

    @property
    def known(self) -> Mapping[str, float]:
        """How often each response was chosen, older choices counting less."""
        return self._chosen

    def evidence(self, seen: Iterable[int], among: int) -> dict[str, float]:
        """Return for the responses that were chosen in sight of any of these the sum of the logarithms of odds."""
        found: dict[str, float] = {}
        if not self._total:
            return found
        pairs, chosen, log1p = self._pairs, self._chosen, math.log1p
        rate = (self._total + 0.3 * among) / _IMAGINED
        for number in seen:
            having = pairs.get(number)
            if having is not None and len(having) <= _EVERYWHERE:
                for response, count in having.items():
                    found[response] = found.get(response, 0.0) + log1p(rate * count / (chosen[response] + 0.3))
        return found
