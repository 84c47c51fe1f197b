"""A full or broken disk, at any write: it is said, nothing half happens, and once it is mended the next write works."""

import random
from pathlib import Path
from typing import cast

import pytest

pytest.importorskip("apsw", reason="apsw is not installed: no disk faults are simulated")

from paradesk.desk.journal import Journal, JournalError
from tests.e2e.power.connection import PowerConnection, opener
from tests.e2e.power.cuts import Work, dump
from tests.e2e.power.faults import FaultyDisk

STEPS = ("arrive", "draft", "accept", "move", "lay_out")
PAGES = 12
"""A checkpoint comes behind so many: few, so that checkpoints meet the fault as well."""


def journal_on(disk: FaultyDisk, directory: Path) -> Journal:
    journal = Journal(directory, opener(disk))
    cast("PowerConnection", journal.connection).checkpoint_from(PAGES)
    return journal


@pytest.mark.parametrize(
    ("operation", "fault", "words"),
    [
        ("write", "full", "disk is full"),
        ("write", "broken", "disk I/O error"),
        ("sync", "broken", "disk I/O error"),
    ],
)
def test_a_commit_that_the_disk_refuses_has_not_happened(
    tmp_path: Path, operation: str, fault: str, words: str
) -> None:
    """Every kind of commit, with the fault at each of its first writes: told with the file's name, memory as before."""
    disk, refusals = FaultyDisk(), dict.fromkeys(STEPS, 0)
    journal = journal_on(disk, tmp_path)
    try:
        work = Work(journal, random.Random(1))
        work.begin()
        work.accept()
        for after in range(12):
            for step in STEPS:
                work.number += 1
                before, kept = work.recorder.store.state, dump(journal.connection)
                rows = dict(work.outbox._rows)
                disk.fail(operation, fault, after)
                try:
                    getattr(work, step)()
                except JournalError as error:
                    refusals[step] += 1
                    assert str(journal.path) in str(error)
                    assert words in str(error)
                    assert work.recorder.store.state is before
                    assert work.outbox._rows == rows
                    assert dump(journal.connection) == kept
                    assert not journal.connection.in_transaction
                disk.mend()
                work.number += 1
                getattr(work, step)()
        assert all(refusals.values()), refusals
        stood = dump(journal.connection)
    finally:
        disk.mend()
        journal.close()
    again = Journal(tmp_path)
    try:
        assert dump(again.connection) == stood
        assert again.connection.execute("pragma integrity_check").fetchone() == ("ok",)
    finally:
        again.close()


@pytest.mark.parametrize("fault", ["full", "broken"])
def test_a_commit_stays_when_only_its_checkpoint_fails(tmp_path: Path, fault: str) -> None:
    """Moving commits from the log into the main file can wait: the commit that set it off is safe without."""
    disk = FaultyDisk()
    journal = journal_on(disk, tmp_path)
    passed_over = 0
    try:
        work = Work(journal, random.Random(2))
        work.begin()
        for after in range(30):
            refused = disk.refused
            disk.fail("write", fault, after)
            try:
                work.arrive()
            except JournalError:
                pass
            else:
                passed_over += disk.refused > refused
            disk.mend()
        assert passed_over, "no checkpoint failed"
        stood = dump(journal.connection)
    finally:
        disk.mend()
        journal.close()
    again = Journal(tmp_path)
    try:
        assert dump(again.connection) == stood
    finally:
        again.close()


# SQLite closes a file whatever its disk says, and apsw tells Python of what nobody was told.
@pytest.mark.filterwarnings("ignore:Exception ignored in. None:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("fault", ["full", "broken"])
def test_a_journal_that_cannot_be_made_can_be_made_later(tmp_path: Path, fault: str) -> None:
    """The fault at each write of the making: the file is named, and the same directory opens once the disk is mended."""
    for after in range(200):
        directory = tmp_path / str(after)
        disk = FaultyDisk()
        disk.fail("write", fault, after)
        try:
            Journal(directory, opener(disk)).close()
        except JournalError as error:
            assert str(directory) in str(error)
        else:
            if not disk.refused:
                break
        disk.mend()
        journal = Journal(directory, opener(disk))
        assert not any(dump(journal.connection).values())
        journal.close()
    else:
        pytest.fail("the fault never came too late")
    assert after > 5
