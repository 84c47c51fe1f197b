"""What the agent did about the guard's verdicts is counted, and near misses are kept for the agent."""

import shutil
import sqlite3
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from paradesk.core.model import ConversationId
from paradesk.desk.desk import Desk
from paradesk.desk.journal import Journal, JournalError
from paradesk.desk.verdicts import MOST_MISSES, VerdictTable, first_day, reading
from paradesk.guard.outcome import FAULT, REPLIES, Decision, NearMiss, Outcome, near_miss, vanished
from paradesk.guard.verdict import Check, Finding, Severity, Verdict
from tests.unit.core.hostile import HOSTILE
from tests.unit.desk.conftest import Start
from tests.unit.desk.scripted import PATIENCE, Scripted

ONE, TWO = ConversationId("acme/1"), ConversationId("acme/2")
LEAK = Finding(
    check=Check.LEAK,
    severity=Severity.ASK,
    reason="names order 7731",
    meant=TWO,
    evidence=("7731",),
    also=(Check.FIT,),
)
LATE = Finding(check=Check.LATE, severity=Severity.ASK, reason="new line: “hello”")
NOON = time.mktime((2026, 11, 27, 12, 0, 0, 0, 0, -1))


def decision(outcome: Outcome, *findings: Finding, text: str = "Your order 7731", at: float = NOON) -> Decision:
    return Decision(at=at, conversation_id=ONE, verdict=Verdict(findings), outcome=outcome, text=text)


@pytest.fixture
def desk(start: Start) -> Desk:
    return start(Scripted(), clock=lambda: NOON + 60)


def counts(desk: Desk, days: int = 30) -> object:
    return desk.guard_counts(days).result(PATIENCE)


def misses(desk: Desk, limit: int = 100) -> tuple[NearMiss, ...]:
    return desk.near_misses(limit).result(PATIENCE)


def test_decisions_are_counted_by_check_and_outcome(desk: Desk) -> None:
    desk.note_verdict(decision(Outcome.CLEAN))
    desk.note_verdict(decision(Outcome.CLEAN))
    desk.note_verdict(decision(Outcome.SENT, LEAK))
    desk.note_verdict(decision(Outcome.MOVED, LEAK, LATE))
    broken = decision(Outcome.CLEAN)
    desk.note_verdict(replace(broken, verdict=Verdict(faults=(Check.REPEAT,))))
    assert counts(desk) == {
        REPLIES: {"clean": 3, "sent": 1, "moved": 1},
        "leak": {"sent": 1, "moved": 1},
        "fit": {"sent": 1, "moved": 1},
        "late": {"moved": 1},
        "repeat": {FAULT: 1},
    }


def test_only_so_many_days_are_counted(desk: Desk) -> None:
    for days in (0, 1, 29, 30):
        desk.note_verdict(decision(Outcome.CLEAN, at=NOON - days * 86_400))
    assert counts(desk, 1) == {REPLIES: {"clean": 1}}
    assert counts(desk, 2) == {REPLIES: {"clean": 2}}
    assert counts(desk, 30) == {REPLIES: {"clean": 3}}
    assert first_day(30, NOON) == "2026-10-29"


def test_near_misses_are_kept_with_names_and_survive_a_restart(start: Start, desk: Desk) -> None:
    desk.note_verdict(decision(Outcome.SENT, LEAK))
    desk.note_verdict(decision(Outcome.MOVED, LEAK, text="Your order 7731"))
    desk.note_verdict(decision(Outcome.TAKEN_BACK, LATE, LEAK, text="the other\nreply"))
    desk.note_verdict(decision(Outcome.EDITED, LATE))
    kept = misses(desk)
    assert [miss.outcome for miss in kept] == [Outcome.TAKEN_BACK, Outcome.MOVED]
    assert kept[1] == NearMiss(
        at=NOON,
        conversation_id=ONE,
        customer="Sarah Chen",
        meant=TWO,
        meant_customer="",
        check=Check.LEAK,
        reason="names order 7731",
        evidence=("7731",),
        outcome=Outcome.MOVED,
        text="Your order 7731",
    )
    again = start(Scripted(), clock=lambda: NOON + 60)
    assert misses(again) == kept
    assert misses(again, 1) == kept[:1]
    assert counts(again) == {
        REPLIES: {"sent": 1, "moved": 1, "taken_back": 1, "edited": 1},
        "leak": {"sent": 1, "moved": 1, "taken_back": 1},
        "fit": {"sent": 1, "moved": 1, "taken_back": 1},
        "late": {"taken_back": 1, "edited": 1},
    }


def test_counts_are_on_disk_when_the_desk_has_stopped(desk: Desk, tmp_path: Path) -> None:
    desk.note_verdict(decision(Outcome.CLEAN))
    desk.stop(5.0)
    with reading(tmp_path / "desk.sqlite3") as table:
        assert table is not None
        assert table.counts("2026-11-27") == {REPLIES: {"clean": 1}}


def test_near_misses_can_be_forgotten_and_leave_no_trace(desk: Desk, tmp_path: Path) -> None:
    for _ in range(3):
        desk.note_verdict(decision(Outcome.MOVED, LEAK, text="zebra crossing"))
    assert len(misses(desk)) == 3
    assert desk.forget_near_misses().result(PATIENCE) == 3
    assert misses(desk) == ()
    for file in tmp_path.iterdir():
        assert b"zebra crossing" not in file.read_bytes()
    assert counts(desk)


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    try:
        table = VerdictTable(journal.connection)
        miss = near_miss(decision(Outcome.MOVED, LEAK), "Sarah", "Jonas")
        assert miss is not None
        with journal.transaction():
            for number in range(MOST_MISSES + 20):
                table.keep(replace(miss, at=float(number)))
        kept = table.misses(10_000)
        assert len(kept) == MOST_MISSES
        assert kept[0].at == MOST_MISSES + 19
    finally:
        journal.close()


def test_a_secret_is_not_kept_and_a_long_reply_is_cut() -> None:
    text = "card 4242 4242 4242 4242 " + "x" * 10_000
    miss = near_miss(decision(Outcome.MOVED, LEAK, text=text), "a", "b")
    assert miss is not None
    assert miss.text.startswith("card •••• 4242 xxx")
    assert len(miss.text) == 2_000


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_kept_clean(hostile: str, tmp_path: Path) -> None:
    bad = replace(LEAK, reason=hostile, evidence=(hostile,), meant=ConversationId(f"acme/{hostile}"))
    miss = near_miss(decision(Outcome.MOVED, bad, text=hostile), hostile, hostile)
    assert miss is not None
    journal = Journal(tmp_path)
    try:
        table = VerdictTable(journal.connection)
        table.keep(miss)
        (kept,) = table.misses(1)
        for text in (kept.reason, kept.customer, kept.meant_customer, kept.text, *kept.evidence):
            assert all(char.isprintable() or char in "\n\t\u200c\u200d" for char in text)
    finally:
        journal.close()


def test_what_vanished_is_what_the_edit_took_away() -> None:
    fit = Finding(check=Check.FIT, severity=Severity.HOLD, reason="", meant=TWO)
    before = Verdict((LEAK, LATE))
    assert vanished(before, Verdict()) == before
    assert vanished(before, Verdict((LATE,))) == Verdict((LEAK,))
    assert vanished(before, Verdict((fit,))) == Verdict((LATE,))
    assert vanished(before, before) == Verdict()


def test_unreadable_rows_are_passed_over(desk: Desk, tmp_path: Path) -> None:
    desk.note_verdict(decision(Outcome.MOVED, LEAK))
    desk.stop(5.0)
    with sqlite3.connect(tmp_path / "desk.sqlite3") as connection:
        connection.execute("insert into near_misses (at, record) values (1, '{\"half')")
    connection.close()
    with reading(tmp_path / "desk.sqlite3") as table:
        assert table is not None
        assert [miss.outcome for miss in table.misses(10)] == [Outcome.MOVED]


def test_others_can_read_while_the_desk_runs(desk: Desk, tmp_path: Path) -> None:
    desk.note_verdict(decision(Outcome.MOVED, LEAK))
    kept = misses(desk)
    with reading(tmp_path / "desk.sqlite3") as table:
        assert table is not None
        assert table.misses(10) == kept
        desk.note_verdict(decision(Outcome.TAKEN_BACK, LEAK))
        assert len(misses(desk)) == 2
    with reading(tmp_path / "desk.sqlite3") as table:
        assert table is not None
        with pytest.raises(sqlite3.OperationalError):
            table.forget()


def _none(_path: Path) -> None:
    return


def _old(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("create table drafts(text)")
    connection.close()


@pytest.mark.parametrize("make", [_none, _old])
def test_a_journal_without_these_tables_has_nothing(make: Callable[[Path], None], tmp_path: Path) -> None:
    make(tmp_path / "desk.sqlite3")
    before = sorted(tmp_path.iterdir())
    with reading(tmp_path / "desk.sqlite3") as table:
        assert table is None
    assert sorted(tmp_path.iterdir()) == before


def test_a_file_that_is_no_journal_is_named(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite3"
    path.write_bytes(b"Dear diary, " * 1000)
    with pytest.raises(JournalError, match=r"desk\.sqlite3 cannot be read"), reading(path) as table:
        assert table is not None


def test_reading_a_closed_journal_changes_nothing_in_it(desk: Desk, tmp_path: Path) -> None:
    desk.note_verdict(decision(Outcome.MOVED, LEAK))
    assert misses(desk)
    desk.stop(5.0)
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(tmp_path / "desk.sqlite3", copy)
    content = (copy / "desk.sqlite3").read_bytes()
    with reading(copy / "desk.sqlite3") as table:
        assert table is not None
        assert len(table.misses(10)) == 1
    assert (copy / "desk.sqlite3").read_bytes() == content
