"""Actions about panes: which one is active, and where they stand."""

from functools import partial
from typing import TYPE_CHECKING

from paradesk.ui.paneset import PaneSet
from paradesk.ui.tiling import MAX_PANES, Direction

if TYPE_CHECKING:
    from paradesk.ui.app import ParadeskApp
    from paradesk.ui.commands import Command


async def number(wanted: int, app: "ParadeskApp") -> None:
    """Make the pane with this number active, shown or not."""
    order = app.deck.panes.order
    if wanted > len(order):
        app.tell(f"There is no pane {wanted}", "warning")
        return
    await app.deck.change(app.deck.panes.activate(order[wanted - 1]))


async def direction(wanted: Direction, app: "ParadeskApp") -> None:
    """Make the pane in this direction active."""
    found = app.workspace.beside(wanted)
    if found is None:
        app.bell()
        return
    await app.deck.change(app.deck.panes.activate(found))


async def _change(panes: PaneSet, app: "ParadeskApp") -> None:
    if panes == app.deck.panes:
        app.bell()
    await app.deck.change(panes)


async def following(app: "ParadeskApp") -> None:
    """Make the next pane active, around the end."""
    await _change(app.deck.panes.next(), app)


async def last(app: "ParadeskApp") -> None:
    """Go back to the pane that was active before."""
    await _change(app.deck.panes.last(), app)


async def close(app: "ParadeskApp") -> None:
    """Close the active pane; its chat stays in the hotlist and its draft is kept."""
    if (active := app.deck.panes.active) is not None:
        await app.deck.change(app.deck.panes.close(active))


async def swap(app: "ParadeskApp") -> None:
    """Exchange the active pane with the next one."""
    await _change(app.deck.panes.swap(), app)


async def zoom(app: "ParadeskApp") -> None:
    """Give the active pane the whole workspace, or take it back."""
    await _change(app.deck.panes.zoom(), app)


COMMANDS: "dict[str, Command]" = {
    **{f"pane.{place}": partial(number, place) for place in range(1, MAX_PANES + 1)},
    "pane.left": partial(direction, "left"),
    "pane.right": partial(direction, "right"),
    "pane.up": partial(direction, "up"),
    "pane.down": partial(direction, "down"),
    "pane.next": following,
    "pane.last": last,
    "pane.close": close,
    "pane.swap": swap,
    "pane.zoom": zoom,
}
