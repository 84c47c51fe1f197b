"""Keeps the input in order around a change of the active chat: what comes behind a click waits until that has acted."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from textual import events
from textual.app import App
from textual.css.errors import StyleValueError
from textual.errors import NoWidget
from textual.message_pump import MessagePump
from textual.widget import Widget

from paradesk.core.model import ConversationId
from paradesk.keymap.actions import ACTIONS
from paradesk.ui.composer_keys import typed_character
from paradesk.ui.deck import Deck
from paradesk.ui.guarding import Guarding
from paradesk.ui.keys import drain
from paradesk.ui.switching import Cause, Switching

Input = events.InputEvent | events.Paste
"""What the agent does, as it comes from the terminal."""

CLICK_PATIENCE = 100
"""Turns for which what was typed behind a click waits for it (see `keys.drain`)."""

_CLICKS = (events.MouseDown, events.MouseUp, events.Click)


class InputOrder:
    """Sees every input event before it is acted on, and the focus wherever it goes."""

    def __init__(
        self,
        app: App[int],
        deck: Deck,
        guarding: Guarding,
        tell: Callable[[str, str], None],
        clock: Callable[[], float],
        take: Callable[[events.Event], Awaitable[None]],
    ) -> None:
        """`clock` is the one that times events; `take` acts on an event that had to wait."""
        self._app, self._deck, self._guarding, self._tell, self._take = app, deck, guarding, tell, take
        self._switching = Switching(clock)
        self._waiting: list[Input] | None = None
        """What came behind a click that has not acted yet; None while there is none."""

    def follow(self) -> None:
        """Watch the focus from now on."""
        self._app.watch(self._app.screen_stack[0], "focused", self._focused, init=False)

    def _focused(self, widget: Widget | None) -> None:
        pane = self._deck.pane_of(widget)
        if pane is not None:
            self._switching.entered(pane.conversation_id, unfinished=self._unfinished)

    def _unfinished(self, chat: ConversationId) -> bool:
        pane = self._deck.pane(chat)
        return pane is not None and bool(pane.composer.text.strip())

    def waits(self, event: Input) -> bool:
        """Keep an event for later, if a click before it has still to act."""
        if self._waiting is None:
            return False
        self._waiting.append(event)
        return True

    def begin(self, event: Input) -> None:
        """This event is about to be acted on."""
        if isinstance(event, _CLICKS):
            self._switching.begin(Cause.CLICK, event.time)
        elif not isinstance(event, events.MouseEvent):
            self._switching.begin(Cause.KEY, event.time)

    def end(self, event: Input) -> None:
        """It was acted on, but for what a click has set going: that is waited for without holding up the screen."""
        if isinstance(event, events.MouseUp):
            with suppress(NoWidget, StyleValueError):
                widget, _ = self._app.get_widget_at(event.x, event.y)
                self._waiting = []
                self._app.run_worker(self._settle(widget), exit_on_error=False, group="click")
                return
        self._switching.end()

    async def _settle(self, clicked: Widget) -> None:
        acted = False
        try:
            chain: list[MessagePump] = [node for node in clicked.ancestors_with_self if node is not self._app]
            # The first round lets the click act, the second takes what it has said up to the application.
            acted = await drain(chain, CLICK_PATIENCE) and await drain(chain, CLICK_PATIENCE)
        finally:
            if not self._app.call_later(self._release, acted):
                self._waiting = None

    async def _release(self, acted: bool) -> None:
        self._switching.end()
        waiting, self._waiting = self._waiting, None
        if not acted:
            self._drop(waiting or [])
            return
        for event in waiting or ():
            await self._take(event)

    def _drop(self, waiting: list[Input]) -> None:
        """Let what was typed behind a click do nothing, because nobody knows which chat it would reach; say what it was."""
        text = ""
        for event in waiting:
            if isinstance(event, events.Paste):
                text += event.text
            elif isinstance(event, events.Key):
                text += typed_character(event.key, event.character) or ""
        if waiting:
            kept = f" It was: {text}" if text else ""
            self._tell(f"A click took too long: what came behind it did nothing.{kept}", "warning")

    def allows(self, action_id: str, event: events.Key) -> bool:
        """Tell whether a key may do this; says so where it came before the chat that it would be about was seen."""
        if self._switching.allows(action_id, event.time):
            return True
        pane = self._deck.acting
        name = "" if pane is None else f"{pane.title.name}: "
        self._tell(
            f"{name}“{ACTIONS[action_id].title}” came too early and did nothing: this chat has only just become active."
            " Press it again",
            "warning",
        )
        return False

    def text(self, event: events.Key) -> None:
        """A key that no action wanted goes to the focused widget: into a reply, as far as it is a character."""
        pane, character = self._deck.focused, typed_character(event.key, event.character)
        if pane is None or character is None or self._app.focused is not pane.composer:
            return
        if (meant := self._switching.typed(pane.conversation_id, event.time)) is not None:
            self._guarding.flew(pane, character, meant)
