"""The benchmark replays dialogues without a look into the future, and tells details by its own rules."""

import json
from pathlib import Path

import pytest
from benchmarks.dialogues import Dialogue, cases, details, in_bursts, load, part_of

from paradesk.guard.chat_view import of_lines

ONE = Dialogue(
    "1", "parcel", ((0.0, True, "Hi"), (10.0, False, "Hello, Mia"), (20.0, True, "4410"), (30.0, False, "Bye"))
)
TWO = Dialogue(
    "2", "parcel", ((0.0, True, "Hey"), (15.0, False, "Good day"), (25.0, True, "x"), (35.0, False, "Yours"))
)


def test_only_what_was_said_by_then_is_known() -> None:
    """At each reply the chats hold what had been said in them before that second."""
    by_text = {case.text: case for case in cases([ONE, TWO], 2, True, 1)}
    assert set(by_text) == {"Hello, Mia", "Bye", "Good day", "Yours"}
    assert [said.text for said in by_text["Hello, Mia"].own.said] == ["Hi"]
    assert [said.text for said in by_text["Hello, Mia"].others[0].said] == ["Hey"]
    assert [said.text for said in by_text["Good day"].others[0].said] == ["Hi", "Hello, Mia"]
    assert by_text["Yours"].ended
    here, others = by_text["Bye"].mistaken
    assert (here.conversation_id, [view.conversation_id for view in others]) == ("2", ["1"])


def test_details() -> None:
    """Distinctive values of the meant chat that this one does not have; common ones and beginnings of sentences are none."""
    meant = of_lines("1", [(True, "I am Mia, order 4410, from Berlin, at 3pm"), (False, "Thanks")])
    here = of_lines("2", [(True, "from berlin")])
    text = "Thanks Mia, order 4410 to Berlin comes at 3pm"
    assert details(text, meant, here, {"3pm": 90}, 50) == ["mia", "4410"]


def test_parts_do_not_depend_on_the_run() -> None:
    """An id is always in the same part."""
    assert [part_of(Dialogue(str(number), "", ())) for number in range(6)] == [
        part_of(Dialogue(str(number), "", ())) for number in range(6)
    ]
    assert {part_of(Dialogue(str(number), "", ())) for number in range(200)} == {"tune", "learn", "report"}


def test_bursts_keep_every_word() -> None:
    """A reply in pieces says the same, in the same order."""
    long = Dialogue("3", "", ((0.0, True, "Hi"), (5.0, False, "It is paid. Anything else?"), (9.0, True, "No")))
    assert [text for _, _, text in in_bursts(long, 1.0).said] == ["Hi", "It is paid.", "Anything else?", "No"]
    assert in_bursts(long, 0.0) == long


def test_a_file_that_is_no_dialogue_is_named(tmp_path: Path) -> None:
    """The line at fault is named."""
    path = tmp_path / "d.jsonl"
    good = {
        "id": 1,
        "tasks": ["a"],
        "events": [{"t": 1, "by": "customer", "say": "x"}, {"t": 2, "by": "agent", "say": "y"}],
    }
    path.write_text(json.dumps(good) + "\n\n{}\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="line 3"):
        load(path)
    path.write_text(json.dumps(good) + "\n", encoding="utf-8")
    assert [dialogue.said[1] for dialogue in load(path)] == [(1.0, False, "y")]
