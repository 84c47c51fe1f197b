"""Paradesk itself for the measurement: `python -m paradesk` on one profile whose journal holds the messages already.

The journal is filled once, by a desk without a screen in another process; each measured start gets a copy of it.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

PROFILE = "bench"
CONNECTED = "online"
"""What the status bar says once the backend is there."""

_ENTRY_POINTS = "[paradesk.connectors]\nbench-stream = benchmarks.peers.stream:StreamConnector\n"
_METADATA = "Metadata-Version: 2.1\nName: paradesk-bench\nVersion: 0\n"


class Workstation:
    """A folder with a configuration and a filled journal. A context manager; `fresh` gives what one start needs."""

    def __init__(self, messages: int) -> None:
        """`messages` is how many each of the four conversations holds."""
        self._preload = 4 * messages
        self._folder = Path(tempfile.mkdtemp(prefix="paradesk-bench-"))

    def __enter__(self) -> "Workstation":
        package = self._folder / "site" / "paradesk_bench-0.dist-info"
        package.mkdir(parents=True)
        (package / "entry_points.txt").write_text(_ENTRY_POINTS, encoding="utf-8")
        (package / "METADATA").write_text(_METADATA, encoding="utf-8")
        journal = self._folder / "filled" / "desk"
        command = [sys.executable, "-m", "benchmarks.peers.desk", str(journal), str(self._preload)]
        subprocess.run(command, check=True, env={**os.environ, "PARADESK_STATE_DIR": str(journal.parent)})
        return self

    def __exit__(self, *exc: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def argv(self) -> list[str]:
        """The program to measure: the command line as an agent starts it."""
        return [sys.executable, "-m", "paradesk"]

    def fresh(self, rate: float) -> dict[str, str]:
        """Return the environment of a start: the filled journal, and this many new messages a second."""
        place = self._folder / "running"
        shutil.rmtree(place, ignore_errors=True)
        configuration = place / "config"
        configuration.mkdir(parents=True)
        shutil.copytree(self._folder / "filled", place / "state")
        (configuration / "config.toml").write_text(
            f'[profiles.{PROFILE}]\nconnector = "bench-stream"\npreload = {self._preload}\nrate = "{rate}"\n',
            encoding="utf-8",
        )
        path = os.pathsep.join(filter(None, (str(self._folder / "site"), os.environ.get("PYTHONPATH", ""))))
        return {
            "PYTHONPATH": path,
            "PARADESK_CONFIG_DIR": str(configuration),
            "PARADESK_STATE_DIR": str(place / "state"),
            "HOME": str(place),
        }


def fill(directory: Path, messages: int) -> None:
    """Take so many messages into a journal, and open the four conversations in panes."""
    from benchmarks.peers.stream import CONVERSATIONS, StreamConnector
    from paradesk.config.state import mark_first_run_done
    from paradesk.core.model import ConversationId, Link
    from paradesk.desk.desk import Desk, Layout, Profile

    settings = {"preload": str(messages), "rate": "0"}
    directory.mkdir(parents=True)
    mark_first_run_done()
    desk = Desk([Profile(PROFILE, lambda: StreamConnector(settings))], directory)
    desk.start()
    there = threading.Event()
    desk.subscribe(
        lambda state: state.profiles[PROFILE].link is Link.ONLINE, lambda online: there.set() if online else None
    )
    if not there.wait(120):
        raise TimeoutError("the journal was not filled")
    panes = tuple(ConversationId(f"{PROFILE}/{name}") for name in CONVERSATIONS)
    desk.save_layout(Layout(panes, panes[0]))
    desk.stop(10.0)


if __name__ == "__main__":
    fill(Path(sys.argv[1]), int(sys.argv[2]))
