"""What one key costs from the terminal and back: Paradesk's composer against a bare Input and a TextArea.

    python benchmarks/composer_keys.py [--keys 200] [--rounds 3]

Each program runs in a pseudo-terminal of 200 x 50 cells. One key at a time is written, at most 30 to a line, and the clock stops when the
synchronized update that carries it has been read. Rounds alternate between the programs; the figures are medians over
rounds, and the ratios are to the bare Input of the same run. A busy machine spoils them: compare within a run only.
"""

import argparse
import fcntl
import os
import random
import re
import select
import signal
import statistics
import struct
import sys
import termios
import time

ROWS, COLUMNS = 50, 200
PROGRAMS = ("input", "textarea", "composer")
_QUERY = b"\x1b[?2026$p"
_SUPPORTED = b"\x1b[?2026;2$y"
_END_OF_UPDATE = b"\x1b[?2026l"
_CONTROL = re.compile(rb"\x1b\[[0-9;?<>=]*[ -/]*[@-~]")


class Running:
    """One program in a pseudo-terminal."""

    def __init__(self, program: str) -> None:
        self.pid, self.fd = os.forkpty()
        if self.pid == 0:
            os.environ.update({"TERM": "xterm-256color", "COLORTERM": "truecolor"})
            os.environ.pop("TEXTUAL_FPS", None)
            if program == "composer":
                os.environ["TEXTUAL_FPS"] = "1000"
            os.execv(sys.executable, [sys.executable, __file__, "--serve", program])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.read_until(lambda data: _QUERY in data, 30.0)
        os.write(self.fd, _SUPPORTED)
        self.read_until(lambda data: b"READY" in data, 30.0)
        self.quiet()

    def read_until(self, done: "object", patience: float = 3.0) -> bytes:
        """Read until `done(data so far)`; raises TimeoutError."""
        assert callable(done)
        data = b""
        end = time.perf_counter() + patience
        while not done(data):
            left = end - time.perf_counter()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise TimeoutError(f"no answer; the last bytes were {data[-200:]!r}")
            data += os.read(self.fd, 65536)
        return data

    def quiet(self, gap: float = 0.3) -> int:
        """Read until nothing comes for `gap` seconds; returns the number of bytes."""
        total = 0
        while select.select([self.fd], [], [], gap)[0]:
            total += len(os.read(self.fd, 65536))
        return total

    def press(self, key: str) -> tuple[float, int]:
        """Milliseconds until the key's update was read, and its bytes."""
        wanted = key.encode()

        def shown(data: bytes) -> bool:
            return data.endswith(_END_OF_UPDATE) and wanted in _CONTROL.sub(b"", data)

        start = time.perf_counter()
        os.write(self.fd, wanted)
        size = len(self.read_until(shown))
        return (time.perf_counter() - start) * 1000, size

    def close(self) -> None:
        """End the program."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def measure(program: str, keys: int, seed: int) -> tuple[list[float], float]:
    """Times of `keys` key presses in milliseconds, and the mean number of bytes per key."""
    rng = random.Random(seed)
    running = Running(program)
    try:
        times: list[float] = []
        total = 0
        for number in range(keys + 20):
            time.sleep(rng.uniform(0.02, 0.05))
            total += running.quiet(0)
            milliseconds, size = running.press("abcdefghijklmnoprstuvwxyz"[number % 25])
            if number % 30 == 29:
                os.write(running.fd, b"\x7f" * 30)
                running.quiet()
            if number >= 20:
                times.append(milliseconds)
                total += size
            else:
                total = 0
        total += running.quiet(0.05)
        return times, total / keys
    finally:
        running.close()


def serve(program: str) -> None:
    """Be one of the programs."""
    from textual.app import App, ComposeResult
    from textual.containers import Vertical
    from textual.screen import Screen
    from textual.widget import Widget
    from textual.widgets import Input, Static, TextArea

    if program != "composer":

        class Bare(App[None]):
            def compose(self) -> ComposeResult:
                yield Static("READY")
                yield TextArea() if program == "textarea" else Input()

            def on_mount(self) -> None:
                self.query_one("Input, TextArea", Widget).focus()

        Bare().run()
        return

    from paradesk.ui.input_guard import guarded_driver
    from paradesk.ui.widgets.composer import Composer
    from paradesk.ui.widgets.composer_rows import Target

    class BlankScreen(Screen[None]):
        BLANK = True

    class BlankBox(Vertical):
        BLANK = True

    class Desk(App[None]):
        ENABLE_COMMAND_PALETTE = False
        CSS = "BlankBox { height: 1fr; }"

        def get_default_screen(self) -> Screen[None]:
            return BlankScreen(id="_default")

        def compose(self) -> ComposeResult:
            with BlankBox():
                yield Static("READY")
            composer = Composer()
            composer.target = Target("Sarah Chen", "1245")
            yield composer

        def on_mount(self) -> None:
            self.query_one(Composer).focus()

    Desk(driver_class=guarded_driver()).run()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", choices=PROGRAMS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return
    figures: dict[str, list[tuple[float, float, float]]] = {program: [] for program in PROGRAMS}
    for number in range(options.rounds):
        for program in PROGRAMS:
            times, size = measure(program, options.keys, number)
            times.sort()
            figures[program].append((statistics.median(times), times[int(0.99 * len(times))], size))
    bare = statistics.median(row[0] for row in figures["input"])
    print(f"{'program':<10} {'p50 ms':>8} {'p99 ms':>8} {'bytes/key':>10} {'p50 ratio':>10}")
    for program, rows in figures.items():
        p50, p99, size = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{program:<10} {p50:>8.2f} {p99:>8.2f} {size:>10.0f} {p50 / bare:>10.2f}")


if __name__ == "__main__":
    main()
