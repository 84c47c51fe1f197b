"""Choices of canned responses are kept without texts, learnt from, counted, exported and forgotten."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from paradesk.canned.tokens import feature
from paradesk.core.model import ClientId, ConversationId
from paradesk.desk import choices as choices_module
from paradesk.desk.choices import Choice, Choices, ChoiceTable, Source, read_only
from paradesk.desk.journal import Journal
from paradesk.desk.practice import Practice
from paradesk.desk.snapshots import Snapshots
from paradesk.desk.usage import FORM, Usage, alike, usage_of

ONE, TWO = ConversationId("acme/1"), ConversationId("acme/2")
NUMBERS = (feature("w", "refund"), feature("l", ">"))


def choice(number: int, response: str = "refund.approved", chat: ConversationId = ONE, likeness: float = 1.0) -> Choice:
    return Choice(
        at=1_800_000_000.0 + number,
        conversation_id=chat,
        client_id=ClientId(f"c{number}"),
        response_id=response,
        language="en",
        source=Source.SUGGESTION if number % 2 else Source.PICKER,
        likeness=likeness,
        features=NUMBERS,
    )


def kept(journal: Journal, *made: Choice) -> Choices:
    found = Choices(journal)
    for one in made:
        found.note(one)
    found.flush()
    return found


def test_what_is_kept_comes_back_as_it_was(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    try:
        kept(journal, choice(1), choice(2, "x\ud800", TWO, 0.5))
        first, second = ChoiceTable(journal.connection).choices()
    finally:
        journal.close()
    assert first == choice(1)
    assert (second.likeness, second.source, second.features) == (0.5, Source.PICKER, NUMBERS)


def test_the_oldest_go_beyond_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choices_module, "MOST_CHOICES", 5)
    journal = Journal(tmp_path)
    try:
        kept(journal, *(choice(number) for number in range(12)))
        assert [one.client_id for one in ChoiceTable(journal.connection).choices()] == ["c7", "c8", "c9", "c10", "c11"]
    finally:
        journal.close()


def test_a_row_that_cannot_be_read_is_left_and_the_others_are_used(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    try:
        kept(journal, choice(1), choice(2), choice(3))
        journal.connection.execute("update canned_choices set features = x'00ff01' where client_id = 'c1'")
        journal.connection.execute("update canned_choices set source = 'magic' where client_id = 'c2'")
        table = ChoiceTable(journal.connection)
        assert [one.client_id for one in table.choices()] == ["c3"]
        assert table.forget() == 3
    finally:
        journal.close()


def test_practice_learns_the_past_and_then_each_choice(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    kept(journal, *(choice(number) for number in range(30)))
    journal.close()
    practice = Practice(tmp_path / "desk.sqlite3")
    practice.made(choice(100, "refund.declined"))
    assert practice.sent_as == {"c100": "refund.declined"}
    assert practice.habits.choices == 0
    practice.start()
    assert practice.wait(10)
    assert practice.habits.choices == 31
    assert practice.sent_as[ClientId("c3")] == "refund.approved"
    assert practice.sent_as[ClientId("c100")] == "refund.declined"
    practice.forget()
    assert practice.habits.choices == 0
    practice.stop()


def test_practice_without_a_journal_learns_nothing_and_goes_on(tmp_path: Path) -> None:
    practice = Practice(tmp_path / "none.sqlite3")
    practice.start()
    assert practice.wait(10)
    practice.made(choice(1))
    assert practice.habits.choices == 1


def test_forgetting_reaches_the_snapshots(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    try:
        made = kept(journal, choice(1), choice(2, chat=TWO))
        snapshot = Snapshots(journal.path, lambda: 1_800_000_000.0).take()
        assert snapshot is not None
        assert made.forget(ONE) == 1
        assert _rows(snapshot) == ["acme/2"]
        assert made.forget() == 1
        assert _rows(snapshot) == []
    finally:
        journal.close()


def _rows(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("select conversation_id from canned_choices")]


def _say(journal: Journal, chat: str, place: int, role: str, body: str, client_id: str | None = None) -> None:
    base = {"role": role, "sender_id": role, "body": body, "client_id": client_id}
    part = "asks" if role == "customer" else "answers"
    journal.connection.execute(
        "insert into messages values (?, ?, ?, ?, ?, ?, null)",
        (chat, str(place), place, float(place), part, msgspec.json.encode(base).decode()),
    )


def test_usage_counts_edits_and_what_the_customer_said_next(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    try:
        kept(journal, choice(1), choice(2, likeness=0.6), choice(3, "closing.bye", TWO))
        for place, (role, body, client_id) in enumerate(
            [
                ("customer", "where is my refund for 7731", None),
                ("agent", "It is on its way", "c1"),
                ("customer", "where is my refund for 7731?", None),
                ("agent", "Really, it is", "c2"),
                ("customer", "thank you!", None),
                ("agent", "Please send a photo of parcel 4411", "h1"),
            ]
        ):
            _say(journal, "acme/1", place, role, body, client_id)
        for place in range(3):
            _say(journal, "acme/2", place, "agent", f"Please send a photo of parcel {place}99", f"h2{place}")
        usage = usage_of(journal.connection, texts=True, now=1_800_000_000.0)
        plain = usage_of(journal.connection)
    finally:
        journal.close()
    refund, bye = usage.responses
    assert (refund.id, refund.chosen, refund.suggested, refund.unchanged, refund.rewritten) == (
        "refund.approved", 2, 1, 1, 1,
    )  # fmt: skip
    assert (refund.answered, refund.thanks, refund.repeat, refund.likeness) == (2, 1, 1, 0.8)
    assert (bye.id, bye.answered) == ("closing.bye", 0)
    [group] = usage.by_hand
    assert (group.count, group.conversations, group.text) == (4, 2, "Please send a photo of parcel …")
    assert [one.text for one in plain.by_hand] == [""]
    written = msgspec.json.encode(plain).decode()
    assert FORM in written
    assert all(word not in written for word in ("photo", "acme/", "refund for", "7731"))
    assert msgspec.json.decode(written, type=Usage) == plain


def test_replies_that_differ_in_values_only_are_alike_and_short_ones_are_not_told() -> None:
    said = [(ONE, f"Your code is {number}, valid until 12:0{number}") for number in range(4)] + [(ONE, "ok")] * 9
    [group] = alike(said, texts=True)
    assert (group.count, group.text) == (4, "Your code is … valid until …")


def test_a_journal_from_before_has_no_choices(tmp_path: Path) -> None:
    with read_only(tmp_path / "none.sqlite3") as nothing:
        assert nothing is None
    with closing(sqlite3.connect(tmp_path / "old.sqlite3")) as connection:
        connection.execute("create table messages(x)")
    with read_only(tmp_path / "old.sqlite3") as old:
        assert old is None
