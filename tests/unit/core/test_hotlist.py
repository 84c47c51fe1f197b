"""The order in which an agent goes through the chats."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from paradesk.core.events import ConversationRemoved, DraftChanged, MessageUpserted, SendChanged, TypingChanged
from paradesk.core.hotlist import MOST_COMPARED, HotlistRows, Rank, hotlist, next_waiting, unanswered, undone
from paradesk.core.model import (
    ClientId,
    Conversation,
    ConversationId,
    Customer,
    Delivery,
    Message,
    MessageId,
    Role,
    Status,
    Visibility,
)
from paradesk.core.reduce import reduce
from paradesk.core.state import State, Thread
from paradesk.core.threads import threads_of


def thread(name: str, waiting: float | None = None, **changes: Any) -> Thread:
    fields: dict[str, Any] = {
        "id": ConversationId(f"acme/{name}"), "profile": "acme", "customer": Customer(id=name, name=name),
        "status": Status.OPEN,
    } | changes  # fmt: skip
    return Thread(conversation=Conversation(**fields), waiting_since=waiting)


def state(*threads: Thread) -> State:
    return State(threads={item.conversation.id: item for item in threads})


def names(value: State) -> list[str]:
    return [row.name for row in hotlist(value)]


def test_the_jump_order() -> None:
    """Waiting and ours, the queue, other ours, done; in each the oldest first, whatever the order of arrival."""
    threads = [
        thread("Solved", 1.0, status=Status.SOLVED),
        thread("Ended", 2.0, ended=True),
        thread("Idle B", created_at=20.0),
        thread("Idle A", created_at=10.0),
        thread("Queue late", 9.0, joined=False),
        thread("Queue early", 3.0, joined=False),
        thread("Waits 60", 60.0),
        thread("Waits 50", 50.0),
    ]
    expected = ["Waits 50", "Waits 60", "Queue early", "Queue late", "Idle A", "Idle B", "Solved", "Ended"]
    assert names(state(*threads)) == names(state(*reversed(threads))) == expected
    rows = {row.name: row for row in hotlist(state(*threads))}
    assert rows["Solved"].waiting_since is None
    assert rows["Ended"].rank is Rank.DONE
    assert rows["Waits 50"].waiting_since == 50.0


def test_next_waiting_is_who_has_waited_longest_of_the_others() -> None:
    """Ours before the queue, never the active chat, never one that is done."""

    def following(value: State, active: str | None) -> str | None:
        row = next_waiting(hotlist(value), None if active is None else ConversationId(f"acme/{active}"))
        return None if row is None else row.name

    value = state(
        thread("a", 1.0), thread("b", 2.0), thread("q", 0.5, joined=False), thread("done", 0.1, ended=True), thread("i")
    )
    assert [following(value, active) for active in (None, "i", "a", "b", "q")] == ["a", "a", "b", "a", "a"]
    assert following(state(thread("a", 1.0), thread("q", 0.5, joined=False)), "a") == "q"
    assert following(state(thread("a", 1.0)), "a") is None
    assert following(State(), None) is None


def test_a_row_tells_what_needs_attention() -> None:
    """Drafts, failed replies, typing and names that are easily mixed up."""
    one, two = ConversationId("acme/1"), ConversationId("acme/2")
    value = state(
        replace(
            thread("1"), conversation=replace(thread("1").conversation, customer=Customer(id="1", name="Jonas Kühn"))
        ),
        replace(
            thread("2"), conversation=replace(thread("2").conversation, customer=Customer(id="2", name="Jonas Kuhn"))
        ),
    )
    value = reduce(value, TypingChanged(one, "Jonas", True, until=77.0))
    value = reduce(value, TypingChanged(two, "A colleague", True, until=77.0, customer=False))
    value = reduce(value, SendChanged(one, ClientId("c"), Delivery.FAILED))
    value = State(
        threads={**value.threads, two: replace(value.threads[two], drafts={Visibility.NOTE: "x"})},
    )
    rows = {row.conversation_id: row for row in hotlist(value)}
    assert all(row.confusable for row in rows.values())
    assert (rows[one].typing_until, rows[two].typing_until) == (77.0, None)
    assert (rows[one].failed, rows[two].failed) == (1, 0)
    assert (rows[one].has_draft, rows[two].has_draft) == (False, True)


def test_unknown_conversations_are_shown_and_removed_ones_are_not() -> None:
    """A message whose conversation has not arrived must not be invisible."""
    message = Message(
        id=MessageId("m"), conversation_id=ConversationId("acme/7"), role=Role.CUSTOMER, sender_id="s",
        sender_name="S", body="?", sent_at=5.0, order_key=1,
    )  # fmt: skip
    value = reduce(State(), MessageUpserted(message))
    assert [(row.name, row.waiting_since) for row in hotlist(value)] == [("7", 5.0)]
    assert hotlist(reduce(value, ConversationRemoved(ConversationId("acme/7"), "left", 1))) == ()


def test_an_id_that_stands_in_for_a_name_is_cleaned() -> None:
    """Ids are opaque and not cleaned on the way in; where one is shown it carries no control and no reordering."""
    nameless = thread("x", id=ConversationId("acme/\x1b]0;boss\x07\u202eevil"), customer=Customer(id="", name=""))
    assert names(state(nameless)) == ["\u241b]0;boss\u2407\u2426evil"]


def test_a_removed_chat_stays_while_a_text_in_it_has_reached_nobody() -> None:
    """A failed reply or a draft keeps its chat in sight, at the end of the list, until the agent has decided about it."""
    one = ConversationId("acme/1")
    value = reduce(state(thread("1", waiting=1.0)), ConversationRemoved(one, "transferred away", 1))
    assert hotlist(value) == ()
    failed = reduce(value, SendChanged(one, ClientId("c"), Delivery.FAILED, version=1))
    assert [(row.rank, row.failed) for row in hotlist(failed)] == [(Rank.DONE, 1)]
    assert next_waiting(hotlist(failed), None) is None
    back = reduce(failed, SendChanged(one, ClientId("c"), Delivery.CANCELLED, version=2))
    assert hotlist(back) == ()
    back = reduce(back, DraftChanged(one, Visibility.PUBLIC, "half a reply"))
    assert [row.has_draft for row in hotlist(back)] == [True]
    assert hotlist(reduce(back, DraftChanged(one, Visibility.PUBLIC, ""))) == ()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Anna K.", "Anna Kurz", "Ben", "Zoë", "Zoe", "Li", "Olu"]),
            st.sampled_from([None, 1.0, 2.0]),
            st.sampled_from([Status.OPEN, Status.SOLVED]),
            st.booleans(),
            st.sampled_from(["", "left"]),
        ),
        max_size=40,
    )
)
def test_looking_again_at_what_has_changed_is_looking_at_all(
    steps: list[tuple[str, float | None, Status, bool, str]],
) -> None:
    rows, value = HotlistRows(), State()
    for name, waiting, status, joined, removed in steps:
        changed = replace(thread(name, waiting, status=status, joined=joined), removed=removed)
        value = replace(value, threads=threads_of(value.threads).put(changed.conversation.id, changed))
        assert rows.of(value) == hotlist(value)
    assert rows.of(value) is rows.of(replace(value, version=7)), "nothing has changed"


def test_only_names_near_the_top_are_compared() -> None:
    many = [thread(f"Customer number {number}", float(number)) for number in range(MOST_COMPARED)]
    twins = [thread("Jonas Kühn", 1e6), thread("Jonas Kuehn", 1e6 + 1)]
    assert not any(row.confusable for row in hotlist(state(*many, *twins)) if row.name.startswith("Jonas"))
    assert all(row.confusable for row in hotlist(state(*many[:10], *twins)) if row.name.startswith("Jonas"))


def test_parts_of_the_list_end_where_the_next_begins() -> None:
    rows = hotlist(
        state(
            thread("Waits", 1.0), thread("Queue", None, joined=False), thread("Idle"), thread("Done", None, ended=True)
        )
    )
    assert [row.name for row in unanswered(rows)] == ["Waits", "Queue"]
    assert [row.name for row in undone(rows)] == ["Waits", "Queue", "Idle"]
