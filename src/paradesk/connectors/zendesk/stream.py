"""Asks Zendesk what has changed, and tells the desk.

All tickets that the agent may see are listed by their last change, as far back as the last look; what is ours or waits in
our groups is told, and its comments are read. The export of changes that Zendesk has for this is for administrators only,
ten times a minute, and a minute late.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

from paradesk.connectors.base import ConnectorContext, Forbidden, Gone, NotSent, ProtocolError, Rejected
from paradesk.connectors.heartbeat import together
from paradesk.connectors.polling import again, all_of
from paradesk.connectors.zendesk.client import ZendeskClient
from paradesk.connectors.zendesk.fold import People, conversation_id, conversation_of, messages_of
from paradesk.connectors.zendesk.records import Record, Records, fresh
from paradesk.connectors.zendesk.wire import CommentRow, TicketRow
from paradesk.core.events import (
    ConversationRemoved,
    ConversationUpserted,
    Event,
    Gap,
    MessageEdited,
    MessageUpserted,
)
from paradesk.core.model import ConversationId, Message, MessageId

OVERLAP: Final = 60.0
"""Seconds that each look reaches back behind the last one: what is stored late is not missed."""
FIRST_LOOK: Final = 900.0
"""Seconds that the very first look reaches back; older tickets come from the search, which knows them by then."""
SETTLES: Final = 2.0
"""Seconds after which nothing more is stored under a time that was seen."""
CHECK: Final = 120.0
"""Seconds between two looks whether the tickets here still exist: a deletion shows in no list of changes."""
MOST_PAGES: Final = 50
BACKLOG: Final = 1000
AT_ONCE: Final = 4


class ZendeskStream:
    """Follows one agent's tickets. Lives for one `run`; what it knows begins at the desk's cursor."""

    def __init__(
        self, client: ZendeskClient, desk: ConnectorContext, people: People, poll: float, *, queue: bool
    ) -> None:
        self._client = client
        self._desk = desk
        self.people = people
        self._poll = poll
        self._queue = queue
        self.records = Records(people.me.id, desk.cursor)
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._unsaid: list[Event] = []
        """What was seen while an intent was carried out: said again with the next look, whatever became of the intent."""

    async def follow(self) -> None:
        """Tell the desk what happens until cancelled; raises ConnectorError when Zendesk cannot be asked."""
        await self._begin()
        await self._desk.online()
        await self._read_comments()
        await self._desk.emit(cursor=self.records.cursor())
        await together(
            again(self._look, lambda took: max(self._poll, 2 * took)),
            again(self._check, lambda took: max(CHECK, self._poll)),
        )

    # Tickets

    async def _begin(self) -> None:
        """Tell what there is: the tickets of the last run, the backlog as the search knows it, and recent changes."""
        version = self.records.versions.next()
        before = sorted(record.id for record in self.records.tickets.values() if record.listed)
        rows = await self._client.tickets(before)
        backlog = [f"assignee:{self.people.me.id} status<solved"]
        backlog += [f"assignee:none status<solved group:{group}" for group in sorted(self.people.mine) if self._queue]
        for query in backlog:
            rows += await self._client.search(query, BACKLOG)
        # The search is a minute or two late: what the changes say is newer, and comes last.
        since = (self.records.changed or self._client.now() - FIRST_LOOK) - OVERLAP
        recent, newest = await self._changes(since)
        latest = {row.id: row for row in rows} | {row.id: row for row in recent}
        events = await self._apply(latest.values(), version)
        missing = [ticket_id for ticket_id in before if ticket_id not in latest]
        for ticket_id in missing:
            events += self._remove(
                self.records.record(ticket_id), version, "it was deleted, or is no longer yours to see"
            )
        self.records.changed = max(self.records.changed, newest, since)
        await self._desk.emit(*events)

    async def _look(self) -> None:
        version = self.records.versions.next()
        rows, newest = await self._changes(self.records.changed - OVERLAP)
        events, self._unsaid = self._unsaid, []
        events += await self._apply(rows, version)
        if events:
            await self._desk.emit(*events)
        told = await self._read_comments()
        self.records.changed = max(self.records.changed, newest)
        if events or told:
            await self._desk.emit(cursor=self.records.cursor())

    async def _changes(self, since: float) -> tuple[list[TicketRow], float]:
        """Return the tickets that changed since a time, and when the last change was."""
        found: dict[int, TicketRow] = {}
        for page in range(1, MOST_PAGES + 1):
            rows, more = await self._client.changed_tickets(page)
            # While pages are turned, what changes moves to the front: what was seen first is the newer.
            found = {row.id: row for row in rows} | found
            if not more or not rows or min(row.updated_at for row in rows) < since:
                break
        recent = [row for row in found.values() if row.updated_at >= since]
        return recent, max((row.updated_at for row in recent), default=0.0)

    async def _apply(self, rows: Iterable[TicketRow], version: int) -> list[Event]:
        shown = {record.id for record in self.records.tickets.values() if record.listed}
        wanted = [row for row in rows if self._concerns(row) or row.id in shown]
        await self._learn_names(wanted)
        return [event for row in wanted for event in self.apply(row, version)]

    async def _learn_names(self, rows: Iterable[TicketRow]) -> None:
        ids = {user for row in rows for user in (row.requester, row.assignee)}
        unknown = sorted(ids - self.people.known.keys() - {0, self.people.me.id})
        if unknown:
            self.people.learn(await self._client.users(unknown))

    def apply(self, row: TicketRow, version: int) -> list[Event]:
        """Take over how a ticket looks, and return what the desk has to be told of it."""
        record = self.records.record(row.id)
        if version < record.version or (record.row is not None and row.updated_at < record.row.updated_at):
            return []
        done = record.listed and row.assignee == self.people.me.id and row.status != "deleted"
        if not self._concerns(row) and not done:
            if not record.listed:
                return []
            record.row, agent = row, self.people.agent(row.assignee)
            reason = f"{agent.name} has it now" if agent else "it is no longer in your queue"
            last = conversation_of(row, self.people)
            return [ConversationUpserted(last, version), *self._remove(record, version, reason)]
        record.row, record.version, record.listed = row, version, True
        told = conversation_of(row, self.people)
        if told == record.told:
            return []
        record.told = told
        return [ConversationUpserted(told, version)]

    def _concerns(self, row: TicketRow) -> bool:
        """Tell whether a ticket belongs on this desk: what is ours and not done, and what waits in our groups."""
        if row.status in ("solved", "closed", "deleted"):
            return False
        if row.assignee:
            return row.assignee == self.people.me.id
        return self._queue and (row.group == 0 or row.group in self.people.mine)

    def _remove(self, record: Record, version: int, reason: str) -> list[Event]:
        record.listed, record.told, record.version = False, None, version
        return [ConversationRemoved(conversation_id(record.id), reason, version)]

    async def _check(self) -> None:
        """Find out what was deleted, and what changed unnoticed."""
        version = self.records.versions.next()
        ids = sorted(record.id for record in self.records.tickets.values() if record.listed)
        rows = await self._client.tickets(ids)
        events = await self._apply(rows, version)
        gone = set(ids) - {row.id for row in rows}
        for ticket_id in gone:
            record = self.records.record(ticket_id)
            if record.listed and record.version < version:
                events += self._remove(record, version, "it was deleted, or is no longer yours to see")
        if events:
            await self._desk.emit(*events, cursor=self.records.cursor())

    # Comments

    async def _read_comments(self) -> bool:
        """Read the comments of what has changed, our own tickets first; returns whether anything was told."""
        now = self._client.now()
        due = [record for record in self.records.tickets.values() if self._due(record, now)]
        due.sort(key=lambda one: one.row is None or one.row.assignee != self.people.me.id)

        async def read(record: Record) -> bool:
            async with self._gate:
                return await self._read(record)

        return any(await all_of([read(record) for record in due]))

    @staticmethod
    def _due(record: Record, now: float) -> bool:
        row = record.row
        if row is None or not record.listed:
            return False
        return row.stamp != record.read_stamp or bool(record.read_again and now >= record.read_again)

    async def _read(self, record: Record) -> bool:
        row = record.row
        if row is None:
            return False
        try:
            messages = await self._messages(record, row)
        except (Gone, Forbidden):
            # The next check says what became of it.
            record.read_stamp = row.stamp
            return False
        except ProtocolError:
            # One ticket that cannot be read holds up no other.
            record.read_stamp, record.read_again = row.stamp, self._client.now() + SETTLES
            if not record.gap:
                record.gap = True
                await self._desk.emit(Gap(self._desk.profile, conversation_id(record.id)))
            return False
        events = self.news(record, messages)
        if record.gap:
            record.gap = False
            events.append(Gap(self._desk.profile, conversation_id(record.id), closed=True))
        if events:
            await self._desk.emit(*events)
        record.known = {message.id: message.body for message in messages}
        now = self._client.now()
        record.read_stamp, record.read_again = row.stamp, now + SETTLES if now < row.updated_at + SETTLES else 0.0
        if row.status == "closed" and not record.read_again:
            record.listed = False
        return bool(events)

    async def _messages(self, record: Record, row: TicketRow) -> list[Message]:
        comments, users = await self._client.comments(record.id)
        self.people.learn(users)
        return messages_of(row, comments, self.people)

    def fold(self, record: Record, comments: list[CommentRow]) -> list[Message]:
        """Return all comments of a ticket as messages."""
        return messages_of(record.row, comments, self.people) if record.row is not None else []

    def news(self, record: Record, messages: list[Message]) -> list[Event]:
        """Return what the desk has to be told of a ticket's comments."""
        events: list[Event] = [MessageUpserted(message) for message in fresh(record, messages)]
        for message in messages:
            before = record.known.get(message.id, "")
            if before and before != message.body:
                # Redacted: the text is gone at Zendesk, and has to go here.
                version = self.records.versions.next()
                events.append(MessageEdited(message.conversation_id, MessageId(message.id), message.body, version))
        return events

    # For those who carry out intents

    def record(self, ticket: ConversationId) -> Record:
        """Return what is known of a ticket that the desk shows or has shown; raises Rejected for any other."""
        known = (
            self.records.tickets.get(int(ticket))
            if ticket.isascii() and ticket.isdecimal() and len(ticket) < 17
            else None
        )
        if known is None or known.row is None:
            raise Rejected("this ticket is not among yours")
        return known

    async def look(self, record: Record) -> tuple[TicketRow, list[Event]]:
        """Ask for a ticket as it is now; return it with what the desk has to be told."""
        version = self.records.versions.next()
        return await self.take(await self._client.ticket(record.id), version)

    async def take(self, row: TicketRow, version: int) -> tuple[TicketRow, list[Event]]:
        """Take over a ticket that a command has returned; return it with what the desk has to be told."""
        await self._learn_names([row])
        events = self.apply(row, version)
        self._unsaid += events
        return row, events

    async def messages(self, record: Record) -> list[Message]:
        """Read all comments of a ticket."""
        row = record.row
        if row is None:
            raise Rejected("this ticket is not among yours")
        return await self._messages(record, row)


def running(stream: ZendeskStream | None) -> ZendeskStream:
    """Return the stream; raises NotSent before the first tickets have come."""
    if stream is None:
        raise NotSent("not connected to Zendesk yet")
    return stream
