"""The dialogs about what a backend says: hostile text is shown harmlessly, and small terminals have room for them."""

import re
from functools import partial

import pytest

from paradesk.core.model import Agent, Conversation, ConversationId, Customer, Offer
from paradesk.core.state import Thread
from paradesk.core.text import clean_line
from paradesk.ui.previewing import Preview
from paradesk.ui.screens.note import NoteScreen
from paradesk.ui.screens.preview import PreviewScreen
from paradesk.ui.screens.search import SearchScreen
from paradesk.ui.titles import foot_of
from paradesk.ui.widgets.customer_panel import panel_rows
from tests.hostile_corpus import OWN, Entry
from tests.ui.test_screens import Host, drive

UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
SHORT = [Entry(entry.id, entry.text[:2_000], entry.survives) for entry in OWN]


@pytest.mark.parametrize("entry", SHORT, ids=lambda entry: entry.id)
async def test_hostile_answers_are_shown_as_text(entry: Entry) -> None:
    """No control reaches the rows, whatever a backend answers; a list gets its lines as the desk's intake leaves them."""
    text, line = entry.text, clean_line(entry.text, 200)
    asked: list[str] = []
    app = Host(SearchScreen(text, asked.append))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        await pilot.press("a", "enter")
        assert asked == ["a"]
        screen = app.screen
        assert isinstance(screen, SearchScreen)
        screen.show_found("a", [("acme/1", line, text, line)])
        await pilot.pause()
        assert not UNSAFE.search(app.text().replace("\n", ""))
        screen.show_found("a", [])
        screen.show_problem("a", text)
        await pilot.pause()
        assert not UNSAFE.search(app.text().replace("\n", ""))
    for dialog in (PreviewScreen(text, Preview((text, text), (text,))), PreviewScreen(text, Preview(refusal=text)),
                   NoteScreen(text, text)):  # fmt: skip
        _, shown = await drive(dialog, size=(100, 30))
        assert not UNSAFE.search(shown.replace("\n", ""))


async def test_results_of_other_words_are_not_shown() -> None:
    """The answer to an earlier question comes late: what is asked now counts, and a failed one can be asked again."""
    asked: list[str] = []
    app = Host(SearchScreen("acme", asked.append))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, SearchScreen)
        await pilot.press("a", "enter", "b", "enter")
        assert asked == ["a", "ab"]
        screen.show_found("a", [("acme/1", "of a", "", "")])
        await pilot.pause()
        assert "of a" not in app.text()
        await pilot.press("enter")
        assert asked == ["a", "ab"]
        assert app.results == []
        screen.show_problem("ab", "no index")
        await pilot.press("enter")
        assert asked == ["a", "ab", "ab"]
        screen.show_found("ab", [("acme/2", "of ab", "", "")])
        await pilot.press("enter")
        assert app.results == ["acme/2"]


async def test_an_empty_line_asks_nothing() -> None:
    """Enter in an empty line is not a search for everything."""
    asked: list[str] = []
    results, _ = await drive(SearchScreen("acme", asked.append), "enter", "space", "enter", "escape")
    assert (results, asked) == ([None], [])


@pytest.mark.parametrize("size", [(80, 24), (40, 10)])
async def test_a_long_preview_can_be_read_in_a_small_terminal(size: tuple[int, int]) -> None:
    """It scrolls to its last part, and closes."""
    parts = tuple(f"part {number} " + "words " * 30 + f"end-{number}" for number in range(1, 30))
    screen = partial(PreviewScreen, "Sarah", Preview(parts, ("a remark",)))
    _, text = await drive(screen(), size=size)
    assert "1 ·" in text
    _, text = await drive(screen(), *["down"] * 120, size=size)
    assert "end-29" in text
    results, _ = await drive(screen(), "enter", size=size)
    assert results == [None]


def test_the_pane_says_who_waits_for_whom() -> None:
    """What the agent can do about an offer comes first; an offer of theirs says who has not answered."""
    offer = Offer(Agent("bo", "Bo Lind"), Agent("me", "Robin"), "knows\nher")
    chat = Conversation(id=ConversationId("acme/1"), customer=Customer(id="c", name="Sarah"), offer=offer)
    foot = foot_of(Thread(conversation=chat), "r", "u", accept="A", decline="D")
    assert foot == "A take over · D decline · Bo Lind: knows her"
    assert ("offered", "by Bo Lind to you: knows\nher") in dict(panel_rows(Thread(conversation=chat)))["Ticket"]
    theirs = Conversation(
        id=ConversationId("acme/1"), customer=Customer(id="c", name="Sarah"),
        offer=Offer(None, Agent("bo", "Bo Lind"), mine=False),
    )  # fmt: skip
    assert foot_of(Thread(conversation=theirs), "r", "u") == "offered to Bo Lind, who has not answered"
