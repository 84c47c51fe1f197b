"""What a terminal makes of a key. Few terminals deliver every key: this says what arrives instead, and what that does.

Measured with xterm, rxvt-unicode, gnome-terminal, lxterminal, konsole, alacritty and kitty, US layout, stock settings,
and with tmux. "Any terminal" means all of these, over tmux and ssh, without the Kitty keyboard protocol.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from paradesk.keymap.actions import ACTIONS, CONTEXTS
from paradesk.keymap.findings import Finding, Level
from paradesk.keymap.keymap import Binding, Keymap
from paradesk.keymap.layers import Merged, merge
from paradesk.keymap.names import WRITING_KEYS, display_key, display_sequence, split_key


@dataclass(frozen=True, slots=True)
class Delivery:
    """How one key reaches a program."""

    portable: bool
    """Every terminal delivers it."""
    arrives_as: str = ""
    """Canonical name of what arrives instead, where it does not arrive; empty: nothing, or nothing certain."""
    typed: bool = False
    """A character is typed instead: in the composer it goes into the reply."""
    remark: str = ""
    """Who takes the key away, or what to know about it."""


_SAFE_NAMED = WRITING_KEYS | {
    "shift+tab", "ctrl+home", "ctrl+end", "ctrl+space", "ctrl+\\", "ctrl+]", "ctrl+^", "ctrl+_"
}  # fmt: skip
_REMARKS = {
    "ctrl+space": "input methods often take it",
    "ctrl+s": "freezes the screen on a line with flow control",
    "ctrl+b": "is the prefix of tmux",
    "ctrl+a": "is the prefix of GNU screen",
    "f1": "many desktops show their own help",
}
_CTRL_LETTER = {"h": "backspace", "i": "tab", "m": "enter"}
_CTRL_OTHER = {
    "1": "1", "2": "ctrl+space", "3": "escape", "4": "ctrl+\\", "5": "ctrl+]", "6": "ctrl+^", "7": "ctrl+_",
    "8": "backspace", "9": "9", "0": "0", "[": "escape", "/": "ctrl+_", "-": "ctrl+_", "?": "backspace",
}  # fmt: skip
_INSTEAD = {
    "shift+escape": ("escape", ""),
    "shift+enter": ("enter", ""),
    "ctrl+enter": ("enter", ""),
    "alt+enter": ("enter", "xterm takes it"),
    "alt+ctrl+enter": ("enter", ""),
    "ctrl+shift+enter": ("enter", ""),
    "ctrl+tab": ("tab", "kitty and konsole take it"),
    "ctrl+shift+tab": ("shift+tab", "kitty, konsole and alacritty take it"),
    "alt+tab": ("shift+tab", "desktops take it"),
    "shift+backspace": ("backspace", ""),
    "ctrl+backspace": ("backspace", ""),
    "alt+backspace": ("ctrl+w", ""),
    "alt+b": ("ctrl+left", ""),
    "alt+f": ("ctrl+right", "konsole and lxterminal open a menu"),
    "ctrl+down": ("ctrl+up", "rxvt-unicode confuses the two"),
}
_TAKEN = {
    "f10": "gnome-terminal and lxterminal open their menu",
    "f11": "gnome-terminal and konsole go full screen",
    "shift+pageup": "xterm and rxvt-unicode scroll back",
    "shift+pagedown": "xterm and rxvt-unicode scroll back",
    "ctrl+pageup": "lxterminal changes its tab",
    "ctrl+pagedown": "lxterminal changes its tab",
    "alt+ctrl+s": "konsole opens a dialog, rxvt-unicode takes it",
    "alt+ctrl+t": "desktops open a terminal",
    "alt+ctrl+l": "desktops lock the screen",
}
_SHIFTED_LETTERS = "kitty takes it, and often other terminals do"


def delivery(key: str) -> Delivery:
    """Return how a canonical key reaches a program in a terminal without the Kitty protocol."""
    remark = _REMARKS.get(key, "")
    if key in _SAFE_NAMED or len(key) == 1:
        return Delivery(True, remark=remark)
    if key in _INSTEAD:
        instead, remark = _INSTEAD[key]
        return Delivery(False, instead, remark=remark)
    modifiers, base = split_key(key)
    if re.fullmatch(r"f\d+", base):
        return _function_key(key, modifiers, int(base[1:]), remark)
    if modifiers & {"super", "hyper", "meta"}:
        return Delivery(False, remark="only the Kitty keyboard protocol has it")
    if len(base) == 1 and "ctrl" in modifiers:
        return _control_key(key, modifiers, base, remark)
    if len(base) == 1 or base == "space":
        return Delivery(False, typed=True, remark=_TAKEN.get(key, "the character may be typed instead"))
    if modifiers and base in {"up", "down", "left", "right"} and "alt" in modifiers:
        return Delivery(False, "escape", remark=f"rxvt-unicode sends esc, then {display_key(base)}")
    return Delivery(False, remark=_TAKEN.get(key, "terminals differ"))


def _function_key(key: str, modifiers: frozenset[str], number: int, remark: str) -> Delivery:
    if not modifiers and number <= 12 and number not in (10, 11):
        return Delivery(True, remark=remark)
    if not modifiers and number > 12:
        return Delivery(False, typed=True, remark="other characters arrive")
    return Delivery(False, remark=_TAKEN.get(key, "rxvt-unicode sends another key"))


def _control_key(key: str, modifiers: frozenset[str], base: str, remark: str) -> Delivery:
    letter = base.isascii() and base.isalpha()
    if letter:
        instead = _CTRL_LETTER.get(base, f"ctrl+{base}")
    else:
        instead = _CTRL_OTHER.get(base, f"ctrl+{base}" if f"ctrl+{base}" in _SAFE_NAMED else base)
    if key == instead:
        return Delivery(True, remark=remark)
    if letter and "shift" in modifiers:
        remark = _SHIFTED_LETTERS
    return Delivery(False, instead, typed=len(instead) == 1, remark=_TAKEN.get(key, remark))


def is_portable(keys: tuple[str, ...]) -> bool:
    """Tell whether every terminal delivers each key of this sequence."""
    return all(delivery(key).portable for key in keys)


# What any text field does with keys that no keymap binds, as far as it takes text away.
_EDITING = {
    "ctrl+k": "deletes to the end of the line",
    "ctrl+u": "deletes to the start of the line",
    "ctrl+d": "deletes the next character",
    "ctrl+w": "deletes a word",
    "ctrl+f": "may delete a word",
    "backspace": "deletes a character",
    "delete": "deletes a character",
}


def check_portability(keymaps: Sequence[Keymap]) -> list[Finding]:
    """Find what some terminal does not deliver; an error is a binding without a fallback or a dangerous neighbour.

    Give all layers, lowest first. Only bindings of the last keymap are judged. Raises KeymapError for prefixes.
    """
    merged = merge(keymaps)
    judged = keymaps[-1].path
    findings: dict[tuple[Binding, str], Finding] = {}

    def report(binding: Binding, code: str, message: str, level: Level) -> None:
        finding = Finding(binding.file, binding.line, code, f"{display_sequence(binding.keys)}: {message}", level)
        findings.setdefault((binding, code), finding)

    for place, stack in CONTEXTS.items():
        bound = merged.stack(stack)
        safe = {binding.action_id for keys, binding in bound.items() if is_portable(keys)}
        for keys, binding in bound.items():
            if binding.file != judged or is_portable(keys):
                _remark(binding, judged, report)
                continue
            key = next(key for key in keys if not delivery(key).portable)
            if binding.action_id not in safe:
                reason = _reason(key)
                report(
                    binding,
                    "no-fallback",
                    f"not every terminal delivers it ({reason}), and {binding.action_id} has no other key there",
                    Level.ERROR,
                )
            if key == keys[0]:
                _arrival(merged, place, stack, bound, binding, report)
    return sorted(findings.values(), key=lambda finding: (finding.line, finding.code))


def _reason(key: str) -> str:
    found = delivery(key)
    if found.arrives_as:
        return f"it may arrive as {display_key(found.arrives_as)}" + (f"; {found.remark}" if found.remark else "")
    return found.remark


class _Report(Protocol):
    """The shape of `report` in `check_portability`."""

    def __call__(self, binding: Binding, code: str, message: str, level: Level) -> None: ...  # pragma: no cover


def _remark(binding: Binding, judged: str, report: _Report) -> None:
    if binding.file == judged:
        for key in binding.keys:
            if remark := delivery(key).remark:
                report(binding, "remark", f"{display_key(key)} {remark}", Level.NOTE)


def _arrival(
    merged: Merged,
    place: str,
    stack: tuple[str, ...],
    bound: dict[tuple[str, ...], Binding],
    binding: Binding,
    report: _Report,
) -> None:
    found = delivery(binding.keys[0])
    other = found.arrives_as
    where = f"in the {place}" if place in ("composer", "transcript", "hotlist", "picker") else f"in a {place}"
    if found.typed and place == "composer":
        what = f"{display_key(other)} is typed" if other else "a character may be typed"
        report(binding, "typed", f"some terminals do not deliver it: {what} into the reply", Level.WARNING)
        return
    if not other:
        return
    instead = bound.get((other,))
    if instead is not None and instead.action_id != binding.action_id:
        action_id = instead.action_id or ""
        grave = action_id == "composer.send" or ACTIONS[action_id].destructive
        level = Level.ERROR if grave else Level.WARNING
        report(binding, "arrives-as", f"may arrive as {display_key(other)}, which is {action_id} {where}", level)
    elif instead is None and any(keys[0] == other for keys in bound):
        report(
            binding, "arrives-as", f"may arrive as {display_key(other)}, which begins a sequence {where}", Level.WARNING
        )
    elif instead is None and place == "composer" and other in _EDITING and other not in merged.dead(stack):
        report(
            binding,
            "arrives-as",
            f'may arrive as {display_key(other)}, which {_EDITING[other]}: unbind it with "{other}" = false',
            Level.WARNING,
        )
