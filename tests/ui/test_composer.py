"""The composer as an agent uses it: keys and mouse in, rows and messages out."""

from collections.abc import AsyncIterator

import pytest
from textual import events, on
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Static

from paradesk.core.model import LocalFile, Visibility
from paradesk.ui.widgets.composer import MAX_TEXT, Composer
from paradesk.ui.widgets.composer_rows import Target
from paradesk.ui.widgets.editor import Editor


class Clock:
    """Time that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Desk(App[None]):
    CSS = "Screen { layout: vertical; } Static { height: 1fr; }"

    def __init__(self, *, burst_guard: bool = False, max_rows: int = 4) -> None:
        super().__init__()
        self.clock = Clock()
        self.told: list[Message] = []
        self.leftover: list[str] = []
        self.composer = Composer(max_rows=max_rows, clock=self.clock, burst_guard=burst_guard, hint="write here")
        self.composer.target = Target("Sarah Chen", "1245")

    def compose(self) -> ComposeResult:
        yield Static("transcript")
        yield self.composer

    def on_mount(self) -> None:
        self.composer.focus()

    @on(Composer.Changed)
    @on(Composer.SendRequested)
    @on(Composer.SlotsOpen)
    @on(Composer.Typing)
    @on(Composer.PasteCut)
    @on(Composer.AttachmentRemoved)
    def keep(self, message: Message) -> None:
        self.told.append(message)

    def on_key(self, event: events.Key) -> None:
        self.leftover.append(event.key)

    def of(self, kind: type[Message]) -> list[Message]:
        return [message for message in self.told if type(message) is kind]

    def sends(self) -> list[str]:
        return [message.text for message in self.told if isinstance(message, Composer.SendRequested)]

    def rows(self) -> list[str]:
        """The composer's rows as the screen shows them."""
        region = self.composer.region
        strips = self.screen._compositor.render_strips()
        return [strip.text.rstrip() for strip in strips[region.y : region.bottom]]


@pytest.fixture
async def desk() -> AsyncIterator[tuple[Desk, Pilot[None]]]:
    app = Desk()
    async with app.run_test(size=(40, 12), notifications=True, tooltips=True) as pilot:
        yield app, pilot


Running = tuple[Desk, Pilot[None]]


async def test_typing_shows_and_tells(desk: Running) -> None:
    app, pilot = desk
    await pilot.press(*"hi", "space", "ü")
    assert app.composer.text == "hi ü"
    assert app.rows() == ["┃ ▶ to SARAH CHEN #1245", "┃ hi ü"]
    changed = [message.text for message in app.told if isinstance(message, Composer.Changed)]
    assert changed == ["h", "hi", "hi ", "hi ü"]
