"""The threads of a state: an immutable mapping whose next version costs little, however many conversations there are."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from paradesk.core.model import ConversationId

if TYPE_CHECKING:
    from paradesk.core.state import Thread

_MOST_APART = 256
"""So many changed threads are kept beside the shared ones; to copy more of them costs more than it saves."""


class Threads(Mapping[ConversationId, "Thread"]):
    """Shares what has not changed with the versions before it. Keys keep the order in which they came."""

    __slots__ = ("_base", "_changed", "_fresh")

    def __init__(self, threads: "Mapping[ConversationId, Thread] | None" = None) -> None:
        self._base: dict[ConversationId, Thread] = dict(threads or {})
        self._changed: dict[ConversationId, Thread] = {}
        self._fresh = 0
        """How many of the changed ones are not among the shared ones."""

    def __getitem__(self, conversation_id: ConversationId) -> "Thread":
        found = self._changed.get(conversation_id)
        return self._base[conversation_id] if found is None else found

    def get(self, conversation_id: ConversationId, default: object = None) -> "Thread | None":  # type: ignore[override]
        """Return the thread, or the default."""
        found = self._changed.get(conversation_id)
        return self._base.get(conversation_id, default) if found is None else found  # type: ignore[arg-type]

    def __contains__(self, conversation_id: object) -> bool:
        return conversation_id in self._changed or conversation_id in self._base

    def __len__(self) -> int:
        return len(self._base) + self._fresh

    def __iter__(self) -> Iterator[ConversationId]:
        yield from self._base
        if self._fresh:
            yield from (key for key in self._changed if key not in self._base)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Threads) and other._base is self._base and other._changed == self._changed:
            return True
        return dict(self) == dict(other) if isinstance(other, Mapping) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Threads({dict(self)!r})"

    def put(self, conversation_id: ConversationId, thread: "Thread") -> "Threads":
        """Return a mapping with this thread in its place."""
        new = Threads.__new__(Threads)
        changed = {**self._changed, conversation_id: thread}
        if len(changed) > _MOST_APART:
            new._base, new._changed, new._fresh = {**self._base, **changed}, {}, 0
        else:
            new._base, new._changed = self._base, changed
            new._fresh = self._fresh + (conversation_id not in self)
        return new

    def put_all(self, threads: "Mapping[ConversationId, Thread]") -> "Threads":
        """Return a mapping with all these threads in their places."""
        return Threads({**self._base, **self._changed, **threads})

    def candidates(self, before: "Mapping[ConversationId, Thread] | None") -> Iterable[ConversationId]:
        """Return the keys whose threads may differ from those of an earlier version; all of them where that is unknown.

        Threads are never taken away, so that nothing else can have changed.
        """
        if isinstance(before, Threads) and before._base is self._base:
            return self._changed
        return self


def threads_of(threads: "Mapping[ConversationId, Thread]") -> Threads:
    """Return the mapping as one that is cheap to change."""
    return threads if isinstance(threads, Threads) else Threads(threads)
