"""What is wrong with keymaps as they lie on top of each other: hidden, unreachable and idle bindings, and keyboards."""

from collections.abc import Iterator, Sequence

from paradesk.keymap.actions import ACTIONS, CONTEXTS
from paradesk.keymap.dispatch import Dispatcher
from paradesk.keymap.findings import Finding, KeymapError, Level
from paradesk.keymap.keymap import Binding, Keymap
from paradesk.keymap.layers import Merged, merge
from paradesk.keymap.layouts import Layout, Reach
from paradesk.keymap.names import display_key, display_sequence, is_printable, split_key
from paradesk.keymap.portability import check_portability

NEEDED = frozenset({
    "composer.send", "chat.next_waiting", "chat.undo_send", "guard.send_anyway", "guard.move", "app.quit", "app.help",
    "app.palette", "picker.accept", "picker.cancel", "picker.up", "picker.down", "dialog.accept", "dialog.cancel",
    "dialog.next",
})  # fmt: skip
"""Actions without a key of which nobody can work: losing the last one is an error."""


def check_keymap(keymaps: Sequence[Keymap], layout: Layout | None = None) -> list[Finding]:
    """Return everything that can be said of the last of these keymaps, lowest layer first; raises nothing.

    With a `layout`, also what a keyboard of that layout cannot type.
    """
    try:
        merged = merge(keymaps)
    except KeymapError as error:
        return list(error.findings)
    judged = keymaps[-1]
    findings = [
        *check_portability(keymaps),
        *_idle(keymaps),
        *_hidden(merged, judged),
        *_lost(keymaps),
        *(_untypable(keymaps, layout) if layout is not None else ()),
    ]
    return sorted(findings, key=lambda finding: (finding.line, finding.code))


def _idle(keymaps: Sequence[Keymap]) -> Iterator[Finding]:
    """Find lines that take away what is not there."""
    judged = keymaps[-1]
    below = merge(keymaps[:-1])
    for binding in judged.bindings:
        if binding.action_id is not None:
            continue
        stacks = [stack for stack in CONTEXTS.values() if binding.context in stack]
        bound = {keys: found for stack in stacks for keys, found in below.stack(stack).items()}
        if binding.negates:
            here = below.contexts.get(binding.context)
            found = here.bound.get(binding.keys) if here is not None else None
            if found is None or found.action_id != binding.negates:
                what = "is not bound there" if found is None else f"is {found.action_id} there"
                yield _finding(binding, "negates-nothing", f"takes {binding.negates} away, but the key {what}")
        elif binding.below:
            if not any(keys[: len(binding.keys)] == binding.keys and keys != binding.keys for keys in bound):
                yield _finding(binding, "unbinds-nothing", "nothing that begins with it is bound there")
        elif binding.keys not in bound and len(binding.keys) > 1:
            # A single key may be kept from the text field, which has keys of its own.
            yield _finding(binding, "unbinds-nothing", "is not bound there")


def _hidden(merged: Merged, judged: Keymap) -> Iterator[Finding]:
    """Find bindings that no place ever sees, because those inside it bind or unbind the same keys."""
    for binding in judged.bindings:
        if binding.action_id is None:
            continue
        places = {place: stack for place, stack in CONTEXTS.items() if binding.context in stack}
        hiding: dict[str, Binding] = {}
        for place, stack in places.items():
            found = merged.stack(stack).get(binding.keys)
            if found == binding:
                continue
            inner = stack[: stack.index(binding.context)]
            above = found if found is not None else _unbinding(merged, inner, binding.keys)
            if above is not None:
                hiding[place] = above
        if len(hiding) == len(places) and places:
            other = next(iter(hiding.values()))
            yield _finding(binding, "unreachable", f"never acts: {other} at {other.place} comes first everywhere")
        elif hiding:
            where = ", ".join(hiding)
            other = next(iter(hiding.values()))
            what = other.action_id or "nothing"
            yield _finding(binding, "shadowed", f"in {where} it is {what} ({other.place})", Level.NOTE)


def _unbinding(merged: Merged, inner: Sequence[str], keys: tuple[str, ...]) -> Binding | None:
    for name in inner:
        context = merged.contexts.get(name)
        if context is not None and keys in context.unbound:
            return context.unbound[keys]
    return None


def _lost(keymaps: Sequence[Keymap]) -> Iterator[Finding]:
    """Find actions that had a key below this keymap and have none any more."""
    judged = keymaps[-1]
    before, after = Dispatcher(keymaps[:-1]), Dispatcher(keymaps)
    for action_id in ACTIONS:
        keys = before.keys_for(action_id)
        if not keys or after.keys_for(action_id):
            continue
        level = Level.ERROR if action_id in NEEDED else Level.WARNING
        taken = next((one for one in judged.bindings if display_sequence(one.keys) in keys), None)
        line = taken.line if taken is not None else 0
        message = f"{action_id} has no key any more: it was {', '.join(keys)}"
        yield Finding(judged.path, line, "no-key", message, level)


def _untypable(keymaps: Sequence[Keymap], layout: Layout) -> Iterator[Finding]:
    """Find bindings whose characters a keyboard of this layout does not type by one key."""
    merged, judged = merge(keymaps), keymaps[-1].path
    seen: set[Binding] = set()
    for stack in CONTEXTS.values():
        bound = merged.stack(stack)
        easy = {binding.action_id for keys, binding in bound.items() if _hurdle(keys, layout) is None}
        for keys, binding in bound.items():
            hurdle = _hurdle(keys, layout)
            if hurdle is None or binding.file != judged or binding in seen:
                continue
            seen.add(binding)
            key, reach = hurdle
            level = Level.NOTE if binding.action_id in easy else Level.WARNING
            how = f"{display_key(key)} needs a {reach}" if reach is Reach.DEAD else f"{display_key(key)} needs AltGr"
            if reach is Reach.NONE:
                how = f"there is no {display_key(key)}"
                level = Level.NOTE if binding.action_id in easy else Level.ERROR
            yield _finding(binding, "layout", f"on a {layout.title} keyboard {how}", level)


def _hurdle(keys: Sequence[str], layout: Layout) -> tuple[str, Reach] | None:
    for key in keys:
        modifiers, base = split_key(key)
        if len(base) != 1:
            continue
        reach = layout.reach(base)
        if reach is not Reach.KEY and (not is_printable(key) or reach is not Reach.ALTGR):
            return key, Reach.NONE if modifiers and reach is Reach.ALTGR and "ctrl" in modifiers else reach
        if reach is Reach.ALTGR:
            return key, reach
    return None


def _finding(binding: Binding, code: str, message: str, level: Level = Level.WARNING) -> Finding:
    return Finding(binding.file, binding.line, code, f"{display_sequence(binding.keys)}: {message}", level)
