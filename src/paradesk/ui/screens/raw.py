"""One message as it came: nothing hidden, nothing masked, and nothing that a terminal would obey."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from paradesk.core.model import Message
from paradesk.core.text import escaped
from paradesk.ui.content import plain_unmasked
from paradesk.ui.screens.reading import ReadingScreen


def raw_text(message: Message) -> str:
    """Return the text of a message with an escape for each character that does not show itself."""
    return message.original or escaped(message.body)


class RawScreen(ReadingScreen):
    """Shows card numbers too: the agent asked for this one message."""

    def __init__(self, message: Message) -> None:
        super().__init__()
        self._message = message

    def compose(self) -> ComposeResult:
        """What it is, and the text."""
        message = self._message
        what = "what was hidden in it stands as escapes" if message.original else "nothing was hidden in it"
        with self.box("The message as it came", "↑↓ scroll   esc close"):
            yield self.note(f"From {message.sender_name or 'the customer'}; {what}.")
            with VerticalScroll(can_focus=False):
                yield Static(plain_unmasked(raw_text(message)), id="raw")
