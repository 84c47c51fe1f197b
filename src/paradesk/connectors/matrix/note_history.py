"""Notes of a chat's past, read back from its companions and put between the messages of that time."""

from collections.abc import Sequence
from math import inf
from typing import Final

from paradesk.connectors.base import Page
from paradesk.connectors.matrix.messages import message_of
from paradesk.connectors.matrix.notes import note_of, place_among
from paradesk.connectors.matrix.room import Room
from paradesk.connectors.matrix.session import MatrixSession
from paradesk.connectors.matrix.wire import RoomEvent, decode_events
from paradesk.core.model import Message

MAX_PAGES: Final = 20
PAGE: Final = 100


async def with_notes(
    session: MatrixSession, chat: Room, companions: Sequence[Room], page: Page, before: Message | None
) -> Page:
    """Return a page of a chat together with the notes from that time; they come on top of the page's limit."""
    if not companions or (not page.messages and not page.complete):
        return page
    oldest = -inf if page.complete else page.messages[0].sent_at
    newest = before.sent_at if before is not None else inf
    notes = [
        note
        for companion in companions
        for event in await _events_since(session, companion, oldest)
        if event.time_ms / 1000 < newest and (note := _note(chat, companion, event, page)) is not None
    ]
    whole = sorted((*page.messages, *notes), key=lambda message: (message.order_key, message.id))
    return Page(tuple(whole), page.complete)


def _note(chat: Room, companion: Room, event: RoomEvent, page: Page) -> Message | None:
    message = message_of(companion, event, 0)
    if message is None:
        return None
    keys = [shown.order_key for shown in page.messages if shown.sent_at <= message.sent_at]
    key = max(keys) if keys else place_among(chat, event.time_ms, None)
    if key is None:
        key = page.messages[0].order_key - 1 if page.messages else 0
    return note_of(chat.id, companion, message, key, event.time_ms)


async def _events_since(session: MatrixSession, companion: Room, since: float) -> list[RoomEvent]:
    found: list[RoomEvent] = []
    token: str | None = None
    for _ in range(MAX_PAGES):
        page = await session.messages(companion.id, token, PAGE)
        events = [event for event in decode_events(page.chunk) if isinstance(event, RoomEvent)]
        found += [event for event in events if event.time_ms / 1000 >= since]
        if page.end is None or page.end == token or (events and events[-1].time_ms / 1000 < since):
            break
        token = page.end
    return found
