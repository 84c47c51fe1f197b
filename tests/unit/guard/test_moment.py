"""Target, switch and late lines: what the composer knows of a draft's making."""

import pytest

from paradesk.core.model import ConversationId, Delivery, MessageId, Role, Visibility
from paradesk.guard.verdict import Check, GuardSettings, Late, Origin, OriginKind, Severity
from tests.unit.guard.chats import NOW, look, message, only, silent, thread

ONE, TWO = ConversationId("acme/1"), ConversationId("acme/2")


def test_a_draft_that_was_begun_for_another_chat_is_stopped() -> None:
    finding = only(look("on its way", thread("acme/1"), thread("acme/2"), target=TWO), Check.TARGET)
    assert (finding.severity, finding.meant) == (Severity.ASK, TWO)
    assert silent(look("on its way", target=ONE))


def test_a_note_is_stopped_as_well_when_it_was_begun_elsewhere() -> None:
    verdict = look("angry", thread("acme/1"), thread("acme/2"), target=TWO, visibility=Visibility.NOTE)
    assert only(verdict, Check.TARGET).meant == TWO


def test_what_was_typed_right_after_a_switch_is_shown() -> None:
    finding = only(look("lo, it is shipped", switched="lo", switched_from=TWO), Check.SWITCHED)
    assert finding.reason == "“lo” was typed right after the switch"
    assert (finding.severity, finding.meant) == (Severity.ASK, TWO)


@pytest.mark.parametrize("switched", ["", "  \n", "gone"])
def test_a_switch_that_left_nothing_in_the_draft_is_nothing(switched: str) -> None:
    assert silent(look("it is shipped", switched=switched, switched_from=TWO))


CHAT = ("where is it?", "> let me look", "it says delivered", "but it is not here")


def test_lines_that_came_while_the_agent_wrote_are_shown_first() -> None:
    finding = only(look("It is on its way", thread("acme/1", *CHAT), last_seen=MessageId("m1")), Check.LATE)
    assert finding.message_id == "m3"
    assert finding.reason == "2 new lines, first “it says delivered”"
    assert finding.severity is Severity.ASK


def test_what_was_there_or_has_been_shown_is_not_late() -> None:
    chat = thread("acme/1", *CHAT)
    assert silent(look("It is on its way", chat, last_seen=MessageId("m4")))
    assert silent(look("It is on its way", chat, last_seen=MessageId("m1"), acknowledged=MessageId("m4")))
    finding = only(look("It is on its way", chat, last_seen=MessageId("m1"), acknowledged=MessageId("m3")), Check.LATE)
    assert finding.message_id == "m4"


def test_policy_decides_whether_a_line_that_was_read_meanwhile_counts() -> None:
    chat = thread("acme/1", *CHAT)
    for late, asks in ((Late.UNREAD, False), (Late.ALWAYS, True), (Late.OFF, False)):
        verdict = look("fine", chat, settings=GuardSettings(late=late), last_seen=MessageId("m1"), read=MessageId("m4"))
        assert verdict.asks is asks
    assert silent(look("fine", chat, settings=GuardSettings(late=Late.OFF), last_seen=MessageId("m1")))


def test_only_customers_come_late() -> None:
    late = [
        message(2, "a bot's answer", role=Role.BOT),
        message(3, "joined", role=Role.SYSTEM),
        message(4, "psst", role=Role.AGENT, visibility=Visibility.NOTE),
        message(5, "gone", deleted=True),
        message(6, "> mine", delivery=Delivery.QUEUED),
    ]
    assert silent(look("fine, thanks a lot", thread("acme/1", "hello", *late), last_seen=MessageId("m1")))


def test_the_order_of_the_backend_counts_and_not_a_clock() -> None:
    chat = thread("acme/1", "hello", message(2, "behind", sent_at=5.0))
    assert only(look("fine", chat, last_seen=MessageId("m1"), begun_at=NOW), Check.LATE).message_id == "m2"


def test_without_a_line_on_the_screen_the_clock_must_do() -> None:
    chat = thread("acme/1", "hello", "anyone?")
    assert only(look("fine", chat, begun_at=NOW - 985), Check.LATE).message_id == "m2"
    assert silent(look("fine", chat, begun_at=NOW - 5))
    assert silent(look("fine", chat))
    assert only(look("fine", chat, last_seen=MessageId("cut"), begun_at=NOW - 985), Check.LATE).message_id == "m2"


def test_a_note_waits_for_no_line() -> None:
    chat = thread("acme/1", *CHAT)
    assert silent(look("angry", chat, last_seen=MessageId("m1"), visibility=Visibility.NOTE))


def test_what_the_agent_moved_here_is_meant_for_here() -> None:
    origin = Origin(TWO, OriginKind.MOVED, "your parcel will be with you on Friday")
    assert silent(look(origin.text, thread("acme/1"), thread("acme/2"), origins=(origin,), target=ONE))
