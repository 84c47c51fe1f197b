"""Connectors with one deliberate fault each. The contract suite has to notice every one of them."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from paradesk.connectors.base import AuthError, ConnectorContext, Outcome
from paradesk.connectors.capabilities import Support
from paradesk.connectors.simulator import SimulatorConnector, World
from paradesk.core.events import Event, Gap, MessageEdited, MessageUpserted
from paradesk.core.intents import ChangeTags, Intent, Send, SetPriority, Transfer
from paradesk.core.model import Message, MessageId, Role, Visibility


class Tap:
    """A context that passes everything on to another one; subclasses change what passes."""

    def __init__(self, desk: ConnectorContext) -> None:
        self.desk = desk

    @property
    def profile(self) -> str:
        return self.desk.profile

    @property
    def cursor(self) -> str | None:
        return self.desk.cursor

    async def emit(self, *events: Event, cursor: str | None = None) -> None:
        await self.desk.emit(*events, cursor=cursor)

    async def online(self) -> None:
        await self.desk.online()


class SendsAgain(SimulatorConnector):
    """Declares EXACT, but each repetition of a send becomes another message."""

    async def perform(self, intent: Intent) -> Outcome:
        if isinstance(intent, Send):
            for chat in self.world.chats():
                chat.sent.pop(intent.client_id, None)
        return await super().perform(intent)


class ForgetsWhatItMissed(SimulatorConnector):
    """Comes back after a lost connection or a restart as if nothing had happened meanwhile."""

    def _position(self, cursor: str | None) -> int | None:
        return None if super()._position(cursor) is None else self.world.log.position


class TellsCustomersTheNotes(SimulatorConnector):
    """Sends private notes as public messages."""

    async def perform(self, intent: Intent) -> Outcome:
        if isinstance(intent, Send):
            intent = replace(intent, visibility=Visibility.PUBLIC)
        return await super().perform(intent)


class AppendsEdits(SimulatorConnector):
    """Reports an edit as one more message."""

    async def run(self, desk: ConnectorContext) -> None:
        await super().run(_EditsAsMessages(desk))


class _EditsAsMessages(Tap):
    async def emit(self, *events: Event, cursor: str | None = None) -> None:
        await super().emit(*(_as_message(e) if isinstance(e, MessageEdited) else e for e in events), cursor=cursor)


def _as_message(edit: MessageEdited) -> MessageUpserted:
    return MessageUpserted(
        Message(
            id=MessageId(f"{edit.message_id}-edit-{edit.version}"),
            conversation_id=edit.conversation_id,
            role=Role.CUSTOMER,
            sender_id="customer",
            sender_name="customer",
            body=edit.body,
            sent_at=1_800_000_000.0,
            order_key=edit.version,
        )
    )


class CommitsTheCursorFirst(SimulatorConnector):
    """Hands the cursor to the desk before the events that it stands for."""

    async def run(self, desk: ConnectorContext) -> None:
        await super().run(_CursorFirst(desk))


class _CursorFirst(Tap):
    async def emit(self, *events: Event, cursor: str | None = None) -> None:
        if cursor is not None:
            await super().emit(cursor=cursor)
        await super().emit(*events)


class ClosesGapsByWord(SimulatorConnector):
    """Says that a gap is closed without reading what was missed."""

    async def _resync(self, desk: ConnectorContext, cursor: str | None) -> int:
        if cursor is None:
            return await super()._resync(desk, cursor)
        position = self.world.log.position
        await desk.emit(Gap(desk.profile, None), Gap(desk.profile, None, closed=True), cursor=self._cursor(position))
        return position


class KnocksForEver(SimulatorConnector):
    """Goes on signing in with credentials that were refused."""

    async def run(self, desk: ConnectorContext) -> None:
        while True:
            try:
                await super().run(desk)
            except AuthError:
                await asyncio.sleep(0.05)


class Pretends(SimulatorConnector):
    """Declares tags, priority and transfer absent, and answers as if they had worked."""

    def __init__(self, settings: Mapping[str, str], world: World | None = None) -> None:
        super().__init__(settings, world)
        absent = Support.ABSENT
        self.capabilities = replace(self.capabilities, tags=absent, priority=absent, transfer=absent)

    async def perform(self, intent: Intent) -> Outcome:
        if isinstance(intent, ChangeTags | SetPriority | Transfer):
            return Outcome()
        return await super().perform(intent)


BROKEN: Mapping[str, tuple[type[SimulatorConnector], frozenset[str]]] = {
    "none": (SimulatorConnector, frozenset()),
    "sends again": (
        SendsAgain,
        frozenset({"test_repeated_send_is_delivered_once", "test_lost_answer_is_not_a_second_message"}),
    ),
    "forgets what it missed": (
        ForgetsWhatItMissed,
        frozenset(
            {
                "test_nothing_is_missing_after_a_cut",
                "test_gap_longer_than_a_page_is_closed",
                "test_restart_continues_at_the_cursor",
                "test_restart_after_a_long_absence_has_no_hole",
                "test_edit_during_an_absence_is_seen",
                "test_failed_commit_is_not_skipped",
            }
        ),
    ),
    "tells customers the notes": (
        TellsCustomersTheNotes,
        frozenset({"test_note_never_reaches_the_customer", "test_note_with_file_never_reaches_the_customer"}),
    ),
    "appends edits": (
        AppendsEdits,
        frozenset(
            {
                "test_edit_replaces_the_text",
                "test_second_edit_wins",
                "test_edit_during_an_absence_is_seen",
            }
        ),
    ),
    "commits the cursor first": (
        CommitsTheCursorFirst,
        frozenset({"test_crash_at_any_commit_loses_nothing"}),
    ),
    "closes gaps by word": (
        ClosesGapsByWord,
        frozenset({"test_gap_longer_than_a_page_is_closed", "test_restart_after_a_long_absence_has_no_hole"}),
    ),
    "knocks for ever": (KnocksForEver, frozenset({"test_wrong_credentials_raise_auth_error"})),
    "pretends": (Pretends, frozenset({"test_absent_is_refused_before_any_io"})),
}
"""Each broken connector, and the tests that must fail for it. `none` is the intact one."""
