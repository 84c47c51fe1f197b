"""One line of words for somebody, before something is done."""

from textual.app import ComposeResult
from textual.widgets import Input

from paradesk.ui.screens.dialog import Dialog


class NoteScreen(Dialog[str]):
    """Asks for a note that may stay empty; dismisses with it, or with None when nothing is to be done."""

    AUTO_FOCUS = "Input"

    def __init__(self, title: str, label: str) -> None:
        super().__init__()
        self._title, self._label = title, label

    def compose(self) -> ComposeResult:
        """What for, and the line."""
        with self.box(self._title, "enter do it   esc cancel"):
            yield self.label(self._label)
            yield Input(id="note")

    def on_input_submitted(self) -> None:
        """Enter in the line does it."""
        self.accept()

    def accept(self) -> None:
        """Dismiss with the note."""
        self.dismiss(self.query_one(Input).value.strip())
