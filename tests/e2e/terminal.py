"""A real terminal for tests: tmux with a server of its own, keys in, screen out."""

import os
import shlex
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

TMUX = shutil.which("tmux")
needs_tmux = pytest.mark.skipif(
    TMUX is None, reason="tmux is not installed: the whole program is not driven in a terminal"
)

PERSON = 0.04
"""Seconds between two keys of a person: an Enter right behind other characters belongs to a paste."""


class Terminal:
    """One program in one tmux window. A context manager: leaving ends the tmux server that it started."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        size: tuple[int, int] = (120, 40),
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self._socket = f"paradesk-{uuid.uuid4().hex[:12]}"
        width, height = size
        exports = [f"{name}={value}" for name, value in (env or {}).items()]
        unset = [] if "NO_COLOR" in (env or {}) else ["-u", "NO_COLOR"]
        command = shlex.join(["env", *unset, *exports, *argv])
        # The window stays when the program ends, so that its last words can be read.
        script = f'{command}; status=$?; echo; echo "[ended $status]"; exec sleep 600'
        self._tmux(
            "-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height),
            "-c", str(cwd or Path.cwd()), "sh", "-c", script,
        )  # fmt: skip
        self._tmux("set-option", "-g", "status", "off")
        self._tmux("set-option", "-g", "escape-time", "10")
        self.resize(width, height)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *exc: object) -> None:
        """Take the terminal away; fails when the program outlives it."""
        try:
            left = self.process()
        except (ProcessLookupError, subprocess.CalledProcessError, OSError, ValueError):
            left = 0
        subprocess.run([str(TMUX), "-L", self._socket, "kill-server"], check=False, capture_output=True)
        deadline = time.monotonic() + 10
        while left and Path(f"/proc/{left}").exists():
            if time.monotonic() > deadline:
                os.kill(left, signal.SIGKILL)
                pytest.fail("the program outlived its terminal")
            time.sleep(0.05)

    def _tmux(self, *arguments: str) -> str:
        environment = {name: value for name, value in os.environ.items() if name not in ("TMUX", "TMUX_PANE")}
        done = subprocess.run(
            [str(TMUX), "-u", "-L", self._socket, *arguments],
            check=True,
            capture_output=True,
            text=True,
            env=environment,
        )
        return done.stdout

    def resize(self, width: int, height: int) -> None:
        """Give the window another size."""
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names (`C-x`, `F2`, `Enter`, `a`), one after the other."""
        for key in keys:
            time.sleep(PERSON)
            self._tmux("send-keys", key)

    def type(self, text: str) -> None:
        """Type text as it is."""
        self._tmux("send-keys", "-l", text)

    def say(self, text: str) -> None:
        """Type a text, wait until it stands on the screen, and press Enter: right behind other keys it is a paste's."""
        self.type(text)
        self.wait(lambda screen: text in screen, what=f"{text!r} is typed")
        self.press("Enter")

    def write(self, data: str) -> None:
        """Write bytes as a terminal sends them, all at once: keys and clicks that were on their way together."""
        self._tmux("send-keys", "-H", *(f"{byte:02x}" for byte in data.encode()))

    def paste(self, text: str) -> None:
        """Paste text, bracketed as a terminal does it."""
        subprocess.run(
            [str(TMUX), "-L", self._socket, "load-buffer", "-"], input=text.encode(), check=True, capture_output=True
        )
        self._tmux("paste-buffer", "-p")

    def screen(self) -> str:
        """Return what is on the screen."""
        return self._tmux("capture-pane", "-p")

    def colours(self) -> str:
        """Return what is on the screen with its colours, as the terminal was told them."""
        return self._tmux("capture-pane", "-p", "-e")

    def title(self) -> str:
        """Return the title that the program gave the terminal."""
        return self._tmux("display-message", "-p", "#{pane_title}").strip()

    def modes(self) -> dict[str, str]:
        """Return what the program has left switched on: the alternate screen, the mouse, a hidden cursor."""
        names = ("alternate_on", "mouse_any_flag", "cursor_flag", "keypad_flag")
        values = self._tmux("display-message", "-p", " ".join(f"#{{{name}}}" for name in names)).split()
        return dict(zip(names, values, strict=True))

    def server(self) -> int:
        """Return the id of the process that is the terminal."""
        return int(self._tmux("display-message", "-p", "#{pid}").strip())

    def process(self) -> int:
        """Return the id of the program, the child of the window's shell; raises ProcessLookupError when it ended."""
        shell = int(self._tmux("display-message", "-p", "#{pane_pid}").strip())
        for child in Path(f"/proc/{shell}/task/{shell}/children").read_text(encoding="ascii").split():
            return int(child)
        raise ProcessLookupError(shell)

    def wait(self, reached: Callable[[str], bool], *, what: str, seconds: float = 20.0) -> str:
        """Wait until the screen fulfils a condition and return it; fails with the screen when it never does."""
        deadline = time.monotonic() + seconds
        while True:
            screen = self.screen()
            if reached(screen):
                return screen
            if time.monotonic() > deadline:
                pytest.fail(f"never seen: {what}\n{screen}")
            time.sleep(0.1)

    def still(self, reached: Callable[[str], bool], *, what: str, seconds: float = 20.0) -> str:
        """Wait until a condition holds on a screen that looks the same twice, and return it.

        One that is read once may be half painted: what stands in it may be gone, doubled or about to move.
        """
        before = ""

        def unchanged(screen: str) -> bool:
            nonlocal before
            same, before = screen == before, screen
            return same and reached(screen)

        return self.wait(unchanged, what=what, seconds=seconds)

    def comes(self, reached: Callable[[str], bool], *, seconds: float) -> str | None:
        """Return the first screen that fulfils a condition, or None when there is none within so many seconds."""
        deadline = time.monotonic() + seconds
        while not reached(screen := self.screen()):
            if time.monotonic() > deadline:
                return None
            time.sleep(0.1)
        return screen

    def wait_text(self, *texts: str, seconds: float = 20.0) -> str:
        """Wait until all these texts are on the screen at once."""
        return self.wait(lambda screen: all(text in screen for text in texts), what=repr(texts), seconds=seconds)
