"""Actions about tickets: opening, stepping through them, status, priority, tags."""

from functools import partial
from typing import TYPE_CHECKING

from paradesk.connectors.base import Outcome
from paradesk.connectors.capabilities import Support
from paradesk.core.intents import ChangeTags, CreateConversation, SetPriority, SetStatus
from paradesk.core.model import Priority, Status
from paradesk.core.state import Thread
from paradesk.ui.commands.asking import able, acting, submit
from paradesk.ui.sending import failure_text
from paradesk.ui.titles import who

if TYPE_CHECKING:
    from paradesk.ui.app import ParadeskApp
    from paradesk.ui.commands import Command


def _allowed(app: "ParadeskApp", thread: Thread, status: Status) -> bool:
    """Say whether the team's policy lets agents set this status."""
    allowed = app.policy.statuses
    if allowed is None or status.value in allowed:
        return True
    word, known = status.value.replace("_", " "), ", ".join(allowed).replace("_", " ")
    app.tell(f"{who(thread)}: your team's policy has no status “{word}” (it has: {known}). Nothing was sent", "warning")
    return False


def change_status(app: "ParadeskApp", thread: Thread, status: Status) -> bool:
    """Set the ticket of a chat to a status; returns whether its backend has it, and tells where not."""
    conversation = thread.conversation
    word = status.value.replace("_", " ")
    if not able(app, thread, "status") or not _allowed(app, thread, status):
        return False
    statuses = app.desk.capabilities(conversation.profile).statuses
    if status not in statuses:
        known = ", ".join(item.value.replace("_", " ") for item in Status if item in statuses) or "none"
        app.tell(f"{who(thread)}: {conversation.profile} has no status “{word}” (it has: {known})", "warning")
        return False
    submit(app, thread, SetStatus(conversation.id, status), f"setting it {word}")
    return True


def set_status(status: Status, app: "ParadeskApp") -> None:
    """Set the ticket of the active pane to a status."""
    if (found := acting(app)) is not None:
        change_status(app, found[1], status)


def solve(app: "ParadeskApp") -> None:
    """Send what stands in the composer, if anything, and set the ticket solved."""
    if (found := acting(app)) is None:
        return
    pane, thread = found
    if not _allowed(app, thread, Status.SOLVED):
        return
    composer = pane.composer
    if composer.text.strip() or composer.attachments:
        text, visibility, files = composer.text.strip("\n").rstrip(), composer.visibility, composer.attachments
        if not app.send(pane, text, visibility, files, then=lambda: change_status(app, thread, Status.SOLVED)):
            return
    else:
        change_status(app, thread, Status.SOLVED)


async def new_ticket(app: "ParadeskApp") -> None:
    """Ask for whom and about what, and open a ticket in a pane."""
    from paradesk.ui.screens.tickets import NewTicketScreen

    able_profiles = [name for name in app.state.profiles if app.desk.capabilities(name).create is not Support.ABSENT]
    if not able_profiles:
        names = ", ".join(app.state.profiles) or "no profile"
        app.tell(f"{names}: this backend has no way to open a ticket. Nothing was sent", "warning")
        return

    def create(intent: CreateConversation | None) -> None:
        if intent is None:
            return

        def created(outcome: Outcome) -> None:
            new = outcome.conversation_id
            app.tell(f"Ticket for {intent.customer} opened")
            if new is not None and app.deck.panes.active is None:
                app.run_soon(app.deck.open(new))

        def failed(error: BaseException) -> None:
            app.tell(failure_text(f"New ticket for {intent.customer}", "opening it", error), "error")

        app.bridge.when_done(app.desk.submit(intent), created, failed)

    await app.ask(NewTicketScreen(tuple(able_profiles)), create)


async def step(by: int, app: "ParadeskApp") -> None:
    """Go to the next or previous chat in the order of the hotlist."""
    order = app.jump_order
    if not order:
        app.tell("There is no chat to go to", "warning")
        return
    active = app.deck.panes.active
    place = order.index(active) + by if active in order else (0 if by > 0 else -1)
    await app.deck.open(order[place % len(order)])


async def priority(app: "ParadeskApp") -> None:
    """Choose the priority of the active ticket."""
    from paradesk.ui.screens.choose import ChoiceScreen

    if (found := acting(app)) is None:
        return
    _, thread = found
    if not able(app, thread, "priority"):
        return
    conversation = thread.conversation

    def choose(value: str | None) -> None:
        if value is not None and value != conversation.priority.value:
            submit(app, thread, SetPriority(conversation.id, Priority(value)), f"setting priority {value}")

    choices = tuple((item.value, item.value) for item in reversed(Priority))
    await app.ask(ChoiceScreen(f"Priority of {who(thread)}", choices, conversation.priority.value), choose)


async def tags(app: "ParadeskApp") -> None:
    """Add and remove tags of the active ticket."""
    from paradesk.ui.screens.tickets import TagsScreen

    if (found := acting(app)) is None:
        return
    _, thread = found
    if not able(app, thread, "tags"):
        return

    def change(result: tuple[frozenset[str], frozenset[str]] | None) -> None:
        if result is None or not any(result):
            return
        known = app.policy.tags
        strange = sorted(result[0] - set(known)) if known is not None else []
        if strange:
            words = ", ".join(strange)
            app.tell(f"{who(thread)}: your team's policy has no tag {words}. No tag was changed", "warning")
        else:
            submit(app, thread, ChangeTags(thread.conversation.id, *result), "changing its tags")

    await app.ask(TagsScreen(thread.conversation.tags), change)


COMMANDS: "dict[str, Command]" = {
    "ticket.new": new_ticket,
    "ticket.next": partial(step, 1),
    "ticket.previous": partial(step, -1),
    "ticket.solve": solve,
    "ticket.priority": priority,
    "ticket.tags": tags,
    "status.open": partial(set_status, Status.OPEN),
    "status.pending": partial(set_status, Status.PENDING),
    "status.on_hold": partial(set_status, Status.ON_HOLD),
    "status.solved": partial(set_status, Status.SOLVED),
}
