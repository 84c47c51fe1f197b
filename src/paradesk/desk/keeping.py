"""What the screen wants kept with every key press: merged only as far as it is queued already, then committed."""

import logging
import threading
from collections.abc import Callable

from paradesk.core.model import ConversationId, Visibility
from paradesk.desk.engine import Engine
from paradesk.desk.journal import JournalError
from paradesk.desk.layout import Layout
from paradesk.desk.rescue import Rescue

_log = logging.getLogger(__name__)


class Keeping:
    """Drafts and layout on their way to the journal. Filled from any thread, flushed on the desk's."""

    def __init__(self, soon: Callable[[Callable[[], object]], bool], rescue: Rescue) -> None:
        """`soon` runs a step on the desk's thread, or returns False when there is none; then `rescue` takes drafts."""
        self._soon = soon
        self._rescue = rescue
        self._alone = False
        self._lock = threading.Lock()
        self._drafts: dict[tuple[ConversationId, Visibility], str] = {}
        self._unsaved: Layout | None = None
        self.layout = Layout()
        """The newest layout, saved or about to be."""
        self.engine: Engine | None = None

    def draft(self, conversation_id: ConversationId, visibility: Visibility, text: str) -> None:
        """Keep what is being typed."""
        with self._lock:
            first = not self._drafts
            self._drafts[conversation_id, visibility] = text
        if first and not self._soon(self.flush):
            self._alone = True
        if self._alone:
            self.rescue()

    def rescue(self) -> None:
        """The desk's thread is gone: put what it has not taken into a file. Any thread."""
        with self._lock:
            drafts = dict(self._drafts)
            self._alone = True
        if drafts:
            self._rescue.write(drafts)

    def take_over(self) -> None:
        """Commit what was rescued from an earlier desk; its file goes when the disk has taken it. Desk's thread."""
        if self.engine is None or not (rescued := self._rescue.read()):
            return
        try:
            self.engine.save_drafts(rescued)
        except JournalError as error:
            _log.error("%s", error)
        else:
            self._rescue.clear()

    def arrange(self, layout: Layout) -> None:
        """Keep the layout."""
        with self._lock:
            self.layout = self._unsaved = layout
        self._soon(self.flush)

    def flush(self) -> None:
        """Commit all of it. What the disk does not take is kept and tried again at the next turn."""
        if self.engine is None:
            return
        with self._lock:
            drafts, self._drafts = self._drafts, {}
            layout, self._unsaved = self._unsaved, None
        try:
            if drafts:
                self.engine.save_drafts(drafts)
                drafts = {}
            if layout is not None:
                self.engine.save_layout(layout)
        except JournalError as error:
            _log.error("%s", error)
            with self._lock:
                self._drafts = {**drafts, **self._drafts}
                self._unsaved = self._unsaved or layout
