"""What becomes of a reply of which nobody knows whether it arrived: the agent decides, with the end of the chat in view."""

import time
from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from paradesk.core.model import Message, Role, Visibility
from paradesk.core.text import clean_line
from paradesk.ui.content import assemble, plain
from paradesk.ui.screens.dialog import Dialog
from paradesk.ui.widgets.choice_list import Choice, ChoiceList

AGAIN, ARRIVED, BACK = "again", "arrived", "back"
"""The decisions; None is: not now."""
_KEYS = {"s": AGAIN, "a": ARRIVED, "t": BACK, "n": "later"}
_LONGEST = 200
_LINES = 2
_AROUND, _MOST = 14, 12
"""Rows of everything but the chat, and the most that the chat takes."""


class UncertainScreen(Dialog[str]):
    """Asks once. The cursor begins on "not now", so that an Enter that was meant for the composer decides nothing."""

    AUTO_FOCUS: ClassVar[str | None] = None
    ASKS: ClassVar[bool] = True
    DEFAULT_CSS = """
    UncertainScreen Box { width: 96; }
    UncertainScreen .dialog--note, UncertainScreen #read { max-height: 2; }
    UncertainScreen #reply { height: auto; max-height: 3; }
    UncertainScreen VerticalScroll { height: auto; scrollbar-size-vertical: 1; }
    """

    def __init__(self, name: str, reply: Message, reason: str, tail: Sequence[Message]) -> None:
        """`tail` are the last messages of the chat as far as they are known, without the reply itself."""
        super().__init__()
        self._name, self._reply, self._reason = name, reply, reason
        self._tail = tuple(tail)
        self._choices = (
            Choice("later", "[n] Not now: it waits, and this chat behind it"),
            Choice(AGAIN, "[s] Send it again: the customer may then see it twice"),
            Choice(ARRIVED, "[a] It arrived: go on with the chat"),
            Choice(BACK, "[t] Take it back: its text goes into the composer"),
        )

    def compose(self) -> ComposeResult:
        """Why, the reply, the end of the chat, and the decisions."""
        what = "note" if self._reply.visibility is Visibility.NOTE else "reply"
        with self.box(f"Did this {what} to {self._name} arrive?", "↑↓ move   enter choose   esc not now"):
            yield self.note(f"Nobody knows: {self._reason or 'the backend gave no clear answer'}")
            yield self.label(f"Your {what}")
            yield Static(plain(self._shortened(self._reply.body)), id="reply")
            yield Static(plain("The end of the chat, as it was here; it is being read again…"), id="read")
            with VerticalScroll(can_focus=False):
                yield Static(self._text(), id="tail")
            yield ChoiceList(self._choices)

    def on_mount(self) -> None:
        """The newest message is the one that matters."""
        self.query_one("#read", Static).add_class("dialog--label")
        self._to_the_end()

    def on_resize(self) -> None:
        """The decisions are always in view; what room is left is for the chat."""
        room = self.size.height * 94 // 100 - _AROUND
        self.query_one(VerticalScroll).styles.max_height = max(1, min(room, _MOST))
        self._to_the_end()

    def show_tail(self, tail: Sequence[Message], problem: str = "") -> None:
        """Show the end of the chat as the backend has it now, or say why that could not be read."""
        self._tail = tuple(tail)
        said = f"The end of the chat, as it was here; it could not be read again: {clean_line(problem, _LONGEST)}"
        self.query_one("#read", Static).update(
            plain(said if problem else "The end of the chat, as the backend shows it now")
        )
        self.query_one("#tail", Static).update(self._text())
        self._to_the_end()

    def _to_the_end(self) -> None:
        self.query_one(VerticalScroll).scroll_end(animate=False, immediate=False)

    def _text(self) -> Content:
        parts: list[tuple[str, str]] = []
        for message in self._tail:
            same = message.body == self._reply.body and message.role is Role.AGENT
            at = time.strftime("%H:%M", time.localtime(message.sent_at))
            name = clean_line(message.sender_name, 20) or message.role.value
            note = " (note)" if message.visibility is Visibility.NOTE else ""
            # The same text by an agent is what to look for: marked by shape, so that colour is not needed.
            parts.append((f"{'≡' if same else ' '} {at} {name}{note}  ", "bold" if same else "dim"))
            parts.append((f"{clean_line(message.body, _LONGEST) or '(no text)'}\n", "bold" if same else ""))
        if not parts:
            return plain("  no messages are known")
        if any(message.body == self._reply.body and message.role is Role.AGENT for message in self._tail):
            parts.append(("≡ the same text", "dim"))
        return assemble(*parts)

    @staticmethod
    def _shortened(text: str) -> str:
        lines = [clean_line(line, _LONGEST) for line in text.splitlines()]
        return "\n".join([*lines[:_LINES], "…"] if len(lines) > _LINES else lines) or "(no text, files only)"

    def accept(self) -> None:
        """Decide for the row under the cursor."""
        self._decide(self.query_one(ChoiceList).cursor)

    def _decide(self, choice: str | None) -> None:
        self.dismiss(None if choice == "later" else choice)

    def on_key(self, event: events.Key) -> None:
        """Decide with one letter."""
        choice = _KEYS.get((event.character or "").lower())
        if choice is not None:
            event.stop()
            self._decide(choice)

    def handle_action(self, action_id: str) -> bool:
        """Move between the decisions with the keys that move between fields as well."""
        if action_id in ("dialog.next", "dialog.previous"):
            self.move(1 if action_id == "dialog.next" else -1)
            return True
        return super().handle_action(action_id)
