"""The application: it puts desk, keymap and widgets together and holds no behaviour of its own.

Whatever is not needed for the first frame is imported when the rest is put together: importing takes most of a start.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import events
from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from paradesk.core.text import clean_line, clean_text
from paradesk.ui.cards import CARDS
from paradesk.ui.content import plain
from paradesk.ui.opening import Opening
from paradesk.ui.safety import ControlGuard
from paradesk.ui.themes import CONTRAST_CSS, THEMES

if TYPE_CHECKING:
    from collections import deque

    from rich.console import RenderableType
    from textual.driver import Driver
    from textual.filter import LineFilter
    from textual.geometry import Size
    from textual.screen import ModalScreen

    from paradesk.canned import FollowUp, Library
    from paradesk.core.model import ConversationId, LocalFile, Visibility
    from paradesk.core.state import State
    from paradesk.ui.commands import Command
    from paradesk.ui.screens.reading import Notice
    from paradesk.ui.widgets.hotlist import Hotlist
    from paradesk.ui.widgets.pane import Pane
    from paradesk.ui.widgets.workspace import Workspace

Result = TypeVar("Result")

QUESTION_GRACE = 0.2
"""Seconds in which a fresh yes-or-no question takes no key: what was typed before it appeared is no answer to it."""

LIBRARY_AFTER = 0.3
"""Seconds after the first frame at which canned responses are loaded: nothing on the screen waits for them."""

MAX_WARNINGS = 2
"""How many of the warnings of the start are shown one by one; many toasts would cover the panes."""


class WorkScreen(Screen[None], inherit_bindings=False):
    """The one screen beneath all dialogs."""

    BLANK = True
    AUTO_FOCUS: ClassVar[str | None] = ""
    DEFAULT_CSS = "WorkScreen { layout: vertical; overflow: hidden; background: $background; }"

    def compose(self) -> ComposeResult:
        """Everything stands in the body."""
        assert isinstance(self.app, ParadeskApp)
        if self.app.opened:
            yield from self.app.body.parts()
        else:
            yield Static(plain(" paradesk · opening …"))

    def on_resize(self, event: events.Resize) -> None:
        """Share the new room out."""
        assert isinstance(self.app, ParadeskApp)
        if self.app.opened:
            self.app.share_out(event.size)


class ParadeskApp(App[int], inherit_bindings=False):
    """The workstation on a terminal. Tests drive it with a desk of their own."""

    ENABLE_COMMAND_PALETTE = False
    CSS = f"""
    ToastRack {{ dock: top; align: right top; margin-top: 2; margin-bottom: 0; }}
    Toast {{ padding: 0 1; }}
    {CONTRAST_CSS}
    """

    def __init__(
        self,
        opening: Opening | Callable[[], Opening],
        *,
        theme: str = "",
        clock: Callable[[], float] = time.time,
        question_grace: float = QUESTION_GRACE,
        driver_class: type[Driver] | None = None,
    ) -> None:
        """An `opening` that is a function is called behind the first frame, which is drawn in `theme`."""
        super().__init__(driver_class=driver_class)
        self._opening = opening
        self.opened = False
        """Whether everything is there: the desk, the keymap, the panes."""
        self.failure: Exception | None = None
        """Why it could not be opened."""
        self._early: list[events.Event] = []
        self.clock = clock
        self._question_grace = question_grace
        self._question_until = 0.0
        self._crash: BaseException | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._commands: dict[str, Command] = {}
        self.folder = Path.home()
        """Where the last file was attached from."""
        self.downloads = Path.home() / "Downloads"
        for known in THEMES:
            self.register_theme(known)
        if theme:
            self.theme = theme
        if isinstance(opening, Opening):
            self._put_together(opening)

    def _put_together(self, opening: Opening) -> None:
        from paradesk.keymap.dispatch import Dispatcher
        from paradesk.keymap.layouts import LAYOUTS
        from paradesk.packs.policy import merged
        from paradesk.ui.body import Body
        from paradesk.ui.bridge import Bridge
        from paradesk.ui.choosing import Choosing
        from paradesk.ui.deck import Deck
        from paradesk.ui.input_order import InputOrder
        from paradesk.ui.keys import KeyRouter
        from paradesk.ui.remote_responses import RemoteResponses
        from paradesk.ui.reporting import Reporter
        from paradesk.ui.sender import Sender
        from paradesk.ui.view import View
        from paradesk.ui.widgets.workspace import Workspace

        self.opened = True
        desk, settings = opening.desk, opening.settings
        self.desk, self.settings = desk, settings
        self._library = opening.library
        self._load_responses = opening.library if callable(opening.library) else None
        self._library_lock = threading.Lock()
        self._warned: set[str] = set()
        self._notices = opening.notices
        self.policy = merged(settings.policies)
        self.serving = settings.serving
        self.directory = opening.directory
        self.title = opening.title
        self.keymap_name = clean_line(opening.keymaps[-1].name if opening.keymaps else "", 40)
        self.dispatcher = Dispatcher(opening.keymaps, LAYOUTS.get(settings.layout))
        self.bridge = Bridge(desk, self._show)
        self.body = Body(
            Workspace(self._make_pane, self._nothing_open, id="workspace"), target=float(settings.response_target)
        )
        self.deck = Deck(desk, self.workspace, lambda: self.state)
        self.reporter = Reporter(self, settings)
        self.remote = RemoteResponses(desk, self.bridge, self._load_library)
        self.choosing = Choosing(
            desk,
            lambda: self.remote.merged(self.library),
            settings.language,
            clock=self.clock,
            suggest=settings.suggestions,
        )
        self.sender = Sender(desk, self.bridge, self.deck, self.tell, self.key, settings.guard, self.choosing)
        self.view = View(self)
        self.sender.show_links = self._show_links
        self.sender.follow_ups.do = self._follow_up
        self.input_order = InputOrder(self, self.deck, self.sender.guarding, self.tell, time.monotonic, self.on_event)
        self.router = KeyRouter(
            self,
            self.dispatcher,
            self._command,
            lambda: self.body.which_key,
            self._keys_changed,
            self.input_order.allows,
        )
        self.theme = settings.theme
        CARDS.masked = settings.mask_cards

    # Parts

    @property
    def state(self) -> State:
        """The snapshot on the screen."""
        return self.bridge.state

    @property
    def library(self) -> Library:
        """The canned responses; who asks before they are loaded waits for that."""
        with self._library_lock:
            if callable(self._library):
                self._library, warnings = self._library()
                self.call_later(self._warn, warnings)
            return self._library

    def reload_library(self) -> None:
        """Read the canned responses again, because one was written; who asks for them meanwhile waits."""
        with self._library_lock:
            if self._load_responses is not None:
                self._library = self._load_responses
            elif not callable(before := self._library):
                from paradesk.config.own_responses import with_own

                self._library = lambda: with_own(before)
        self._load_library()

    def _warn(self, warnings: Sequence[str]) -> None:
        warnings = [text for text in warnings if text not in self._warned]
        self._warned.update(warnings)
        for text in warnings[:MAX_WARNINGS]:
            self.tell(text, "warning")
        if (more := len(warnings) - MAX_WARNINGS) > 0:
            self.tell(f"and {more} more: they stand in the terminal after you quit", "warning")

    @property
    def workspace(self) -> Workspace:
        """The panes."""
        return self.body.workspace

    @property
    def hotlist(self) -> Hotlist:
        """The list of all chats."""
        return self.body.hotlist

    @property
    def notices(self) -> deque[Notice]:
        """What the agent was told in this session, oldest first."""
        return self.reporter.notices

    @property
    def jump_order(self) -> tuple[ConversationId, ...]:
        """All chats in the order in which keys go through them."""
        return tuple(row.conversation_id for row in self.view.rows)

    def get_default_screen(self) -> Screen[None]:
        """The workspace."""
        return WorkScreen(id="_default")

    def get_line_filters(self) -> Sequence[LineFilter]:
        """All filters, and last the one that lets no control character out."""
        return [*super().get_line_filters(), _GUARD]

    async def _show_links(self, pane: Pane) -> None:
        from paradesk.ui.commands.workspace import links

        await links(self, pane)

    def _follow_up(self, chat: ConversationId, follow_up: FollowUp) -> None:
        from paradesk.ui.commands.follow_up import carry_out

        carry_out(self, chat, follow_up)

    def _nothing_open(self) -> str:
        rows = (("hotlist.focus", "all chats"), ("chat.next_waiting", "who waits longest"), ("app.help", "every key"))
        return "No chat is open.\n\n" + "\n".join(f"{self.key(action):<8} {what}" for action, what in rows)

    def _make_pane(self, conversation_id: ConversationId) -> Pane:
        from paradesk.ui.widgets.pane import Pane

        pane = Pane(conversation_id, self.sender)
        pane.transcript.typing_preview = self.settings.show_typing_preview
        return pane

    # Life

    async def on_mount(self) -> None:
        """Follow the desk."""
        if self.opened:
            self._begin()

    def _begin(self) -> None:
        self.bridge.start()
        self.input_order.follow()
        self.share_out()
        self.view.start()

    async def on_ready(self) -> None:
        """Open what is not open yet, and bring back the panes of the last time: the room for them is known."""
        if not self.opened and not await self._open():
            return
        await self.view.restore()
        early, self._early = self._early, []
        for event in early:
            await self.on_event(event)
        for text, severity in self._notices[:MAX_WARNINGS]:
            self.tell(text, severity)
        if len(self._notices) > MAX_WARNINGS:
            self.tell(f"and {len(self._notices) - MAX_WARNINGS} more about packs: `paradesk packs verify`", "warning")
        self.set_timer(LIBRARY_AFTER, self._load_library, name="library")

    async def _open(self) -> bool:
        assert callable(self._opening)
        try:
            opening = self._opening()
        except Exception as error:
            self.failure = error
            self.exit(1)
            return False
        self._put_together(opening)
        with self.batch_update():
            await self.screen.remove_children()
            await self.screen.mount_all(self.body.parts())
        self._begin()
        return True

    def keep_drafts(self) -> None:
        """Hand over to the desk what was typed and is not there yet."""
        if self.opened:
            self.deck.save_drafts()

    def exit(self, result: int | None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """End; where the agent was is kept."""
        if self.opened:
            self.deck.keep_places()
            self.sender.follow_ups.release_all()
        super().exit(result, return_code, message)

    def leave_terminal(self) -> None:
        """The program is about to be stopped: whoever has the terminal meanwhile gets its title back."""
        if self.opened:
            self.keep_drafts()
            self.reporter.close()

    def _load_library(self) -> None:
        def load() -> None:
            # Who needs the responses meets the error; nobody else does.
            with suppress(Exception):
                self.choosing.prepare()
                self.call_from_thread(self.refresh_view)

        threading.Thread(target=load, name="paradesk-library", daemon=True).start()

    def on_unmount(self) -> None:
        """Let go of the desk; it is ended by whoever started it."""
        if self.opened:
            self.keep_drafts()
            self.bridge.stop()
            self.reporter.close()

    def _show(self, state: State) -> None:
        self.view.show(state)

    def refresh_view(self) -> None:
        """Show the present snapshot again, because something of the screen's own has changed."""
        self.view.show(self.state)

    def run_soon(self, work: Coroutine[Any, Any, object]) -> None:
        """Do something that takes more than one turn of the loop, after the message in hand."""

        async def run() -> None:
            try:
                await work
            except Exception as error:
                self._handle_exception(error)

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _handle_exception(self, error: Exception) -> None:
        """End the app on an error of its own. The traceback that Textual would print shows local values."""
        self._return_code = 1
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        if self._crash is None:
            self._crash = error
            self.keep_drafts()
        self._close_messages_no_wait()

    @property
    def crash(self) -> BaseException | None:
        """The error that ended the app, or None."""
        return self._crash

    # Keys

    async def on_event(self, event: events.Event) -> None:
        """Let every key that comes from the terminal go through the keymap first."""
        if not self.opened and isinstance(event, (events.Key, events.Paste)):
            self._early.append(event)
            return
        if self.opened and isinstance(event, (events.InputEvent, events.Paste)) and not event.is_forwarded:
            if self.input_order.waits(event):
                return
            self.input_order.begin(event)
            try:
                await self._on_input(event)
            finally:
                self.input_order.end(event)
        else:
            await super().on_event(event)

    async def _on_input(self, event: events.InputEvent | events.Paste) -> None:
        if isinstance(event, events.Key):
            if not self.app_focus:
                self.app_focus = True
            if self._too_early(event) or await self.router.press(event):
                return
            self.input_order.text(event)
        elif isinstance(event, (events.Paste, events.MouseDown)):
            self.router.cancel()
        await super().on_event(event)
        if isinstance(event, events.Key) and len(self.screen_stack) > 1:
            from paradesk.ui.keys import drain

            await drain([self.focused or self.screen, self.screen])

    def _too_early(self, event: events.Key) -> bool:
        """Say whether a key was typed before a question could be read; text goes where it was meant to go."""
        if not self._question_until:
            return False
        if len(self.screen_stack) == 1 or asyncio.get_running_loop().time() >= self._question_until:
            self._question_until = 0.0
            return False
        pane = self.deck.acting
        if event.character is not None and event.is_printable and pane is not None:
            pane.composer.insert(event.character)
        else:
            self.bell()
        return True

    def _command(self, action_id: str) -> Any:
        if not self._commands:
            from paradesk.ui.commands import all_commands

            self._commands = dict(all_commands())
        command = self._commands.get(action_id)
        return None if command is None else command(self)

    def _keys_changed(self) -> None:
        self.view.show_hints()

    def key(self, action_id: str) -> str:
        """Return the best key of an action as people read it, or the action's name where none is bound."""
        keys = self.dispatcher.keys_for(action_id)
        return keys[0] if keys else action_id

    async def ask(
        self, screen: ModalScreen[Result | None], then: Callable[[Result | None], None] | None = None
    ) -> None:
        """Show a dialog; when this returns it takes keys. `then` gets its result."""
        from paradesk.ui.keys import drain
        from paradesk.ui.screens.dialog import Dialog

        await self.push_screen(screen, then)
        await drain([screen])
        if isinstance(screen, Dialog) and screen.ASKS and self._question_grace:
            self._question_until = asyncio.get_running_loop().time() + self._question_grace

    # What commands and widgets ask for

    def tell(self, text: str, severity: str = "information") -> None:
        """Tell the agent something in a toast that takes no focus, and keep it among the notices."""
        self.reporter.tell(clean_text(text, 600), severity, self.clock())

    def copy_to_clipboard(self, text: str) -> None:
        """Keep text for pasting here, and hand it to the terminal unless it is longer than terminals take."""
        from paradesk.ui.clipboard import sequence

        self._clipboard = clean_text(text)
        handed_over = sequence(self._clipboard)
        if not handed_over:
            paste = self.key("composer.paste")
            self.tell(f"Too long for the terminal's clipboard: only {paste} in Paradesk pastes it", "warning")
        elif self._driver is not None:
            self._driver.write(handed_over)

    def send(
        self,
        pane: Pane,
        text: str,
        visibility: Visibility,
        attachments: tuple[LocalFile, ...],
        *,
        then: Callable[[], object] | None = None,
    ) -> bool:
        """Send a pane's text to its own customer; returns whether it was on its way."""
        return self.sender.send(pane, text, visibility, attachments, then=then)

    def share_out(self, size: Size | None = None) -> None:
        """Share the screen between hotlist, panes and customer panel."""
        self.body.share(size or self.size, wanted=self.deck.hotlist)

    def call_up_hotlist(self) -> None:
        """Show the hotlist even where it has no place of its own; it goes when the focus leaves it."""
        self.body.share(self.size, wanted=self.deck.hotlist, called=True)

    @property
    def panel_wanted(self) -> bool:
        """Whether the agent wants the customer panel."""
        return self.body.panel_wanted

    @panel_wanted.setter
    def panel_wanted(self, wanted: bool) -> None:
        self.body.panel_wanted = wanted

    def on_app_focus(self) -> None:
        """The agent is back."""
        if self.opened:
            self.view.looked()

    async def on_hotlist_chosen(self, event: Hotlist.Chosen) -> None:
        """A row of the hotlist was clicked."""
        await self.deck.open(event.conversation_id, beside=event.beside)

    def on_hotlist_left(self) -> None:
        """Take the hotlist away again where it was only called up."""
        self.share_out()

    async def on_workspace_entered(self, event: Workspace.Entered) -> None:
        """A click went into another pane."""
        panes, pane = self.deck.panes, self.deck.focused
        if pane is not None and pane.conversation_id == event.conversation_id != panes.active:
            await self.deck.change(panes.activate(event.conversation_id), focus=False)
            self.refresh_view()

    def on_workspace_resized(self) -> None:
        """There may be room for more."""
        self.refresh_view()


_GUARD = ControlGuard()
