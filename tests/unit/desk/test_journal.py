"""What is in the journal stays there, even what cannot be read."""

import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from paradesk.core.events import MessageUpserted
from paradesk.core.model import ConversationId, Delivery, Visibility
from paradesk.desk.desk import DeskBusy
from paradesk.desk.journal import Journal, JournalError
from paradesk.desk.snapshots import Snapshots
from tests.unit.desk.conftest import Start
from tests.unit.desk.scripted import Scripted, desk_of, message, reaches, reply, wait_for

ONE = ConversationId("acme/1")


def test_unreadable_rows_are_left_and_the_rest_is_loaded(start: Start, tmp_path: Path) -> None:
    """A damaged message, reply and layout do not keep the desk from starting, and nothing of them is deleted."""
    desk = start(Scripted())
    reaches(desk, reply(desk, "kept"), Delivery.CONFIRMED)
    desk.stop(5.0)
    with sqlite3.connect(tmp_path / "desk.sqlite3") as connection:
        connection.execute("update messages set base = '{\"half' where id = 'm1'")
        connection.execute("insert into outbox (client_id, conversation_id, state, record) values ('x', 'y', 'z', '{')")
        connection.execute("insert into layout values (1, '[]')")
    connection.close()
    desk = start(Scripted(), wait=False)
    assert [m.body for m in desk.state.threads[ONE].transcript][-1] == "kept"
    desk.stop(5.0)
    with sqlite3.connect(tmp_path / "desk.sqlite3") as connection:
        assert connection.execute("select record from outbox where client_id = 'x'").fetchone() == ("{",)
    connection.close()


def test_the_settings_that_keep_commits_through_a_power_cut(tmp_path: Path) -> None:
    """WAL with synchronous=FULL (2), on the connection that the desk writes with."""
    journal = Journal(tmp_path)
    try:
        assert journal.connection.execute("pragma journal_mode").fetchone() == ("wal",)
        assert journal.connection.execute("pragma synchronous").fetchone() == (2,)
    finally:
        journal.close()


def test_a_damaged_journal_opens_and_what_is_damaged_is_moved_aside(start: Start, tmp_path: Path) -> None:
    """Whatever bytes the disk has lost, the desk starts; a damaged file is named and kept to the byte."""
    connector = Scripted()
    connector.echoes = False
    desk = start(connector)
    for number in range(2, 60):
        connector.emit(MessageUpserted(message(number, "x" * 200)))
    reply(desk, "unsent")
    desk.save_draft(ONE, Visibility.NOTE, "draft")
    desk.stop(5.0)
    whole = (tmp_path / "desk.sqlite3").read_bytes()
    replaced = 0
    for seed in range(45):
        rng, damaged = random.Random(seed), bytearray(whole)
        if seed % 3 == 0:
            del damaged[rng.randrange(len(whole)) :]
        for _ in range((0, 1, 20)[seed % 3]):
            at = rng.randrange(len(whole) - 64)
            damaged[at : at + 64] = rng.randbytes(64)
        folder = tmp_path / "damaged"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        file = folder / "desk.sqlite3"
        file.write_bytes(damaged)
        again = desk_of(folder, Scripted())
        try:
            again.start()
        finally:
            again.stop(5.0)
        aside = list(folder.glob("desk.sqlite3.corrupt-*Z"))
        assert len(aside) == len(again.notices)
        for kept in aside:
            replaced += 1
            assert kept.name in again.notices[0]
            assert again.notices[0].isprintable()
            assert kept.read_bytes() == damaged
    assert 5 < replaced < 45


def test_broken_text_costs_only_its_own_row(start: Start, tmp_path: Path) -> None:
    """Bytes that are no text leave one message out and one draft readable; a reply with such bytes is never sent."""
    connector = Scripted()
    desk = start(connector)
    connector.emit(MessageUpserted(message(2, "second")))
    desk.save_draft(ONE, Visibility.NOTE, "draft")
    wait_for(desk, lambda state: state.threads[ONE].drafts)
    desk.stop(5.0)
    with sqlite3.connect(tmp_path / "desk.sqlite3") as connection:
        connection.execute("update messages set base = cast(x'7b22ff22' as text) where id = 'm1'")
        connection.execute("update drafts set text = cast(x'61ff62' as text)")
        connection.execute("insert into drafts values ('acme/1', 'shouted', 'x')")
        connection.execute(
            "insert into outbox (client_id, conversation_id, state, record) values ('x', 'acme/1', 'queued', x'7bff')"
        )
    connection.close()
    again = Scripted()
    again.first = ()
    desk = start(again)
    assert [m.body for m in desk.state.threads[ONE].transcript] == ["second"]
    assert desk.state.threads[ONE].drafts == {Visibility.NOTE: "a?b"}
    assert again.performed == []


def _no_database(file: Path) -> None:
    file.write_bytes(b"Dear diary, " * 1000)


def _other_program(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("create table recipes(name text)")
    connection.close()


def _other_program_with_a_version(file: Path) -> None:
    _other_program(file)
    with sqlite3.connect(file) as connection:
        connection.execute("pragma user_version = 1")
    connection.close()


@pytest.mark.parametrize("make", [_no_database, _other_program, _other_program_with_a_version])
def test_a_file_of_somebody_else_is_not_touched(make: Callable[[Path], None], tmp_path: Path) -> None:
    """A file in the journal's place that is none is refused by name, and not one byte of it changes."""
    file = tmp_path / "desk.sqlite3"
    make(file)
    before = file.read_bytes()
    with pytest.raises(JournalError, match=r"desk\.sqlite3.*Move it away"):
        desk_of(tmp_path, Scripted()).start()
    assert file.read_bytes() == before


def test_places_that_cannot_hold_a_journal_are_named(tmp_path: Path) -> None:
    """A folder in the file's place and a file in the folder's place are told as what they are, not as another desk."""
    (tmp_path / "desk.sqlite3").mkdir()
    (tmp_path / "file").touch()
    for place in (tmp_path, tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(JournalError, match=str(place)) as told:
            desk_of(place, Scripted()).start()
        assert not isinstance(told.value, DeskBusy)


def test_a_full_disk_at_the_start_is_told(tmp_path: Path) -> None:
    """Where nothing can be written a new journal is refused by name, without a traceback."""
    program = (
        "import resource, sys; from pathlib import Path; from paradesk.desk.journal import Journal, JournalError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048))\n"
        "try:\n    Journal(Path(sys.argv[1]))\nexcept JournalError as error:\n    print(error)"
    )
    told = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert str(tmp_path / "desk.sqlite3") in told.stdout
    assert told.stderr == ""


def test_a_draft_outlives_the_record_of_its_conversation(start: Start, tmp_path: Path) -> None:
    """Where the record of a conversation is damaged its draft is there all the same, and the chat when it is told again."""
    desk = start(Scripted())
    desk.save_draft(ONE, Visibility.PUBLIC, "half a reply")
    wait_for(desk, lambda state: state.threads[ONE].drafts)
    desk.stop(5.0)
    with sqlite3.connect(tmp_path / "desk.sqlite3") as connection:
        connection.execute("update conversations set record = '{'")
    connection.close()
    desk = start(Scripted())
    thread = desk.state.threads[ONE]
    assert thread.drafts == {Visibility.PUBLIC: "half a reply"}
    assert thread.conversation.customer.name == "Sarah Chen"


def test_work_that_fails_is_undone_and_the_next_works(tmp_path: Path) -> None:
    """What was written before an error inside a transaction goes with it, whether SQLite or the desk raised it."""
    journal = Journal(tmp_path)
    try:

        def half(last: Callable[[], object]) -> None:
            with journal.transaction():
                journal.write_draft(ONE, Visibility.PUBLIC, "half")
                last()

        with pytest.raises(ZeroDivisionError):
            half(lambda: 1 // 0)
        with pytest.raises(JournalError, match=r"desk\.sqlite3 cannot be written: .*; look at the disk"):
            half(lambda: journal.connection.execute("insert into layout values (2, '')"))
        assert not journal.drafts()
        with journal.transaction():
            journal.write_draft(ONE, Visibility.PUBLIC, "whole")
    finally:
        journal.close()
    journal = Journal(tmp_path)
    try:
        assert journal.drafts() == [(ONE, Visibility.PUBLIC, "whole")]
    finally:
        journal.close()


def test_the_log_beside_the_journal_stays_small(tmp_path: Path) -> None:
    """A day of typing, with a snapshot being read meanwhile, leaves a `-wal` file below 8 MB."""
    journal = Journal(tmp_path)
    wal = journal.path.with_name("desk.sqlite3-wal")
    try:
        for number in range(800):
            with journal.transaction():
                journal.write_draft(ConversationId(f"acme/{number % 8}"), Visibility.PUBLIC, f"{number} " * 4_000)
            if number == 400:
                assert Snapshots(journal.path).take() is not None
        assert 0 < wal.stat().st_size < 8_000_000
    finally:
        journal.close()
