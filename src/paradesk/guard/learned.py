"""The two checks that compare what is said in the chats, with what was learnt from the agent's past replies."""

from collections.abc import Callable, Sequence

from paradesk.core.state import Thread
from paradesk.guard.chat_view import view_of
from paradesk.guard.experience import Experience
from paradesk.guard.fit import fit
from paradesk.guard.leak import leak
from paradesk.guard.verdict import Draft, Finding, GuardSettings


class Learned:
    """Asks `leak` and `fit` with the experience of the moment. For one thread only, the one that asks the guard."""

    def __init__(self, experience: Callable[[], Experience] | None = None) -> None:
        """`experience` returns what was learnt until now, such as that of the desk's lessons; without it, nothing was."""
        fresh = Experience(bits=1)
        self._experience = experience or (lambda: fresh)

    def leak(self, draft: Draft, here: Thread, others: Sequence[Thread], settings: GuardSettings) -> Finding | None:
        """Object to a detail that belongs to another open chat and not to this one."""
        return leak(draft, view_of(here), [view_of(other) for other in others], settings, self._experience())

    def fit(self, draft: Draft, here: Thread, others: Sequence[Thread], settings: GuardSettings) -> Finding | None:
        """Object to a draft that answers another open chat far better than this one."""
        return fit(draft, view_of(here), [view_of(other) for other in others], self._experience(), settings)
