"""Where the stream stands: the server's token, and per room what the next order key is."""

from dataclasses import dataclass, field

import msgspec

from paradesk.connectors.matrix.wire import decode_raw

STRIDE_OF_A_HOLE = 1_000_000
"""Order keys left free where so much is missing that it was not fetched: history may be filed there later."""


@dataclass(slots=True)
class Mark:
    """The place in one room. Every timeline event takes one order key, so the same events always get the same keys."""

    high: int = 0
    """The order key of the next event."""
    last: str = ""
    """The id of the newest event that was taken, or empty."""
    version: int = 0
    """The newest version given to anything but a message in this room; it only grows."""
    invited_at: float = 0.0
    """When the invitation was first seen (Unix seconds), or 0 when there is none."""
    gone: bool = False
    """We are no longer in the room."""

    def next_key(self) -> int:
        """Return the order key for the next event."""
        self.high += 1
        return self.high - 1

    def next_version(self, time_ms: int) -> int:
        """Return a version above all before it: the server's time, or one more than the last where that is behind."""
        self.version = max(self.version + 1, time_ms)
        return self.version


@dataclass(slots=True)
class Cursor:
    """The whole place. Kept by the desk as text, committed after the events before it."""

    since: str | None = None
    user: str = ""
    """Whose stream it is: the token of another account means nothing."""
    rooms: dict[str, Mark] = field(default_factory=dict)

    def encode(self) -> str:
        """Return the text that the desk keeps."""
        marks = {
            room_id: [mark.high, mark.last, mark.version, mark.invited_at, mark.gone]
            for room_id, mark in self.rooms.items()
        }
        return msgspec.json.encode({"since": self.since, "user": self.user, "rooms": marks}).decode()


class _Stored(msgspec.Struct):
    since: str | None = None
    user: str = ""
    rooms: dict[str, tuple[int, str, int, float, bool]] = {}


def decode_cursor(text: str | None, user: str) -> Cursor:
    """Return the place kept by the desk, or a fresh one when there is none, it is damaged, or another account's."""
    stored = decode_raw(text.encode(), _Stored) if text else None
    if stored is None or stored.user != user:
        return Cursor(user=user)
    return Cursor(stored.since, user, {room_id: Mark(*mark) for room_id, mark in stored.rooms.items()})
