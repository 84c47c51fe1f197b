"""Choosing one of many: a filter line and a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rapidfuzz import fuzz
from textual.app import ComposeResult
from textual.widgets import Input

from paradesk.ui.screens.dialog import Dialog
from paradesk.ui.widgets.choice_list import Choice, ChoiceList


def matching(choices: Sequence[Choice], query: str) -> list[Choice]:
    """Return the choices that fit what was typed, best first; all of them, in their order, when nothing was."""
    words = query.casefold().split()
    if not words:
        return list(choices)
    scored: list[tuple[float, int, Choice]] = []
    for place, choice in enumerate(choices):
        text = f"{choice.label} {choice.hint} {choice.id} {choice.heading}".casefold()
        score = sum(100.0 if word in text else fuzz.partial_ratio(word, text) for word in words) / len(words)
        if score >= 75:
            starts = 20.0 if choice.label.casefold().startswith(words[0]) else 0.0
            scored.append((-score - starts, place, choice))
    return [Choice(c.id, c.label, c.hint) for _, _, c in sorted(scored, key=lambda row: row[:2])]


class FilterDialog(Dialog[str]):
    """A list that shrinks while one types; dismisses with the id under the cursor."""

    AUTO_FOCUS: ClassVar[str | None] = "Input"

    def __init__(self, title: str, choices: Sequence[Choice], *, current: str | None = None, keys: str = "") -> None:
        super().__init__()
        self._title, self._all, self._current = title, tuple(choices), current
        self._keys = keys or "↑↓ move   enter take   esc cancel"

    def compose(self) -> ComposeResult:
        """Filter line and list."""
        with self.box(self._title, self._keys):
            yield Input(placeholder="type to filter", id="filter")
            yield ChoiceList(self._all)

    def on_mount(self) -> None:
        """Begin on the present value."""
        if self._current is not None:
            self.query_one(ChoiceList).select(self._current)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what fits."""
        self.query_one(ChoiceList).set_choices(matching(self._all, event.value))

    def on_input_submitted(self) -> None:
        """Enter in the filter line takes the row."""
        self.accept()

    def accept(self) -> None:
        """Take the row under the cursor, where there is one."""
        if (cursor := self.query_one(ChoiceList).cursor) is not None:
            self.dismiss(cursor)


class ChoiceScreen(FilterDialog):
    """One value out of a few, such as a priority."""

    def __init__(self, title: str, choices: Sequence[tuple[str, str]], current: str | None = None) -> None:
        rows = [Choice(value, label, "now" if value == current else "") for value, label in choices]
        super().__init__(title, rows, current=current)


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """An action as the palette shows it."""

    action_id: str
    title: str
    description: str
    category: str
    keys: str = ""


class PaletteScreen(FilterDialog):
    """All actions by name; dismisses with the action's id."""

    DEFAULT_CSS = """
    PaletteScreen Box { width: 90; }
    PaletteScreen ChoiceList { max-height: 18; }
    """

    def __init__(self, entries: Sequence[PaletteEntry]) -> None:
        rows = [
            Choice(entry.action_id, f"{entry.title.rstrip('…')} — {entry.description}", entry.keys, entry.category)
            for entry in entries
        ]
        super().__init__("All actions", rows, keys="type a name   enter do it   esc cancel")
