"""What was hidden, masked or mixed in what customers send is said in words, and shown when the agent asks for it."""

from pathlib import Path

import pytest

from paradesk.config.settings import Settings
from paradesk.core.text import clean_text
from paradesk.ui.screens.raw import RawScreen
from paradesk.ui.transcript_rows import HIDDEN_BADGE
from tests.ui.scripted import ScriptedConnector
from tests.ui.workstation import Workstation, workstation

CARD = "4111 1111 1111 1111"


async def raw(desk: Workstation) -> str:
    """Open the view of the newest message as it came, and return the screen."""
    await desk.press("ctrl+t", "k", "x")
    await desk.until(lambda: isinstance(desk.app.screen, RawScreen), "the raw view")
    shown = desk.text
    await desk.press("escape", "ctrl+t")
    return shown


async def test_a_message_that_hid_something_says_so_and_shows_it(tmp_path: Path) -> None:
    backend = ScriptedConnector()
    backend.chat(1, text="pay \u202e001\u202c EUR\x1b]52;c;cHduZWQ=\x07")
    async with workstation(tmp_path, backend) as desk:
        await desk.opened("c1")
        await desk.until(lambda: HIDDEN_BADGE in desk.text, "the badge")
        shown = await raw(desk)
        assert "pay \\u202e001\\u202c EUR\\u001b]52;c;cHduZWQ=\\u0007" in shown
        assert clean_text(shown) == shown


async def test_an_edit_that_hides_something_says_so(tmp_path: Path) -> None:
    from paradesk.core.events import MessageEdited
    from paradesk.core.model import ConversationId

    backend = ScriptedConnector()
    backend.chat(1, text="harmless")
    async with workstation(tmp_path, backend) as desk:
        await desk.opened("c1")
        await desk.until(lambda: "harmless" in desk.text, "the message")
        assert HIDDEN_BADGE not in desk.text
        [message] = desk.app.state.threads[ConversationId("acme/c1")].transcript
        backend.say(MessageEdited(ConversationId("c1"), message.id, "harm\u200bless", message.version + 1))
        await desk.until(lambda: HIDDEN_BADGE in desk.text, "the badge")
    async with workstation(tmp_path, ScriptedConnector()) as desk:
        await desk.until(lambda: HIDDEN_BADGE in desk.text, "the badge after a restart")


async def test_an_honest_message_hides_nothing(tmp_path: Path) -> None:
    backend = ScriptedConnector()
    backend.chat(1, text="a \\ backslash and [markup]")
    async with workstation(tmp_path, backend) as desk:
        await desk.opened("c1")
        shown = await raw(desk)
        assert "nothing was hidden in it" in shown
        assert "a \\\\ backslash and [markup]" in shown


@pytest.mark.parametrize("masked", [True, False])
async def test_a_card_number_is_shown_only_where_it_was_asked_for(tmp_path: Path, masked: bool) -> None:
    backend = ScriptedConnector()
    backend.chat(1, text=f"my card is {CARD}")
    async with workstation(tmp_path, backend, settings=Settings(mask_cards=masked)) as desk:
        await desk.opened("c1")
        await desk.until(lambda: "my card is" in desk.text, "the message")
        assert (CARD in desk.text) is not masked
        await desk.press("ctrl+t", "k", "y")
        assert (CARD in desk.app.clipboard) is not masked
        await desk.press("ctrl+t")
        assert CARD in await raw(desk)
        assert (CARD in desk.text) is not masked


async def test_a_name_of_mixed_scripts_says_so(tmp_path: Path) -> None:
    backend = ScriptedConnector()
    backend.chat(1, name="Sаrah Chen")  # the first а is Cyrillic
    backend.chat(2, name="佐藤 Hanako")
    async with workstation(tmp_path, backend, size=(200, 50)) as desk:
        await desk.until(lambda: "Hanako" in desk.text, "the second chat")
        await desk.until(lambda: "mixed scripts" in desk.text, "the badge")
        assert desk.text.count("mixed scripts") == 1
        await desk.press("f7")
        await desk.until(lambda: desk.text.count("mixed scripts") == 2, "the badge in the panel")
