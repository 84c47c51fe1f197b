"""The program in a pseudo-terminal that takes any bytes, read back through a terminal emulator."""

import contextlib
import fcntl
import os
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import pyte
import pytest


class ByteTerminal:
    """Use as a context manager; leaving ends the program that it started."""

    def __init__(self, argv: Sequence[str], *, env: Mapping[str, str], size: tuple[int, int] = (100, 30)) -> None:
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._pid, self._fd = os.forkpty()
        if self._pid == 0:
            os.environ.update({**env, "TERM": "xterm-256color"})
            os.execv(argv[0], list(argv))
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        os.set_blocking(self._fd, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._fd)

    def send(self, data: bytes) -> None:
        """Write bytes as if the terminal had sent them."""
        while data:
            readable, writable, _ = select.select([self._fd], [self._fd], [], 0.5)
            if readable:
                self._read()
            if writable:
                data = data[os.write(self._fd, data[:4096]) :]

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size, and read nothing."""
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._screen.resize(rows, columns)

    def waiting(self) -> int:
        """Return how many bytes the program has written that nobody has read."""
        return int(struct.unpack("i", fcntl.ioctl(self._fd, termios.FIONREAD, b"\0" * 4))[0])

    def _read(self) -> None:
        with contextlib.suppress(OSError, BlockingIOError):
            self._stream.feed(os.read(self._fd, 65536))

    def wait(self, reached: Callable[[str], bool], *, what: str, seconds: float = 20.0) -> str:
        """Wait until the screen fulfils a condition and return it; fails with the screen when it never does."""
        deadline = time.monotonic() + seconds
        while True:
            screen = "\n".join(self._screen.display)
            if reached(screen):
                return screen
            if time.monotonic() > deadline:
                pytest.fail(f"never seen: {what}\n{screen}")
            if select.select([self._fd], [], [], 0.1)[0]:
                self._read()
