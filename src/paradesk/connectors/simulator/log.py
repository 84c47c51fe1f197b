"""The server's log: everything that happened to the agent's conversations, numbered, kept for a while."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from paradesk.core.events import Event


@dataclass(frozen=True, slots=True)
class Batch:
    """What the stream brings after a position. `limited`: too much has happened, and the log does not reach back."""

    events: tuple[Event, ...]
    position: int
    limited: bool = False


class Log:
    """Numbers everything that happens and keeps the newest `retention` events."""

    def __init__(self, retention: int) -> None:
        self.position = 0
        """The number of the newest thing that happened."""
        self._entries: deque[tuple[int, Event]] = deque(maxlen=retention)
        self._forgotten = 0
        self._watchers: list[Callable[[], None]] = []

    def next(self) -> int:
        """Return a new number, larger than all before."""
        self.position += 1
        return self.position

    def append(self, *events: Event) -> None:
        """Keep what happened and call the watchers."""
        for event in events:
            if len(self._entries) == self._entries.maxlen:
                self._forgotten = self._entries[0][0]
            self._entries.append((self.next(), event))
        self.wake()

    def after(self, position: int, limit: int) -> Batch:
        """Return up to `limit` events after a position, or a `limited` batch when they are no longer kept."""
        if position < self._forgotten or position > self.position:
            return Batch((), self.position, limited=True)
        newer: list[tuple[int, Event]] = []
        for entry in reversed(self._entries):
            if entry[0] <= position:
                break
            newer.append(entry)
        taken = newer[::-1][:limit]
        return Batch(tuple(event for _, event in taken), taken[-1][0] if taken else position)

    def watch(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back (from any thread) whenever something happens; returns what ends it."""
        self._watchers.append(callback)
        return lambda: self._watchers.remove(callback)

    def wake(self) -> None:
        """Let every watcher look again."""
        for callback in list(self._watchers):
            callback()
