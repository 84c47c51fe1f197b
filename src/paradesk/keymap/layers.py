"""Puts keymaps on top of each other: default, then pack, team and user."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from paradesk.keymap.actions import CONTEXTS
from paradesk.keymap.findings import Finding, KeymapError
from paradesk.keymap.keymap import Binding, Keymap


@dataclass(slots=True)
class ContextBindings:
    """What holds in one context after all layers."""

    bound: dict[tuple[str, ...], Binding] = field(default_factory=dict)
    unbound: dict[tuple[str, ...], Binding] = field(default_factory=dict)
    """Keys that were taken away, also from the contexts around this one."""
    negated: dict[tuple[str, ...], Binding] = field(default_factory=dict)
    """Keys that one named action has lost; they go to the contexts around this one, or to the text."""
    cut: dict[tuple[str, ...], Binding] = field(default_factory=dict)
    """Prefixes below which everything was taken away, also from the contexts around this one."""


@dataclass(frozen=True, slots=True)
class Merged:
    """All layers together, without a binding that is a prefix of another."""

    contexts: Mapping[str, ContextBindings]

    def stack(self, contexts: Sequence[str]) -> dict[tuple[str, ...], Binding]:
        """Return what is bound where these contexts hold, innermost first in `contexts`: the inner one wins."""
        found: dict[tuple[str, ...], Binding] = {}
        for name in reversed(contexts):
            context = self.contexts.get(name)
            if context is None:
                continue
            for keys in [*found]:
                if keys in context.unbound or any(_below(keys, prefix) for prefix in context.cut):
                    del found[keys]
            found.update(context.bound)
        return found

    def dead(self, contexts: Sequence[str]) -> frozenset[str]:
        """Return the single keys that were unbound here: they do nothing, not even what a text field would do."""
        return frozenset(
            keys[0]
            for name in contexts
            if (context := self.contexts.get(name)) is not None
            for keys in context.unbound
            if len(keys) == 1
        )


def _below(keys: tuple[str, ...], prefix: tuple[str, ...]) -> bool:
    return len(keys) > len(prefix) and keys[: len(prefix)] == prefix


def merge(keymaps: Sequence[Keymap]) -> Merged:
    """Put keymaps on top of each other by layer, later ones of a layer on top; raises KeymapError for prefixes."""
    contexts: dict[str, ContextBindings] = {}
    for keymap in sorted(keymaps, key=lambda keymap: keymap.layer):
        # What a file takes away comes first, so that the order of its lines does not matter.
        for binding in sorted(keymap.bindings, key=lambda binding: binding.action_id is not None):
            _apply(contexts.setdefault(binding.context, ContextBindings()), binding)
    merged = Merged(contexts)
    findings = _prefixes(merged)
    if findings:
        raise KeymapError(findings)
    return merged


def _apply(context: ContextBindings, binding: Binding) -> None:
    if binding.action_id is not None:
        context.unbound.pop(binding.keys, None)
        context.bound[binding.keys] = binding
    elif binding.negates:
        bound = context.bound.get(binding.keys)
        if bound is not None and bound.action_id == binding.negates:
            context.negated[binding.keys] = context.bound.pop(binding.keys)
    elif binding.below:
        context.cut[binding.keys] = binding
        for keys in [keys for keys in context.bound if _below(keys, binding.keys)]:
            del context.bound[keys]
    else:
        context.unbound[binding.keys] = binding
        context.bound.pop(binding.keys, None)


def _prefixes(merged: Merged) -> list[Finding]:
    findings: dict[tuple[Binding, Binding], Finding] = {}
    for stack in CONTEXTS.values():
        bindings = merged.stack(stack)
        short: Binding | None = None
        # Sorted, everything that begins with a sequence follows it directly.
        for keys in sorted(bindings):
            if short is not None and _below(keys, short.keys):
                longer = bindings[keys]
                message = (
                    f"{short} ({short.action_id}) is the beginning of {longer} ({longer.action_id}) at {longer.place}:"
                    " a key cannot both act and wait for the next one; unbind one of them"
                )
                findings.setdefault((short, longer), Finding(short.file, short.line, "prefix", message))
            else:
                short = bindings[keys]
    return list(findings.values())
