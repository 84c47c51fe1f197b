"""A terminal emulator to measure against: libvterm where it is installed, else pyte (a bottleneck in a flood)."""

import ctypes
import re
from codecs import getincrementaldecoder
from typing import Any, Protocol


class Emulator(Protocol):
    """A screen that is fed with bytes and can be read."""

    name: str

    def feed(self, data: bytes) -> None:
        """Take output of the program."""

    def row(self, row: int, start: int = 0, end: int | None = None) -> str:
        """Return the text of a row between two columns."""

    def cursor(self) -> tuple[int, int]:
        """Return row and column of the cursor."""


class _Rect(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int) for name in ("start_row", "end_row", "start_col", "end_col")]


class _Position(ctypes.Structure):
    _fields_ = [("row", ctypes.c_int), ("col", ctypes.c_int)]


class LibVTerm:
    """libvterm through ctypes (Debian: libvterm0)."""

    name = "libvterm"

    def __init__(self, rows: int, columns: int) -> None:
        lib = ctypes.CDLL("libvterm.so.0")
        pointer, number, size = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t
        signatures: dict[str, tuple[Any, tuple[Any, ...]]] = {
            "vterm_new": (pointer, (number, number)),
            "vterm_set_utf8": (None, (pointer, number)),
            "vterm_obtain_screen": (pointer, (pointer,)),
            "vterm_obtain_state": (pointer, (pointer,)),
            "vterm_screen_enable_altscreen": (None, (pointer, number)),
            "vterm_screen_reset": (None, (pointer, number)),
            "vterm_input_write": (size, (pointer, ctypes.c_char_p, size)),
            "vterm_output_read": (size, (pointer, ctypes.c_char_p, size)),
            "vterm_screen_get_text": (size, (pointer, ctypes.c_char_p, size, _Rect)),
            "vterm_state_get_cursorpos": (None, (pointer, ctypes.POINTER(_Position))),
        }
        for name, (result, arguments) in signatures.items():
            function = getattr(lib, name)
            function.restype, function.argtypes = result, arguments
        self._lib, self._columns = lib, columns
        self._terminal = lib.vterm_new(rows, columns)
        lib.vterm_set_utf8(self._terminal, 1)
        self._screen = lib.vterm_obtain_screen(self._terminal)
        self._state = lib.vterm_obtain_state(self._terminal)
        lib.vterm_screen_enable_altscreen(self._screen, 1)
        lib.vterm_screen_reset(self._screen, 1)
        self._characters = getincrementaldecoder("utf-8")("replace")
        self._text = ctypes.create_string_buffer(rows * columns * 8 + 64)
        self._replies = ctypes.create_string_buffer(4096)

    def feed(self, data: bytes) -> None:
        """Take output of the program; what libvterm would reply itself is thrown away (`probe.Replies` answers).

        libvterm shows a character that is split between two reads as two, so the first part waits for the rest.
        """
        data = self._characters.decode(data).encode()
        self._lib.vterm_input_write(self._terminal, data, len(data))
        while self._lib.vterm_output_read(self._terminal, self._replies, 4096):
            pass

    def row(self, row: int, start: int = 0, end: int | None = None) -> str:
        """Return the text of a row between two columns."""
        area = _Rect(row, row + 1, start, self._columns if end is None else min(end, self._columns))
        length = self._lib.vterm_screen_get_text(self._screen, self._text, len(self._text), area)
        return self._text.raw[:length].decode("utf-8", "replace").replace("\0", " ")

    def cursor(self) -> tuple[int, int]:
        """Return row and column of the cursor."""
        position = _Position()
        self._lib.vterm_state_get_cursorpos(self._state, ctypes.byref(position))
        return position.row, position.col


class Pyte:
    """pyte: pure Python, everywhere, about a hundred times slower."""

    name = "pyte"
    _UNKNOWN = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]")

    def __init__(self, rows: int, columns: int) -> None:
        import pyte

        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._columns = columns

    def feed(self, data: bytes) -> None:
        """Take output of the program, less what pyte would print as text."""
        self._stream.feed(self._UNKNOWN.sub(b"", data))

    def row(self, row: int, start: int = 0, end: int | None = None) -> str:
        """Return the text of a row between two columns."""
        line = self._screen.buffer[row]
        stop = self._columns if end is None else min(end, self._columns)
        return "".join(line[column].data or " " for column in range(start, stop)).rstrip()

    def cursor(self) -> tuple[int, int]:
        """Return row and column of the cursor."""
        return self._screen.cursor.y, self._screen.cursor.x


def make_emulator(rows: int, columns: int) -> Emulator:
    """Return the best emulator that is installed."""
    try:
        return LibVTerm(rows, columns)
    except OSError:
        return Pyte(rows, columns)
