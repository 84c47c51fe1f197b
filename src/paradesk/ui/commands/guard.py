"""Actions about a reply that the guard has stopped, and about one that can still be taken back."""

from typing import TYPE_CHECKING

from paradesk.ui.commands.asking import acting

if TYPE_CHECKING:
    from paradesk.ui.app import ParadeskApp
    from paradesk.ui.commands import Command


async def move(app: "ParadeskApp") -> None:
    """Take the draft to the chat that it is meant for."""
    if (found := acting(app)) is not None:
        await app.sender.guarding.move(found[0])


def send_anyway(app: "ParadeskApp") -> None:
    """Send the reply although the guard objects."""
    if (found := acting(app)) is not None:
        app.sender.guarding.send_anyway(found[0])


COMMANDS: "dict[str, Command]" = {
    "guard.move": move,
    "guard.send_anyway": send_anyway,
}
