"""How the composer's rows look: the recipient's line, the text with its cursor and blanks, the attached files."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from paradesk.core.model import LocalFile
from paradesk.core.slots import SLOT_OPEN, find_slots
from paradesk.core.text import clean_line
from paradesk.ui.graphemes import cells, next_boundary, shown

_SLOT_REACH = 100
"""A blank is never longer than this, so one that crosses a row's end is found by looking this far around."""


@dataclass(frozen=True, slots=True)
class Target:
    """Who a composer writes to, as its first row names them."""

    name: str
    number: str = ""
    """The ticket's number, without `#`."""
    colour: str = ""
    """The customer's own hue as a colour such as `#5fd7ff`; empty for the theme's colour."""


class Mode(NamedTuple):
    """What decides the shape of a composer: a note must never look like a reply."""

    note: bool
    active: bool
    """It belongs to the active pane."""


class Row(NamedTuple):
    """One row as styled pieces; equal rows look equal, so comparing them says what to paint."""

    pieces: tuple[tuple[str, str], ...]
    """Text as drawn, and the name of its style: a component class without its prefix, or empty."""
    used: int
    """Cells up to the last piece; what follows is blank."""
    cursor: int = -1
    """The cell of the cursor, or -1."""
    plain: bool = True
    """All pieces are ASCII behind the gutter: every terminal agrees where its cells are."""


def gutter(mode: Mode, width: int) -> str:
    """The left edge of each row: heavy for the active pane, light for others, dashed and double for a note."""
    if width < 12:
        return "╎" if mode.note else "┃" if mode.active else "│"
    return "╎╎ " if mode.note else "┃ " if mode.active else "│ "


@lru_cache(64)
def recipient_row(mode: Mode, target: Target | None, width: int, remark: str, has_text: bool) -> Row:
    """The first row: who this goes to, in capitals behind an arrow when a key press would reach them."""
    edge = gutter(mode, width)
    name = number = ""
    if target is not None:
        name, number = clean_line(target.name, 60), clean_line(target.number, 20)
    who = (name.upper() if mode.active else name) + (f" #{number}" if number else "") or "nobody"
    room = width - cells(edge)
    if mode.note:
        # The word NOTE and the name come first; what a note is can be said where there is room left.
        mark = "▶ NOTE" if mode.active else "note"
        leads = [f"{mark}{meaning} · " for meaning in (" — only agents see this", " — agents only", "")]
        lead = next((lead for lead in leads if cells(lead) + cells(who) <= room), leads[-1])
    else:
        lead = "▶ to " if mode.active else "draft to " if has_text else "to "
    right = f" {remark} " if remark and cells(lead) + min(cells(who), 12) + cells(remark) + 3 <= room else ""
    left = clean_line(lead, max(1, room)) if cells(lead) > room else lead
    space = room - cells(right) - cells(left)
    tail = who if cells(who) <= space else clean_line(who, space) if space > 1 else ""
    gap = max(0, space - cells(tail))
    style = ("note" if mode.note else "recipient") if mode.active else "quiet"
    fill = " " + "╌" * (gap - 1) if mode.note and gap > 1 else " " * gap
    edge_style = "note" if mode.note else "edge" if mode.active else "quiet"
    pieces = [(edge, edge_style), (left, style), (tail, style), (fill, edge_style), (right, "remark")]
    return Row(tuple((text, name) for text, name in pieces if text), width, plain=False)


def text_row(
    edge: tuple[str, str],
    line: str,
    start: int,
    stop: int,
    *,
    cursor: int | None = None,
    selected: tuple[int, int] | None = None,
) -> Row:
    """Columns `start` to `stop` of a line as one row; `cursor` and `selected` are columns of that line."""
    text = line[start:stop]
    marks: list[tuple[int, int, str]] = []
    if SLOT_OPEN in line:
        first_column = max(0, start - _SLOT_REACH)
        marks.extend(
            (first_column + slot.start - start, first_column + slot.end - start, "slot")
            for slot in find_slots(line[first_column : stop + _SLOT_REACH])
        )
    if selected is not None:
        marks.append((selected[0] - start, selected[1] - start, "selection"))
    cursor_cell = -1
    if cursor is not None:
        at = cursor - start
        cursor_cell = cells(edge[0]) + cells(text[:at])
        if at == len(text):
            text += " "
        marks.append((at, next_boundary(text, at), "cursor"))
    pieces = [edge, *_marked(text, marks)]
    used = cells(edge[0]) + cells(text)
    return Row(tuple(pieces), used, cursor_cell, text.isascii())


def _marked(text: str, marks: list[tuple[int, int, str]]) -> Iterator[tuple[str, str]]:
    """The text in pieces as drawn, each with the name of the last mark that covers it."""
    size = len(text)
    cuts = {0, size}
    for first, last, _ in marks:
        cuts.add(min(max(0, first), size))
        cuts.add(min(max(0, last), size))
    for first, last in itertools.pairwise(sorted(cuts)):
        style = ""
        for mark in marks:
            if mark[0] <= first and last <= mark[1]:
                style = mark[2]
        yield shown(text[first:last]), style


def hint_row(edge: tuple[str, str], hint: str, width: int, *, cursor: bool) -> Row:
    """The row of an empty composer: the cursor, then what could be typed here."""
    room = width - cells(edge[0]) - 1
    pieces = [edge, (" ", "cursor" if cursor else "")]
    if hint and room > 1:
        pieces.append((clean_line(hint, room), "hint"))
    used = sum(cells(piece) for piece, _ in pieces)
    return Row(tuple(pieces), used, cells(edge[0]) if cursor else -1, hint.isascii())


def size_words(size: int) -> str:
    """A file size in words: `980 B`, `12 kB`, `3.4 MB`."""
    if size < 1000:
        return f"{size} B"
    if size < 999_500:
        return f"{round(size / 1000)} kB"
    return f"{size / 1_000_000:.1f} MB"


@lru_cache(16)
def files_row(edge: tuple[str, str], files: tuple[LocalFile, ...], width: int, remove_key: str) -> Row:
    """The row of attached files; the key that takes the last one away again is named while there is room."""
    room = width - cells(edge[0])
    names = [f"[file] {clean_line(file.name, 30)} {size_words(file.size)}" for file in files]
    listed = "  ".join(names)
    if cells(listed) > room and len(names) > 1:
        listed = f"[{len(files)} files] {names[-1][7:]} …"
    hint = f"  ({remove_key} to remove)" if remove_key else ""
    pieces = [edge, (listed if cells(listed) <= room else clean_line(listed, max(1, room)), "file")]
    if hint and cells(pieces[1][0]) + cells(hint) <= room:
        pieces.append((hint, "hint"))
    return Row(tuple(pieces), sum(cells(piece) for piece, _ in pieces), plain=False)


def paint(row: Row, width: int, style_of: Callable[[str], Style]) -> Strip:
    """The row as a strip of exactly `width` cells."""
    base = style_of("")
    segments = [Segment(text, style_of(name) if name else base) for text, name in row.pieces]
    if row.used < width:
        segments.append(Segment(" " * (width - row.used), base))
    strip = Strip(segments, max(row.used, width))
    return strip if row.used <= width else strip.crop(0, width)
