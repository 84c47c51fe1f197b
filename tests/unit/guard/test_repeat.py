"""The same reply twice."""

from typing import Any

import pytest

from paradesk.core.model import Delivery, Message, Role, Visibility
from paradesk.guard.verdict import Check, Severity
from tests.unit.guard.chats import NOW, look, message, only, silent, thread

TEXT = "Your refund is on its way, it takes three to five days."


def sent(text: str, age: float, **changes: Any) -> Message:
    return message(2, f"> {text}", sent_at=NOW - age, **changes)


@pytest.mark.parametrize("again", [TEXT, "your refund is on its way - it takes three to five days", f"  {TEXT}\n"])
def test_the_same_a_moment_ago_is_asked(again: str) -> None:
    finding = only(look(again, thread("acme/1", "hello", sent(TEXT, 3))), Check.REPEAT)
    assert finding.severity is Severity.ASK
    assert finding.message_id == "m2"


def test_the_same_some_time_ago_is_held() -> None:
    verdict = look(TEXT, thread("acme/1", "hello", sent(TEXT, 300)))
    finding = only(verdict, Check.REPEAT)
    assert (finding.severity, verdict.hold, verdict.asks) == (Severity.HOLD, 4.0, False)
    assert finding.reason == "the same was sent here 5 min ago"


def test_nearly_the_same_is_held() -> None:
    near = "Your refund is on its way, and it takes three to five days!"
    assert only(look(near, thread("acme/1", "hello", sent(TEXT, 30))), Check.REPEAT).severity is Severity.HOLD
    nah = "Ihre Erstattung ist unterwegs, das dauert drei bis fünf Tage."
    chat = thread("acme/1", "hallo", sent("Ihre Erstattung ist unterwegs; das dauert drei bis fünf Tage", 30))
    assert only(look(nah, chat), Check.REPEAT)


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("Order 7731 leaves our warehouse on Monday.", "Order 7732 leaves our warehouse on Monday."),
        (TEXT, "I am sorry, there is no refund for this one."),
        (TEXT, "Your refund is on its way."),
        ("Moment", "Moment"),
        ("ok", "ok"),
        ("danke!", "Danke"),
    ],
)
def test_other_numbers_other_words_and_acknowledgements_are_fine(before: str, text: str) -> None:
    assert silent(look(text, thread("acme/1", "hello", sent(before, 30))))


def test_an_acknowledgement_in_the_very_same_moment_is_a_key_too_many() -> None:
    assert only(look("ok", thread("acme/1", "hello", sent("ok", 1))), Check.REPEAT).severity is Severity.ASK


def test_what_the_customer_asks_again_may_be_answered_again() -> None:
    chat = thread("acme/1", "hello", sent(TEXT, 40), message(3, "sorry, what did you say?", sent_at=NOW - 20))
    assert silent(look(TEXT, chat))


def test_a_line_that_crossed_the_reply_is_no_reason_to_send_it_twice() -> None:
    chat = thread("acme/1", "hello", sent(TEXT, 2), message(3, "thanks", sent_at=NOW - 1))
    assert only(look(TEXT, chat), Check.REPEAT).severity is Severity.ASK


@pytest.mark.parametrize(
    "earlier",
    [
        sent(TEXT, 30, delivery=Delivery.CANCELLED),
        sent(TEXT, 30, delivery=Delivery.FAILED),
        sent(TEXT, 30, deleted=True),
        sent(TEXT, 30, visibility=Visibility.NOTE),
        sent(TEXT, 30, client_id=None, sender_id="a colleague"),
        sent(TEXT, 30, role=Role.BOT),
        sent(TEXT, 90_000),
    ],
)
def test_what_did_not_reach_the_customer_from_this_agent_today_is_no_repetition(earlier: Message) -> None:
    assert silent(look(TEXT, thread("acme/1", "hello", earlier)))


def test_an_unclear_reply_is_named_as_such() -> None:
    chat = thread("acme/1", "hello", sent(TEXT, 30, delivery=Delivery.UNCERTAIN))
    assert only(look(TEXT, chat), Check.REPEAT).reason == (
        "the same was sent here a moment ago, unclear whether it arrived"
    )


def test_only_so_far_back() -> None:
    later = [message(n, "bot says", role=Role.BOT) for n in range(3, 40)]
    assert silent(look(TEXT, thread("acme/1", "hello", sent(TEXT, 100), *later)))


def test_a_note_may_be_repeated() -> None:
    note = sent(TEXT, 10, visibility=Visibility.NOTE)
    assert silent(look(TEXT, thread("acme/1", "hello", note), visibility=Visibility.NOTE))
