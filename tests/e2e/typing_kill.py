"""Kills the real program with SIGKILL while somebody types 50 characters a second, and counts what is not on the disk.

`python -m tests.e2e.typing_kill --kills 200 [--seed 1]`; status 1 where more than one character was lost.

Lost is counted in two ways. *Echoed*: characters that had come back on the terminal before the kill. *Written*: every
character that had been written to the terminal, also those that the program had not read yet: one that was written in
the very moment of the kill counts. A kill comes at a random moment after a random number of characters.
"""

import argparse
import os
import random
import shutil
import signal
import string
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.exits import prepare
from tests.e2e.life import Home, Life

BETWEEN = 0.02
"""Seconds between two characters."""

PASTED = "".join(f"line {number} of a pasted text\n" for number in range(4000))


@dataclass(frozen=True)
class Lost:
    """Characters of one draft that a kill has cost."""

    echoed: int
    written: int


def _common(text: str, kept: str) -> int:
    return next(
        (at for at, (one, other) in enumerate(zip(text, kept, strict=False)) if one != other), min(len(text), len(kept))
    )


def _echo(text: str, output: bytes) -> int:
    return next((length for length in range(len(text), 0, -1) if text[:length].encode() in output), 0)


def _end(life: Life) -> None:
    os.kill(life.child(), signal.SIGKILL)
    # What had been written before the kill was echoed; what the parent writes afterwards is no echo.
    life.wait()


def while_typing(home: Home, chance: random.Random) -> Lost:
    """Type, kill, and compare what was typed with what is on the disk."""
    text = "".join(chance.choice(string.ascii_lowercase) for _ in range(chance.randrange(2, 36)))
    with Life(home) as life:
        life.opened()
        since, begun = len(life.output), time.monotonic()
        for number, character in enumerate(text):
            while (left := begun + number * BETWEEN - time.monotonic()) > 0:
                life.read(left)
            os.write(life.master, character.encode())
        until = time.monotonic() + chance.random() * BETWEEN
        while (left := until - time.monotonic()) > 0:
            life.read(left)
        seen = life.output[since:]
        _end(life)
    kept = max((_common(text, draft) for draft in home.drafts()), default=0)
    return Lost(max(0, _echo(text, seen) - kept), len(text) - kept)


def while_pasting(home: Home, chance: random.Random) -> Lost:
    """Kill while a long paste comes in or is kept: all of it is there, or nothing."""
    with Life(home) as life:
        life.opened()
        paste = b"\x1b[200~" + PASTED.replace("\n", "\r").encode() + b"\x1b[201~"
        life.write(paste if chance.random() < 0.7 else paste[: chance.randrange(len(paste))])
        until = time.monotonic() + chance.random() * 0.3
        while time.monotonic() < until:
            life.read(0.005)
        _end(life)
    drafts = [draft for draft in home.drafts() if draft]
    whole = all(draft.rstrip("\n") == PASTED.rstrip("\n") for draft in drafts)
    return Lost(0 if whole else len(PASTED), 0 if whole else len(PASTED))


def _after(keys: bytes, *, back: bool) -> Callable[[Home, random.Random], Lost]:
    """Kill just after keys that do not type: the text from before is there, whole (or taken back with `back`)."""

    def run(home: Home, chance: random.Random) -> Lost:
        text = f"draft {chance.randrange(10**6)} of an agent"
        with Life(home) as life:
            life.opened()
            for character in text:
                os.write(life.master, character.encode())
                life.read(BETWEEN)
            end = time.monotonic() + 30
            while text not in home.drafts():
                assert time.monotonic() < end, "the draft never came to the disk"
                life.read()
            life.write(keys)
            until = time.monotonic() + chance.random() * 0.1
            while time.monotonic() < until:
                life.read(0.005)
            _end(life)
        drafts = home.drafts()
        good = text in drafts or (back and all(text.startswith(draft) for draft in drafts))
        return Lost(0, 0) if good else Lost(len(text), len(text))

    return run


WAYS: dict[str, Callable[[Home, random.Random], Lost]] = {
    "typing": while_typing,
    "a paste of 100 kB": while_pasting,
    "undo": _after(b"\x1a", back=True),
    "reply to note": _after(b"\x1b[20~", back=False),
    "another pane": _after(b"\x182", back=False),
}


def main() -> int:
    """Run the kills and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    counts: dict[str, list[Lost]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory(prefix="paradesk-typing-") as place:
        template = prepare(Path(place) / "template")
        for number in range(given.kills):
            # Three of four are typing: the others are few kinds of moments.
            way = "typing" if number % 4 else list(WAYS)[1 + number // 4 % (len(WAYS) - 1)]
            home = template.copy(Path(place) / "now")
            counts[way].append(WAYS[way](home, chance))
            shutil.rmtree(home.folder)
    print(f"{'killed during':<20}{'kills':>6}  {'echoed but lost':<28}written but lost (characters: kills)")
    for way, lost in counts.items():
        echoed, written = Counter(one.echoed for one in lost), Counter(one.written for one in lost)
        print(f"{way:<20}{len(lost):>6}  {_table(echoed):<28}{_table(written)}")
    worst = max(one.echoed for lost in counts.values() for one in lost)
    return 1 if worst > 1 else 0


def _table(counts: "Counter[int]") -> str:
    return "  ".join(f"{lost}: {kills}" for lost, kills in sorted(counts.items())) or "-"


if __name__ == "__main__":
    sys.exit(main())
