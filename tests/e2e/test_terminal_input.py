"""Bytes into a real terminal, text out of the composer: what people paste and terminals answer is never a command."""

import contextlib
import fcntl
import json
import os
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

PROGRAM = Path(__file__).with_name("composer_app.py")
S, E = b"\x1b[200~", b"\x1b[201~"
PATIENCE = 20.0


class Terminal:
    """Runs the program in a pseudo-terminal and keeps the latest of its reports."""

    def __init__(self, *, ignore_hangup: bool = False, **environ: str) -> None:
        reading, writing = os.pipe()
        os.set_inheritable(writing, True)
        self.pid, self.fd = os.forkpty()
        if self.pid == 0:
            if ignore_hangup:
                signal.signal(signal.SIGHUP, signal.SIG_IGN)
            os.environ.update({"TERM": "xterm-256color", **environ})
            os.execv(sys.executable, [sys.executable, str(PROGRAM), str(writing)])
        os.close(writing)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        os.set_blocking(self.fd, False)
        self.reading = reading
        self.state: dict[str, Any] = {}
        self.reports = b""
        self.until(lambda state: bool(state))

    def until(self, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for a report that satisfies `done`."""
        end = time.monotonic() + PATIENCE
        while not done(self.state):
            assert time.monotonic() < end, f"never happened; the last report was {self.state}"
            ready, _, _ = select.select([self.fd, self.reading], [], [], 0.5)
            if self.fd in ready:
                self.screen()
            if self.reading in ready:
                data = os.read(self.reading, 65536)
                assert data, "the program ended"
                *lines, self.reports = (self.reports + data).split(b"\n")
                if lines:
                    self.state = json.loads(lines[-1])
        return self.state

    def screen(self) -> None:
        with contextlib.suppress(OSError):
            os.read(self.fd, 65536)

    def send(self, data: bytes) -> None:
        """Write all of it, as a terminal does."""
        while data:
            _, ready, _ = select.select([], [self.fd], [], 0.2)
            if ready:
                data = data[os.write(self.fd, data[:4096]) :]
            self.screen()

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)
        os.close(self.reading)


def ends_with(text: str) -> Callable[[dict[str, Any]], bool]:
    return lambda state: state["text"].endswith(text)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    running = Terminal()
    yield running
    running.close()


def test_keys_are_typed_and_enter_sends(terminal: Terminal) -> None:
    for key in ("h", "ü", "😀"):
        terminal.send(key.encode())
        terminal.until(ends_with(key))
    time.sleep(0.05)  # a person's pause: Enter right behind other keys belongs to a paste
    terminal.send(b"\r")
    assert terminal.until(lambda state: bool(state["sent"]))["sent"] == ["hü😀"]


@pytest.mark.parametrize(
    ("pasted", "text"),
    [
        (b"red \x1b[31m text\r", "red ␛[31m text\n"),
        (b"hi" + E + b"\x18sISSUE REFUND\r", "hi␘sISSUE REFUND\n"),
        (b"x\x1b[48;5;9;90;90t y", "x␛[48;5;9;90;90t y"),
        (b"x\x1b[48;99999;99999;1;1t y", "x␛[48;99999;99999;1;1t y"),
        (b"caf\xe9 \xff ok", "caf\ufffd \ufffd ok"),
        (b"one\r\ntwo\rthree\n", "one\ntwo\nthree\n"),
    ],
)
def test_a_paste_is_text_and_nothing_else(terminal: Terminal, pasted: bytes, text: str) -> None:
    terminal.send(S + pasted + E)
    state = terminal.until(lambda state: state["length"] > 0)
    assert (state["text"], state["sent"], state["leftover"], state["size"]) == (text, [], [], [80, 24])


def test_an_end_mark_at_the_end_of_a_read_does_not_open_the_keyboard(terminal: Terminal) -> None:
    padding = b"a" * (4095 - len(S) - len(E))
    terminal.send(S + padding + E + b"\x18s\x0bREFUND\r" + E)
    state = terminal.until(lambda state: state["length"] > 0)
    assert state["length"] == len(padding) + len("␘s␋REFUND\n")
    assert (state["sent"], state["leftover"]) == ([], [])


def test_a_megabyte_is_cut_and_said_so(terminal: Terminal) -> None:
    terminal.send(S + b"0123456789 " * 100_000 + E)
    state = terminal.until(lambda state: state["length"] > 0 and state["lost"] > 0)
    assert state["length"] == 1_000_000
    terminal.send(b"\x7f")
    assert terminal.until(lambda state: state["length"] == 999_999)["sent"] == []


def test_a_paste_without_its_end_does_not_deaden_the_keyboard(terminal: Terminal) -> None:
    terminal.send(S + b"lost end")
    assert terminal.until(lambda state: state["length"] > 0)["text"] == "lost end"
    terminal.send(b"!")
    assert terminal.until(lambda state: state["length"] > 8)["text"] == "lost end!"


def test_bytes_that_are_no_text_do_not_end_the_program(terminal: Terminal) -> None:
    terminal.send(b"a\xff\xc3(b\x1b[99999999;1u\x1b[55296;1uc\x1b]52;c;c2VjcmV0\x07\x1b[?1;2cd")
    state = terminal.until(lambda state: state["text"].endswith("d"))
    assert state["text"] == "a\ufffd\ufffd(bcd"


def test_a_paste_without_brackets_does_not_send(terminal: Terminal) -> None:
    terminal.send(b"first line\rsecond line\r")
    state = terminal.until(lambda state: state["text"].endswith("line\n"))
    assert (state["text"], state["sent"]) == ("first line\nsecond line\n", [])


def test_a_paste_without_brackets_whose_first_line_is_one_character_does_not_send(terminal: Terminal) -> None:
    terminal.send(b"k\rsecond line\r")
    state = terminal.until(lambda state: state["text"].endswith("line\n"))
    assert (state["text"], state["sent"]) == ("k\nsecond line\n", [])


def test_the_program_ends_when_its_terminal_is_gone_and_no_signal_says_so() -> None:
    running = Terminal(ignore_hangup=True)
    try:
        os.dup2(os.open(os.devnull, os.O_RDWR), running.fd)  # closes the terminal's side
        end = time.monotonic() + PATIENCE
        while os.waitid(os.P_PID, running.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            assert time.monotonic() < end, "the program outlived its terminal"
            time.sleep(0.05)
    finally:
        running.close()


def test_the_switch_brings_textuals_own_input_back() -> None:
    running = Terminal(PARADESK_STOCK_INPUT="1")
    try:
        running.send(S + b"plain" + E)
        assert running.until(lambda state: state["length"] > 0)["text"] == "plain"
        running.send(S + b"red \x1b[31m" + E)
        assert "^" in running.until(lambda state: state["length"] > 8)["text"]  # the leak that the guard closes
    finally:
        running.close()
