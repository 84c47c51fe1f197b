"""A desk on a large backend: from the start to the first chats, memory, and what a switch of panes takes.

Run: python -m benchmarks.large_backend [--conversations 10000] [--messages 100] [--rounds 3] [--rate 20] [--journal]

The real program in a pseudo-terminal of 160 × 45, on a backend that has so many conversations of so many messages each. The
first start signs in with an empty journal; the second finds what the first has kept. With `--journal` every message has
arrived before (a desk that has run for years), which is filled in once and takes a few minutes. *First paint* is the first
frame, *chats* the moment when an open chat with its messages and the hotlist stand there, *all* when the status bar counts
every waiting chat. A switch lasts from the key to the frame that says so. On a busy machine the processor times say more:
those of the whole program until the chats stand there, and for each switch, with whatever came meanwhile.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peers.large import MINE, QUEUED, RECENT
from benchmarks.probe import Probe, cpu_seconds, process_tree

PROFILE = "bench"
ROWS, COLUMNS = 45, 160
TARGETS = {"chats ms": 2000.0, "memory MB": 250.0, "switch p95 ms": 50.0}
_ENTRY_POINTS = "[paradesk.connectors]\nbench-large = benchmarks.peers.large:LargeConnector\n"


@dataclass
class Seen:
    """What one start came to; times in milliseconds."""

    paint: float
    chats: float
    all_there: float
    memory: float
    worked: float
    """Processor milliseconds of the program until the chats stood there: what a busy machine does not change."""
    busy: list[float] = field(default_factory=list)
    """Processor milliseconds for each switch, with the messages that came meanwhile."""
    switches: list[float] = field(default_factory=list)
    echoes: list[float] = field(default_factory=list)


class Place:
    """A configuration, and state that lives through several starts."""

    def __init__(self, folder: Path, conversations: int, messages: int, recent: int, rate: float) -> None:
        self.folder = folder
        self.conversations = conversations
        package = folder / "site" / "paradesk_bench-0.dist-info"
        package.mkdir(parents=True)
        (package / "entry_points.txt").write_text(_ENTRY_POINTS, encoding="utf-8")
        (package / "METADATA").write_text("Metadata-Version: 2.1\nName: paradesk-bench\nVersion: 0\n", encoding="utf-8")
        (folder / "config").mkdir()
        (folder / "state").mkdir()
        (folder / "state" / "first-run-done").touch()
        (folder / "config" / "config.toml").write_text(
            f'[profiles.{PROFILE}]\nconnector = "bench-large"\nconversations = {conversations}\n'
            f'messages = {messages}\nrecent = {recent}\nrate = "{rate}"\n',
            encoding="utf-8",
        )

    @property
    def environment(self) -> dict[str, str]:
        """What the program is started with."""
        path = os.pathsep.join(filter(None, (str(self.folder / "site"), os.environ.get("PYTHONPATH", ""))))
        return {
            "PYTHONPATH": path,
            "PARADESK_CONFIG_DIR": str(self.folder / "config"),
            "PARADESK_STATE_DIR": str(self.folder / "state"),
            "HOME": str(self.folder),
        }


def start(place: Place, switches: int) -> Seen:
    """Start the program once, switch panes so often, and say what was seen; raises RuntimeError for what never came."""
    waiting = sum(turn < place.conversations for turn in range(MINE, MINE + QUEUED))
    with Probe([sys.executable, "-m", "paradesk"], rows=ROWS, columns=COLUMNS, env=place.environment) as probe:
        paint = probe.first_paint()
        chats = probe.appears(("▶ to ", "Hotlist"), 120.0)
        worked = cpu_seconds(process_tree(probe.pid)) * 1000
        everything = probe.appears((f"{waiting} in queue",), 300.0)
        if paint is None or chats is None or everything is None:
            raise RuntimeError("never complete:\n" + "\n".join(probe.screen()))
        settle(probe)
        seen = Seen(paint, chats, everything, probe.memory_mb(), worked)
        panes = [number for number in (1, 2, 3, 4) if probe.find(f" {number} ━") or probe.find(f" {number} ─")]
        before = cpu_seconds(process_tree(probe.pid))
        for turn in range(switches):
            number = panes[turn % len(panes)]
            began = time.perf_counter()
            probe.write(f"\x18{number}")
            reached = probe.until(lambda number=number: f"active: {number} " in probe.screen()[0], 10.0)  # type: ignore[misc]
            if reached is None and f"active: {number} " not in probe.screen()[0]:
                raise RuntimeError(f"pane {number} never became active:\n" + "\n".join(probe.screen()))
            if reached is not None:
                seen.switches.append((reached - began) * 1000)
            probe.idle(0.15)
        seen.busy = [(cpu_seconds(process_tree(probe.pid)) - before) * 1000 / max(1, switches)]
        probe.locate_composer()
        seen.echoes = probe.type_keys(60).echo
        seen.memory = max(seen.memory, probe.memory_mb())
        probe.write("\x11")
        probe.until(lambda: False, 2.0)
        return seen


def settle(probe: Probe) -> None:
    """Wait until everything has been taken in: the program uses less than a fifth of a processor for three seconds."""
    for _ in range(60):
        before = cpu_seconds(process_tree(probe.pid))
        probe.idle(3.0)
        if cpu_seconds(process_tree(probe.pid)) - before < 0.6:
            return


def fill(place: Place) -> None:
    """Let a desk without a screen take everything into the journal, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.large_backend", "--fill", str(place.folder)]
    subprocess.run(command, check=True, env={**os.environ, **place.environment})


def filled(folder: Path) -> None:
    """Be that desk."""
    from benchmarks.peers.large import LargeConnector
    from paradesk.config.settings import load_settings
    from paradesk.core.model import ConversationId
    from paradesk.desk.desk import Desk, Profile

    options = dict(load_settings(folder / "config" / "config.toml").profiles[PROFILE].options)
    options |= {"recent": options["messages"], "rate": "0"}
    desk = Desk([Profile(PROFILE, lambda: LargeConnector(options))], folder / "state" / "desk")
    desk.start()
    whole = int(options["conversations"])
    last = ConversationId(f"{PROFILE}/c{whole - 1}")
    while (thread := desk.state.threads.get(last)) is None or len(thread.transcript) < int(options["messages"]):
        time.sleep(0.5)
    time.sleep(2.0)
    desk.stop(30.0)


def rows(name: str, seen: Sequence[Seen]) -> str:
    """Return a line of the table: medians over the rounds, percentiles over all switches."""

    def middle(values: Sequence[float]) -> float:
        return statistics.median(values) if values else float("nan")

    def high(values: Sequence[float]) -> float:
        ordered = sorted(values)
        return ordered[int(0.95 * (len(ordered) - 1))] if ordered else float("nan")

    switches = [value for one in seen for value in one.switches]
    echoes = [value for one in seen for value in one.echoes]
    return (
        f"{name:<24}{middle([one.paint for one in seen]):>9.0f}{middle([one.chats for one in seen]):>9.0f}"
        f"{middle([one.all_there for one in seen]):>9.0f}{max(one.memory for one in seen):>9.0f}"
        f"{middle(switches):>10.1f}{high(switches):>10.1f}{middle(echoes):>10.1f}{high(echoes):>10.1f}"
        f"{middle([one.worked for one in seen]):>12.0f}{middle([value for one in seen for value in one.busy]):>12.1f}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=10_000)
    parser.add_argument("--messages", type=int, default=100, help="of each conversation")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=20.0, help="messages a second while switching")
    parser.add_argument("--switches", type=int, default=40)
    parser.add_argument("--journal", action="store_true", help="also with every message in the journal")
    parser.add_argument("--fill", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.fill:
        filled(given.fill)
        return
    print(
        f"{given.conversations:,} conversations, {given.conversations * given.messages:,} messages; milliseconds and MB"
    )
    heads = ("paint", "chats", "all", "memory", "switch", "p95", "echo", "p95", "chats cpu", "switch cpu")
    widths = (9, 9, 9, 9, 10, 10, 10, 10, 12, 12)
    print(" " * 24 + "".join(f"{head:>{width}}" for head, width in zip(heads, widths, strict=True)))
    first, second, third = [], [], []
    for _ in range(given.rounds):
        with tempfile.TemporaryDirectory(prefix="paradesk-bench-") as folder:
            place = Place(Path(folder), given.conversations, given.messages, RECENT, given.rate)
            first.append(start(place, given.switches))
            second.append(start(place, given.switches))
    print(rows("signing in", first))
    print(rows("starting again", second), flush=True)
    if given.journal:
        with tempfile.TemporaryDirectory(prefix="paradesk-bench-") as folder:
            place = Place(Path(folder), given.conversations, given.messages, RECENT, given.rate)
            fill(place)
            kept = Path(folder) / "kept"
            shutil.copytree(Path(folder) / "state", kept)
            for _ in range(given.rounds):
                shutil.rmtree(Path(folder) / "state")
                shutil.copytree(kept, Path(folder) / "state")
                third.append(start(place, given.switches))
        print(rows("all in the journal", third))
    print("targets: " + ", ".join(f"{name} below {most:g}" for name, most in TARGETS.items()))


if __name__ == "__main__":
    main()
