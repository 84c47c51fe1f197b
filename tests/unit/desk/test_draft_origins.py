"""How a draft was made is on disk beside it, comes back after a restart, and goes with the draft."""

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from paradesk.core.intents import Send
from paradesk.core.model import ConversationId, Visibility
from paradesk.desk.keeping import MOST_KEPT
from paradesk.guard.verdict import Draft, Origin, OriginKind
from tests.unit.desk.conftest import Start
from tests.unit.desk.scripted import Scripted

HERE, THERE = ConversationId("acme/1"), ConversationId("acme/2")
KEY = (HERE, Visibility.PUBLIC)
MADE = Draft(
    conversation_id=HERE,
    text="your parcel 7731 is in Hamburg",
    target=HERE,
    begun_at=1_000.5,
    switched="par",
    switched_from=THERE,
    origins=(Origin(THERE, OriginKind.COPIED, "parcel 7731"), Origin(THERE, OriginKind.CANNED, "Hi Jonas")),
)


def rows(directory: Path) -> list[tuple[str, str, str]]:
    with closing(sqlite3.connect(directory / "desk.sqlite3")) as connection:
        return connection.execute("select conversation_id, visibility, record from draft_origins").fetchall()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "never happened"
        time.sleep(0.005)


def test_they_come_back_without_the_text_and_the_draft_is_left_alone(start: Start, tmp_path: Path) -> None:
    desk = start(Scripted())
    desk.save_draft(HERE, Visibility.PUBLIC, MADE.text)
    desk.save_origins(KEY, MADE)
    desk = start(Scripted())
    (found,) = desk.saved_origins()
    assert found == Draft(**{field: getattr(MADE, field) for field in MADE.__slots__} | {"text": ""})
    assert desk.state.threads[HERE].drafts == {Visibility.PUBLIC: MADE.text}


def test_they_go_with_the_draft_and_with_the_reply(start: Start, tmp_path: Path) -> None:
    desk = start(Scripted())
    for visibility in Visibility:
        desk.save_draft(HERE, visibility, MADE.text)
        desk.save_origins((HERE, visibility), MADE)
    until(lambda: len(rows(tmp_path)) == 2)
    desk.save_draft(HERE, Visibility.NOTE, "")
    until(lambda: [row[1] for row in rows(tmp_path)] == ["public"])
    send = Send(
        conversation_id=HERE, body=MADE.text, visibility=Visibility.PUBLIC, client_id=desk.new_client_id()
    )  # fmt: skip
    desk.submit(send).result(5)
    assert rows(tmp_path) == []
    assert start(Scripted()).saved_origins() == ()


def test_forgotten_where_there_is_nothing_to_know(start: Start, tmp_path: Path) -> None:
    desk = start(Scripted())
    desk.save_draft(HERE, Visibility.PUBLIC, MADE.text)
    desk.save_origins(KEY, MADE)
    until(lambda: len(rows(tmp_path)) == 1)
    desk.save_origins(KEY, None)
    until(lambda: rows(tmp_path) == [])


def test_hostile_and_long_pieces_and_records_that_the_disk_has_changed(start: Start, tmp_path: Path) -> None:
    desk = start(Scripted())
    pieces = ("half \ud83d of a pair", "\x1b]52;c;aGk=\x07", "x" * (3 * MOST_KEPT))
    origins = tuple(Origin(THERE, OriginKind.COPIED, piece) for piece in pieces)
    desk.save_draft(HERE, Visibility.PUBLIC, MADE.text)
    desk.save_origins(KEY, Draft(conversation_id=HERE, text="", switched="\udc00", origins=origins))
    desk = start(Scripted())
    (found,) = desk.saved_origins()
    assert [origin.text for origin in found.origins] == ["half ? of a pair", "\x1b]52;c;aGk=\x07", "x" * MOST_KEPT]
    desk.stop(5.0)
    with closing(sqlite3.connect(tmp_path / "desk.sqlite3")) as connection:
        connection.execute("update draft_origins set record = ?", (json.dumps({"text": 7}),))
        connection.commit()
    desk = start(Scripted())
    assert desk.saved_origins() == ()
    assert desk.state.threads[HERE].drafts == {Visibility.PUBLIC: MADE.text}
