"""Older messages of a room, page by page, with the order keys that they have, or would have had, in the stream."""

from collections.abc import Iterable

from paradesk.connectors.base import Page, Rejected, Unsupported
from paradesk.connectors.matrix.client import NotFound
from paradesk.connectors.matrix.fold import AnyEvent
from paradesk.connectors.matrix.messages import message_of
from paradesk.connectors.matrix.room import Room
from paradesk.connectors.matrix.session import MatrixSession
from paradesk.connectors.matrix.wire import RoomEvent, decode_events
from paradesk.core.model import Message

MAX_PAGES = 20
"""Requests for one page of the desk: a room may hold long stretches of events that are not messages."""


async def read_history(session: MatrixSession, room: Room, before: Message | None, limit: int) -> Page:
    """Return up to `limit` messages before a message, or the newest ones; raises Unsupported for an invitation."""
    refusal = room.absent().get("history")
    if refusal:
        raise Unsupported(refusal)
    limit = max(1, limit)
    if before is None:
        walk = _Walk(session, room, limit, room.mark.high, skip_news=bool(room.mark.last))
        return await walk.back(None)
    walk = _Walk(session, room, limit, before.order_key)
    token = room.older.get(before.id)
    if token is None:
        try:
            context = await session.context(room.id, before.id)
        except NotFound:
            raise Rejected("the homeserver no longer has the message that history would continue from") from None
        walk.take(decode_events(context.events_before))
        token = context.start
        if walk.full or token is None:
            return walk.page(complete=token is None)
    return await walk.back(token, resume_at=before.id)


class _Walk:
    """One way back through a room's events, newest first."""

    def __init__(self, session: MatrixSession, room: Room, limit: int, above: int, *, skip_news: bool = False) -> None:
        self._session, self._room, self._limit = session, room, limit
        self._messages: list[Message] = []
        self._key = above
        """The order key of the oldest event that was passed; the next one gets a smaller one."""
        self._skip_news = skip_news
        """The way begins at events that the stream has yet to bring; they get their keys there."""

    @property
    def full(self) -> bool:
        """As many messages as were asked for have been found."""
        return len(self._messages) >= self._limit

    async def back(self, token: str | None, resume_at: str = "") -> Page:
        """Go back from a token (None: the end of the room) until enough messages are found or nothing is left."""
        for _ in range(MAX_PAGES):
            page = await self._session.messages(self._room.id, token, self._limit - len(self._messages))
            oldest = self.take(decode_events(page.chunk))
            if page.end is None or page.end == token:
                return self.page(complete=True)
            token = page.end
            if oldest is not None:
                self._room.older[oldest] = token
            if self.full:
                break
        if not self._messages and resume_at and token is not None:
            # Nothing to show yet: asked again for the same place, the way goes on from here.
            self._room.older[resume_at] = token
        return self.page(complete=False)

    def take(self, events: Iterable[AnyEvent]) -> str | None:
        """Take events, newest first; returns the id of the oldest one if it is a message."""
        oldest: str | None = None
        for event in events:
            known = self._known_key(event)
            if self._skip_news and known is None:
                continue
            self._skip_news = False
            self._key = known if known is not None and known < self._key else self._key - 1
            message = message_of(self._room, event, self._key)
            if event is not None and event.event_id and known is None:
                time_ms = event.time_ms if isinstance(event, RoomEvent) else 0
                self._room.remember(event.event_id, self._key, event.sender, message is not None, time_ms)
            oldest = message.id if message is not None else None
            if message is not None:
                self._messages.append(message)
        return oldest

    def _known_key(self, event: AnyEvent) -> int | None:
        if event is None or not event.event_id:
            return None
        known = self._room.recall(event.event_id)
        if known is not None:
            return known.key
        return self._room.mark.high - 1 if event.event_id == self._room.mark.last else None

    def page(self, *, complete: bool) -> Page:
        """Return what was found, oldest first."""
        return Page(tuple(reversed(self._messages)), complete)
