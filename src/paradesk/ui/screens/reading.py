"""Screens to read: help, first steps, notices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from paradesk.ui.content import assemble, plain
from paradesk.ui.screens.dialog import Dialog

_KEYS, _TITLE = 20, 16
"""Columns of the help, in cells."""


@dataclass(frozen=True, slots=True)
class HelpRow:
    """One action as the help shows it."""

    category: str
    title: str
    description: str
    keys: tuple[str, ...] = ()
    action_id: str = ""


class ReadingScreen(Dialog[None]):
    """Scrolls; Enter and Escape close it."""

    DEFAULT_CSS = """
    ReadingScreen Box { width: 100; height: 90%; }
    ReadingScreen VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
    """

    def move(self, rows: int) -> None:
        """Scroll the text."""
        self.query_one(VerticalScroll).scroll_relative(y=rows * 3, animate=False)


class HelpScreen(ReadingScreen):
    """Every action with its keys and what it does, from the registry; typing filters."""

    AUTO_FOCUS: ClassVar[str | None] = "Input"

    def __init__(self, rows: Sequence[HelpRow], *, keymap: str = "") -> None:
        super().__init__()
        self._rows, self._keymap = tuple(rows), keymap

    def compose(self) -> ComposeResult:
        """Filter and text."""
        title = f"Help — keymap {self._keymap}" if self._keymap else "Help"
        with self.box(title, "type to filter   ↑↓ scroll   esc close"):
            yield Input(placeholder="what do you want to do?")
            with VerticalScroll(can_focus=False):
                yield Static(self._text(""), id="text")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the actions that fit."""
        self.query_one("#text", Static).update(self._text(event.value))
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def on_input_submitted(self) -> None:
        """Enter closes."""
        self.accept()

    def _text(self, query: str) -> Content:
        words = query.casefold().split()
        parts: list[tuple[str, str]] = []
        category = ""
        for row in self._rows:
            text = f"{row.category} {row.title} {row.description} {row.action_id} {' '.join(row.keys)}".casefold()
            if not all(word in text for word in words):
                continue
            if row.category != category:
                category = row.category
                parts.append((f"{'' if not parts else chr(10)}{category}\n", "bold underline"))
            keys = "  or  ".join(row.keys[:3]) or "no key"
            parts.append((f"  {keys:<{_KEYS}}", "bold" if row.keys else "dim"))
            parts.append((f" {row.title.rstrip('…'):<{_TITLE}}", ""))
            room = min(100, self.app.size.width * 96 // 100) - _KEYS - _TITLE - 10
            lines = wrap(row.description, max(room, 12))
            hanging = "\n" + " " * (_KEYS + _TITLE + 4)
            parts.append((f" {hanging.join(lines)}\n", "dim"))
        if not parts:
            parts.append(("nothing matches", "dim"))
        return assemble(*parts)


class IntroScreen(ReadingScreen):
    """First steps: what marks the active chat, and the ten keys that matter."""

    DEFAULT_CSS = """
    IntroScreen Box { width: 78; height: auto; }
    IntroScreen VerticalScroll { height: auto; max-height: 100%; }
    """

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._keys = tuple(keys)

    def compose(self) -> ComposeResult:
        """A drawing of an active and an idle pane, and the keys."""
        with self.box("Paradesk — first steps", "enter begin"), VerticalScroll():
            yield Static(self._text())

    def _text(self) -> Content:
        parts: list[tuple[str, str]] = [
            ("What you type goes to the chat that is marked, and to no other:\n", ""),
            ("  ┏━ ▶ 1 ━ Sarah Chen #1245 ━━━━━━┓ ", "bold"),
            ("┌─ 2 ─ Jonas Kühn #1251 ────────┐\n", "dim"),
            ("  ┃ Sarah  where is my parcel?    ┃ ", "bold"),
            ("│ Jonas  I can't log in         │\n", "dim"),
            ("  ┃ ▶ to SARAH CHEN #1245         ┃ ", "bold"),
            ("│   to Jonas Kühn #1251         │\n", "dim"),
            ("  ┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛ ", "bold"),
            ("└───────────────────────────────┘\n\n", "dim"),
            ("  heavy frame · ▶ and its number · the name in capitals on the input\n", ""),
            ("  line · the status bar · the terminal's title. Any one is enough.\n\n", ""),
        ]
        for keys, meaning in self._keys[:10]:
            parts.append((f"  {keys:<12}", "bold"))
            parts.append((f" {meaning}\n", ""))
        parts.append(("Nothing that you type is lost: drafts stay with their chat.", "dim"))
        return assemble(*parts)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the app told the agent."""

    at: float
    """Unix seconds."""
    text: str
    severity: str = "information"


class NoticesScreen(ReadingScreen):
    """The notices of this session, newest first."""

    def __init__(self, notices: Sequence[Notice]) -> None:
        super().__init__()
        self._notices = tuple(notices)

    def compose(self) -> ComposeResult:
        """One notice a line, with its time."""
        marks = {"error": "! ", "warning": "? "}
        with self.box("Notices", "↑↓ scroll   esc close"), VerticalScroll():
            parts: list[tuple[str, str]] = []
            for notice in sorted(self._notices, key=lambda n: -n.at):
                parts.append((f"{datetime.fromtimestamp(notice.at):%H:%M:%S}  ", "dim"))
                parts.append((f"{marks.get(notice.severity, '  ')}{notice.text}\n", ""))
            yield Static(assemble(*parts) if parts else plain("no notices yet"))
