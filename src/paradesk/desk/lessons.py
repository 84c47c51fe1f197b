"""Feeds the guard's experience: the agent's past replies from the journal, read behind the start, then each one sent."""

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import msgspec

from paradesk.core.model import ConversationId, Role, Visibility
from paradesk.core.state import Thread
from paradesk.core.waiting import Part
from paradesk.desk.journal import UNREADABLE
from paradesk.guard.chat_view import ChatView, Said, view_of
from paradesk.guard.experience import Experience
from paradesk.guard.words import forget

_MOST_REPLIES = 20_000
_MOST_OF_ONE_CHAT = 2_000
_MOST_WAITING = 1_000
_BREATH = 0.002
"""Seconds between two chats in which other threads come first: a key is worth more than an old chat."""
_log = logging.getLogger(__name__)


class Kept(msgspec.Struct):
    """What is needed of a message in the journal."""

    role: Role
    sender_id: str
    body: str
    visibility: Visibility = Visibility.PUBLIC
    deleted: bool = False
    client_id: str | None = None


class _Changed(msgspec.Struct):
    """What is needed of a message's changes."""

    edit: tuple[int, str] | None = None
    deleted: int | None = None


class Lessons:
    """Learns in a thread of its own; `experience` is for one thread only, the one that asks the guard."""

    def __init__(self, journal: Path) -> None:
        """Prepare to learn from the database at this path, without writing to it."""
        self._journal = journal
        self._experience = Experience(bits=1)
        self._learnt: Experience | None = None
        self._sent: deque[tuple[ChatView, str]] = deque(maxlen=_MOST_WAITING)
        self._ready = False
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to read the journal in the background."""
        self._thread = threading.Thread(target=self._read, name="paradesk-lessons", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 0.2) -> None:
        """End the reading, should it still go on."""
        self._ending.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    @property
    def reading(self) -> bool:
        """Whether the past is still being read; until then the guard has learnt nothing."""
        return self._thread is not None and self._thread.is_alive()

    def wait(self, timeout: float) -> bool:
        """Wait until the past has been read, for at most `timeout` seconds; returns whether it has."""
        if self._thread is not None:
            self._thread.join(timeout)
        return not self.reading

    def sent(self, thread: Thread, text: str) -> None:
        """Remember that the agent sent this reply publicly into `thread`, as it stood then. From any thread, at once."""
        self._sent.append((view_of(thread), text))

    @property
    def experience(self) -> Experience:
        """What was learnt until now, with the replies sent a moment ago (well below a millisecond each)."""
        if (learnt := self._learnt) is not None:
            self._experience, self._learnt = learnt, None
            self._ready = True
        while self._ready and self._sent:
            view, text = self._sent.popleft()
            self._experience.learn(view, text)
        return self._experience

    def _read(self) -> None:
        experience = Experience()
        try:
            connection = sqlite3.connect(f"{self._journal.absolute().as_uri()}?mode=ro", uri=True, timeout=0.25)
            try:
                connection.text_factory = lambda content: content.decode("utf-8", "surrogateescape")
                own = self._own(connection)
                for conversation_id in self._conversations(connection):
                    if self._ending.wait(_BREATH) or experience.replies >= _MOST_REPLIES:
                        break
                    said, mine = self._said(connection, conversation_id, own)
                    experience.learn_chat(said, mine)
            finally:
                connection.close()
        except sqlite3.Error as error:
            _log.warning("the guard could not learn from the journal: %s", type(error).__name__)
        forget()
        if not self._ending.is_set():
            self._learnt = experience

    def _own(self, connection: sqlite3.Connection) -> frozenset[str]:
        """Return the sender ids under which replies of this desk went out: this agent's, at each backend."""
        found: set[str] = set()
        rows = connection.execute(
            'select base from messages where part = ? and base like \'%"client_id":"%\' order by sent_at desc limit 500',
            (Part.ANSWERS.value,),
        )
        for (base,) in rows:
            kept = _kept(base)
            if kept is not None and kept.client_id:
                found.add(kept.sender_id)
        return frozenset(found)

    @staticmethod
    def _conversations(connection: sqlite3.Connection) -> list[ConversationId]:
        """Return the conversations that have answers, the newest first."""
        rows = connection.execute(
            "select conversation_id from messages where part = ? group by conversation_id order by max(sent_at) desc",
            (Part.ANSWERS.value,),
        )
        return [ConversationId(row[0]) for row in rows]

    @staticmethod
    def _said(
        connection: sqlite3.Connection, conversation_id: ConversationId, own: frozenset[str]
    ) -> tuple[list[Said], list[int]]:
        """Return the newest public messages of a chat, oldest first, and the places of the agent's own replies."""
        rows = connection.execute(
            "select base, amendment from messages where conversation_id = ? and base is not null"
            " order by order_key desc, id desc limit ?",
            (conversation_id, _MOST_OF_ONE_CHAT),
        ).fetchall()
        said: list[Said] = []
        mine: list[int] = []
        for kept in shown_messages(reversed(rows)):
            if kept.visibility is not Visibility.PUBLIC or kept.role is Role.SYSTEM:
                continue
            if kept.role is Role.AGENT and (not own or kept.sender_id in own):
                mine.append(len(said))
            said.append(Said(kept.role is Role.CUSTOMER, kept.body))
        return said, mine


def _kept(base: str) -> Kept | None:
    try:
        return msgspec.json.decode(base, type=Kept)
    except UNREADABLE:
        return None


def shown_messages(rows: Iterator[tuple[str, str | None]]) -> Iterator[Kept]:
    """Yield the messages as they stand now, without deleted ones and without what cannot be read."""
    for base, amendment in rows:
        kept = _kept(base)
        if kept is None or kept.deleted:
            continue
        if amendment is not None:
            try:
                changed = msgspec.json.decode(amendment, type=_Changed)
            except UNREADABLE:
                continue
            if changed.deleted is not None:
                continue
            if changed.edit is not None:
                kept.body = changed.edit[1]
        yield kept
