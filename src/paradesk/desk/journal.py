"""The journal: one SQLite file that keeps what must survive a crash, a power cut and an upgrade.

WAL with synchronous=FULL: a commit that has returned stays, whatever happens next.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from paradesk.core.model import ConversationId, Visibility
from paradesk.desk.layout import Layout

SCHEMA_VERSION = 1

_SCHEMA = """
create table conversations(
    id text primary key, profile text not null, record text not null);
create table messages(
    conversation_id text not null, id text not null, order_key integer, sent_at real, part text,
    base text, amendment text, primary key(conversation_id, id)) without rowid;
create index messages_in_order on messages(conversation_id, order_key, id);
create index messages_by_part on messages(conversation_id, part, order_key, id);
create table seen(conversation_id text primary key, order_key integer not null);
create table drafts(
    conversation_id text not null, visibility text not null, text text not null,
    primary key(conversation_id, visibility));
create table outbox(
    place integer primary key autoincrement, client_id text not null unique, conversation_id text not null,
    state text not null, record text not null);
create table cursors(profile text primary key, cursor text not null);
create table layout(id integer primary key check (id = 1), record text not null);
"""


class JournalError(Exception):
    """The journal cannot be opened or written; the message names the file and says what to do."""


class DeskBusy(JournalError):
    """Another Paradesk has this directory open; the message says which directory."""


class Journal:
    """The open database of one desk. Used by the desk's thread only."""

    def __init__(self, directory: Path) -> None:
        """Open or create it, and lock the directory; raises JournalError, or DeskBusy when it is taken."""
        self.path = directory / "desk.sqlite3"
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(directory / "desk.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise JournalError(f"{directory} cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise DeskBusy(
                f"another Paradesk is running on {directory}; close it, or choose another profile"
            ) from error
        try:
            self.connection = self._connect()
        except sqlite3.Error as error:
            os.close(self._lock)
            raise JournalError(f"{self.path} cannot be opened: {error}") from error
        except BaseException:
            os.close(self._lock)
            raise

    def _connect(self) -> sqlite3.Connection:
        # SQLite gives its side files the mode of the main file, so that one must not begin readable for others.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        # The directory is locked: who else holds the file is a stranger, and not worth a frozen desk.
        connection = sqlite3.connect(self.path, timeout=0.25, isolation_level=None, check_same_thread=False)
        try:
            version = connection.execute("pragma user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise JournalError(
                    f"{self.path} was written by a newer Paradesk (schema {version}, this one knows {SCHEMA_VERSION});"
                    " nothing was changed: use the newer version"
                )
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = full")
            connection.execute("pragma secure_delete = on")
            if version < SCHEMA_VERSION:
                connection.executescript(f"begin immediate;{_SCHEMA}pragma user_version = {SCHEMA_VERSION};commit;")
        except BaseException:
            connection.close()
            raise
        return connection

    def close(self) -> None:
        """Close the database and give the directory free."""
        try:
            self.connection.close()
        finally:
            os.close(self._lock)

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
            raise JournalError(f"{self.path} cannot be written: {error}") from error

    def drafts(self) -> list[tuple[ConversationId, Visibility, str]]:
        """Return all drafts."""
        rows = self.connection.execute("select conversation_id, visibility, text from drafts")
        return [(ConversationId(row[0]), Visibility(row[1]), row[2]) for row in rows]

    def write_draft(self, conversation_id: ConversationId, visibility: Visibility, text: str) -> None:
        """Keep a draft; an empty one goes."""
        if text:
            self.connection.execute("replace into drafts values (?, ?, ?)", (conversation_id, visibility.value, text))
        else:
            self.connection.execute(
                "delete from drafts where conversation_id = ? and visibility = ?", (conversation_id, visibility.value)
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
        except msgspec.MsgspecError:
            return Layout()

    def write_layout(self, layout: Layout) -> None:
        """Keep the layout."""
        self.connection.execute("replace into layout values (1, ?)", (msgspec.json.encode(layout).decode(),))
