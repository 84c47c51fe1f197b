"""A click and keys that come together: the keys reach the chat that the click has made active, or none."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual import events

from paradesk.ui import input_order
from paradesk.ui.keys import PATIENCE, TURN
from paradesk.ui.widgets.hotlist import Hotlist
from tests.ui.scripted import ScriptedConnector
from tests.ui.workstation import LIMIT, Workstation, workstation

SIZE = (130, 40)


def post_click_and_text(desk: Workstation, chat: str, text: str) -> None:
    """Post what the terminal's driver posts for a click on a chat in the hotlist and text in one read."""
    hotlist = desk.app.hotlist
    place = [item.partition("/")[2] for item in hotlist.order].index(chat)
    x, y = hotlist.region.x + 6, hotlist.region.y + 1 + place * hotlist._per_row
    for kind in (events.MouseDown, events.MouseUp):
        desk.app.post_message(kind(None, x, y, 0, 0, 1, False, False, False, screen_x=x, screen_y=y))
    for character in text:
        desk.app.post_message(events.Key(character, character))


def on_click(monkeypatch: pytest.MonkeyPatch, before: Callable[[], Awaitable[None]]) -> None:
    """Let something happen in the hotlist before it acts on a click."""
    act = Hotlist.on_click

    async def slow(hotlist: Hotlist, event: events.Click) -> None:
        await before()
        act(hotlist, event)

    monkeypatch.setattr(Hotlist, "on_click", slow)


def stall(seconds: float) -> None:
    """Hold up the whole screen."""
    time.sleep(seconds)


async def two_chats(desk: Workstation) -> None:
    await desk.opened("c1", "c2")
    await desk.until(lambda: desk.active == "c1" and len(desk.app.hotlist.order) == 2, "both chats")


@pytest.fixture
def backend() -> ScriptedConnector:
    found = ScriptedConnector()
    found.chat(1, ago=40.0)
    found.chat(2, ago=20.0)
    return found


@pytest.mark.asyncio
async def test_text_behind_a_click_goes_to_the_clicked_chat_though_the_machine_stands_still(
    tmp_path: Path, backend: ScriptedConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stand_still() -> None:
        for _ in range(2 * PATIENCE):
            stall(TURN)
            await asyncio.sleep(0)

    on_click(monkeypatch, stand_still)
    async with workstation(tmp_path, backend, size=SIZE) as desk:
        await two_chats(desk)
        post_click_and_text(desk, "c2", "look")
        await desk.until(lambda: desk.composer_text("c2") == "look", "the text in the clicked chat")
        assert desk.active == "c2"
        assert desk.composer_text("c1") == ""


@pytest.mark.asyncio
async def test_text_behind_a_click_that_does_not_come_to_an_end_goes_nowhere_and_is_told(
    tmp_path: Path, backend: ScriptedConnector, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = asyncio.Event()

    async def wait() -> None:
        await go_on.wait()

    monkeypatch.setattr(input_order, "CLICK_PATIENCE", 2)
    on_click(monkeypatch, wait)
    async with workstation(tmp_path, backend, size=SIZE) as desk:
        await two_chats(desk)
        post_click_and_text(desk, "c2", "look")
        deadline = time.monotonic() + LIMIT
        # Not `desk.until`: that waits for every widget, also for the one that is stuck.
        while not any("It was: look" in notice.text for notice in desk.app.notices):
            assert time.monotonic() < deadline, "the notice never came"
            await asyncio.sleep(0.005)
        go_on.set()
        await desk.until(lambda: desk.active == "c2", "the chat that was clicked")
        assert desk.composer_text("c1") == desk.composer_text("c2") == ""
        await desk.type("next")
        await desk.until(lambda: desk.composer_text("c2") == "next", "keys that reach it now")
