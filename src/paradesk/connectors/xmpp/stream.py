"""The stream: archives are read in their order, and what arrives live says that there is something new in one.

A message that an archive keeps is taken from there and from nowhere else: whether it came live, as a carbon copy, after
a cut, or all of that, it is one entry with one id and one place. What no archive keeps is taken as it comes.
"""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element

from paradesk.connectors.base import (
    AuthError,
    ConnectorContext,
    ConnectorError,
    Gone,
    NotSent,
    Rejected,
    Uncertain,
    Unsupported,
)
from paradesk.connectors.xmpp import compose
from paradesk.connectors.xmpp.account import Account
from paradesk.connectors.xmpp.archive import build_query, read_page, walk_back
from paradesk.connectors.xmpp.book import Book
from paradesk.connectors.xmpp.chat import LIVE, Chat, client_id_in, peer_of
from paradesk.connectors.xmpp.jids import bare
from paradesk.connectors.xmpp.line import Line
from paradesk.connectors.xmpp.place import KEYS_A_SECOND, Cursor, Place, decode_cursor, ms_of
from paradesk.connectors.xmpp.refusals import message_refusal
from paradesk.connectors.xmpp.rooms import Rooms, wanted_rooms
from paradesk.connectors.xmpp.stanzas import (
    Archived,
    Stanza,
    carbon_of,
    decode_message,
    decode_presence,
    is_carbon,
    says_bookmarks_changed,
)
from paradesk.core.events import Event, Gap, TypingChanged
from paradesk.core.model import ConversationId, MessageId, Presence
from paradesk.core.secret import Secret

RESUME_FOR: Final = 20.0
"""Seconds after a cut within which the session is continued. Later, what was not taken is not sent any more."""
TYPING_LASTS: Final = 30.0
OWN: Final = ""
"""The account's own archive."""
_SHOWS: Final = {Presence.AWAY: "away", Presence.BUSY: "dnd"}


class XmppStream:
    """One account at work. Built anew for each session; a cut session is continued by the same object."""

    def __init__(self, account: Account, password: Secret) -> None:
        self.account = account
        self.line = Line(account, password, self._hear)
        self.rooms = Rooms(self.line)
        self.book = Book(account)
        self.cursor = Cursor(account.jid)
        self.ready = False
        self.waiting: dict[str, asyncio.Future[MessageId | None]] = {}
        """Id of a stanza of ours → done when the archive has shown it."""
        self.presence = (Presence.ONLINE, "")
        self._inbox: asyncio.Queue[Element | str | ConnectorError] = asyncio.Queue()
        self._begun = False
        self._bookmarks_changed = False
        self._uncommitted = False
        """What was read last may not be on the desk's disk."""

    @property
    def continues(self) -> bool:
        """A lost session can still be continued."""
        lost_at = self.line.lost_at
        recent = lost_at is not None and asyncio.get_running_loop().time() - lost_at < RESUME_FOR
        return self._begun and recent and self.line.resumable

    def _hear(self, xml: Element) -> None:
        self._inbox.put_nowait(xml)

    def look_into(self, archive: str) -> None:
        """Have an archive read on: there may be something new in it."""
        self._inbox.put_nowait(archive)

    async def follow(self, desk: ConnectorContext) -> None:
        """Sign in, catch up, go online and follow until cancelled; raises ConnectorError when the connection is lost."""
        ending = False
        try:
            resumed = await self.line.open()
            if not (resumed and self._begun):
                await self._begin(desk)
            await self._catch_up(desk, [OWN, *(room for room, chat in self.rooms.chats.items() if _readable(chat))])
            self.ready = True
            await desk.online()
            await self._go_on(desk)
        except ConnectorError as error:
            # A failure of the desk, or of our own, is not a cut: what was not committed has to be read again.
            ending = self._uncommitted or not self.line.lost.done()
            if ending:
                raise
            raise self.line.lost.result() from error
        except BaseException:
            ending = True
            raise
        finally:
            self.ready = False
            self._give_up_waiting()
            if ending or not self.continues:
                self._begun = False
                await self.line.close()
            else:
                await self.line.let_go()

    def _give_up_waiting(self) -> None:
        why: ConnectorError = Uncertain("the connection was lost before the server showed the message")
        if self.line.lost.done() and isinstance(self.line.lost.result(), AuthError):
            why = self.line.lost.result()
        for waiter in self.waiting.values():
            if not waiter.done():
                waiter.set_exception(why)
        self.waiting.clear()

    # Beginning

    async def _begin(self, desk: ConnectorContext) -> None:
        self.cursor = decode_cursor(desk.cursor, self.account.jid)
        self.book.forget()
        self.rooms.chats.clear()
        self._begun = True
        roster = await self.line.ask("get", Element("{jabber:iq:roster}query"))
        chats = self.book.take_roster(roster)
        await desk.emit(*(self.told(chat) for chat in chats))
        try:
            await self.line.ask("set", Element("{urn:xmpp:carbons:2}enable"))
        except (Rejected, Unsupported):
            # Without carbons what our other devices send is seen a little later: in the archive.
            pass
        self.say_presence()
        await self._enter_rooms(desk)

    async def _enter_rooms(self, desk: ConnectorContext) -> list[str]:
        """Enter the rooms that we are to be in and are not; returns those whose archives are to be read."""
        self._bookmarks_changed = False
        rooms = await wanted_rooms(self.line, self.account)
        fresh = {room: how for room, how in rooms.items() if room not in self.rooms.chats}
        entered = [self.book.room(room, title, nick) for room, (title, nick) in fresh.items()]
        await self._enter(entered)
        await desk.emit(*(self.told(chat) for chat in entered))
        return [chat.id for chat in entered if _readable(chat)]

    async def _enter(self, chats: list[Chat]) -> None:
        tasks = [asyncio.ensure_future(self.rooms.enter(chat)) for chat in chats]
        pump = asyncio.ensure_future(self._pump_presences(tasks))
        try:
            for task in tasks:
                await task
        finally:
            for task in (*tasks, pump):
                task.cancel()
            await asyncio.gather(*tasks, pump, return_exceptions=True)

    async def _pump_presences(self, tasks: Sequence["asyncio.Future[None]"]) -> None:
        """Hand presences to the rooms that wait for them; everything else waits for its turn."""
        kept: list[Element | str | ConnectorError] = []
        try:
            while not all(task.done() for task in tasks):
                item = await self._inbox.get()
                if isinstance(item, Element) and item.tag.endswith("}presence"):
                    self.rooms.take(decode_presence(item))
                else:
                    kept.append(item)
        finally:
            for item in kept:
                self._inbox.put_nowait(item)

    def say_presence(self) -> None:
        """Tell our contacts and rooms whether we are there."""
        show, status = _SHOWS.get(self.presence[0], ""), self.presence[1]
        self.line.send("presence", "", compose.presence(show, status))
        for chat in self.rooms.chats.values():
            if not chat.closed:
                self.line.send("presence", f"{chat.id}/{chat.nick}", compose.presence(show, status))

    def told(self, chat: Chat) -> Event:
        """Return the conversation as the desk should know it now."""
        return self.book.upserted(chat, self.cursor.next_version(time.time()))

    # Archives

    async def _catch_up(self, desk: ConnectorContext, archives: list[str]) -> None:
        for archive in archives:
            try:
                if archive in self.cursor.places:
                    await self._read_on(desk, archive)
                else:
                    await self._read_newest(desk, archive)
            except (Gone, Rejected, Unsupported) as error:
                await self._without_archive(desk, archive, error)

    async def _without_archive(self, desk: ConnectorContext, archive: str, error: ConnectorError) -> None:
        if archive == OWN:
            raise NotSent(f"this server's archive of messages (XEP-0313) cannot be read: {error}") from None
        chat = self.rooms.chats[archive]
        chat.archived = False
        await desk.emit(self.told(chat))

    async def _read_newest(self, desk: ConnectorContext, archive: str) -> None:
        """Begin with an archive: its newest entries. What lies before them is history."""
        page = await walk_back(self.line, archive, "", enough=bool)
        await self._commit(desk, archive, Place(), page.entries)

    async def _read_on(self, desk: ConnectorContext, archive: str) -> None:
        """Take everything that is new in an archive, page by page, oldest first."""
        while True:
            place = self.cursor.places[archive]
            try:
                page = await read_page(self.line, archive, build_query(after=place.last or None))
            except Gone:
                await self._find_again(desk, archive, place)
                return
            if page.entries:
                await self._commit(desk, archive, place, page.entries)
            if page.complete:
                return

    async def _find_again(self, desk: ConnectorContext, archive: str, place: Place) -> None:
        """The entry to continue from is gone from the archive: begin again at its time, and say what may be missing."""
        conversation_id = ConversationId(archive) if archive else None
        await desk.emit(Gap(desk.profile, conversation_id))
        oldest = await read_page(self.line, archive, build_query(limit=1))
        whole = bool(oldest.entries) and ms_of(oldest.entries[0].at) <= place.ms
        start = place.ms / 1000
        query = build_query(start=start)
        place = Place()
        while True:
            page = await read_page(self.line, archive, query)
            if page.entries:
                await self._commit(desk, archive, place, page.entries)
            if page.complete:
                break
            query = build_query(after=page.entries[-1].id)
        self.cursor.places[archive] = place
        if whole:
            await desk.emit(Gap(desk.profile, conversation_id, closed=True))

    async def _commit(self, desk: ConnectorContext, archive: str, place: Place, entries: list[Archived]) -> None:
        """Give the desk what entries mean, and then the place behind them."""
        events: list[Event] = []
        for entry in entries:
            chat = self.rooms.chats.get(archive) if archive else self._chat_of(entry.stanza, events)
            key = place.take(entry, "" if chat is None else chat.id)
            if chat is not None:
                events += await self._meaning(archive, chat, entry.stanza, entry.id, key, entry.at)
        self.cursor.places[archive] = place
        self._uncommitted = True
        await desk.emit(*events, cursor=self.cursor.encode())
        self._uncommitted = False
        for entry in entries:
            waiter = self.waiting.get(entry.stanza.id)
            if waiter is not None and not waiter.done() and client_id_in(entry.stanza.id) is not None:
                waiter.set_result(MessageId(entry.id))

    def _chat_of(self, stanza: Stanza, events: list[Event]) -> Chat | None:
        peer = peer_of(stanza, self.account.jid)
        if not peer or peer in self.account.agents or peer in self.rooms.chats or stanza.kind == "groupchat":
            return None
        known = self.book.chats.get(peer)
        if known is None and not stanza.lasting:
            return None
        chat = known or self.book.chat(peer)
        if not self.book.announced(chat):
            events.append(self.told(chat))
        return chat

    async def _meaning(
        self, archive: str, chat: Chat, stanza: Stanza, archive_id: str, key: int, at: float
    ) -> list[Event]:
        meaning = chat.meaning(stanza, archive_id, key, at)
        events, unknown = self.book.take(chat, meaning)
        if unknown is not None:
            await self.book.look_back(self.line, archive, chat, unknown)
            events = self.book.amend(chat, unknown)
        if self.book.renamed:
            self.book.renamed = False
            events.append(self.told(chat))
        return events

    # What arrives live

    async def _go_on(self, desk: ConnectorContext) -> None:
        self.line.lost.add_done_callback(
            lambda lost: None if lost.cancelled() else self._inbox.put_nowait(lost.result())
        )
        while True:
            items = [await self._inbox.get()]
            while not self._inbox.empty():
                items.append(self._inbox.get_nowait())
            archives: dict[str, None] = {}
            lively: list[tuple[str, Stanza]] = []
            events: list[Event] = []
            for item in items:
                if isinstance(item, ConnectorError):
                    # One from before the session was continued says nothing any more.
                    if self.line.lost.done():
                        raise item
                elif isinstance(item, str):
                    archives[item] = None
                elif item.tag.endswith("}message"):
                    self._take_message(item, events, archives, lively)
                elif item.tag.endswith("}presence"):
                    changed = self.rooms.take(decode_presence(item))
                    if changed is not None:
                        events.append(self.told(changed))
                else:
                    events += [self.told(chat) for chat in self.book.take_roster(item)]
            if events:
                await desk.emit(*events)
            if self._bookmarks_changed:
                archives |= dict.fromkeys(await self._enter_rooms(desk))
            await self._catch_up(desk, [archive for archive in archives if self._reads(archive)])
            for archive, stanza in lively:
                await self._take_live(desk, archive, stanza)

    def _reads(self, archive: str) -> bool:
        return archive == OWN or ((chat := self.rooms.chats.get(archive)) is not None and _readable(chat))

    def _take_message(
        self, xml: Element, events: list[Event], archives: dict[str, None], lively: list[tuple[str, Stanza]]
    ) -> None:
        if says_bookmarks_changed(xml, self.account.jid):
            self._bookmarks_changed = True
            return
        inner = carbon_of(xml, self.account.jid)
        if inner is None and is_carbon(xml):
            # Somebody who is not our server pretends to be one.
            return
        stanza = decode_message(xml if inner is None else inner)
        archive = bare(stanza.sender) if stanza.kind == "groupchat" else OWN
        if archive != OWN and archive not in self.rooms.chats:
            return
        if stanza.kind == "error":
            waiter = self.waiting.get(stanza.id)
            if waiter is not None and not waiter.done() and stanza.error is not None:
                waiter.set_exception(message_refusal(stanza.error))
        if stanza.lasting:
            archives[archive] = None
            if inner is None:
                lively.append((archive, stanza))
        elif stanza.state:
            events += self._typing(archive, stanza)

    def _typing(self, archive: str, stanza: Stanza) -> list[Event]:
        peer = archive or peer_of(stanza, self.account.jid)
        chat = self.rooms.chats.get(archive) if archive else self.book.chats.get(peer)
        if chat is None or chat.is_mine(stanza):
            return []
        name, customer = chat.who_types(stanza)
        active = stanza.state == "composing"
        return [TypingChanged(chat.key, name, active, time.time() + TYPING_LASTS if active else 0.0, customer)]

    async def _take_live(self, desk: ConnectorContext, archive: str, stanza: Stanza) -> None:
        """Answer a message that came live, and take it as it is where no archive has kept it."""
        events: list[Event] = []
        chat = self.rooms.chats.get(archive) if archive else self._chat_of(stanza, events)
        if chat is None:
            return
        owner = archive or self.account.jid
        kept = owner in stanza.archived_as and (not archive or chat.archived)
        if not kept and not self.book.has(chat, stanza):
            at = time.time() if stanza.sent_at is None else stanza.sent_at
            # Archives count in seconds: what is said next in this one must not come before it.
            key = max(int(at) * KEYS_A_SECOND - 1, chat.top + 1)
            chat.top = key
            seed = "\n".join((stanza.sender, stanza.id or repr(key), stanza.body))
            identifier = LIVE + hashlib.sha256(seed.encode("utf-8", "replace")).hexdigest()[:32]
            identifier = stanza.archived_as.get(owner, identifier)
            events += await self._meaning(archive, chat, stanza, identifier, key, at)
            waiter = self.waiting.get(stanza.id)
            if waiter is not None and not waiter.done():
                waiter.set_result(MessageId(identifier))
        if events:
            await desk.emit(*events)
        if stanza.wants_receipt and not archive and stanza.id and bare(stanza.sender) != self.account.jid:
            self.line.send("message", stanza.sender, compose.receipt(stanza.id), stanza_type="chat")


def _readable(chat: Chat) -> bool:
    return chat.archived and not chat.closed
