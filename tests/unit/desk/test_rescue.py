"""Drafts that the desk's thread did not take any more."""

import sqlite3
import stat
import sys
import time
from contextlib import closing
from pathlib import Path

import msgspec

from paradesk.core.model import ConversationId, LocalFile, Visibility
from paradesk.desk.desk import Desk
from paradesk.desk.layout import Layout, PanePlace, ReadingPlace
from paradesk.desk.rescue import FILE, Rescue

ONE = ConversationId("acme/1")


def test_what_was_rescued_is_read_back_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    drafts = {(ONE, Visibility.PUBLIC): "half\na reply \u2603", (ONE, Visibility.NOTE): "a note"}
    rescue = Rescue(tmp_path)
    assert rescue.write(drafts)
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert Rescue(tmp_path).read() == drafts
    rescue.clear()
    assert rescue.read() == {}


def test_a_line_that_cannot_be_read_costs_neither_the_others_nor_itself(tmp_path: Path) -> None:
    rescue = Rescue(tmp_path)
    rescue.write({(ONE, Visibility.PUBLIC): "kept"})
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"conversation": 1}\n\xff\n')
    assert rescue.read() == {(ONE, Visibility.PUBLIC): "kept"}
    assert b'{"conversation": 1}' in (tmp_path / FILE).with_suffix(".unreadable").read_bytes()


def test_a_disk_that_takes_nothing_is_no_error(tmp_path: Path) -> None:
    assert not Rescue(tmp_path / "none").write({(ONE, Visibility.PUBLIC): "kept"})


def test_drafts_of_a_desk_that_has_died_are_in_the_journal_after_the_next_start(tmp_path: Path) -> None:
    desk = Desk([], tmp_path)
    desk.start()
    assert desk._loop is not None
    desk._loop.call_soon_threadsafe(sys.exit)
    end = time.monotonic() + 20
    while desk.running:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert "SystemExit" in desk.failure
    desk.save_draft(ONE, Visibility.PUBLIC, "hal")
    desk.save_draft(ONE, Visibility.PUBLIC, "half")
    again = Desk([], tmp_path)
    again.start()
    again.stop()
    assert not (tmp_path / FILE).exists()
    with closing(sqlite3.connect(tmp_path / "desk.sqlite3")) as database:
        assert database.execute("select text from drafts").fetchall() == [("half",)]


def test_a_layout_written_before_there_were_places_is_read() -> None:
    old = b'{"panes":["acme/1"],"active":"acme/1","zoomed":true,"hotlist":false,"notes":[]}'
    assert msgspec.json.decode(old, type=Layout) == Layout((ONE,), ONE, zoomed=True, hotlist=False)
    place = PanePlace(ONE, ReadingPlace("m1", 7, -2, "m9", 90), 3, (LocalFile("/tmp/a", "a", "text/plain", 1),))
    full = Layout((ONE,), ONE, places=(place,), chosen=ONE, panel=True)
    assert msgspec.json.decode(msgspec.json.encode(full), type=Layout) == full
