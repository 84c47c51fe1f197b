"""What is in the journal stays there, even what cannot be read."""

import sqlite3
from pathlib import Path

from paradesk.core.model import ConversationId, Delivery
from paradesk.desk.journal import Journal
from tests.unit.desk.conftest import Start
from tests.unit.desk.scripted import Scripted, reaches, reply

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
