"""The stream of one account: the long poll, the rooms that it brings, and the holes in it, filled before it goes on."""

import asyncio
import time
from collections.abc import Iterable, Mapping

from paradesk.connectors.base import ConnectorContext, Page, Rejected, Uncertain
from paradesk.connectors.matrix.client import InvalidRequest
from paradesk.connectors.matrix.cursor import STRIDE_OF_A_HOLE, Cursor, Mark, decode_cursor
from paradesk.connectors.matrix.fold import (
    AnyEvent,
    edit_targets,
    fold_departure,
    fold_ephemeral,
    fold_invite,
    fold_timeline,
    upserted,
)
from paradesk.connectors.matrix.note_history import with_notes
from paradesk.connectors.matrix.notes import fold_notes, targets, untrusted
from paradesk.connectors.matrix.people import learn_members, wait_for_all
from paradesk.connectors.matrix.presence import read_presence
from paradesk.connectors.matrix.room import COMPANION, Room, Staff
from paradesk.connectors.matrix.session import MatrixSession
from paradesk.connectors.matrix.wire import JoinedRoom, LeftRoom, RoomEvent, Sync, decode_events
from paradesk.core.events import Event, Gap, MessageUpserted
from paradesk.core.model import ConversationId, Visibility

PAGE = 100
MAX_GAP = 20_000
"""Events of one room that are fetched to close a gap; beyond, the gap stays marked and history shows the rest."""
LOOKUPS = 8
"""Requests at a time while learning about rooms."""
_KIND = ("m.room.create", COMPANION)


class MatrixStream:
    """Follows `/sync`. Rooms are remembered across lost connections as long as the place is the committed one."""

    def __init__(self, session: MatrixSession) -> None:
        self._session = session
        self.rooms: dict[str, Room] = {}
        self.cursor = Cursor()
        self._committed: str | None = None
        """The cursor text that `rooms` and `cursor` stand for, or None while they are ahead of it."""
        self._lookups = asyncio.Semaphore(LOOKUPS)
        self._staff: Staff | None = None
        self._ready = False
        self._late = False
        """The last answer did not come in time: perhaps the server needs longer for all that has happened."""

    @property
    def staff(self) -> Staff | None:
        """Who is who, once signed in."""
        return self._staff

    @property
    def ready(self) -> bool:
        """The rooms are known: the first answer since the start has been taken."""
        return self._ready

    def companions(self, chat_id: str) -> list[Room]:
        """Return the companions of a chat, the one that notes are written to first."""
        found = [room for room in self.rooms.values() if room.notes_of == chat_id and room.joined and room.companion]
        return sorted(found, key=lambda room: (room.made_at, room.id))

    async def follow(self, desk: ConnectorContext, staff: Staff) -> None:
        """Emit what happens until cancelled; raises ConnectorError when the connection is lost."""
        in_line = self._committed is not None and self._committed == desk.cursor and self._staff == staff
        self._staff = staff
        if not in_line:
            self.rooms = {}
            self.cursor = decode_cursor(desk.cursor, staff.me.id)
        settled = False
        while True:
            since = self.cursor.since
            try:
                answer = await self._session.sync(
                    since, full_state=since is not None and not in_line, wait=settled, patient=not in_line or self._late
                )
            except InvalidRequest:
                if since is None:
                    raise
                # The server no longer knows that place: everything is read again, up to what we have.
                self.cursor.since, in_line = None, False
                await desk.emit(Gap(desk.profile, None))
                continue
            except Uncertain:
                self._late = True
                raise
            self._committed, self._late = None, False
            await self._take(desk, answer, staff, anew=since is None)
            in_line = self._ready = True
            if not settled:
                settled = True
                await desk.online()

    async def _take(self, desk: ConnectorContext, answer: Sync, staff: Staff, *, anew: bool) -> None:
        now = time.time()
        joined = {room_id: self._room(room_id, staff, joined=True) for room_id in answer.rooms.join}
        for room_id, room in joined.items():
            self._take_state(room, answer.rooms.join[room_id])
        await learn_members(self._session, self._lookups, (room for room in joined.values() if not room.members_known))
        closing: list[Event] = []
        starts = {room_id: room.mark.high for room_id, room in joined.items()}
        for room_id, room in joined.items():
            if not room.aside:
                closing += await self._take_joined(desk, room, answer.rooms.join[room_id], now)
        for room_id, room in joined.items():
            if room.companion:
                closing += await self._take_companion(desk, room, answer.rooms.join[room_id], starts)
        for room_id, invited in answer.rooms.invite.items():
            asked = self._room(room_id, staff, joined=False)
            closing += fold_invite(asked, invited, now)
            if asked.companion:
                await self._enter(asked)
        departures = dict(answer.rooms.leave)
        if anew:
            known = [room_id for room_id, mark in self.cursor.rooms.items() if mark.invited_at or not mark.gone]
            gone = set(known) - joined.keys() - answer.rooms.invite.keys()
            departures |= {room_id: LeftRoom() for room_id in gone}
            if known:
                closing.append(Gap(desk.profile, None, closed=True))
        for room_id, left in departures.items():
            lost = self._room(room_id, staff, joined=False)
            departure = fold_departure(lost, left)
            closing += [] if lost.aside else departure
            self.rooms.pop(room_id, None)
        place = Cursor(answer.next_batch, self.cursor.user, self.cursor.rooms)
        text = place.encode()
        closing += read_presence(answer.presence.events, staff.me.id, desk.profile)
        await desk.emit(*closing, cursor=text)
        self.cursor, self._committed = place, text

    def _room(self, room_id: str, staff: Staff, *, joined: bool) -> Room:
        mark = self.cursor.rooms.setdefault(room_id, Mark())
        room = self.rooms.get(room_id)
        if room is None:
            room = self.rooms[room_id] = Room(room_id, staff, mark, joined=joined)
        if joined and not room.joined:
            # What an invitation told was composed by whoever sent it: the room itself is asked again.
            room = self.rooms[room_id] = Room(room_id, staff, mark)
        return room

    @staticmethod
    def _take_state(room: Room, answer: JoinedRoom) -> None:
        for event in decode_events(answer.state.events):
            if isinstance(event, RoomEvent) and event.state_key is not None:
                room.take_state(event)
                # Told as a change even if the room has been announced before.
                room.announced = False
        for event in decode_events(answer.timeline.events):
            # What kind of room it is has to be known before anything in it is told.
            if isinstance(event, RoomEvent) and event.state_key is not None and event.type in _KIND:
                room.take_state(event)

    async def _take_joined(self, desk: ConnectorContext, room: Room, answer: JoinedRoom, now: float) -> list[Event]:
        """Emit what is new in a room; returns what is to be emitted together with the cursor."""
        anew = room.mark.gone or not room.mark.last
        missed, events, closing = await self._new_events(desk, room, answer, ConversationId(room.id))
        senders = await self._authors(room, [*missed, *events])
        folded = [
            *fold_timeline(room, missed, senders, take_state=False),
            *fold_timeline(room, events, senders),
            *fold_ephemeral(room, answer.ephemeral.events, now),
        ]
        if anew:
            folded += await self._earlier_notes(room, folded)
        if not room.announced:
            room.settle_customer()
            folded.insert(0, upserted(room))
        if folded:
            await desk.emit(*folded)
        return closing

    async def _take_companion(
        self, desk: ConnectorContext, room: Room, answer: JoinedRoom, starts: Mapping[str, int]
    ) -> list[Event]:
        """Emit what is new among the notes of a chat; returns what is to be emitted together with the cursor."""
        fresh = not room.mark.last
        chat = self.rooms.get(room.notes_of)
        missed, events, closing = await self._new_events(desk, room, answer, ConversationId(room.notes_of))
        senders = await self._authors(room, [*missed, *events])
        times = await self._times(room, [*missed, *events])
        start = None if chat is None or fresh else starts.get(chat.id, chat.mark.high)
        folded = fold_notes(room, chat, [*missed, *events], senders, times, start)
        if chat is None or chat.aside:
            return []
        chosen = next(iter(self.companions(chat.id)), None)
        refused = untrusted(chosen) if chosen is not None else ""
        if refused != chat.notes_refused:
            chat.notes_refused = refused
            folded.append(upserted(chat))
        if folded:
            await desk.emit(*folded)
        return closing

    async def _earlier_notes(self, room: Room, folded: Iterable[Event]) -> list[Event]:
        """Return the notes from the time of what has been read of a chat that is new to us: colleagues wrote them."""
        companions = [companion for companion in self.companions(room.id) if companion.mark.last]
        messages = tuple(event.message for event in folded if isinstance(event, MessageUpserted))
        page = await with_notes(self._session, room, companions, Page(messages, complete=False), None)
        return [MessageUpserted(note) for note in page.messages if note.visibility is Visibility.NOTE]

    async def _enter(self, companion: Room) -> None:
        """Join a companion that a colleague has asked us into."""
        try:
            await self._session.join(companion.id)
        except Rejected:
            # The invitation was withdrawn; a later one comes anew.
            return

    async def _times(self, room: Room, events: list[AnyEvent]) -> dict[str, int]:
        here = {event.event_id: event.time_ms for event in events if isinstance(event, RoomEvent)}
        for target in sorted(targets(room, events) - here.keys()):
            event = await self._session.event(room.id, target)
            if event is not None:
                here[target] = event.time_ms
        return here

    async def _new_events(
        self, desk: ConnectorContext, room: Room, answer: JoinedRoom, conversation_id: ConversationId
    ) -> tuple[list[AnyEvent], list[AnyEvent], list[Event]]:
        """Return what was missed of a room, what is new in it, and what to emit with the cursor; a gap is told first."""
        returned = room.mark.gone
        room.joined, room.mark.gone, room.mark.invited_at = True, False, 0.0
        events = list(decode_events(answer.timeline.events))
        fresh_room = not room.mark.last
        closing: list[Event] = []
        missed: list[AnyEvent] = []
        limited = answer.timeline.limited and not fresh_room
        known_at = _place_of(room.mark.last, events)
        if known_at is not None:
            # Told again after a resynchronisation: what is known keeps its keys.
            events, limited = events[known_at + 1 :], False
        if limited:
            await desk.emit(Gap(desk.profile, conversation_id))
            missed, whole = await self._missed(
                room, answer.timeline.prev_batch, None if returned else self.cursor.since
            )
            if whole:
                closing.append(Gap(desk.profile, conversation_id, closed=True))
        elif fresh_room and answer.timeline.prev_batch:
            for event in events[:1]:
                if event is not None:
                    room.older[event.event_id] = answer.timeline.prev_batch
        return missed, events, closing

    async def _missed(self, room: Room, start: str | None, until: str | None) -> tuple[list[AnyEvent], bool]:
        """Return the events between what we have and the token `start`, oldest first, and whether that is all.

        Looks no further back than the token `until`. It is None where what we have ends earlier than the stream did:
        after a return to the room, and after a resynchronisation.
        """
        newest_first: list[AnyEvent] = []
        while start is not None:
            page = await self._session.messages(room.id, start, PAGE, until)
            events = list(decode_events(page.chunk))
            known_at = _place_of(room.mark.last, events)
            newest_first += events if known_at is None else events[:known_at]
            if known_at is not None or page.end is None or page.end == start:
                break
            if len(newest_first) >= MAX_GAP:
                room.mark.high += STRIDE_OF_A_HOLE
                return newest_first[::-1], False
            start = page.end
        return newest_first[::-1], True

    async def _authors(self, room: Room, events: list[AnyEvent]) -> dict[str, str]:
        """Return the senders of edited events that neither we remember nor this stretch contains."""
        here = {event.event_id: event.sender for event in events if event is not None}
        unknown = [target for target in edit_targets(events) if target not in here and room.recall(target) is None]

        async def look(event_id: str) -> None:
            async with self._lookups:
                event = await self._session.event(room.id, event_id)
            if event is not None:
                here[event_id] = event.sender

        await wait_for_all(look(event_id) for event_id in unknown)
        return here


def _place_of(event_id: str, events: list[AnyEvent]) -> int | None:
    if event_id:
        for place, event in enumerate(events):
            if event is not None and event.event_id == event_id:
                return place
    return None
