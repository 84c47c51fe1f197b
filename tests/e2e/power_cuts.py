"""Cut the power of the desk's journal many times: `python -m tests.e2e.power_cuts --cuts 1000 [--synchronous normal]`.

Prints what was lost; exits with 1 where something was lost with the setting that Paradesk uses (full).
"""

import argparse
import sys
from collections import Counter

from tests.e2e.power.cuts import Found, cut_once


def run(cuts: int, synchronous: str, seed: int) -> list[Found]:
    """Cut so many times, one in eight during a migration."""
    return [
        cut_once(seed + number, synchronous=synchronous, migrate=number % 8 == 7)
        for number in range(cuts)
    ]  # fmt: skip


def table(found: list[Found], synchronous: str) -> str:
    """Return the figures as text."""
    lost: Counter[str] = sum((one.lost for one in found), Counter())
    during: Counter[str] = Counter(one.during for one in found)
    commits = sum(one.commits for one in found)
    lines = [
        f"synchronous            {synchronous}",
        f"power cuts             {len(found)}",
        f"commits before them    {commits}",
        f"syncs per commit       {sum(one.syncs for one in found) / max(1, commits):.2f}",
        f"cut in the main file   {sum(one.checkpoint for one in found)}",
        f"databases corrupt      {sum(bool(one.corrupt) for one in found)}",
        f"cursor ahead of events {sum(one.ahead for one in found)}",
        f"outbox order broken    {sum(one.disordered for one in found)}",
        f"cuts with a loss       {sum(one.bad for one in found)}",
        f"committed rows lost    {lost.total()}",
    ]
    lines += [f"  in {name:20}{count}" for name, count in sorted(lost.items())]
    lines.append("cut during             " + ", ".join(f"{name} {count}" for name, count in during.most_common()))
    return "\n".join(lines)


def main() -> int:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=1000)
    parser.add_argument("--synchronous", choices=("full", "normal", "off"), default="full")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    found = run(chosen.cuts, chosen.synchronous, chosen.seed)
    print(table(found, chosen.synchronous))
    return int(chosen.synchronous == "full" and any(one.bad for one in found))


if __name__ == "__main__":
    sys.exit(main())
