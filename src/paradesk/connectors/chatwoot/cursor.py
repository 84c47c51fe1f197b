"""Where the stream stands. Chatwoot has no token for it: a message id and a time that lie safely behind the news.

Message ids grow over the whole installation, but events may come in any order: so everything that is younger than
`MARGIN` by the server's own clock is read again after an absence, and folds onto what is there.
"""

from collections import deque
from typing import Final

import msgspec

from paradesk.connectors.chatwoot.wire import decode

MARGIN: Final = 60.0
"""Seconds by which an event may be late."""
MOST_AWAY: Final = 1000
"""Conversations that were handed away and are remembered, with the last message that the desk has of each."""


class _Stored(msgspec.Struct):
    account: int
    user: int
    at: float
    settled: int
    away: dict[str, int] = {}


class Cursor:
    """The place in one agent's stream; it only moves forward."""

    def __init__(self, account: int, user: int) -> None:
        self.account, self.user = account, user
        self.at = 0.0
        """The newest time of the server that has been seen (Unix seconds); 0 at the very first start."""
        self.away: dict[str, int] = {}
        """Conversation → the newest message that the desk has of it, for those that are somebody else's now."""
        self._floor = 0
        self._recent: deque[tuple[float, int]] = deque()
        self._newest = 0.0

    @property
    def settled(self) -> int:
        """Every message up to this id is surely known to the desk, as far as it is to be."""
        return max(self._floor, min((number for _, number in self._recent), default=1) - 1)

    def saw_message(self, message_id: int, created_at: float) -> None:
        """Take note of a message that has been handed to the desk, or that it does not need."""
        self._newest = max(self._newest, created_at)
        if created_at > self._newest - MARGIN:
            self._recent.append((created_at, message_id))
        while self._recent and self._recent[0][0] <= self._newest - MARGIN:
            self._recent.popleft()

    def saw_time(self, at: float, now: float) -> None:
        """Take note of a time of the server, as far as it does not lie in the future (`now` is the server's, too)."""
        self.at = max(self.at, min(at, now))

    def remember_away(self, conversation_id: str, last: int) -> None:
        """Keep where the desk stands in a conversation that is no longer ours."""
        self.away.pop(conversation_id, None)
        self.away[conversation_id] = last
        while len(self.away) > MOST_AWAY:
            self.away.pop(next(iter(self.away)))

    def encode(self) -> str:
        """Return the text that the desk keeps."""
        stored = _Stored(self.account, self.user, self.at, self.settled, self.away)
        return msgspec.json.encode(stored).decode()


def decode_cursor(text: str | None, account: int, user: int) -> Cursor:
    """Return the place kept by the desk, or a fresh one when there is none, it is damaged, or another account's."""
    cursor = Cursor(account, user)
    stored = decode(text, _Stored) if text else None
    if stored is not None and (stored.account, stored.user) == (account, user) and stored.at > 0:
        cursor.at, cursor.away = stored.at, stored.away
        cursor._floor = max(0, stored.settled)
    return cursor
