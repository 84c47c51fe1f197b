"""A journal of an earlier schema keeps its replies and drafts to the byte, wherever its migration is cut off."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from paradesk.core.model import ClientId, ConversationId, Message, MessageId, Role, Visibility
from paradesk.desk import migrations
from paradesk.desk.intake import storable
from paradesk.desk.journal import SCHEMA_VERSION, Journal, JournalError
from paradesk.desk.outbox_rows import OutboxRow, OutboxTable
from tests.hostile_corpus import OWN

RELEASED = Path(__file__).parent / "journals"
Contents = dict[str, list[tuple[Any, ...]]]


def old_journal(directory: Path) -> Path:
    """Write a journal of schema 1, as it was released, with what hostile customers and agents can put into it."""
    path = directory / "desk.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((RELEASED / "schema-1.sql").read_text())
        for number, entry in enumerate(OWN):
            text, where = storable(entry.text), ConversationId(f"acme/{number}")
            echo = Message(
                id=MessageId(f"m{number}"), conversation_id=where, role=Role.AGENT, sender_id="a", sender_name=text,
                body=text, sent_at=1.0, order_key=number,
            )  # fmt: skip
            row = OutboxRow(
                client_id=ClientId(f"c{number}"), conversation_id=where, body=text, visibility=Visibility.PUBLIC,
                attachments=(), echo=echo,
            )  # fmt: skip
            OutboxTable(connection).add(row)
            connection.execute("insert into drafts values (?, 'public', ?)", (where, text))
        connection.execute("insert into drafts values ('acme/bytes', 'note', cast(x'61ff6200' as text))")
        connection.execute(
            "insert into outbox (client_id, conversation_id, state, record) values ('x', 'acme/1', 'queued', x'7bff')"
        )
        connection.execute("insert into cursors values ('acme', 'here')")
        connection.commit()
    return path


def contents(path: Path) -> Contents:
    """Return all rows that a journal of any schema has in its first tables, as bytes, with the types of their values."""
    found: Contents = {}
    with closing(sqlite3.connect(path)) as connection:
        for table in sorted(migrations.TABLES):
            columns = [row[1] for row in connection.execute(f"pragma table_info({table})")]
            picked = ", ".join(f"typeof({column}), cast({column} as blob)" for column in columns)
            found[table] = connection.execute(f"select {picked} from {table} order by 2, 4").fetchall()
    return found


def schema(path: Path) -> tuple[int, list[tuple[str, str]]]:
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute(
            "select name, sql from sqlite_master where sql is not null order by name"
        ).fetchall()
        return connection.execute("pragma user_version").fetchone()[0], tables


def names(path: Path) -> set[str]:
    return {name for name, _ in schema(path)[1]}


def opened(directory: Path) -> None:
    Journal(directory).close()


def test_a_migrated_journal_is_like_a_new_one_and_keeps_every_byte(tmp_path: Path) -> None:
    """All tables of a new journal are there, and what was in the old one is the same, hostile text included."""
    path = old_journal(tmp_path)
    before = contents(path)
    assert len(before["outbox"]) > 20
    opened(tmp_path)
    (tmp_path / "new").mkdir()
    opened(tmp_path / "new")
    assert contents(path) == before
    assert schema(path)[0] == SCHEMA_VERSION
    assert names(path) == names(tmp_path / "new" / "desk.sqlite3")


def test_the_copy_from_before_is_whole_private_and_goes_after_a_week(tmp_path: Path) -> None:
    """An older version can go back to it; it goes at the first start after a week, not before."""
    path = old_journal(tmp_path)
    before = contents(path)
    opened(tmp_path)
    copy = tmp_path / f"desk.sqlite3.before-{SCHEMA_VERSION}"
    assert contents(copy) == before
    assert schema(copy)[0] == 1
    assert copy.stat().st_mode & 0o777 == 0o600
    opened(tmp_path)
    assert copy.exists()
    aged = copy.stat().st_mtime - migrations.KEEP_COPY - 60
    os.utime(copy, (aged, aged))
    opened(tmp_path)
    assert not copy.exists()
    assert not list(tmp_path.glob("*.new"))


def test_a_new_journal_needs_no_copy(tmp_path: Path) -> None:
    """Where nothing was, nothing is copied."""
    opened(tmp_path)
    assert not list(tmp_path.glob("*.before-*"))


class _Cut(Exception):
    pass


def _cutting(at: int, *, after: bool) -> type[sqlite3.Connection]:
    seen = 0

    class Cutting(sqlite3.Connection):
        def execute(self, *arguments: Any) -> sqlite3.Cursor:
            nonlocal seen
            seen += 1
            if seen == at and not after:
                raise _Cut
            cursor = super().execute(*arguments)
            if seen == at:
                raise _Cut
            return cursor

    return Cutting


def test_a_migration_cut_at_every_statement_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before and after each statement of opening: the next start reaches the same schema with the same contents."""
    connect = sqlite3.connect
    at, cuts = 0, 0
    while True:
        at += 1
        cut = 0
        for after in (False, True):
            folder = tmp_path / f"{at}-{after}"
            folder.mkdir()
            path = old_journal(folder)
            before = contents(path)
            kind = _cutting(at, after=after)
            with monkeypatch.context() as patched:
                patched.setattr(sqlite3, "connect", lambda *a, kind=kind, **k: connect(*a, **{"factory": kind} | k))
                try:
                    opened(folder)
                except _Cut:
                    cut += 1
            assert contents(path) == before
            assert schema(path)[0] in range(1, SCHEMA_VERSION + 1)
            opened(folder)
            assert contents(path) == before
            assert schema(path)[0] == SCHEMA_VERSION
        cuts += cut
        if not cut:
            break
    assert cuts > 20


KILLED = """
import os, random, signal, sqlite3, sys
from pathlib import Path
connect, at, seen = sqlite3.connect, int(sys.argv[2]), 0
def count(*_):
    global seen
    seen += 1
    if seen == at:
        os.kill(os.getpid(), signal.SIGKILL)
    return 0
def counted(*arguments, **named):
    connection = connect(*arguments, **named)
    connection.set_progress_handler(count, 1)
    return connection
sqlite3.connect = counted
from paradesk.desk.journal import Journal
Journal(Path(sys.argv[1])).close()
print(seen)
"""


def _killed(directory: Path, at: int) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", KILLED, str(directory), str(at)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_migration_killed_anywhere_goes_on(tmp_path: Path) -> None:
    """SIGKILL at instructions of the database engine, spread over the whole of opening."""
    folder = tmp_path / "whole"
    folder.mkdir()
    old_journal(folder)
    steps = int(_killed(folder, 0).stdout)
    rng, killed = random.Random(1), 0
    for number in range(10):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = old_journal(folder)
        before = contents(path)
        killed += _killed(folder, rng.randrange(1, steps)).returncode == -signal.SIGKILL
        opened(folder)
        assert contents(path) == before
        assert schema(path)[0] == SCHEMA_VERSION
    assert killed > 5


def test_a_migration_without_a_copy_does_not_begin(tmp_path: Path) -> None:
    """Where the copy cannot be written the file is named and stays as it is."""
    path = old_journal(tmp_path)
    (tmp_path / f"desk.sqlite3.before-{SCHEMA_VERSION}" / "full").mkdir(parents=True)
    before = contents(path)
    with pytest.raises(JournalError, match=r"desk\.sqlite3 cannot be copied"):
        opened(tmp_path)
    assert schema(path)[0] == 1
    assert contents(path) == before


def test_a_newer_journal_with_content_is_refused_byte_for_byte(tmp_path: Path) -> None:
    """A journal that a later version has written and filled is left as it is, side files included."""
    path = old_journal(tmp_path)
    opened(tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"pragma user_version = {SCHEMA_VERSION + 1}")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(JournalError, match="newer Paradesk"):
        opened(tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.name in before} == before


def test_records_can_be_read_after_a_migration(tmp_path: Path) -> None:
    """What was queued under the old schema is queued under the new one, in its order."""
    old_journal(tmp_path)
    journal = Journal(tmp_path)
    try:
        rows = OutboxTable(journal.connection).rows()
    finally:
        journal.close()
    assert [row.body for row in rows] == [storable(entry.text) for entry in OWN]
    assert all(msgspec.json.encode(row) for row in rows)
