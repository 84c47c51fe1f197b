"""The guard on the screen: what it stops, how it says so, and what each decision does."""

from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from paradesk.config.settings import Settings
from paradesk.connectors.base import Outcome as Answer
from paradesk.core.intents import Send
from paradesk.core.model import ConversationId, LocalFile, Visibility
from paradesk.guard.outcome import REPLIES, Outcome
from paradesk.ui.guarding import GRACE
from paradesk.ui.widgets.pane import Pane
from tests.ui.scripted import ScriptedConnector
from tests.ui.workstation import Workstation, workstation

PUBLIC = Visibility.PUBLIC
ORDER = "my order AX-77315 has not arrived, can you look?"


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def two_chats() -> ScriptedConnector:
    backend = ScriptedConnector()
    backend.chat(1, text="how can I change my address?", ago=40.0)
    backend.chat(2, text=ORDER, ago=20.0)
    return backend


@asynccontextmanager
async def at_the_first(
    directory: Path, settings: Settings | None = None, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[Workstation, Clock]]:
    """Run a workstation with Sarah (c1) and Jonas (c2), whose order is AX-77315; Sarah's pane has the focus."""
    async with workstation(directory, two_chats(), size=size, settings=settings) as desk:
        await desk.until(lambda: sorted(desk.order) == ["c1", "c2"], "both panes")
        clock = Clock()
        desk.app.sender.guarding.clock = clock
        await desk.press("ctrl+x", str(desk.order.index("c1") + 1))
        assert desk.active == "c1"
        yield desk, clock


def pane(desk: Workstation, chat: str) -> Pane:
    found = desk.app.workspace.pane(ConversationId(f"acme/{chat}"))
    assert found is not None
    return found


def asks(desk: Workstation, chat: str) -> str:
    """Return what the guard asks in a chat, or nothing."""
    question = pane(desk, chat).composer.question
    return "" if question is None else f"{question.objection} {question.reason}"


async def stopped(desk: Workstation, text: str, chat: str = "c1") -> str:
    """Type a reply, press Enter, and return what the guard asks."""
    await desk.type(text)
    await desk.press("enter")
    await desk.until(lambda: bool(asks(desk, chat)), "the guard asks")
    return asks(desk, chat)


def outcomes(desk: Workstation) -> dict[str, int]:
    """Return how often each outcome of a reply was counted."""
    return {**desk.desk.guard_counts().result(5).get(REPLIES, {})}


async def test_a_reply_for_another_chat_is_stopped_moved_with_one_key_and_sent(tmp_path: Path) -> None:
    async with at_the_first(tmp_path) as (desk, _clock):
        question = await stopped(desk, "AX-77315 is on its way")
        assert "JONAS KÜHN #1242" in question
        assert "AX-77315" in question
        assert "? meant for JONAS KÜHN #1242" in desk.text
        assert "F5 move there" in desk.text
        assert desk.active == "c1"
        assert desk.app.focused is pane(desk, "c1").composer
        assert desk.backend.sent() == []
        await desk.press("f5")
        await desk.until(lambda: desk.active == "c2", "Jonas's pane is active")
        assert desk.app.focused is pane(desk, "c2").composer
        assert desk.composer_text("c1") == ""
        assert desk.composer_text("c2") == "AX-77315 is on its way"
        await desk.press("enter")
        await desk.until(lambda: desk.backend.sent() == [("c2", "AX-77315 is on its way", PUBLIC)], "sent to Jonas")
        (miss,) = desk.desk.near_misses().result(5)
        assert (miss.outcome, miss.meant) == (Outcome.MOVED, "acme/c2")


async def test_a_moved_draft_goes_below_what_stands_there_and_is_kept(tmp_path: Path) -> None:
    async with at_the_first(tmp_path) as (desk, _clock):
        await desk.press("ctrl+x", str(desk.order.index("c2") + 1))
        await desk.type("Good news:")
        await desk.press("ctrl+x", str(desk.order.index("c1") + 1))
        await stopped(desk, "AX-77315 is on its way")
        await desk.press("f5")
        await desk.until(lambda: desk.active == "c2", "Jonas's pane is active")
        assert desk.composer_text("c2") == "Good news:\nAX-77315 is on its way"
        await desk.until(
            lambda: (
                desk.desk.state.threads[ConversationId("acme/c2")].drafts.get(PUBLIC)
                == "Good news:\nAX-77315 is on its way"
            ),
            "the draft is saved there",
        )
        assert not desk.desk.state.threads[ConversationId("acme/c1")].drafts.get(PUBLIC)


async def test_plain_enter_never_sends_what_is_asked_about(tmp_path: Path) -> None:
    async with at_the_first(tmp_path) as (desk, clock):
        await stopped(desk, "AX-77315 is on its way")
        clock.now += 60
        await desk.press("enter", "enter")
        assert asks(desk, "c1")
        assert desk.backend.sent() == []
        assert desk.composer_text("c1") == "AX-77315 is on its way"


async def test_send_anyway_only_once_the_question_could_be_read(tmp_path: Path) -> None:
    async with at_the_first(tmp_path) as (desk, clock):
        await stopped(desk, "AX-77315 is on its way")
        await desk.press("ctrl+x", "enter")
        assert asks(desk, "c1")
        assert desk.backend.sent() == []
        clock.now += 2 * GRACE
        await desk.press("ctrl+x", "enter")
        await desk.until(lambda: desk.backend.sent() == [("c1", "AX-77315 is on its way", PUBLIC)], "sent to Sarah")
        await desk.until(lambda: desk.composer_text("c1") == "", "the composer is empty")
        assert not asks(desk, "c1")
        await desk.until(lambda: outcomes(desk) == {"sent": 1}, "counted as sent")
        assert desk.desk.near_misses().result(5) == ()


async def test_typing_takes_the_question_away_and_enter_asks_again(tmp_path: Path) -> None:
    async with at_the_first(tmp_path) as (desk, _clock):
        await stopped(desk, "AX-77315 is on its way")
        await desk.type(".")
        assert not asks(desk, "c1")
        assert "meant for" not in desk.text
        await desk.press("enter")
        await desk.until(lambda: bool(asks(desk, "c1")), "it asks again")
        assert desk.backend.sent() == []


async def test_the_keys_of_the_question_hold_only_while_it_shows(tmp_path: Path) -> None:
    async with at_the_first(tmp_path) as (desk, _clock):
        assert desk.app.router.place == "composer"
        await stopped(desk, "AX-77315 is on its way")
        assert desk.app.router.place == "guard"
        await desk.press("backspace")
        assert desk.app.router.place == "composer"
        await desk.press("f5")  # finds text, as always
        assert desk.active == "c1"
        assert desk.composer_text("c1") == "AX-77315 is on its wa"


async def test_an_edited_reply_is_sent_and_kept_as_a_near_miss(tmp_path: Path) -> None:
    async with at_the_first(tmp_path) as (desk, _clock):
        await stopped(desk, "your AX-77315")
        await desk.press(*["backspace"] * 8)
        await desk.type("profile page has it")
        await desk.press("enter")
        await desk.until(lambda: desk.backend.sent() == [("c1", "your profile page has it", PUBLIC)], "sent to Sarah")
        await desk.until(lambda: outcomes(desk) == {"edited": 1}, "counted once")
        (miss,) = desk.desk.near_misses().result(5)
        assert (miss.outcome, miss.text) == (Outcome.EDITED, "your AX-77315")


async def test_a_draft_that_is_given_up_counts_as_taken_back(tmp_path: Path) -> None:
    async with at_the_first(tmp_path) as (desk, _clock):
        await stopped(desk, "AX-77315")
        await desk.press(*["backspace"] * 8)
        await desk.until(lambda: outcomes(desk) == {"taken_back": 1}, "counted")


async def test_a_clean_reply_goes_at_once(tmp_path: Path) -> None:
    async with at_the_first(tmp_path) as (desk, _clock):
        await desk.type("open your profile page")
        await desk.press("enter")
        await desk.until(lambda: desk.backend.sent() == [("c1", "open your profile page", PUBLIC)], "sent")
        await desk.until(lambda: outcomes(desk) == {"clean": 1}, "counted as clean")


async def test_a_line_that_came_meanwhile_is_shown_before_the_reply_leaves(tmp_path: Path) -> None:
    async with at_the_first(tmp_path) as (desk, clock):
        await desk.type("open your profile page")
        desk.backend.say(desk.backend.message(1, "never mind, I found it"))
        await desk.until(lambda: "never mind" in desk.text, "the line is on the screen")
        await desk.press("enter")
        await desk.until(lambda: bool(asks(desk, "c1")), "the guard asks")
        assert "the customer wrote meanwhile" in asks(desk, "c1")
        assert "never mind, I found it" in asks(desk, "c1")
        await desk.press("enter")
        assert desk.backend.sent() == []
        clock.now += 2 * GRACE
        await desk.press("enter")
        await desk.until(lambda: len(desk.backend.sent()) == 1, "sent after a second Enter")


def hints(desk: Workstation) -> str:
    """Return the line that names the keys."""
    return desk.lines[-1]


async def test_the_line_of_keys_names_those_of_the_question_and_no_others(tmp_path: Path) -> None:
    async with at_the_first(tmp_path, size=(80, 24)) as (desk, _clock):
        await stopped(desk, "AX-77315 is on its way")
        assert "F5 Move there" in hints(desk)
        assert "ctrl+x enter Send anyway" in hints(desk)
        assert "F1 Help" in hints(desk)
        assert " enter Send " not in hints(desk).replace("ctrl+x enter", "")
        await desk.press("ctrl+l", "backspace")
        await desk.until(lambda: "F2 Canned" in hints(desk), "the usual keys again")

        await stopped(desk, "your card is 4242 4242 4242 4242")
        assert "Move there" not in hints(desk)
        assert "ctrl+x enter Send anyway" in hints(desk)
        await desk.press("ctrl+l", "backspace")

        await desk.type("open your profile page")
        desk.backend.say(desk.backend.message(1, "never mind, I found it"))
        await desk.until(lambda: "never mind" in desk.text, "the line is on the screen")
        await desk.press("enter")
        await desk.until(lambda: bool(asks(desk, "c1")), "the guard asks")
        assert "enter Send" in hints(desk)
        assert "Move there" not in hints(desk)
        assert "Send anyway" not in hints(desk)


async def test_a_secret_can_be_sent_anyway_or_edited_but_not_moved(tmp_path: Path) -> None:
    async with at_the_first(tmp_path) as (desk, clock):
        await stopped(desk, "your card is 4242 4242 4242 4242")
        assert "move there" not in desk.text
        assert "send anyway" in desk.text
        await desk.press("f5")
        assert desk.active == "c1"
        assert desk.composer_text("c1") == "your card is 4242 4242 4242 4242"
        clock.now += 2 * GRACE
        await desk.press("ctrl+x", "enter")
        await desk.until(lambda: len(desk.backend.sent()) == 1, "sent")


async def test_solving_waits_for_the_decision_and_then_solves(tmp_path: Path) -> None:
    async with at_the_first(tmp_path) as (desk, clock):
        await desk.type("AX-77315 is on its way")
        await desk.press("ctrl+x", "e")
        await desk.until(lambda: bool(asks(desk, "c1")), "the guard asks")
        assert desk.backend.sent() == []
        clock.now += 2 * GRACE
        await desk.press("ctrl+x", "enter")
        await desk.until(lambda: any("SetStatus" in repr(item) for item in desk.backend.intents), "solved")
        assert len(desk.backend.sent()) == 1


async def test_a_disabled_guard_asks_nothing(tmp_path: Path) -> None:
    async with at_the_first(tmp_path, Settings(guard_enabled=False)) as (desk, _clock):
        await desk.type("AX-77315 is on its way")
        await desk.press("enter")
        await desk.until(lambda: len(desk.backend.sent()) == 1, "sent")


async def test_text_copied_in_one_chat_and_pasted_in_another_is_stopped(tmp_path: Path) -> None:
    async with at_the_first(tmp_path) as (desk, _clock):
        await desk.press("ctrl+x", str(desk.order.index("c2") + 1))
        await desk.type("the courier lost the parcel near Hamburg")
        await desk.press("ctrl+l", "ctrl+x", "delete")
        assert desk.composer_text("c2") == ""
        await desk.press("ctrl+x", str(desk.order.index("c1") + 1), "ctrl+v", "enter")
        await desk.until(lambda: "JONAS KÜHN" in asks(desk, "c1"), "the guard asks")
        assert desk.backend.sent() == []


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_the_question_is_readable_at_every_size(tmp_path: Path, size: tuple[int, int]) -> None:
    async with at_the_first(tmp_path, size=size) as (desk, _clock):
        await stopped(desk, "AX-77315 is on its way")
        for piece in ("? meant for JONAS KÜHN #1242:", "names AX-77315", "F5 move", "ctrl+x enter send anyway"):
            assert piece in desk.text
        assert "AX-77315 is on its way" in desk.text


async def test_a_held_reply_is_counted_down_and_taken_back_with_one_key(tmp_path: Path) -> None:
    async with at_the_first(tmp_path) as (desk, _clock):
        send = Send(
            conversation_id=ConversationId("acme/c1"),
            body="half a thought",
            visibility=Visibility.PUBLIC,
            client_id=desk.desk.new_client_id(),
            hold=60.0,
        )
        desk.desk.submit(send).result(10)
        await desk.until(lambda: "takes it back" in desk.text, "the count")
        assert "sending in" in desk.text
        await desk.press("escape")
        await desk.until(lambda: desk.composer_text("c1") == "half a thought", "the text is back")
        await desk.until(lambda: "sending in" not in desk.text, "nothing is counted any more")
        assert desk.backend.sent() == []


async def test_where_the_policy_says_so_every_reply_can_be_taken_back_and_no_note_waits(tmp_path: Path) -> None:
    async with at_the_first(tmp_path, Settings(undo=60.0)) as (desk, _clock):
        await desk.type("Good morning Sarah")
        await desk.press("enter")
        await desk.until(lambda: "takes it back" in desk.text, "the count")
        await desk.press("escape")
        await desk.until(lambda: desk.composer_text("c1") == "Good morning Sarah", "the text is back")
        await desk.press("ctrl+u", "f9")
        await desk.type("she is friendly")
        await desk.press("enter")
        await desk.until(lambda: [sent[2] for sent in desk.backend.sent()] == [Visibility.NOTE], "the note")


async def test_escape_does_nothing_where_no_reply_is_held(tmp_path: Path) -> None:
    async with at_the_first(tmp_path) as (desk, _clock):
        await desk.type("half a thought")
        await desk.press("escape")
        assert desk.composer_text("c1") == "half a thought"
        assert desk.app.focused is pane(desk, "c1").composer


async def test_a_draft_moves_with_its_files_to_a_chat_that_has_no_pane(tmp_path: Path) -> None:
    async with at_the_first(tmp_path, size=(80, 24)) as (desk, _clock):
        await desk.press("ctrl+x", str(desk.order.index("c2") + 1), "ctrl+x", "c")
        await desk.opened("c1")
        file = LocalFile(path=str(tmp_path / "label.pdf"), name="label.pdf", media_type="application/pdf", size=3)
        pane(desk, "c1").composer.set_attachments((file,))
        assert "JONAS KÜHN" in await stopped(desk, "AX-77315 is on its way")
        await desk.press("f5")
        await desk.until(lambda: desk.active == "c2", "Jonas's pane is open and active")
        assert desk.composer_text("c2") == "AX-77315 is on its way"
        assert pane(desk, "c2").composer.attachments == (file,)
        assert pane(desk, "c1").composer.attachments == ()
        assert desk.app.focused is pane(desk, "c2").composer
        assert desk.backend.sent() == []


async def test_a_question_outlives_the_acceptance_of_an_earlier_reply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_the_first(tmp_path) as (desk, _clock):
        answer: Future[Answer] = Future()
        monkeypatch.setattr(desk.desk, "submit", lambda _intent: answer)
        await desk.type("one moment")
        await desk.press("enter")
        await stopped(desk, "AX-77315 is on its way")
        answer.set_result(Answer())
        await desk.until(lambda: desk.composer_text("c1") == "AX-77315 is on its way", "the first one is accepted")
        assert asks(desk, "c1")
        monkeypatch.undo()
        await desk.press("f5")
        await desk.until(lambda: desk.composer_text("c2") == "AX-77315 is on its way", "moved")
