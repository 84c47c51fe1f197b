"""Actions that write canned responses: a new one, a changed one, one made of a sent reply, and a proposal."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from paradesk.canned import Response, context_for
from paradesk.canned.writing import Writing, writing_of
from paradesk.config.own_responses import ResponseError, is_own, propose, save
from paradesk.config.responses import beneath
from paradesk.core.model import Delivery, Message, Role, Visibility
from paradesk.core.state import Thread
from paradesk.core.text import clean_line
from paradesk.ui.commands.asking import acting
from paradesk.ui.titles import who
from paradesk.ui.widgets.pane import Pane

if TYPE_CHECKING:
    from paradesk.ui.app import ParadeskApp
    from paradesk.ui.commands import Command

_NOT_SENT = (Delivery.FAILED, Delivery.CANCELLED)


async def write(app: "ParadeskApp") -> None:
    """Write a new response; the open chat's customer is the example."""
    pane = app.deck.acting
    thread = None if pane is None else app.state.threads.get(pane.conversation_id)
    await _ask(app, thread, "New canned response", Writing(), None)


async def from_sent(app: "ParadeskApp") -> None:
    """Make a response of the chosen reply of this chat, or of the last one that was sent."""
    from paradesk.canned.reversing import to_template
    from paradesk.ui.commands.canned import writing_agent

    if (found := acting(app)) is None:
        return
    pane, thread = found
    message = _sent_reply(pane, thread)
    if message is None:
        app.tell(f"{who(thread)}: no reply has been sent in this chat yet", "warning")
        return
    text, replaced = to_template(message.body, context_for(thread, writing_agent(app, thread)))
    turned = ", ".join(f"“{clean_line(item.value, 30)}” → {item.placeholder}" for item in replaced[:8])
    note = f"Placeholders again: {turned}" if turned else "No value of this customer was found in it: look it over."
    language = _language(app, thread)
    await _ask(app, thread, "Keep this reply", Writing(body={language: text}), None, note=note)


def _sent_reply(pane: Pane, thread: Thread) -> Message | None:
    """Return the agent's reply under the transcript's cursor, else the newest."""
    chosen = pane.transcript.cursor_message
    newest = None
    for place in range(len(thread.transcript) - 1, -1, -1):
        message = thread.transcript[place]
        if message.role is not Role.AGENT or message.deleted or message.delivery in _NOT_SENT:
            continue
        if message.visibility is not Visibility.PUBLIC or not message.body.strip():
            continue
        if message.id == chosen:
            return message
        newest = newest or message
        if chosen is None:
            break
    return newest


async def edit(app: "ParadeskApp", thread: Thread, response_id: str, language: str, *, proposing: bool) -> None:
    """Edit a response that was chosen; one that is not the agent's own is copied, or proposed."""
    response = app.library.get(response_id)
    if response is None:
        app.tell(f"There is no response {clean_line(response_id, 80)} any more", "warning")
        return
    title = f"Propose a change of {response.id}" if proposing else f"Edit {response.id}"
    note = ""
    if not is_own(response) and not proposing:
        note = "This comes from a pack or your team. Saving makes a copy of your own, which is used instead."
    await _ask(app, thread, title, writing_of(response), response, note=note, language=language, proposing=proposing)


async def _ask(
    app: "ParadeskApp",
    thread: Thread | None,
    title: str,
    start: Writing,
    original: Response | None,
    *,
    note: str = "",
    language: str = "",
    proposing: bool = False,
) -> None:
    from paradesk.ui.commands.canned import writing_agent
    from paradesk.ui.screens.writing import Task, WritingScreen, Written

    library = app.library
    language = language or next(iter(start.body), "") or _language(app, thread)

    def taken(response_id: str) -> str:
        there = library.get(response_id)
        if there is None or (original is not None and original.id == response_id):
            return ""
        return f"“{there.title}” has this id already: yours will be used instead of it"

    def keep(writing: Writing) -> str:
        there = library.get(writing.id)
        renamed = original is None or original.id != writing.id
        if there is not None and renamed and is_own(there):
            raise ValueError(f"you have a response {writing.id} already ({there.title}); choose another id")
        return _written(lambda: str(save(writing, original)))

    def hand_in(writing: Writing) -> str:
        below = beneath(app.settings, original.id) if original is not None else None
        return _written(lambda: str(propose(writing, below, date.today())))

    def done(result: Written | None) -> None:
        if result is None:
            return
        if result.proposed:
            app.tell(f"Proposal written to {result.place}: give that folder to your team lead")
        else:
            app.reload_library()
            app.tell(f"{result.response_id} is saved in {result.place}")

    task = Task(
        title=title,
        start=start,
        language=language,
        languages=(*library.facets()["language"], library.default_language),
        context={} if thread is None else context_for(thread, writing_agent(app, thread)),
        customer="" if thread is None else thread.conversation.customer.name,
        note=note,
        taken=taken,
        proposing=proposing,
    )
    await app.ask(WritingScreen(task, keep, hand_in, keys=app.key), done)


def _written(work: Callable[[], str]) -> str:
    try:
        return work()
    except ResponseError as error:
        raise ValueError(str(error)) from error


def _language(app: "ParadeskApp", thread: Thread | None) -> str:
    wanted = app.settings.language or ("" if thread is None else thread.conversation.customer.language)
    return wanted.partition("-")[0].lower() or app.library.default_language


COMMANDS: "dict[str, Command]" = {
    "canned.write": write,
    "canned.from_sent": from_sent,
}
