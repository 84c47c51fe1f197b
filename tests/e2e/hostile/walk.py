"""Walks by keys through every screen of a workstation that shows given texts, and keeps each byte that it wrote."""

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import struct
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
PROGRAM = Path(__file__).with_name("program.py")
PATIENCE = 60.0
CHATS = 4
"""As many as get a pane."""
_CANCEL = b"\x1b"

SCREENS: dict[str, bytes] = {
    "PickerScreen": b"\x1bOQ",
    "HelpScreen": b"\x1bOP",
    "PaletteScreen": b"\x1b[24~",
    "NoticesScreen": b"\x18.",
    "TagsScreen": b"\x18b",
    "TransferScreen": b"\x18t",
    "NewTicketScreen": b"\x18n",
    "AttachScreen": b"\x18a",
    "ConfirmScreen": b"\x18q",
}
"""Screens and the keys that open them from the composer."""


class Walk:
    """One running program. A context manager: leaving ends it."""

    def __init__(self, directory: Path, texts: Sequence[str], *, size: tuple[int, int] = (160, 48)) -> None:
        self._directory = directory
        self.output = bytearray()
        self.version = 1
        self.screens: set[str] = set()
        pack = directory / "texts.json"
        pack.write_text(json.dumps(list(texts)), encoding="ascii")
        ours, theirs = socket.socketpair()
        theirs.set_inheritable(True)
        self.pid, self.fd = os.forkpty()
        if self.pid == 0:
            environ = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}
            os.environ.update(environ, TEXTUAL_ANIMATIONS="none")
            os.environ.pop("TMUX", None)
            os.chdir(directory)
            os.execv(sys.executable, [sys.executable, str(PROGRAM), str(directory), str(theirs.fileno()), str(pack)])
        theirs.close()
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self._control = ours.makefile("rw", encoding="ascii")
        self._socket = ours
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.until(lambda state: state["opened"], "the workstation is open")

    def __enter__(self) -> "Walk":
        return self

    def __exit__(self, *exc: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self._reader.join(10)
        os.close(self.fd)
        with contextlib.suppress(OSError):
            self._control.close()
        self._socket.close()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                return
            if not data:
                return
            self.output += data

    def ask(self, **what: object) -> dict[str, Any]:
        """Tell the program something and return its state."""
        line = ""
        with contextlib.suppress(OSError):
            self._control.write(json.dumps(what) + "\n")
            self._control.flush()
            line = self._control.readline()
        assert line, f"the program ended: {self.reports()}{bytes(self.output[-300:])!r}"
        state: dict[str, Any] = json.loads(line)
        assert "failed" not in state, state
        return state

    def reports(self) -> str:
        """Return the crash reports that there are."""
        return "".join(path.read_text(encoding="utf-8") for path in self._directory.glob("crash-*.txt"))

    def until(self, reached: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """Wait for a state."""
        end = time.monotonic() + PATIENCE
        while not reached(state := self.ask()):
            assert time.monotonic() < end, f"never: {what}; {state}"
            time.sleep(0.005)
        return state

    def press(self, keys: bytes) -> None:
        """Write bytes as the terminal would."""
        while keys:
            select.select([], [self.fd], [], 1)
            keys = keys[os.write(self.fd, keys[:4096]) :]

    def serve(self, texts: Sequence[str]) -> None:
        """Let chats say these texts, in every field, and wait until the desk has taken them in."""
        self.version += 10
        version = self.version
        self.ask(serve=[(f"c{place}", text, version) for place, text in enumerate(texts, 1)])
        wanted = [f"c{place}" for place in range(1, len(texts) + 1)]
        self.until(
            lambda state: all(state["last"].get(item) == [f"{item}-{version}-last"] for item in wanted),
            "the texts are there",
        )

    def on(self, screen: str, keys: bytes) -> None:
        """Open a screen by its keys and leave it."""
        self.press(keys)
        self.until(lambda state: state["screen"] == screen, f"{screen} opens")
        self.screens.add(screen)
        end = time.monotonic() + PATIENCE
        while True:  # a question takes no answer in its first moment
            self.press(_CANCEL)
            time.sleep(0.15)  # an escape alone is told from the start of a sequence by the silence behind it
            if self.ask()["screen"] != screen:
                return
            assert time.monotonic() < end, f"{screen} does not close"

    def read_back(self) -> None:
        """Go to the transcript; an escape that came after a screen had closed has left it."""
        if not self.ask()["focus"].startswith("Transcript"):
            self.press(b"\x14")
            self.until(lambda state: state["focus"].startswith("Transcript"), "the transcript has the focus")

    def through(self) -> None:
        """Go through every screen of the active chat."""
        for screen, keys in SCREENS.items():
            self.on(screen, keys)
        self.press(b"\x1b[18~")  # customer panel
        self.ask()
        self.read_back()
        self.press(b"k")
        self.on("LinksScreen", b"o")
        self.read_back()
        self.on("RawScreen", b"x")
        self.read_back()
        self.press(b"ye")
        self.ask()
        self.press(b"\x14")
        self.until(lambda state: "Composer" in state["focus"], "the composer has the focus")
        self.press(b"\x1b[19~")  # zoom
        self.ask()
        self.press(b"\x1b[19~")
        self.ask()


def chunks(texts: Sequence[str], size: int = CHATS) -> Iterator[Sequence[str]]:
    """Return the texts in pieces of as many as there are panes."""
    for start in range(0, len(texts), size):
        yield texts[start : start + size]
