"""Actions about the live chat: answering the next one, joining, leaving, handing over, files, failed replies."""

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from paradesk.connectors.base import Outcome
from paradesk.core.hotlist import next_waiting as who_waits_next
from paradesk.core.intents import EndChat, Join, Leave, Transfer
from paradesk.core.model import ClientId, Delivery, LocalFile, Message, Visibility
from paradesk.core.state import Sending, Thread
from paradesk.ui.commands.asking import able, acting, submit
from paradesk.ui.commands.colleagues import take_over
from paradesk.ui.sending import failure_text
from paradesk.ui.titles import UNDECIDED, who

if TYPE_CHECKING:
    from paradesk.desk.desk import TakenBack
    from paradesk.ui.app import ParadeskApp
    from paradesk.ui.commands import Command

T = TypeVar("T")
_TAIL = 8
"""Messages of a chat that are shown where the agent decides about a reply."""


async def next_waiting(app: "ParadeskApp") -> None:
    """Go to the customer who has waited longest."""
    row = who_waits_next(app.view.newest_rows(), app.deck.panes.active)
    if row is None:
        app.tell("Nobody else waits")
        return
    await app.deck.open(row.conversation_id)


async def join(app: "ParadeskApp") -> None:
    """Take the chat of the active pane, or the one under the hotlist's cursor, from the queue."""
    if app.hotlist.has_focus and app.hotlist.cursor is not None:
        await app.deck.open(app.hotlist.cursor)
    if (found := acting(app)) is None:
        return
    _, thread = found
    if thread.conversation.joined:
        app.tell(f"{who(thread)}: you are in this chat already")
        return
    if thread.conversation.offer is not None and thread.conversation.offer.mine:
        take_over(app, thread)
        return
    if able(app, thread, "join"):
        submit(app, thread, Join(thread.conversation.id), "joining")


async def leave(app: "ParadeskApp") -> None:
    """Give the chat back without ending it, after asking."""
    from paradesk.ui.screens.confirm import ConfirmScreen

    if (found := acting(app)) is None:
        return
    _, thread = found
    if not able(app, thread, "leave"):
        return

    def answered(yes: bool | None) -> None:
        if yes:
            submit(app, thread, Leave(thread.conversation.id), "leaving", lambda _: app.tell(f"{who(thread)}: left"))

    detail = "You are no longer in it; where there is a queue, it goes back there. Your draft is kept."
    await app.ask(ConfirmScreen(f"Leave the chat with {who(thread)}?", detail), answered)


async def end(app: "ParadeskApp") -> None:
    """End the chat for both sides, after asking."""
    from paradesk.ui.screens.confirm import ConfirmScreen

    if (found := acting(app)) is None:
        return
    _, thread = found
    if not able(app, thread, "end_chat"):
        return

    def answered(yes: bool | None) -> None:
        if yes:
            submit(app, thread, EndChat(thread.conversation.id), "ending", lambda _: app.tell(f"{who(thread)}: ended"))

    detail = "The customer cannot write any more in this chat. The ticket keeps its status."
    await app.ask(ConfirmScreen(f"End the chat with {who(thread)}?", detail), answered)


async def transfer(app: "ParadeskApp") -> None:
    """Hand the chat to a colleague or a team, with a note for them."""
    from paradesk.ui.screens.tickets import TransferScreen

    if (found := acting(app)) is None:
        return
    _, thread = found
    if not able(app, thread, "transfer"):
        return
    conversation = thread.conversation
    profile = app.state.profiles.get(conversation.profile)
    me = profile.agent.id if profile is not None and profile.agent is not None else None
    roster = tuple(agent for agent in (profile.roster if profile is not None else ()) if agent.id != me)
    names = {agent.id: agent.name for agent in roster}

    def chosen(result: tuple[str, str] | None) -> None:
        if result is None:
            return
        target, note = result

        def done(_outcome: Outcome) -> None:
            now = app.state.threads.get(conversation.id)
            waits = now is not None and not now.removed and now.conversation.offer is not None
            app.tell(f"{who(thread)}: {'offered' if waits else 'handed'} to {names.get(target, target)}")

        submit(app, thread, Transfer(conversation.id, target, note), "handing it over", done)

    await app.ask(TransferScreen(conversation, roster), chosen)


async def attach(app: "ParadeskApp") -> None:
    """Choose a file that goes out with the reply of the active pane."""
    from paradesk.ui.screens.attach import AttachScreen

    if (found := acting(app)) is None:
        return
    pane, thread = found
    if not able(app, thread, "attachments_out"):
        return

    def chosen(file: LocalFile | None) -> None:
        if file is not None:
            app.folder = Path(file.path).parent
            pane.composer.set_attachments((*pane.composer.attachments, file), app.key("composer.remove_attachment"))

    limit = app.desk.capabilities(thread.conversation.profile).max_attachment_bytes
    await app.ask(AttachScreen(app.folder, limit), chosen)


def note(app: "ParadeskApp") -> None:
    """Switch the composer between public reply and private note."""
    if (found := acting(app)) is None:
        return
    pane, thread = found
    if pane.composer.visibility is Visibility.NOTE:
        app.deck.set_visibility(pane, Visibility.PUBLIC)
    elif able(app, thread, "notes"):
        app.deck.set_visibility(pane, Visibility.NOTE)
    app.refresh_view()


def _stuck(thread: Thread) -> tuple[ClientId, Sending] | None:
    return next((item for item in thread.sends.items() if item[1].delivery in UNDECIDED), None)


async def retry(app: "ParadeskApp") -> None:
    """Send the failed reply of this chat again; about one that may have arrived, ask first."""
    if (found := acting(app)) is None:
        return
    _, thread = found
    stuck = _stuck(thread)
    if stuck is None:
        app.tell(f"{who(thread)}: no reply has failed")
    elif stuck[1].delivery is Delivery.UNCERTAIN:
        await _decide(app, thread, *stuck)
    else:
        _send_again(app, thread, stuck[0])


async def dismiss(app: "ParadeskApp") -> None:
    """Give up the failed reply of this chat; about one that may have arrived, ask first."""
    if (found := acting(app)) is None:
        return
    _, thread = found
    stuck = _stuck(thread)
    if stuck is None:
        app.tell(f"{who(thread)}: no reply has failed")
    elif stuck[1].delivery is Delivery.UNCERTAIN:
        await _decide(app, thread, *stuck)
    else:
        _take_back(app, thread, stuck[0])


def _send_again(app: "ParadeskApp", thread: Thread, client_id: ClientId) -> None:
    _when_done(app, thread, app.desk.retry(client_id), "sending again")


def _arrived(app: "ParadeskApp", thread: Thread, client_id: ClientId) -> None:
    _when_done(app, thread, app.desk.settle(client_id), "marking it as arrived")


def _take_back(app: "ParadeskApp", thread: Thread, client_id: ClientId) -> None:
    def done(back: "TakenBack") -> None:
        app.deck.put_back(back, app.key("composer.remove_attachment"))
        app.tell(f"{who(thread)}: the text is back in the composer")

    app.deck.save_drafts()
    _when_done(app, thread, app.desk.dismiss(client_id), "taking it back", done)


def _when_done(
    app: "ParadeskApp", thread: Thread, future: Future[T], what: str, then: Callable[[T], None] | None = None
) -> None:
    def failed(error: BaseException) -> None:
        app.tell(failure_text(who(thread), what, error), "error")

    app.bridge.when_done(future, then, failed)


async def _decide(app: "ParadeskApp", thread: Thread, client_id: ClientId, sending: Sending) -> None:
    """Let the agent say what became of a reply, with the end of the chat as the backend shows it now."""
    from paradesk.ui.screens.uncertain import AGAIN, ARRIVED, BACK, UncertainScreen

    item, name, reply = thread.conversation.id, who(thread), sending.message
    if reply is None:
        return

    def tail() -> tuple[Message, ...]:
        messages = app.state.threads[item].transcript if item in app.state.threads else thread.transcript
        last = [message for message in messages[-_TAIL:] if message.client_id != client_id]
        return tuple(last)

    def answered(decision: str | None) -> None:
        steps = {AGAIN: _send_again, ARRIVED: _arrived, BACK: _take_back}
        if decision is not None:
            steps[decision](app, thread, client_id)

    screen = UncertainScreen(name, reply, sending.reason, tail())
    await app.ask(screen, answered)

    def read(_nothing: None) -> None:
        if not screen.is_current:
            return
        now = app.state.threads.get(item)
        if now is not None and client_id not in now.sends:
            screen.dismiss(None)
            app.tell(f"{name}: the reply has arrived after all")
        else:
            screen.show_tail(tail())

    def failed(error: BaseException) -> None:
        if screen.is_current:
            screen.show_tail(tail(), str(error))

    app.bridge.when_done(app.desk.read_again(item), read, failed)


COMMANDS: "dict[str, Command]" = {
    "chat.next_waiting": next_waiting,
    "chat.join": join,
    "chat.leave": leave,
    "chat.end": end,
    "chat.transfer": transfer,
    "chat.attach": attach,
    "chat.note": note,
    "chat.retry": retry,
    "chat.dismiss": dismiss,
}
