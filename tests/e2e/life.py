"""One life of the real program in a pseudo-terminal: started, written in, ended in some way, and looked at afterwards."""

import contextlib
import fcntl
import os
import re
import select
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import termios
import time
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("exit_program.py")
PATIENCE = 60.0

_OFF = frozenset({1000, 1002, 1003, 1004, 1006, 1015, 1016, 1049, 2004, 2026, 2048})
_MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])|\x1b\[>\d+u()|\x1b\[<u()|\x1b\[22;2t()|\x1b\[23;2t()")


class Home:
    """The folders of one user with one simulated profile."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.temporary = folder / "temporary"
        self.temporary.mkdir(parents=True, exist_ok=True)
        self.killed_demo = 0
        """The process of a demo that was killed, or 0."""
        (folder / "config").mkdir(parents=True, exist_ok=True)
        (folder / "config" / "config.toml").write_text('[profiles.shop]\nconnector = "simulator"\nseed = "3"\n')
        self.environment = {
            **os.environ,
            "HOME": str(folder),
            "TMPDIR": str(self.temporary),
            "TERM": "xterm-256color",
            "PYTHONPATH": str(ROOT),
            "PARADESK_CONFIG_DIR": str(folder / "config"),
            "PARADESK_STATE_DIR": str(self.state),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }
        self.environment.pop("NO_COLOR", None)
        script = "from paradesk.config.state import mark_first_run_done as m; m()"
        if not self.state.exists():
            subprocess.run([sys.executable, "-c", script], env=self.environment, check=True)

    def copy(self, folder: Path) -> "Home":
        """Return another user with the same past."""
        shutil.copytree(self.folder, folder)
        return Home(folder)

    def drafts(self) -> list[str]:
        """Return all drafts on the disk."""
        with closing(sqlite3.connect(self.state / "desk" / "desk.sqlite3")) as database:
            return [row[0] for row in database.execute("select text from drafts")]


class Life:
    """Use as a context manager; leaving ends whatever still runs."""

    def __init__(self, home: Home, fault: str = "", *arguments: str, alone: bool = False) -> None:
        self.home = home
        self.master, self.slave = os.openpty()
        self.resize(40, 120)
        self.attributes: list[Any] = termios.tcgetattr(self.slave)
        self.output = b""
        self.reading = True
        self.pid = os.fork()
        if self.pid == 0:
            # Whoever runs this under nohup ignores SIGHUP, and would bequeath that to the program.
            for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for descriptor in (0, 1, 2):
                os.dup2(self.slave, descriptor)
            os.closerange(3, 64)
            if alone:
                home.environment["PARADESK_NO_SUPERVISOR"] = "1"
            os.execve(sys.executable, [sys.executable, str(PROGRAM), fault, *arguments], home.environment)
        os.set_blocking(self.master, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pid in (self.pid, self.child() if self.pid else 0):
            if pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if self.pid:
            os.waitpid(self.pid, 0)
        self.hang_up()

    def resize(self, rows: int, columns: int) -> None:
        """Give the terminal another size."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def child(self) -> int:
        """Return the id of the program below its parent, or 0."""
        with contextlib.suppress(OSError):
            for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii").split():
                return int(pid)
        return 0

    def read(self, seconds: float = 0.02) -> None:
        """Take what the program writes."""
        if self.reading and select.select([self.master], [], [], seconds)[0]:
            with contextlib.suppress(OSError):
                self.output += os.read(self.master, 65536)
        elif not self.reading:
            time.sleep(seconds)

    def until(self, wanted: bytes, *, since: int = 0) -> None:
        """Wait until the program has written this."""
        end = time.monotonic() + PATIENCE
        while wanted not in self.output[since:]:
            assert time.monotonic() < end, f"{wanted!r} never came; the end was {self.output[-300:]!r}"
            self.read()

    def write(self, data: bytes) -> None:
        """Write as if the terminal had sent it, and take what the program writes meanwhile."""
        while data:
            _, able, _ = select.select([], [self.master], [], 0.02)
            if able:
                with contextlib.suppress(BlockingIOError):
                    data = data[os.write(self.master, data[:2048]) :]
            self.read(0)

    def type(self, text: str) -> None:
        """Type this and wait for its echo."""
        since = len(self.output)
        self.write(text.encode())
        self.until(text.encode(), since=since)

    def opened(self) -> None:
        """Wait until a chat is open and takes text."""
        self.until("▶ to ".encode())

    def stopped(self) -> bool:
        """Say whether the process that the shell waits for has stopped."""
        return Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"

    def hang_up(self) -> None:
        """Close the window."""
        self.reading = False
        for descriptor in (self.slave, self.master):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def wait(self) -> int:
        """Wait for the end and return what a shell has in `$?`."""
        end = time.monotonic() + PATIENCE
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                code = os.waitstatus_to_exitcode(status)
                return code if code >= 0 else 128 - code
            assert time.monotonic() < end, "it does not end"
            self.read(0.005)

    def rest(self) -> None:
        """Take what is still in the terminal."""
        self.reading = True
        with contextlib.suppress(OSError):
            while select.select([self.master], [], [], 0.05)[0]:
                self.output += os.read(self.master, 65536)

    def left_on(self) -> list[str]:
        """Return what the program has left behind in the terminal: nothing where all is as it was."""
        on: set[int] = set()
        hidden: set[int] = set()
        kitty = titles = 0
        for match in _MODE.finditer(self.output):
            numbers, way = match.group(1), match.group(2)
            if numbers:
                for number in map(int, numbers.split(b";")):
                    (on.add if way == b"h" else on.discard)(number)
                    (hidden.discard if way == b"h" else hidden.add)(number)
            elif match.group(3) is not None:
                kitty += 1
            elif match.group(4) is not None:
                kitty = max(0, kitty - 1)
            elif match.group(5) is not None:
                titles += 1
            else:
                titles = max(0, titles - 1)
        found = [f"mode {number}" for number in sorted(on & _OFF)]
        found += [f"mode {number} off" for number in sorted(hidden & {7, 25})]
        found += ["kitty keyboard"] if kitty else []
        found += ["title"] if titles else []
        if termios.tcgetattr(self.slave) != self.attributes:
            found.append("termios")
        return found

    def last_words(self) -> str:
        """Return what stands in the terminal after the alternate screen was left."""
        return self.output.rpartition(b"\x1b[?1049l")[2].decode(errors="replace")
