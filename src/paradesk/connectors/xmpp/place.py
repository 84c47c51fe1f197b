"""Where the stream stands in each archive, and the order keys that follow from it.

An archive gives ids that mean nothing and times that are often whole seconds, but it has an order. A key is the time in
milliseconds, times a thousand, plus the rank among those entries of the same conversation and time: whoever reads the
archive, in whichever direction and from wherever, gives the same entry the same key.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from paradesk.connectors.xmpp.stanzas import Archived

RANKS = 1000
KEYS_A_SECOND = 1000 * RANKS


def ms_of(at: float) -> int:
    """Return a time in whole milliseconds."""
    return round(at * 1000)


@dataclass(slots=True)
class Place:
    """How far one archive has been read."""

    last: str = ""
    """Id of the newest entry that was taken; empty while there has been none: what comes is read from the beginning."""
    ms: int = 0
    """Its time."""
    ranks: dict[str, int] = field(default_factory=dict)
    """Conversation → how many of its entries have that time."""

    def take(self, entry: Archived, conversation: str) -> int:
        """Go on to the next entry of the archive and return its order key."""
        ms = ms_of(entry.at)
        if ms != self.ms:
            self.ms, self.ranks = ms, {}
        rank = self.ranks.get(conversation, 0)
        self.ranks[conversation] = rank + 1
        self.last = entry.id
        return ms * RANKS + rank


def ranked(entries: Iterable[Archived]) -> Iterator[tuple[int, Archived]]:
    """Yield entries of one conversation with their keys; the first one is the first of its time."""
    place = Place()
    for entry in entries:
        yield place.take(entry, ""), entry


def whole_times(entries: Sequence[Archived], *, complete: bool) -> int:
    """Return how many leading entries must be left out because earlier ones of the same time may not be here."""
    if complete or not entries:
        return 0
    first = ms_of(entries[0].at)
    return next((number for number, entry in enumerate(entries) if ms_of(entry.at) != first), len(entries))


@dataclass(slots=True)
class Cursor:
    """All places. Kept by the desk as text, committed after the events before it."""

    account: str = ""
    """Whose archives: those of another account mean nothing."""
    version: int = 0
    """The newest version given to a conversation; it only grows."""
    places: dict[str, Place] = field(default_factory=dict)
    """Archive (empty: the account's own, otherwise a room) → how far it has been read."""

    def encode(self) -> str:
        """Return the text that the desk keeps."""
        places = {archive: (place.last, place.ms, place.ranks) for archive, place in self.places.items()}
        return msgspec.json.encode(_Stored(self.account, self.version, places)).decode()

    def next_version(self, now: float) -> int:
        """Return a version above all before it, also above those of a run whose last cursor was not committed."""
        self.version = max(self.version + 1, ms_of(now))
        return self.version


class _Stored(msgspec.Struct):
    account: str = ""
    version: int = 0
    places: dict[str, tuple[str, int, dict[str, int]]] = {}


def decode_cursor(text: str | None, account: str) -> Cursor:
    """Return the place kept by the desk, or a fresh one when there is none, it is damaged, or another account's."""
    try:
        stored = msgspec.json.decode(text or "", type=_Stored)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return Cursor(account)
    if stored.account != account:
        return Cursor(account)
    return Cursor(account, stored.version, {name: Place(*place) for name, place in stored.places.items()})
