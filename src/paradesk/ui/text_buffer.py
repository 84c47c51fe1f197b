"""The text that an agent is writing: lines, cursor, selection, blanks, undo. Pure: knows no screen and no width."""

import re
from collections.abc import Callable
from typing import NamedTuple

from paradesk.core.slots import Slot, find_slots
from paradesk.ui.edit_history import Edit, EditHistory
from paradesk.ui.graphemes import next_boundary, previous_boundary

_WORD = re.compile(r"[\w'’]+")


class Position(NamedTuple):
    """A place between two characters: logical line and column, both from 0, the column in code points."""

    line: int
    column: int


class Splice(NamedTuple):
    """One replacement as it happened: what lay from `start` on was `removed`, and `inserted` stands there now."""

    start: Position
    removed: str
    inserted: str
    old_line: str
    """The line at `start` as it was before."""
    end: Position
    """The place after what was inserted."""


class TextBuffer:
    """Editable text. Every change is one splice, so that undo, wrapping and tracking all see the same thing."""

    def __init__(self, text: str = "") -> None:
        self.lines: list[str] = text.split("\n")
        self.cursor = Position(0, 0)
        self.anchor: Position | None = None
        """The other end of the selection; None when nothing is selected."""
        self.version = 0
        """Grows with every change of the text."""
        self.size = len(text)
        """Characters of the text, newlines included."""
        self.listeners: list[Callable[[Splice], None]] = []
        """Called after each change of the text."""
        self._history = EditHistory()
        self._text: str | None = text

    # reading

    @property
    def text(self) -> str:
        """The whole text, lines joined by newlines."""
        if self._text is None:
            self._text = self.lines[0] if len(self.lines) == 1 else "\n".join(self.lines)
        return self._text

    @property
    def end(self) -> Position:
        """The place after the last character."""
        return Position(len(self.lines) - 1, len(self.lines[-1]))

    @property
    def selection(self) -> tuple[Position, Position] | None:
        """The selected range in order, or None when nothing is selected."""
        if self.anchor is None or self.anchor == self.cursor:
            return None
        return (self.anchor, self.cursor) if self.anchor < self.cursor else (self.cursor, self.anchor)

    @property
    def selected_text(self) -> str:
        """The selected text; empty when nothing is selected."""
        selection = self.selection
        return self.slice(*selection) if selection else ""

    def slice(self, start: Position, end: Position) -> str:
        """The text between two places, `start` first."""
        if start.line == end.line:
            return self.lines[start.line][start.column : end.column]
        first = self.lines[start.line][start.column :]
        return "\n".join([first, *self.lines[start.line + 1 : end.line], self.lines[end.line][: end.column]])

    def offset_of(self, position: Position) -> int:
        """The place as a number of characters from the start of the text."""
        return sum(map(len, self.lines[: position.line])) + position.line + position.column

    def position_at(self, offset: int) -> Position:
        """The place that many characters from the start, held inside the text."""
        offset = max(0, offset)
        for number, line in enumerate(self.lines):
            if offset <= len(line):
                return Position(number, offset)
            offset -= len(line) + 1
        return self.end

    def clamp(self, position: Position) -> Position:
        """The nearest place that exists."""
        line = min(max(0, position.line), len(self.lines) - 1)
        return Position(line, min(max(0, position.column), len(self.lines[line])))

    # changing

    def set_text(self, text: str) -> None:
        """Replace everything, forget the history, put the cursor at the end: a draft that is taken up again."""
        self._splice(Position(0, 0), self.end, text)
        self.cursor, self.anchor = self.end, None
        self._history.clear()

    def insert(self, text: str, *, typed: bool = False) -> None:
        """Put text in the place of the selection or at the cursor; typed characters gather into one undo step."""
        start, end = self.selection or (self.cursor, self.cursor)
        if text or start != end:
            self.replace(start, end, text, "type" if typed else "")

    def replace(self, start: Position, end: Position, text: str, kind: str = "") -> None:
        """Replace a range and put the cursor after what was put in; edits of one `kind` in a row are one undo step."""
        before = (self.cursor, self.anchor)
        splice = self._splice(start, end, text)
        self.cursor, self.anchor = splice.end, None
        if splice.removed != text:
            self._history.add(Edit(start, splice.removed, text, splice.end, before, kind))

    def delete(self, start: Position, end: Position, kind: str = "") -> bool:
        """Delete a range, a blank that it touches as a whole; False when it is empty."""
        start, end = self._around_slots(min(start, end), max(start, end))
        if start == end:
            return False
        self.replace(start, end, "", kind)
        return True

    def delete_selection(self) -> bool:
        """Delete what is selected; False when nothing is."""
        selection = self.selection
        return selection is not None and self.delete(*selection)

    def delete_left(self) -> bool:
        """Delete the selection, or the character or blank before the cursor."""
        return self.delete_selection() or self.delete(self.left_of(self.cursor), self.cursor, "back")

    def delete_right(self) -> bool:
        """Delete the selection, or the character or blank after the cursor."""
        return self.delete_selection() or self.delete(self.cursor, self.right_of(self.cursor), "forward")

    def delete_word_left(self) -> bool:
        """Delete the selection, or back to the start of the word before the cursor."""
        return self.delete_selection() or self.delete(self.word_left_of(self.cursor), self.cursor)

    def delete_word_right(self) -> bool:
        """Delete the selection, or on to the end of the word after the cursor."""
        return self.delete_selection() or self.delete(self.cursor, self.word_right_of(self.cursor))

    def delete_to_line_start(self) -> bool:
        """Delete the selection, or back to the start of the line; at the start, the line break before it."""
        if self.delete_selection():
            return True
        start = Position(self.cursor.line, 0)
        return self.delete(self.left_of(start) if start == self.cursor else start, self.cursor)

    def delete_to_line_end(self) -> bool:
        """Delete the selection, or on to the end of the line; at the end, the line break after it."""
        if self.delete_selection():
            return True
        end = Position(self.cursor.line, len(self.lines[self.cursor.line]))
        return self.delete(self.cursor, self.right_of(end) if end == self.cursor else end)

    def undo(self) -> bool:
        """Take back the last step, cursor and selection included; False when there is none."""
        edit = self._history.undone()
        if edit is None:
            return False
        self._splice(edit.start, edit.end, edit.removed)
        self.cursor, self.anchor = edit.before
        return True

    def redo(self) -> bool:
        """Do again what was taken back last; False when there is nothing."""
        edit = self._history.redone()
        if edit is None:
            return False
        splice = self._splice(edit.start, self._end_of(edit.start, edit.removed), edit.inserted)
        self.cursor, self.anchor = splice.end, None
        return True

    def break_undo(self) -> None:
        """End the present undo step: what is typed next is a step of its own."""
        self._history.close_step()

    def remove_unrecorded(self, start: Position, end: Position) -> None:
        """Take text out for good: it has gone to the customer, and undo must not bring it back into the draft."""
        if start != end:
            cursor = self.offset_of(self.cursor)
            first, last = self.offset_of(start), self.offset_of(end)
            self._splice(start, end, "")
            moved = cursor - (min(cursor, last) - first) if cursor > first else cursor
            self.cursor, self.anchor = self.position_at(moved), None
        self._history.clear()

    # moving

    def move_to(self, position: Position, select: bool = False) -> None:
        """Put the cursor somewhere; with `select`, what lies between becomes the selection."""
        position = self._off_slot(self.clamp(position))
        if not select:
            self.anchor = None
        elif self.anchor is None:
            self.anchor = self.cursor
        if position != self.cursor:
            self.cursor = position
        self._history.close_step()

    def left_of(self, position: Position) -> Position:
        """One character, blank or line break back."""
        line, column = position
        if column == 0:
            return Position(line - 1, len(self.lines[line - 1])) if line else position
        place = Position(line, previous_boundary(self.lines[line], column))
        slot = self.slot_around(place)
        return Position(line, slot.start) if slot else place

    def right_of(self, position: Position) -> Position:
        """One character, blank or line break on."""
        line, column = position
        if column >= len(self.lines[line]):
            return Position(line + 1, 0) if line + 1 < len(self.lines) else position
        place = Position(line, next_boundary(self.lines[line], column))
        slot = self.slot_around(place)
        return Position(line, slot.end) if slot else place

    def word_left_of(self, position: Position) -> Position:
        """The start of the word before a place; at the start of a line, the end of the line before."""
        line, column = position
        if column == 0:
            return self.left_of(position)
        start = 0
        # Words are looked for in a window, so that a huge line costs no more than a small one.
        window = max(0, column - 1000)
        for match in _WORD.finditer(self.lines[line], window, column):
            start = match.start()
        return self._off_slot(Position(line, max(start, window) if start or window else 0))

    def word_right_of(self, position: Position) -> Position:
        """The end of the word after a place; at the end of a line, the start of the next."""
        line, column = position
        text = self.lines[line]
        if column >= len(text):
            return self.right_of(position)
        match = _WORD.search(text, column)
        place = Position(line, match.end() if match else len(text))
        slot = self.slot_around(place)
        return Position(line, slot.end) if slot else place

    def word_at(self, position: Position) -> tuple[Position, Position]:
        """The word or blank that a place is in or touches; an empty range when there is none."""
        line, column = position
        text = self.lines[line]
        for slot in find_slots(text):
            if slot.start <= column <= slot.end:
                return Position(line, slot.start), Position(line, slot.end)
        window = max(0, column - 1000)
        for match in _WORD.finditer(text, window, column + 1000):
            if match.start() <= column <= match.end():
                return Position(line, match.start()), Position(line, match.end())
        return position, position

    def select(self, start: Position, end: Position) -> None:
        """Select a range; the cursor is at its end."""
        self.anchor, self.cursor = self.clamp(start), self.clamp(end)
        self._history.close_step()

    def select_all(self) -> None:
        """Select the whole text."""
        self.select(Position(0, 0), self.end)

    # blanks

    def slot_around(self, position: Position) -> Slot | None:
        """The blank that a place is strictly inside of."""
        for slot in find_slots(self.lines[position.line]):
            if slot.start < position.column < slot.end:
                return slot
        return None

    def next_slot(self) -> bool:
        """Select the next blank after the cursor, round the end if need be; False when there is none."""
        return self._visit_slot(forward=True)

    def previous_slot(self) -> bool:
        """Select the blank before the cursor, round the start if need be; False when there is none."""
        return self._visit_slot(forward=False)

    def _visit_slot(self, *, forward: bool) -> bool:
        places = [
            (Position(number, slot.start), Position(number, slot.end))
            for number, line in enumerate(self.lines)
            for slot in find_slots(line)
        ]
        if not places:
            return False
        start, end = self.selection or (self.cursor, self.cursor)
        if forward:
            chosen = next((place for place in places if place[0] >= end), places[0])
        else:
            chosen = next((place for place in reversed(places) if place[1] <= start), places[-1])
        self.select(*chosen)
        return True

    # inside

    def _off_slot(self, position: Position) -> Position:
        """A cursor never stands inside a blank: half a blank could be deleted, and the other half sent."""
        slot = self.slot_around(position)
        if slot is None:
            return position
        forward = position > self.cursor
        return Position(position.line, slot.end if forward else slot.start)

    def _around_slots(self, start: Position, end: Position) -> tuple[Position, Position]:
        first, last = self.slot_around(start), self.slot_around(end)
        if first is not None:
            start = Position(start.line, first.start)
        if last is not None:
            end = Position(end.line, last.end)
        return start, end

    @staticmethod
    def _end_of(start: Position, text: str) -> Position:
        breaks = text.count("\n")
        if not breaks:
            return Position(start.line, start.column + len(text))
        return Position(start.line + breaks, len(text) - text.rfind("\n") - 1)

    def _splice(self, start: Position, end: Position, text: str) -> Splice:
        lines = self.lines
        old_line = lines[start.line]
        removed = self.slice(start, end)
        if start.line == end.line and "\n" not in text:
            lines[start.line] = old_line[: start.column] + text + old_line[end.column :]
        else:
            new = text.split("\n")
            new[0] = old_line[: start.column] + new[0]
            new[-1] += lines[end.line][end.column :]
            lines[start.line : end.line + 1] = new
        self.size += len(text) - len(removed)
        self.version += 1
        self._text = None
        splice = Splice(start, removed, text, old_line, self._end_of(start, text))
        for listener in self.listeners:
            listener(splice)
        return splice
