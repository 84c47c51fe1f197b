"""The picker's benchmark runs on any file of its form, and says what is wrong with one that is not."""

import json
from pathlib import Path

import pytest
from benchmarks.picker import load, split, tables

RESPONSES = {
    "shop": {"ask_order": "What is your order number?", "inform_sent": "It was sent on {day:s}.", "bye": "Goodbye!"},
    "bank": {"ask_name": "May I have your name?", "bye": "Goodbye!"},
}


def dialogue(number: int) -> dict[str, object]:
    said = [("hello, where is my parcel", "order", "ask_order"), ("it is A-1", f"tuesday {number}", "inform_sent")]
    events: list[dict[str, object]] = []
    for place, (customer, typed, response) in enumerate([*said, ("thank you", "bye", "bye")]):
        at = 1000 * number + 10 * place
        events += [
            {"t": at, "by": "customer", "say": customer},
            {"t": at + 1, "by": "agent", "typed": "no, wait"},
            {"t": at + 2, "by": "agent", "typed": typed},
            {"t": at + 3, "by": "agent", "say": "…", "response": response},
        ]
    events.append({"t": 1000 * number + 99, "by": "agent", "say": "…", "response": "gone"})
    return {"id": number, "tasks": ["shop"], "events": events}


def written(folder: Path, count: int = 9) -> Path:
    (folder / "responses.json").write_text(json.dumps(RESPONSES))
    lines = [json.dumps(dialogue(number)) for number in range(count)]
    (folder / "dialogues.jsonl").write_text("\n".join(lines[::-1]) + "\n\n")
    return folder


def test_it_reads_in_the_order_of_time_and_reports_on_what_came_last(tmp_path: Path) -> None:
    texts, tasks, dialogues, strange = load(written(tmp_path))
    assert set(texts) == {"ask_order", "inform_sent", "bye", "ask_name"}
    assert tasks["shop"] == {"ask_order", "inform_sent", "bye"}
    assert [one.id for one in dialogues] == [str(number) for number in range(9)]
    assert strange == {"gone": 9}
    first, second, third = dialogues[0].picks
    assert (first.typed, first.response, first.moment.used) == ("order", "ask_order", ())
    assert second.moment.used == ("ask_order",)
    assert third.moment.customer == ("thank you", "it is A-1", "hello, where is my parcel")
    tune, learn, report = split(dialogues)
    assert max(float(one.id) for one in (*tune, *learn)) < min(float(one.id) for one in report)


def test_it_prints_a_row_for_each_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables(written(tmp_path), 0, 3)
    shown = capsys.readouterr().out
    for name in ("substring", "rapidfuzz token set", "SQLite FTS5 bm25", "naive Bayes, warm", "Paradesk, cold"):
        assert name in shown
    warm = next(line for line in shown.splitlines() if line.startswith("Paradesk, warm"))
    assert warm.split()[2] == "1.000"


def test_it_names_the_line_that_is_no_dialogue(tmp_path: Path) -> None:
    written(tmp_path)
    with (tmp_path / "dialogues.jsonl").open("a") as file:
        file.write('{"id": 1}\n')
    with pytest.raises(SystemExit, match="line 11: not a dialogue"):
        load(tmp_path)
    (tmp_path / "responses.json").write_text("[]")
    with pytest.raises(SystemExit, match=r"responses\.json"):
        load(tmp_path)
