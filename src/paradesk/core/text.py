"""Cleaning of text from outside: what comes out carries no terminal control, no reordering and no invisible cargo.

Everything from outside (messages, names, subjects, file names, error texts, pack texts) goes through here once, field
by field, where it enters. The rules are chosen so that text of honest people comes out unchanged, in any script:

- C0 controls and DEL become their pictures (`␛`, `␀`, `␡`), never nothing: removing the end of an escape sequence
  would leave its beginning. C1 controls, lone surrogates and non-characters become `�`.
- CR, CRLF, NEL, LS and PS become a newline. Tab and newline stay.
- Controls that reorder text become a visible `␦`; letters of right-to-left scripts stay as they are.
- Zero-width spaces, soft hyphens, tag characters and fillers go. ZWJ and ZWNJ stay, at most two in a row, because
  emoji, Persian and Indic scripts need them.
- A base carries at most `MAX_MARKS` combining marks, one variation selector in a row, and no line begins with a mark:
  it would attach itself to whatever the screen shows to its left.

Every function is pure and idempotent; `clean_text` and `clean_line` never return more characters than they got.
"""

import re
import unicodedata

MAX_MARKS = 4
"""Combining marks that one base character may carry."""

MAX_ORIGINAL = 16_384
"""Characters that `escaped` returns at most."""

_MAX_JOINERS = 2
_BIDI = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_INVISIBLE = (
    *(0x00AD, 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180E, 0x200B, 0x3164, 0xFEFF, 0xFFA0),
    *range(0x2060, 0x2066),
    *range(0x206A, 0x2070),
    *range(0xFFF0, 0xFFFC),
    *range(0x1BCA0, 0x1BCA4),
    *range(0x1D173, 0x1D17B),
    *range(0xE0000, 0xE1000),
)
_NONCHARACTERS = (
    *range(0xFDD0, 0xFDF0),
    *(plane + last for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF)),
)
_MAP: dict[int, str | None] = {code: chr(0x2400 + code) for code in range(0x20) if code not in (0x09, 0x0A)}
_MAP |= dict.fromkeys((*range(0x80, 0xA0), *range(0xD800, 0xE000), *_NONCHARACTERS), "\ufffd")
_MAP |= dict.fromkeys(_BIDI, "\u2426")
_MAP |= dict.fromkeys(_INVISIBLE)
_MAP |= {0x7F: "\u2421", 0x85: "\n", 0x2028: "\n", 0x2029: "\n"}

_ascii_control = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
_mapped = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    + "".join(chr(plane + 0xFFFE) + chr(plane + 0xFFFF) for plane in range(0x10000, 0x110000, 0x10000))
    + "]"
)
_variation = re.compile("([\ufe00-\ufe0f])[\ufe00-\ufe0f]+")
# Combining marks are no word characters: only runs longer than what is allowed are looked at one by one.
_mark_run = re.compile(rf"[^\w\s\x00-\u02ff]{{{_MAX_JOINERS + 1},}}")
_leading_joiner = re.compile("^[\u200c\u200d\ufe00-\ufe0f]+", re.M)
_leading_mark = re.compile(r"^[^\w\s\x00-\u02ff]", re.M)
_breaks = re.compile("[ ]*[\t\n]+[ \t\n]*")
_BLANK = "\u2800"  # a braille cell without dots: blank, yet no white space


def clean_text(text: str, limit: int = 1_000_000) -> str:
    """Return `text` made harmless for a terminal (see the module), cut to `limit` characters; newlines and tabs stay.

    Clean each field on its own, before anything stores or joins it.
    """
    if text.isascii():
        if not _ascii_control.search(text):
            return text[:limit]
        return text.replace("\r\n", "\n").replace("\r", "\n").translate(_MAP)[:limit]
    if _mapped.search(text):
        text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_MAP)
    text = _mark_run.sub(_thin, _variation.sub(r"\1", text))
    return _leading_mark.sub(_seat, _leading_joiner.sub("", text))[:limit]


def clean_line(text: str, limit: int = 60) -> str:
    """Return `text` cleaned, on one line, and at most `limit` terminal cells wide; what was cut ends in `…`.

    For names, subjects and labels. Text of nothing but blanks comes back empty. Widths are counted generously (a
    sequence of joined emoji as the sum of its parts), so that the result fits wherever `limit` cells are free.
    """
    line, before = _breaks.sub(" ", clean_text(text)), ""
    while line != before:  # taking blanks away may put a mark or a joiner at the front, and taking that away a blank
        before = line
        line = clean_text(line.strip().strip(_BLANK).strip())
    if len(line) <= limit and line.isascii():
        return line
    return _cut(line, limit)


def cell_width(text: str) -> int:
    """Return how many terminal cells `text` takes at most, without knowing the terminal. Newlines count as one."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cut(line: str, limit: int) -> str:
    if len(line) > 4 * limit + 64:  # far more than fits, unless it is nearly all marks: no need to measure the rest
        line, longer = line[: limit * (MAX_MARKS + _MAX_JOINERS + 2) + 1], True
    else:
        longer = False
    used = 0
    fits = 0  # characters that fit with room for the ellipsis
    for place, char in enumerate(line):
        used += _cells(char)
        if used <= limit - 1:
            fits = place + 1
        elif used > limit:
            longer = True
            break
    if not longer:
        return line
    if limit <= 0:
        return ""
    return line[:fits].rstrip(" \u200c\u200d") + "…"


def _cells(char: str) -> int:
    code = ord(char)
    if code < 0x300:
        return 1
    if code == 0xFE0F:
        return 1  # makes a narrow emoji wide
    if code in (0x200C, 0x200D) or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    if unicodedata.east_asian_width(char) in "WF" or 0x1F000 <= code <= 0x1FAFF or 0x20000 <= code <= 0x3FFFD:
        return 2
    return 1


def _thin(run: re.Match[str]) -> str:
    kept: list[str] = []
    marks = joiners = 0
    for char in run[0]:
        if char in "\u200c\u200d":
            joiners += 1
            if joiners <= _MAX_JOINERS:
                kept.append(char)
            continue
        if unicodedata.category(char) in ("Mn", "Me"):
            marks += 1
            if marks <= MAX_MARKS:
                joiners = 0
                kept.append(char)
            continue
        marks = joiners = 0
        kept.append(char)
    return "".join(kept)


def _seat(first: re.Match[str]) -> str:
    return "\u25cc" if unicodedata.category(first[0]) in ("Mn", "Me") else first[0]


_HIDING = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
"""What a reader does not see, or a terminal obeys. Line ends of any kind are not among it."""


def has_hidden(text: str) -> bool:
    """Return whether cleaning takes something out of a text that its reader would not have seen: controls of terminals
    and of direction, characters without width, tags."""
    return _HIDING.search(text) is not None


def escaped(text: str, limit: int = MAX_ORIGINAL) -> str:
    """Return a text with each character that does not show itself as an escape (`\\u202e`), cut to `limit` characters.

    A backslash is doubled, so that an escape in the text itself is told from one that stands for a character. Newlines
    stay, and so do letters of every script; what comes out passes `clean_text` as it is but for piles of accents.
    """
    pieces: list[str] = []
    size = 0
    for char in text:
        piece = _escape(char)
        size += len(piece)
        if size > limit:
            pieces.append("…")
            break
        pieces.append(piece)
    return "".join(pieces)


def _escape(char: str) -> str:
    if char == "\\":
        return "\\\\"
    if char in "\n " or (" " < char < "\x7f"):
        return char
    code = ord(char)
    shown = char.isprintable() and code not in _MAP and not 0xFE00 <= code <= 0xFE0F and char != _BLANK
    if shown:
        return char
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


MAX_FILENAME_BYTES = 120
"""Longest file name that `clean_filename` returns, in UTF-8."""

_DEVICES = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in "123456789¹²³"))
)
_UNFIT = frozenset(':*?"<>|') | {_BLANK, *map(chr, _INVISIBLE)}


def clean_filename(name: str) -> str:
    """Return a name under which a file from outside can be stored: no folder, no control or hidden character, no
    leading `-` or `.`, no device name, at most `MAX_FILENAME_BYTES`; `file` when nothing is left.
    """
    name = name[-4096:].replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join("_" if char in _UNFIT or _is_unprintable(char) else char for char in name)
    name = _trim(clean_text(_trim(name)))
    if len(name.encode()) > MAX_FILENAME_BYTES:
        stem, dot, ending = name.rpartition(".")
        if not dot or len(ending.encode()) > 16:
            stem, dot, ending = name, "", ""
        room = MAX_FILENAME_BYTES - len((dot + ending).encode())
        name = _trim(stem.encode()[:room].decode(errors="ignore").rstrip(". ") + dot + ending)
    if name.split(".", 1)[0].rstrip().casefold() in _DEVICES:
        name = "_" + name
    return name or "file"


def _is_unprintable(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp")


def _trim(name: str) -> str:
    return name.strip().lstrip("-. \t").rstrip(". ").strip()


_link = re.compile(
    r"(?<!\w)https?://(?=[\w\[])"
    '[^\\s\x00-\x20\x7f-\x9f<>"`{}|^\\\\\u2400-\u2426\ufffd\u200b-\u200f\u2018-\u201f\u2026\u2028-\u202e\u2060-\u206f'
    "\u3000-\u303f\uff00-\uff0f]{1,4096}",
    re.I,
)
_MAX_LINK = 2048
_OPENING = {")": "(", "]": "["}


def find_links(text: str) -> list[tuple[int, int, str]]:
    """Return `(start, end, address)` of each http or https address that stands in the text, in order.

    The address is exactly what stands there, without the punctuation that closes a sentence. Other schemes, and
    addresses of absurd length, are no links.
    """
    found: list[tuple[int, int, str]] = []
    at = 0
    while match := _link.search(text, at):
        start, at = match.span()
        address = _before_unbalanced(match[0]).rstrip(".,;:!?'*_~")
        if len(address) <= _MAX_LINK and not address.endswith("//"):
            at = start + len(address)
            found.append((start, at, address))
    return found


def _before_unbalanced(address: str) -> str:
    opened = {"(": 0, "[": 0}
    for place, char in enumerate(address):
        if char in opened:
            opened[char] += 1
        elif char in _OPENING:
            opened[_OPENING[char]] -= 1
            if opened[_OPENING[char]] < 0:
                return address[:place]
    return address
