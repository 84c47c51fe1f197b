"""The stream of one agent: the websocket, what was missed before it stood, and the place that is kept."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from typing import Final, TypeVar

import msgspec

from paradesk.connectors.base import AuthError, ConnectorContext, ProtocolError, RateLimited, Rejected
from paradesk.connectors.chatwoot.account import ChatwootAccount, conversation_path
from paradesk.connectors.chatwoot.board import Board
from paradesk.connectors.chatwoot.cable import Cable, open_cable
from paradesk.connectors.chatwoot.client import ServerTrouble
from paradesk.connectors.chatwoot.cursor import MARGIN, decode_cursor
from paradesk.connectors.chatwoot.happenings import Consequences, consider
from paradesk.connectors.chatwoot.wire import (
    BareMessage,
    Broadcast,
    ConversationList,
    ConversationRecord,
    Payload,
    members,
    seconds,
)
from paradesk.connectors.http import TooLarge, trust
from paradesk.core.events import AgentIdentified, Event, Gap
from paradesk.core.model import ConversationId

T = TypeVar("T")

WAITING_BROADCASTS: Final = 20_000
"""Broadcasts that are kept while something else is read; beyond, the connection itself is made to wait."""
BATCH: Final = 200
"""Broadcasts that are taken together, at most."""
TAILS: Final = 200
"""Conversations whose newest messages are read at the very first start; of the others the last one is known."""
LOOKUPS: Final = 8
"""Requests at a time."""
LATEST: Final = 20
"""Messages in a page of the newest ones."""
AFTER: Final = 100
"""Messages in a page that reads on from one."""
MAX_PAGES: Final = 200
"""Pages of one conversation that are read to close a gap; beyond, the gap stays marked and history shows the rest."""
MAX_CHANGED_PAGES: Final = 2000
"""Pages of changed conversations that are read after an absence."""
PATIENCE: Final = 5
"""How often a limit is waited for before the connection counts as lost."""
CLOCK_SET_BACK: Final = 86_400.0
"""Seconds that are read again where the server's clock stands before what it has said already."""
LIVE_STATUSES: Final = ("open", "pending", "snoozed")
_log = logging.getLogger(__name__)


class ChatwootStream:
    """Follows one account. The board outlives a lost connection as long as the desk has committed what it stands for."""

    def __init__(self, account: ChatwootAccount) -> None:
        self._account = account
        self.board: Board | None = None
        self._committed: str | None = None
        self._whole = False
        """Everything older than the connection has been told, so that a place may be kept."""
        self._lookups = asyncio.Semaphore(LOOKUPS)

    async def follow(self, desk: ConnectorContext) -> None:
        """Sign in and emit what happens until cancelled; raises ConnectorError when the connection is lost."""
        people = await self._account.sign_in()
        board = self.board
        if board is None or self._committed is None or self._committed != desk.cursor:
            cursor = decode_cursor(desk.cursor, self._account.number, int(people.me.id))
            board = self.board = Board(desk.profile, people, cursor)
        board.meet(people)
        await desk.emit(AgentIdentified(desk.profile, people.me), *board.introduce())
        trusted = trust(self._account.client.ca_file)
        origin, token = self._account.client.origin, self._account.pubsub_token
        async with open_cable(origin, trusted, token, self._account.number, people.me.id) as cable:
            heard: asyncio.Queue[Broadcast] = asyncio.Queue(WAITING_BROADCASTS)
            await _first_of(self._work(desk, board, heard), _listen(cable, heard), cable.beat(), self._until_refused())

    async def _until_refused(self) -> None:
        await self._account.refused.wait()
        raise AuthError("Chatwoot no longer accepts the token: enter a new one")

    async def _work(self, desk: ConnectorContext, board: Board, heard: "asyncio.Queue[Broadcast]") -> None:
        began = self._account.client.server_now
        self._whole, self._committed = False, None
        if board.cursor.at > 0:
            await self._resume(desk, board)
            self._whole = True
            await self._keep(desk, board, began, Gap(desk.profile, None, closed=True))
            await desk.online()
            await self._live(desk, board, heard)
        else:
            await self._list(desk, board, "me")
            await desk.online()
            await _first_of(self._live(desk, board, heard), self._list_the_rest(desk, board, began))

    # The very first start

    async def _list_the_rest(self, desk: ConnectorContext, board: Board, began: float) -> None:
        await self._list(desk, board, "unassigned")
        self._whole = True
        await self._keep(desk, board, began)
        await asyncio.Event().wait()

    async def _list(self, desk: ConnectorContext, board: Board, whose: str) -> None:
        tails = 0
        for inbox in sorted(board.people.wanted or [None], key=str):
            for status in LIVE_STATUSES:
                async for page in self._pages(whose, status, inbox):
                    await desk.emit(*(event for record in page for event in board.take_listed(record)))
                    fresh = [str(record.id) for record in page if str(record.id) in board.returning]
                    board.returning.difference_update(fresh)
                    tails += len(fresh)
                    if tails <= TAILS:
                        await self._for_each(fresh, lambda which: self._read_tail(desk, board, which))

    async def _pages(self, whose: str, status: str, inbox: int | None) -> AsyncIterator[list[ConversationRecord]]:
        seen: set[int] = set()
        number, stale = 1, 0
        while stale < 2:
            params = {"assignee_type": whose, "status": status, "page": str(number)}
            if inbox is not None:
                params["inbox_id"] = str(inbox)
            records = await self._conversations(params)
            if not records:
                return
            # What something has happened to moves up, and pushes others onto the next page: told twice, left out never.
            fresh = [record for record in records if record.id not in seen]
            stale = 0 if fresh else stale + 1
            seen.update(record.id for record in fresh)
            yield fresh
            number += 1

    async def _conversations(self, params: dict[str, str]) -> list[ConversationRecord]:
        answer = await self._patiently(
            lambda: self._account.call("GET", "conversations", ConversationList, params=params)
        )
        records = list(members(answer.data.payload, ConversationRecord))
        if len(records) < len(answer.data.payload):
            _log.warning("chatwoot: %d listed conversations cannot be read", len(answer.data.payload) - len(records))
        for record in records:
            self._account.check_owner(record.account_id)
        return records

    async def _read_tail(self, desk: ConnectorContext, board: Board, conversation_id: str) -> None:
        try:
            raws = await self._messages(conversation_id)
        except (ProtocolError, ServerTrouble) as error:
            _log.warning("chatwoot: conversation %s cannot be read: %s", conversation_id, error)
            return
        await desk.emit(*board.take_messages(raws, conversation_id))

    # After an absence

    async def _resume(self, desk: ConnectorContext, board: Board) -> None:
        await desk.emit(Gap(desk.profile, None))
        absence = self._account.client.server_now - board.cursor.at
        if absence < -MARGIN:
            # The server's clock has been set back, nobody knows by how much.
            absence = CLOCK_SET_BACK
        absence = max(0.0, absence) + 2 * MARGIN
        settled = board.cursor.settled
        changed: list[str] = []
        async for page in self._changed_within(absence):
            for record in page:
                events = board.take_conversation(record, news=False)
                if events:
                    await desk.emit(*events)
                if board.shows(str(record.id)):
                    changed.append(str(record.id))
        await self._for_each(changed, lambda which: self._read_missed(desk, board, which, settled))

    async def _changed_within(self, absence: float) -> AsyncIterator[list[ConversationRecord]]:
        """Yield the conversations that have changed: at once, or page by page where they are too many for one answer."""
        everything = {"status": "all", "assignee_type": "all"}
        try:
            yield await self._conversations(everything | {"updated_within": str(int(absence))})
        except TooLarge:
            _log.warning("chatwoot: too much has changed for one answer; it is read page by page")
            since = self._account.client.server_now - absence
            for number in range(1, MAX_CHANGED_PAGES + 1):
                page = await self._conversations(everything | {"page": str(number)})
                yield page
                # The list begins with what something has happened to last.
                if not page or max(seconds(record.last_activity_at) for record in page) < since:
                    return

    async def _read_missed(self, desk: ConnectorContext, board: Board, conversation_id: str, settled: int) -> None:
        """Tell the desk every message of a conversation that it may not have, and the newest ones again.

        Where Chatwoot cannot answer for this one, it is marked as incomplete, and the others go on.
        """
        where = ConversationId(conversation_id)
        since = board.cursor.away.get(conversation_id, settled)
        board.returning.discard(conversation_id)
        try:
            whole = await self._read_since(desk, board, where, since)
        except (ProtocolError, ServerTrouble) as error:
            _log.warning("chatwoot: conversation %s cannot be read: %s", conversation_id, error)
            board.cursor.remember_away(conversation_id, since)
            board.holes.add(conversation_id)
            await desk.emit(Gap(desk.profile, where))
            return
        board.cursor.away.pop(conversation_id, None)
        marked = conversation_id in board.holes
        board.holes.discard(conversation_id)
        if marked and whole:
            await desk.emit(Gap(desk.profile, where, closed=True))

    async def _read_since(self, desk: ConnectorContext, board: Board, where: ConversationId, since: int) -> bool:
        """Read on from a message to the newest; returns whether nothing is missing in between."""
        latest = await self._messages(where)
        if len(latest) < LATEST or _smallest(latest) <= since + 1:
            await desk.emit(*board.take_messages(latest, where))
            board.returning.discard(where)
            return True
        await desk.emit(Gap(desk.profile, where))
        board.holes.add(where)
        whole = await self._read_on(desk, board, where, since, _smallest(latest))
        await desk.emit(*board.take_messages(latest, where))
        # What has just been read is not read again because of itself.
        board.returning.discard(where)
        return whole

    async def _read_on(
        self, desk: ConnectorContext, board: Board, conversation_id: str, since: int, upper: int
    ) -> bool:
        """Read the messages after `since` until `upper` is reached; returns whether it was."""
        for _ in range(MAX_PAGES):
            page = await self._messages(conversation_id, {"after": str(since)})
            await desk.emit(*board.take_messages(page, conversation_id))
            highest = max((bare.id for bare in members(page, BareMessage)), default=upper)
            if len(page) < AFTER or highest >= upper or highest <= since:
                return True
            since = highest
        return False

    async def _messages(self, conversation_id: str, params: dict[str, str] | None = None) -> list[msgspec.Raw]:
        path = conversation_path(conversation_id, "messages")
        try:
            answer = await self._patiently(lambda: self._account.call("GET", path, Payload, params=params))
        except Rejected:
            # It is gone, or no longer ours to read: nobody else's messages wait for it.
            return []
        return answer.payload

    # What happens

    async def _live(self, desk: ConnectorContext, board: Board, heard: "asyncio.Queue[Broadcast]") -> None:
        while True:
            first = await heard.get()
            committed, self._committed = self._committed, None
            then = Consequences()
            consider(board, first, self._account.number, then)
            for _ in range(min(BATCH, heard.qsize())):
                consider(board, heard.get_nowait(), self._account.number, then)
            if then.people_changed:
                await self._account.learn(board.people)
                then.events += board.introduce()
            for conversation_id, raws in then.unknown.items():
                then.events += await self._learn(board, conversation_id)
                then.events += board.take_messages(raws, conversation_id)
            returning, settled = sorted(board.returning), board.cursor.settled
            if not then.events and not returning:
                self._committed = committed
                continue
            await desk.emit(*then.events)
            for conversation_id in returning:
                await self._read_missed(desk, board, conversation_id, settled)
            await self._keep(desk, board, board.latest)

    async def _learn(self, board: Board, conversation_id: str) -> list[Event]:
        try:
            record = await self._patiently(lambda: self.read(conversation_id))
        except (Rejected, ProtocolError, ServerTrouble) as error:
            _log.warning("chatwoot: conversation %s cannot be read: %s", conversation_id, error)
            return []
        return board.take_conversation(record)

    async def read(self, conversation_id: str) -> ConversationRecord:
        """Ask for one conversation; raises Gone where there is none, ProtocolError for another account's."""
        record = await self._account.call("GET", conversation_path(conversation_id), ConversationRecord)
        self._account.check_owner(record.account_id)
        return record

    async def _keep(self, desk: ConnectorContext, board: Board, at: float, *events: Event) -> None:
        """Tell the desk that nothing up to here is missing, where that is so."""
        board.cursor.saw_time(at, self._account.client.server_now)
        text = board.cursor.encode() if self._whole else None
        await desk.emit(*events, cursor=text)
        self._committed = text

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        for _ in range(PATIENCE):
            try:
                return await ask()
            except RateLimited as error:
                await asyncio.sleep(error.retry_after)
        return await ask()

    async def _for_each(self, which: Iterable[str], work: Callable[[str], Awaitable[None]]) -> None:
        async def one(conversation_id: str) -> None:
            async with self._lookups:
                await work(conversation_id)

        await _all(one(conversation_id) for conversation_id in which)


async def _listen(cable: Cable, heard: "asyncio.Queue[Broadcast]") -> None:
    async for broadcast in cable.broadcasts():
        await heard.put(broadcast)


def _smallest(raws: Iterable[msgspec.Raw]) -> int:
    return min((bare.id for bare in members(raws, BareMessage)), default=0)


async def _first_of(*work: Coroutine[object, object, None]) -> None:
    """Run all until the first ends, by an error as a rule, which is raised; the others are cancelled."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task in done:
                await task
    finally:
        await _end(tasks)


async def _all(work: Iterable[Coroutine[object, object, None]]) -> None:
    """Wait for all; the first failure ends the others and is raised as it is, not inside a group."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        for task in tasks:
            await task
    finally:
        await _end(tasks)


async def _end(tasks: Iterable[asyncio.Future[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
