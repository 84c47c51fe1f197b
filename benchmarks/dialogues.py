"""Recorded dialogues, replayed as the parallel chats of one agent: what each chat held when a reply was sent.

One dialogue a line, JSON, plain or gzipped: `id`, `tasks` (a list of names) and `events`, each with `t` (seconds), `by`
(`customer` or `agent`) and, for a message, `say`. Other fields and other events are not looked at.
"""

import gzip
import hashlib
import json
import random
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from paradesk.guard.chat_view import ChatView, of_lines

TUNE, LEARN, REPORT = "tune", "learn", "report"
_WORD = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\w+(?:[.:,/-]\w+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n")
_SENTENCE_START = re.compile(r"(?:^|[.!?:\n])\s*[\"']?$")


@dataclass(frozen=True)
class Dialogue:
    """A recorded dialogue: its messages with the seconds since the first."""

    id: str
    task: str
    said: tuple[tuple[float, bool, str], ...]
    """Seconds, whether the customer wrote it, text."""

    def before(self, seconds: float) -> int:
        """Return how many messages there were before that moment."""
        return bisect_left(self.said, seconds, key=lambda message: message[0])

    def view(self, count: int) -> ChatView:
        """Return what the guard knows of this chat after its first `count` messages."""
        return of_lines(self.id, [(by, text) for _, by, text in self.said[:count]])


@dataclass(frozen=True)
class Case:
    """A reply at the moment of sending, with the chats that are open: its own, and the others."""

    group: int
    text: str
    own: ChatView
    others: tuple[ChatView, ...]
    wrong: int
    """Which of the others it is sent to by mistake."""
    ended: bool
    """Whether nothing more was said in that other chat."""

    @property
    def mistaken(self) -> tuple[ChatView, tuple[ChatView, ...]]:
        """The chat that gets the reply by mistake, and the others, the right one among them."""
        others = (self.own, *(view for place, view in enumerate(self.others) if place != self.wrong))
        return self.others[self.wrong], others


def load(path: Path) -> list[Dialogue]:
    """Return the dialogues of a file in which both sides wrote; raises SystemExit that names the line at fault."""
    found = []
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                said = [
                    (float(event["t"]), event["by"] == "customer", str(event["say"]))
                    for event in record["events"]
                    if "say" in event
                ]
                task = str((record.get("tasks") or [""])[0])
                identity = str(record["id"])
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise SystemExit(
                    f"{path}, line {number}: not a dialogue ({error!r}); see benchmarks/dialogues.py"
                ) from None
            said.sort(key=lambda message: message[0])
            if {by for _, by, _ in said} == {True, False}:
                start = said[0][0]
                found.append(Dialogue(identity, task, tuple((at - start, by, text) for at, by, text in said)))
    return found


def in_bursts(dialogue: Dialogue, share: float) -> Dialogue:
    """Return the dialogue as an agent would type it who sends sentence by sentence, in this share of the longer replies.

    The recorded agents never wrote twice in a row, since their program did not let them; most others do.
    """
    rng = random.Random(f"{dialogue.id} {share}")
    said: list[tuple[float, bool, str]] = []
    for at, by_customer, text in dialogue.said:
        pieces = [text]
        if not by_customer and rng.random() < share:
            pieces = [piece for piece in _SENTENCE_END.split(text) if piece.strip()] or [text]
        said += [(at + number * 1e-3, by_customer, piece) for number, piece in enumerate(pieces)]
    return Dialogue(dialogue.id, dialogue.task, tuple(said))


def part_of(dialogue: Dialogue) -> str:
    """Return which part a dialogue belongs to, by its id alone: 15 % to tune on, 60 % to learn from, 25 % to report."""
    digest = hashlib.sha256(dialogue.id.encode()).hexdigest()
    place = (int(digest[:8], 16) + 40) % 100
    return TUNE if place < 15 else LEARN if place < 75 else REPORT


def cases(dialogues: Sequence[Dialogue], opened: int, same: bool, seed: int) -> Iterator[Case]:
    """Replay dialogues in groups of `opened` that begin together; yield each reply with what had been said by then.

    Groups are drawn at random, all of one task with `same`; what does not fill a group is left out.
    """
    rng = random.Random(seed)
    shuffled = list(dialogues)
    rng.shuffle(shuffled)
    by_task: dict[str, list[Dialogue]] = defaultdict(list)
    for dialogue in shuffled:
        by_task[dialogue.task if same else ""].append(dialogue)
    groups = [
        found[start : start + opened]
        for found in by_task.values()
        for start in range(0, len(found) - opened + 1, opened)
    ]
    for number, group in enumerate(groups):
        for dialogue in group:
            others = [other for other in group if other is not dialogue]
            for place, (at, by_customer, text) in enumerate(dialogue.said):
                if by_customer:
                    continue
                counts = [other.before(at) for other in others]
                wrong = rng.randrange(len(others))
                views = tuple(other.view(count) for other, count in zip(others, counts, strict=True))
                ended = counts[wrong] == len(others[wrong].said)
                yield Case(number, text, dialogue.view(place), views, wrong, ended)


def words_of(text: str) -> list[tuple[str, int]]:
    """Return words and values of a text, folded, with their places."""
    return [(match.group().lower(), match.start()) for match in _WORD.finditer(text)]


def document_counts(dialogues: Sequence[Dialogue]) -> Counter[str]:
    """Return in how many dialogues each word occurs."""
    counts: Counter[str] = Counter()
    for dialogue in dialogues:
        counts.update({word for _, _, text in dialogue.said for word, _ in words_of(text)})
    return counts


def details(text: str, meant: ChatView, here: ChatView, counts: Mapping[str, int], most: float) -> list[str]:
    """Return the details of the meant chat that a text bears, by rules that have nothing to do with the guard's.

    A detail is an e-mail address, a word with a digit (numbers, times, dates, amounts, codes), or a word with a capital
    letter that does not begin a sentence (names, places, products); it occurs, letter for letter but for the case, in the
    earlier messages of the meant chat, and not in those of the chat it is sent to; and it occurs in at most `most`
    dialogues of the part that is learnt from.
    """
    there, at_home = _vocabulary(meant), _vocabulary(here)
    found = []
    for word, start in words_of(text):
        value = "@" in word or any(char.isdigit() for char in word)
        name = text[start].isupper() and not _SENTENCE_START.search(text[:start])
        if (value or name) and word in there and word not in at_home and counts.get(word, 0) <= most:
            found.append(word)
    return found


def _vocabulary(view: ChatView) -> set[str]:
    return {word for said in view.said for word, _ in words_of(said.text)}
