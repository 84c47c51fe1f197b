"""Blanks in text: found where they are, and impossible to forge from outside."""

from hypothesis import given
from hypothesis import strategies as st

from paradesk.core.slots import Slot, find_slots, slot, without_slots


def test_finds_each_blank_with_its_place() -> None:
    text = "Order ⟦order.id⟧ of ⟦order.date⟧."
    assert find_slots(text) == [Slot(6, 16, "order.id"), Slot(20, 32, "order.date")]
    assert [text[found.start : found.end] for found in find_slots(text)] == ["⟦order.id⟧", "⟦order.date⟧"]


def test_half_tokens_empty_ones_and_those_across_lines_are_not_blanks() -> None:
    assert find_slots("⟦ ⟧⟧ ⟦⟧ ⟦a\nb⟧ ⟦unclosed") == [Slot(0, 3, " ")]


def test_a_stray_opening_does_not_hide_the_next_blank() -> None:
    assert [found.name for found in find_slots("⟦⟦order.id⟧")] == ["order.id"]


@given(st.text(max_size=200))
def test_a_slot_of_any_name_is_found_again(name: str) -> None:
    token = slot(name)
    assert [(found.start, found.end) for found in find_slots(token)] == [(0, len(token))]


@given(st.text(alphabet="⟦⟧a.\n "))
def test_text_from_outside_never_poses_as_a_blank(text: str) -> None:
    assert find_slots(without_slots(text)) == []
