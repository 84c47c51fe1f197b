"""Undo and redo steps, and which edits belong to one step. Pure."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from paradesk.ui.text_buffer import Position

_MAX_STEPS = 1000
_MAX_CHARACTERS = 10_000_000


class Edit(NamedTuple):
    """One undo step: at `start`, `removed` was replaced by `inserted`, which ends at `end`."""

    start: "Position"
    removed: str
    inserted: str
    end: "Position"
    before: "tuple[Position, Position | None]"
    """Cursor and selection anchor before the step."""
    kind: str = ""
    """Consecutive edits of the same kind (`type`, `back`, `forward`) become one step; the empty kind never joins."""


class EditHistory:
    """The steps that can be taken back and done again, bounded in number and size."""

    def __init__(self) -> None:
        self._done: list[Edit] = []
        self._undone: list[Edit] = []
        self._open = False
        self._size = 0

    def clear(self) -> None:
        """Forget everything."""
        self._done.clear()
        self._undone.clear()
        self._open = False
        self._size = 0

    def close_step(self) -> None:
        """The next edit begins a step of its own."""
        self._open = False

    def add(self, edit: Edit) -> None:
        """Record an edit, as part of the last step when it continues that one."""
        self._undone.clear()
        joined = self._join(self._done[-1], edit) if self._open and self._done else None
        if joined is not None:
            self._done[-1] = joined
        else:
            self._done.append(edit)
        self._open = edit.kind != ""
        self._size += len(edit.removed) + len(edit.inserted)
        while len(self._done) > 1 and (len(self._done) > _MAX_STEPS or self._size > _MAX_CHARACTERS):
            oldest = self._done.pop(0)
            self._size -= len(oldest.removed) + len(oldest.inserted)

    def undone(self) -> Edit | None:
        """Move the last step over to those that can be done again, and return it."""
        return self._move(self._done, self._undone)

    def redone(self) -> Edit | None:
        """Move the step that was taken back last over to those that are done, and return it."""
        return self._move(self._undone, self._done)

    def _move(self, source: list[Edit], target: list[Edit]) -> Edit | None:
        self._open = False
        if not source:
            return None
        target.append(source.pop())
        return target[-1]

    @staticmethod
    def _join(last: Edit, edit: Edit) -> Edit | None:
        if last.kind != edit.kind or edit.before[1] is not None:
            return None
        if edit.kind == "type":
            begins_word = last.inserted[-1:].isspace() and not edit.inserted.isspace()
            if edit.removed or edit.start != last.end or "\n" in edit.inserted or begins_word:
                return None
            return last._replace(inserted=last.inserted + edit.inserted, end=edit.end)
        if "\n" in edit.removed:
            return None
        if edit.kind == "back" and edit.start.line == last.start.line and edit.before[0] == last.start:
            return last._replace(start=edit.start, removed=edit.removed + last.removed, end=edit.end)
        if edit.kind == "forward" and edit.start == last.start:
            return last._replace(removed=last.removed + edit.removed)
        return None
