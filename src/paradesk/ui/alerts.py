"""Telling an agent who looks elsewhere that a customer waits. Once per wait, never once per message."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass

from paradesk.core.hotlist import HotlistRow, Rank, unanswered
from paradesk.core.model import ConversationId

Wait = tuple[ConversationId, float | None]


@dataclass(frozen=True, slots=True)
class Alert:
    """A wait that nobody has been told of."""

    conversation_id: ConversationId
    name: str
    queued: bool

    @property
    def text(self) -> str:
        """What to say."""
        return f"{self.name} waits in the queue" if self.queued else f"{self.name} waits for an answer"


class Alerts:
    """Remembers which waits have been seen or told. Pure."""

    def __init__(self) -> None:
        self._known: frozenset[Wait] | None = None

    def look(
        self, rows: Iterable[HotlistRow], active: ConversationId | None, *, focused: bool, quiet: bool = False
    ) -> list[Alert]:
        """Return the waits that began since the last look and that the agent is not looking at.

        While the window has the focus the active chat needs no alert, and neither does the queue. What is there at the
        first look, and while `quiet`, was not news.
        """
        waiting = {(row.conversation_id, row.waiting_since): row for row in unanswered(rows)}
        known, self._known = self._known, frozenset(waiting)
        if known is None or quiet:
            return []
        return [
            Alert(row.conversation_id, row.name, row.rank is Rank.QUEUE)
            for wait, row in waiting.items()
            if wait not in known and not (focused and (row.conversation_id == active or row.rank is Rank.QUEUE))
        ]


def notify_system(summary: str, body: str) -> bool:
    """Ask the operating system to show a notification, where `notify-send` is installed; never waits for it."""
    program = shutil.which("notify-send")
    if program is None:
        return False
    try:
        subprocess.Popen(
            [program, "--app-name=Paradesk", "--", summary, body],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if not name.startswith("PARADESK_")},
        )
    except OSError:
        return False
    return True
