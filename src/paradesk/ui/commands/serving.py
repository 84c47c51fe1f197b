"""Actions about channels: whose queue the agent serves, changed during the shift."""

from dataclasses import replace
from typing import TYPE_CHECKING

from paradesk.core.state import State
from paradesk.ui.words import channel_word

if TYPE_CHECKING:
    from paradesk.ui.app import ParadeskApp
    from paradesk.ui.commands import Command

_ALL = "\x00all"
"""What no channel is called: names from outside hold no control characters."""


def channels_of(state: State) -> list[str]:
    """Return the profiles, and where there are more kinds than one, what conversations came by."""
    kinds = sorted({thread.conversation.channel for thread in state.threads.values()} - {""})
    return list(dict.fromkeys([*state.profiles, *(kinds if len(kinds) > 1 else ())]))


async def channels(app: "ParadeskApp") -> None:
    """Choose the channel to serve, or all of them; chats that are the agent's already stay."""
    from paradesk.ui.screens.choose import FilterDialog
    from paradesk.ui.widgets.choice_list import Choice

    serving = app.serving
    first = f"All, {', '.join(serving.order)} first" if serving.order else "All channels"
    rows = [Choice(_ALL, first, "" if serving.only else "now")]
    for name in channels_of(app.state):
        hint = "profile" if name in app.state.profiles else "channel"
        rows.append(Choice(name, f"Only {channel_word(name)}", "now" if serving.only == (name,) else hint))
    given = app.settings.channels_only
    if len(given) > 1:
        rows.append(Choice("\x00given", f"Only {', '.join(given)}", "now" if serving.only == given else "as set up"))

    def chosen(value: str | None) -> None:
        if value is None:
            return
        only = () if value == _ALL else given if value.startswith("\x00") else (value,)
        app.serving = replace(serving, only=only)
        app.tell(f"You serve {', '.join(map(channel_word, only))} only" if only else "You serve all channels")
        app.view.serve()

    current = _ALL if not serving.only else serving.only[0]
    keys = "type a name   enter serve it   esc cancel"
    await app.ask(FilterDialog("Whose queue do you serve?", rows, current=current, keys=keys), chosen)


COMMANDS: dict[str, "Command"] = {"agent.channels": channels}
