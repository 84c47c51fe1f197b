"""A field of several lines in a dialog, such as the text of a canned response."""

from typing import ClassVar

from textual import events
from textual.message import Message

from paradesk.core.text import clean_text
from paradesk.ui.composer_keys import typed_character
from paradesk.ui.widgets.editor import Editor


class TextField(Editor):
    """Plain text with a cursor; says that it was changed, and knows nothing of what it is for."""

    KEY_CONTEXT: ClassVar[str] = "writing"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "editor--cursor",
        "editor--edge",
        "editor--hint",
        "editor--quiet",
        "editor--selection",
        "editor--slot",
    }
    DEFAULT_CSS = """
    TextField {
        height: auto;
        width: 1fr;
        & .editor--cursor { text-style: reverse; }
        & .editor--edge { color: $primary; text-style: bold; }
        & .editor--quiet { color: $text-muted; }
        & .editor--hint { color: $text-muted; text-style: italic; }
        & .editor--slot { color: $accent; text-style: bold underline; }
        & .editor--selection { background: $primary 40%; text-style: underline; }
    }
    """

    class Changed(Message):
        """The person at the keyboard has changed the text."""

    def __init__(self, *, max_rows: int, hint: str = "", limit: int = 100_000, id: str | None = None) -> None:
        """`limit` is how many characters it can hold."""
        super().__init__(max_rows=max_rows, id=id)
        self._hint = hint
        self._limit = limit

    @property
    def text(self) -> str:
        """The text as it stands."""
        return self.buffer.text

    def set_text(self, text: str) -> None:
        """Replace the text; no `Changed` is posted."""
        self.buffer.set_text(clean_text(text, self._limit))
        self.update()

    def insert(self, text: str) -> None:
        """Put text at the cursor, as much of it as fits."""
        fits = clean_text(text, self._limit)[: max(0, self._limit - self.buffer.size)]
        if fits:
            self.buffer.insert(fits, typed=len(fits) == 1)
            self.edited()

    def undo(self) -> None:
        """Take back the last change."""
        if self.buffer.undo():
            self.edited()

    def edge(self, width: int) -> tuple[str, str]:
        """Heavy where the cursor is."""
        return ("┃ ", "edge") if self.has_focus else ("│ ", "quiet")

    def empty_hint(self) -> str:
        """What the owner says about an empty field."""
        return self._hint

    def text_edited(self) -> None:
        """Tell the owner."""
        self.post_message(self.Changed())

    def on_key(self, event: events.Key) -> None:
        """Type and edit."""
        character = typed_character(event.key, event.character)
        if character is not None:
            self.insert(character)
        elif not self.press(event):
            return
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Take a paste as text."""
        event.stop()
        event.prevent_default()
        self.insert(event.text)
        self.buffer.break_undo()
