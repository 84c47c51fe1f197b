"""The text buffer against the simplest model there is: a string and an index."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from paradesk.core.slots import find_slots
from paradesk.ui.graphemes import joins
from paradesk.ui.text_buffer import Position, TextBuffer

FAMILY = "👨\u200d👩\u200d👧"
ATOMS = ["a", "B", " ", "\n", "é", "e\u0301", "你", FAMILY, "🇩🇪", "👍🏽", "\t", "⟦order.id⟧", "'", "-", "नि"]
texts = st.lists(st.sampled_from(ATOMS), max_size=12).map("".join)


class Editing(RuleBasedStateMachine):
    """Random editing, a plain string beside it, and every state that undo must be able to reach again."""

    def __init__(self) -> None:
        super().__init__()
        self.buffer = TextBuffer()
        self.model = ""
        self.states = [""]
        self.undone: list[str] = []

    def at(self, position: Position) -> int:
        return len("\n".join(self.model.split("\n")[: position.line] + [""])) + position.column

    def selected(self) -> tuple[int, int]:
        selection = self.buffer.selection or (self.buffer.cursor, self.buffer.cursor)
        return self.at(selection[0]), self.at(selection[1])

    def expect(self, model: str) -> None:
        if model != self.model:
            self.states.append(model)
            self.undone.clear()
        self.model = model
        assert self.buffer.text == model
        self.buffer.break_undo()

    @rule(text=texts)
    def insert(self, text: str) -> None:
        start, end = self.selected()
        self.buffer.insert(text)
        self.expect(self.model[:start] + text + self.model[end:])
        assert self.at(self.buffer.cursor) == start + len(text)

    @rule(offset=st.integers(0, 200), select=st.booleans())
    def move_to(self, offset: int, select: bool) -> None:
        anchor = self.buffer.anchor or self.buffer.cursor
        self.buffer.move_to(self.buffer.position_at(offset), select)
        assert self.buffer.anchor == (anchor if select else None)

    @rule(name=st.sampled_from(["left_of", "right_of", "word_left_of", "word_right_of"]), select=st.booleans())
    def move(self, name: str, select: bool) -> None:
        before = self.buffer.cursor
        place: Position = getattr(self.buffer, name)(before)
        assert place <= before if "left" in name else place >= before
        edge = Position(0, 0) if "left" in name else self.buffer.end
        assert place != before or before == edge
        self.buffer.move_to(place, select)

    @rule(
        name=st.sampled_from(["left", "right", "word_left", "word_right", "to_line_start", "to_line_end", "selection"])
    )
    def delete(self, name: str) -> None:
        selected = self.buffer.selection is not None
        start, end = self.selected()
        cursor = self.at(self.buffer.cursor)
        changed: bool = getattr(self.buffer, f"delete_{name}")()
        after = self.buffer.text
        lost = len(self.model) - len(after)
        assert changed == (lost > 0)
        if selected:
            assert lost >= end - start
        elif "left" in name or "start" in name:
            assert after == self.model[: cursor - lost] + self.model[cursor:]
        elif "right" in name or "end" in name:
            assert after == self.model[:cursor] + self.model[cursor + lost :]
        else:
            assert lost == 0
        self.expect(after)

    @rule()
    def select_all(self) -> None:
        self.buffer.select_all()
        assert self.buffer.selected_text == self.model

    @rule(forward=st.booleans())
    def visit_slot(self, forward: bool) -> None:
        found = self.buffer.next_slot() if forward else self.buffer.previous_slot()
        assert found == bool(find_slots(self.model))
        if found:
            assert self.buffer.selected_text in {self.model[slot.start : slot.end] for slot in find_slots(self.model)}

    @rule()
    def undo_everything_and_redo_it(self) -> None:
        for state in reversed(self.states[:-1]):
            assert self.buffer.undo()
            assert self.buffer.text == state
        assert not self.buffer.undo()
        self.states += reversed(self.undone)
        self.undone.clear()
        for state in self.states[1:]:
            assert self.buffer.redo()
            assert self.buffer.text == state
        assert not self.buffer.redo()
        self.model = self.states[-1]

    @precondition(lambda self: len(self.states) > 1)
    @rule()
    def undo_one(self) -> None:
        assert self.buffer.undo()
        self.undone.append(self.states.pop())
        self.model = self.states[-1]
        assert self.buffer.text == self.model

    @invariant()
    def holds(self) -> None:
        buffer = self.buffer
        assert buffer.text == self.model == "\n".join(buffer.lines)
        assert buffer.size == len(self.model)
        for place in (buffer.cursor, buffer.anchor or buffer.cursor):
            assert 0 <= place.line < len(buffer.lines)
            assert 0 <= place.column <= len(buffer.lines[place.line])
            assert buffer.position_at(buffer.offset_of(place)) == place
        assert buffer.slot_around(buffer.cursor) is None


TestEditing = Editing.TestCase
TestEditing.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


@given(texts)
def test_the_cursor_goes_by_graphemes(text: str) -> None:
    buffer = TextBuffer(text)
    offsets = [0]
    buffer.move_to(Position(0, 0))
    while (place := buffer.right_of(buffer.cursor)) != buffer.cursor:
        buffer.move_to(place)
        offsets.append(buffer.offset_of(place))
    assert offsets[-1] == len(text)
    back = [len(text)]
    while (place := buffer.left_of(buffer.cursor)) != buffer.cursor:
        buffer.move_to(place)
        back.append(buffer.offset_of(place))
    assert back == offsets[::-1]
    for offset in offsets:
        line, column = buffer.position_at(offset)
        assert not joins(buffer.lines[line], column)


@pytest.mark.parametrize("whole", ["e\u0301", FAMILY, "🇩🇪", "👍🏽", "❤\ufe0f", "नि", "⟦order.id⟧", "你"])
def test_one_backspace_takes_one_character(whole: str) -> None:
    buffer = TextBuffer()
    buffer.insert("x" + whole)
    assert buffer.delete_left()
    assert buffer.text == "x"
    assert buffer.undo()
    buffer.move_to(Position(0, 1))
    assert buffer.delete_right()
    assert buffer.text == "x"


def typed(buffer: TextBuffer, text: str) -> None:
    for character in text:
        buffer.insert(character, typed=True)


def undo_states(buffer: TextBuffer) -> list[str]:
    states = []
    while buffer.undo():
        states.append(buffer.text)
    return states


def test_typing_is_undone_word_by_word_and_a_paste_at_once() -> None:
    buffer = TextBuffer()
    typed(buffer, "hello big world")
    buffer.insert(" and a paste\nof two lines")
    assert undo_states(buffer) == ["hello big world", "hello big ", "hello ", ""]


def test_a_move_ends_a_step_and_deletions_gather() -> None:
    buffer = TextBuffer()
    typed(buffer, "ab")
    buffer.move_to(Position(0, 1))
    typed(buffer, "XY")
    for _ in range(3):
        buffer.delete_left()
    buffer.delete_right()
    assert buffer.text == ""
    assert undo_states(buffer) == ["b", "aXYb", "ab", ""]


def test_undo_brings_the_selection_back() -> None:
    buffer = TextBuffer("one two")
    buffer.select(Position(0, 0), Position(0, 3))
    typed(buffer, "ONE")
    assert buffer.text == "ONE two"
    buffer.undo()
    assert (buffer.text, buffer.selected_text) == ("one two", "one")


def test_typing_into_a_selected_blank_fills_it() -> None:
    buffer = TextBuffer()
    buffer.insert("order ⟦order.id⟧ of ⟦date⟧")
    assert buffer.next_slot()
    typed(buffer, "42")
    assert buffer.next_slot()
    typed(buffer, "May")
    assert not buffer.next_slot()
    assert buffer.text == "order 42 of May"


def test_half_a_blank_cannot_be_deleted() -> None:
    buffer = TextBuffer("a ⟦order id⟧ b")
    buffer.move_to(buffer.end)
    buffer.delete(Position(0, 4), Position(0, 13))
    assert buffer.text == "a b"


def test_a_draft_is_no_undo_step() -> None:
    buffer = TextBuffer()
    typed(buffer, "old")
    buffer.set_text("draft")
    assert not buffer.undo()
    assert (buffer.text, buffer.cursor) == ("draft", Position(0, 5))


def test_the_history_is_bounded() -> None:
    buffer = TextBuffer()
    for number in range(3000):
        buffer.insert(f"{number} ")
    assert 100 < len(undo_states(buffer)) <= 1000
