"""Teaches the ranking of canned responses: the choices of the journal, read behind the start, then each one made."""

import logging
import threading
from collections import deque
from pathlib import Path

from paradesk.canned.habits import Habits
from paradesk.core.model import ClientId
from paradesk.desk.choices import Choice, ChoiceTable, read_only
from paradesk.desk.journal import JournalError

_BREATH = 0.002
_AT_ONCE = 20
"""Choices that are learnt between two breaths, in which other threads come first: about 2 ms of work."""
_log = logging.getLogger(__name__)


class Practice:
    """Learns in a thread of its own; `habits` and `sent_as` are for one thread only, the one that ranks."""

    def __init__(self, journal: Path) -> None:
        """Prepare to learn from the database at this path, without writing to it."""
        self._journal = journal
        self._habits = Habits()
        self._learnt: tuple[Habits, dict[ClientId, str]] | None = None
        self._made: deque[Choice] = deque()
        self._ready = False
        self._sent_as: dict[ClientId, str] = {}
        self._ending = threading.Event()
        self._forgotten = False
        self._thread = threading.Thread(target=self._read, name="paradesk-practice", daemon=True)

    def start(self) -> None:
        """Begin to read the journal in the background."""
        self._thread.start()

    def stop(self, timeout: float = 0.2) -> None:
        """End the reading, should it still go on."""
        self._ending.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def wait(self, timeout: float) -> bool:
        """Wait until the past has been read, for at most `timeout` seconds; returns whether it has."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def made(self, choice: Choice) -> None:
        """Remember a choice that was made now. From any thread, at once."""
        self._made.append(choice)

    def forget(self) -> None:
        """Begin anew, with nothing learnt. From any thread."""
        self._forgotten = True

    @property
    def habits(self) -> Habits:
        """What was learnt until now, with the choices of a moment ago."""
        self._take()
        return self._habits

    @property
    def sent_as(self) -> dict[ClientId, str]:
        """For each reply that was a canned response, which."""
        self._take()
        return self._sent_as

    def _take(self) -> None:
        if (learnt := self._learnt) is not None:
            self._habits, known = learnt
            self._learnt, self._ready = None, True
            self._sent_as = {**known, **self._sent_as}
        if self._forgotten:
            self._forgotten = False
            self._habits = Habits()
            self._made.clear()
        # What is sent while the past is still being read is known at once and learnt afterwards, in its order.
        for choice in list(self._made):
            self._sent_as[choice.client_id] = choice.response_id
        while self._ready and self._made:
            choice = self._made.popleft()
            self._habits.learn(choice.features, choice.response_id)

    def _read(self) -> None:
        habits, sent_as = Habits(), dict[ClientId, str]()
        try:
            with read_only(self._journal) as connection:
                if connection is not None:
                    for count, choice in enumerate(ChoiceTable(connection).choices()):
                        if count % _AT_ONCE == 0 and self._ending.wait(_BREATH):
                            return
                        habits.learn(choice.features, choice.response_id)
                        sent_as[choice.client_id] = choice.response_id
        except JournalError as error:
            _log.warning("the ranking could not learn from the journal: %s", type(error.__cause__).__name__)
        self._learnt = habits, sent_as
