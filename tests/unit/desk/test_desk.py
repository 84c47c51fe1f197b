"""The desk without a screen: conversations in, intents out, drafts and layout kept, one owner per directory."""

import asyncio
import sqlite3
import stat
import threading
import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from paradesk.connectors.base import ConnectorError, NotSent, Outcome, Rejected, Uncertain, Unsupported
from paradesk.connectors.capabilities import Capabilities, Support
from paradesk.core.events import ConversationUpserted, MessageEdited, MessageUpserted, StatusChanged
from paradesk.core.intents import (
    ChangeTags,
    CreateConversation,
    Intent,
    MarkRead,
    Send,
    SetPriority,
    SetStatus,
    SetTyping,
    Transfer,
)
from paradesk.core.model import (
    Attachment,
    ConversationId,
    Customer,
    Delivery,
    Link,
    LocalFile,
    MessageId,
    Priority,
    Role,
    Status,
    Visibility,
)
from paradesk.core.waiting import KEEP
from paradesk.desk.desk import Desk, DeskBusy, JournalError, Layout, Profile
from paradesk.desk.journal import SCHEMA_VERSION
from paradesk.desk.recorder import SLACK
from tests.unit.desk.conftest import Start
from tests.unit.desk.scripted import (
    ABLE,
    PATIENCE,
    Scripted,
    conversation,
    desk_of,
    message,
    reaches,
    reply,
    wait_for,
)

ONE = ConversationId("acme/1")
PUBLIC, NOTE = Visibility.PUBLIC, Visibility.NOTE


def bodies(desk: Desk, where: ConversationId = ONE) -> list[str]:
    return [m.body for m in desk.state.threads[where].transcript]


def test_a_reply_goes_out_and_is_confirmed(start: Start) -> None:
    """A reply reaches the backend once, in its own ids, clears its draft and is confirmed by the stream."""
    connector = Scripted()
    desk = start(connector)
    desk.save_draft(ONE, PUBLIC, "hi")
    client_id = reply(desk, "hi")
    assert desk.state.threads[ONE].drafts == {}
    reaches(desk, client_id, Delivery.CONFIRMED)
    assert [(send.conversation_id, send.body, send.client_id) for send in connector.sent] == [("1", "hi", client_id)]
    assert desk.state.threads[ONE].waiting_since is None


def test_the_cached_state_is_there_when_start_returns(start: Start) -> None:
    """After a restart conversations, messages, edits, marks and drafts are shown before any connection stands."""
    connector = Scripted()
    desk = start(connector)
    connector.emit(MessageUpserted(message(2, "second")))
    connector.emit(MessageEdited(ConversationId("1"), MessageId("m2"), "changed", 5))
    connector.emit(MessageEdited(ConversationId("1"), MessageId("m9"), "early", 5))
    desk.save_draft(ONE, NOTE, "call back")
    desk.see(ONE)
    wait_for(desk, lambda state: state.threads[ONE].unread == 0 and state.threads[ONE].drafts)
    before = desk.state.threads[ONE]
    offline = Scripted()

    async def never(scripted: Scripted, desk: object) -> None:
        raise NotSent("no network")

    offline.on_run = never
    again = start(offline, wait=False)
    thread = again.state.threads[ONE]
    assert replace(thread, version=0) == replace(before, version=0)
    assert bodies(again) == ["hello", "changed"]
    wait_for(again, lambda state: state.profiles["acme"].reason == "no network")


def test_old_versions_stay_old_after_a_restart(start: Start) -> None:
    """What an event said before the restart is not overwritten by an older one after it."""
    desk = start(Scripted())
    wait_for(desk, lambda state: ONE in state.threads)
    connector = Scripted()
    connector.first = (ConversationUpserted(conversation("1", subject="new"), 7),)
    desk = start(connector)
    later = Scripted()
    later.first = (ConversationUpserted(conversation("1", subject="old"), 3),)
    desk = start(later)
    assert desk.state.threads[ONE].conversation.subject == "new"


def test_the_cursor_is_kept_with_its_events(start: Start) -> None:
    """A new connector starts where the last commit was; the first one at the very beginning."""
    first = Scripted()
    start(first)
    first.emit(MessageUpserted(message(2)), cursor="c2")
    second = Scripted()
    start(second)
    assert (first.cursor_at_start, second.cursor_at_start) == (None, "c2")


def test_what_connectors_say_is_cleaned_and_qualified(start: Start) -> None:
    """Control characters never reach the state, and two profiles may use the same ids."""
    acme, beta = Scripted(), Scripted()
    beta.first = (ConversationUpserted(conversation("1", subject="a\x1b]52;c;x\x07b"), 1),)
    desk = start(acme, beta)
    wait_for(desk, lambda state: ConversationId("beta/1") in state.threads)
    other = desk.state.threads[ConversationId("beta/1")].conversation
    assert (other.profile, other.id) == ("beta", "beta/1")
    assert "\x1b" not in other.subject
    assert "\x07" not in other.subject


def test_a_malformed_event_fails_at_its_sender(start: Start) -> None:
    """A connector that emits nonsense loses its connection; the other one and the desk go on."""
    good, bad = Scripted(), Scripted()
    nonsense: Any = None
    bad.first = (MessageUpserted(message(1, body=nonsense)),)
    desk = start(good, bad)
    wait_for(desk, lambda state: "failed" in state.profiles["beta"].reason)
    good.emit(MessageUpserted(message(5, "still here")))
    assert bodies(desk)[-1] == "still here"


def test_intents_that_a_backend_lacks_never_reach_it(start: Start) -> None:
    """What is absent is refused with a reason that names the connector; so is a status that it does not have."""
    connector = Scripted(replace(ABLE, notes=Support.ABSENT))
    desk = start(connector)
    refused: list[Intent] = [
        SetPriority(ONE, Priority.HIGH),
        ChangeTags(ONE, add=frozenset("x")),
        Transfer(ONE, "team"),
        SetStatus(ONE, Status.ON_HOLD),
        CreateConversation("acme", "someone", "subject"),
        Send(conversation_id=ONE, body="secret", visibility=NOTE, client_id=desk.new_client_id()),
    ]
    for intent in refused:
        with pytest.raises(Unsupported, match="Scripted"):
            desk.submit(intent).result(PATIENCE)
    assert connector.performed == []
    assert desk.support(ONE, "notes") == (Support.ABSENT, "Scripted cannot keep private notes")
    assert desk.support(ONE, "send") == (Support.NATIVE, "")


def test_a_single_conversation_can_lack_what_its_backend_has(start: Start) -> None:
    """`absent` of the conversation refuses a reply, with its own reason."""
    connector = Scripted()
    connector.first = (ConversationUpserted(conversation("1", absent={"send": "encrypted room"}), 1),)
    desk = start(connector)
    with pytest.raises(Unsupported, match="encrypted room"):
        reply(desk)
    assert desk.support(ONE, "send") == (Support.ABSENT, "encrypted room")


@pytest.mark.parametrize(
    ("changes", "send", "why"),
    [
        ({}, {"body": "  "}, "nothing to send"),
        ({}, {"body": "x" * 50}, "at most 40"),
        ({"joined": False}, {}, "join this chat"),
        ({}, {"attachments": (LocalFile("/f", "f", "text/plain", 1),)}, "attachments"),
        ({}, {"conversation_id": ConversationId("acme/404")}, "not known"),
        ({}, {"conversation_id": ConversationId("nobody/1")}, "not configured"),
    ],
)
def test_a_reply_that_cannot_go_is_refused_and_its_draft_stays(
    start: Start, changes: dict[str, Any], send: dict[str, Any], why: str
) -> None:
    """Refused before it is accepted: the composer keeps its text."""
    connector = Scripted(replace(ABLE, max_body_bytes=40))
    connector.first = (ConversationUpserted(conversation("1", **changes), 1),)
    desk = start(connector)
    desk.save_draft(ONE, PUBLIC, "typed")
    fields: dict[str, Any] = {
        "conversation_id": ONE, "body": "hi", "visibility": PUBLIC, "client_id": desk.new_client_id(),
    } | send  # fmt: skip
    with pytest.raises(ConnectorError, match=why):
        desk.submit(Send(**fields)).result(PATIENCE)
    wait_for(desk, lambda state: state.threads[ONE].drafts.get(PUBLIC) == "typed")
    assert connector.sent == []


def test_what_is_emulated_is_kept_by_the_desk(start: Start) -> None:
    """Status, priority, tags and notes without a place at the backend survive a restart and never reach it."""
    able = Capabilities(
        status=Support.EMULATED, priority=Support.EMULATED, tags=Support.EMULATED, notes=Support.EMULATED
    )
    connector = Scripted(able)
    desk = start(connector)
    for intent in (
        SetStatus(ONE, Status.ON_HOLD),
        SetPriority(ONE, Priority.URGENT),
        ChangeTags(ONE, add=frozenset({"vip"})),
    ):
        desk.submit(intent).result(PATIENCE)
    desk.save_draft(ONE, NOTE, "he shouted")
    reply(desk, "he shouted", visibility=NOTE)
    # The backend goes on saying what it always says.
    connector.emit(ConversationUpserted(conversation("1"), 2**50))
    for running in (desk, start(Scripted(able))):
        thread = running.state.threads[ONE]
        assert thread.conversation.status is Status.ON_HOLD
        assert thread.conversation.priority is Priority.URGENT
        assert thread.conversation.tags == {"vip"}
        note = thread.transcript[-1]
        assert (note.body, note.visibility, note.delivery_reason) == ("he shouted", NOTE, "kept on this desk only")
        assert thread.drafts == {}
    assert connector.performed == []


def test_an_emulated_status_opens_again_when_the_customer_writes(start: Start) -> None:
    """Solved here, then the customer writes: open."""
    connector = Scripted(Capabilities(status=Support.EMULATED))
    desk = start(connector)
    desk.submit(SetStatus(ONE, Status.SOLVED)).result(PATIENCE)
    connector.emit(MessageUpserted(message(1)))
    assert desk.state.threads[ONE].conversation.status is Status.SOLVED
    connector.emit(MessageUpserted(message(2)))
    assert desk.state.threads[ONE].conversation.status is Status.OPEN


def test_events_of_an_outcome_are_taken_in(start: Start) -> None:
    """The state that a backend returns with its answer is shown when the future is done."""
    connector = Scripted()

    async def set_status(scripted: Scripted, intent: Intent) -> Outcome:
        assert isinstance(intent, SetStatus)
        return Outcome(events=(StatusChanged(intent.conversation_id, intent.status, 9, "Solved!"),))

    connector.on_perform = set_status
    desk = start(connector)
    outcome = desk.submit(SetStatus(ONE, Status.SOLVED)).result(PATIENCE)
    assert desk.state.threads[ONE].conversation.status_label == "Solved!"
    assert outcome.events == (StatusChanged(ONE, Status.SOLVED, 9, "Solved!"),)


def test_a_new_ticket_comes_back_under_the_desks_id(start: Start) -> None:
    """CreateConversation names the new conversation as the desk knows it."""
    connector = Scripted(replace(ABLE, create=Support.NATIVE))

    async def create(scripted: Scripted, intent: Intent) -> Outcome:
        return Outcome(conversation_id=ConversationId("77"), events=(ConversationUpserted(conversation("77"), 1),))

    connector.on_perform = create
    desk = start(connector)
    outcome = desk.submit(CreateConversation("acme", "sarah", "Parcel")).result(PATIENCE)
    assert outcome.conversation_id == "acme/77"
    assert ConversationId("acme/77") in desk.state.threads


def test_what_is_typed_after_enter_stays_in_the_draft(start: Start) -> None:
    """The reply takes its own text from the draft, not what came after it."""
    desk = start(Scripted())
    desk.save_draft(ONE, PUBLIC, "first")
    send = Send(conversation_id=ONE, body="first", visibility=PUBLIC, client_id=desk.new_client_id())
    desk.save_draft(ONE, PUBLIC, "first and more")
    desk.submit(send).result(PATIENCE)
    assert desk.state.threads[ONE].drafts == {PUBLIC: " and more"}


def test_drafts_are_kept_per_visibility_whatever_they_hold(start: Start) -> None:
    """A draft and a note live side by side, with characters that no database can encode."""
    desk = start(Scripted())
    desk.save_draft(ONE, PUBLIC, "half \ud83d a pair")
    desk.save_draft(ONE, NOTE, "note")
    wait_for(desk, lambda state: len(state.threads[ONE].drafts) == 2)
    again = start(Scripted())
    assert again.state.threads[ONE].drafts == {PUBLIC: "half ? a pair", NOTE: "note"}


def test_layout_comes_back(start: Start) -> None:
    """Panes, the active one and note mode are restored, also when the desk ends right after the change."""
    desk = start(Scripted())
    assert desk.saved_layout() == Layout()
    layout = Layout((ONE, ConversationId("acme/2")), active=ONE, zoomed=True, hotlist=False, notes=(ONE,))
    desk.save_layout(layout)
    assert start(Scripted()).saved_layout() == layout


def test_looking_marks_read_here_and_there(start: Start) -> None:
    """`see` empties the unread count and tells the backend once per message."""
    connector = Scripted()
    desk = start(connector)
    wait_for(desk, lambda state: state.threads[ONE].unread == 1)
    desk.see(ONE)
    desk.see(ONE)
    wait_for(desk, lambda state: state.threads[ONE].unread == 0)
    connector.emit(MessageUpserted(message(2)))
    desk.see(ONE)
    wait_for_performed(connector, MarkRead(ConversationId("1"), MessageId("m2")))
    marks = [intent.message_id for intent in connector.performed if isinstance(intent, MarkRead)]
    assert marks in (["m1", "m2"], ["m2"])


def test_typing_is_told_once_and_ends(start: Start) -> None:
    """Many key presses are one notice; the reply ends it."""
    connector = Scripted()
    desk = start(connector)
    for _ in range(50):
        desk.typing(ONE, True)
    reaches(desk, reply(desk), Delivery.CONFIRMED)
    wait_for_performed(connector, SetTyping(ConversationId("1"), False))
    typing = [intent for intent in connector.performed if isinstance(intent, SetTyping)]
    assert typing == [SetTyping(ConversationId("1"), True), SetTyping(ConversationId("1"), False)]


def wait_for_performed(connector: Scripted, intent: Intent) -> None:
    until = time.monotonic() + PATIENCE
    while intent not in connector.performed and time.monotonic() < until:
        threading.Event().wait(0.005)
    assert intent in connector.performed


def test_history_comes_from_the_journal_first_and_then_from_the_backend(start: Start) -> None:
    """A long conversation is cut in memory; paging back reads the journal, then asks the backend, without a hole."""
    connector = Scripted()
    older = [message(number, f"older {number}") for number in range(-30, 0)]
    connector.delivered = older
    desk = start(connector)
    total = KEEP + SLACK + 10
    connector.emit(*(MessageUpserted(message(number, f"n{number}")) for number in range(1, total + 1)))
    thread = desk.state.threads[ONE]
    assert len(thread.transcript) == KEEP
    assert not thread.history_complete
    assert thread.unread == total
    assert thread.waiting_since == 1001.0
    while desk.load_history(ONE, 100).result(PATIENCE):
        pass
    keys = [m.order_key for m in desk.state.threads[ONE].transcript]
    assert keys == [*range(-30, 0), *range(1, total + 1)]
    assert desk.state.threads[ONE].history_complete
    again = start(Scripted())
    kept = again.state.threads[ONE]
    assert (kept.unread, kept.waiting_since) == (total + 30, 970.0)
    assert len(kept.transcript) < KEEP


def test_changes_of_messages_that_were_cut_are_not_lost(start: Start) -> None:
    """An edit of a message that is only in the journal, and an old version of it, end as they would in memory."""
    connector = Scripted()
    desk = start(connector)
    total = KEEP + SLACK + 10
    connector.emit(*(MessageUpserted(message(number, version=3)) for number in range(2, total)))
    assert desk.state.threads[ONE].transcript.get("m2") is None
    connector.emit(MessageEdited(ConversationId("1"), MessageId("m2"), "edited", 9))
    connector.emit(MessageUpserted(message(2, "stale", version=1)))
    connector.emit(MessageUpserted(message(3, "stale", version=1)))
    # They lie far before what is in memory: shown beside it they would hide a hole.
    assert desk.state.threads[ONE].transcript[0].order_key == total - KEEP
    while desk.load_history(ONE, 500).result(PATIENCE):
        pass
    transcript = desk.state.threads[ONE].transcript
    assert [m.order_key for m in transcript] == list(range(1, total))
    assert [transcript[place].body for place in (1, 2)] == ["edited", "hello"]


def test_fetch_goes_through_the_connector(start: Start) -> None:
    """The content comes from the connector; one without attachments refuses."""

    class WithFiles(Scripted):
        async def fetch(self, attachment: Attachment) -> bytes:
            return attachment.id.encode()

    desk = start(WithFiles())
    assert desk.fetch(ONE, Attachment(id="f1", name="x")).result(PATIENCE) == b"f1"
    desk = start(Scripted(replace(ABLE, attachments_in=Support.ABSENT)))
    with pytest.raises(Unsupported):
        desk.fetch(ONE, Attachment(id="f1", name="x")).result(PATIENCE)


def test_a_second_desk_on_the_directory_is_refused(start: Start, tmp_path: Path) -> None:
    """The message names the directory; when the first has ended, the second can start."""
    desk = start(Scripted())
    with pytest.raises(DeskBusy, match=str(tmp_path)):
        desk_of(tmp_path, Scripted()).start()
    desk.stop(5.0)
    start(Scripted())


def test_a_newer_journal_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A file of a newer version is not touched, and the directory is free again afterwards."""
    path = tmp_path / "desk.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute(f"pragma user_version = {SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(JournalError, match="newer Paradesk"):
            desk_of(tmp_path, Scripted()).start()
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_reported(tmp_path: Path) -> None:
    """The error names the file."""
    (tmp_path / "desk.sqlite3").write_bytes(b"not a database" * 100)
    with pytest.raises(JournalError, match="desk.sqlite3"):
        desk_of(tmp_path, Scripted()).start()


def test_the_journal_is_private(start: Start, tmp_path: Path) -> None:
    """The database and its side files can be read by their owner only."""
    start(Scripted())
    files = [path for path in tmp_path.iterdir() if path.name.startswith("desk.")]
    assert len(files) >= 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_after_the_end_everything_fails_with_a_reason(start: Start) -> None:
    """Futures of a stopped desk fail at once, and stopping twice is fine."""
    desk = start(Scripted())
    desk.stop(5.0)
    desk.stop()
    assert desk.state.profiles["acme"].link is Link.STOPPED
    with pytest.raises(NotSent, match="not running"):
        reply(desk)
    desk.save_draft(ONE, PUBLIC, "x")
    desk.see(ONE)


def test_profile_names_are_checked(tmp_path: Path) -> None:
    """A slash, an empty name or a name that is there twice would mix up conversations."""
    for names in (["a/b"], [""], ["a", "a"]):
        with pytest.raises(ValueError, match="profile name"):
            Desk([Profile(name, Scripted) for name in names], tmp_path)


def test_a_subscriber_that_fails_harms_nobody(start: Start) -> None:
    """An exception in a callback or selector reaches neither the desk nor other subscribers."""
    connector = Scripted()
    desk = start(connector)
    seen: list[int] = []

    def broken(_: object) -> None:
        raise RuntimeError("screen is gone")

    desk.subscribe(lambda state: state.version, broken)
    unsubscribe = desk.subscribe(lambda state: len(state.threads[ONE].transcript), seen.append)
    connector.emit(MessageUpserted(message(2)))
    connector.emit(ConversationUpserted(conversation("1"), 3))
    unsubscribe()
    connector.emit(MessageUpserted(message(3)))
    assert seen == [2]


def test_a_full_disk_refuses_loudly_and_keeps_the_text(start: Start, tmp_path: Path) -> None:
    """When the journal cannot be written a reply is not accepted, the draft stays in memory, and later it works."""
    connector = Scripted()
    desk = start(connector)
    blocker = sqlite3.connect(tmp_path / "desk.sqlite3", isolation_level=None, timeout=0)
    blocker.execute("begin immediate")
    desk.save_draft(ONE, PUBLIC, "typed")
    with pytest.raises(NotSent, match="cannot be written"):
        desk.submit(Send(conversation_id=ONE, body="typed", visibility=PUBLIC, client_id=desk.new_client_id())).result(
            PATIENCE
        )
    assert desk.state.threads[ONE].drafts == {PUBLIC: "typed"}
    assert connector.sent == []
    blocker.execute("rollback")
    blocker.close()
    reaches(desk, reply(desk, "typed"), Delivery.CONFIRMED)


def test_what_the_backend_did_is_not_denied_by_a_full_disk(start: Start, tmp_path: Path) -> None:
    """When only the outcome cannot be saved, the agent hears that it may have happened, not that nothing did."""
    connector = Scripted()

    async def perform(scripted: Scripted, intent: Intent) -> Outcome:
        return Outcome(events=(StatusChanged(ConversationId("1"), Status.SOLVED, 9),))

    connector.on_perform = perform
    desk = start(connector)
    blocker = sqlite3.connect(tmp_path / "desk.sqlite3", isolation_level=None, timeout=0)
    blocker.execute("begin immediate")
    with pytest.raises(Uncertain, match="cannot be written"):
        desk.submit(SetStatus(ONE, Status.SOLVED)).result(PATIENCE)
    blocker.execute("rollback")
    blocker.close()


def test_times_that_no_calendar_knows_do_not_come_in(start: Start) -> None:
    """Whatever a backend says, every time in the state can be shown as a date anywhere on earth."""
    connector = Scripted()
    desk = start(connector)
    for number, at in enumerate((1e18, -1e18, float("inf"), 2.0**62), start=2):
        connector.emit(MessageUpserted(message(number, sent_at=at)))
        connector.emit(
            ConversationUpserted(
                conversation("1", created_at=at, customer=Customer(id="c", name="C", since=at), snoozed_until=at),
                number,
            )
        )
        thread = desk.state.threads[ONE]
        last = thread.transcript.last
        assert last is not None
        for shown in (last.sent_at, thread.conversation.created_at, thread.conversation.customer.since or 0.0):
            for hours in (-14, 14):
                datetime.fromtimestamp(shown, timezone(timedelta(hours=hours)))


def test_a_client_id_is_accepted_once(start: Start) -> None:
    """The same reply submitted twice is one reply."""
    connector = Scripted()
    desk = start(connector)
    send = Send(conversation_id=ONE, body="hi", visibility=PUBLIC, client_id=desk.new_client_id())
    desk.submit(send).result(PATIENCE)
    with pytest.raises(Rejected, match="before"):
        desk.submit(send).result(PATIENCE)
    reaches(desk, send.client_id, Delivery.CONFIRMED)
    with pytest.raises(Rejected, match="before"):
        desk.submit(send).result(PATIENCE)
    assert len(connector.delivered) == 1


def test_a_flood_is_committed_in_few_transactions(start: Start) -> None:
    """Thousands of events at once arrive complete and in order."""
    connector = Scripted()
    desk = start(connector)
    assert connector.loop is not None
    assert connector.context is not None
    futures = [
        asyncio.run_coroutine_threadsafe(connector.context.emit(MessageUpserted(message(n))), connector.loop)
        for n in range(2, 1002)
    ]
    for future in futures:
        future.result(PATIENCE)
    assert [m.order_key for m in desk.state.threads[ONE].transcript] == list(range(1, 1002))
    assert desk.state.threads[ONE].transcript[0].role is Role.CUSTOMER
