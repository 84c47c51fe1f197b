"""The links and files of one message: copy or open a link, save a file. Nothing is ever opened by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult

from paradesk.core.addresses import target
from paradesk.core.model import Attachment
from paradesk.core.text import clean_line, clean_text
from paradesk.ui.screens.attach import size_text
from paradesk.ui.screens.dialog import Dialog
from paradesk.ui.widgets.choice_list import Choice, ChoiceList


@dataclass(frozen=True, slots=True)
class LinkChoice:
    """What was chosen: a link to copy or to open, or an attachment to save."""

    url: str = ""
    open: bool = False
    attachment: Attachment | None = None


class LinksScreen(Dialog[LinkChoice]):
    """Shows every link with its address and what is odd about it; `o` asks to open the one under the cursor."""

    AUTO_FOCUS: ClassVar[str | None] = None
    DEFAULT_CSS = "LinksScreen Box { width: 96; }"

    def __init__(self, links: Sequence[str], attachments: Sequence[Attachment]) -> None:
        super().__init__()
        self._found: dict[str, LinkChoice] = {}
        self._rows: list[Choice] = []
        for place, link in enumerate(links):
            hint = "copy" if not target(link).warnings else "! look at its host   copy"
            self._add(f"link-{place}", Choice(f"link-{place}", clean_line(link, 400), hint, "Links"), LinkChoice(link))
        for place, attachment in enumerate(attachments):
            size = "" if attachment.size is None else f"{size_text(attachment.size)} "
            row = Choice(f"file-{place}", clean_line(attachment.name, 60), f"{size}save", "Files")
            self._add(row.id, row, LinkChoice(attachment=attachment))

    def _add(self, row_id: str, row: Choice, choice: LinkChoice) -> None:
        self._rows.append(row)
        self._found[row_id] = choice

    def compose(self) -> ComposeResult:
        """One row for each link and file."""
        with self.box("Links and files", "↑↓ move   enter copy or save   o open the link   esc close"):
            yield ChoiceList(self._rows, empty="this message has no links and no files")

    def accept(self) -> None:
        """Dismiss with the row under the cursor."""
        cursor = self.query_one(ChoiceList).cursor
        self.dismiss(self._found.get(cursor) if cursor is not None else None)

    def on_key(self, event: events.Key) -> None:
        """Ask for the link under the cursor to be opened."""
        choice = self._found.get(self.query_one(ChoiceList).cursor or "")
        if event.character == "o" and choice is not None and choice.url:
            event.stop()
            self.dismiss(LinkChoice(choice.url, open=True))


def opening_detail(address: str) -> str:
    """Return what is said before a link is opened: the host, what is odd, and the whole address."""
    found = target(address)
    odd = "".join(f"! {warning}\n" for warning in found.warnings)
    return f"Host: {found.host}\n{odd}{clean_text(address)}"
