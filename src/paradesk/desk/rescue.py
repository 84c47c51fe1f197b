"""Where drafts go when the journal's thread is gone: a file that the next start takes over."""

import contextlib
import logging
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from paradesk.core.model import ConversationId, Visibility

FILE = "rescued-drafts.jsonl"
_log = logging.getLogger(__name__)

Drafts = Mapping[tuple[ConversationId, Visibility], str]


class _Line(msgspec.Struct):
    conversation: str
    visibility: Visibility
    text: str


class Rescue:
    """One file of JSON lines, readable by its owner only."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE

    def write(self, drafts: Drafts) -> bool:
        """Replace the file by one with these drafts; returns whether the disk took it."""
        lines = [
            msgspec.json.encode(_Line(where, visibility, text.encode("utf-8", "replace").decode()))
            for (where, visibility), text in drafts.items()
        ]
        fresh = self._path.with_suffix(".new")
        try:
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(b"\n".join(lines) + b"\n")
            fresh.replace(self._path)
        except OSError as error:
            _log.error("%s cannot be written: %s", self._path, error.strerror)
            return False
        return True

    def read(self) -> dict[tuple[ConversationId, Visibility], str]:
        """Return the drafts in it, none where there is no file. A line that cannot be read is set aside with the file."""
        try:
            content = self._path.read_bytes()
        except OSError:
            return {}
        found: dict[tuple[ConversationId, Visibility], str] = {}
        for line in content.splitlines():
            try:
                draft = msgspec.json.decode(line, type=_Line)
            except (msgspec.MsgspecError, UnicodeError):
                with contextlib.suppress(OSError):
                    self._path.with_suffix(".unreadable").write_bytes(content)
                    self._path.with_suffix(".unreadable").chmod(0o600)
                continue
            found[ConversationId(draft.conversation), draft.visibility] = draft.text
        return found

    def clear(self) -> None:
        """Take the file away: what was in it is in the journal."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
