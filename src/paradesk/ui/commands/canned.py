"""Actions about canned responses: choosing one for a chat, and leaving out what goes with it."""

from dataclasses import replace
from typing import TYPE_CHECKING

from paradesk.core.model import Agent
from paradesk.core.state import Thread
from paradesk.ui.commands.asking import acting
from paradesk.ui.commands.follow_up import attach_files
from paradesk.ui.widgets.pane import Pane

if TYPE_CHECKING:
    from paradesk.ui.app import ParadeskApp
    from paradesk.ui.commands import Command
    from paradesk.ui.screens.picker import PickerResult


def writing_agent(app: "ParadeskApp", thread: Thread) -> Agent | None:
    """Return the person who writes in this chat, under the name that the settings give."""
    profile = app.state.profiles.get(thread.conversation.profile)
    agent = profile.agent if profile is not None else None
    return replace(agent or Agent("", ""), name=app.settings.agent_name) if app.settings.agent_name else agent


async def pick(app: "ParadeskApp") -> None:
    """Choose a canned response, filled for this chat, and insert it at the cursor."""
    from paradesk.ui.commands.canned_writing import edit
    from paradesk.ui.screens.picker import PROPOSE, PickerScreen

    if (found := acting(app)) is None:
        return
    pane, thread = found

    def chosen(result: "PickerResult | None") -> None:
        if result is None or result.conversation_id != pane.conversation_id:
            return
        if result.wanted:
            work = edit(app, thread, result.response_id, result.language, proposing=result.wanted == PROPOSE)
            app.run_soon(work)
            return
        insert(app, pane, thread, result)

    await app.ask(PickerScreen(app.library, thread, writing_agent(app, thread), app.settings.language), chosen)


def insert(app: "ParadeskApp", pane: Pane, thread: Thread, result: "PickerResult") -> None:
    """Put a filled response into the composer of the pane that it was filled for, with all that goes with it."""
    app.sender.guarding.filled(pane, result.text)
    pane.composer.insert(result.text)
    attach_files(app, pane, thread, result.attachments)
    app.sender.follow_ups.add(pane.conversation_id, pane.composer.visibility, result.follow_up)
    app.sender.show_follow_up(pane)
    app.screen.set_focus(pane.composer)


def leave_out(app: "ParadeskApp") -> None:
    """Send this draft without changing the ticket."""
    if (found := acting(app)) is not None and not app.sender.leave_out(found[0]):
        app.tell("Nothing would be changed together with this draft")


COMMANDS: "dict[str, Command]" = {
    "canned.pick": pick,
    "canned.leave_out": leave_out,
}
