"""What the screen wants kept with every key press: merged only as far as it is queued already, then committed."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

import msgspec

from paradesk.core.model import ConversationId, Visibility
from paradesk.desk.engine import Engine
from paradesk.desk.intake import storable
from paradesk.desk.journal import DraftKey, JournalError
from paradesk.desk.layout import Layout
from paradesk.desk.rescue import Rescue
from paradesk.guard.verdict import Draft

MOST_KEPT = 20_000
"""Characters that are kept of a piece that came into a draft; a longer one is known by its beginning."""
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
        self._origins: dict[DraftKey, str | None] = {}
        self._unsaved: Layout | None = None
        self.layout = Layout()
        """The newest layout, saved or about to be."""
        self.origins: dict[DraftKey, Draft] = {}
        """How the drafts were made that were there at the start."""
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

    def origin(self, key: DraftKey, draft: Draft | None) -> None:
        """Keep how a draft was made, without its text; None where there is none any more."""
        record = None if draft is None else _record(draft)
        with self._lock:
            first = not self._origins
            self._origins[key] = record
        if first:
            self._soon(self.flush)

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
            origins, self._origins = self._origins, {}
            layout, self._unsaved = self._unsaved, None
        try:
            if drafts or origins:
                self.engine.save_drafts(drafts, origins)
                drafts, origins = {}, {}
            if layout is not None:
                self.engine.save_layout(layout)
        except JournalError as error:
            _log.error("%s", error)
            with self._lock:
                self._drafts = {**drafts, **self._drafts}
                self._origins = {**origins, **self._origins}
                self._unsaved = self._unsaved or layout


def _record(draft: Draft) -> str:
    origins = tuple(replace(origin, text=storable(origin.text[:MOST_KEPT])) for origin in draft.origins)
    kept = replace(draft, text="", switched=storable(draft.switched), origins=origins)
    try:
        return msgspec.json.encode(kept).decode()
    except UnicodeEncodeError:
        # An id that a backend has made of half a character.
        return msgspec.json.encode(
            Draft(conversation_id=ConversationId(storable(kept.conversation_id)), text="")
        ).decode()
