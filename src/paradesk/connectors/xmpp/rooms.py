"""Rooms (XEP-0045): which there are, entering them, and who is in them."""

import asyncio
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement

from paradesk.connectors.base import ConnectorError, Rejected, Uncertain, Unsupported
from paradesk.connectors.http import printable
from paradesk.connectors.xmpp.account import Account
from paradesk.connectors.xmpp.chat import Chat, Occupant
from paradesk.connectors.xmpp.compose import enter_room
from paradesk.connectors.xmpp.jids import bare, checked_jid, resource
from paradesk.connectors.xmpp.line import Line
from paradesk.connectors.xmpp.refusals import refusal
from paradesk.connectors.xmpp.stanzas import Occupancy

ENTER_DEADLINE: Final = 20.0
MAX_ROOMS: Final = 200
BOOKMARKS: Final = "{urn:xmpp:bookmarks:1}"
PUBSUB: Final = "{http://jabber.org/protocol/pubsub}"
INFO: Final = "{http://jabber.org/protocol/disco#info}"
_OURSELVES: Final = "110"
_RENAMED: Final = "303"
_REASONS: Final = {
    "301": "you were banned from this room",
    "307": "you were removed from this room",
    "321": "you are no longer a member of this room",
    "322": "only members may be in this room now",
    "332": "the room is being shut down",
}


async def wanted_rooms(line: Line, account: Account) -> dict[str, tuple[str, str]]:
    """Return room → title and our nick there: what is configured, and what is bookmarked to be entered (XEP-0402)."""
    rooms = dict.fromkeys(account.rooms, ("", account.nick))
    query = Element(f"{PUBSUB}pubsub")
    SubElement(query, f"{PUBSUB}items", {"node": "urn:xmpp:bookmarks:1"})
    try:
        answer = await line.ask("get", query)
    except (Rejected, Unsupported):
        return rooms
    for item in answer.iter(f"{PUBSUB}item"):
        mark = item.find(f"{BOOKMARKS}conference")
        if mark is None or mark.get("autojoin") not in ("true", "1") or len(rooms) >= MAX_ROOMS:
            continue
        try:
            room = checked_jid(item.get("id", ""))
        except Rejected:
            continue
        title = printable(mark.get("name", ""), 100)
        nick = (mark.findtext(f"{BOOKMARKS}nick") or "").strip() or account.nick
        rooms[room] = (title, account.nick if room in account.rooms else nick[:100])
    return rooms


class Rooms:
    """The rooms of one session."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.chats: dict[str, Chat] = {}
        self._entering: dict[str, asyncio.Future[None]] = {}

    async def enter(self, chat: Chat) -> None:
        """Enter a room and find out whether it keeps an archive; where it lets us not in, `chat.closed` says why."""
        self.chats[chat.id] = chat
        try:
            chat.archived = await self._facts(chat)
            for attempt in range(3):
                try:
                    await self._try(chat)
                    break
                except Rejected as error:
                    if attempt == 2 or "name is taken" not in str(error):
                        raise
                    chat.nick += "_"
            chat.closed = ""
        except (Rejected, Unsupported) as error:
            chat.closed = f"this room does not let you in: {error}"
        except Uncertain:
            if self._line.lost.done():
                raise
            chat.closed = "this room did not answer"

    async def _facts(self, chat: Chat) -> bool:
        try:
            answer = await self._line.ask("get", Element(f"{INFO}query"), chat.id)
        except (Rejected, Unsupported):
            return True
        identity = next(iter(answer.iter(f"{INFO}identity")), None)
        if not chat.name and identity is not None:
            chat.name = printable(identity.get("name", ""), 100)
        return any(found.get("var") == "urn:xmpp:mam:2" for found in answer.iter(f"{INFO}feature"))

    async def _try(self, chat: Chat) -> None:
        entered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._entering[chat.id] = entered
        try:
            self._line.send("presence", f"{chat.id}/{chat.nick}", enter_room(history=not chat.archived))
            either: set[asyncio.Future[Any]] = {entered, self._line.lost}
            await asyncio.wait(either, timeout=ENTER_DEADLINE, return_when=asyncio.FIRST_COMPLETED)
            if not entered.done():
                raise Uncertain(f"the room {chat.id} did not answer")
            entered.result()
        finally:
            self._entering.pop(chat.id, None)
            if not entered.done():
                entered.cancel()

    def take(self, presence: Occupancy) -> Chat | None:
        """Note who comes and goes; returns the room when it looks different now."""
        chat = self.chats.get(bare(presence.sender))
        if chat is None:
            return None
        nick = resource(presence.sender)
        entering = self._entering.get(chat.id)
        if presence.kind == "error":
            if entering is not None and not entering.done() and presence.error is not None:
                entering.set_exception(_as_refusal(presence.error))
            return None
        ours = _OURSELVES in presence.codes
        if presence.kind == "unavailable":
            return self._gone(chat, nick, presence, ours=ours)
        before = chat.occupants.get(nick)
        chat.occupants[nick] = occupant = Occupant(nick, bare(presence.real_jid), presence.occupant_id)
        if ours:
            chat.nick, chat.occupant_id = nick, presence.occupant_id
            if entering is not None and not entering.done():
                entering.set_result(None)
        return None if before == occupant else chat

    def _gone(self, chat: Chat, nick: str, presence: Occupancy, *, ours: bool) -> Chat | None:
        known = chat.occupants.pop(nick, None)
        if _RENAMED in presence.codes:
            if ours:
                chat.nick = presence.nick or chat.nick
        elif ours:
            why = next((_REASONS[code] for code in sorted(presence.codes) if code in _REASONS), "you left this room")
            chat.closed = why
            chat.occupants.clear()
            return chat
        return chat if known is not None else None


def _as_refusal(error: Element) -> ConnectorError:
    found = refusal(error)
    # Whatever a room says about entering, saying it again would not help.
    return found if isinstance(found, Rejected) else Rejected(str(found))
