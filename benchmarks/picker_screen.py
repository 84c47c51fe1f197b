"""The picker of canned responses in the running program, without packs and with 10,000 responses of 50 packs.

Run: python -m benchmarks.picker_screen [--packs 50] [--responses 10000] [--rounds 3]

Through a pseudo-terminal at 120 × 40: from starting the program to its first frame, from F2 to the open picker with its list,
and from each typed letter to the letter on the filter line and the count of hits beside it. Both kinds in turn, so that the
ratio means something where the milliseconds do not. Painting, the terminal and the emulator are in all figures but the
last two; what else the machine does is in all but those.
"""

import argparse
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.packs import QUERIES, make_pack
from benchmarks.probe import Probe, cpu_seconds, process_tree
from paradesk.config.shipped import shipped
from paradesk.config.state import mark_first_run_done
from paradesk.keymap.keymap import Layer
from paradesk.keymap.loader import load_keymap
from paradesk.packs.install import Installer
from paradesk.packs.sources import fetch, understand
from paradesk.packs.store import Store

ROWS, COLUMNS = 40, 120
TITLE = "Canned responses"
F2 = "\x1bOQ"
_COUNT = re.compile(r"\d+\+? of (\d+)")


@dataclass
class Seen:
    """Milliseconds, one for each time."""

    paint: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    keys: list[float] = field(default_factory=list)
    again_cpu: list[float] = field(default_factory=list)
    """Processor time of the program from F2 until it is still again."""
    keys_cpu: list[float] = field(default_factory=list)
    """The same for a letter, each the mean over one query."""


def count_shown(probe: Probe) -> str:
    """Return what the picker says of its hits, such as `50+ of 546`; empty while it is not open."""
    for row in probe.screen():
        if found := _COUNT.search(row):
            return found.group()
    return ""


def opened(probe: Probe) -> float:
    """Press F2 and return the milliseconds until list and count stand there; raises SystemExit when they never do."""
    pressed = time.perf_counter()
    probe.write(F2)
    seen = probe.until(lambda: probe.find(TITLE) is not None and bool(count_shown(probe)), 30.0)
    if seen is None:
        raise SystemExit("the picker never opened:\n" + "\n".join(probe.screen()))
    return (seen - pressed) * 1000


def typed(probe: Probe, query: str) -> list[float]:
    """Type a query letter by letter and return the milliseconds of each until it stands on the filter line."""
    found = []
    for length in range(1, len(query) + 1):
        pressed = time.perf_counter()
        probe.write(query[length - 1])
        line = f"> {query[:length]}".rstrip()
        seen = probe.until(lambda line=line: probe.find(line) is not None, 10.0)  # type: ignore[misc]
        if seen is None:
            raise SystemExit(f"{query[:length]!r} never stood there:\n" + "\n".join(probe.screen()))
        found.append((seen - pressed) * 1000)
        probe.idle(0.06)
    return found


def cpu(probe: Probe) -> float:
    """Return the milliseconds of processor time that the program has used, to a hundredth of a second."""
    return cpu_seconds(process_tree(probe.pid)) * 1000


def measure(environment: dict[str, str], seen: Seen) -> int:
    """Start the program once, use its picker, and return how many responses it has."""
    with Probe([sys.executable, "-m", "paradesk", "demo"], rows=ROWS, columns=COLUMNS, env=environment) as probe:
        paint = probe.first_paint()
        if paint is None or probe.appears(("▶ to",), 30.0) is None:
            raise SystemExit("no chat was opened:\n" + "\n".join(probe.screen()))
        seen.paint.append(paint)
        # Responses are read and indexed behind the first frames; an agent who is faster waits for that once.
        probe.idle(12.0)
        seen.first.append(opened(probe))
        whole = int(_COUNT.search(count_shown(probe)).group(1))  # type: ignore[union-attr]
        for query in QUERIES:
            used = cpu(probe)
            seen.keys += typed(probe, query)
            seen.keys_cpu.append((cpu(probe) - used) / len(query))
            probe.write("\x1b")
            if probe.until(lambda: probe.find(TITLE) is None, 10.0) is None:
                raise SystemExit("the picker does not close")
            probe.idle(0.4)
            used = cpu(probe)
            seen.again.append(opened(probe))
            probe.idle(0.4)
            seen.again_cpu.append(cpu(probe) - used)
        return whole


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packs", type=int, default=50)
    parser.add_argument("--responses", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    chance = random.Random(1)
    default = load_keymap(shipped("keymaps") / "default.toml", Layer.DEFAULT)
    with tempfile.TemporaryDirectory(prefix="paradesk-benchmark-") as name:
        root = Path(name)
        each = options.responses // options.packs
        installer = Installer(root / "config" / "packs.lock", Store(root / "data" / "packs"), default)
        for number in range(options.packs):
            source = make_pack(root / f"pack{number}", f"pack{number}", each, chance)
            installer.add(fetch(understand(str(source))), lambda step: True)
        base = {"PARADESK_DATA_DIR": str(root / "data"), "HOME": name, "PARADESK_STATE_DIR": str(root / "state")}
        os.environ.update(base)
        mark_first_run_done()
        sides = {
            "none": base | {"PARADESK_CONFIG_DIR": str(root / "bare")},
            "packs": base | {"PARADESK_CONFIG_DIR": str(root / "config")},
        }
        figures = {side: Seen() for side in sides}
        counts = {}
        for number in range(options.rounds + 1):
            for side, environment in sides.items():
                # The first start of each writes caches and is not counted.
                counts[side] = measure(environment, Seen() if number == 0 else figures[side])
        print(f"responses: {counts['none']} without packs, {counts['packs']} with {options.packs} packs")
        print(f"{'':<36}{'none':>10}{'packs':>10}{'more':>10}{'ratio':>8}")
        rows: tuple[tuple[str, Callable[[Seen], float]], ...] = (
            ("first frame, median", lambda seen: statistics.median(seen.paint)),
            ("picker opens, first time, median", lambda seen: statistics.median(seen.first)),
            ("picker opens again, median", lambda seen: statistics.median(seen.again)),
            ("a letter, median", lambda seen: statistics.median(seen.keys)),
            ("a letter, 95 of 100", lambda seen: sorted(seen.keys)[int(0.95 * len(seen.keys))]),
            ("processor time of an opening, mean", lambda seen: statistics.mean(seen.again_cpu)),
            ("processor time of a letter, mean", lambda seen: statistics.mean(seen.keys_cpu)),
        )
        for title, of in rows:
            none, packs = of(figures["none"]), of(figures["packs"])
            print(f"{title:<36}{none:>7.1f} ms{packs:>7.1f} ms{packs - none:>7.1f} ms{packs / none:>8.2f}")


if __name__ == "__main__":
    main()
