"""Suggestions above the composer: one row, one key each, gone with the first letter, and followed until they are sent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from paradesk.canned import Library, Response
from paradesk.config.settings import Settings
from paradesk.core.model import ConversationId
from paradesk.desk.choices import Choice, ChoiceTable, Source
from paradesk.desk.practice import Practice
from paradesk.ui.commands import canned
from paradesk.ui.widgets.guarded_composer import Suggested, suggestion_row
from paradesk.ui.widgets.pane import Pane
from tests.ui.scripted import ScriptedConnector
from tests.ui.workstation import Workstation, workstation

LIBRARY = Library(
    (
        Response(
            id="parcel.lost",
            title="Parcel lost",
            labels=("parcel", "lost", "missing", "arrived"),
            body={"en": "I am sorry that your parcel {{ order.id }} has not arrived."},
        ),
        Response(id="close.bye", title="Goodbye", body={"en": "Thank you and goodbye."}),
        Response(id="bill.sent", title="Bill sent", labels=("bill",), body={"en": "I have sent you the bill."}),
    )
)
LOST = "my parcel is lost, it has not arrived"


@asynccontextmanager
async def desk(
    directory: Path, *, size: tuple[int, int] = (120, 40), settings: Settings | None = None
) -> AsyncIterator[Workstation]:
    backend = ScriptedConnector()
    backend.chat(1, text=LOST, ago=40.0)
    async with workstation(directory, backend, size=size, settings=settings, library=LIBRARY) as found:
        await found.opened("c1")
        await found.until(lambda: found.app.choosing._ranking is not None, "the responses are loaded")
        yield found


def pane(found: Workstation) -> Pane:
    shown = found.app.workspace.pane(ConversationId("acme/c1"))
    assert shown is not None
    return shown


async def suggested(found: Workstation) -> None:
    await found.until(lambda: bool(pane(found).composer.suggestions), "suggestions")


@pytest.fixture(autouse=True)
def _no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canned, "SUGGESTION_GRACE", 0.0)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_the_likely_response_stands_in_one_row_above_the_recipient(tmp_path: Path, size: tuple[int, int]) -> None:
    async with desk(tmp_path, size=size) as found:
        await suggested(found)
        rows = found.lines
        here = [place for place, row in enumerate(rows) if "ctrl+x 7 Parcel lost" in row]
        assert len(here) == 1
        assert "to SARAH CHEN" in rows[here[0] + 1]


async def test_its_key_inserts_it_filled_and_the_sent_reply_counts_as_chosen(tmp_path: Path) -> None:
    async with desk(tmp_path) as found:
        await suggested(found)
        await found.press("ctrl+x", "7")
        assert found.composer_text("c1").startswith("I am sorry that your parcel ⟦order.id⟧")
        assert pane(found).composer.suggestions == ()
        pane(found).composer.set_text("I am sorry that your parcel A-1 has not arrived.")
        await found.press("enter")
        await found.until(lambda: found.composer_text("c1") == "", "sent")
        practice = found.desk.practice
        assert practice is not None
        await found.until(partial(_has_learnt, practice), "learnt")
    assert [(one.response_id, one.source, one.likeness > 0.8) for one in _kept(tmp_path)] == [
        ("parcel.lost", Source.SUGGESTION, True)
    ]
    async with desk(tmp_path) as again:
        learning = again.desk.practice
        assert learning is not None
        await again.until(partial(_has_learnt, learning), "learnt from the journal")


async def test_another_text_than_the_inserted_one_is_no_choice(tmp_path: Path) -> None:
    async with desk(tmp_path) as found:
        await suggested(found)
        await found.press("ctrl+x", "7")
        await found.press("ctrl+l", *"no")
        await found.press("enter")
        await found.until(lambda: found.composer_text("c1") == "", "sent")
    assert _kept(tmp_path) == []


async def test_the_first_letter_takes_them_away_and_an_empty_composer_brings_them_back(tmp_path: Path) -> None:
    async with desk(tmp_path) as found:
        await suggested(found)
        await found.type("h")
        assert "ctrl+x 7" not in found.text
        await found.press("ctrl+x", "7")
        assert found.composer_text("c1") == "h"
        await found.press("backspace")
        await suggested(found)


async def test_a_setting_turns_them_off(tmp_path: Path) -> None:
    async with desk(tmp_path, settings=Settings(suggestions=False)) as found:
        found.app.refresh_view()
        await found.pilot.pause()
        assert pane(found).composer.suggestions == ()
        await found.press("ctrl+x", "7")
        assert found.composer_text("c1") == ""


async def test_a_row_that_has_just_changed_takes_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canned, "SUGGESTION_GRACE", 3_600.0)
    async with desk(tmp_path) as found:
        await suggested(found)
        await found.press("ctrl+x", "7")
        assert found.composer_text("c1") == ""


@pytest.mark.parametrize("width", [1, 5, 12, 30, 60, 76, 200])
def test_a_row_of_suggestions_never_leaves_its_room(width: int) -> None:
    suggestions = tuple(
        Suggested(f"r{n}", "A rather long title of a response 漢字", f"ctrl+x {6 + n}") for n in (1, 2, 3)
    )
    row = suggestion_row(("┃ ", "edge"), suggestions, width)
    assert row.used <= max(width, 3)
    if width >= 60:
        text = "".join(piece for piece, _ in row.pieces)
        assert "ctrl+x 7 A" in text
        assert "  8 A" in text


def _has_learnt(practice: Practice) -> bool:
    return practice.habits.choices == 1


def _kept(directory: Path) -> list[Choice]:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(directory / "desk.sqlite3")) as connection:
        return list(ChoiceTable(connection).choices())
