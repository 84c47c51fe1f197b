"""Walking through rows of blocks whose heights are known only once they are looked at. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from paradesk.core.transcript import SortKey

Place = tuple[int, int]
"""A row: the index of its block, and its place inside the block."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """What stands in the first row of the view while the agent reads back.

    It names a message and counts rows from that message's first row of text, so that nothing that comes, goes or changes
    elsewhere moves what is being read: new messages below, a page of history above, a rule that disappears.
    """

    message_id: str
    key: SortKey
    offset: int
    text: int = -1
    """Where the text in that row began before the width changed; a later width starts from there, without drift."""


class RowWalk:
    """Steps over the rows of blocks `first` … `last`; blocks may be empty."""

    def __init__(self, height: Callable[[int], int], first: int, last: int) -> None:
        self._height = height
        self._first = first
        self._last = last

    def move(self, place: Place, delta: int) -> Place:
        """Return the row `delta` rows below `place` (above when negative), at most the first or the last row."""
        index, row = place
        row += delta
        while row < 0:
            if index <= self._first:
                return self.start()
            index -= 1
            row += self._height(index)
        while row >= (height := self._height(index)):
            if index >= self._last:
                return self.end()
            row -= height
            index += 1
        return index, row

    def start(self) -> Place:
        """Return the very first row."""
        index = self._first
        while index < self._last and not self._height(index):
            index += 1
        return index, 0

    def end(self) -> Place:
        """Return the very last row."""
        index = self._last
        while index > self._first and not self._height(index):
            index -= 1
        return index, max(0, self._height(index) - 1)

    def down(self, place: Place, count: int) -> list[Place]:
        """Return up to `count` rows from `place` downwards."""
        found: list[Place] = []
        index, row = place
        while len(found) < count and index <= self._last:
            height = self._height(index)
            take = min(height - row, count - len(found))
            found.extend((index, row + step) for step in range(take))
            index, row = index + 1, 0
        return found

    def tail(self, count: int) -> list[Place]:
        """Return the last rows, up to `count`; only the blocks that they belong to are looked at."""
        found: list[Place] = []
        index = self._last
        while len(found) < count and index >= self._first:
            height = self._height(index)
            take = min(height, count - len(found))
            found.extend((index, row) for row in range(height - 1, height - 1 - take, -1))
            index -= 1
        found.reverse()
        return found
