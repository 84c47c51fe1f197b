"""Choosing a file to attach: a path that completes itself, and the files that fit."""

import mimetypes
import re
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Input

from paradesk.core.model import LocalFile
from paradesk.core.text import clean_filename, clean_line
from paradesk.ui.screens.dialog import Dialog
from paradesk.ui.widgets.choice_list import Choice, ChoiceList

_SHOWN = 200


def size_text(size: int) -> str:
    """Return a size in bytes as people write it."""
    if size < 1000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{size / 1000:.0f} kB"
    return f"{size / 1_000_000:.1f} MB"


def local_file(path: Path, limit_bytes: int) -> LocalFile:
    """Return the file as an attachment; raises ValueError that says why it cannot be one."""
    try:
        found = path.stat()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or error}") from error
    if not path.is_file():
        raise ValueError(f"{path} is not a file")
    if found.st_size > limit_bytes:
        raise ValueError(f"{path.name} has {size_text(found.st_size)}; the limit here is {size_text(limit_bytes)}")
    if not found.st_size:
        raise ValueError(f"{path.name} is empty")
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or error}") from error
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return LocalFile(str(path.resolve()), clean_filename(path.name), media_type, found.st_size)


_AFRESH = re.compile(r".*/['\"]?(?=/|~/)", re.DOTALL)


def started_over(text: str) -> str:
    """Return the path that was meant where a whole one was typed or pasted behind the folder that stood there.

    `/home/ana//tmp/a.png` is `/tmp/a.png`, and `/home/ana/~/a.png` is `~/a.png`, as in other programs that complete
    paths; terminals that quote a file that is dropped on them are understood as well.
    """
    fresh = _AFRESH.sub("", text)
    return fresh.rstrip("'\" ") if fresh != text and fresh.endswith(("' ", "'", '"', '" ')) else fresh


class AttachScreen(Dialog[LocalFile]):
    """Type a path; Tab completes it; Enter opens a folder or takes a file."""

    AUTO_FOCUS: ClassVar[str | None] = "Input"

    def __init__(self, start: Path, limit_bytes: int) -> None:
        super().__init__()
        self._start, self._limit = start, limit_bytes

    def compose(self) -> ComposeResult:
        """Path and what lies there."""
        with self.box("Attach a file", "↑↓ move   tab complete   enter take   esc cancel"):
            yield Input(value=self._shown(self._start), select_on_focus=False)
            yield ChoiceList(empty="no such file")
            yield self.problem_line()

    @staticmethod
    def _shown(folder: Path) -> str:
        return f"{folder}/".replace("//", "/")

    def on_mount(self) -> None:
        """Begin at the end of the path."""
        field = self.query_one(Input)
        field.cursor_position = len(field.value)

    def on_input_changed(self, event: Input.Changed) -> None:
        """List what begins like this."""
        if (fresh := started_over(event.value)) != event.value:
            self._go(fresh)
            return
        self.problem("")
        folder, _, start = event.value.rpartition("/")
        place = Path(folder or "/").expanduser() if event.value.startswith(("/", "~")) else Path(folder or ".")
        rows: list[Choice] = []
        try:
            for entry in sorted(place.iterdir(), key=lambda p: (not p.is_dir(), p.name.casefold())):
                if not entry.name.casefold().startswith(start.casefold()):
                    continue
                if entry.name.startswith(".") and not start.startswith("."):
                    continue
                rows.append(self._row(entry))
                if len(rows) >= _SHOWN:
                    break
        except OSError as error:
            self.problem(f"{place}: {error.strerror or error}")
        self.query_one(ChoiceList).set_choices(rows)

    @staticmethod
    def _row(entry: Path) -> Choice:
        if entry.is_dir():
            return Choice(str(entry), clean_line(entry.name, 50) + "/")
        try:
            hint = size_text(entry.stat().st_size)
        except OSError:
            hint = "?"
        return Choice(str(entry), clean_line(entry.name, 50), hint)

    def _go(self, text: str) -> None:
        field = self.query_one(Input)
        field.value = text
        field.cursor_position = len(text)

    def handle_action(self, action_id: str) -> bool:
        """Tab completes the path instead of moving on: there is only one field."""
        if action_id == "dialog.next":
            cursor = self.query_one(ChoiceList).cursor
            if cursor is not None:
                path = Path(cursor)
                self._go(self._shown(path) if path.is_dir() else str(path))
            return True
        return super().handle_action(action_id)

    def on_input_submitted(self) -> None:
        """Enter in the path takes it."""
        self.accept()

    def accept(self) -> None:
        """Open the folder or take the file under the cursor, or what was typed where nothing matches."""
        cursor = self.query_one(ChoiceList).cursor
        path = Path(cursor) if cursor is not None else Path(self.query_one(Input).value).expanduser()
        if path.is_dir():
            self._go(self._shown(path))
            return
        try:
            self.dismiss(local_file(path, self._limit))
        except ValueError as error:
            self.problem(clean_line(str(error), 200))
