"""The line for finding text in a transcript."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from paradesk.ui.content import plain


class FindBar(Horizontal):
    """Find as you type; Enter goes to the next match (older ones first), Escape closes."""

    KEY_CONTEXT: ClassVar[str] = "dialog"
    DEFAULT_CSS = """
    FindBar { height: 1; display: none; }
    FindBar.-open { display: block; }
    FindBar Input { border: none; height: 1; width: 1fr; padding: 0; background: transparent; }
    FindBar Input:focus { border: none; }
    FindBar Static { width: auto; height: 1; padding: 0 1; }
    """

    class Changed(Message):
        """The text to find changed."""

        def __init__(self, query: str) -> None:
            super().__init__()
            self.query = query

    class Step(Message):
        """Go to another match: 1 the next older one, -1 the next newer one."""

        def __init__(self, direction: int) -> None:
            super().__init__()
            self.direction = direction

    class Closed(Message):
        """The bar was closed."""

    def compose(self) -> ComposeResult:
        """A label, the field, the count."""
        yield Static(plain("find:"))
        yield Input()
        yield Static(plain(""), id="count")

    def open(self) -> None:
        """Show the bar and move into it."""
        self.add_class("-open")
        self.query_one(Input).focus()

    def close(self) -> None:
        """Hide the bar; the owner moves the focus back."""
        self.remove_class("-open")
        self.query_one(Input).value = ""
        self.post_message(self.Closed())

    def show_count(self, text: str) -> None:
        """Say how many matches there are, such as `2 of 7`."""
        self.query_one("#count", Static).update(plain(text))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass the text on."""
        event.stop()
        if self.has_class("-open"):
            self.post_message(self.Changed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter is the next match."""
        event.stop()
        self.post_message(self.Step(1))

    def handle_action(self, action_id: str) -> bool:
        """Carry out the dialog keys."""
        match action_id:
            case "dialog.accept" | "dialog.up" | "dialog.next":
                self.post_message(self.Step(1))
            case "dialog.down" | "dialog.previous":
                self.post_message(self.Step(-1))
            case "dialog.cancel":
                self.close()
            case _:
                return False
        return True
