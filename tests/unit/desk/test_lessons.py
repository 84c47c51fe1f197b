"""The guard learns from the journal and from what is sent."""

import sqlite3
from pathlib import Path

from paradesk.core.model import Delivery
from paradesk.desk.lessons import Lessons
from tests.unit.desk.conftest import Start
from tests.unit.desk.scripted import PATIENCE, Scripted, reaches, reply


def learnt(lessons: Lessons) -> int:
    """Return how many replies were learnt, once the journal is read."""
    assert lessons.wait(PATIENCE)
    return lessons.experience.replies


def test_replies_are_learnt_again_at_the_next_start(start: Start) -> None:
    """What this agent sent is learnt at once, and again from the journal when the desk starts the next time."""
    desk = start(Scripted())
    assert desk.lessons is not None
    before = learnt(desk.lessons)
    reaches(desk, reply(desk, "Your parcel arrives tomorrow."), Delivery.CONFIRMED)
    assert learnt(desk.lessons) == before + 1
    desk.stop(5.0)
    again = start(Scripted(), wait=False)
    assert again.lessons is not None
    assert learnt(again.lessons) == 1


def test_replies_of_colleagues_are_not_this_agents(start: Start, tmp_path: Path) -> None:
    """Only what went out under this desk's own names counts, as soon as there is any."""
    desk = start(Scripted())
    reaches(desk, reply(desk, "mine"), Delivery.CONFIRMED)
    desk.stop(5.0)
    with sqlite3.connect(tmp_path / "desk.sqlite3") as connection:
        rows = connection.execute("select base from messages where base like '%mine%'").fetchall()
        for number, (base,) in enumerate(rows):
            theirs = base.replace("mine", "theirs").replace('"sender_id":"', '"sender_id":"colleague-')
            connection.execute(
                "insert into messages (conversation_id, id, order_key, sent_at, part, base)"
                " select conversation_id, ?, order_key + 1000, sent_at, part, ? from messages where base = ?",
                (f"theirs{number}", theirs.replace('"client_id":"', '"other":"'), base),
            )
    connection.close()
    lessons = Lessons(tmp_path / "desk.sqlite3")
    lessons.start()
    assert learnt(lessons) == 1


def test_damaged_and_missing_journals_teach_nothing(tmp_path: Path) -> None:
    """A journal that is not there, or is no database, is no reason to fail."""
    for name, content in (("none.sqlite3", None), ("broken.sqlite3", b"not a database" * 100)):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        lessons = Lessons(path)
        lessons.start()
        assert learnt(lessons) == 0
        lessons.stop()


def test_rows_that_cannot_be_read_are_passed_over(start: Start, tmp_path: Path) -> None:
    """A damaged message does not keep the others from being learnt."""
    desk = start(Scripted())
    for text in ("one", "two"):
        reaches(desk, reply(desk, text), Delivery.CONFIRMED)
    desk.stop(5.0)
    with sqlite3.connect(tmp_path / "desk.sqlite3") as connection:
        connection.execute("update messages set base = '{\"half' where base like '%\"one\"%'")
    connection.close()
    lessons = Lessons(tmp_path / "desk.sqlite3")
    lessons.start()
    assert learnt(lessons) == 1
