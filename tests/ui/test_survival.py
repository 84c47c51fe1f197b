"""Honest text that only looks odd goes through every layer as it came: in, on disk, on the screen, copied, and out again."""

import unicodedata
from pathlib import Path

import pytest

from paradesk.core.model import ConversationId, Visibility
from tests.hostile_corpus import COLLECTION, MISSING, Entry, everything
from tests.ui.scripted import ScriptedConnector
from tests.ui.workstation import workstation

HONEST = [entry for entry in everything() if entry.survives]
ONE = ConversationId("acme/c1")


def joined(text: str) -> str:
    """Text without its blanks and rows, as the screen may break it anywhere."""
    return "".join(unicodedata.normalize("NFC", text).split())


@pytest.mark.parametrize("entry", HONEST, ids=lambda entry: entry.id)
async def test_honest_text_survives(tmp_path: Path, entry: Entry) -> None:
    backend = ScriptedConnector()
    backend.chat(1, text=entry.text, name="Zoë Ünal")
    async with workstation(tmp_path, backend, size=(200, 50)) as desk:
        await desk.opened("c1")
        thread = desk.app.state.threads[ONE]
        received = thread.transcript[0]
        assert received.body == entry.text
        await desk.until(lambda: joined(entry.text) in joined(desk.text), "the text on the screen")
        # Copied, pasted, kept as a draft, sent.
        pane = desk.app.workspace.pane(ONE)
        assert pane is not None
        await desk.press("ctrl+t", "k", "y")
        assert desk.app.clipboard == entry.text
        await desk.press("ctrl+t")
        assert pane.composer.handle_action("composer.paste")
        assert pane.composer.text == entry.text
        await desk.until(
            lambda: desk.desk.state.threads[ONE].drafts.get(Visibility.PUBLIC) == entry.text, "the draft on disk"
        )
    again = ScriptedConnector()
    async with workstation(tmp_path, again, size=(200, 50)) as desk:
        await desk.opened("c1")
        assert desk.app.state.threads[ONE].transcript[0].body == entry.text
        assert desk.composer_text("c1") == entry.text
        await desk.until(lambda: desk.desk.support(ONE, "notes")[1] == "", "the backend is up")
        await desk.press("enter")
        await desk.until(lambda: bool(again.sent()), "the reply at the backend")
        assert again.sent() == [("c1", entry.text, Visibility.PUBLIC)]


def test_the_large_collection_was_there() -> None:
    if not COLLECTION.exists():
        pytest.skip(MISSING)
    assert len(HONEST) > 1
