"""Each day's snapshot is whole, private, and never in the way."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from paradesk.core.model import ConversationId, Visibility
from paradesk.desk.journal import Journal
from paradesk.desk.snapshots import KEPT, Snapshots, snapshots_of
from paradesk.desk.verdicts import Verdicts
from tests.unit.desk.scripted import PATIENCE

DAY = 86_400.0
NOON = 1_750_000_000.0


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """An open journal with a draft, still in the write-ahead log."""
    journal = Journal(tmp_path)
    with journal.transaction():
        journal.write_draft(ConversationId("acme/1"), Visibility.PUBLIC, "half")
    yield journal
    journal.close()


def test_a_snapshot_is_taken_while_the_journal_is_open(journal: Journal) -> None:
    """It has what was committed a moment ago, only its owner can read it, and it is one sound file."""
    found = Snapshots(journal.path, lambda: NOON).take()
    assert found is not None
    assert found.stat().st_mode & 0o777 == 0o600
    assert found.parent.stat().st_mode & 0o777 == 0o700
    with closing(sqlite3.connect(found)) as connection:
        assert connection.execute("select text from drafts").fetchall() == [("half",)]
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    assert [file.name for file in found.parent.iterdir()] == [found.name]


def test_one_a_day_and_three_are_kept(journal: Journal) -> None:
    """The same day takes no second one; the oldest goes."""
    days = [Snapshots(journal.path, partial(float, NOON + day * DAY)).take() for day in range(KEPT + 2)]
    assert None not in days
    assert Snapshots(journal.path, lambda: NOON + (KEPT + 1) * DAY).take() is None
    assert snapshots_of(journal.path) == days[: -KEPT - 1 : -1]


def test_what_a_killed_one_left_is_cleared(journal: Journal) -> None:
    """A half-written file of yesterday neither stays nor counts."""
    folder = journal.path.parent / "snapshots"
    folder.mkdir()
    (folder / "desk-2020-01-01.new").write_bytes(b"half")
    (folder / "desk-2020-01-01.new-journal").write_bytes(b"half")
    found = Snapshots(journal.path, lambda: NOON).take()
    assert found is not None
    assert list(folder.iterdir()) == [found]


def test_a_full_disk_takes_none(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With less than twice the journal's size free nothing is written, and the log says why."""
    usage = shutil.disk_usage("/")
    size = journal.path.stat().st_size
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=size))
    assert Snapshots(journal.path, lambda: NOON).take() is None
    assert "twice its size" in caplog.text
    assert snapshots_of(journal.path) == []


def test_a_damaged_copy_is_not_published(journal: Journal) -> None:
    """The snapshots of the days before stay; a copy with a fault goes."""
    before = Snapshots(journal.path, lambda: NOON).take()

    class Spoiling(Snapshots):
        def _write(self, fresh: Path) -> None:
            super()._write(fresh)
            content = bytearray(fresh.read_bytes())
            content[4096:8192] = b"\xa5" * 4096
            fresh.write_bytes(content)

    assert Spoiling(journal.path, lambda: NOON + DAY).take() is None
    assert snapshots_of(journal.path) == [before]


def test_the_thread_takes_one_and_ends(journal: Journal) -> None:
    """It looks by itself, and stopping does not wait for the next look."""
    taken = threading.Event()

    class Taking(Snapshots):
        def take(self) -> Path | None:
            found = super().take()
            taken.set()
            return found

    taking = Taking(journal.path, lambda: NOON, first=0.0)
    taking.start()
    assert taken.wait(PATIENCE)
    assert len(snapshots_of(journal.path)) == 1
    taking.stop(PATIENCE)
    assert not taking._thread.is_alive()


def test_forgetting_near_misses_reaches_the_snapshots(journal: Journal) -> None:
    """What the agent has forgotten is in no copy that Paradesk would bring back."""
    with journal.transaction():
        journal.connection.execute("insert into near_misses (at, record) values (1.0, 'secret-of-the-guard')")
    found = Snapshots(journal.path, lambda: NOON).take()
    assert found is not None
    assert b"secret-of-the-guard" in found.read_bytes()
    assert Verdicts(journal).forget() == 1
    assert b"secret-of-the-guard" not in found.read_bytes()


def test_only_snapshots_are_taken_for_some(journal: Journal) -> None:
    """A file that somebody put beside them is none."""
    folder = journal.path.parent / "snapshots"
    folder.mkdir()
    (folder / "notes.txt").touch()
    assert snapshots_of(journal.path) == []
