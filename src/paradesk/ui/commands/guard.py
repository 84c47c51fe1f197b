"""Actions about a reply that the guard has stopped, and about one that can still be taken back."""

from typing import TYPE_CHECKING

from paradesk.ui.commands.asking import acting
from paradesk.ui.sending import failure_text
from paradesk.ui.titles import newest_held, who

if TYPE_CHECKING:
    from paradesk.desk.desk import TakenBack
    from paradesk.ui.app import ParadeskApp
    from paradesk.ui.commands import Command


async def move(app: "ParadeskApp") -> None:
    """Take the draft to the chat that it is meant for."""
    if (found := acting(app)) is not None:
        await app.sender.guarding.move(found[0])
        if not found[0].composer.text:
            app.sender.leave_out(found[0])


def send_anyway(app: "ParadeskApp") -> None:
    """Send the reply although the guard objects."""
    if (found := acting(app)) is not None:
        app.sender.guarding.send_anyway(found[0])


def undo_send(app: "ParadeskApp") -> None:
    """Take back the newest reply that has not left yet: of the active chat, else of any."""
    now = app.clock()
    pane = app.deck.acting
    chats = ([] if pane is None else [pane.conversation_id], [*app.state.threads])
    for items in chats:
        threads = [app.state.threads[item] for item in items if item in app.state.threads]
        held = [(found, thread) for thread in threads if (found := newest_held(thread, now)) is not None]
        if held:
            (client_id, _), thread = max(held, key=lambda item: item[0][0])
            break
    else:
        return

    follow_up = app.sender.follow_ups.taking_back(client_id)

    def failed(error: BaseException) -> None:
        follow_up(False)
        app.tell(failure_text(who(thread), "taking it back", error), "error")

    def done(back: "TakenBack") -> None:
        app.sender.guarding.taken_back(client_id)
        app.deck.put_back(back, app.key("composer.remove_attachment"))
        follow_up(True)
        app.refresh_view()
        app.tell(f"{who(thread)}: nothing was sent, the text is back in the composer")

    app.deck.save_drafts()
    app.bridge.when_done(app.desk.dismiss(client_id), done, failed)


COMMANDS: "dict[str, Command]" = {
    "guard.move": move,
    "guard.send_anyway": send_anyway,
    "chat.undo_send": undo_send,
}
