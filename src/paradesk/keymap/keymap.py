"""What a keymap is: bindings of key sequences to action ids, per context, from one file."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from paradesk.keymap.actions import CONTEXTS
from paradesk.keymap.names import display_sequence

TEXT_PLACES: frozenset[str] = frozenset({"composer", "guard", "picker", "dialog", "writing"})
"""Focused places in which a key that types a character is text, whatever a keymap says."""

KNOWN_CONTEXTS: tuple[str, ...] = tuple(dict.fromkeys(context for stack in CONTEXTS.values() for context in stack))
"""Every context that a keymap can bind in."""


class Layer(IntEnum):
    """Where a keymap comes from. A higher layer's binding replaces a lower one's."""

    DEFAULT = 0
    PACK = 1
    TEAM = 2
    USER = 3


@dataclass(frozen=True, slots=True)
class Binding:
    """One line of a keymap: these keys, in this context, run this action (None: nothing any more)."""

    context: str
    keys: tuple[str, ...]
    """Canonical names, see `keymap.names`."""
    action_id: str | None
    file: str
    line: int
    below: bool = False
    """Only where `action_id` is None: everything that begins with these keys is unbound, not the keys themselves."""
    negates: str = ""
    """Only where `action_id` is None: the action whose binding to these keys goes; the keys are free again, not dead."""

    @property
    def place(self) -> str:
        """Where it is written: `file:line`."""
        return f"{self.file}:{self.line}"

    def __str__(self) -> str:
        return f"{display_sequence(self.keys)} in {self.context}"


@dataclass(frozen=True, slots=True)
class Keymap:
    """The bindings of one file, checked one by one; `layers.merge` checks them together."""

    name: str
    description: str
    bindings: tuple[Binding, ...]
    layer: Layer
    path: str


def contexts_for(action_contexts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the contexts in which an action may be bound: its own and those inside them."""
    return tuple(
        context for context in KNOWN_CONTEXTS if any(_inside(context, outer, CONTEXTS) for outer in action_contexts)
    )


def _inside(inner: str, outer: str, stacks: Mapping[str, tuple[str, ...]]) -> bool:
    return any(
        inner in stack and outer in stack and stack.index(inner) <= stack.index(outer) for stack in stacks.values()
    )
