"""Which keys were on their way while the active chat changed. Pure: it is told what happens, and when.

A key says what the agent wanted when it was pressed. Where the chat changed in between, that may be another chat than
the one that gets it: what cannot be taken back is then not done, and the guard is told of the text.
"""

from collections.abc import Callable
from enum import Enum

from paradesk.core.model import ConversationId
from paradesk.keymap.actions import ACTIONS

FLOW = 1.0
"""Seconds after a typed character within which a reply that is not finished is still being written."""

REFLEX = 0.15
"""Seconds after a key that changes the chat, in which fingers that were typing still finish what they had begun."""

LIFTED = 0.2
"""Seconds after a click in which no hand has come back from the mouse: keys then were meant for the chat before."""

NOTICED = 0.5
"""Seconds that a person takes to notice a change that nobody asked for."""


class Cause(Enum):
    """What made another chat active."""

    KEY = "key"
    CLICK = "click"
    OTHER = "other"
    """Nothing that the agent did just now."""


CANNOT_BE_TAKEN_BACK = frozenset(
    {
        "composer.send",
        "guard.move",
        "guard.send_anyway",
        "ticket.solve",
        "status.open",
        "status.pending",
        "status.on_hold",
        "status.solved",
        "chat.join",
        "chat.leave",
        "chat.end",
        "chat.transfer",
        "chat.retry",
        "chat.dismiss",
    }
) & frozenset(ACTIONS)
"""Actions that the customer, the team or the backend notices. All others only move, show or write."""


class Switching:
    """Follows the focus from chat to chat, and the input that came around each change. All times are of one clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` counts seconds, and is the one that times input events."""
        self._clock = clock
        self._cause, self._arrived = Cause.OTHER, 0.0
        self._here: ConversationId | None = None
        self._written: tuple[ConversationId, float] | None = None
        self._from: ConversationId | None = None
        self._flight_until = self._act_from = float("-inf")
        self._entered_now = False

    def begin(self, cause: Cause, arrived: float) -> None:
        """An input event that came in at `arrived` is about to be acted on; what changes until `end` is its doing."""
        self._cause, self._arrived = cause, arrived
        self._entered_now = False

    def end(self) -> None:
        """The event was acted on: a chat that it has made active is on the screen now."""
        if self._entered_now:
            self._shown()
        self._entered_now = False
        self._cause = Cause.OTHER

    def entered(self, chat: ConversationId, *, unfinished: Callable[[ConversationId], bool]) -> None:
        """The focus is in this chat now; `unfinished` tells whether a reply is begun in the one before."""
        before, self._here = self._here, chat
        if before is None or before == chat:
            return
        self._from, written = None, self._written
        came = self._clock() if self._cause is Cause.OTHER else self._arrived
        if written is not None and written[0] == before and came - written[1] <= FLOW and unfinished(before):
            self._from = before
        self._entered_now = self._cause is not Cause.OTHER
        self._shown()

    def _shown(self) -> None:
        now, arrived = self._clock(), self._arrived
        if self._cause is Cause.KEY:
            self._act_from, self._flight_until = now, min(now, arrived + REFLEX)
        elif self._cause is Cause.CLICK:
            self._act_from, self._flight_until = max(now, arrived + LIFTED), arrived + LIFTED
        else:
            self._act_from = self._flight_until = now + NOTICED

    def typed(self, chat: ConversationId, arrived: float) -> ConversationId | None:
        """A character goes into this chat's reply; returns the chat that it was on its way to, where that is another."""
        if self._from is not None and chat == self._here != self._from and arrived < self._flight_until:
            return self._from
        self._from = None
        self._written = (chat, arrived)
        return None

    def allows(self, action_id: str, arrived: float) -> bool:
        """Tell whether a key that came in at `arrived` may do this: not what cannot be taken back, in a chat not yet seen."""
        return action_id not in CANNOT_BE_TAKEN_BACK or arrived >= self._act_from
