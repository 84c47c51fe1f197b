"""Where panes stand for every size of terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradesk.ui.tiling import (
    MAX_PANES,
    MIN_PANE_HEIGHT,
    MIN_PANE_WIDTH,
    Box,
    arrange,
    capacity,
    choose_shown,
    docks_hotlist,
    neighbour,
    share_width,
    too_small,
)

sizes = st.tuples(st.integers(1, 400), st.integers(1, 200))


def body(width: int, height: int) -> tuple[int, int]:
    """The workspace of a terminal: without the two edge lines, and without a hotlist that has its place."""
    return share_width(width, hotlist=docks_hotlist(width), panel=False).workspace, height - 2


@given(st.integers(1, 9), sizes)
def test_panes_cover_the_workspace_exactly_once(count: int, size: tuple[int, int]) -> None:
    width, height = size
    boxes = arrange(count, width, height)
    assert 1 <= len(boxes) <= min(count, MAX_PANES)
    assert sum(box.width * box.height for box in boxes) == width * height
    for place, box in enumerate(boxes):
        assert box.x >= 0
        assert box.x + box.width <= width
        assert box.y + box.height <= height
        for other in boxes[place + 1 :]:
            apart = (
                box.x + box.width <= other.x
                or other.x + other.width <= box.x
                or box.y + box.height <= other.y
                or other.y + other.height <= box.y
            )
            assert apart


@given(st.integers(2, 6), sizes)
def test_panes_that_share_the_workspace_are_readable(count: int, size: tuple[int, int]) -> None:
    boxes = arrange(count, *size)
    if len(boxes) > 1:
        assert min(box.width for box in boxes) >= min(MIN_PANE_WIDTH, size[0])
        assert min(box.height for box in boxes) >= min(MIN_PANE_HEIGHT, size[1])


@pytest.mark.parametrize(
    ("terminal", "least", "most"), [((80, 24), 1, 2), ((120, 40), 2, 4), ((200, 50), 4, 6), ((40, 10), 1, 1)]
)
def test_how_many_panes_a_terminal_shows(terminal: tuple[int, int], least: int, most: int) -> None:
    assert least <= capacity(*body(*terminal)) <= most


def test_the_hotlist_has_a_place_of_its_own_only_where_panes_keep_theirs() -> None:
    assert not docks_hotlist(80)
    assert docks_hotlist(120)


@given(st.integers(40, 400), st.booleans(), st.booleans())
def test_the_panes_always_keep_room_for_one(width: int, hotlist: bool, panel: bool) -> None:
    columns = share_width(width, hotlist=hotlist, panel=panel)
    assert columns.hotlist + columns.workspace + columns.panel == width
    assert columns.workspace >= min(width, 20)


def test_reading_order_is_by_rows() -> None:
    boxes = arrange(4, 168, 48)
    assert boxes == [Box(0, 0, 84, 24), Box(84, 0, 84, 24), Box(0, 24, 84, 24), Box(84, 24, 84, 24)]


def test_neighbours_by_direction() -> None:
    boxes = arrange(4, 168, 48)
    assert neighbour(boxes, 0, "right") == 1
    assert neighbour(boxes, 0, "down") == 2
    assert neighbour(boxes, 3, "left") == 2
    assert neighbour(boxes, 3, "up") == 1
    assert neighbour(boxes, 0, "left") is None
    assert neighbour(boxes, 0, "up") is None


def test_the_neighbour_below_two_panes_is_the_wide_one() -> None:
    boxes = arrange(3, 94, 38)
    assert neighbour(boxes, 0, "down") == 2
    assert neighbour(boxes, 1, "down") == 2
    assert neighbour(boxes, 2, "up") == 0


def test_the_panes_that_were_active_last_are_shown_in_their_order() -> None:
    assert choose_shown("abcd", "dbac", 2) == ("b", "d")
    assert choose_shown("abcd", "c", 1) == ("c",)
    assert choose_shown("ab", "b", 5) == ("a", "b")


def test_too_small() -> None:
    assert too_small(20, 5)
    assert too_small(39, 30)
    assert too_small(100, 9)
    assert not too_small(40, 10)
