"""How long the desk waits for what, in one place so that tests and policies can change it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Durations in seconds."""

    backoff: float = 1.0
    """Upper bound of the first wait before a connection is tried again; it doubles each time."""
    backoff_cap: float = 60.0
    stable: float = 15.0
    """A connection that stood this long starts over with `backoff`."""
    perform: float = 30.0
    """Longest time for one intent, from first to last byte."""
    history: float = 30.0
    question: float = 15.0
    """Longest time for what an agent waits for with a picker open: a search, a customer, canned responses."""
    fetch: float = 120.0
    upload: float = 120.0
    """Longest time for one file on its way to the backend."""
    stall: float = 10.0
    """A connector whose loop answers nothing for this long is reported as stuck."""
    typing_repeat: float = 3.0
    typing_idle: float = 5.0
    read_repeat: float = 2.0
    """Shortest time between two read marks of one conversation."""

    def backoff_before(self, attempt: int, roll: float, at_least: float = 0.0) -> float:
        """Return the wait before try number `attempt` (0 for the first retry): full jitter, `roll` from 0 to 1."""
        bound = min(self.backoff_cap, self.backoff * float(2 ** min(attempt, 16)))
        return max(at_least, roll * bound)
