"""What the screen wants kept with every key press: merged only as far as it is queued already, then committed."""

import logging
import threading
from collections.abc import Callable

from paradesk.core.model import ConversationId, Visibility
from paradesk.desk.engine import Engine
from paradesk.desk.journal import JournalError
from paradesk.desk.layout import Layout

_log = logging.getLogger(__name__)


class Keeping:
    """Drafts and layout on their way to the journal. Filled from any thread, flushed on the desk's."""

    def __init__(self, soon: Callable[[Callable[[], object]], bool]) -> None:
        """`soon` runs a step on the desk's thread."""
        self._soon = soon
        self._lock = threading.Lock()
        self._drafts: dict[tuple[ConversationId, Visibility], str] = {}
        self._unsaved: Layout | None = None
        self._asked = False
        self.layout = Layout()
        """The newest layout, saved or about to be."""
        self.engine: Engine | None = None

    def draft(self, conversation_id: ConversationId, visibility: Visibility, text: str, *, later: bool = False) -> None:
        """Keep what is being typed; with `later` it waits for `wake`, or for whatever else flushes."""
        with self._lock:
            self._drafts[conversation_id, visibility] = text
        if not later:
            self.wake()

    def wake(self) -> None:
        """Have what was noted committed."""
        with self._lock:
            asked, self._asked = self._asked, True
        if not asked and not self._soon(self.flush):
            self._asked = False

    def arrange(self, layout: Layout) -> None:
        """Keep the layout."""
        with self._lock:
            self.layout = self._unsaved = layout
        self.wake()

    def flush(self) -> None:
        """Commit all of it. What the disk does not take is kept and tried again at the next turn."""
        with self._lock:
            self._asked = False
            if self.engine is None:
                return
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
