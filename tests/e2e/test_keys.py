"""`paradesk keys` in a terminal without the Kitty protocol, and in one that speaks it: the reports differ as they should."""

import contextlib
import fcntl
import os
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator

import pyte
import pytest

from tests.e2e.conftest import PARADESK, Places, Start
from tests.e2e.terminal import needs_tmux

KEYMAP = """\
[keymap]
name = "trial"

[bindings.global]
"ctrl+x o" = "status.open"
"ctrl+alt+o" = "status.open"
"ctrl+shift+j" = "chat.join"
"ctrl+x g" = "chat.join"
"shift+escape" = "chat.end"
"ctrl+x q" = "chat.end"
"""
PRESSES = [
    ("ctrl+x", "C-x", b"\x1b[57442u\x1b[120;5u"),
    ("o", "o", b"\x1b[111;;111u"),
    ("alt+ctrl+o", "C-M-o", b"\x1b[111;7u"),
    ("ctrl+shift+j", "C-j", b"\x1b[106;6u"),
    ("g", "g", b"\x1b[103;;103u"),
    ("shift+escape", "Escape", b"\x1b[27;2u"),
    ("q", "q", b"\x1b[113;;113u"),
]
"""Key, what tmux is told to press (a terminal without the protocol loses Shift), and what a Kitty terminal sends."""


class KittyTerminal:
    """A pseudo-terminal that answers as one does that speaks the Kitty keyboard protocol."""

    def __init__(self, places: Places, *arguments: str) -> None:
        self._screen = pyte.Screen(120, 40)
        self._stream = pyte.ByteStream(self._screen)
        self._asked = b""
        self.pid, self.fd = os.forkpty()
        if self.pid == 0:
            os.chdir(places.home)
            environment = {**os.environ, **places.environment, "TERM": "xterm-kitty"}
            environment = {name: value for name, value in environment.items() if name not in ("TMUX", "TERM_PROGRAM")}
            os.execve(sys.executable, [*PARADESK, *arguments], environment)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def _read(self) -> None:
        if not select.select([self.fd], [], [], 0.1)[0]:
            return
        with contextlib.suppress(OSError):
            data = os.read(self.fd, 65536)
            self._stream.feed(data)
            self._asked = (self._asked + data)[-100_000:]
        if b"\x1b[?u" in self._asked:
            self._asked = b""
            self.send(b"\x1b[?25u\x1b[?62c")

    def until(self, wanted: str) -> None:
        """Read until this text is on the screen."""
        deadline = time.monotonic() + 60
        while wanted not in (screen := "\n".join(self._screen.display)):
            if time.monotonic() > deadline:
                pytest.fail(f"never seen: {wanted!r} in\n{screen}")
            self._read()

    def send(self, data: bytes) -> None:
        os.write(self.fd, data)

    def end(self) -> int:
        """Return the exit status."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            self._read()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
        pytest.fail("it does not end")

    def close(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)


@pytest.fixture
def kitty(places: Places) -> Iterator[KittyTerminal]:
    (places.home / "trial.toml").write_text(KEYMAP, encoding="utf-8")
    terminal = KittyTerminal(places, "keys", "--keymap", "./trial.toml", "--output", "report.md")
    yield terminal
    terminal.close()


@pytest.mark.e2e
@needs_tmux
def test_without_the_protocol_keys_arrive_as_others(start: Start, places: Places) -> None:
    (places.home / "trial.toml").write_text(KEYMAP, encoding="utf-8")
    terminal = start("keys", "--keymap", "./trial.toml")
    terminal.wait_text("1 of 7", "legacy encoding", "inside tmux", seconds=60)
    for number, (_, key, _) in enumerate(PRESSES, 1):
        terminal.press(key)
        terminal.wait_text(f"{number + 1} of 7" if number < 7 else "7 keys pressed, 3 of them", seconds=30)
    terminal.press("Enter")
    screen = terminal.wait_text("[ended 0]", seconds=30)
    assert "paradesk-keys.md" in screen
    report = (places.home / "paradesk-keys.md").read_text(encoding="utf-8")
    assert "the legacy encoding" in report
    assert "| `ctrl+alt+o` | `ESC 0f` | arrives as another key: ctrl+o |" in report
    assert "| `ctrl+shift+j` | `0a` | arrives as another key: ctrl+j |" in report
    assert "| `shift+esc` | `ESC` | arrives as another key: esc |" in report
    assert "`chat.end`: `shift+esc` does not work here; it has `ctrl+x q`" in report


@pytest.mark.e2e
def test_with_the_protocol_every_key_arrives(kitty: KittyTerminal, places: Places) -> None:
    kitty.until("Kitty keyboard protocol")
    for number, (_, _, sent) in enumerate(PRESSES, 1):
        kitty.send(sent)
        kitty.until(f"{number + 1} of 7" if number < 7 else "7 keys pressed, 0 of them")
    kitty.send(b"\x1b[13u")
    assert kitty.end() == 0
    report = (places.home / "report.md").read_text(encoding="utf-8")
    assert "keyboard: the Kitty keyboard protocol" in report
    assert "pressed: 7 of 7 keys; 0 do not arrive" in report
    assert "| `ctrl+alt+o` | `ESC [ 1 1 1 ; 7 u` | arrives |" in report
    assert "Instead" not in report
    assert "inside" not in report


@pytest.mark.e2e
@needs_tmux
def test_keys_that_do_nothing_and_steps_back(start: Start, places: Places) -> None:
    """The space bar says that nothing arrived, b asks again, q ends early; without a report nothing is written."""
    (places.home / "trial.toml").write_text(KEYMAP, encoding="utf-8")
    terminal = start("keys", "--keymap", "./trial.toml", size=(80, 24))
    terminal.wait_text("1 of 7", seconds=60)
    terminal.press("Space")
    terminal.wait_text("2 of 7", "does not arrive", seconds=30)
    terminal.press("b")
    terminal.wait_text("1 of 7", seconds=30)
    terminal.press("C-x")
    terminal.wait_text("2 of 7", "✓ ctrl+x", seconds=30)
    terminal.press("q")
    terminal.wait_text("1 keys pressed, 0 of them", seconds=30)
    terminal.press("q")
    terminal.wait_text("no report was written", "[ended 0]", seconds=30)
    assert not list(places.home.glob("paradesk-keys*"))


def test_it_wants_a_terminal(places: Places) -> None:
    done = places.run("keys")
    assert done.returncode == 1
    assert "run it in one, without a pipe" in done.stderr
