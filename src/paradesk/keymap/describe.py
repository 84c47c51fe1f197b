"""What help, the which-key overlay and the documentation say about keys. All of it comes from registry and keymaps."""

from collections.abc import Sequence
from dataclasses import dataclass

from paradesk.keymap.actions import ACTIONS, WEB_ACTIONS, Action
from paradesk.keymap.dispatch import Dispatcher
from paradesk.keymap.keymap import Keymap
from paradesk.keymap.names import parse_sequence
from paradesk.keymap.portability import is_portable


@dataclass(frozen=True, slots=True)
class HelpRow:
    """One action and its keys as people read them, best first; no keys where nothing is bound."""

    action: Action
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HelpSection:
    """The actions of one category, in the order of the registry."""

    title: str
    rows: tuple[HelpRow, ...]


def help_sections(dispatcher: Dispatcher, contexts: tuple[str, ...] | None = None) -> list[HelpSection]:
    """Return every action with its keys; with `contexts`, only those that a key can reach there."""
    sections: dict[str, list[HelpRow]] = {}
    for action in ACTIONS.values():
        keys = dispatcher.keys_for(action.id, contexts)
        if keys or contexts is None:
            sections.setdefault(action.category, []).append(HelpRow(action, tuple(keys)))
    return [HelpSection(title, tuple(rows)) for title, rows in sections.items()]


def which_key(dispatcher: Dispatcher, prefix: tuple[str, ...], contexts: tuple[str, ...]) -> list[HelpSection]:
    """Return what can follow an unfinished sequence, by category; `keys` holds the remaining keys only."""
    following: dict[str, list[str]] = {}
    for keys, action_id in dispatcher.options(prefix, contexts):
        following.setdefault(action_id, []).append(keys)
    sections: dict[str, list[HelpRow]] = {}
    for action in ACTIONS.values():
        if action.id in following:
            sections.setdefault(action.category, []).append(HelpRow(action, tuple(following[action.id])))
    return [HelpSection(title, tuple(rows)) for title, rows in sections.items()]


def cheat_sheet(title: str, description: str, dispatcher: Dispatcher) -> str:
    """Return one keymap as Markdown: a table per category, every action."""
    lines = [f"## {_cell(title)}", ""]
    if description:
        lines += [f"{_cell(description)}.", ""]
    for section in help_sections(dispatcher):
        lines += [f"### {section.title}", "", "| Keys | Action | What it does | Id |", "|---|---|---|---|"]
        for row in section.rows:
            keys = ", ".join(_code(keys) for keys in row.keys)
            lines.append(f"| {keys} | {row.action.title} | {_cell(row.action.description)} | `{row.action.id}` |")
        lines.append("")
    return "\n".join(lines)


def keys_document(default: Keymap, packs: Sequence[Keymap]) -> str:
    """Return `docs/keys.md`: the default keymap whole, and of each pack what it adds."""
    parts = [_INTRODUCTION, cheat_sheet(default.name, default.description, Dispatcher([default]))]
    return "\n".join([*parts, *(_difference(default, pack) for pack in packs), _OWN]).rstrip("\n") + "\n"


def _difference(default: Keymap, pack: Keymap) -> str:
    plain, dispatcher = Dispatcher([default]), Dispatcher([default, pack])
    lines = [f"## {_cell(pack.name)}", "", f"{_cell(pack.description)}. All other keys are those of the default.", ""]
    lines += ["| Action | Keys | In every terminal |", "|---|---|---|"]
    changed = [action_id for action_id in ACTIONS if dispatcher.keys_for(action_id) != plain.keys_for(action_id)]
    web = [action_id for action_id in WEB_ACTIONS if action_id in changed]
    for action_id in [*web, *(action_id for action_id in changed if action_id not in web)]:
        keys = dispatcher.keys_for(action_id)
        safe = [key for key in keys if is_portable(parse_sequence(key))]
        rest = [key for key in keys if key not in safe]
        title = ACTIONS[action_id].title
        lines.append(f"| {title} | {', '.join(map(_code, rest))} | {', '.join(map(_code, safe))} |")
    dead = sorted({binding for binding in pack.bindings if binding.action_id is None}, key=lambda b: b.line)
    if dead:
        lines += ["", "These keys do nothing there: " + ", ".join(_code(str(binding)) for binding in dead) + "."]
    return "\n".join([*lines, ""])


def _code(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{_cell(text)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


_INTRODUCTION = """\
# Keys

This page is made by `paradesk keys list --markdown` from the keymaps that ship; do not edit it.

A sequence such as `ctrl+x o` is pressed one key after the other. The ctrl key may stay down for the second key, nothing
times out, and what can follow is shown. `esc` cancels, `ctrl+x ctrl+x` is ctrl+x itself, and a second key that means
nothing is swallowed, so that a slip is never typed to a customer.

Where the focus is decides which keys hold: composer, transcript, hotlist, a picker or a dialog. In the composer, in
pickers and in dialogs a key that types a character is always text.
"""

_OWN = """\
## Keys of your own

Write `keymap.toml` beside your `config.toml` (`paradesk config path` says where), and check it with
`paradesk keys check keymap.toml`:

```toml
[keymap]
name = "mine"

[bindings.global]
"ctrl+x f" = "transcript.find"

[bindings.composer]
"ctrl+l" = false    # this key does nothing here
```

`false` blocks a key: it does nothing, not even what a text field would do. `"ctrl+x *" = false` unbinds everything that
begins with ctrl+x. `"ctrl+k" = "-composer.delete_to_end"` takes that action away from the key and leaves the key free.

Bindings stand in the context in which they hold: `global`, `composer`, `transcript`, `hotlist`, `picker`, `dialog`, or
`workspace`, which is all but pickers and dialogs. Layers go on top of each other: default, the chosen keymap, your
team's, yours. A binding that is the beginning of another is an error: a key cannot both act and wait for the next one.

Terminals differ in what they deliver. Portable are plain keys, ctrl with a letter (not h, i, m), F1 to F9 and F12, the
arrows, and sequences of these. Ctrl+alt, ctrl+shift and alt combinations often arrive as another key, or are typed into
the reply; `paradesk keys check` says for each binding what may arrive instead, and wants a fallback. It also finds
bindings that never act, actions that have lost their last key, and, with `--layout de`, what a keyboard cannot type.

`paradesk keys` asks for every key of your keymap, shows what your terminal really sends, and writes a report with other
keys for those that do not arrive. Press the keys where you work: inside tmux and over ssh they arrive differently.

## Keyboards

A key that types a character in the composer is text on every keyboard, also with AltGr. On a Cyrillic or Greek keyboard
a shortcut is found by the place of its key. Where digits need Shift, as in France, `layout = "fr"` in config.toml lets
`ctrl+x &` be `ctrl+x 1`.
"""
