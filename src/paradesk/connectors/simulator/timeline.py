"""Virtual time: things that will happen, in order, whoever moves the clock."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(order=True, slots=True)
class Happening:
    """Something that is due at a time; `cancel` makes it not happen."""

    due: float
    number: int
    action: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Forget it; harmless when it has happened already."""
        self.cancelled = True


class Timeline:
    """Virtual seconds since the start, and what is due when. Knows nothing of real time."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[Happening] = []
        self._count = 0

    def after(self, delay: float, action: Callable[[], None]) -> Happening:
        """Let something happen in `delay` virtual seconds."""
        self._count += 1
        happening = Happening(self.now + max(delay, 0.0), self._count, action)
        heapq.heappush(self._due, happening)
        return happening

    def next_due(self) -> float | None:
        """Return when the next thing happens, or None when nothing is planned."""
        while self._due and self._due[0].cancelled:
            heapq.heappop(self._due)
        return self._due[0].due if self._due else None

    def advance_to(self, moment: float) -> None:
        """Let everything happen that is due until `moment`, each at its own time; never goes back."""
        while (due := self.next_due()) is not None and due <= moment:
            happening = heapq.heappop(self._due)
            self.now = max(self.now, happening.due)
            happening.action()
        self.now = max(self.now, moment)
