"""How the program ends: on a signal, without its terminal, and on an error of its own."""

import contextlib
import fcntl
import os
import select
import signal
import stat
import struct
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paradesk.core.model import ConversationId, Visibility
from paradesk.desk.desk import Desk, Profile
from tests.ui.scripted import ScriptedConnector

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("desk_program.py")
PATIENCE = 30.0


class Terminal:
    """The program in a pseudo-terminal whose other end stays open, so that its modes can be read afterwards."""

    def __init__(self, *arguments: str, **environ: str) -> None:
        self.master, self.slave = os.openpty()
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.modes: list[Any] = termios.tcgetattr(self.slave)
        self.output = b""
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for descriptor in (0, 1, 2):
                os.dup2(self.slave, descriptor)
            os.environ.update({"TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **environ})
            os.execv(sys.executable, [sys.executable, str(PROGRAM), *arguments])
        os.set_blocking(self.master, False)

    def read(self, seconds: float = 0.1) -> None:
        """Take what the program writes."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if ready:
            with contextlib.suppress(OSError):
                self.output += os.read(self.master, 65536)

    def until(self, wanted: bytes) -> None:
        """Wait until the program has written this."""
        end = time.monotonic() + PATIENCE
        while wanted not in self.output:
            assert time.monotonic() < end, f"{wanted!r} never came; the end was {self.output[-500:]!r}"
            self.read()

    def ended(self) -> int:
        """Wait for the end and return the exit status."""
        end = time.monotonic() + PATIENCE
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                while select.select([self.master], [], [], 0.05)[0]:
                    self.read(0)
                return os.waitstatus_to_exitcode(status)
            assert time.monotonic() < end, "it does not end"
            self.read(0.02)

    def close(self) -> None:
        """End whatever still runs."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        for descriptor in (self.master, self.slave):
            with contextlib.suppress(OSError):
                os.close(descriptor)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the desk keeps its journal."""
    path = tmp_path / "desk"
    path.mkdir()
    return path


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    """Terminals that are ended with the test."""
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def kept_draft(directory: Path) -> str:
    """Return what the journal has as the draft of the only chat."""
    desk = Desk([Profile("acme", ScriptedConnector)], directory)
    desk.start()
    try:
        return desk.state.threads[ConversationId("acme/c1")].drafts.get(Visibility.PUBLIC, "")
    finally:
        desk.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_with_drafts_kept_and_the_terminal_as_it_was(
    directory: Path, terminals: list[Terminal], number: signal.Signals
) -> None:
    terminal = Terminal(str(directory))
    terminals.append(terminal)
    terminal.until("▶ to ".encode())
    os.write(terminal.master, b"half a reply")
    terminal.until(b"reply")
    os.kill(terminal.pid, number)
    assert terminal.ended() == 128 + number
    assert termios.tcgetattr(terminal.slave) == terminal.modes
    assert b"\x1b[?1049l" in terminal.output
    assert b"Traceback" not in terminal.output
    assert kept_draft(directory) == "half a reply"


def test_it_ends_when_its_terminal_goes_away(directory: Path, terminals: list[Terminal]) -> None:
    terminal = Terminal(str(directory))
    terminals.append(terminal)
    terminal.until("▶ to ".encode())
    os.write(terminal.master, b"half")
    terminal.until(b"half")
    os.close(terminal.slave)
    os.close(terminal.master)
    end = time.monotonic() + PATIENCE
    while os.waitpid(terminal.pid, os.WNOHANG)[0] == 0:
        assert time.monotonic() < end, "it goes on without a terminal"
        time.sleep(0.02)
    terminal.pid = 0
    assert kept_draft(directory) == "half"


def test_an_error_of_its_own_tells_no_secrets_and_leaves_the_terminal_as_it_was(
    directory: Path, terminals: list[Terminal], tmp_path: Path
) -> None:
    state = tmp_path / "state"
    terminal = Terminal(str(directory), "crash", PARADESK_STATE_DIR=str(state))
    terminals.append(terminal)
    terminal.until("▶ to ".encode())
    os.write(terminal.master, b"half")
    terminal.until(b"half")
    os.write(terminal.master, b"\x1b[18~")
    assert terminal.ended() == 1
    assert termios.tcgetattr(terminal.slave) == terminal.modes
    assert b"hunter2" not in terminal.output
    assert b"what Sarah wrote" not in terminal.output
    assert b"Traceback" not in terminal.output
    after = terminal.output.rpartition(b"\x1b[?1049l")[2].decode()
    assert "Paradesk stopped because of an error in itself (RuntimeError)" in after
    reports = list(state.glob("crash-*.txt"))
    assert len(reports) == 1
    assert stat.S_IMODE(reports[0].stat().st_mode) == 0o600
    report = reports[0].read_text()
    assert "desk_program.py" in report
    assert "hunter2" not in report
    assert kept_draft(directory) == "half"


def test_quitting_gives_status_zero(directory: Path, terminals: list[Terminal]) -> None:
    terminal = Terminal(str(directory))
    terminals.append(terminal)
    terminal.until("▶ to ".encode())
    os.write(terminal.master, b"\x11")
    assert terminal.ended() == 0
    assert termios.tcgetattr(terminal.slave) == terminal.modes


def test_the_title_of_the_terminal_names_the_active_chat(directory: Path, terminals: list[Terminal]) -> None:
    terminal = Terminal(str(directory))
    terminals.append(terminal)
    terminal.until("\x1b]2;▶ 1 Sarah Chen #1241".encode())
