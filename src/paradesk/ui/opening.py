"""What the application needs before it can work. Light, because it is loaded before the first frame."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paradesk.canned import Library
    from paradesk.config.settings import Settings
    from paradesk.desk.desk import Desk
    from paradesk.keymap.keymap import Keymap


@dataclass(frozen=True)
class Opening:
    """A running desk, and what the agent has configured."""

    desk: "Desk"
    directory: Path
    settings: "Settings"
    keymaps: "Sequence[Keymap]"
    library: "Library | Callable[[], tuple[Library, Sequence[str]]]"
    """Canned responses, or what loads them and returns them with what the agent is to be told about them."""
    title: str = ""
    """How the status bar calls the desk."""
    notices: "Sequence[tuple[str, str]]" = ()
    """What the agent is told once the panes are there: text and severity."""
