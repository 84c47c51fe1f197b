"""The links and files of one message: copy a link, save a file. Nothing is ever opened by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult

from paradesk.core.model import Attachment
from paradesk.core.text import clean_line
from paradesk.ui.screens.attach import size_text
from paradesk.ui.screens.dialog import Dialog
from paradesk.ui.widgets.choice_list import Choice, ChoiceList


@dataclass(frozen=True, slots=True)
class LinkChoice:
    """What was chosen: a link to copy, or an attachment to save."""

    url: str = ""
    attachment: Attachment | None = None


class LinksScreen(Dialog[LinkChoice]):
    """Shows every link with its whole address, so that what is copied is what is seen."""

    AUTO_FOCUS: ClassVar[str | None] = None
    DEFAULT_CSS = "LinksScreen Box { width: 96; }"

    def __init__(self, links: Sequence[str], attachments: Sequence[Attachment]) -> None:
        super().__init__()
        self._found: dict[str, LinkChoice] = {}
        self._rows: list[Choice] = []
        for place, link in enumerate(links):
            self._add(
                f"link-{place}", Choice(f"link-{place}", clean_line(link, 400), "copy", "Links"), LinkChoice(link)
            )
        for place, attachment in enumerate(attachments):
            size = "" if attachment.size is None else f"{size_text(attachment.size)} "
            row = Choice(f"file-{place}", clean_line(attachment.name, 60), f"{size}save", "Files")
            self._add(row.id, row, LinkChoice(attachment=attachment))

    def _add(self, row_id: str, row: Choice, choice: LinkChoice) -> None:
        self._rows.append(row)
        self._found[row_id] = choice

    def compose(self) -> ComposeResult:
        """One row for each link and file."""
        with self.box("Links and files", "↑↓ move   enter copy the link or save the file   esc close"):
            yield ChoiceList(self._rows, empty="this message has no links and no files")

    def accept(self) -> None:
        """Dismiss with the row under the cursor."""
        cursor = self.query_one(ChoiceList).cursor
        self.dismiss(self._found.get(cursor) if cursor is not None else None)
