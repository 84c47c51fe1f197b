"""The reducer: one event after the other makes the state. Total, pure, and indifferent to order and repetition."""

from paradesk.core.events import Event
from paradesk.core.state import State


def reduce(state: State, event: Event) -> State:
    """Return the state after the event; the same object when nothing visible changes."""
    return state
