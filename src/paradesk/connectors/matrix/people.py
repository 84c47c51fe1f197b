"""Who is in the rooms: asked once for each, as the stream names only those who have said something lately."""

import asyncio
from collections.abc import Awaitable, Iterable

from paradesk.connectors.base import Rejected
from paradesk.connectors.matrix.room import Room
from paradesk.connectors.matrix.session import MatrixSession
from paradesk.connectors.matrix.wire import RoomEvent, decode_events

MAX_PROFILE_FIELDS = 20


async def learn_members(session: MatrixSession, lookups: asyncio.Semaphore, rooms: Iterable[Room]) -> None:
    """Ask who is in these rooms, and for the customer's profile; `lookups` bounds the requests at a time."""

    async def learn(room: Room) -> None:
        async with lookups:
            try:
                members = await session.members(room.id)
            except Rejected:
                members = []
        for event in decode_events(members):
            if isinstance(event, RoomEvent) and event.state_key and event.type == "m.room.member":
                room.take_state(event)
        room.members_known = True
        room.settle_customer()
        await _learn_profile(session, lookups, room)

    await wait_for_all(learn(room) for room in rooms)


async def _learn_profile(session: MatrixSession, lookups: asyncio.Semaphore, room: Room) -> None:
    if not room.customer_id:
        return
    async with lookups:
        fields = await session.profile(room.customer_id)
    own = {name: value for name, value in fields.items() if name not in ("displayname", "avatar_url")}
    room.profile = {
        name[:60]: value[:200] for name, value in list(own.items())[:MAX_PROFILE_FIELDS] if isinstance(value, str)
    }


async def wait_for_all(work: Iterable[Awaitable[None]]) -> None:
    """Wait for all; the first failure ends the others and is raised as it is, not inside a group."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        for task in tasks:
            await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
