"""What is asked for now and then: the customer's profile and earlier chats, canned responses, and the server's search."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from paradesk.connectors.base import Forbidden
from paradesk.connectors.matrix.client import API, NotFound, segment
from paradesk.connectors.matrix.room import Room
from paradesk.connectors.matrix.session import MatrixSession
from paradesk.connectors.matrix.wire import (
    CannedContent,
    CannedEntry,
    MessageContent,
    RoomEvent,
    SearchAnswer,
    SearchHit,
    decode_raw,
)
from paradesk.core.model import ConversationId, Customer, EarlierConversation, Found, RemoteResponse

CANNED: Final = "org.paradesk.canned"
"""The type of the agent's account data that holds canned responses (docs/matrix.md)."""
MAX_CANNED: Final = 500
MAX_EARLIER: Final = 50
EXCERPT: Final = 200


def customer_of(room: Room, rooms: Mapping[str, Room]) -> Customer:
    """Return the customer of a room, with the other rooms that this account shares with them, newest first."""
    conversation = room.conversation()
    others = (
        other.conversation()
        for other in rooms.values()
        if room.customer_id and other.id != room.id and not other.aside and other.customer_id == room.customer_id
    )
    earlier = sorted(
        (EarlierConversation(chat.id, chat.subject, chat.status.value, chat.created_at) for chat in others),
        key=lambda chat: -chat.at,
    )
    return replace(conversation.customer, earlier=tuple(earlier[:MAX_EARLIER]))


async def read_canned(session: MatrixSession) -> tuple[RemoteResponse, ...]:
    """Return the canned responses in the agent's account data; entries that make no sense are left out."""
    path = f"{API}/user/{segment(session.user_id)}/account_data/{CANNED}"
    try:
        content = await session.call("GET", path, CannedContent)
    except (NotFound, Forbidden):
        return ()
    found: list[RemoteResponse] = []
    for number, raw in enumerate(content.responses[:MAX_CANNED], start=1):
        entry = decode_raw(raw, CannedEntry)
        if entry is not None and entry.body:
            title = entry.title or entry.shortcut or entry.body[:40]
            found.append(RemoteResponse(entry.id or str(number), title, entry.body, entry.shortcut, entry.language))
    return tuple(found)


async def search_rooms(session: MatrixSession, rooms: Mapping[str, Room], query: str, limit: int) -> tuple[Found, ...]:
    """Return up to `limit` chats in which the homeserver finds these words. Encrypted rooms are not searched."""
    words = query.strip()
    if not words or limit < 1:
        return ()
    wanted: dict[str, object] = {
        "search_term": words,
        "keys": ["content.body"],
        "order_by": "rank",
        # Several hits may lie in one chat, which is told once.
        "filter": {"limit": min(limit * 5, 500), "types": ["m.room.message"]},
    }
    question: dict[str, object] = {"search_categories": {"room_events": wanted}}
    answer = await session.call("POST", f"{API}/search", SearchAnswer, json=question)
    found: dict[str, Found] = {}
    for raw in answer.categories.room_events.results:
        hit = decode_raw(raw, SearchHit)
        event = decode_raw(hit.result, RoomEvent) if hit is not None else None
        if event is None:
            continue
        room = rooms.get(event.room_id)
        if room is None or room.aside or room.encrypted or room.id in found:
            continue
        content = decode_raw(event.content, MessageContent)
        if content is None or not content.body:
            continue
        chat = room.conversation()
        title = chat.subject or chat.customer.name
        found[room.id] = Found(ConversationId(room.id), title, content.body[:EXCERPT], event.time_ms / 1000)
        if len(found) == limit:
            break
    return tuple(found.values())
