"""The companion rooms of chats at the homeserver: found, made, and checked before each note."""

import asyncio
from typing import Final

from paradesk.connectors.base import NotSent, Outcome, Rejected, Uncertain, Unsupported
from paradesk.connectors.matrix.client import Json
from paradesk.connectors.matrix.notes import note_id, untrusted
from paradesk.connectors.matrix.room import COMPANION, NOTES, PRESENT, Room
from paradesk.connectors.matrix.session import MatrixSession, room_path
from paradesk.connectors.matrix.stream import MatrixStream
from paradesk.connectors.matrix.wire import Member, RoomEvent, decode_events, decode_raw
from paradesk.core.intents import Send

_JOIN_RULES: Final = "m.room.join_rules"


def new_companion(chat_id: str) -> Json:
    """Return what `createRoom` needs for the notes of a chat: nobody gets in but by its maker's invitation."""
    return {
        "preset": "private_chat",
        "visibility": "private",
        "name": "Notes",
        "creation_content": {"type": NOTES},
        "power_level_content_override": {"invite": 50, "users_default": 0},
        "initial_state": [
            {"type": COMPANION, "state_key": chat_id, "content": {}},
            {"type": "m.room.guest_access", "state_key": "", "content": {"guest_access": "forbidden"}},
        ],
    }


class Companions:
    """Writes notes. The only room that it ever writes to is one of the type of companions."""

    def __init__(self, session: MatrixSession, stream: MatrixStream) -> None:
        self._session = session
        self._stream = stream
        self._made: dict[str, str] = {}
        """Chat → companion made by us that the stream has yet to bring."""
        self._making = asyncio.Lock()

    async def write(self, chat: Room, intent: Send, content: Json) -> Outcome:
        """Write a note; raises Unsupported where the companion cannot be trusted. The same client id is taken once."""
        if intent.attachments:
            raise Unsupported("a private note carries no files on Matrix")
        async with self._making:
            place = await self._place(chat)
        await self._check(place)
        event_id = await self._session.send(place, "m.room.message", intent.client_id, content)
        event = await self._event(place, event_id)
        return Outcome(message_id=note_id(event_id, event.time_ms) if event is not None else None)

    async def _event(self, place: str, event_id: str) -> RoomEvent | None:
        try:
            return await self._session.event(place, event_id)
        except (NotSent, Uncertain):
            # The note is written; the stream tells its id.
            return None

    async def _place(self, chat: Room) -> str:
        known = self._stream.companions(chat.id)
        if known:
            self._made.pop(chat.id, None)
            if reason := untrusted(known[0]):
                raise Unsupported(reason)
            return known[0].id
        if chat.id not in self._made:
            try:
                self._made[chat.id] = await self._session.create_room(new_companion(chat.id))
            except Uncertain as error:
                # A room without a note in it harms nobody.
                raise NotSent(f"the room for notes could not be made: {error}") from None
        return self._made[chat.id]

    async def _check(self, place: str) -> None:
        """Ask the homeserver who is in the room now, as the stream may lag; colleagues who are missing are invited."""
        staff = self._stream.staff
        if staff is None:
            raise NotSent("not connected to the homeserver yet")
        if (await self._session.state(place, "m.room.create") or {}).get("type") != NOTES:
            raise Unsupported("the room for notes cannot be entered; nothing was written")
        if (await self._session.state(place, _JOIN_RULES) or {}).get("join_rule") != "invite":
            raise Unsupported("the room for notes is open to others; nothing was written")
        if await self._session.state(place, "m.room.encryption") is not None:
            raise Unsupported("the room for notes is encrypted end to end; Paradesk can neither read nor write it")
        present: set[str] = set()
        for event in decode_events(await self._session.members(place)):
            if not isinstance(event, RoomEvent) or event.state_key is None:
                raise Unsupported("it cannot be told who is in the room for notes; nothing was written")
            member = decode_raw(event.content, Member)
            if member is None or member.membership in PRESENT:
                present.add(event.state_key)
        if strangers := sorted(user for user in present if not staff.is_agent(user)):
            raise Unsupported(f"somebody who is no agent is in the room for notes: {strangers[0]}")
        for agent in sorted(staff.agents - present):
            try:
                await self._session.post(room_path(place, "invite"), {"user_id": agent})
            except Rejected:
                # Only the room's maker may invite; the note is written all the same.
                continue
