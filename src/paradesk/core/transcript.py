"""The messages of one conversation: an immutable, ordered, append-mostly sequence.

Appending at the end, which is what happens nearly always, is O(1): the new transcript shares its storage with the old
one and only sees one item more. Every other change copies.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import overload

from paradesk.core.model import ClientId, Message

SortKey = tuple[int, str]


def sort_key(message: Message) -> SortKey:
    """Return what messages are ordered by: the backend's sequence, then the id for equal ones."""
    return (message.order_key, message.id)


class Transcript:
    """An ordered, immutable sequence of messages with look-up by id. Built by `put`, never changed in place.

    Transcripts that share storage each see a prefix of it; an entry of the indexes counts only where it lies in there.
    """

    __slots__ = ("_clients", "_index", "_items", "_length", "version")

    def __init__(self, messages: Iterable[Message] = ()) -> None:
        self._items: list[Message] = sorted({message.id: message for message in messages}.values(), key=sort_key)
        self._index: dict[str, int] = {message.id: place for place, message in enumerate(self._items)}
        self._clients: dict[str, int] = _client_index(self._items)
        self._length = len(self._items)
        self.version = 0
        """Grows with each change, so that a view can tell in one comparison whether to look again."""

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Message]:
        return iter(self._items[: self._length])

    def __reversed__(self) -> Iterator[Message]:
        for place in range(self._length - 1, -1, -1):
            yield self._items[place]

    @overload
    def __getitem__(self, index: int) -> Message: ...
    @overload
    def __getitem__(self, index: slice) -> list[Message]: ...
    def __getitem__(self, index: int | slice) -> Message | list[Message]:
        if isinstance(index, slice):
            return [self._items[place] for place in range(*index.indices(self._length))]
        if not -self._length <= index < self._length:
            raise IndexError(index)
        return self._items[index if index >= 0 else index + self._length]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Transcript):
            return NotImplemented
        return self._length == other._length and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Transcript({list(self)!r})"

    def get(self, message_id: str) -> Message | None:
        """Return the message with this id, or None."""
        place = self.position(message_id)
        return None if place is None else self._items[place]

    def by_client(self, client_id: ClientId) -> Message | None:
        """Return the first message that carries this client id, or None."""
        place = self._clients.get(client_id)
        return self._items[place] if place is not None and place < self._length else None

    def position(self, message_id: str) -> int | None:
        """Return the place of the message with this id, or None."""
        place = self._index.get(message_id)
        return place if place is not None and place < self._length else None

    @property
    def last(self) -> Message | None:
        """The newest message, or None."""
        return self._items[self._length - 1] if self._length else None

    def after(self, key: SortKey) -> int:
        """Return the place of the first message that sorts after `key`."""
        return bisect_right(self._items, key, hi=self._length, key=sort_key)

    def put(self, message: Message) -> "Transcript":
        """Return a transcript with the message in its place, replacing the one of the same id."""
        place = self.position(message.id)
        last = self.last
        alone = len(self._items) == self._length
        if place is None and alone and (last is None or sort_key(last) < sort_key(message)):
            self._items.append(message)
            self._index[message.id] = self._length
            if message.client_id is not None:
                self._clients.setdefault(message.client_id, self._length)
            return self._sharing(self._length + 1)
        items = self._items[: self._length]
        if place is not None:
            old = items[place]
            if sort_key(old) == sort_key(message):
                items[place] = message
                if alone and old.client_id == message.client_id:
                    return self._made(items, self._index.copy(), self._clients.copy())
                return self._owning(items)
            del items[place]
        items.insert(bisect_left(items, sort_key(message), key=sort_key), message)
        return self._owning(items)

    def put_all(self, messages: Iterable[Message]) -> "Transcript":
        """Return a transcript with all these messages, replacing those of the same ids: one copy for a whole page."""
        merged = {message.id: message for message in self}
        merged.update((message.id, message) for message in messages)
        return self._owning(sorted(merged.values(), key=sort_key))

    def without(self, message_id: str) -> "Transcript":
        """Return a transcript that lacks the message with this id."""
        place = self.position(message_id)
        if place is None:
            return self
        items = self._items[: self._length]
        del items[place]
        return self._owning(items)

    def tail(self, count: int) -> "Transcript":
        """Return a transcript of only the newest `count` messages."""
        return self if self._length <= count else self._owning(self._items[self._length - count : self._length])

    def only(self, messages: Iterable[Message]) -> "Transcript":
        """Return a transcript of exactly these messages that continues the versions of this one."""
        return self._owning(sorted(messages, key=sort_key))

    def _owning(self, items: list[Message]) -> "Transcript":
        return self._made(items, {message.id: place for place, message in enumerate(items)}, _client_index(items))

    def _made(self, items: list[Message], index: dict[str, int], clients: dict[str, int]) -> "Transcript":
        new = Transcript.__new__(Transcript)
        new._items, new._index, new._clients = items, index, clients
        new._length = len(items)
        new.version = self.version + 1
        return new

    def _sharing(self, length: int) -> "Transcript":
        new = Transcript.__new__(Transcript)
        new._items, new._index, new._clients = self._items, self._index, self._clients
        new._length, new.version = length, self.version + 1
        return new


def _client_index(items: list[Message]) -> dict[str, int]:
    clients: dict[str, int] = {}
    for place, message in enumerate(items):
        if message.client_id is not None:
            clients.setdefault(message.client_id, place)
    return clients
