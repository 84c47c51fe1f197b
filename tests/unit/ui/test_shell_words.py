"""What is said in words and shapes, alerts, and the way of snapshots to the screen."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from paradesk.connectors.base import NotSent, RateLimited, Rejected, Uncertain
from paradesk.core.hotlist import HotlistRow, Rank
from paradesk.core.model import ConversationId, Link, Priority, Status
from paradesk.core.state import ProfileState, State
from paradesk.ui.alerts import Alerts
from paradesk.ui.bridge import Bridge
from paradesk.ui.crash import report_text
from paradesk.ui.keys import followers
from paradesk.ui.sending import failure_text
from paradesk.ui.words import clock, link_words, waiting_mark

T = TypeVar("T")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (31.9, "0:31"), (65, "1:05"), (3723, "1:02:03"), (-5, "0:00"), (90000, "1d01h")],
)
def test_spans_to_the_second(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_a_wait_has_a_shape_near_and_over_its_target() -> None:
    assert [waiting_mark(seconds, 45) for seconds in (0, 29, 30, 44, 45, 500)] == ["", "", "!", "!", "!!", "!!"]


def test_a_lost_connection_says_why_and_when_it_is_tried_again() -> None:
    profile = ProfileState(name="acme", link=Link.WAITING, reason="connection refused", retry_at=112.0)
    words = link_words(profile, 100.0)
    assert words.startswith("○ OFFLINE")
    assert "12 s" in words
    assert "connection refused" in words
    assert len({link_words(replace(profile, link=link), 100.0)[0] for link in Link}) == len(Link)


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (NotSent("no connection"), "try again when"),
        (RateLimited("too many", 7.2), "in 7 s"),
        (Uncertain("timed out"), "look at the chat"),
        (Rejected("forbidden"), "forbidden."),
    ],
)
def test_a_failure_names_the_chat_the_reason_and_what_to_do(error: Exception, advice: str) -> None:
    text = failure_text("Sarah Chen #1241", "joining", error)
    assert text.startswith("Sarah Chen #1241: joining did not work: ")
    assert advice in text


def row(name: str, since: float | None, rank: Rank = Rank.WAITING) -> HotlistRow:
    return HotlistRow(
        conversation_id=ConversationId(name),
        profile="acme",
        customer_id=name,
        name=name,
        number="1",
        subject="",
        channel="web",
        rank=rank,
        status=Status.OPEN,
        status_label="",
        priority=Priority.NORMAL,
        unread=1,
        waiting_since=since,
        joined=rank is not Rank.QUEUE,
        ended=False,
        has_draft=False,
        typing_until=None,
        failed=0,
        confusable=False,
    )


def test_an_alert_is_given_once_per_wait_not_once_per_message() -> None:
    alerts = Alerts()
    assert alerts.look([row("a", 5.0)], None, focused=False) == []
    assert [alert.name for alert in alerts.look([row("a", 5.0), row("b", 6.0)], None, focused=False)] == ["b"]
    again = replace(row("b", 6.0), unread=7)
    assert alerts.look([row("a", 5.0), again], None, focused=False) == []
    assert alerts.look([row("a", 5.0)], None, focused=False) == []
    assert [alert.name for alert in alerts.look([row("b", 9.0)], None, focused=False)] == ["b"]


def test_whoever_looks_at_a_chat_needs_no_alert_for_it() -> None:
    alerts = Alerts()
    alerts.look([], None, focused=True)
    assert alerts.look([row("a", 5.0)], ConversationId("a"), focused=True) == []
    assert alerts.look([row("a", 5.0), row("q", 6.0, Rank.QUEUE)], ConversationId("a"), focused=True) == []
    assert alerts.look([row("z", 7.0)], ConversationId("a"), focused=True) != []


def test_a_crash_report_has_places_and_no_values() -> None:
    secret = "hunter2"
    try:
        raise ValueError(f"Sarah wrote {secret}")
    except ValueError as error:
        text = report_text(error, 0.0)
    assert "builtins.ValueError" in text
    assert "test_a_crash_report" in text
    assert "hunter2" not in text


def test_the_overlay_groups_panes_so_that_everything_fits() -> None:
    options = [("o", "status.open"), ("1", "pane.1"), ("2", "pane.2"), ("←", "pane.left"), ("→", "pane.right")]
    assert followers(options) == [("o", "Open"), ("1…2", "Pane by number"), ("←→", "Pane there")]


class Source:
    """A desk whose state a test sets from another thread."""

    def __init__(self) -> None:
        self.state = State()
        self.callbacks: list[Callable[[int], None]] = []

    def subscribe(self, selector: Callable[[State], T], callback: Callable[[T], None]) -> Callable[[], None]:
        def changed(_: int) -> None:
            callback(selector(self.state))

        self.callbacks.append(changed)
        return lambda: self.callbacks.remove(changed)

    def change(self) -> None:
        self.state = replace(self.state, version=self.state.version + 1)
        for callback in self.callbacks:
            callback(self.state.version)


async def test_many_changes_are_one_look_at_the_newest_snapshot() -> None:
    source = Source()
    seen: list[int] = []
    newest = asyncio.Event()

    def show(state: State) -> None:
        seen.append(state.version)
        if state.version == 500:
            newest.set()

    bridge = Bridge(source, show)
    bridge.start()

    def flood() -> None:
        for _ in range(500):
            source.change()

    await asyncio.to_thread(flood)
    await asyncio.wait_for(newest.wait(), 10)
    assert seen == sorted(seen)
    assert len(seen) < 100
    bridge.stop()
    assert source.callbacks == []
