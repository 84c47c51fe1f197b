"""The journal: one SQLite file that keeps what must survive a crash, a power cut and an upgrade.

WAL with synchronous=FULL: a commit that has returned stays, whatever happens next.
"""

import contextlib
import fcntl
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from paradesk.core.model import ConversationId, Visibility
from paradesk.core.text import clean_line
from paradesk.desk.ballast import Ballast
from paradesk.desk.intake import storable
from paradesk.desk.layout import Layout
from paradesk.desk.migrations import SCHEMA_VERSION, TABLES, copy_before, drop_old_copies, migrate
from paradesk.guard.verdict import Draft

LOW = "DISK FULL: living on the last reserve; free some space"
FULL = "DISK FULL: nothing can be saved or sent; free some space"
_MUST_BE_SOUND = ("outbox", "drafts", "cursors")
"""Small tables that are checked as a whole before anything is sent; a damaged message is noticed when it is read."""
_WHAT_TO_DO = (
    "nothing was changed. Move it away to start with an empty one: chats come from the backend again, unsent replies"
    " and drafts stay in the old file"
)
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG)
_FILE_VERSIONS = 18
_LATEST_FORMAT = 2
_NEWEST_IMAGINABLE = 1_000
"""A schema above this is a damaged number, not a version that somebody wrote."""
_log = logging.getLogger(__name__)

DraftKey = tuple[ConversationId, Visibility]
"""What there is one draft for."""

UNREADABLE = (msgspec.MsgspecError, UnicodeError, TypeError)
"""What decoding a record raises when the disk has changed its bytes, or their type."""

__all__ = ["SCHEMA_VERSION", "UNREADABLE", "DeskBusy", "Journal", "JournalDamaged", "JournalError", "RoomMade"]


class JournalError(Exception):
    """The journal cannot be opened or written; the message names the file and says what to do."""


class JournalDamaged(JournalError):
    """The disk has changed the journal's bytes; `what` says how that was noticed."""

    def __init__(self, path: Path, what: str = "unreadable") -> None:
        self.what = clean_line(what, 120)
        super().__init__(f"{path} is damaged ({self.what}): {_WHAT_TO_DO}")


class RoomMade(JournalError):
    """The disk is full and nothing was committed, but the reserve has given way: the same once more may succeed."""


class DeskBusy(JournalError):
    """Another Paradesk has this directory open; the message says which directory."""


class Journal:
    """The open database of one desk. Used by the desk's thread only."""

    def __init__(self, directory: Path, connect: Callable[[Path], sqlite3.Connection] | None = None) -> None:
        """Open or create it, and lock the directory; raises JournalError, or DeskBusy when it is taken.

        `connect` opens the database where that is not the standard library's work, such as on a simulated disk.
        """
        self._connect_to = connect or _open
        self.path = directory / "desk.sqlite3"
        self.notices: tuple[str, ...] = ()
        """What the agent must know about this start: what was damaged, where it is now, what came back."""
        self.trouble = ""
        """Why nothing can be written, or soon no more, in words for the agent; empty while all is well. Any thread."""
        self._ballast = Ballast(directory)
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(directory / "desk.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalError(f"{directory} cannot be used: {error.strerror}") from error
        try:
            self._take_lock(directory)
            self.connection = self._open()
            self.trouble = "" if self._ballast.make() else LOW
        except BaseException:
            os.close(self._lock)
            raise

    def _take_lock(self, directory: Path) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DeskBusy(
                f"another Paradesk is running on {directory}; close it, or choose another profile"
            ) from error
        except OSError as error:
            raise JournalError(
                f"{directory} cannot be locked: {error.strerror}; put PARADESK_STATE_DIR on a local disk"
            ) from error

    def _open(self) -> sqlite3.Connection:
        from paradesk.desk import salvage

        try:
            with self.reading():
                if told := salvage.resume(self.path):
                    self.notices += (told,)
                return self._connect()
        except JournalDamaged as damage:
            return self._salvaged(damage)
        except OSError as error:
            raise JournalError(f"{self.path} cannot be replaced: {error.strerror}") from error

    def start_over(self, damage: JournalDamaged) -> None:
        """Replace an open journal in which damage was found by what can be saved of it; raises JournalError."""
        self.connection.close()
        self.connection = self._salvaged(damage)

    def _salvaged(self, damage: JournalDamaged) -> sqlite3.Connection:
        from paradesk.desk import salvage

        if not salvage.is_journal(self.path):
            raise damage
        try:
            with self.reading():
                self.notices += (salvage.start_over(self.path, damage.what),)
                return self._connect()
        except OSError as error:
            raise JournalError(
                f"{self.path} is damaged ({damage.what}) and cannot be replaced: {error.strerror}"
            ) from error

    def _connect(self) -> sqlite3.Connection:
        try:
            # SQLite gives its side files the mode of the main file, so that one must not begin readable for others.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise JournalError(f"{self.path} cannot be opened: {error.strerror}") from error
        connection = self._connect_to(self.path)
        try:
            if max(self._formats()) > _LATEST_FORMAT:
                raise JournalDamaged(self.path, "its header")
            version = connection.execute("pragma user_version").fetchone()[0]
            tables = {row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")}
            self._check(connection, version, tables)
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = full")
            connection.execute("pragma secure_delete = on")
            if 0 < version < SCHEMA_VERSION:
                self._copy(connection)
            migrate(connection, version)
            drop_old_copies(self.path)
        except BaseException:
            connection.close()
            raise
        return connection

    def _formats(self) -> bytes:
        """Return the two bytes that say how to write and to read the file; SQLite takes other values for a newer SQLite."""
        with self.path.open("rb") as file:
            header = file.read(_FILE_VERSIONS + 2)
        return header[_FILE_VERSIONS:] if header.startswith(b"SQLite format 3") and header[_FILE_VERSIONS:] else b"\0"

    def _check(self, connection: sqlite3.Connection, version: int, tables: set[str]) -> None:
        """Raise JournalError for a file that is none of ours, JournalDamaged for one that is not sound."""
        absurd = not 0 <= version < _NEWEST_IMAGINABLE
        if version > SCHEMA_VERSION and not (absurd and tables & TABLES):
            raise JournalError(
                f"{self.path} was written by a newer Paradesk (schema {version}, this one knows {SCHEMA_VERSION});"
                " nothing was changed: use the newer version"
            )
        if absurd or (version == 0 and tables) or (version > 0 and not tables >= TABLES):
            if {"outbox", "conversations"} & tables:
                raise JournalDamaged(self.path, "tables are missing")
            raise JournalError(f"{self.path} is not a journal of Paradesk: {_WHAT_TO_DO}")
        for table in _MUST_BE_SOUND if version else ():
            finding = str(connection.execute(f"pragma quick_check('{table}')").fetchone()[0])
            if finding != "ok":
                raise JournalDamaged(self.path, finding)

    def _copy(self, connection: sqlite3.Connection) -> None:
        try:
            copy_before(connection, self.path)
        except OSError as error:
            raise JournalError(
                f"{self.path} cannot be copied before its schema changes: {error.strerror}; nothing was changed"
            ) from error

    def close(self) -> None:
        """Close the database and give the directory free."""
        try:
            self.connection.close()
        finally:
            os.close(self._lock)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Turn what SQLite says of a file that it cannot read into a JournalError that says what to do."""
        try:
            yield
        except sqlite3.Error as error:
            what = clean_line(str(error), 120)
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE:
                raise JournalDamaged(self.path, what) from error
            raise JournalError(f"{self.path} cannot be used: {what}; look at the disk and its rights") from error
        except UnicodeDecodeError as error:
            # SQLite quotes a damaged table definition in its message, and Python cannot read that.
            raise JournalDamaged(self.path) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all that is written inside, or nothing; raises JournalError when the disk does not take it."""
        try:
            self.connection.execute("begin immediate")
            try:
                yield
                self.connection.execute("commit")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("rollback")
                raise
        except sqlite3.Error as error:
            raise self._unwritten(error) from error
        if self.trouble:
            self.trouble = "" if self._ballast.there else LOW

    def _unwritten(self, error: sqlite3.Error) -> JournalError:
        full = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
        remedy = "free some space" if full else "look at the disk and its rights"
        what = f"{self.path} cannot be written: {clean_line(str(error), 120)}; {remedy}"
        if full:
            freed = self._ballast.free()
            with contextlib.suppress(sqlite3.Error):
                # The log begins again at its start, in room that it has already.
                self.connection.execute("pragma wal_checkpoint(restart)").fetchall()
            if freed:
                self.trouble = LOW
                return RoomMade(what)
        if not isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.DataError):
            self.trouble = (
                FULL if full else f"NOTHING CAN BE SAVED OR SENT: {clean_line(str(error), 60)}; look at the disk"
            )
        return JournalError(what)

    def look(self) -> None:
        """See whether a trouble is over: build the reserve again where there is room, and try to write."""
        if not self.trouble:
            return
        self._ballast.make()
        try:
            with self.transaction():
                # The same number again: the smallest write there is.
                self.connection.execute(f"pragma user_version = {SCHEMA_VERSION}")
        except JournalError as error:
            _log.debug("%s", error)

    def drafts(self) -> list[tuple[ConversationId, Visibility, str]]:
        """Return all drafts. What cannot be read is left where it is."""
        found: list[tuple[ConversationId, Visibility, str]] = []
        for where, visibility, text in self.connection.execute("select conversation_id, visibility, text from drafts"):
            sound = isinstance(where, str) and where == storable(where) and isinstance(text, str)
            if sound and visibility in list(Visibility):
                found.append((ConversationId(where), Visibility(visibility), storable(text)))
            else:
                _log.error("a draft in the journal cannot be read and is kept as it is")
        return found

    def write_draft(self, conversation_id: ConversationId, visibility: Visibility, text: str) -> None:
        """Keep a draft; an empty one goes."""
        if text:
            self.connection.execute("replace into drafts values (?, ?, ?)", (conversation_id, visibility.value, text))
        else:
            for table in ("drafts", "draft_origins"):
                self.connection.execute(
                    f"delete from {table} where conversation_id = ? and visibility = ?",
                    (conversation_id, visibility.value),
                )

    def origins(self) -> dict[DraftKey, Draft]:
        """Return how the drafts were made, without their texts. What cannot be read is left where it is."""
        found: dict[DraftKey, Draft] = {}
        for (record,) in self.connection.execute("select record from draft_origins"):
            try:
                draft = msgspec.json.decode(record, type=Draft)
            except UNREADABLE as error:
                _log.warning("how a draft was made cannot be read: %s", type(error).__name__)
            else:
                found[draft.conversation_id, draft.visibility] = draft
        return found

    def write_origins(self, key: DraftKey, record: str | None) -> None:
        """Keep how a draft was made; None forgets it."""
        where, visibility = storable(key[0]), key[1].value
        if record is not None:
            self.connection.execute("replace into draft_origins values (?, ?, ?)", (where, visibility, record))
        else:
            self.connection.execute(
                "delete from draft_origins where conversation_id = ? and visibility = ?", (where, visibility)
            )

    def cursor(self, profile: str) -> str | None:
        """Return where the stream of this profile was when its last events were committed."""
        row = self.connection.execute("select cursor from cursors where profile = ?", (profile,)).fetchone()
        return None if row is None else str(row[0])

    def write_cursor(self, profile: str, cursor: str) -> None:
        """Keep the cursor; called in the transaction of the events before it."""
        self.connection.execute("replace into cursors values (?, ?)", (profile, cursor))

    def layout(self) -> Layout:
        """Return the layout that was saved last, or an empty one."""
        row = self.connection.execute("select record from layout").fetchone()
        try:
            return Layout() if row is None else msgspec.json.decode(row[0], type=Layout)
        except UNREADABLE:
            return Layout()

    def write_layout(self, layout: Layout) -> None:
        """Keep the layout."""
        self.connection.execute("replace into layout values (1, ?)", (msgspec.json.encode(layout).decode(),))


def _open(path: Path) -> sqlite3.Connection:
    # The directory is locked: who else holds the file is a stranger, and not worth a frozen desk.
    connection = sqlite3.connect(path, timeout=0.25, isolation_level=None, check_same_thread=False)
    connection.text_factory = _text
    return connection


def _text(content: bytes) -> str:
    """Return text as it lies on disk; broken UTF-8 fails where it is decoded, not the whole query that meets it."""
    return content.decode("utf-8", "surrogateescape")
