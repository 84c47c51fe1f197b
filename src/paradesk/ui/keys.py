"""The way of a key: from the terminal through the keymap to the one place that acts on it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Protocol, runtime_checkable

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.message_pump import MessagePump

from paradesk.keymap.actions import ACTIONS, CONTEXTS
from paradesk.keymap.dispatch import Cancelled, Dispatcher, Ignored, Pending, Rejected, Run

HINT_AFTER = 0.4
"""Seconds after which an unfinished sequence shows what can follow; it never times out."""

PATIENCE = 10
"""How many turns, each of up to `TURN` seconds, an action waits for the keys typed before it to be taken."""

TURN = 0.05
"""Seconds of one such turn. A loop that stands still for longer has had one turn only, and widgets no chance to act."""


@runtime_checkable
class TakesActions(Protocol):
    """A widget or screen that carries out some actions itself."""

    def handle_action(self, action_id: str) -> bool:
        """Carry out the action and return True, or return False when it is not this place's."""


class Overlay(Protocol):
    """What shows the keys that can follow."""

    def open(self, prefix: str, options: Sequence[tuple[str, str]]) -> None:
        """Show them."""

    def close(self) -> None:
        """Hide them."""


_GROUPS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset(f"pane.{number}" for number in range(1, 10)), "Pane by number"),
    (frozenset({"pane.left", "pane.right", "pane.up", "pane.down"}), "Pane there"),
)
"""Actions that stand in one row of the overlay, so that all that can follow fits on a small terminal."""


def followers(options: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return what can follow an unfinished sequence as the overlay shows it: keys and title."""
    rows: list[tuple[str, str]] = []
    grouped: dict[str, list[str]] = {}
    for keys, action_id in options:
        if action_id not in ACTIONS:
            continue
        group = next((title for members, title in _GROUPS if action_id in members and len(keys) == 1), None)
        if group is None:
            rows.append((keys, ACTIONS[action_id].title))
        else:
            if group not in grouped:
                rows.append(("", group))
            grouped.setdefault(group, []).append(keys)
    shown = {title: f"{keys[0]}…{keys[-1]}" if keys[0].isdigit() else "".join(keys) for title, keys in grouped.items()}
    return [(keys or shown[title], title) for keys, title in rows]


def _place(node: DOMNode | None) -> str | None:
    while node is not None:
        place = getattr(node, "key_context", None) or getattr(node, "KEY_CONTEXT", None)
        if isinstance(place, str):
            return place
        node = node.parent
    return None


async def drain(nodes: Iterable[MessagePump], patience: int = PATIENCE) -> bool:
    """Wait until each of these has taken what was on its way to it: keys are text first, then actions happen.

    Returns False where one has not within `patience` turns of `TURN` seconds. Turns are counted and not seconds, because
    a busy machine can take seconds away in which nothing could be taken.
    """
    for node in nodes:
        taken = asyncio.Event()
        if not node.is_running or not node.call_later(taken.set):
            continue
        for _ in range(patience):
            with suppress(TimeoutError):
                await asyncio.wait_for(taken.wait(), TURN)
            if taken.is_set():
                break
        else:
            return False
    return True


class KeyRouter:
    """Asks the dispatcher what each key means in the focused place, and takes the action where it belongs."""

    def __init__(
        self,
        app: App[int],
        dispatcher: Dispatcher,
        command: Callable[[str], Awaitable[None] | None],
        overlay: Callable[[], Overlay | None],
        changed: Callable[[], None],
        allows: Callable[[str, events.Key], bool] = lambda _action_id, _event: True,
    ) -> None:
        """`allows` may refuse what a key would do, and says so itself."""
        self._app = app
        self._dispatcher = dispatcher
        self._command = command
        self._overlay = overlay
        self._changed = changed
        self._allows = allows
        self._hint: asyncio.TimerHandle | None = None
        self._shown: Overlay | None = None
        self._in_sequence = False

    @property
    def place(self) -> str:
        """The focused place, a key of `keymap.actions.CONTEXTS`."""
        modal = len(self._app.screen_stack) > 1
        found = _place(self._app.focused or self._app.screen)
        return found if found in CONTEXTS else ("dialog" if modal else "workspace")

    def cancel(self) -> None:
        """Forget an unfinished sequence, because a paste or a click came in between."""
        if self._dispatcher.pending:
            self._dispatcher.cancel()
            self._end_sequence()

    async def press(self, event: events.Key) -> bool:
        """Take one key; returns whether it was used up (else it is text for the focused widget)."""
        result = self._dispatcher.press(event.key, event.character, CONTEXTS[self.place])
        match result:
            case Pending(prefix=prefix, options=options):
                self._begin_sequence(prefix, options)
                return True
            case Run(action_id=action_id):
                self._end_sequence()
                if self._allows(action_id, event):
                    await self.run(action_id)
                return True
            case Rejected():
                self._end_sequence()
                self._app.bell()
                return True
            case Cancelled():
                self._end_sequence()
                return True
            case Ignored():
                return True
        self._end_sequence()
        return False

    def _begin_sequence(self, prefix: tuple[str, ...], options: tuple[tuple[str, str], ...]) -> None:
        self._in_sequence = True
        overlay = self._overlay()
        titled = followers(options)
        if self._hint is not None:
            self._hint.cancel()
        if overlay is not None:
            label = " ".join(prefix)

            def show() -> None:
                self._shown = overlay
                overlay.open(label, titled)

            if self._shown is not None:
                show()
            else:
                self._hint = asyncio.get_running_loop().call_later(HINT_AFTER, show)
        self._changed()

    def _end_sequence(self) -> None:
        if not self._in_sequence:
            return
        self._in_sequence = False
        if self._hint is not None:
            self._hint.cancel()
            self._hint = None
        if self._shown is not None:
            self._shown.close()
            self._shown = None
        self._changed()

    async def run(self, action_id: str) -> bool:
        """Carry out an action in the top modal screen, else in the focused place, else by the table of commands.

        The keys typed before it have been taken when it begins, and when it returns the focus stands where it should
        be: the next key goes there.
        """
        app = self._app
        chain: list[DOMNode] = []
        node: DOMNode | None = app.focused
        while node is not None and node is not app.screen:
            chain.append(node)
            node = node.parent
        await drain(chain[:1] or [app.screen])
        takers = [*chain] if len(app.screen_stack) == 1 else [app.screen, *chain]
        for taker in takers:
            if isinstance(taker, TakesActions) and taker.handle_action(action_id):
                await drain(chain)
                return True
        result = self._command(action_id)
        if result is not None:
            await result
        return False
