"""Hostile texts pasted into the composer of the whole program, marked by the terminal well, badly or not at all."""

import base64
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from paradesk.core.text import clean_text
from paradesk.ui.input_sieve import UNMARKED_GRACE
from tests.e2e.hostile.walk import Walk, chunks
from tests.hostile_corpus import Entry

S, E = b"\x1b[200~", b"\x1b[201~"
COPIED = re.compile(rb"\x1b\]52;c;([^\x07\x1b]*)\x07")
LONG = 2_000
"""Longer texts are pasted once, marked well: what is done to marks does not depend on the length."""


def bare(entry: Entry) -> bytes:
    """Return a text as a terminal hands it over, without what the program takes out of every paste."""
    return entry.text.encode("utf-8", "replace").replace(E, b"").replace(S, b"").replace(b"\x00", b"")


def _halves(text: bytes) -> tuple[bytes, bytes]:
    whole = text.decode()
    return whole[: len(whole) // 2].encode(), whole[len(whole) // 2 :].encode()


MANNERS: dict[str, Callable[[bytes], bytes]] = {
    "marked": lambda text: S + text + b"|" + E,
    "a start inside": lambda text: S + S.join(_halves(text)) + b"|" + E,
    "an end inside": lambda text: S + text + E + b"\x18s\r" + text + b"\rREFUND|" + E,
    "marks around marks": lambda text: S + S + text + b"\r" + E + E + b"|" + E,
    "no marks": lambda text: b"first line\r" + text + b"\rlast line|",
}
"""How one text comes. A paste ends with a bar, which tells that all of it is there."""


class Pastes:
    """One running program that texts are pasted into. What a paste did is in `problems`."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.problems: list[str] = []
        self.done: Counter[str] = Counter()

    def paste(self, what: str, pieces: Sequence[bytes], count: int = 1, *, ends: str = "|") -> str:
        """Paste pieces, one read each, wait for the end, judge what came of it, and empty the composer."""
        before = self.walk.ask()
        for piece in pieces[:-1]:
            self.walk.press(piece)
            self.walk.ask(drawn=True)
        self.walk.press(pieces[-1])
        state = self.walk.until(lambda state: state["composers"][0][-len(ends) :] == ends, f"{what} has come")
        text = str(state["composers"][0])
        self.done[what.partition(":")[0]] += count
        for name in ("intents", "requested"):
            if state[name]:
                self.problems.append(f"{what}: {name} {state[name]}")
        if (acted := state["actions"][len(before["actions"]) :]) != []:
            self.problems.append(f"{what}: {acted}")
        if state["screen"] != "WorkScreen" or state["active"] != before["active"] or any(state["composers"][1:]):
            self.problems.append(f"{what}: it did not stay in its composer")
        if clean_text(text) != text:
            self.problems.append(f"{what}: the draft holds {text[:60]!r}")
        if not self.problems:
            time.sleep(UNMARKED_GRACE)  # what comes sooner is part of the paste
            self.walk.key(b"\x0c", b"\x7f")
            self.walk.until(lambda state: not any(state["lengths"]), "the composer is empty")
        return text

    def _back(self, entry: Entry) -> None:
        """Copy what was pasted, and paste what the terminal's clipboard has got."""
        self.walk.press(S + bare(entry) + b"|" + E)
        state = self.walk.until(lambda state: state["composers"][0][-1:] == "|", f"{entry.id} has come")
        since = len(self.walk.output)
        self.walk.key(b"\x0c", b"\x03", b"\x7f")
        copied = COPIED.findall(bytes(self.walk.output[since:]))
        if len(copied) != 1:
            self.problems.append(f"copied: {entry.id}: the clipboard was filled {len(copied)} times")
            return
        again = self.paste(f"copied, pasted back: {entry.id}", [S + base64.b64decode(copied[0], validate=True) + E])
        if again != state["composers"][0]:
            self.problems.append(f"copied: {entry.id}: the text has changed")

    def each(self, entry: Entry) -> None:
        """Paste one text in every manner, and copy it and paste it back."""
        text = bare(entry)
        self._back(entry)
        for manner, made in MANNERS.items():
            came = self.paste(f"{manner}: {entry.id}", [made(text)])
            expected = clean_text(text.decode() + "|")
            if manner in ("marked", "a start inside") and came != expected:
                self.problems.append(f"{manner}: {entry.id}: the draft is not what was pasted")

    def broken(self, entries: Sequence[Entry]) -> None:
        """Paste texts that begin one paste after the other, of which none ends; a silence does."""
        self.paste(
            f"no end: {', '.join(entry.id for entry in entries)}",
            [b"".join(S + bare(entry) + b"\r" for entry in entries) + b"|"],
            len(entries),
        )

    def cut(self, text: bytes) -> None:
        """Cut the marks of a paste at every byte."""
        for at in range(1, len(S)):
            self.paste("start mark cut", [S[:at], S[at:] + text + b"|" + E])
        for at in range(1, len(E)):
            self.paste("end mark cut", [S + text + b"|" + E[:at], E[at:]])


def pasted(
    entries: Sequence[Entry], *, full: bool = True, tell: Callable[[str], object] = lambda _line: None
) -> tuple[list[str], bool]:
    """Paste all texts; returns the result in lines, and whether all is well. `full` pastes the longest ones as well."""
    with tempfile.TemporaryDirectory() as folder, Walk(Path(folder), []) as walk:
        walk.serve(["an honest text", "another one"])
        walk.activate(1)
        pastes = Pastes(walk)
        try:
            _all(pastes, entries, full=full, tell=tell)
        except AssertionError as error:
            pastes.problems.append(str(error)[:400])
        problems = [*pastes.problems, *([f"crash: {walk.reports()}"] if walk.reports() else [])]
    lines = [
        f"{len(entries)} texts pasted; sends, actions, altered drafts, crashes: {len(problems)}",
        *(f"  {manner:<20}{count:>6}" for manner, count in pastes.done.items()),
        *(f"  {problem}" for problem in problems),
    ]
    return lines, not problems


def _all(pastes: Pastes, entries: Sequence[Entry], *, full: bool, tell: Callable[[str], object]) -> None:
    short = [entry for entry in entries if len(entry.text) <= LONG]
    for place, entry in enumerate(short):
        pastes.each(entry)
        if place % 20 == 0:
            tell(f"{place}/{len(short)} texts pasted")
        if pastes.problems:
            break
    if not pastes.problems:
        for some in chunks(short, 20):
            pastes.broken(some)
        pastes.cut(b"REFUND\r\x18s\x1b[31m\r")
    if full and not pastes.problems:
        for entry in entries:
            if len(entry.text) > LONG:
                _long(pastes, bare(entry), entry.id)


def _long(pastes: Pastes, text: bytes, name: str) -> None:
    """A paste whose end the report cannot hold: its length is looked at."""
    walk = pastes.walk
    expected = len(clean_text(text.decode()))
    walk.press(S + text + E)
    state = walk.until(lambda state: state["lengths"][0] >= min(expected, 990_000), f"{name} has come")
    pastes.done["long"] += 1
    if state["requested"] or state["intents"]:
        pastes.problems.append(f"long: {name}: it was sent")
    walk.key(b"\x0c", b"\x7f")
    walk.until(lambda state: not any(state["lengths"]), "the composer is empty")
