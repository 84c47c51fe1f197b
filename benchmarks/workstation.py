"""Start-up, key to echo, bytes, CPU and memory of Paradesk, a bare Textual application and weechat, in one run.

Run: python -m benchmarks.workstation [--keys 300] [--rounds 5] [--messages 10000] [--rates 0 50 500]

Four panes of 10,000 messages at 200 × 50, through a pseudo-terminal, the programs in turn, medians over the rounds. The
figures of one machine mean little; the ratios to the bare Textual application of the same run mean more.
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from benchmarks.emulator import make_emulator
from benchmarks.peers import weechat
from benchmarks.peers.desk import CONNECTED, Workstation
from benchmarks.probe import Probe, Typing

ROWS, COLUMNS = 50, 200
COMPOSERS = ("▶ to SARAH CHEN", "to Jonas Kühn", "to Анна Петрова", "to Grace Mbeki")
"""The input lines of the four panes: when all of them stand there, so do the transcripts above."""


@dataclass
class Figures:
    """What was measured of one program at one rate, over all rounds."""

    program: str
    rate: int
    paint: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    runs: list[Typing] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def median(self, of: Callable[[Typing], float]) -> float:
        """Return the median over the rounds of a figure of one run."""
        values = [value for run in self.runs if (value := of(run)) == value]
        return statistics.median(values) if values else float("nan")

    def pooled(self, share: float) -> float:
        """Return a percentile over the keys of all rounds."""
        return Typing(echo=[echo for run in self.runs for echo in run.echo]).percentile(share)

    @property
    def first_paint(self) -> float:
        """Median milliseconds to the first paint."""
        return _median(self.paint)

    @property
    def shown(self) -> float:
        """Median milliseconds until what the program is for stands on the screen."""
        return _median(self.ready)


def _median(values: list[float]) -> float:
    return statistics.median(values) if values else float("nan")


def measure(
    figures: Figures,
    argv: list[str],
    keys: int,
    *,
    markers: tuple[str, ...] = (),
    then: str = "",
    env: Mapping[str, str] | None = None,
    prepare: Callable[[Probe], None] | None = None,
    settle: float = 1.0,
) -> None:
    """Run a program once and add what was seen to its figures.

    It is ready when all `markers` stand on the screen; before anything is typed `then` has to appear as well.
    """
    with Probe(argv, rows=ROWS, columns=COLUMNS, env=env) as probe:
        paint = probe.first_paint()
        if paint is None:
            figures.failed.append("nothing was painted")
            return
        figures.paint.append(paint)
        ready = probe.appears(markers, 60.0) if markers else paint
        if ready is None or (then and probe.appears((then,), 60.0) is None):
            figures.failed.append(f"{', '.join(markers)} or {then!r} never appeared")
            return
        figures.ready.append(ready)
        probe.idle(settle)
        if prepare is not None:
            prepare(probe)
        try:
            probe.locate_composer()
            figures.runs.append(probe.type_keys(keys))
        except RuntimeError as error:
            figures.failed.append(str(error).splitlines()[0])
        figures.memory.append(probe.memory_mb())


def _weechat_round(figures: Figures, keys: int) -> None:
    with weechat.Weechat(figures.rate) as peer:

        def prepare(probe: Probe) -> None:
            for line in peer.spread:
                probe.write(f"{line}\r")
                probe.idle(0.2)
            peer.flood()
            probe.idle(1.0)

        measure(figures, peer.argv, keys, then="#four", prepare=prepare)


def _row(cells: Iterable[str], widths: tuple[int, ...]) -> str:
    return "  ".join(
        f"{cell:>{width}}" if place else f"{cell:<{width}}"
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )


def _number(value: float, digits: int = 2) -> str:
    return "–" if value != value else f"{value:.{digits}f}"


HEAD = (
    "program",
    "msg/s",
    "paint ms",
    "ready ms",
    "p50",
    "p95",
    "p99",
    "max",
    "keys",
    "lost",
    "bytes/key",
    "CPU %",
    "RSS MB",
    "others %",
)
WIDTHS = (14, 5, 8, 8, 7, 7, 7, 7, 5, 4, 9, 6, 6, 8)


def print_table(table: list[Figures]) -> None:
    """Print every figure; echo times in milliseconds."""
    print(_row(HEAD, WIDTHS))
    for figures in table:
        keys = sum(len(run.echo) for run in figures.runs)
        cells = (
            figures.program,
            str(figures.rate),
            _number(figures.first_paint, 0),
            _number(figures.shown, 0),
            _number(figures.median(lambda run: run.percentile(0.5))),
            _number(figures.median(lambda run: run.percentile(0.95))),
            _number(figures.pooled(0.99)),
            _number(figures.pooled(1.0)),
            str(keys),
            str(sum(run.lost for run in figures.runs)),
            _number(figures.median(lambda run: run.bytes_out / max(1, len(run.echo))), 0),
            _number(figures.median(lambda run: 100 * run.cpu / run.seconds), 1),
            _number(_median(figures.memory), 1),
            _number(100 * figures.median(lambda run: run.others), 0),
        )
        print(_row(cells, WIDTHS))
        for reason in sorted(set(figures.failed)):
            print(f"    {figures.failed.count(reason)} round(s) failed: {reason}")


def print_targets(table: list[Figures]) -> None:
    """Print the design targets and what this run reached."""
    found = {(figures.program, figures.rate): figures for figures in table}
    bare, desk = found.get(("bare Textual", 0)), found.get(("paradesk", 0))
    if bare is None or desk is None:
        return

    def p50(figures: Figures) -> float:
        return figures.median(lambda run: run.percentile(0.5))

    rows = [
        ("start-up to first paint, × bare", desk.first_paint / bare.first_paint, 1.3),
        ("key to echo idle p50, × bare", p50(desk) / p50(bare), 0.6),
        ("key to echo idle p99, × bare", desk.pooled(0.99) / bare.pooled(0.99), 1.0),
        ("bytes per key idle", desk.median(lambda run: run.bytes_out / max(1, len(run.echo))), 450),
        ("memory, × bare", _median(desk.memory) / _median(bare.memory), 2.0),
    ]
    if flood := found.get(("paradesk", 500)):
        rows.append(("key to echo at 500/s p50, × bare idle p50", p50(flood) / p50(bare), 1.0))
        rows.append(("key to echo at 500/s p99, × bare idle p99", flood.pooled(0.99) / bare.pooled(0.99), 2.0))
    if some := found.get(("paradesk", 50)):
        rows.append(("CPU at 50/s, % of a core", some.median(lambda run: 100 * run.cpu / run.seconds), 15.0))
    print("\ntarget" + " " * 40 + "reached   at most")
    for name, value, limit in rows:
        verdict = "" if value <= limit else "   missed"
        print(f"{name:<44} {value:9.2f} {limit:9.2f}{verdict}")
    lost = sum(run.lost for figures in table if figures.program == "paradesk" for run in figures.runs)
    print(f"{'keys lost by paradesk':<44} {lost:9d} {0:9d}{'' if not lost else '   missed'}")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keys", type=int, default=300, help="keys per round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=10_000, help="messages in each of the four panes")
    parser.add_argument("--no-weechat", action="store_true", help="leave weechat out")
    parser.add_argument("--rates", type=int, nargs="*", default=[0, 50, 500], help="messages a second over all panes")
    chosen = parser.parse_args()
    print(f"{COLUMNS} × {ROWS}, {chosen.rounds} rounds of {chosen.keys} keys, emulator {make_emulator(1, 1).name}")
    if gone := weechat.missing():
        print(f"weechat is not measured: {', '.join(gone)} not installed")
    bare = Figures("bare Textual", 0)
    desks = [Figures("paradesk", rate) for rate in chosen.rates]
    peers = [] if gone or chosen.no_weechat else [Figures("weechat", rate) for rate in chosen.rates]
    with Workstation(chosen.messages) as workstation:
        for number in range(1, chosen.rounds + 1):
            print(f"round {number} of {chosen.rounds}", file=sys.stderr, flush=True)
            measure(bare, [sys.executable, "-m", "benchmarks.peers.bare_input"], chosen.keys)
            for figures in desks:
                env = workstation.fresh(figures.rate)
                measure(figures, workstation.argv, chosen.keys, markers=COMPOSERS, then=CONNECTED, env=env, settle=3.0)
            for figures in peers:
                _weechat_round(figures, chosen.keys)
    table = [bare, *desks, *peers]
    print_table(table)
    print_targets(table)
    return 1 if any(figures.failed for figures in table) else 0


if __name__ == "__main__":
    sys.exit(main())
