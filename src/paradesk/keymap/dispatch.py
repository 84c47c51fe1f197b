"""Decides what a key press means. Pure: no timers, no screen; the caller says which contexts hold."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from paradesk.keymap.actions import CONTEXTS
from paradesk.keymap.keymap import TEXT_PLACES, Binding, Keymap
from paradesk.keymap.layers import merge
from paradesk.keymap.layouts import Layout
from paradesk.keymap.names import (
    MODIFIER_KEYS,
    display_sequence,
    event_key,
    is_printable,
    on_latin_layout,
    without_ctrl,
)
from paradesk.keymap.portability import is_portable


@dataclass(frozen=True, slots=True)
class Pass:
    """Not ours: the focused widget gets the key."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing happens, and nobody gets the key: a modifier alone, or a key that a keymap has unbound."""


@dataclass(frozen=True, slots=True)
class Run:
    """The key completes a binding."""

    action_id: str


@dataclass(frozen=True, slots=True)
class Pending:
    """A sequence has begun. `options` is what can follow: display form of the rest, action id."""

    prefix: tuple[str, ...]
    """Canonical names of the keys so far."""
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """Nothing is bound to this sequence: it is swallowed, so that a slip is never typed to a customer."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Escape ended an unfinished sequence."""


Result = Pass | Ignored | Run | Pending | Rejected | Cancelled

_PASS = Pass()
_IGNORED = Ignored()
_CANCELLED = Cancelled()


@dataclass(slots=True)
class _Node:
    children: dict[str, "_Node"] = field(default_factory=dict)
    action_id: str = ""

    def add(self, keys: tuple[str, ...], action_id: str) -> None:
        node = self
        for key in keys:
            node = node.children.setdefault(key, _Node())
        node.action_id = action_id

    def leaves(self) -> list[tuple[tuple[str, ...], str]]:
        found: list[tuple[tuple[str, ...], str]] = []
        for key, child in self.children.items():
            if not child.children:
                found.append(((key,), child.action_id))
            else:
                found += [((key, *rest), action_id) for rest, action_id in child.leaves()]
        return found


@dataclass(frozen=True, slots=True)
class _Stack:
    root: _Node
    dead: frozenset[str]
    text: bool


class Dispatcher:
    """Holds the unfinished sequence and the tries of all keymaps; one per running screen."""

    def __init__(self, keymaps: Sequence[Keymap], layout: Layout | None = None) -> None:
        """Merge the keymaps by layer; raises KeymapError where one binding is a prefix of another.

        `layout` is the keyboard's, where the agent has named it.
        """
        self._merged = merge(keymaps)
        self._alias = layout.meant if layout is not None else {}
        self._layers = {keymap.path: keymap.layer for keymap in keymaps}
        self._stacks: dict[tuple[str, ...], _Stack] = {}
        self._keys: dict[tuple[str, ...] | None, dict[str, list[str]]] = {}
        self._pending: tuple[str, ...] = ()
        self._node: _Node | None = None

    @property
    def pending(self) -> tuple[str, ...]:
        """Canonical names of the keys of the unfinished sequence; empty when there is none."""
        return self._pending

    def cancel(self) -> None:
        """Forget an unfinished sequence: a paste or a click came in between."""
        self._pending = ()
        self._node = None

    def press(self, key: str, character: str | None, contexts: tuple[str, ...]) -> Result:
        """Take one key press in these contexts, innermost first, and say what it means. Never raises."""
        if self._node is not None:
            return self._continue(self._node, key, character)
        if key in MODIFIER_KEYS:
            return _IGNORED
        name = event_key(key, character)
        stack = self._stack(contexts)
        if stack.text and is_printable(name):
            return _PASS
        node = stack.root.children.get(name)
        if node is None and name not in stack.dead:
            for meant in self._elsewhere(name):
                if meant in stack.root.children:
                    name = meant
                    node = stack.root.children[meant]
                    break
        if node is None:
            return _IGNORED if name in stack.dead else _PASS
        return self._advance(node, (name,))

    def _continue(self, node: _Node, key: str, character: str | None) -> Result:
        if key in MODIFIER_KEYS:
            return _IGNORED
        before = self._pending
        self.cancel()
        name = event_key(key, character)
        if name == "escape":
            return _CANCELLED
        if name in node.children:
            return self._advance(node.children[name], (*before, name))
        if before == (name,):
            return _PASS
        for meant in self._meant(name):
            if meant in node.children:
                return self._advance(node.children[meant], (*before, meant))
        return Rejected((*before, name))

    def _meant(self, name: str) -> list[str]:
        meant = [*without_ctrl(name)]
        return [*meant, *(there for other in [name, *meant] for there in self._elsewhere(other))]

    def _elsewhere(self, name: str) -> list[str]:
        """Return the keys at the same place of the layout that keymaps are written for."""
        found = [self._alias[name]] if name in self._alias else []
        latin = on_latin_layout(name)
        return found if latin is None else [*found, latin]

    def _advance(self, node: _Node, keys: tuple[str, ...]) -> Result:
        if not node.children:
            return Run(node.action_id)
        self._pending = keys
        self._node = node
        return Pending(keys, _options(node))

    def _stack(self, contexts: tuple[str, ...]) -> _Stack:
        stack = self._stacks.get(contexts)
        if stack is None:
            root = _Node()
            for keys, binding in self._merged.stack(contexts).items():
                root.add(keys, binding.action_id or "")
            text = bool(contexts) and contexts[0] in TEXT_PLACES
            stack = self._stacks[contexts] = _Stack(root, self._merged.dead(contexts), text)
        return stack

    def options(self, prefix: tuple[str, ...], contexts: tuple[str, ...]) -> list[tuple[str, str]]:
        """Return what can follow `prefix` in these contexts: display form of the remaining keys, action id."""
        node: _Node | None = self._stack(contexts).root
        for key in prefix:
            node = node.children.get(key) if node is not None else None
        return [*_options(node)] if node is not None else []

    def keys_for(self, action_id: str, contexts: tuple[str, ...] | None = None) -> list[str]:
        """Return the keys of an action as people read them, best first; only those of `contexts` where given.

        Best is what arrives from every terminal, then what works everywhere, then what the highest layer says, then
        what is short.
        """
        if contexts not in self._keys:
            self._keys[contexts] = self._keys_by_action(contexts)
        return [*self._keys[contexts].get(action_id, ())]

    def _keys_by_action(self, contexts: tuple[str, ...] | None) -> dict[str, list[str]]:
        found: dict[str, dict[tuple[str, ...], Binding]] = {}
        for stack in CONTEXTS.values() if contexts is None else [contexts]:
            for keys, binding in self._merged.stack(stack).items():
                found.setdefault(binding.action_id or "", {}).setdefault(keys, binding)

        def rank(item: tuple[tuple[str, ...], Binding]) -> tuple[bool, bool, int, int]:
            keys, binding = item
            return not is_portable(keys), binding.context != "global", -self._layers[binding.file], len(keys)

        return {
            action_id: [display_sequence(keys) for keys, _ in sorted(bindings.items(), key=rank)]
            for action_id, bindings in found.items()
        }


def _options(node: _Node) -> tuple[tuple[str, str], ...]:
    return tuple((display_sequence(keys), action_id) for keys, action_id in node.leaves())
