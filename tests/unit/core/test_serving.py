"""Dedicated and shared agents: whose queue they see, and in what order; what is theirs already stays."""

import pytest

from paradesk.core.events import DraftChanged
from paradesk.core.hotlist import HotlistRows, hotlist, next_waiting
from paradesk.core.model import Conversation, ConversationId, Customer, Status, Visibility
from paradesk.core.reduce import reduce
from paradesk.core.serving import EVERYTHING, Serving
from paradesk.core.state import State, Thread


def thread(name: str, profile: str, channel: str, waiting: float, *, joined: bool = False) -> Thread:
    conversation = Conversation(
        id=ConversationId(f"{profile}/{name}"),
        profile=profile,
        customer=Customer(id=name, name=name),
        channel=channel,
        status=Status.OPEN,
        joined=joined,
    )
    return Thread(conversation=conversation, waiting_since=waiting)


THREADS = (
    thread("Mine", "shop", "web", 50.0, joined=True),
    thread("Old web", "shop", "web", 1.0),
    thread("New web", "shop", "web", 9.0),
    thread("Phone", "care", "whatsapp", 5.0),
    thread("Mail", "care", "mail", 2.0),
)
STATE = State(threads={one.conversation.id: one for one in THREADS})


@pytest.mark.parametrize(
    ("serving", "expected"),
    [
        (EVERYTHING, ["Mine", "Old web", "Mail", "Phone", "New web"]),
        (Serving(only=("whatsapp",)), ["Mine", "Phone"]),
        (Serving(only=("care",)), ["Mine", "Mail", "Phone"]),
        (Serving(order=("whatsapp", "shop")), ["Mine", "Phone", "Old web", "New web", "Mail"]),
        (Serving(only=("care",), order=("whatsapp",)), ["Mine", "Phone", "Mail"]),
        (Serving(only=("nobody",)), ["Mine"]),
    ],
    ids=["all", "a channel", "a profile", "preferred", "both", "none"],
)
def test_whose_queue_is_seen(serving: Serving, expected: list[str]) -> None:
    assert [row.name for row in hotlist(STATE, serving)] == expected
    assert [row.name for row in HotlistRows(serving).of(STATE)] == expected


def test_next_is_who_is_served() -> None:
    mine = STATE.threads[ConversationId("shop/Mine")].conversation.id
    first = next_waiting(hotlist(STATE, Serving(only=("whatsapp",))), mine)
    assert first is not None
    assert first.name == "Phone"


def test_what_was_written_stays_in_sight() -> None:
    there = reduce(STATE, DraftChanged(ConversationId("shop/Old web"), Visibility.PUBLIC, "half a thought"))
    assert "Old web" in [row.name for row in hotlist(there, Serving(only=("whatsapp",)))]


def test_words_for_the_status_bar() -> None:
    assert EVERYTHING.words == ""
    assert Serving(only=("whatsapp", "web")).words == "only whatsapp, web"
