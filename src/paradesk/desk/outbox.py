"""The outbox: every reply that was accepted and that the stream has not shown yet, in the order of acceptance.

Every step is on disk before it is taken, so that a kill at any point leaves a row that says what may have happened.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite

from paradesk.connectors.base import Rejected
from paradesk.core.events import DraftChanged, Event, MessageUpserted, SendChanged
from paradesk.core.fold import base_of, local_id
from paradesk.core.intents import Send
from paradesk.core.model import ClientId, ConversationId, Delivery, LocalFile, Message, Role, Visibility
from paradesk.core.state import Thread
from paradesk.desk.courier import Courier, Road
from paradesk.desk.intake import profile_of
from paradesk.desk.lane import Lane
from paradesk.desk.outbox_rows import OutboxRow
from paradesk.desk.parts import rows_of, split_rows, taken_with, text_of
from paradesk.desk.recorder import Recorder
from paradesk.desk.timing import Timing

_CLOSED_AT_MOST = 3600.0
"""Seconds for which a rate limit of an earlier run holds, at most."""
_SKEW = 600.0
"""Seconds by which the backend's clock may differ from ours when a reply is recognised by its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """A reply that was given up, and the draft that its text is part of again."""

    conversation_id: ConversationId
    visibility: Visibility
    body: str
    attachments: tuple[LocalFile, ...]
    draft: str
    """The whole draft now: the reply's text, and below it what was typed since."""


class Outbox:
    """Owns the rows of the outbox and one task per conversation that has something to deliver. Desk's thread only."""

    def __init__(
        self,
        recorder: Recorder,
        lanes: Mapping[str, Lane],
        timing: Timing,
        clock: Callable[[], float],
        random: Callable[[], float],
        resend_once: bool = False,
    ) -> None:
        self._recorder = recorder
        self._clock = clock
        self._roads = {
            profile: Road(lane, recorder, timing, clock, random, resend_once) for profile, lane in lanes.items()
        }
        self._rows: dict[ClientId, OutboxRow] = {}
        self._couriers: dict[ConversationId, Courier] = {}
        self._tasks: dict[ConversationId, asyncio.Task[None]] = {}
        recorder.on_shown = self._shown

    def restore(self) -> None:
        """Bring back what an earlier run left, and show it; `start` continues with it."""
        events: list[Event] = []
        for row in self._recorder.outbox.rows():
            if row.state is Delivery.SENDING:
                # The run ended between the commit of `sent_at` and the answer.
                row = replace(row, unclear=True)
            self._rows[row.client_id] = row
            road = self._roads.get(profile_of(row.conversation_id))
            if road is not None and row.closed_until is not None:
                # Not for longer than that: the clock may have been set back.
                road.close_for(min(row.closed_until - self._clock(), _CLOSED_AT_MOST))
            events.append(_said(row, with_message=True))
        self._recorder.show(events)

    def start(self) -> None:
        """Deliver what waits."""
        for conversation_id in {row.conversation_id for row in self._rows.values()}:
            self._send_courier(conversation_id)

    def get(self, client_id: ClientId) -> OutboxRow | None:
        """Return an accepted reply that the stream has not shown, or None."""
        return self._rows.get(client_id)

    def accept(self, send: Send, echo: Message, draft: str, parts: Sequence[str] | None = None) -> None:
        """Commit a reply, in its parts, and what remains of its draft in one transaction, and deliver it in its turn.

        `parts` is what its connector made of it, None where there is no connector yet. Raises JournalError when it
        cannot be saved, Rejected when its client id was used before.
        """
        if send.client_id in self._rows:
            raise Rejected("this reply has been accepted before")
        held = isfinite(send.hold) and send.hold > 0
        rows = rows_of(send, echo, parts, self._clock() + send.hold if held else None)

        def write() -> None:
            for row in rows:
                self._recorder.outbox.add(row)
            self._recorder.journal.write_draft(send.conversation_id, send.visibility, draft)

        cleared = DraftChanged(send.conversation_id, send.visibility, draft)
        self._recorder.record([*(_said(row, with_message=True) for row in rows), cleared], work=write)
        self._rows.update((row.client_id, row) for row in rows)
        self._send_courier(send.conversation_id)

    def retry(self, client_id: ClientId) -> None:
        """Queue a failed or uncertain reply again, in its place and with its client id; raises Rejected for another."""
        row = self._undecided(client_id)
        if row.state not in (Delivery.FAILED, Delivery.UNCERTAIN):
            raise Rejected("only a failed or uncertain reply can be sent again")
        self.commit(replace(row, state=Delivery.QUEUED, reason="", sent_at=None, unclear=False))
        self._send_courier(row.conversation_id)

    def release(self, client_id: ClientId) -> None:
        """End the hold of a reply: it leaves now, in its turn. Nothing happens where there is no hold any more."""
        row = self._rows.get(client_id)
        if row is not None and row.not_before is not None:
            self.commit(replace(row, not_before=None))
            self._send_courier(row.conversation_id)

    def settle(self, client_id: ClientId) -> None:
        """The agent has seen that an uncertain reply arrived: its row goes and the message counts as delivered.

        A message of the backend that can only be this reply takes its place in the transcript; else our own copy stays
        until one comes. Raises Rejected for a reply that is not uncertain.
        """
        row = self._undecided(client_id)
        if row.state is not Delivery.UNCERTAIN:
            raise Rejected("only a reply that may have arrived can be marked as arrived")
        thread = self._recorder.store.state.threads.get(row.conversation_id)
        found = None if thread is None else _arrived(thread, row)
        if found is None:
            shown = replace(row.echo, id=local_id(client_id), delivery=Delivery.CONFIRMED, delivery_reason="")
        else:
            shown = found
        # Recognised by its client id: the recorder removes the row in the same transaction and tells `_shown`.
        self._recorder.record([MessageUpserted(replace(shown, client_id=client_id))])

    def dismiss(self, client_id: ClientId) -> TakenBack:
        """Give up a reply that is not under way, and put its text back into the draft; returns what came back.

        Of a reply in parts all those come back that have not left; where that is all of them, as it was written.
        """
        row = self._undecided(client_id)
        if row.state in (Delivery.ACKED, Delivery.SENDING):
            raise Rejected("this reply is already on its way")
        if row.state is Delivery.QUEUED and row.unclear:
            raise Rejected("an earlier try may have arrived; wait until that is known")
        taken = taken_with(row, self._rows.values())
        body = text_of(taken)
        thread = self._recorder.store.state.threads.get(row.conversation_id)
        typed = "" if thread is None else thread.drafts.get(row.visibility, "")
        draft = f"{body}\n{typed}" if typed else body
        cancelled = [_said(replace(part, state=Delivery.CANCELLED, version=part.version + 1)) for part in taken]

        def write() -> None:
            for part in taken:
                self._recorder.outbox.remove(part.client_id)
            self._recorder.journal.write_draft(row.conversation_id, row.visibility, draft)

        back = DraftChanged(row.conversation_id, row.visibility, draft)
        self._recorder.record([*cancelled, back], work=write)
        for part in taken:
            del self._rows[part.client_id]
        self._send_courier(row.conversation_id)
        return TakenBack(
            conversation_id=row.conversation_id,
            visibility=row.visibility,
            body=body,
            attachments=tuple(file for part in taken for file in part.attachments),
            draft=draft,
        )

    def head(self, conversation_id: ConversationId) -> OutboxRow | None:
        """Return the reply that is next in its conversation; one that was acknowledged holds up no other."""
        for row in self._rows.values():
            if row.conversation_id == conversation_id and row.state is not Delivery.ACKED:
                return row
        return None

    def commit(self, row: OutboxRow, events: Sequence[Event] = ()) -> OutboxRow:
        """Commit and show a new state of a reply with the events that came along; returns the row as it is now.

        The stream may have shown the reply in the meantime: then only the events count.
        """
        old = self._rows.get(row.client_id)
        if old is None:
            self._recorder.record(events)
            return row
        moved = replace(row, version=old.version + 1)
        self._rows[row.client_id] = moved
        try:
            self._recorder.record([_said(moved), *events], work=lambda: self._recorder.outbox.update(moved))
        except BaseException:
            self._rows[row.client_id] = old
            raise
        return moved

    def split(self, row: OutboxRow, parts: Sequence[str]) -> None:
        """Put the parts that a connector has made of a reply into its place, in one transaction.

        For one that was accepted before it could be prepared, and of which nothing has left.
        """
        rows = split_rows(row, parts)
        self._recorder.record(
            [_said(part, with_message=True) for part in rows], work=lambda: self._recorder.outbox.split(rows)
        )
        order: dict[ClientId, OutboxRow] = {}
        for client_id, kept in self._rows.items():
            order.update((part.client_id, part) for part in (rows if client_id == row.client_id else (kept,)))
        self._rows = order

    def link_changed(self, profile: str) -> None:
        """A connection came or went: whoever waits for it looks again."""
        for conversation_id, courier in self._couriers.items():
            if profile_of(conversation_id) == profile:
                courier.wake.set()

    def stop(self) -> None:
        """End all deliveries where they are; their rows say how far they came."""
        for task in self._tasks.values():
            task.cancel()

    def _undecided(self, client_id: ClientId) -> OutboxRow:
        row = self._rows.get(client_id)
        if row is None:
            raise Rejected("this reply has been delivered or dismissed")
        return row

    def _shown(self, client_id: ClientId) -> None:
        row = self._rows.pop(client_id, None)
        if row is not None:
            self._send_courier(row.conversation_id)

    def _send_courier(self, conversation_id: ConversationId) -> None:
        road = self._roads.get(profile_of(conversation_id))
        if road is None:
            return
        courier = self._couriers.get(conversation_id)
        if courier is None:
            courier = self._couriers[conversation_id] = Courier(conversation_id, self, road)
        courier.wake.set()
        task = self._tasks.get(conversation_id)
        if task is None or task.done():
            self._tasks[conversation_id] = asyncio.create_task(courier.run())


def _said(row: OutboxRow, *, with_message: bool = False) -> SendChanged:
    return SendChanged(
        row.conversation_id,
        row.client_id,
        row.state,
        message=row.echo if with_message else None,
        message_id=row.message_id,
        reason=row.reason,
        version=row.version,
        held_until=row.not_before if row.state is Delivery.QUEUED else None,
    )


def _arrived(thread: Thread, row: OutboxRow) -> Message | None:
    """Return the message of the backend that says what this reply says and that no other reply of ours has claimed."""
    for message in reversed(thread.transcript):
        same = message.body == row.echo.body and message.visibility is row.visibility
        if row.sent_at is not None and message.sent_at < row.sent_at - _SKEW:
            return None
        if same and message.role is Role.AGENT and message.client_id is None and not message.deleted:
            return base_of(thread, message.id)
    return None
