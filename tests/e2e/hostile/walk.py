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
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).parents[3]
PROGRAM = Path(__file__).with_name("program.py")
PATIENCE = 240.0
"""Seconds: texts of a megabyte in every field at once take their time on a machine that does other things too."""
CHATS = 4
"""As many as get a pane."""
Some = TypeVar("Some")
_CANCEL = b"\x1b[27u"
"""Escape as terminals send it that can tell it from the start of a sequence: nobody waits for what might follow."""

_X = b"\x18"
_PAGES = 4
SCREENS: dict[str, tuple[bytes, ...]] = {
    "PickerScreen": (b"\x1bOQ",),
    "HelpScreen": (b"\x1bOP",),
    "PaletteScreen": (b"\x1b[24~",),
    "NoticesScreen": (_X, b"."),
    "TagsScreen": (_X, b"b"),
    "TransferScreen": (_X, b"t"),
    "NewTicketScreen": (_X, b"n"),
    "AttachScreen": (_X, b"a"),
    "ConfirmScreen": (_X, b"q"),
    "ChoiceScreen": (_X, b"y"),
    "UncertainScreen": (_X, b"r"),
}
"""Screens and the keys that open them from the composer."""

SURFACES = frozenset({*SCREENS, "LinksScreen", "RawScreen", "browser question", "customer panel", "clipboard"})
"""What `Walk.through` goes through."""


class Walk:
    """One running program. A context manager: leaving ends it."""

    def __init__(self, directory: Path, texts: Sequence[str], *, size: tuple[int, int] = (140, 42)) -> None:
        self._directory = directory
        self.output = bytearray()
        self.version = 1
        self.screens: Counter[str] = Counter()
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
            assert time.monotonic() < end, f"never: {what}; {str(state)[:2000]}"
            time.sleep(0.005)
        return state

    def press(self, keys: bytes) -> None:
        """Write bytes as the terminal would."""
        while keys:
            select.select([], [self.fd], [], 1)
            keys = keys[os.write(self.fd, keys[:4096]) :]

    def serve(self, texts: Sequence[str]) -> dict[str, Any]:
        """Let chats say these texts, in every field, and wait until the desk has taken them in."""
        self.version += 10
        version = self.version
        self.ask(serve=[(f"c{place}", text, version) for place, text in enumerate(texts, 1)])
        wanted = [f"c{place}" for place in range(1, len(texts) + 1)]
        state = self.until(
            lambda state: all(f"{item}-{version}-last" in state["last"].get(item, ()) for item in wanted),
            "the texts are there",
        )
        self.ask(drawn=True)
        return state

    def trouble(self, texts: Sequence[str]) -> None:
        """Let replies become unclear and changes be refused, for reasons of these texts."""
        self.ask(trouble=list(texts))
        wanted = [f"c{place}" for place in range(1, len(texts) + 1)]
        self.until(lambda state: set(wanted) <= set(state["unclear"]), "the replies are unclear")
        self.ask(down=texts[-1])
        self.ask(drawn=True)

    def key(self, *keys: bytes) -> dict[str, Any]:
        """Press keys, and return the state when all that comes of them has been drawn."""
        wanted = self.ask()["keys"] + len(keys)
        self.press(b"".join(keys))
        self.until(lambda state: state["keys"] >= wanted, f"{keys!r} are taken")
        return self.ask(drawn=True)

    def on(self, screen: str, *keys: bytes) -> None:
        """Open a screen by its keys, see it drawn, and leave it."""
        state = self.key(*keys)
        assert state["screen"] == screen, f"{screen} does not open; {state}"
        self.screens[screen] += 1
        self.leave(screen)

    def leave(self, screen: str) -> None:
        """Close a screen."""
        state = self.key(_CANCEL)
        assert state["screen"] != screen, f"{screen} does not close"

    def through(self, screens: Iterable[str] = SCREENS) -> None:
        """Go through these screens of the active chat, its customer's panel, its links and its transcript."""
        for screen in screens:
            self.on(screen, *SCREENS[screen])
        for _ in range(_PAGES):
            if not self.key(b"\x1b[18~")["panel"]:
                break
            self.screens["customer panel"] += 1
        state = self.key(b"\x14", b"k", b"k", b"o")
        assert state["screen"] == "LinksScreen", state
        self.screens["LinksScreen"] += 1
        links, asked = state["links"], state["asked"]
        state = self.key(b"o")
        if links:
            state = self.until(lambda state: state["asked"] > asked, "the link is asked about, or refused")
            state = self.ask(drawn=True)
        if state["screen"] == "ConfirmScreen":
            self.screens["browser question"] += 1
        if state["screen"] != "WorkScreen":
            self.leave(state["screen"])
        self.on("RawScreen", b"x")
        state = self.key(b"y", b"e", b"\x14")
        self.screens["clipboard"] += 1
        assert "Composer" in state["focus"], state
        self.key(b"\x1b[19~")  # zoom
        self.key(b"\x1b[19~")

    def activate(self, place: int) -> None:
        """Make the pane of a chat the active one."""
        state = self.key(b"\x18", b"%d" % place)
        assert state["active"] == f"acme/c{place}", state

    def previews(self, count: int) -> None:
        """Look at the preview of so many canned responses."""
        self.key(*SCREENS["PickerScreen"])
        for _ in range(count):
            state = self.key(b"\x1b[B")
            assert state["screen"] == "PickerScreen"
        self.screens["canned preview"] += count
        self.leave("PickerScreen")


def chunks(texts: Sequence[Some], size: int = CHATS) -> Iterator[Sequence[Some]]:
    """Return texts in pieces of as many as there are panes."""
    for start in range(0, len(texts), size):
        yield texts[start : start + size]
