"""The messages that a draft will become, exactly as they will be sent."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from paradesk.ui.content import assemble, plain
from paradesk.ui.previewing import Preview
from paradesk.ui.screens.reading import ReadingScreen


class PreviewScreen(ReadingScreen):
    """Read only: the parts one below the other, each behind its number, and what was changed."""

    DEFAULT_CSS = "PreviewScreen .preview--part { height: auto; }"

    def __init__(self, name: str, preview: Preview) -> None:
        super().__init__()
        self._name, self._preview = name, preview

    def compose(self) -> ComposeResult:
        """The remarks, then the parts."""
        preview = self._preview
        count = len(preview.parts)
        title = f"To {self._name}: {'one message' if count == 1 else f'{count} messages'}"
        with self.box(f"To {self._name}" if preview.refusal else title, "↑↓ scroll   enter or esc close"):
            if preview.refusal:
                yield self.note(f"Cannot be sent: {preview.refusal}")
            for remark in preview.remarks:
                yield self.note(f"· {remark}")
            with VerticalScroll(can_focus=False):
                for number, part in enumerate(preview.parts, 1):
                    size = len(part.encode("utf-8", "replace"))
                    yield Static(assemble((f"{number} · {size:,} bytes", "dim")), classes="preview--part")
                    yield Static(plain(part), classes="preview--part")
