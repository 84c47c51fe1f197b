"""Connectors with one deliberate fault each. The contract suite has to notice every one of them."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from paradesk.connectors.base import AuthError, ConnectorContext, NotSent, Outcome, Prepared, ProtocolError
from paradesk.connectors.capabilities import Support
from paradesk.connectors.simulator import SimulatorConnector, World
from paradesk.core.events import Event, Gap, MessageEdited, MessageUpserted, OfferChanged, TypingChanged
from paradesk.core.intents import AcceptTransfer, ChangeTags, DeclineTransfer, Intent, Send, SetPriority, Transfer
from paradesk.core.model import (
    Attachment,
    ClientId,
    ConversationId,
    LocalFile,
    Message,
    MessageId,
    Role,
    Visibility,
)


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


class CutsShort(SimulatorConnector):
    """Sends as much of a long text as fits, and forgets the rest."""

    def prepare(self, send: Send) -> Prepared:
        fitting = send.body.encode()[: self.capabilities.max_body_bytes].decode(errors="ignore")
        return Prepared((fitting,), () if fitting == send.body else ("shortened",))


class EscapesAgain(SimulatorConnector):
    """Escapes what looks like a command each time that it sees the text."""

    def prepare(self, send: Send) -> Prepared:
        if send.body.startswith(("!", "\\")):
            return Prepared((f"\\{send.body}",), ("a leading ! would be a command",))
        return super().prepare(send)


class SendsUntilItHears(SimulatorConnector):
    """Takes an answer without a message for a failure, and sends again as something new."""

    async def perform(self, intent: Intent) -> Outcome:
        try:
            return await super().perform(intent)
        except ProtocolError:
            if not isinstance(intent, Send):
                raise
            return await super().perform(replace(intent, client_id=ClientId(f"{intent.client_id}-again")))


class ShowsPlaceholders(SimulatorConnector):
    """Hands out whatever a download brings."""

    async def fetch(self, attachment: Attachment) -> bytes:
        return await self._line.download(lambda: self.world.file(attachment.id))


class TrustsTheirClock(SimulatorConnector):
    """Lets typing lapse by the backend's clock."""

    def _told(self, event: Event, profile: str) -> Event:
        return event if isinstance(event, TypingChanged) else super()._told(event, profile)


class KeepsKnocking(SimulatorConnector):
    """Takes credentials that expire once it was online for a connection that was lost."""

    async def run(self, desk: ConnectorContext) -> None:
        self.desk = getattr(self, "desk", None) or _Online(desk)
        try:
            await super().run(self.desk)
        except AuthError as error:
            if self.desk.was:
                raise NotSent("the connection was lost") from error
            raise


class _Online(Tap):
    was = False

    async def online(self) -> None:
        self.was = True
        await super().online()


class AcceptsByWord(SimulatorConnector):
    """Says that it has accepted or declined an offer, and leaves it where it was."""

    async def perform(self, intent: Intent) -> Outcome:
        if isinstance(intent, AcceptTransfer | DeclineTransfer):
            return Outcome(events=(OfferChanged(intent.conversation_id, None, 2**40),))
        return await super().perform(intent)


class ShowsUploads(SimulatorConnector):
    """Sends a file to the customer as soon as it is uploaded."""

    async def upload(self, conversation_id: ConversationId, file: LocalFile) -> str:
        send = Send(
            conversation_id=conversation_id, body="", visibility=Visibility.PUBLIC,
            client_id=ClientId(f"upload-{file.path}"), attachments=(file,),
        )  # fmt: skip
        await self._send(send)
        return await super().upload(conversation_id, file)


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
    "cuts short": (CutsShort, frozenset({"test_long_text_is_split_or_refused"})),
    "escapes again": (EscapesAgain, frozenset({"test_prepared_text_stays_as_it_is"})),
    "sends until it hears": (SendsUntilItHears, frozenset({"test_answer_without_a_message_is_not_a_delivery"})),
    "shows placeholders": (ShowsPlaceholders, frozenset({"test_placeholder_is_not_taken_for_the_file"})),
    "trusts their clock": (TrustsTheirClock, frozenset({"test_wrong_clock_disturbs_no_order"})),
    "keeps knocking": (KeepsKnocking, frozenset({"test_credentials_that_expire_end_the_stream"})),
    "accepts by word": (
        AcceptsByWord,
        frozenset({"test_offered_conversation_is_accepted"}),
    ),
    "shows uploads": (ShowsUploads, frozenset({"test_upload_is_not_seen_before_its_reply"})),
    "pretends": (Pretends, frozenset({"test_absent_is_refused_before_any_io"})),
}
"""Each broken connector, and the tests that must fail for it. `none` is the intact one."""
