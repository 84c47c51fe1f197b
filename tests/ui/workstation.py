"""A whole workstation in a test: a scripted backend, a real desk on disk, and the application without a terminal."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.pilot import Pilot

from paradesk.canned import Library
from paradesk.config.settings import Settings
from paradesk.config.shipped import shipped
from paradesk.config.state import mark_first_run_done
from paradesk.core.model import ConversationId
from paradesk.desk.desk import Desk, Profile
from paradesk.keymap.keymap import Layer
from paradesk.keymap.loader import load_keymap
from paradesk.ui import switching
from paradesk.ui.app import ParadeskApp
from paradesk.ui.opening import Opening
from tests.ui.scripted import ScriptedConnector

LIMIT = 10.0
"""Seconds after which something that a test waits for is taken as not happening."""


@dataclass
class Workstation:
    """What a test needs at hand."""

    app: ParadeskApp
    pilot: Pilot[int]
    desk: Desk
    backend: ScriptedConnector

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until a condition holds; fails the test when it never does."""
        deadline = time.monotonic() + LIMIT
        while not condition():
            assert time.monotonic() < deadline, f"never happened: {what}\n{self.text}"
            await self.pilot.pause()
            await asyncio.sleep(0.005)
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Type a text, letter by letter."""
        names = {
            " ": "space",
            ",": "comma",
            ".": "full_stop",
            "?": "question_mark",
            "{": "left_curly_bracket",
            "}": "right_curly_bracket",
        }
        names |= {"_": "underscore"}
        await self.press(*(names.get(char, char) for char in text))

    @property
    def lines(self) -> list[str]:
        """The screen's rows as plain text."""
        screen = self.app.screen
        return ["".join(segment.text for segment in strip) for strip in screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        """The screen as plain text."""
        return "\n".join(self.lines)

    @property
    def order(self) -> list[str]:
        """The chats in panes, in the order of pane numbers."""
        return [item.partition("/")[2] for item in self.app.deck.panes.order]

    @property
    def active(self) -> str:
        """The chat whose pane is active; empty for none."""
        return (self.app.deck.panes.active or "").partition("/")[2]

    def composer_text(self, chat: str) -> str:
        """What stands in a chat's composer."""
        pane = self.app.workspace.pane(ConversationId(f"acme/{chat}"))
        assert pane is not None, f"{chat} has no pane"
        return pane.composer.text

    async def opened(self, *chats: str) -> None:
        """Wait until exactly these chats have panes."""
        await self.until(lambda: self.order == list(chats), f"panes {chats}, are {self.order}")


@asynccontextmanager
async def workstation(
    directory: Path,
    backend: ScriptedConnector,
    *,
    size: tuple[int, int] = (120, 40),
    settings: Settings | None = None,
    keymaps: Sequence[str] = ("default",),
    first_steps: bool = False,
    library: Library | None = None,
) -> AsyncIterator[Workstation]:
    """Run a workstation on `backend`; with `directory` used again it is a restart."""
    directory.mkdir(parents=True, exist_ok=True)
    desk = Desk([Profile("acme", lambda: backend)], directory)
    desk.start()
    loaded = [
        load_keymap(shipped("keymaps") / f"{name}.toml", Layer.DEFAULT if name == "default" else Layer.PACK)
        for name in keymaps
    ]
    opening = Opening(desk, directory, settings or Settings(), loaded, library or Library(), "acme")
    app = ParadeskApp(opening, question_grace=0.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PARADESK_STATE_DIR", str(directory))
        patch.setenv("PARADESK_CONFIG_DIR", str(directory / "config"))
        # A test opens a chat and presses its next key at once, as no person does.
        patch.setattr(switching, "NOTICED", 0.0)
        patch.setattr(switching, "LIFTED", 0.0)
        if not first_steps:
            mark_first_run_done()
        try:
            async with app.run_test(size=size, notifications=True, tooltips=True) as pilot:
                yield Workstation(app, pilot, desk, backend)
        finally:
            desk.stop()
