"""Tells a paste that arrives as keys from a person who types: keys of a paste follow each other at once. Pure."""

from collections.abc import Callable

BURST_SECONDS = 0.015
"""Keys that come closer together than this were not typed one after the other by a person."""


class KeyBurst:
    """Sees each typed character; an Enter right behind several that came at once belongs to the pasted text."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._arrived = self._seen = float("-inf")
        self._count = 0

    def typed(self, arrived: float) -> None:
        """A character came in at `arrived`, on the clock that was given."""
        self._count = self._count + 1 if arrived - self._arrived <= BURST_SECONDS else 1
        self._arrived = arrived
        self._seen = self._clock()

    def goes_on(self, arrived: float | None = None) -> bool:
        """Whether a key that came in at `arrived` is part of a burst of at least two characters.

        Without a time, the moments at which both were looked at are compared: a stalled screen shortens those, but
        the characters before must still have arrived at once.
        """
        if self._count < 2:
            return False
        gap = self._clock() - self._seen if arrived is None else arrived - self._arrived
        return gap <= BURST_SECONDS
