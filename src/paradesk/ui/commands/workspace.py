"""Actions about the workspace: hotlist, panels, reading back, help, themes, the end."""

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from paradesk.core.addresses import target
from paradesk.core.model import Attachment, Link
from paradesk.core.state import Thread
from paradesk.core.text import clean_filename
from paradesk.keymap.actions import ACTIONS
from paradesk.ui.commands.asking import able
from paradesk.ui.sending import failure_text
from paradesk.ui.themes import THEME_NAMES
from paradesk.ui.titles import who
from paradesk.ui.widgets.pane import Pane

if TYPE_CHECKING:
    from paradesk.ui.app import ParadeskApp
    from paradesk.ui.commands import Command

FIRST_KEYS: tuple[tuple[str, str], ...] = (
    ("composer.send", "send to the customer on the input line"),
    ("composer.newline", "begin a new line"),
    ("chat.next_waiting", "go to who has waited longest"),
    ("canned.pick", "choose a canned response"),
    ("hotlist.focus", "go to the list of all chats, and back"),
    ("pane.2", "go to pane 2 (and so on)"),
    ("chat.join", "take a chat from the queue"),
    ("status.solved", "set the ticket solved"),
    ("app.palette", "all actions by name"),
    ("app.help", "all keys"),
)
"""The ten keys of the first-run screen."""


async def focus_hotlist(app: "ParadeskApp") -> None:
    """Show the hotlist and move to it, or go back to the active pane."""
    if app.hotlist.has_focus:
        await app.deck.change(app.deck.panes)
        return
    app.call_up_hotlist()
    app.screen.set_focus(app.hotlist)


async def toggle_hotlist(app: "ParadeskApp") -> None:
    """Show or hide the hotlist for good."""
    app.deck.hotlist = not app.hotlist.display
    app.share_out()
    await app.deck.change(app.deck.panes)


async def open_row(beside: bool, app: "ParadeskApp") -> None:
    """Open the chat under the hotlist's cursor."""
    if app.hotlist.cursor is not None:
        await app.deck.open(app.hotlist.cursor, beside=beside)


def customer_panel(app: "ParadeskApp") -> None:
    """Show what is known of the active customer, page through it, and hide it after the last page."""
    if app.panel_wanted and app.body.panel.next_page():
        return
    app.panel_wanted = not app.panel_wanted
    app.body.panel.key = app.key("customer.panel")
    app.share_out()
    app.refresh_view()


def focus_transcript(app: "ParadeskApp") -> None:
    """Move between the composer and the transcript of the pane."""
    if (pane := app.deck.acting) is None:
        return
    inside = pane.composer if pane.transcript.has_focus else pane.transcript
    app.screen.set_focus(inside)


async def find(app: "ParadeskApp") -> None:
    """Find text in the transcript of the pane."""
    if (pane := app.deck.acting) is not None:
        await pane.find()


def in_transcript(action_id: str, app: "ParadeskApp") -> None:
    """Carry out an action of the transcript from elsewhere."""
    if (pane := app.deck.acting) is not None and not pane.transcript.handle_action(action_id):
        app.bell()


def in_composer(action_id: str, app: "ParadeskApp") -> None:
    """Carry out an action of the composer from elsewhere."""
    if (pane := app.deck.acting) is not None:
        pane.composer.handle_action(action_id)


def in_hotlist(action_id: str, app: "ParadeskApp") -> None:
    """Move the hotlist's cursor from elsewhere."""
    app.hotlist.handle_action(action_id)


async def links(app: "ParadeskApp", pane: Pane) -> None:
    """Show the links and files of the chosen message of a pane, to copy or to save."""
    from paradesk.ui.screens.links import LinkChoice, LinksScreen

    thread = app.state.threads.get(pane.conversation_id)
    if thread is None:
        return

    def chosen(choice: LinkChoice | None) -> None:
        if choice is None:
            return
        if choice.open:
            app.run_soon(open_link(app, choice.url))
        elif choice.url:
            app.copy_to_clipboard(choice.url)
            app.tell("Link copied")
        if choice.attachment is not None:
            save_attachment(app, thread, choice.attachment)

    await app.ask(LinksScreen(pane.transcript.links_of_cursor(), pane.transcript.files_of_cursor()), chosen)


async def open_link(app: "ParadeskApp", address: str) -> None:
    """Show where a link really leads, and give it to the browser after a yes."""
    from paradesk.ui.browser import open_address
    from paradesk.ui.screens.confirm import ConfirmScreen
    from paradesk.ui.screens.links import opening_detail

    if not target(address).openable:
        app.tell("This is not a web address that a browser could open", "warning")
        return

    def answered(yes: bool | None) -> None:
        if yes and not open_address(address):
            app.tell("No browser could be started; copy the link instead", "warning")

    await app.ask(ConfirmScreen("Open this address in the browser?", opening_detail(address)), answered)


def save_attachment(app: "ParadeskApp", thread: Thread, attachment: Attachment) -> None:
    """Fetch a file and keep it in the downloads folder under a name that replaces nothing."""
    if not able(app, thread, "attachments_in"):
        return

    def done(content: bytes) -> None:
        try:
            path = _store(app.downloads, attachment.name, content)
        except OSError as error:
            app.tell(f"{attachment.name} could not be saved: {error.strerror or error}", "error")
            return
        app.tell(f"Saved {path}")

    def failed(error: BaseException) -> None:
        app.tell(failure_text(who(thread), f"fetching {attachment.name}", error), "error")

    app.bridge.when_done(app.desk.fetch(thread.conversation.id, attachment), done, failed)


def _store(folder: Path, name: str, content: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    safe = Path(clean_filename(name))
    for attempt in range(1000):
        path = folder / (safe.name if not attempt else f"{safe.stem}-{attempt}{safe.suffix}")
        try:
            # Never readable by others, not even for a moment, and never through a link that lies there.
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
                file.write(content)
        except FileExistsError:
            continue
        return path
    raise OSError(f"{folder} has too many files called {safe.name}")


async def show_help(app: "ParadeskApp") -> None:
    """Show every action with its keys and what it does."""
    from paradesk.ui.screens.reading import HelpRow, HelpScreen

    rows = [
        HelpRow(action.category, action.title, action.description, tuple(app.dispatcher.keys_for(action.id)), action.id)
        for action in ACTIONS.values()
    ]
    await app.ask(HelpScreen(rows, keymap=app.keymap_name))


async def palette(app: "ParadeskApp") -> None:
    """Search all actions by name and do one."""
    from paradesk.ui.screens.choose import PaletteEntry, PaletteScreen

    entries = [
        PaletteEntry(action.id, action.title, action.description, action.category, app.key(action.id))
        for action in ACTIONS.values()
        if not {"picker", "dialog", "writing"} & set(action.contexts) and action.id != "app.palette"
    ]

    def chosen(action_id: str | None) -> None:
        if action_id is not None:
            app.run_soon(app.router.run(action_id))

    await app.ask(PaletteScreen(entries), chosen)


async def intro(app: "ParadeskApp") -> None:
    """Show the first-run screen."""
    from paradesk.ui.screens.reading import IntroScreen

    await app.ask(IntroScreen([(app.key(action_id), meaning) for action_id, meaning in FIRST_KEYS]))


def next_theme(app: "ParadeskApp") -> None:
    """Change to the next colour theme."""
    names = THEME_NAMES
    place = names.index(app.theme) + 1 if app.theme in names else 0
    app.theme = names[place % len(names)]
    app.tell(f"Theme: {app.theme.removeprefix('paradesk-')}")


def reconnect(app: "ParadeskApp") -> None:
    """Try every connection that is down again now."""
    down = [profile.name for profile in app.state.profiles.values() if profile.link is not Link.ONLINE]
    for name in down:
        app.desk.reconnect(name)
    app.tell(f"Connecting again: {', '.join(down)}" if down else "Every connection stands")


async def notices(app: "ParadeskApp") -> None:
    """Show the notices of this session again."""
    from paradesk.ui.screens.reading import NoticesScreen

    await app.ask(NoticesScreen(tuple(app.notices)))


def end(app: "ParadeskApp") -> None:
    """End Paradesk; nothing needs to be asked, because drafts and panes are kept."""
    app.exit(0)


_ELSEWHERE = [
    *((action_id, in_transcript) for action_id in ACTIONS if action_id.startswith("transcript.")),
    *((action_id, in_composer) for action_id in ACTIONS if action_id.startswith("composer.")),
    *((action_id, in_hotlist) for action_id in ("hotlist.up", "hotlist.down")),
]

COMMANDS: "dict[str, Command]" = {
    **{action_id: partial(place, action_id) for action_id, place in _ELSEWHERE},
    "hotlist.focus": focus_hotlist,
    "hotlist.toggle": toggle_hotlist,
    "hotlist.open": partial(open_row, False),
    "hotlist.open_new": partial(open_row, True),
    "customer.panel": customer_panel,
    "transcript.focus": focus_transcript,
    "transcript.find": find,
    "app.help": show_help,
    "app.palette": palette,
    "app.intro": intro,
    "app.theme": next_theme,
    "app.reconnect": reconnect,
    "app.log": notices,
    "app.quit": end,
}
