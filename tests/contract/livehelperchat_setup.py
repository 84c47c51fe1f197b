"""How our own Live Helper Chat is set up: its operators, and the traps that it has in store."""

from dataclasses import dataclass, field
from typing import Any

ME, COLLEAGUE = 1, 2


@dataclass
class Traps:
    """What this server does beside, or instead of, what it was asked."""

    warnings: bool = False
    """`debug_output`: PHP warnings stand in front of the JSON."""
    mobile: bool = True
    """The mobile interface is switched on."""
    html: bool = False
    """Operators may send HTML."""
    types: tuple[str, ...] = ("txt", "bin", "png", "pdf")
    """Endings that may be uploaded."""
    placeholders: bool = False
    """A file whose type does not fit its ending is answered with a picture that says no."""
    close_remote: bool = True
    """Operators may close chats of others."""
    presence: bool = True
    """Operators may change whether they are online."""
    clock: float = 0.0
    """Seconds that the server's clock is ahead."""
    next_download: bool = False
    """The next file is answered in that way."""
    numbers_as_text: bool = False
    """PHP's database driver gives every number as text."""
    late_ids: bool = False
    """Of two messages the one with the smaller id shows only with the next question."""
    next_sends: list[str] = field(default_factory=list)
    """What happens to the next sends: lose, limit, html, empty, null, break."""
    stale_row: bool = False
    """The next PUT writes back a row that was read before the newest message came."""
    unreadable: set[int] = field(default_factory=set)
    """Chats with a message that PHP cannot put into JSON: reading them answers nothing at all."""
    forget: set[str] = field(default_factory=set)
    """Paths (their beginnings) that answer `Authorization failed!`."""


def operator(user_id: int, username: str, name: str) -> dict[str, Any]:
    """Return the record of an operator, with the hash that some answers give away."""
    return {
        **{"id": user_id, "username": username, "name": name, "surname": "", "chat_nickname": "", "disabled": 0},
        **{"email": f"{username}@example.org", "hide_online": 0, "invisible_mode": 0},
        "password": "$2y$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234",
    }
