"""Every screen for every serving of hostile texts, and every paste of them; prints what came of it.

`python -m tests.e2e.hostile` is the short run, `--full` the whole one; `--only screens` or `pastes` does a part.
"""

import argparse
import sys
import time

from tests.e2e.hostile.pastes import pasted
from tests.e2e.hostile.rounds import honest, table, walked
from tests.e2e.test_hostile_bytes import EVERY
from tests.hostile_corpus import COLLECTION, MISSING, everything


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    """Run it; 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", choices=("screens", "pastes"))
    given = parser.parse_args()
    begun, well, entries = time.monotonic(), True, everything()
    if not COLLECTION.exists():
        print(MISSING)
    if given.only != "pastes":
        usual = honest(full=given.full)
        found = walked(entries, 1 if given.full else EVERY, full=given.full, keep=False, tell=_tell)
        lines, well = table(entries, usual, found)
        print("\n".join(lines), flush=True)
    if given.only != "screens":
        lines, good = pasted(entries, full=given.full, tell=_tell)
        print("\n".join(lines))
        well = well and good
    print(f"{'all is well' if well else 'SOMETHING IS WRONG'}, after {time.monotonic() - begun:.0f} s")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
