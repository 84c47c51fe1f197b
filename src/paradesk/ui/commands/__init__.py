"""What each action of the registry does, as far as no focused widget or dialog does it: one table, by category."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paradesk.ui.app import ParadeskApp

Command = Callable[["ParadeskApp"], Awaitable[None] | None]


def all_commands() -> Mapping[str, Command]:
    """Return the table. The modules are loaded here, so that nothing of them delays the first frame."""
    from paradesk.ui.commands import (
        asking_backends,
        canned,
        canned_writing,
        chat,
        colleagues,
        guard,
        panes,
        serving,
        tickets,
        workspace,
    )

    table: dict[str, Command] = {}
    for module in (
        tickets,
        chat,
        colleagues,
        serving,
        asking_backends,
        guard,
        panes,
        workspace,
        canned,
        canned_writing,
    ):
        table.update(module.COMMANDS)
    return table
