"""A courier delivers the replies of one conversation, strictly in order, and finds out what became of unclear ones.

What may be repeated is decided by the idempotency that the backend's connector declares, never by hope.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from paradesk.connectors.base import (
    AuthError,
    Connector,
    ConnectorError,
    Gone,
    NotSent,
    Outcome,
    Page,
    RateLimited,
    Rejected,
    Unsupported,
)
from paradesk.connectors.capabilities import Idempotency, Support
from paradesk.core.events import Event, HistoryLoaded
from paradesk.core.intents import Send
from paradesk.core.model import ClientId, ConversationId, Delivery, Link, LocalFile, Message, MessageId, Visibility
from paradesk.core.text import clean_line
from paradesk.desk.intake import backend_id, incoming, storable
from paradesk.desk.journal import JournalError
from paradesk.desk.lane import Lane
from paradesk.desk.offers import support
from paradesk.desk.outbox_rows import OutboxRow
from paradesk.desk.parts import prepare
from paradesk.desk.reasons import place, reason
from paradesk.desk.recorder import Recorder
from paradesk.desk.timing import Timing

_PAGE = 50
_PAGES = 10
"""How many pages back an unclear reply is looked for, at most."""
_SKEW = 600.0
"""Seconds by which the backend's clock may differ from ours while looking back."""
_log = logging.getLogger(__name__)


class Rows(Protocol):
    """What a courier needs of the outbox."""

    def head(self, conversation_id: ConversationId) -> OutboxRow | None:
        """Return the reply that is next."""

    def get(self, client_id: ClientId) -> OutboxRow | None:
        """Return a reply that the stream has not shown, or None."""

    def split(self, row: OutboxRow, parts: Sequence[str]) -> None:
        """Commit what the connector has made of a reply that was accepted without it, in its place."""

    def commit(self, row: OutboxRow, events: Sequence[Event] = ()) -> OutboxRow:
        """Commit a new state of a reply, and events that came along."""


class Road:
    """The way to one backend, shared by the couriers of its conversations: a rate limit there holds up all of them."""

    def __init__(
        self,
        lane: Lane,
        recorder: Recorder,
        timing: Timing,
        clock: Callable[[], float],
        random: Callable[[], float],
        resend_once: bool = False,
    ) -> None:
        self.lane = lane
        self.recorder = recorder
        self.timing = timing
        self.clock = clock
        self.random = random
        self.resend_once = resend_once
        """Whether policy allows one resend of a reply that an ECHO backend does not show after its settle time."""
        self.closed_until = 0.0
        """Loop time before which nothing is sent."""

    def close_for(self, seconds: float) -> None:
        """Send nothing for so long: the backend has asked for it."""
        self.closed_until = max(self.closed_until, asyncio.get_running_loop().time() + seconds)

    @property
    def open(self) -> bool:
        """Whether the connection stands."""
        profile = self.recorder.store.state.profiles.get(self.lane.profile.name)
        return profile is not None and profile.link is Link.ONLINE

    def why(self, error: BaseException) -> str:
        """Return a failure in words."""
        return reason(error, self.lane.connector, self.lane.title)


class Courier:
    """Delivers for one conversation while it has something to deliver. Its `wake` makes it look again."""

    def __init__(self, conversation_id: ConversationId, rows: Rows, road: Road) -> None:
        self.wake = asyncio.Event()
        self._conversation_id = conversation_id
        self._rows = rows
        self._road = road
        self._tries = 0
        self._due: dict[tuple[ClientId, float], float] = {}
        """Loop time at which a wait ends, by reply and the stored time at which it began or ends."""

    async def run(self) -> None:
        """Deliver until nothing waits, or until the agent has to decide about the reply that is next."""
        while True:
            row = self._rows.head(self._conversation_id)
            if row is None or row.state in (Delivery.FAILED, Delivery.UNCERTAIN):
                return
            try:
                if row.state is Delivery.QUEUED:
                    await self._deliver(row)
                else:
                    await self._clear_up(row)
            except JournalError as error:
                _log.error("outbox: %s", error)
                await self._pause(self._road.timing.backoff)
            except Exception as error:
                # A defect here must delay this conversation only, and lose nothing: the row is on disk.
                _log.error("outbox: %s", place(error))
                await self._pause(self._road.timing.backoff)

    async def _deliver(self, row: OutboxRow) -> None:
        if row.not_before is not None:
            left = self._left(row.client_id, row.not_before, row.hold)
            if left > 0:
                await self._pause(left)
            else:
                self._due.pop((row.client_id, row.not_before), None)
                self._rows.commit(replace(row, not_before=None))
            return
        if not self._road.open:
            await self._pause(None)
            return
        closed = self._road.closed_until - asyncio.get_running_loop().time()
        if closed > 0:
            await self._pause(closed)
            return
        if row.unclear and not self._may_repeat(row):
            sent_at = self._road.clock() if row.sent_at is None else row.sent_at
            self._rows.commit(replace(row, state=Delivery.SENDING, sent_at=sent_at))
            return
        refusal = self._refusal(row)
        if refusal:
            self._rows.commit(replace(row, state=Delivery.FAILED, reason=refusal))
            return
        if not self._made_ready(row):
            return
        ready = await self._uploaded(row)
        if ready is None:
            return
        row = ready
        exact = self._idempotency is Idempotency.EXACT
        # A window counts from the first try, a settle time from the last.
        sent_at = row.sent_at if exact and row.unclear and row.sent_at is not None else self._road.clock()
        row = self._rows.commit(replace(row, state=Delivery.SENDING, sent_at=sent_at, reason="", closed_until=None))
        send = replace(_send(row), conversation_id=backend_id(row.conversation_id))
        try:
            outcome = await self._road.lane.call(lambda connector: connector.perform(send), self._road.timing.perform)
        except RateLimited as error:
            wait = self._next_wait(error.retry_after)
            self._road.close_for(wait)
            self._rows.commit(replace(self._back(row, error), closed_until=self._road.clock() + wait))
        except (NotSent, AuthError) as error:
            self._rows.commit(self._back(row, error))
            await self._pause_longer()
        except (Rejected, Unsupported) as error:
            # What is gone may be a file that was uploaded long ago: another try brings it there again.
            uploads = () if isinstance(error, Gone) else row.uploads
            self._rows.commit(replace(row, state=Delivery.FAILED, reason=self._road.why(error), uploads=uploads))
        except ConnectorError as error:
            self._rows.commit(replace(row, unclear=True, reason=self._road.why(error)))
        else:
            self._tries = 0
            self._rows.commit(*self._acked(row, outcome))

    def _refusal(self, row: OutboxRow) -> str:
        """Return why a note must not go out after all: what the backend can do may have changed since it was accepted."""
        if row.visibility is Visibility.PUBLIC:
            return ""
        title = self._road.lane.title
        declared, why = support(None, self._road.lane.capabilities, title, "notes")
        return "" if declared is Support.NATIVE else why or f"{title} cannot keep private notes"

    def _made_ready(self, row: OutboxRow) -> bool:
        """Prepare a reply that was accepted before its connector could be asked; False: look at the queue again."""
        if row.prepared or row.unclear or row.sent_at is not None:
            return True
        try:
            made = prepare(self._road.lane, _send(row))
        except Rejected as error:
            self._rows.commit(replace(row, state=Delivery.FAILED, reason=self._road.why(error)))
            return False
        if made is None:
            return True
        self._rows.split(row, made.parts)
        return False

    async def _uploaded(self, row: OutboxRow) -> OutboxRow | None:
        """Bring the files of a reply to a backend that wants them before it; None: look at the queue again.

        Each is on disk as soon as it is there, so that neither a retry nor a restart brings it there twice.
        """
        able = self._road.lane.capabilities
        if able is None or able.upload is not Support.NATIVE:
            return row
        while len(row.uploads) < len(row.attachments):
            file, where = row.attachments[len(row.uploads)], backend_id(row.conversation_id)
            try:
                upload = partial(_upload, where=where, file=file)
                name = storable(await self._road.lane.call(upload, self._road.timing.upload))
            except (Rejected, Unsupported) as error:
                why = f"{clean_line(file.name, 60)}: {self._road.why(error)}"
                self._rows.commit(replace(row, state=Delivery.FAILED, reason=why))
                return None
            except ConnectorError as error:
                # Nobody sees a file before its reply: to bring it there again is harmless, whatever became of it.
                wait = self._next_wait(error.retry_after if isinstance(error, RateLimited) else 0.05)
                if isinstance(error, RateLimited):
                    self._road.close_for(wait)
                if self._rows.get(row.client_id) is not None:
                    self._rows.commit(replace(row, reason=f"{clean_line(file.name, 60)}: {self._road.why(error)}"))
                await self._pause(wait)
                return None
            if self._rows.get(row.client_id) is None:
                # Taken back meanwhile.
                return None
            row = self._rows.commit(replace(row, uploads=(*row.uploads, name), reason=""))
        return row

    def _acked(self, row: OutboxRow, outcome: Outcome) -> tuple[OutboxRow, tuple[Event, ...]]:
        events: tuple[Event, ...] = ()
        try:
            events = tuple(incoming(self._road.lane.profile.name, event) for event in outcome.events)
        except Exception as error:
            # The reply has been delivered all the same; the stream will say the rest.
            _log.error("%s: %s", self._road.lane.profile.name, place(error))
        message_id = None if outcome.message_id is None else MessageId(storable(outcome.message_id))
        return replace(row, state=Delivery.ACKED, message_id=message_id, reason=""), events

    def _back(self, row: OutboxRow, error: ConnectorError) -> OutboxRow:
        """Surely not taken: back to the queue, though an earlier try may still be unclear."""
        # A resend that never left is still allowed; it has been looked for before.
        sent_at = row.sent_at if row.unclear and not row.resent else None
        return replace(row, state=Delivery.QUEUED, sent_at=sent_at, reason=self._road.why(error))

    def _may_repeat(self, row: OutboxRow) -> bool:
        """Whether the backend would recognise a repeat, or policy allows this one."""
        able = self._road.lane.capabilities
        if row.resent and row.sent_at is None:
            return self._road.resend_once and self._idempotency is Idempotency.ECHO
        if able is None or able.idempotency is not Idempotency.EXACT or row.sent_at is None:
            return False
        return 0 <= self._road.clock() - row.sent_at < able.exact_window

    @property
    def _idempotency(self) -> Idempotency:
        able = self._road.lane.capabilities
        return Idempotency.NONE if able is None else able.idempotency

    async def _clear_up(self, row: OutboxRow) -> None:
        able = self._road.lane.capabilities
        if able is None:
            await self._pause(None)
        elif able.idempotency is Idempotency.EXACT and self._may_repeat(row):
            await self._pause_longer()
            if self._rows.get(row.client_id) is not None:
                self._rows.commit(replace(row, state=Delivery.QUEUED, reason="no answer; sent again, once at most"))
        elif able.idempotency is Idempotency.ECHO:
            await self._look_for(row, able.settle)
        else:
            self._give_up(row)

    async def _look_for(self, row: OutboxRow, settle: float) -> None:
        sent_at = row.sent_at
        if sent_at is None:
            self._rows.commit(replace(row, sent_at=self._road.clock()))
            return
        left = self._left(row.client_id, sent_at + settle, settle)
        if left > 0:
            await self._pause(left)
            return
        if not self._road.open:
            await self._pause(None)
            return
        try:
            looked = await self._read_back(row, sent_at)
        except (Unsupported, Rejected):
            looked = False
        except ConnectorError:
            await self._pause_longer()
            return
        self._due.pop((row.client_id, sent_at + settle), None)
        if self._rows.get(row.client_id) is None:
            return
        if looked and self._road.resend_once and not row.resent:
            again = replace(row, state=Delivery.QUEUED, sent_at=None, unclear=True, resent=True)
            self._rows.commit(replace(again, reason="it was not there after all; sent again, once"))
        else:
            self._give_up(row)

    async def _read_back(self, row: OutboxRow, sent_at: float) -> bool:
        """Read the conversation from its end; the reducer recognises the reply, and then its row is gone.

        Returns False when it did not reach back to where the reply would be.
        """
        where, profile = backend_id(row.conversation_id), self._road.lane.profile.name
        before: Message | None = None
        for _ in range(_PAGES):
            ask = partial(_page, where=where, before=before)
            page = await self._road.lane.call(ask, self._road.timing.history)
            if page.messages:
                self._road.recorder.record([incoming(profile, HistoryLoaded(where, page.messages, page.complete))])
            if self._rows.get(row.client_id) is None or page.complete or not page.messages:
                return True
            before = page.messages[0]
            if before.sent_at < sent_at - _SKEW:
                return True
        return False

    def _left(self, client_id: ClientId, until: float, longest: float) -> float:
        """Return how long a wait goes on that ends at `until` (Unix seconds) and never lasts longer than `longest`.

        Fixed once, from the time on disk: a clock that is set back must not make it wait for ever.
        """
        now = asyncio.get_running_loop().time()
        wait = max(0.0, min(longest, until - self._road.clock()))
        return self._due.setdefault((client_id, until), now + wait) - now

    def _give_up(self, row: OutboxRow) -> None:
        why = f"{row.reason}; it may have arrived or not" if row.reason else "it may have arrived or not"
        self._rows.commit(replace(row, state=Delivery.UNCERTAIN, unclear=True, reason=why))

    async def _pause_longer(self) -> None:
        await self._pause(self._next_wait(0.05))

    def _next_wait(self, at_least: float) -> float:
        wait = self._road.timing.backoff_before(self._tries, self._road.random(), at_least)
        self._tries += 1
        return wait

    async def _pause(self, seconds: float | None) -> None:
        """Wait this long, or until there is a reason to look again."""
        self.wake.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.wake.wait(), seconds)


def _send(row: OutboxRow) -> Send:
    return Send(
        conversation_id=row.conversation_id,
        body=row.body,
        visibility=row.visibility,
        client_id=row.client_id,
        attachments=row.attachments,
        uploads=row.uploads,
    )


async def _upload(connector: Connector, *, where: ConversationId, file: LocalFile) -> str:
    name = await connector.upload(where, file)
    if not isinstance(name, str) or not name:
        raise Rejected("the connector does not say where the file is")
    return name


async def _page(connector: Connector, *, where: ConversationId, before: Message | None) -> Page:
    return await connector.history(where, before, _PAGE)
