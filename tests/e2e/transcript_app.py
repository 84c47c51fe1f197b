"""An app for the test of bytes: shows text page by page and ends. Run with `honest`, `hostile`, `raw` or `unguarded`.

`raw` and `unguarded` draw the hostile text as it is, in a widget that knows nothing of cleaning, with and without the
guard.
"""

import asyncio
import sys
from collections.abc import Sequence

from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from paradesk.core.model import Attachment, Delivery, Message, Role, Visibility
from paradesk.core.state import Typing
from paradesk.ui.safety import ControlGuard, FilteredRows
from paradesk.ui.widgets.transcript import TranscriptView
from tests.unit.core.hostile import HOSTILE
from tests.unit.ui.transcripts import NOW, message, own, thread

HONEST = ["hello", "line one\nline two", "漢字 👍 café שלום", "x" * 300, "", "https://a.example/x", "می‌خواهم"]
MODE = sys.argv[1]


class Careless(Widget):
    """Draws whatever it is given."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def render_lines(self, crop: Region) -> list[Strip]:
        rows = [Strip([Segment(self.text.replace("\n", " "))], crop.width)] * crop.height
        return FilteredRows(self).pass_through(rows)


def messages(texts: Sequence[str]) -> list[Message]:
    made: list[Message] = []
    for text in texts:
        at = len(made)
        files = (Attachment(id=text, name=text, media_type=text, size=at),)
        made += [
            message(at, text, sender_name=text, attachments=files, edited=True),
            message(at + 1, text, Role.BOT, sender_name=text),
            own(at + 2, text, delivery=Delivery.FAILED, delivery_reason=text),
            message(at + 3, text, Role.AGENT, sender_name=text, visibility=Visibility.NOTE),
            message(at + 4, text, Role.SYSTEM),
        ]
    return made


class Bytes(App[None]):
    CSS = "Careless { height: 3; }"

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = list(super().get_line_filters())
        return filters if MODE == "unguarded" else [*filters, ControlGuard()]

    def compose(self) -> ComposeResult:
        if MODE in ("raw", "unguarded"):
            for text in HOSTILE.values():
                if MODE == "raw" or "\ud83d" not in text:  # without the guard, Textual cannot encode that
                    yield Careless(text)
        else:
            yield TranscriptView(clock=lambda: NOW)

    def on_mount(self) -> None:
        self.run_worker(self.turn_pages())

    async def turn_pages(self) -> None:
        if MODE in ("honest", "hostile"):
            texts = HONEST if MODE == "honest" else list(HOSTILE.values())
            view = self.query_one(TranscriptView)
            view.show(thread(messages(texts), typing=Typing(texts[0], NOW + 60), gap=True))
            view.find("e")
            view.to_bottom()
            await self.painted()
            for _ in range(60):
                view.page_up()
                view.cursor_up()
                await self.painted()
        await self.painted()
        self.exit()

    async def painted(self) -> None:
        """Return once what changed has been painted."""
        done = asyncio.Event()
        self.call_after_refresh(done.set)
        await done.wait()


if __name__ == "__main__":
    app = Bytes()
    app.run()
    raise SystemExit(app.return_code)
