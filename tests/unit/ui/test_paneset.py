"""Which chats stand in panes."""

from hypothesis import given
from hypothesis import strategies as st

from paradesk.core.model import ConversationId
from paradesk.ui.paneset import PaneSet
from paradesk.ui.tiling import MAX_PANES

A, B, C, D = (ConversationId(name) for name in "abcd")


def opened(*items: ConversationId, room: int = 6) -> PaneSet:
    panes = PaneSet()
    for item in items:
        panes = panes.open(item, room)
    return panes


def test_a_chat_opens_in_a_free_place_and_is_active() -> None:
    panes = opened(A, B)
    assert panes.order == (A, B)
    assert panes.active == B


def test_without_a_free_place_it_takes_that_of_the_active_one() -> None:
    panes = opened(A, B).activate(A).open(C, 2)
    assert panes.order == (C, B)
    assert panes.active == C


def test_beside_means_a_pane_of_its_own_even_where_it_hides_others() -> None:
    panes = opened(A, B).open(C, 2, beside=True)
    assert panes.order == (A, B, C)


def test_opening_what_is_open_goes_there() -> None:
    panes = opened(A, B).open(A, 2)
    assert panes.order == (A, B)
    assert panes.active == A


def test_closing_goes_back_to_the_one_before() -> None:
    panes = opened(A, B, C).activate(A).activate(C).close(C)
    assert panes.order == (A, B)
    assert panes.active == A


def test_closing_another_one_moves_nothing() -> None:
    assert opened(A, B, C).close(A).active == C


def test_last_goes_back_and_forth() -> None:
    panes = opened(A, B, C)
    assert panes.last().active == B
    assert panes.last().last().active == C


def test_swap_moves_the_pane_and_keeps_it_active() -> None:
    panes = opened(A, B, C).activate(A).swap()
    assert panes.order == (B, A, C)
    assert panes.active == A


def test_adding_takes_no_activity_away() -> None:
    panes = opened(A).add(B)
    assert panes.order == (A, B)
    assert panes.active == A


changes = st.lists(
    st.tuples(
        st.sampled_from(["open", "beside", "add", "close", "activate", "swap", "zoom", "next", "last"]),
        st.sampled_from("abcdefgh").map(ConversationId),
        st.integers(1, 6),
    ),
    max_size=40,
)


@given(changes)
def test_one_pane_is_active_whatever_happens(steps: list[tuple[str, ConversationId, int]]) -> None:
    panes = PaneSet()
    for what, item, room in steps:
        match what:
            case "open":
                panes = panes.open(item, room)
            case "beside":
                panes = panes.open(item, room, beside=True)
            case "add":
                panes = panes.add(item)
            case "close":
                panes = panes.close(item)
            case "activate":
                panes = panes.activate(item)
            case "swap":
                panes = panes.swap()
            case "zoom":
                panes = panes.zoom()
            case "next":
                panes = panes.next()
            case "last":
                panes = panes.last()
        assert len(set(panes.order)) == len(panes.order) <= MAX_PANES
        assert set(panes.recent) == set(panes.order)
        assert (panes.active in panes.order) if panes.order else panes.active is None
