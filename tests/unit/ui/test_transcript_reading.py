"""Where the agent reads: at the tail, or held at a row that nothing moves."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradesk.core.model import Message, MessageId, Role
from paradesk.core.transcript import Transcript
from paradesk.ui.transcript_blocks import Blocks
from paradesk.ui.transcript_reading import Reading
from paradesk.ui.transcript_scroll import RowWalk
from tests.unit.ui.transcripts import message, own, thread

TODAY = date(2026, 11, 22)


def reading(messages: list[Message], width: int = 40, height: int = 10) -> Reading:
    blocks = Blocks()
    blocks.update(thread(messages), TODAY)
    view = Reading(blocks)
    view.resize(width, height)
    return view


def update(view: Reading, transcript: Transcript, gap_key: int | None = None) -> None:
    view.blocks.update(replace(thread(transcript), gap=gap_key is not None, gap_key=gap_key), TODAY)


def shown(view: Reading) -> list[str]:
    rows = []
    for index, row in view.places():
        parts = view.blocks.block(index).rows[row]
        rows.append("".join(part.text for part in parts.prefix) + parts.text)
    return rows


def texts(view: Reading) -> list[str]:
    """The rows in view that are text of a message."""
    rows = []
    for index, row in view.places():
        text = view.blocks.block(index).rows[row]
        if text.start >= 0:
            rows.append(f"{view.blocks.transcript[index].id}:{text.text}")
    return rows


def test_a_walk_stops_at_both_ends_and_skips_empty_blocks() -> None:
    heights = {-1: 0, 0: 2, 1: 3, 2: 0, 3: 1, 4: 0}
    walk = RowWalk(heights.__getitem__, -1, 4)
    every = [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (3, 0)]
    assert walk.start() == (0, 0)
    assert walk.end() == (3, 0)
    assert walk.down((0, 0), 99) == every
    assert walk.tail(99) == every
    assert walk.tail(2) == every[-2:]
    assert walk.down((1, 1), 2) == [(1, 1), (1, 2)]
    for start, place in enumerate(every):
        for delta in range(-8, 9):
            assert walk.move(place, delta) == every[min(max(0, start + delta), len(every) - 1)]


def test_the_tail_is_followed() -> None:
    view = reading([message(number, f"text {number}") for number in range(50)])
    assert texts(view)[-1] == "m49:text 49"
    update(view, view.blocks.transcript.put(message(50, "newer")))
    assert view.following
    assert texts(view)[-1] == "m50:newer"
    assert len(view.places()) == 10


def test_new_messages_do_not_move_what_is_read() -> None:
    view = reading([message(number, f"text {number}") for number in range(50)])
    view.scroll(-7)
    before = shown(view)
    assert len(before) == 9  # the last row says what waits below
    for number in range(50, 55):
        update(view, view.blocks.transcript.put(message(number)))
    assert shown(view) == before
    assert view.new_below == 5
    view.to_bottom()
    assert view.new_below == 0
    assert texts(view)[-1].startswith("m54:")


def test_a_page_of_history_does_not_move_what_is_read() -> None:
    view = reading([message(number, f"text {number}") for number in range(50, 90)])
    view.to_top()
    before = texts(view)
    assert before[0] == "m50:text 50"
    update(view, view.blocks.transcript.put_all(message(number) for number in range(50)))
    after = texts(view)
    # rule and name above the first message may have gone: what stands there instead is the text before it
    assert after[-len(before) :] == before
    assert view.new_below == 0


def test_a_held_message_that_is_replaced_keeps_its_place() -> None:
    pending = own(45, "reply")
    messages = [message(number, f"text {number}") for number in range(90) if number != 45]
    view = reading([*messages, pending])
    index = view.blocks.transcript.position("m45")
    assert index is not None
    view.reveal((index, view.blocks.block(index).base))
    view.scroll(index * 0 + 3)
    before = texts(view)
    assert before[0].startswith("m45:")
    transcript = view.blocks.transcript.without(MessageId("m45")).put(replace(pending, id=MessageId("server-45")))
    update(view, transcript)
    assert texts(view) == ["server-45:reply", *before[1:]]


def test_scrolling_down_to_the_tail_follows_again() -> None:
    view = reading([message(number) for number in range(50)])
    view.scroll(-5)
    assert not view.following
    for _ in range(5):
        view.scroll(1)
    assert view.following


def test_the_top_stops_scrolling() -> None:
    view = reading([message(number) for number in range(50)])
    assert not view.scroll(-5)
    assert view.scroll(-500)
    assert view.scroll(-1)
    assert view.places()[0] == (0, 0)


def test_what_fits_does_not_scroll() -> None:
    view = reading([message(0), message(1)])
    assert view.scroll(-3)
    assert view.following
    assert not view.scroll(3)
    view.to_top()
    assert view.following


def test_an_empty_conversation_shows_and_moves_nothing() -> None:
    view = reading([])
    assert view.places() == []
    view.scroll(-1)
    view.scroll(1)
    view.to_top()
    assert not view.move_cursor(-1)
    assert view.cursor is None


def test_another_width_keeps_the_text_in_the_first_row() -> None:
    words = " ".join(f"w{number:03}" for number in range(300))
    view = reading([message(0, words), *(message(number) for number in range(1, 40))], 44, 8)
    view.to_top()
    view.scroll(20)
    first = texts(view)[0].split(":")[1].split()[0]
    for width in (30, 61, 100, 44):
        view.resize(width, 8)
        assert first in texts(view)[0]


def test_the_cursor_walks_over_messages_and_comes_into_view() -> None:
    view = reading([message(number, f"text {number}") for number in range(50)])
    view.move_cursor(-1)
    assert view.cursor is not None
    assert view.cursor.id == "m49"
    for _ in range(20):
        view.move_cursor(-1)
    assert view.cursor.id == "m29"
    assert "m29:text 29" in texts(view)
    assert not view.following
    for _ in range(20):
        view.move_cursor(1)
    assert texts(view)[-1] == "m49:text 49"
    assert view.following
    assert not view.move_cursor(1)


def test_the_cursor_stays_on_its_message() -> None:
    view = reading([message(number) for number in range(10, 50)])
    view.choose(5)
    update(view, view.blocks.transcript.put_all([message(3), message(60)]))
    assert view.cursor is not None
    assert view.cursor.id == "m15"


def test_only_what_is_in_view_is_built() -> None:
    view = reading([message(number) for number in range(10_000)])
    view.places()
    view.to_top()
    view.places()
    view.to_bottom()
    view.places()
    assert len(view.blocks._kept) < 100


@pytest.mark.parametrize("height", [0, 1, 2, 3])
def test_tiny_views(height: int) -> None:
    view = reading([message(number, "word " * 30) for number in range(5)], 4, height)
    for delta in (-3, 2, -50, 50):
        view.scroll(delta)
        assert len(view.places()) <= height


def test_the_rule_for_new_messages_stands_before_the_first_of_the_customer() -> None:
    view = reading([message(0), own(1), own(2), message(3), message(4)])
    view.blocks.unseen_after = 1
    update(view, view.blocks.transcript)
    looks = [view.blocks.block(index).rows[0].kind for index in range(5)]
    assert looks.index("unseen") == 3
    assert looks.count("unseen") == 1
    view.blocks.drop_unseen()
    assert "unseen" not in [row.kind for index in range(5) for row in view.blocks.block(index).rows]


def test_the_gap_stays_where_it_is() -> None:
    view = reading([message(0), message(2)])
    update(view, view.blocks.transcript, 2)
    assert view.blocks.block(1).rows[-1].kind == "gap"
    update(view, view.blocks.transcript.put(message(9)), 2)
    assert view.blocks.block(1).rows[-1].kind == "gap"
    update(view, view.blocks.transcript.put(message(9)).without(MessageId("m2")), 2)
    assert view.blocks.block(0).rows[-1].kind == "gap"
    update(view, view.blocks.transcript)
    assert all(row.kind != "gap" for index in range(2) for row in view.blocks.block(index).rows)


changes = st.lists(
    st.tuples(
        st.sampled_from(["append", "prepend", "insert-below", "edit-above"]), st.integers(0, 99), st.integers(0, 300)
    ),
    max_size=12,
)
roles = st.sampled_from([Role.CUSTOMER, Role.AGENT, Role.SYSTEM])


@given(
    st.lists(st.tuples(roles, st.integers(0, 200)), min_size=20, max_size=40),
    st.sampled_from([24, 40, 80]),
    st.integers(4, 12),
    st.integers(1, 25),
    changes,
)
def test_nothing_that_happens_elsewhere_moves_what_is_read(
    start: list[tuple[Role, int]], width: int, height: int, up: int, later: list[tuple[str, int, int]]
) -> None:
    messages = [message(1000 + 10 * n, "x " * size, role) for n, (role, size) in enumerate(start)]
    view = reading(messages, width, height)
    view.scroll(-up)
    if view.following:
        return
    before = texts(view)
    for step, (kind, number, size) in enumerate(later):
        transcript = view.blocks.transcript
        top = view.places()[0][0]
        if kind == "append":
            update(view, transcript.put(message(5000 + step, "y " * size)))
        elif kind == "prepend":
            update(view, transcript.put(message(900 - step, "y " * size)))
        elif kind == "insert-below":
            update(view, transcript.put(message(3000 + step, "y " * size, Role.SYSTEM)))
        elif top > 0:
            above = transcript[number % top]
            update(view, transcript.put(replace(above, body="z " * size, version=step + 1, edited=True)))
    after = texts(view)
    assert after[-len(before) :] == before or not before
