"""Servings of hostile texts to the running program, and what it wrote to its terminal for each of them."""

import base64
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from paradesk.core.text import clean_text
from tests.e2e.hostile.walk import CHATS, SURFACES, Walk, chunks
from tests.e2e.test_transcript_bytes import shapes
from tests.hostile_corpus import Entry

FIELDS = (
    *("message", "edit", "private note", "system line", "history", "sender", "file name", "file type", "address"),
    *("delivery reason", "customer's name", "e-mail", "phone", "language", "plan", "company", "attribute's name"),
    *("attribute", "earlier subject", "earlier status", "ticket number", "channel", "subject", "status label", "tags"),
    *("assignee", "assignee's e-mail", "queue", "order field's name", "order field", "why something cannot be done"),
    *(
        "colleague",
        "kind of colleague",
        "who types",
        "why the connection is down",
        "unclear reply",
        "why it is unclear",
    ),
    *("why a change is refused", "canned title", "canned tag", "canned shortcut", "canned body"),
)
"""Where each text stands at once, by `tests.hostile_events`, the program's troubles and its pack."""

ALWAYS = ("transcript", "pane title", "hotlist", "status bar", "terminal title", "toast")
"""Surfaces that each serving shows without a key."""

_COPIED = re.compile(rb"\x1b\]52;c;([^\x07\x1b]*)")
_SEQUENCE = re.compile(r"\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)|\[[\d;:<>=?]*[ -/]*[@-~]|.)", re.DOTALL)


@dataclass
class Recording:
    """What one walk wrote, and what it saw."""

    output: bytearray = field(default_factory=bytearray)
    """All of it, where it was to be kept."""
    screens: Counter[str] = field(default_factory=Counter)
    shapes: dict[str, set[str]] = field(default_factory=dict)
    """The kinds of sequences, with the ids of the texts that were shown when they came."""
    size: int = 0
    copied: int = 0
    survived: set[str] = field(default_factory=set)
    altered: set[str] = field(default_factory=set)
    """Ids of honest texts that came out as they went in, and of those that did not."""
    problems: list[str] = field(default_factory=list)

    @property
    def kinds(self) -> set[str]:
        """The kinds of sequences."""
        return set(self.shapes)


class Watcher:
    """Takes the output of a walk piece by piece."""

    def __init__(self, walk: Walk, found: Recording, *, keep: bool) -> None:
        self._walk, self.found, self._keep = walk, found, keep

    def look(self, served: Sequence[Entry]) -> str:
        """Judge what was written since the last look; returns what can be read of it."""
        there = bytes(self._walk.output)
        # The last sequence may not be whole yet.
        new = there[: max(0, there.rfind(b"\x1b"))]
        del self._walk.output[: len(new)]
        found = self.found
        found.size += len(new)
        if self._keep:
            found.output += new
        text = new.decode("utf-8", "replace")
        for shape in shapes(text):
            found.shapes.setdefault(shape, set()).update(entry.id for entry in served)
        for content in _COPIED.findall(new):
            found.copied += 1
            said = base64.b64decode(content, validate=True).decode()
            if clean_text(said) != said:
                found.problems.append(f"the clipboard got {said[:60]!r}")
        return _SEQUENCE.sub("", text)


def walked(
    entries: Sequence[Entry],
    every: int,
    *,
    full: bool = False,
    keep: bool = True,
    tell: Callable[[str], object] = lambda _line: None,
) -> Recording:
    """Serve these texts, go through all screens behind each `every`th serving, and record what was written.

    `full` goes through what only one chat shows (panel, links, clipboard, title) for each text of a serving, and
    through the previews of the canned responses at the end.
    """
    found = Recording()
    texts = [entry.text for entry in entries]
    with tempfile.TemporaryDirectory() as folder, Walk(Path(folder), texts) as walk:
        watcher = Watcher(walk, found, keep=keep)
        try:
            _rounds(walk, watcher, entries, every, full=full, tell=tell)
        except AssertionError as error:
            found.problems.append(str(error)[:400])
            return found
        finally:
            found.screens = walk.screens
        state = walk.ask()
        watcher.look(entries)
        found.problems += ["hostile text has acted: " + ", ".join(state["intents"])] if state["intents"] else []
        found.problems += [f"{state['requested']} replies were asked for"] if state["requested"] else []
        found.problems += ["something was typed into a composer"] if any(state["composers"]) else []
        found.problems += [f"crash: {reports}"] if (reports := walk.reports()) else []
    return found


def _rounds(
    walk: Walk,
    watcher: Watcher,
    entries: Sequence[Entry],
    every: int,
    *,
    full: bool,
    tell: Callable[[str], object],
) -> None:
    found, begun, pieces = watcher.found, time.monotonic(), list(chunks(entries))
    for place, some in enumerate(pieces):
        served = [entry.text for entry in some]
        walk.serve(served)
        if place % every == 0 or any(entry.survives for entry in some):
            # Beside other chats a text is broken into rows; some screen shows it in one piece.
            walk.trouble(served)
            walk.activate(1)
            walk.through()
        for chat in range(2, len(some) + 1) if full else ():
            walk.activate(chat)
            walk.through(())
        said = walk.ask(texts=True)["texts"]
        seen = watcher.look(some)
        for chat, entry in enumerate(some, 1):
            if entry.survives:
                name, subject, *bodies = said[f"c{chat}"]
                whole = name == subject == entry.text and entry.text in bodies and entry.text in seen
                (found.survived if whole else found.altered).add(entry.id)
        tell(f"{place + 1}/{len(pieces)} servings, {time.monotonic() - begun:.0f} s, {found.size >> 20} MB written")
    if full:
        walk.previews(len(entries))


def honest(*, full: bool = False) -> Recording:
    """Walk with honest texts: what the program writes of itself."""
    texts = ("an honest text", "another one", "a third", "the last one")
    return walked([Entry(f"honest {text}", text, True) for text in texts[:CHATS]], 1, full=full)


def foreign(usual: Recording, found: Recording) -> dict[str, set[str]]:
    """Return the sequences that hostile texts caused and honest ones do not, with the texts."""
    return {shape: ids for shape, ids in found.shapes.items() if shape not in usual.shapes}


def table(entries: Sequence[Entry], usual: Recording, found: Recording) -> tuple[list[str], bool]:
    """Return the result in lines, and whether all is well."""
    strange = foreign(usual, found)
    missing = SURFACES - set(found.screens)
    problems = [*found.problems, *usual.problems, *(f"never seen: {name}" for name in sorted(missing))]
    lines = [
        f"{len(entries)} texts x {len(FIELDS)} fields x {len(ALWAYS) + len(found.screens)} surfaces"
        f" ({found.size >> 20} MB written, {sum(found.screens.values())} screens opened)",
        *(f"  {name:<20}{count:>6}" for name, count in sorted(found.screens.items())),
        f"foreign sequences: {len(strange)}",
        *(f"  {shape} while these were shown: {', '.join(sorted(ids))}" for shape, ids in sorted(strange.items())),
        f"clipboard: {found.copied} copies, all base64 and clean" if found.copied else "clipboard: nothing copied",
        f"must survive unchanged: {len(found.survived)} of {len(found.survived | found.altered)}"
        + (f"; altered: {', '.join(sorted(found.altered))}" if found.altered else ""),
        f"crashes, sends, other problems: {len(problems)}",
        *(f"  {problem}" for problem in problems),
    ]
    return lines, not strange and not problems and not found.altered
