"""The screen of `paradesk keys`: asks for one key after the other, and shows what the terminal makes of it."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.filter import LineFilter
from textual.widgets import Static

from paradesk.keymap.capture import Capture, Pressed, Terminal, Wanted, shown_bytes, speaks_kitty, without_answers
from paradesk.keymap.names import MODIFIER_KEYS, event_key, split_key
from paradesk.ui.content import Part, assemble, plain
from paradesk.ui.safety import ControlGuard

if TYPE_CHECKING:
    from textual.driver import Driver
    from textual.timer import Timer

GATHER = 0.25
"""Seconds for which what follows a key belongs to the same press: longer than ESCDELAY, after which esc is a key."""
_ASK = "\x1b[?u\x1b[c"
"""The question whether the Kitty keyboard protocol is spoken, and one that every terminal answers."""


def terminal_of(environment: Mapping[str, str] = os.environ) -> Terminal:
    """Return what the environment says of the terminal."""
    program = " ".join(filter(None, (environment.get("TERM_PROGRAM", ""), environment.get("TERM_PROGRAM_VERSION", ""))))
    multiplexer = "tmux" if environment.get("TMUX") else "GNU screen" if environment.get("STY") else ""
    return Terminal(environment.get("TERM", ""), program, multiplexer)


class KeyCaptureApp(App[bool], inherit_bindings=False):
    """Ends with True when a report is wanted. What was pressed is in the `Capture` that it was given."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { layout: vertical; padding: 1 2; }
    #prompt { height: auto; margin: 1 0; }
    #found { height: 1fr; overflow-y: hidden; }
    #hint { height: auto; dock: bottom; padding: 1 2; }
    """

    def __init__(self, capture: Capture, driver_class: "type[Driver] | None" = None) -> None:
        super().__init__(driver_class=driver_class)
        self.capture = capture
        self._wanted = capture.wanted
        self._place = 0
        self._events: list[tuple[str, str | None]] = []
        self._sent = b""
        self._gathering: Timer | None = None

    def compose(self) -> ComposeResult:
        """The terminal, the key to press, what was found, and what else can be done."""
        yield Static(id="terminal")
        yield Static(id="prompt")
        with Vertical(id="found"):
            yield Static(id="rows")
        yield Static(id="hint")

    def on_mount(self) -> None:
        """Ask the terminal about itself."""
        if self._driver is not None:
            self._driver.write(_ASK)
            self._driver.flush()
        self._show()

    def on_resize(self) -> None:
        """Show as many rows as there is room for."""
        self._show()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Let no control character through, whatever a keymap says."""
        return [*super().get_line_filters(), ControlGuard()]

    @property
    def _asked(self) -> Wanted | None:
        return self._wanted[self._place] if self._place < len(self._wanted) else None

    def overhear(self, data: bytes) -> None:
        """Take the bytes of the terminal, its answers included. Called by the driver, outside any message."""
        self.call_later(self._hear, data)

    def _hear(self, data: bytes) -> None:
        if speaks_kitty(data) and not self.capture.terminal.kitty:
            known = self.capture.terminal
            self.capture.terminal = Terminal(known.term, known.program, known.multiplexer, kitty=True)
            self._show()
        data = without_answers(data)
        if data:
            self._sent += data
            self._gather()

    async def on_event(self, event: events.Event) -> None:
        """Take every key, before anything else can."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            self._events.append((event.key, event.character))
            self._gather()
            return
        if isinstance(event, events.Paste):
            self._forget()
            return
        await super().on_event(event)

    def _gather(self) -> None:
        if self._gathering is None:
            self._gathering = self.set_timer(GATHER, self._take)

    def _forget(self) -> None:
        if self._gathering is not None:
            self._gathering.stop()
        self._gathering, self._events, self._sent = None, [], b""

    def _take(self) -> None:
        pressed, sent = self._events, self._sent
        if pressed and all(key in MODIFIER_KEYS for key, _ in pressed):
            # The key that the modifier belongs to is still to come.
            self._gathering, self._events = None, []
            return
        self._forget()
        names = [event_key(key, character) for key, character in pressed if key not in MODIFIER_KEYS]
        wanted = self._asked
        order = names[0] if len(names) == 1 else ""
        if wanted is None:
            self._after_the_last(order)
        elif order in ("space", "b", "q") and split_key(wanted.key)[1] != order:
            self._obey(order, wanted)
        else:
            self.capture.take(wanted, pressed, sent)
            self._place += 1
        self._show()

    def _obey(self, order: str, wanted: Wanted) -> None:
        if order == "space":
            self.capture.nothing(wanted)
            self._place += 1
        elif order == "b":
            self._place = max(0, self._place - 1)
        else:
            self._place = len(self._wanted)

    def _after_the_last(self, order: str) -> None:
        if order == "enter":
            self.exit(True)
        elif order == "q":
            self.exit(False)
        elif order == "b":
            self._place = min(len(self.capture.pressed), max(0, len(self._wanted) - 1))

    def _show(self) -> None:
        if not self.is_running:
            return
        known = self.capture.terminal
        protocol = "Kitty keyboard protocol" if known.kitty else "legacy encoding"
        inside = known.multiplexer and f"inside {known.multiplexer}"
        parts = [known.term or "TERM is not set", known.program, inside, protocol]
        keymap = self.capture.keymaps[-1]
        self.query_one("#terminal", Static).update(plain(f"{keymap.name} · " + " · ".join(filter(None, parts))))
        self.query_one("#prompt", Static).update(assemble(*self._prompt()))
        rows = self.query_one("#found").size.height or 10
        lines = [_row(pressed) for pressed in self.capture.pressed.values()][-rows:]
        self.query_one("#rows", Static).update(plain("\n".join(lines)))
        self.query_one("#hint", Static).update(plain(self._hint()))

    def _prompt(self) -> list[Part]:
        wanted = self._asked
        if wanted is None:
            bad = sum(not pressed.good for pressed in self.capture.pressed.values())
            count = len(self.capture.pressed)
            return [(f"{count} keys pressed, {bad} of them do not arrive as they are.", "bold")]
        actions = list(dict.fromkeys(binding.action_id or "" for binding in wanted.bindings))
        more = f" and {len(actions) - 3} more" if len(actions) > 3 else ""
        head = f"{self._place + 1} of {len(self._wanted)}   Press  "
        return [head, (f" {wanted.shown} ", "reverse bold"), f"\n{', '.join(actions[:3])}{more}"]

    def _hint(self) -> str:
        if self._asked is None:
            return "enter: write the report    b: back    q: leave without one"
        return "space: nothing happens    b: back    q: enough, on to the report"


def _row(pressed: Pressed) -> str:
    mark = "✓" if pressed.good else "✗"
    return f"{mark} {pressed.wanted.shown:<16} {shown_bytes(pressed.sent):<22} {pressed}"
