"""Measures any terminal program from outside, through a pseudo-terminal: start-up, key to echo, bytes, CPU, memory.

A key counts as echoed when the typed text stands on the emulated screen, at the place where the composer was found, and
outside of a synchronized update: what a person would see, whatever the program paints. One key is in flight at a time.
"""

import contextlib
import errno
import fcntl
import os
import random
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.emulator import Emulator, make_emulator

_TICKS = os.sysconf("SC_CLK_TCK")
_QUERY = re.compile(
    rb"\x1b\[\?(?P<mode_asked>\d+)\$p|\x1b\[\?(?P<modes>[\d;]+)(?P<set>[hl])|\x1b\[(?P<attributes>0?)c|\x1b\[(?P<status>[56])n"
)
_UNFINISHED = re.compile(rb"\x1b(?:\[[0-9;?<>=$ ]*|)\Z")
CLEAR_LINE = "\x15"


def process_tree(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    found, todo = [], [pid]
    while todo:
        current = todo.pop()
        found.append(current)
        try:
            for task in os.listdir(f"/proc/{current}/task"):  # noqa: PTH208 - a hot path of the measurement
                with open(f"/proc/{current}/task/{task}/children", encoding="ascii") as file:  # noqa: PTH123
                    todo += [int(child) for child in file.read().split()]
        except OSError:
            continue
    return found


def cpu_seconds(pids: Sequence[int]) -> float:
    """Return user and system seconds of processes, with those of their ended children."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
                total += sum(int(part) for part in file.read().rpartition(")")[2].split()[11:15])
        except OSError:
            continue
    return total / _TICKS


def resident_mb(pids: Sequence[int]) -> float:
    """Return the resident memory of processes in MB."""
    kilobytes = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:  # noqa: PTH123
                kilobytes += sum(int(line.split()[1]) for line in file if line.startswith("Rss:"))
        except OSError:
            continue
    return kilobytes / 1024


def machine_seconds() -> tuple[float, float]:
    """Return the busy and all processor seconds of the machine since it started."""
    with open("/proc/stat", encoding="ascii") as file:  # noqa: PTH123
        values = [int(value) for value in file.readline().split()[1:9]]
    return (sum(values) - values[3] - values[4]) / _TICKS, sum(values) / _TICKS


class Replies:
    """Answers what a program asks its terminal, and watches for synchronized updates (mode 2026)."""

    def __init__(self) -> None:
        self.updating = False
        self._rest = b""

    def scan(self, data: bytes, cursor: Callable[[], tuple[int, int]]) -> bytes:
        """Look at output; return what a terminal would send back."""
        data = self._rest + data
        self._rest = b""
        if unfinished := _UNFINISHED.search(data):
            data, self._rest = data[: unfinished.start()], unfinished.group()
        out = b""
        for query in _QUERY.finditer(data):
            if query["set"]:
                if b"2026" in query["modes"].split(b";"):
                    self.updating = query["set"] == b"h"
            elif query["mode_asked"]:
                out += b"\x1b[?%s;%d$y" % (query["mode_asked"], 2 if query["mode_asked"] == b"2026" else 0)
            elif query["status"] == b"6":
                row, column = cursor()
                out += b"\x1b[%d;%dR" % (row + 1, column + 1)
            elif query["status"]:
                out += b"\x1b[0n"
            else:
                out += b"\x1b[?62;22c"
        return out


@dataclass
class Typing:
    """What a run of keys came to. Times in milliseconds."""

    echo: list[float] = field(default_factory=list)
    lost: int = 0
    seconds: float = 0.0
    bytes_out: int = 0
    cpu: float = 0.0
    """Processor seconds of the program while the keys were typed."""
    others: float = 0.0
    """Share of the machine that everything else used meanwhile: above 0.2, p95 and p99 say more about the machine."""

    def percentile(self, share: float) -> float:
        """Return a percentile of the echo times, or NaN when no key came back."""
        ordered = sorted(self.echo)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


class Probe:
    """One program in one pseudo-terminal. Use it as a context manager: leaving ends the program and what it started."""

    def __init__(
        self, argv: Sequence[str], *, rows: int = 50, columns: int = 200, env: Mapping[str, str] | None = None
    ) -> None:
        self.rows, self.columns = rows, columns
        self.emulator: Emulator = make_emulator(rows, columns)
        self.bytes_out = 0
        self.ended = False
        self._replies = Replies()
        self._place: tuple[int, int] | None = None
        kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TMUX", "STY", "LINES", "COLUMNS")}
        environment = {**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})}
        size = struct.pack("HHHH", rows, columns, 0, 0)
        self.started = time.perf_counter()
        self.pid, self._fd = os.forkpty()
        if self.pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, size)
                os.execvpe(argv[0], list(argv), environment)
            finally:
                os._exit(127)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, size)
        os.set_blocking(self._fd, False)
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN | select.POLLHUP)

    def __enter__(self) -> "Probe":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def write(self, text: str) -> None:
        """Type."""
        data = text.encode()
        while data and not self.ended:
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:
                self.step(0.01)

    def step(self, timeout: float) -> float | None:
        """Wait at most `timeout` seconds for output and take it; return when it was read."""
        if self.ended or not self._poll.poll(max(0.0, timeout) * 1000):
            return None
        try:
            data = os.read(self._fd, 65536)
        except BlockingIOError:
            return None
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        read_at = time.perf_counter()
        if not data:
            self.ended = True
            return None
        self.bytes_out += len(data)
        self.emulator.feed(data)
        if reply := self._replies.scan(data, self.emulator.cursor):
            with contextlib.suppress(OSError):
                os.write(self._fd, reply)
        return read_at

    def until(self, reached: Callable[[], bool], timeout: float) -> float | None:
        """Take output until `reached`, looked at outside of synchronized updates; return when, or None in vain."""
        end = time.perf_counter() + timeout
        while (left := end - time.perf_counter()) > 0 and not self.ended:
            read_at = self.step(min(left, 0.5))
            if read_at is not None and not self._replies.updating and reached():
                return read_at
        return None

    def idle(self, seconds: float) -> None:
        """Take output for a fixed time."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0 and not self.ended:
            self.step(left)

    def screen(self) -> list[str]:
        """Return the rows of the screen."""
        return [self.emulator.row(row) for row in range(self.rows)]

    def find(self, text: str) -> tuple[int, int] | None:
        """Return row and column of a text on the screen, or None."""
        for number, row in enumerate(self.screen()):
            if (column := row.find(text)) >= 0:
                return number, column
        return None

    def first_paint(self, timeout: float = 30.0) -> float | None:
        """Return the milliseconds from before the fork to the first frame that shows anything."""
        seen = self.until(lambda: any(row.strip() for row in self.screen()), timeout)
        return None if seen is None else (seen - self.started) * 1000

    def appears(self, texts: Sequence[str], timeout: float = 30.0) -> float | None:
        """Return the milliseconds from before the fork until all these stand on the screen, or None in vain."""

        def there() -> bool:
            screen = "\n".join(self.screen())
            return all(text in screen for text in texts)

        seen = time.perf_counter() if there() else self.until(there, timeout)
        return None if seen is None else (seen - self.started) * 1000

    def locate_composer(self, token: str = "qzvj", clear: str = CLEAR_LINE) -> None:
        """Type a token, remember where it appears, and remove it; raises RuntimeError when it never appears."""
        for _ in range(20):
            self.write(token)
            if self.until(lambda: self.find(token) is not None, 1.0) is not None:
                break
            self.write(clear)
        self._place = self.find(token)
        if self._place is None:
            raise RuntimeError("the typed token never appeared:\n" + "\n".join(self.screen()))
        self.write(clear)
        self.until(lambda: self.find(token) is None, 5.0)
        self.idle(0.3)

    def type_keys(
        self, count: int, *, burst: int = 30, clear: str = CLEAR_LINE, timeout: float = 3.0, limit: float = 120.0
    ) -> Typing:
        """Type single keys with a typist's pauses and time each one's echo; stops early after `limit` seconds."""
        if self._place is None:
            self.locate_composer()
        assert self._place is not None
        row, column = self._place
        chooser = random.Random(1)
        result, typed, missing = Typing(), "", False
        busy, total = machine_seconds()
        own, cpu = cpu_seconds([os.getpid()]), cpu_seconds(process_tree(self.pid))
        written, began = self.bytes_out, time.perf_counter()
        for _ in range(count):
            if time.perf_counter() - began > limit:
                break
            if len(typed) >= burst or missing:
                # After a loss as well: a key that is merely late must not be counted against those behind it.
                self.write(clear)
                self.until(lambda: not self.emulator.row(row, column, column + burst).strip(), 2.0)
                self.idle(chooser.uniform(0.02, 0.07))
                typed, missing = "", False
            typed += chooser.choice("abcdefghijklmnoprstuvwxyz")
            want = typed
            pressed = time.perf_counter()
            self.write(typed[-1])
            seen = self.until(lambda want=want: self.emulator.row(row, column, column + len(want)) == want, timeout)  # type: ignore[misc]
            if seen is None:
                result.lost += 1
                missing = True
            else:
                result.echo.append((seen - pressed) * 1000)
            self.idle(chooser.uniform(0.02, 0.07))
        result.seconds = time.perf_counter() - began
        result.cpu = cpu_seconds(process_tree(self.pid)) - cpu
        result.bytes_out = self.bytes_out - written
        busy_now, total_now = machine_seconds()
        own = cpu_seconds([os.getpid()]) - own
        result.others = max(0.0, (busy_now - busy - own - result.cpu) / max(1e-9, total_now - total))
        self.write(clear)
        return result

    def memory_mb(self) -> float:
        """Return the resident memory of the program and what it started, in MB."""
        return resident_mb(process_tree(self.pid))

    def close(self) -> None:
        """End the program and what it started, and only that."""
        pids = process_tree(self.pid)
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            end = time.perf_counter() + 2.0
            while time.perf_counter() < end:
                self.step(0.02)
                try:
                    if os.waitpid(self.pid, os.WNOHANG) != (0, 0):
                        break
                except ChildProcessError:
                    break
            else:
                continue
            break
        os.close(self._fd)
