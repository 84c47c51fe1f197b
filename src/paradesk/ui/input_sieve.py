"""Sorts what a terminal sends into keys, pastes and what nobody should see. Pure: characters and times in, pieces out.

A paste is literal: nothing inside it is a key, a size or a reply. It ends at the last end mark of what arrives
together, because an end mark that more characters follow at once was part of the pasted text. Where the terminal marks
no pastes, what no person can have typed at one moment is one.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

PASTE_START = "\x1b[200~"
PASTE_END = "\x1b[201~"

MAX_PASTE = 1_000_000
"""Characters of one paste that are kept; one more is kept as well, so that its owner can tell that some are missing."""

PASTE_SILENCE = 2.0
"""Seconds without input after which a paste without an end mark is over."""

PASTE_GRACE = 0.02
"""Seconds in which what follows an end mark may still turn out to be part of the paste."""

SEQUENCE_SILENCE = 0.1
"""Seconds after which the first characters of an escape sequence are keys that were pressed."""

TOGETHER = 32
"""Characters of text that nobody types between two reads: control characters among them were not pressed either."""

UNMARKED_GRACE = 0.05
"""Seconds in which what follows a paste without marks is still part of it."""

_SLOW_LINE = 1.0
"""Seconds after which the rest of a longer sequence is not waited for any more."""
_LONGEST_GRACE = 5.0
_LONGEST_GRACE_OF_MOUSE = 0.5
_RESUMES = 64
_LONGEST_HELD = 65_536
_MAX_SCREEN = 9_999

_DROPPED = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC: colours, clipboard
    r"|\x1b[P_^X][^\x1b]*\x1b\\"  # DCS, APC, PM, SOS: versions, capabilities, graphics
    r"|\x1b\[(?!\?\d+;\d\$y)[?>=][\d;:]*[ -/]*[@-~]"  # attributes, key modes; mode reports (`$y`) are wanted
    r"|\x1b\[\d[\d;]*n"  # status report
    r"|\x1b\[(?!48;)\d[\d;]*t"  # window reports other than a resize
)
_SIZE = re.compile(r"\x1b\[48;(\d+)[:\d]*;(\d+)[:\d]*;[\d:;]*t")
_LARGE_NUMBER = re.compile(r"\x1b\[[\d;:]*\d{5}[\d;:]*[A-Za-z~]")
_MOUSE_ONLY = re.compile(r"(?:\x1b\[<[\d;]+[mM])+\Z")
_SEQUENCE = re.compile(r"\x1b\[[\d;:<>=?]*[ -/]*[@-~]|\x1bO?.", re.DOTALL)
_ENTER_BESIDE_TEXT = re.compile(r"[^\x00-\x1f\x7f]\r|\A[\r\n]*\r[\r\n]*[^\x00-\x1f\x7f]{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_UNFINISHED = re.compile(r"\x1b*\x1b(?:\[[\d;:<>=?]*[ -/]*|\][^\x07\x1b]*\x1b?|[P_^X][^\x1b]*\x1b?|O)?\Z")


class Keys(NamedTuple):
    """Complete keys, mouse moves and wanted reports, as the terminal encoded them."""

    data: str


class Pressed(NamedTuple):
    """The start of an escape sequence that never went on: these characters were pressed as keys."""

    data: str


class Pasted(NamedTuple):
    """Text that was pasted; more than `MAX_PASTE` characters long when some of it was left out."""

    text: str


Piece = Keys | Pressed | Pasted


class InputSieve:
    """Feed it what was read, ask it again after `wait()` seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` counts seconds and never goes back."""
        self._clock = clock
        self._read_at = clock()
        self._held = ""
        self._paste: list[str] | None = None
        self._paste_size = 0
        self._tail = ""
        self._after: str | None = None
        """What followed the end mark so far; None while no end mark was seen."""
        self._ended_at = 0.0
        self._cut_short = False
        self._unmarked_at = float("-inf")
        """When the last paste without marks was read."""

    def feed(self, data: str) -> list[Piece]:
        """Take characters that were read together, and return what they complete."""
        pieces: list[Piece] = []
        self._read_at = self._clock()
        if self._cut_short:
            # A paste that fell silent goes on in large pieces; a person who found it stuck presses single keys.
            self._cut_short = False
            if len(data) >= _RESUMES and not data.startswith(PASTE_START):
                self._begin_paste()
        if self._after is not None:
            open_for = self._read_at - self._ended_at
            mouse = _MOUSE_ONLY.match(self._after) is not None
            if open_for >= (_LONGEST_GRACE_OF_MOUSE if mouse else _LONGEST_GRACE):
                self._finish_paste(pieces)
        self._take(data, pieces)
        return pieces

    def tick(self) -> list[Piece]:
        """Return what is complete because nothing followed. Call it only while there is nothing to read."""
        pieces: list[Piece] = []
        silence = self._clock() - self._read_at
        if self._after is not None:
            if silence >= PASTE_GRACE:
                self._finish_paste(pieces)
        elif self._paste is not None:
            if silence >= PASTE_SILENCE:
                self._keep(self._tail)
                pieces.append(self._end_paste())
                self._cut_short = True
        elif self._held and silence >= (SEQUENCE_SILENCE if self._held_may_be_keys else _SLOW_LINE):
            if self._held_may_be_keys:
                pieces.append(Pressed(self._held))
            self._held = ""
        return pieces

    def wait(self) -> float | None:
        """Seconds until `tick` should be called; None when it has nothing to wait for."""
        if self._after is not None:
            return PASTE_GRACE
        if self._paste is not None:
            return PASTE_SILENCE
        return SEQUENCE_SILENCE if self._held else None

    @property
    def _held_may_be_keys(self) -> bool:
        """Escape alone, or with one character that Alt was held for; nobody presses more than that at once."""
        return len(self._held.lstrip("\x1b")) < 2

    def _finish_paste(self, pieces: list[Piece]) -> None:
        after, self._after = self._after, None
        pieces.append(self._end_paste())
        self._take(after or "", pieces)

    def _take(self, data: str, pieces: list[Piece]) -> None:
        if self._paste is not None:
            self._take_pasted(data)
            return
        data, self._held = self._held + data, ""
        before, mark, pasted = data.partition(PASTE_START)
        if mark:
            self._add_keys(before, pieces)
            self._begin_paste()
            self._take_pasted(pasted)
            return
        unfinished = _UNFINISHED.search(data)
        # What only begins like a sequence within a paste would take the rest of it along.
        if unfinished is not None and not _unmarked_paste(data[: unfinished.start()]):
            data, self._held = data[: unfinished.start()], unfinished.group()
            if len(self._held) > _LONGEST_HELD:
                self._held = self._held[:3]
        self._add_keys(data, pieces)

    def _add_keys(self, data: str, pieces: list[Piece]) -> None:
        if "\x1b" in data:
            data = _LARGE_NUMBER.sub(_refuse_absurd_number, _SIZE.sub(_refuse_absurd_size, _DROPPED.sub("", data)))
        if not data:
            return
        goes_on = self._read_at - self._unmarked_at <= UNMARKED_GRACE and not _MOUSE_ONLY.match(data)
        if goes_on or _unmarked_paste(data):
            self._unmarked_at = self._read_at
            pieces.append(Pasted(data))
        else:
            pieces.append(Keys(data))

    def _begin_paste(self) -> None:
        self._paste, self._paste_size, self._tail, self._after = [], 0, "", None

    def _take_pasted(self, data: str) -> None:
        if self._after is not None:
            data, self._after = self._after + data, None
            if PASTE_END not in data:
                self._after = data
                return
            data = PASTE_END + data
        data = self._tail + data
        end = data.rfind(PASTE_END)
        if end < 0:
            keep = len(data) - len(PASTE_END) + 1
            self._keep(data[: max(0, keep)])
            self._tail = data[max(0, keep) :]
            return
        self._ended_at = self._clock()
        self._keep(data[:end])
        self._tail = ""
        self._after = data[end + len(PASTE_END) :]

    def _keep(self, text: str) -> None:
        if self._paste is not None and self._paste_size <= MAX_PASTE:
            self._paste.append(text[: MAX_PASTE + 1 - self._paste_size])
            self._paste_size += len(self._paste[-1])

    def _end_paste(self) -> Pasted:
        text = "".join(self._paste or ())
        self._paste, self._tail = None, ""
        return Pasted(text.replace(PASTE_END, "").replace(PASTE_START, "").replace("\x00", ""))


def _unmarked_paste(data: str) -> bool:
    """Say whether what was read at one moment is a paste of a terminal that does not mark pastes.

    Nobody presses Enter at the very moment of another key. On a line that stalls, what was typed one after the other
    comes at one moment as well; an Enter that is a new line then is seen, and pressed again.
    """
    without_sequences = _SEQUENCE.sub("\x00", data)
    if _ENTER_BESIDE_TEXT.search(without_sequences):
        return True
    text = _CONTROL.sub("", without_sequences)
    return len(text) >= TOGETHER and len(text) < len(without_sequences)


def _refuse_absurd_number(sequence: re.Match[str]) -> str:
    """A number that no key, place or size has is refused; characters of a key (`u`) may be any that exist."""
    text = sequence.group()
    largest = 0x10FFFF if text.endswith("u") else 99_999
    for digits in re.findall(r"\d{5,}", text):
        number = int(digits[:10])
        if number > largest or (text.endswith("u") and 0xD800 <= number <= 0xDFFF):
            return ""
    return text


def _refuse_absurd_size(sequence: re.Match[str]) -> str:
    height, width = int(sequence[1][:10]), int(sequence[2][:10])
    return sequence.group() if 0 < height <= _MAX_SCREEN and 0 < width <= _MAX_SCREEN else ""
