"""A reply of which nobody knows whether it arrived: the agent decides, with the end of the chat in view."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from paradesk.connectors.base import NotSent, Outcome, Page, Uncertain
from paradesk.connectors.capabilities import Idempotency
from paradesk.core.intents import Intent, Send
from paradesk.core.model import ConversationId, Delivery, LocalFile, Message, MessageId, Role
from paradesk.ui.screens.uncertain import UncertainScreen
from tests.ui.scripted import ABLE, ScriptedConnector
from tests.ui.workstation import Workstation, workstation

C1 = ConversationId("acme/c1")
SIZES = [(80, 24), (120, 40)]


class Unclear(ScriptedConnector):
    """Gives no clear answer to the first reply; what its history shows is up to the test."""

    def __init__(self) -> None:
        super().__init__(capabilities=replace(ABLE, idempotency=Idempotency.NONE))
        self.unclear = 1
        self.offline = False
        self.shown: list[Message] = []

    async def perform(self, intent: Intent) -> Outcome:
        if isinstance(intent, Send) and self.unclear:
            self.unclear -= 1
            self.intents.append(intent)
            raise Uncertain("connection reset")
        return await super().perform(intent)

    async def history(self, conversation_id: ConversationId, before: Message | None, limit: int) -> Page:
        if self.offline:
            raise NotSent("no route to the backend")
        return Page(tuple(self.shown), True)

    def arrived(self, text: str, *, by_client: bool = False) -> Message:
        """What the backend shows of the first reply."""
        sent = next(intent for intent in self.intents if isinstance(intent, Send))
        return Message(
            id=MessageId("late"),
            conversation_id=ConversationId("c1"),
            role=Role.AGENT,
            sender_id="me",
            sender_name="Robin",
            body=text,
            sent_at=time.time(),
            order_key=900,
            client_id=sent.client_id if by_client else None,
        )


@asynccontextmanager
async def undecided(directory: Path, backend: Unclear, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Workstation]:
    """A workstation on which the reply "hello" is unclear."""
    backend.chat(1, text="where is my parcel?")
    async with workstation(directory, backend, size=size) as desk:
        await desk.opened("c1")
        await desk.press("ctrl+x", "1")
        await desk.type("hello")
        await desk.press("enter")
        await desk.until(lambda: delivery(desk) is Delivery.UNCERTAIN, "the reply is unclear")
        yield desk


def delivery(desk: Workstation) -> Delivery | None:
    thread = desk.app.state.threads[C1]
    return next((m.delivery for m in reversed(thread.transcript) if m.body == "hello"), None)


async def asked(desk: Workstation, *keys: str) -> UncertainScreen:
    await desk.press("ctrl+x", *keys)
    await desk.until(lambda: isinstance(desk.app.screen, UncertainScreen), "the question")
    screen = desk.app.screen
    assert isinstance(screen, UncertainScreen)
    return screen


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", ["r", "u"])
async def test_it_shows_the_reply_why_and_the_end_of_the_chat(tmp_path: Path, key: str, size: tuple[int, int]) -> None:
    """Sending again and taking back both ask; what the backend shows by now is read and marked where it is the same."""
    backend = Unclear()
    async with undecided(tmp_path, backend, size) as desk:
        backend.shown = [backend.arrived("hello")]
        await asked(desk, key)
        await desk.until(lambda: "as the backend shows it now" in desk.text, "it was read again")
        for part in ("Sarah Chen #1241", "connection reset", "where is my parcel?", "≡", "[s]", "[a]", "[t]", "[n]"):
            assert part in desk.text, part
        await desk.press("enter")
        await desk.until(lambda: not isinstance(desk.app.screen, UncertainScreen), "nothing was decided")
        assert desk.app.state.threads[C1].sends
        assert len(backend.sent()) == 1


async def test_send_again(tmp_path: Path) -> None:
    """The same reply once more."""
    backend = Unclear()
    async with undecided(tmp_path, backend) as desk:
        await asked(desk, "r")
        await desk.press("s")
        await desk.until(lambda: not desk.app.state.threads[C1].sends, "it was delivered")
        assert [text for _, text, _ in backend.sent()] == ["hello", "hello"]


async def test_it_arrived(tmp_path: Path) -> None:
    """The chat goes on, nothing is sent again, and the text does not come back."""
    backend = Unclear()
    async with undecided(tmp_path, backend) as desk:
        await desk.type("next")
        await desk.press("enter")
        await asked(desk, "r")
        await desk.press("a")
        await desk.until(lambda: len(backend.sent()) == 2, "the next one leaves")
        assert [text for _, text, _ in backend.sent()] == ["hello", "next"]
        assert delivery(desk) is Delivery.CONFIRMED
        assert desk.composer_text("c1") == ""


async def test_take_it_back_with_what_was_typed_since_and_its_files(tmp_path: Path) -> None:
    """The text comes back above what stands in the composer, and the file is attached again."""
    file = tmp_path / "terms.pdf"
    file.write_bytes(b"%PDF")
    backend = Unclear()
    backend.chat(1, text="where is my parcel?")
    async with workstation(tmp_path / "desk", backend) as desk:
        await desk.opened("c1")
        await desk.press("ctrl+x", "1")
        pane = desk.app.workspace.active_pane
        assert pane is not None
        attached = (LocalFile(path=str(file), name=file.name, media_type="application/pdf", size=4),)
        pane.composer.set_attachments(attached, "")
        await desk.type("hello")
        await desk.press("enter")
        await desk.until(lambda: delivery(desk) is Delivery.UNCERTAIN, "the reply is unclear")
        assert not pane.composer.attachments
        await desk.type("since")
        await asked(desk, "u")
        await desk.press("t")
        await desk.until(lambda: desk.composer_text("c1") == "hello\nsince", "the text is back")
        assert pane.composer.attachments == attached
        await desk.until(lambda: "hello\nsince" in desk.desk.state.threads[C1].drafts.values(), "it is kept")


async def test_a_reply_that_has_arrived_after_all_needs_no_decision(tmp_path: Path) -> None:
    """Reading the chat again shows it with its client id: the question goes away by itself."""
    backend = Unclear()
    async with undecided(tmp_path, backend) as desk:
        backend.shown = [backend.arrived("hello", by_client=True)]
        await desk.press("ctrl+x", "r")
        await desk.until(lambda: "arrived after all" in desk.app.notices[-1].text, "it says so")
        await desk.until(lambda: not isinstance(desk.app.screen, UncertainScreen), "the question is gone")
        assert delivery(desk) is Delivery.CONFIRMED


async def test_a_chat_that_cannot_be_read_again_says_so(tmp_path: Path) -> None:
    """The end of the chat as it was here, with the reason."""
    backend = Unclear()
    backend.offline = True
    async with undecided(tmp_path, backend) as desk:
        await asked(desk, "r")
        await desk.until(lambda: "could not be read again" in desk.text, "it says so")
        assert "where is my parcel?" in desk.text
