"""Word wrap by terminal cells, for text that is drawn row by row. Pure; agrees with how rich measures text."""

from rich.cells import cell_len, get_character_cell_size

TAB_CELLS = 4
"""Tab stops of text that was written elsewhere: narrow, because panes are."""

_MOST_EXTENDERS = 8
"""More zero-width characters than this on one base are counted as one cell each: terminals disagree about them."""


class _Extends(dict[str, bool]):
    """Whether a character belongs to the one before it, found out once per character."""

    def __missing__(self, char: str) -> bool:
        code = ord(char)
        extends = (code >= 0xA0 and get_character_cell_size(char) == 0) or 0x1F3FB <= code <= 0x1F3FF
        self[char] = extends
        return extends


_extends = _Extends()

Cluster = tuple[int, int, int]
"""Start and end in the text, and cells."""


def clusters(text: str, start: int = 0, end: int | None = None) -> list[Cluster]:
    """Return what a person would call the characters of `text[start:end]`, with their cells."""
    end = len(text) if end is None else end
    found: list[Cluster] = []
    at = start
    while at < end:
        begin = at
        char = text[at]
        at += 1
        if "\U0001f1e6" <= char <= "\U0001f1ff" and at < end and "\U0001f1e6" <= text[at] <= "\U0001f1ff":
            at += 1  # two regional indicators are one flag
        extenders = 0
        while at < end:
            if text[at - 1] != "\u200d" and not _extends[text[at]]:
                break
            at += 1
            extenders += 1
        cells = get_character_cell_size(char) if at == begin + 1 else cell_len(text[begin:at])
        found.append((begin, at, cells + max(0, extenders - _MOST_EXTENDERS)))
    return found


def wrap(text: str, width: int, most: int | None = None) -> list[tuple[int, int]]:
    """Return the rows of `text` as `(start, end)` slices, each at most `width` cells; at least one row.

    Rows break at newlines, at blanks, beside wide characters, and inside words that are longer than a row. The blank
    at which a row breaks belongs to no row. At most `most` rows are made.
    """
    width = max(1, width)
    rows: list[tuple[int, int]] = []
    start = 0
    while most is None or len(rows) < most:
        end = text.find("\n", start)
        if end < 0:
            end = len(text)
        if end - start <= width and text[start:end].isascii():
            rows.append((start, end))
        elif text[start:end].isascii():
            _wrap_ascii(text, start, end, width, rows, most)
        else:
            _wrap_any(text, start, end, width, rows)
        if end == len(text):
            break
        start = end + 1
    return rows if most is None else rows[:most]


def _wrap_ascii(text: str, start: int, end: int, width: int, rows: list[tuple[int, int]], most: int | None) -> None:
    while end - start > width and (most is None or len(rows) < most):
        cut = text.rfind(" ", start, start + width + 1)
        if cut <= start:
            rows.append((start, start + width))
            start += width
        else:
            rows.append((start, cut))
            start = cut + 1
            if start == end:
                return  # only the blank was left
    rows.append((start, end))


def _wrap_any(text: str, start: int, end: int, width: int, rows: list[tuple[int, int]]) -> None:
    row = start
    used = 0
    cut = resume = -1  # the row can end at `cut`, and the next begin at `resume`
    used_then = 0
    wide_before = False
    for begin, after, cells in clusters(text, start, end):
        if text[begin] == " ":
            if used + cells > width:
                rows.append((row, begin))
                row, used, cut = after, 0, -1
            else:
                used += cells
                cut, resume, used_then = begin, after, used
            wide_before = False
            continue
        wide = cells >= 2
        if (wide or wide_before) and begin > row:
            cut, resume, used_then = begin, begin, used
        wide_before = wide
        if used + cells > width and begin > row:
            if cut > row:
                rows.append((row, cut))
                row, used = resume, used - used_then
            if used + cells > width and begin > row:
                rows.append((row, begin))
                row, used = begin, 0
            cut = -1
        used += cells
    if row < end or row == start:
        rows.append((row, end))


def cut_to(text: str, width: int) -> str:
    """Return `text` cut to `width` cells, ending in `…` where something was cut."""
    if (len(text) if text.isascii() else cell_len(text)) <= width:
        return text
    used = 0
    for begin, _, cells in clusters(text):
        if used + cells > width - 1:
            return text[:begin] + "…" if width > 0 else ""
        used += cells
    return text


def offset_at(text: str, start: int, end: int, cell: int) -> int:
    """Return the offset in `text` of the character that covers `cell` of the row `text[start:end]`, at most `end`."""
    if cell <= 0:
        return start
    used = 0
    for begin, _, cells in clusters(text, start, end):
        used += cells
        if used > cell:
            return begin
    return end


def snap(text: str, offset: int) -> int:
    """Return the next offset at which `text` can be split without tearing a character from its marks."""
    while 0 < offset < len(text) and (_extends[text[offset]] or text[offset - 1] == "\u200d"):
        offset += 1
    return offset
