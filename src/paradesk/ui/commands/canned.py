"""Actions about canned responses: choosing one for a chat, taking a suggestion, leaving out what goes with it."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from paradesk.canned import Filled, context_for, fill
from paradesk.core.model import Agent
from paradesk.core.state import Thread
from paradesk.desk.choices import Source
from paradesk.ui.choosing import SUGGESTIONS
from paradesk.ui.commands.asking import acting
from paradesk.ui.commands.follow_up import attach_files
from paradesk.ui.widgets.pane import Pane

if TYPE_CHECKING:
    from paradesk.ui.app import ParadeskApp
    from paradesk.ui.commands import Command
    from paradesk.ui.screens.picker import PickerResult

PICKER = "picker"
"""The name under which the picker is kept."""

SUGGESTION_GRACE = 0.3
"""Seconds in which a fresh row of suggestions takes no key: what was pressed before it appeared meant another one."""


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
            response = app.choosing.ranking.library.get(result.response_id)
            if response is not None and response.profile:
                app.tell(f"{response.title} is kept by the backend: it can be changed there only", "warning")
                return
            work = edit(app, thread, result.response_id, result.language, proposing=result.wanted == PROPOSE)
            app.run_soon(work)
            return
        insert(app, pane, thread, result, Source.PICKER)

    ranking, moment = app.choosing.ranking, app.choosing.moment(thread)
    about = (ranking.library, thread, writing_agent(app, thread), app.settings.language)
    if app.is_screen_installed(PICKER):
        picker = app.get_screen(PICKER, PickerScreen)
        picker.turn_to(*about, ranking=ranking, moment=moment)
    else:
        picker = PickerScreen(*about, ranking=ranking, moment=moment)
        app.install_screen(picker, PICKER)
    await app.ask(picker, chosen)


def suggestion(number: int, app: "ParadeskApp") -> None:
    """Insert one of the suggested responses, as it stands above the composer of this pane; number 0 is the first."""
    from paradesk.ui.screens.picker import PickerResult

    if (found := acting(app)) is None:
        return
    pane, thread = found
    shown = pane.composer.suggestions
    if app.clock() - pane.composer.suggested_at < SUGGESTION_GRACE:
        app.tell("The suggestions have just changed. Look again, then press the key once more")
        return
    if number >= len(shown):
        app.tell("Nothing is suggested here" if not shown else f"There are only {len(shown)} suggestions here")
        return
    library = app.choosing.ranking.library
    if (response := library.get(shown[number].response_id)) is None:
        return
    values = context_for(thread, writing_agent(app, thread))
    filled = fill(response, values, app.choosing.language(thread, library), library.default_language)
    result = PickerResult(
        filled.text, response.id, filled.language, pane.conversation_id, response.attachments, response.follow_up
    )
    insert(app, pane, thread, result, Source.SUGGESTION)


def insert(app: "ParadeskApp", pane: Pane, thread: Thread, result: "PickerResult", source: Source) -> None:
    """Put a filled response into the composer of the pane that it was filled for, with all that goes with it."""
    app.sender.guarding.filled(pane, result.text)
    filled = Filled(result.text, result.language, (), result.response_id)
    app.choosing.inserted(
        app.state.threads.get(pane.conversation_id, thread), pane.composer.visibility, filled, source, result.typed
    )
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
    **{f"canned.suggestion_{number + 1}": partial(suggestion, number) for number in range(SUGGESTIONS)},
}
