"""A damaged journal costs a restart at most: what can be read comes back, and nothing is sent twice because of it."""

import re
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from paradesk.core.events import MessageUpserted
from paradesk.core.intents import Send
from paradesk.core.model import ConversationId, Delivery, Visibility
from paradesk.desk.desk import Desk
from paradesk.desk.journal import Journal
from paradesk.desk.snapshots import Snapshots
from tests.unit.desk.conftest import Start
from tests.unit.desk.scripted import Scripted, desk_of, message, reply, wait_for

ONE = ConversationId("acme/1")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a desk that was ended with a long chat and the draft of a note."""
    directory = tmp_path_factory.mktemp("kept")
    connector = Scripted()
    desk = desk_of(directory, connector)
    desk.start()
    wait_for(desk, lambda state: ONE in state.threads)
    for number in range(2, 98):
        connector.emit(MessageUpserted(message(number, f"{number} " + "x" * 300)))
    wait_for(desk, lambda state: len(state.threads[ONE].transcript) > 90)
    desk.save_draft(ONE, Visibility.NOTE, "half a thought")
    wait_for(desk, lambda state: state.threads[ONE].drafts)
    desk.stop(5.0)
    return directory


def _filled(kept: Path, directory: Path) -> None:
    shutil.copytree(kept, directory, dirs_exist_ok=True)


def _queue(directory: Path, *texts: str) -> None:
    """Accept replies while there is no connection."""
    desk = desk_of(directory, Refusing())
    desk.start()
    for text in texts:
        reply(desk, text)
    desk.stop(5.0)


class Refusing(Scripted):
    """Is never online."""

    async def run(self, context: object) -> None:
        raise OSError("no network")


def _pages(path: Path, table: str) -> tuple[int, int]:
    with closing(sqlite3.connect(path)) as connection:
        size = connection.execute("pragma page_size").fetchone()[0]
        root = connection.execute("select rootpage from sqlite_master where name = ?", (table,)).fetchone()[0]
    return size, root


def _spoil(path: Path, table: str) -> None:
    """Overwrite the first page of a table."""
    size, root = _pages(path, table)
    content = bytearray(path.read_bytes())
    content[(root - 1) * size : root * size] = b"\xa5" * size
    path.write_bytes(content)


def _states(desk: Desk) -> dict[str, Delivery]:
    return {
        sending.message.body: sending.delivery for sending in desk.state.threads[ONE].sends.values() if sending.message
    }


def _rows(directory: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(directory / "desk.sqlite3")) as connection:
        return connection.execute(f"select * from {table}").fetchall()


def test_replies_in_a_sound_table_are_as_they_were(kept: Path, tmp_path: Path) -> None:
    """After an orderly end a table without a fault proves what it says: its replies go on, to the byte."""
    _filled(kept, tmp_path)
    _queue(tmp_path, "one", "two")
    before, drafts = _rows(tmp_path, "outbox"), _rows(tmp_path, "drafts")
    assert len(before) == 2
    _spoil(tmp_path / "desk.sqlite3", "cursors")
    journal = Journal(tmp_path)
    journal.close()
    assert _rows(tmp_path, "outbox") == before
    assert _rows(tmp_path, "drafts") == drafts
    assert _rows(tmp_path, "cursors") == []
    assert len(_rows(tmp_path, "messages")) > 90
    assert re.search(r"corrupt-\d{8}T\d{6}Z.*2 replies, 1 draft, 1 chat, \d+ messages", journal.notices[0])


def test_replies_of_a_snapshot_are_unclear_and_not_sent(kept: Path, tmp_path: Path) -> None:
    """What only the day before knows may have been delivered since: the agent decides, the backend is not asked."""
    _filled(kept, tmp_path)
    _queue(tmp_path, "one", "two")
    path = tmp_path / "desk.sqlite3"
    assert Snapshots(path).take() is not None
    _spoil(path, "outbox")
    connector = Scripted()
    desk = desk_of(tmp_path, connector)
    desk.start()
    try:
        wait_for(desk, lambda state: len(state.threads[ONE].sends) == 2)
        assert _states(desk) == {"one": Delivery.UNCERTAIN, "two": Delivery.UNCERTAIN}
        assert desk.state.threads[ONE].drafts == {Visibility.NOTE: "half a thought"}
        assert "2 replies (2 unclear)" in desk.notices[0]
        assert "partly from desk-" in desk.notices[0]
        assert not [intent for intent in connector.performed if isinstance(intent, Send)]
    finally:
        desk.stop(5.0)


def test_a_reply_of_a_snapshot_that_was_delivered_since_does_not_come_back(
    kept: Path, tmp_path: Path, start: Start
) -> None:
    """The messages know that it arrived; a draft that has become a reply since stays away as well."""
    _filled(kept, tmp_path)
    _queue(tmp_path, "one")
    path = tmp_path / "desk.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("insert into drafts values ('acme/1', 'public', 'one ')")
        connection.commit()
    assert Snapshots(path).take() is not None
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("delete from drafts where visibility = 'public'")
        connection.commit()
    desk = start(Scripted())
    wait_for(desk, lambda state: not state.threads[ONE].sends or all(
        sending.delivery is Delivery.CONFIRMED for sending in state.threads[ONE].sends.values()))  # fmt: skip
    desk.stop(5.0)
    assert _rows(tmp_path, "outbox") == []
    _spoil(path, "outbox")
    _spoil(path, "drafts")
    journal = Journal(tmp_path)
    journal.close()
    assert _rows(tmp_path, "outbox") == []
    assert _rows(tmp_path, "drafts") == [("acme/1", "note", "half a thought")]


def test_without_a_snapshot_the_rest_comes_back(kept: Path, tmp_path: Path) -> None:
    """A spoilt page of messages costs the messages on it, and older ones are asked of the backend again."""
    _filled(kept, tmp_path)
    path = tmp_path / "desk.sqlite3"
    size = _pages(path, "messages")[0]
    content = bytearray(path.read_bytes())
    at = content.index(b'"body":"65 xxx') // size * size
    content[at : at + size] = b"\xa5" * size
    path.write_bytes(content)
    _spoil(path, "cursors")
    journal = Journal(tmp_path)
    journal.close()
    assert 60 < len(_rows(tmp_path, "messages")) < 97
    assert '"history_complete":false' in str(_rows(tmp_path, "conversations")[0])


def test_a_salvage_that_is_cut_off_goes_on(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever between two files it ends: the next start has the replies, and the damaged files lie aside, all of them."""
    whole = tmp_path / "whole"
    _filled(kept, whole)
    _queue(whole, "one")
    _spoil(whole / "desk.sqlite3", "cursors")
    outbox = _rows(whole, "outbox")
    rename = Path.rename
    for cut in range(1, 6):
        folder = tmp_path / str(cut)
        shutil.copytree(whole, folder)
        (folder / "desk.sqlite3-wal").write_bytes(b"not a log")
        damaged = (folder / "desk.sqlite3").read_bytes()
        left = cut

        def cutting(self: Path, target: Path) -> Path:
            nonlocal left
            left -= 1
            if not left:
                raise KeyboardInterrupt
            return rename(self, target)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "rename", cutting)
            try:
                Journal(folder).close()
            except KeyboardInterrupt:
                pass
        Journal(folder).close()
        assert [row[1] for row in _rows(folder, "outbox")] == [row[1] for row in outbox]
        aside = sorted(folder.glob("desk.sqlite3.corrupt-*Z"))
        assert [file.read_bytes() for file in aside] == [damaged]
        assert not (folder / "desk.sqlite3.salvage").exists()


def test_two_damages_in_one_second_are_both_kept(kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was moved aside is never overwritten."""
    monkeypatch.setattr(time, "strftime", lambda *_: "20260101T000000Z")
    _filled(kept, tmp_path)
    for _ in range(2):
        _spoil(tmp_path / "desk.sqlite3", "cursors")
        Journal(tmp_path).close()
    assert len(list(tmp_path.glob("desk.sqlite3.corrupt-20260101T000000Z*"))) >= 2
    assert (tmp_path / "desk.sqlite3.corrupt-20260101T000000Z-2").exists()


def test_damage_that_shows_while_restoring_is_survived(kept: Path, tmp_path: Path) -> None:
    """A page of conversations that no check looks at before it is read."""
    _filled(kept, tmp_path)
    _spoil(tmp_path / "desk.sqlite3", "conversations")
    desk = desk_of(tmp_path, Scripted())
    desk.start()
    try:
        assert len(desk.notices) == 1
        wait_for(desk, lambda state: ONE in state.threads and state.threads[ONE].known)
        assert desk.state.threads[ONE].drafts == {Visibility.NOTE: "half a thought"}
    finally:
        desk.stop(5.0)


def _zeros(content: bytes) -> bytes:
    return bytes(len(content))


def _header(content: bytes) -> bytes:
    return b"\xa5" * 100 + content[100:]


def _short(content: bytes) -> bytes:
    return content[:40]


@pytest.mark.parametrize("damage", [_zeros, _header, _short])
def test_a_journal_that_is_no_database_any_more_comes_back_from_the_snapshot(
    damage: Callable[[bytes], bytes], kept: Path, tmp_path: Path
) -> None:
    """Zeros after a power cut, a lost header, a file cut short: chats and drafts are those of the day's snapshot."""
    _filled(kept, tmp_path)
    path = tmp_path / "desk.sqlite3"
    assert Snapshots(path).take() is not None
    path.write_bytes(damage(path.read_bytes()))
    journal = Journal(tmp_path)
    journal.close()
    assert _rows(tmp_path, "drafts") == [("acme/1", "note", "half a thought")]
    assert len(_rows(tmp_path, "messages")) > 90
    assert "partly from desk-" in journal.notices[0]
