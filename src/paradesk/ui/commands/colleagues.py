"""Actions about who answers: assigning, taking the next one, answering an offered transfer, being there or away."""

from typing import TYPE_CHECKING

from paradesk.connectors.base import Outcome
from paradesk.connectors.capabilities import Support
from paradesk.core.intents import AcceptTransfer, Assign, DeclineTransfer, SetPresence, TakeNext
from paradesk.core.model import Agent, Presence
from paradesk.core.state import ProfileState, Thread
from paradesk.ui.commands.asking import able, acting, submit
from paradesk.ui.sending import failure_text
from paradesk.ui.titles import who
from paradesk.ui.words import PRESENCE_WORDS

if TYPE_CHECKING:
    from paradesk.ui.app import ParadeskApp
    from paradesk.ui.commands import Command

_NOBODY = ""


def profiles_with(app: "ParadeskApp", capability: str, what: str) -> list[str]:
    """Return the profiles whose backend can do this natively; says so where there is none."""
    names = [name for name in app.state.profiles if app.desk.capabilities(name).support(capability) is Support.NATIVE]
    if not names:
        there = ", ".join(app.state.profiles) or "no profile"
        app.tell(f"{there}: this backend {what}. Nothing was sent", "warning")
    return names


def nearest(app: "ParadeskApp", names: list[str]) -> str:
    """Return the profile of the active chat where it is one of these, else the first."""
    pane = app.deck.acting
    thread = None if pane is None else app.state.threads.get(pane.conversation_id)
    return thread.conversation.profile if thread is not None and thread.conversation.profile in names else names[0]


async def assign(app: "ParadeskApp") -> None:
    """Choose who is responsible for the active chat: somebody, a team, or nobody."""
    from paradesk.ui.screens.choose import FilterDialog
    from paradesk.ui.widgets.choice_list import Choice

    if (found := acting(app)) is None:
        return
    _, thread = found
    if not able(app, thread, "assign"):
        return
    conversation = thread.conversation
    people = _people(app.state.profiles.get(conversation.profile))
    current = _NOBODY if conversation.assignee is None else conversation.assignee.id
    rows = [Choice(agent.id, name, _hint(agent, current)) for agent, name in people]
    rows.append(Choice(_NOBODY, "nobody", "now" if current == _NOBODY else ""))
    names = {row.id: row.label for row in rows}

    def chosen(value: str | None) -> None:
        if value is None or value == current:
            return

        def done(_outcome: Outcome) -> None:
            app.tell(f"{who(thread)}: assigned to {names.get(value, value)}")

        submit(app, thread, Assign(conversation.id, value or None), "assigning it", done)

    await app.ask(FilterDialog(f"Assign {who(thread)} to", rows, current=current, keys=_KEYS), chosen)


_KEYS = "type a name or a team   enter assign   esc cancel"


def _people(profile: ProfileState | None) -> list[tuple[Agent, str]]:
    if profile is None:
        return []
    roster = sorted(profile.roster, key=lambda one: (one.kind == "team", not one.online, one.name.casefold()))
    me = profile.agent
    others = [(agent, agent.name) for agent in roster if me is None or agent.id != me.id]
    return others if me is None else [(me, f"{me.name} (you)"), *others]


def _hint(agent: Agent, current: str) -> str:
    if agent.id == current:
        return "now"
    if agent.kind == "team":
        return "team"
    return (agent.presence or (Presence.ONLINE if agent.online else Presence.AWAY)).value


async def take_next(app: "ParadeskApp") -> None:
    """Let the backend hand out whoever has waited longest, and open that chat beside what is open."""
    names = profiles_with(app, "take_next", "hands out no chats; join one from the hotlist")
    if not names:
        return
    name = nearest(app, [item for item in names if item in app.serving.only] or names)

    def taken(outcome: Outcome) -> None:
        new = outcome.conversation_id
        if new is None:
            app.tell(f"{name}: nobody waits")
            return
        thread = app.state.threads.get(new)
        app.tell(f"{'The next chat' if thread is None else who(thread)} is yours")
        # What is being written goes on: only where no chat is open does the new one take the keys.
        if app.deck.panes.active is None:
            app.run_soon(app.deck.open(new))

    def failed(error: BaseException) -> None:
        app.tell(failure_text(name, "taking the next chat", error), "error")

    app.bridge.when_done(app.desk.submit(TakeNext(name)), taken, failed)


async def accept(app: "ParadeskApp") -> None:
    """Take over the chat that a colleague offers: the active one, or the one under the hotlist's cursor."""
    if (thread := await _offered(app)) is not None:
        take_over(app, thread)


def take_over(app: "ParadeskApp", thread: Thread) -> None:
    """Accept the transfer of a chat that is offered."""
    if able(app, thread, "offers"):
        submit(
            app, thread, AcceptTransfer(thread.conversation.id), "taking it over",
            lambda _: app.tell(f"{who(thread)} is yours"),
        )  # fmt: skip


async def decline(app: "ParadeskApp") -> None:
    """Leave an offered chat with the colleague who offers it."""
    from paradesk.ui.screens.note import NoteScreen

    if (thread := await _offered(app)) is None or not able(app, thread, "offers"):
        return
    by = thread.conversation.offer.by if thread.conversation.offer is not None else None
    name = by.name if by is not None else "your colleague"

    def answered(reason: str | None) -> None:
        if reason is not None:
            submit(
                app, thread, DeclineTransfer(thread.conversation.id, reason), "declining it",
                lambda _: app.tell(f"{who(thread)} stays with {name}"),
            )  # fmt: skip

    title = f"Leave {who(thread)} with {name}?"
    await app.ask(NoteScreen(title, f"A word for {name} (may stay empty; the customer does not see it)"), answered)


async def _offered(app: "ParadeskApp") -> Thread | None:
    if app.hotlist.has_focus and app.hotlist.cursor is not None:
        await app.deck.open(app.hotlist.cursor)
    if (found := acting(app)) is None:
        return None
    _, thread = found
    offer = thread.conversation.offer
    if offer is None or not offer.mine:
        app.tell(f"{who(thread)}: nobody offers you this chat", "warning")
        return None
    return thread


async def presence(app: "ParadeskApp") -> None:
    """Choose whether the backend gives this agent new chats."""
    from paradesk.ui.screens.choose import ChoiceScreen

    names = profiles_with(app, "presence", "knows no presence; take or leave chats one by one")
    if not names:
        return
    name = nearest(app, names)
    now = app.state.profiles[name].presence
    offered = app.desk.capabilities(name).presences
    choices = [(one.value, PRESENCE_WORDS[one]) for one in Presence if one in offered]

    def chosen(value: str | None) -> None:
        if value is None or (now is not None and value == now.value):
            return

        def failed(error: BaseException) -> None:
            app.tell(failure_text(name, "setting your presence", error), "error")

        intent = SetPresence(name, Presence(value))
        app.bridge.when_done(app.desk.submit(intent), lambda _: app.tell(f"{name}: you are {value}"), failed)

    await app.ask(ChoiceScreen(f"Your presence at {name}", choices, None if now is None else now.value), chosen)


COMMANDS: "dict[str, Command]" = {
    "chat.assign": assign,
    "chat.take_next": take_next,
    "chat.accept": accept,
    "chat.decline": decline,
    "agent.presence": presence,
}
