"""A full disk is told for as long as it lasts, loses nothing, and leaves room for what is small."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from paradesk.connectors.base import NotSent
from paradesk.core.model import ConversationId, Delivery, Visibility
from paradesk.desk import ballast
from paradesk.desk.desk import Desk
from paradesk.desk.journal import FULL, LOW, Journal, JournalError, RoomMade
from tests.unit.desk.scripted import PATIENCE, Scripted, desk_of, online, reaches, reply, wait_for

ONE = ConversationId("acme/1")
RESERVE = 180_000


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of 900 KB of its own, with a reserve to match."""
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=900k", "tmpfs", str(place)]
    mount = shutil.which("mount")
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("NO DISK TO FILL: a tmpfs cannot be mounted here; run this as root")
    monkeypatch.setattr(ballast, "SIZE", RESERVE)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=False)


def _well(desk: Desk) -> None:
    until = time.monotonic() + PATIENCE
    while desk.trouble and time.monotonic() < until:
        time.sleep(0.05)
    assert desk.trouble == ""


def _reply_until_refused(desk: Desk, place: Path) -> None:
    for _ in range(200):
        reply(desk, "x" * 20_000)
        fill(place)


def fill(place: Path) -> Path:
    """Take all the room that is left."""
    file = place / "somebody-elses-file"
    with file.open("wb", buffering=0) as taking:
        try:
            while True:
                taking.write(b"x" * 4096)
        except OSError:
            pass
    return file


def test_a_reply_and_a_draft_are_still_saved_when_the_disk_is_full(small: Path) -> None:
    """The reserve gives way in the middle of a commit that then succeeds; it is told until there is room again."""
    desk = desk_of(small, Scripted())
    desk.start()
    try:
        online(desk)
        wait_for(desk, lambda state: ONE in state.threads)
        assert desk.trouble == ""
        assert (small / "desk.ballast").stat().st_size == RESERVE
        other = fill(small)
        for number in range(1):
            reaches(desk, reply(desk, f"{number} " + "x" * 100), Delivery.CONFIRMED)
        desk.save_draft(ONE, Visibility.NOTE, "kept")
        wait_for(desk, lambda state: state.threads[ONE].drafts.get(Visibility.NOTE) == "kept")
        assert desk.trouble == LOW
        assert not (small / "desk.ballast").exists()
        other.unlink()
        _well(desk)
        assert (small / "desk.ballast").exists()
    finally:
        desk.stop(5.0)


def test_without_a_reserve_a_reply_is_refused_loudly_and_nothing_is_lost(small: Path) -> None:
    """When even the reserve is used up the text stays with the agent; what was accepted before is still there."""
    desk = desk_of(small, Scripted())
    desk.start()
    try:
        online(desk)
        wait_for(desk, lambda state: ONE in state.threads)
        reaches(desk, reply(desk, "before"), Delivery.CONFIRMED)
        fill(small)
        with pytest.raises(NotSent, match="full"):
            _reply_until_refused(desk, small)
        assert desk.trouble == FULL
        assert any(message.body == "before" for message in desk.state.threads[ONE].transcript)
    finally:
        desk.stop(5.0)


def test_a_file_that_cannot_be_written_is_told_until_it_can(tmp_path: Path) -> None:
    """A read-only file system says so in the status bar; the notice goes as soon as writing works."""
    opened = Journal(tmp_path)
    try:
        opened.connection.execute("pragma query_only = on")
        with pytest.raises(JournalError, match="cannot be written"), opened.transaction():
            opened.write_cursor("acme", "x")
        assert "NOTHING CAN BE SAVED" in opened.trouble
        opened.look()
        assert "readonly" in opened.trouble
        opened.connection.execute("pragma query_only = off")
        opened.look()
        assert opened.trouble == ""
    finally:
        opened.close()


def test_the_reserve_gives_way_once(tmp_path: Path) -> None:
    """SQLITE_FULL frees it and asks for another try; the next one is a failure."""
    opened = Journal(tmp_path)
    try:
        pages = opened.connection.execute("pragma page_count").fetchone()[0]
        opened.connection.execute(f"pragma max_page_count = {pages}")
        for kind, trouble in ((RoomMade, LOW), (JournalError, FULL)):
            with pytest.raises(JournalError) as told, opened.transaction():
                opened.write_draft(ONE, Visibility.PUBLIC, "x" * 50_000)
            assert type(told.value) is kind
            assert opened.trouble == trouble
        opened.connection.execute("pragma max_page_count = 100000")
        opened.look()
        assert opened.trouble == ""
        assert (tmp_path / "desk.ballast").stat().st_size == ballast.SIZE
    finally:
        opened.close()


def test_what_is_no_fault_of_the_disk_is_no_trouble(tmp_path: Path) -> None:
    """A row that is there already is an error of the one who writes it."""
    opened = Journal(tmp_path)
    try:
        with pytest.raises(JournalError), opened.transaction():
            opened.connection.execute("insert into layout values (2, '')")
        assert opened.trouble == ""
    finally:
        opened.close()


def test_a_disk_that_is_full_at_the_start_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room for a reserve the agent knows before the first failure."""
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    opened = Journal(tmp_path)
    opened.close()
    assert opened.trouble == LOW
