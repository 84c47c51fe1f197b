"""How `paradesk packs` shows what changes: keys one a line, texts side by side, rules in words."""

import shutil
from itertools import zip_longest
from typing import TYPE_CHECKING

from paradesk.cli.packs_report import say

if TYPE_CHECKING:
    from paradesk.packs.changes import Changes

MOST = 40
"""Lines of one kind that are shown; the rest is counted."""


def show_changes(changes: "Changes", *, everything: bool = False) -> None:
    """Print all changes; long lists are cut unless `everything` is asked for."""
    if not changes:
        say("Nothing changes.")
        return
    _section("Keymaps", changes.keymaps, everything)
    _section("Keys that change what they do", [str(key) for key in changes.keys], everything)
    _section("New responses", [f"+ {item.id}  {item.title}" for item in changes.added], everything)
    _section("Responses that go", [f"- {item.id}  {item.title}" for item in changes.removed], everything)
    _section("New titles", changes.retitled, everything)
    _section("What else changes in responses", changes.altered, everything)
    if changes.reworded:
        say(f"Texts that change ({len(changes.reworded)})")
        width = max(20, (min(shutil.get_terminal_size((100, 24)).columns, 160) - 7) // 2)
        shown = changes.reworded if everything else changes.reworded[:MOST]
        for item in shown:
            say(f"  {item.response_id} [{item.language}]")
            for left, right in zip_longest(_wrapped(item.before, width), _wrapped(item.after, width), fillvalue=""):
                _row(left, right, width)
        _more(len(changes.reworded) - len(shown))
    _section("Policy", changes.policy, everything)


def _section(title: str, lines: list[str], everything: bool) -> None:
    if not lines:
        return
    say(f"{title} ({len(lines)})")
    shown = lines if everything else lines[:MOST]
    for line in shown:
        say(f"  {line}")
    _more(len(lines) - len(shown))


def _more(count: int) -> None:
    if count > 0:
        say(f"  … and {count} more; --all shows them")


def _row(left: str, right: str, width: int) -> None:
    import click

    from paradesk.core.text import cell_width, clean_text

    left, right = clean_text(left), clean_text(right)
    click.echo(f"    {left}{' ' * max(0, width - cell_width(left))} │ {right}".rstrip())


def _wrapped(text: str, width: int) -> list[str]:
    """Break a text at blanks into lines of at most so many terminal cells; a longer word is cut."""
    from paradesk.core.text import cell_width, clean_text

    lines: list[str] = []
    for paragraph in clean_text(text).splitlines() or ["(none)"]:
        line = ""
        for word in paragraph.split():
            while cell_width(word) > width:
                cut = next(at for at in range(len(word), 0, -1) if cell_width(word[:at]) <= width)
                lines += [line] if line else []
                line = ""
                lines.append(word[:cut])
                word = word[cut:]
            if line and cell_width(line) + 1 + cell_width(word) > width:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}".strip()
        lines.append(line)
    return lines
