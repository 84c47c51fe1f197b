"""What a terminal really delivers: keys that a person was asked to press, what arrived, and what to bind instead."""

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from paradesk.core.text import clean_line
from paradesk.keymap.actions import ACTIONS, CONTEXTS
from paradesk.keymap.findings import KeymapError
from paradesk.keymap.keymap import TEXT_PLACES, Binding, Keymap, Layer
from paradesk.keymap.layers import merge
from paradesk.keymap.names import (
    MODIFIER_KEYS,
    display_key,
    display_sequence,
    event_key,
    is_printable,
    on_latin_layout,
    split_key,
)
from paradesk.keymap.portability import is_portable

_FREE = "f1 f2 f3 f4 f5 f6 f7 f8 f9 f12"
_SECOND = "".join(letter for letter in string.ascii_lowercase if letter not in "him") + string.digits + ";'/,.-=?!"
"""Second keys of a sequence that arrive from every terminal, with ctrl still held as well where they are letters."""
_ANSWER = re.compile(
    rb"\x1b\[\?[\d;]*(?:u|c|\$y)|\x1b\[\??\d+;\d+R|\x1b\[[IO]|\x1b\[48;[\d;:]*t"
    rb"|\x1bP.*?\x1b\\|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)",
    re.DOTALL,
)
_KITTY = re.compile(rb"\x1b\[\?\d+u")
"""The answer to `CSI ? u`; a terminal without the protocol gives none."""


class Arrived(StrEnum):
    """What became of a key that was pressed."""

    AS_MEANT = "arrives"
    BY_PLACE = "arrives, found by its place on the keyboard"
    CHANGED = "arrives as another key"
    TYPED = "types a character"
    NOTHING = "does not arrive"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key to press, and the bindings that it is part of."""

    key: str
    bindings: tuple[Binding, ...]

    @property
    def shown(self) -> str:
        """The key as people read it."""
        return display_key(self.key)


@dataclass(frozen=True, slots=True)
class Pressed:
    """What arrived for one key."""

    wanted: Wanted
    arrived: Arrived
    names: tuple[str, ...] = ()
    """Canonical names of the keys that arrived, modifiers alone left out."""
    sent: bytes = b""
    """The bytes of the terminal."""

    @property
    def good(self) -> bool:
        """Whether a binding of the key works."""
        return self.arrived in (Arrived.AS_MEANT, Arrived.BY_PLACE)

    def __str__(self) -> str:
        """Return one line for people."""
        if self.arrived is Arrived.AS_MEANT or not self.names:
            return str(self.arrived.value)
        return f"{self.arrived.value}: {' '.join(map(display_key, self.names))}"


@dataclass(frozen=True, slots=True)
class Terminal:
    """What is known of the terminal in which the keys were pressed."""

    term: str = ""
    program: str = ""
    multiplexer: str = ""
    kitty: bool = False
    """Whether it has answered that it speaks the Kitty keyboard protocol."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Another key for a binding whose own does not arrive."""

    binding: Binding
    keys: tuple[str, ...]
    already: bool = False
    """Whether the action is bound to these keys already."""


@dataclass(slots=True)
class Capture:
    """One session of pressing all keys of a keymap."""

    keymaps: tuple[Keymap, ...]
    terminal: Terminal = field(default_factory=Terminal)
    pressed: dict[str, Pressed] = field(default_factory=dict)

    @property
    def wanted(self) -> list[Wanted]:
        """The keys of the last keymap, each once, in the order in which they stand there."""
        found: dict[str, list[Binding]] = {}
        for binding in self.keymaps[-1].bindings:
            if binding.action_id is not None:
                for key in dict.fromkeys(binding.keys):
                    found.setdefault(key, []).append(binding)
        return [Wanted(key, tuple(bindings)) for key, bindings in found.items()]

    def take(self, wanted: Wanted, events: Sequence[tuple[str, str | None]], sent: bytes) -> Pressed:
        """Judge what arrived when `wanted` was pressed, and keep it. `events` are key and character as Textual gives them."""
        names = tuple(event_key(key, character) for key, character in events if key not in MODIFIER_KEYS)
        pressed = Pressed(wanted, _judge(wanted.key, names), names, sent)
        self.pressed[wanted.key] = pressed
        return pressed

    def nothing(self, wanted: Wanted) -> Pressed:
        """Keep that nothing arrived."""
        pressed = self.pressed[wanted.key] = Pressed(wanted, Arrived.NOTHING)
        return pressed

    def proposals(self) -> list[Proposal]:
        """Return another key for every binding with a key that does not arrive: one that it has, or one that is free."""
        bad = {key for key, pressed in self.pressed.items() if not pressed.good}
        if not bad:
            return []
        given: list[Binding] = []
        found = []
        for binding in self.keymaps[-1].bindings:
            if binding.action_id is None or not bad.intersection(binding.keys):
                continue
            there = self._others(binding, bad)
            if there is not None:
                found.append(Proposal(binding, there, already=True))
                continue
            free = self._free(binding, bad, given)
            if free is not None:
                given.append(Binding(binding.context, free, binding.action_id, "proposed", 0))
                found.append(Proposal(binding, free))
        return found

    def _others(self, binding: Binding, bad: set[str]) -> tuple[str, ...] | None:
        merged = merge(self.keymaps)
        place = next(place for place, stack in CONTEXTS.items() if binding.context in stack)
        for keys, other in merged.stack(CONTEXTS[place]).items():
            if other.action_id == binding.action_id and not bad.intersection(keys) and (is_portable(keys)):
                return keys
        return None

    def _free(self, binding: Binding, bad: set[str], given: Sequence[Binding]) -> tuple[str, ...] | None:
        text = binding.context in TEXT_PLACES
        letters = [letter for letter in ACTIONS[binding.action_id or ""].title.lower() if letter in _SECOND]
        seconds = dict.fromkeys([*letters, *_SECOND])
        ways: list[tuple[str, ...]] = [(key,) for key in _FREE.split()]
        if not text and binding.context != "global":
            ways = [*((letter,) for letter in seconds), *ways]
        for leader in ("ctrl+x", "ctrl+e", "ctrl+t"):
            ways += [(leader, second) for second in seconds]
        for keys in ways:
            if not bad.intersection(keys) and self._fits(
                Binding(binding.context, keys, binding.action_id, "", 0), given
            ):
                return keys
        return None

    def _fits(self, candidate: Binding, given: Sequence[Binding]) -> bool:
        """Whether nothing has these keys, begins with them, or is their beginning, wherever the candidate would hold."""
        if ACTIONS[candidate.action_id or ""].destructive and len(candidate.keys) == 1:
            return False
        trial = Keymap("proposed", "", (*given, candidate), Layer.USER, "proposed")
        try:
            merged = merge([*self.keymaps, trial])
            before = merge([*self.keymaps, Keymap("", "", tuple(given), Layer.USER, "proposed")])
        except KeymapError:
            return False
        stacks = [stack for stack in CONTEXTS.values() if candidate.context in stack]
        return all(
            candidate.keys not in before.stack(stack) and merged.stack(stack).get(candidate.keys) == candidate
            for stack in stacks
        )

    def snippet(self) -> str:
        """Return TOML for `keymap.toml` with the proposals that are new; empty where there are none."""
        contexts: dict[str, list[str]] = {}
        for proposal in self.proposals():
            if not proposal.already:
                line = f'"{_written(proposal.keys)}" = "{proposal.binding.action_id}"'
                contexts.setdefault(proposal.binding.context, []).append(line)
        return "\n".join(f"[bindings.{context}]\n" + "\n".join(lines) + "\n" for context, lines in contexts.items())

    def markdown(self, version: str) -> str:
        """Return the report."""
        keymap, bad = self.keymaps[-1], [pressed for pressed in self.pressed.values() if not pressed.good]
        protocol = "the Kitty keyboard protocol" if self.terminal.kitty else "the legacy encoding"
        lines = [
            f"# Keys of {_cell(keymap.name)}, as they arrive",
            "",
            f"- Paradesk {version}; TERM `{_cell(self.terminal.term) or 'not set'}`"
            + (f", {_cell(self.terminal.program)}" if self.terminal.program else "")
            + (f", inside {_cell(self.terminal.multiplexer)}" if self.terminal.multiplexer else ""),
            f"- keyboard: {protocol}",
            f"- pressed: {len(self.pressed)} of {len(self.wanted)} keys; {len(bad)} do not arrive as they are",
            "",
            "| Key | Bytes | What arrives | Actions |",
            "|---|---|---|---|",
        ]
        for pressed in self.pressed.values():
            actions = ", ".join(dict.fromkeys(binding.action_id or "" for binding in pressed.wanted.bindings))
            cells = (_code(pressed.wanted.shown), _code(shown_bytes(pressed.sent)), _cell(str(pressed)), actions)
            lines.append("| " + " | ".join(cells) + " |")
        missed = [wanted.shown for wanted in self.wanted if wanted.key not in self.pressed]
        if missed:
            lines += ["", "Not pressed: " + ", ".join(map(_code, missed)) + "."]
        if proposals := self.proposals():
            lines += ["", "## Instead", ""]
            for proposal in proposals:
                word = "has" if proposal.already else "could have"
                old, new = display_sequence(proposal.binding.keys), display_sequence(proposal.keys)
                lines.append(
                    f"- `{proposal.binding.action_id}`: {_code(old)} does not work here; it {word} {_code(new)}"
                )
        if snippet := self.snippet():
            lines += ["", "For `keymap.toml` beside your `config.toml`:", "", "```toml", snippet.rstrip("\n"), "```"]
        return "\n".join([*lines, ""])


def speaks_kitty(sent: bytes) -> bool:
    """Whether a terminal has said that it speaks the Kitty keyboard protocol."""
    return _KITTY.search(sent) is not None


def without_answers(sent: bytes) -> bytes:
    """Return what a person has caused of the bytes that came: a terminal's answers to questions are left out."""
    return _ANSWER.sub(b"", sent)


def shown_bytes(sent: bytes) -> str:
    """Return bytes for people: `ESC [ 1 ; 3 A`, `0f`."""
    text = sent.decode("utf-8", "replace")
    pieces = [
        "ESC" if letter == "\x1b" else letter if letter.isprintable() and letter != " " else "" for letter in text
    ]
    return " ".join(piece or f"{ord(letter):02x}" for piece, letter in zip(pieces, text, strict=True))


def _judge(wanted: str, names: Sequence[str]) -> Arrived:
    if not names:
        return Arrived.NOTHING
    if list(names) == [wanted]:
        return Arrived.AS_MEANT
    if len(names) == 1 and on_latin_layout(names[0]) == wanted:
        return Arrived.BY_PLACE
    modifiers, _ = split_key(wanted)
    if all(is_printable(name) for name in names) and (modifiers or not is_printable(wanted)):
        return Arrived.TYPED
    return Arrived.CHANGED


def _written(keys: Sequence[str]) -> str:
    return " ".join(display_key(key).replace("\\", "\\\\").replace('"', '\\"') for key in keys)


def _cell(text: str) -> str:
    return clean_line(text, 200).replace("|", "\\|")


def _code(text: str) -> str:
    text = _cell(text)
    return f"`` {text} ``" if "`" in text else f"`{text}`" if text else ""
