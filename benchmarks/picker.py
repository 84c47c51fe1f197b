"""How well the picker finds the response that an agent meant, on recorded dialogues; and how fast it is with many responses.

    python benchmarks/picker.py --data PATH

PATH is a folder with `responses.json` (task → response id → text, placeholders as `{name:s}`) and `dialogues.jsonl.gz` or
`dialogues.jsonl`: one dialogue a line with `id`, `tasks` and `events`, each with `t` (Unix seconds), `by` (`customer` or
`agent`) and one of `say` (with `response` where it was a ready one) or `typed` (words to look for one).

The dialogues are put into the order of time. The last fifth is reported on and never learnt from, unless they are few:
then it is the last third. The rest is learnt from; "after 500" leaves out the part that the weights were tuned on
(`part_of`: a fifth, by the dialogue's id). Of several wordings of a query the last counts.
"""

import argparse
import gzip
import hashlib
import json
import math
import random
import re
import sqlite3
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz, process

from paradesk.canned.habits import Habits
from paradesk.canned.moment import MESSAGES, Moment
from paradesk.canned.ranking import Ranking
from paradesk.canned.responses import Library, Response

_PLACEHOLDER = re.compile(r"\{(\w*).*?\}")
_WORD = re.compile(r"\w+")
_DRAWS = 5
_FEW = 20
CUTS = (1, 3, 5)


@dataclass(frozen=True)
class Pick:
    """One response that an agent looked for and sent."""

    typed: str
    response: str
    moment: Moment
    tasks: tuple[str, ...]


@dataclass(frozen=True)
class Dialogue:
    """The picks of one recorded dialogue."""

    id: str
    began: float
    picks: tuple[Pick, ...]


Rank = Callable[[Pick, str], Sequence[str]]
"""Returns the ids of the best responses for a pick and what was typed of it."""


def load(path: Path) -> tuple[dict[str, str], dict[str, frozenset[str]], list[Dialogue], Counter[str]]:
    """Return the texts, the ids of each task, the dialogues in the order of time, and the picks that have no text."""
    try:
        by_task = json.loads((path / "responses.json").read_text(encoding="utf-8"))
        texts = {str(item): str(text) for task in by_task.values() for item, text in task.items()}
        tasks = {str(task): frozenset(map(str, found)) for task, found in by_task.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise SystemExit(f"{path / 'responses.json'}: {error!r}; it must be task → response id → text") from None
    packed = path / "dialogues.jsonl.gz"
    file = packed if packed.exists() else path / "dialogues.jsonl"
    found: list[Dialogue] = []
    strange: Counter[str] = Counter()
    try:
        with gzip.open(file, "rt", encoding="utf-8") if file is packed else file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                try:
                    dialogue = _dialogue(json.loads(line), texts, strange)
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    raise SystemExit(f"{file}, line {number}: not a dialogue ({error!r}); see {__file__}") from None
                if dialogue.picks:
                    found.append(dialogue)
    except OSError as error:
        raise SystemExit(f"{file}: {error.strerror or error}") from None
    return texts, tasks, sorted(found, key=lambda dialogue: (dialogue.began, dialogue.id)), strange


def _dialogue(record: Mapping[str, object], texts: Mapping[str, str], strange: Counter[str]) -> Dialogue:
    events = record["events"]
    assert isinstance(events, list)
    tasks = record.get("tasks") or []
    assert isinstance(tasks, list)
    customer: list[str] = []
    used: list[str] = []
    picks: list[Pick] = []
    typed, waiting = "", None
    for event in events:
        at = float(event["t"])
        typed = str(event.get("typed", typed))
        if "say" not in event:
            continue
        if event["by"] == "customer":
            customer.append(str(event["say"]))
            waiting = at if waiting is None else waiting
            continue
        response = str(event.get("response") or "")
        if response in texts:
            moment = Moment(
                customer=tuple(customer[: -MESSAGES - 1 : -1]),
                used=tuple(used[::-1]),
                waiting=None if waiting is None else max(0.0, at - waiting),
                answered=bool(used),
            )
            picks.append(Pick(typed, response, moment, tuple(map(str, tasks))))
        elif response:
            strange[response] += 1
        used.append(response)
        typed, waiting = "", None
    began = float(events[0]["t"]) if events else 0.0
    return Dialogue(str(record["id"]), began, tuple(picks))


def library_of(texts: Mapping[str, str]) -> Library:
    """Return the responses as a library would have them: their ids are all the title that there is."""
    return Library(
        Response(id=item, title=item.replace("_", " "), body={"en": _PLACEHOLDER.sub(r"{{ ask.\1 }}", text)})
        for item, text in texts.items()
    )


def part_of(dialogue: Dialogue) -> str:
    """Return whether the weights were tuned on a dialogue or it is there to learn from; by its id alone."""
    place = int(hashlib.sha256(dialogue.id.encode()).hexdigest()[:8], 16) % 100
    return "tune" if place < 20 else "learn"


def split(dialogues: Sequence[Dialogue]) -> tuple[list[Dialogue], list[Dialogue], list[Dialogue]]:
    """Return what the weights are tuned on, what is learnt from, and what is reported on."""
    last = int(len(dialogues) * (0.8 if len(dialogues) >= _FEW else 0.66))
    earlier = dialogues[:last]
    tune = [dialogue for dialogue in earlier if part_of(dialogue) == "tune"]
    learn = [dialogue for dialogue in earlier if part_of(dialogue) == "learn"]
    return tune, learn or list(earlier), list(dialogues[last:])


def numbers(pick: Pick) -> tuple[int, ...]:
    """Return what the picker counts a choice with."""
    groups = (*pick.moment.typed(pick.typed, finished=True).values(), *pick.moment.around.values())
    return tuple(dict.fromkeys(number for group in groups for number in group))


def paradesk(library: Library, learnt: Iterable[Pick]) -> Rank:
    """The picker as it ships, after these picks."""
    habits = Habits()
    for pick in learnt:
        habits.learn(numbers(pick), pick.response)
    ranking = Ranking(library, habits)
    return lambda pick, typed: [hit.response.id for hit in ranking.rank(pick.moment, typed).hits]


# The peers


def substring(texts: Mapping[str, str]) -> Rank:
    """Search as web tools do it: the query stands in id or text, letter for letter; sorted by id."""
    entries = sorted((item, f"{item} {item.replace('_', ' ')} {text}".casefold()) for item, text in texts.items())

    def rank(_pick: Pick, typed: str) -> list[str]:
        query = " ".join(typed.casefold().split())
        return [item for item, text in entries if query in text]

    return rank


def token_set(texts: Mapping[str, str]) -> Rank:
    """Rapidfuzz's token set ratio over ids and texts."""
    entries = {item: f"{item.replace('_', ' ')} {text}".casefold() for item, text in sorted(texts.items())}

    def rank(_pick: Pick, typed: str) -> list[str]:
        return [found[2] for found in process.extract(typed.casefold(), entries, scorer=fuzz.token_set_ratio, limit=10)]

    return rank


def full_text(texts: Mapping[str, str]) -> Rank:
    """SQLite FTS5, any of the words, the last as a prefix, ordered by bm25, ids weighing double."""
    database = sqlite3.connect(":memory:")
    database.execute("create virtual table r using fts5(item unindexed, name, text, tokenize='porter unicode61')")
    database.executemany(
        "insert into r values (?, ?, ?)",
        [(item, item.replace("_", " "), _PLACEHOLDER.sub(" ", text)) for item, text in sorted(texts.items())],
    )

    def rank(_pick: Pick, typed: str) -> list[str]:
        words = _WORD.findall(typed)
        if not words:
            return []
        query = " OR ".join([f'"{word}"' for word in words[:-1]] + [f'"{words[-1]}"*'])
        rows = database.execute("select item from r where r match ? order by bm25(r, 0, 2, 1) limit 10", (query,))
        return [row[0] for row in rows]

    return rank


def naive_bayes(texts: Mapping[str, str], learnt: Iterable[Pick]) -> Rank:
    """Multinomial naive Bayes over typed words, the customer's last message and the previous response.

    The words of each response itself count as one example, so that it can begin with nothing learnt.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    base: Counter[str] = Counter()

    def seen(pick: Pick, typed: str) -> list[str]:
        customer = pick.moment.customer[0] if pick.moment.customer else ""
        last = pick.moment.used[0] if pick.moment.used else ""
        return [
            *(f"q {word}" for word in _WORD.findall(typed.casefold())),
            *(f"c {word}" for word in _WORD.findall(customer.casefold())),
            f"p {last}",
        ]

    for item, text in texts.items():
        base[item] += 1
        counts[item].update(f"q {word}" for word in _WORD.findall(f"{item.replace('_', ' ')} {text}".casefold()))
    for pick in learnt:
        base[pick.response] += 1
        counts[pick.response].update(seen(pick, pick.typed))
    vocabulary = len({word for found in counts.values() for word in found}) or 1
    sums = {item: sum(found.values()) for item, found in counts.items()}
    rooms = {item: math.log(total + 0.1 * vocabulary) for item, total in sums.items()}
    prior = {item: math.log(count) for item, count in base.items()}

    def rank(pick: Pick, typed: str) -> list[str]:
        words = seen(pick, typed)
        scores = {
            item: prior[item] + sum(math.log(counts[item][word] + 0.1) if word in counts[item] else math.log(0.1)
                                    for word in words) - len(words) * rooms[item]
            for item in texts
        }  # fmt: skip
        return sorted(scores, key=lambda item: (-scores[item], item))[:10]

    return rank


# Measuring


def hits(rank: Rank, picks: Sequence[Pick], tasks: Mapping[str, frozenset[str]] | None = None) -> list[float]:
    """Return the share of picks among the first 1, 3 and 5; with `tasks`, among the responses of the dialogue's tasks."""
    found = [0] * len(CUTS)
    for pick in picks:
        ids = rank(pick, pick.typed)
        if tasks is not None:
            allowed = frozenset().union(*(tasks.get(task, frozenset()) for task in pick.tasks))
            ids = [item for item in ids if item in allowed]
        for place, cut in enumerate(CUTS):
            found[place] += pick.response in ids[:cut]
    return [count / max(1, len(picks)) for count in found]


def keystrokes(rank: Rank, picks: Sequence[Pick]) -> tuple[float, float]:
    """Return the mean number of letters until the right response is first, and the milliseconds each letter takes.

    A response that never comes first counts with all its letters and three more, for looking through the list.
    """
    total, spent, keys = 0, 0.0, 0
    for pick in picks:
        typed = pick.typed.strip()
        for length in range(len(typed) + 1):
            began = time.thread_time()
            ids = rank(pick, typed[:length])
            if length:
                spent += time.thread_time() - began
                keys += 1
            if ids[:1] == [pick.response]:
                total += length
                break
        else:
            total += len(typed) + 3
    return total / max(1, len(picks)), 1000 * spent / max(1, keys)


def row(name: str, rank: Rank, picks: Sequence[Pick], tasks: Mapping[str, frozenset[str]], some: int) -> None:
    """Print one row of the table."""
    every, own = hits(rank, picks), hits(rank, picks, tasks)
    letters, spent = keystrokes(rank, picks[:some])
    figures = "  ".join(f"{share:.3f}" for share in (*every, *own))
    print(f"{name:<28} {figures}  {letters:6.1f}  {spent:6.2f}", flush=True)


def suggested(library: Library, learnt: Iterable[Pick], picks: Sequence[Pick], sure: float) -> str:
    """Return how often suggestions would be shown before anything is typed, and how often the right one is among them."""
    habits = Habits()
    for pick in learnt:
        habits.learn(numbers(pick), pick.response)
    ranking = Ranking(library, habits)
    shown = right = first = 0
    for pick in picks:
        likely = ranking.likely(pick.moment)
        if sum(probability for _, probability in likely) >= sure:
            shown += 1
            right += pick.response in [response.id for response, _ in likely]
            first += bool(likely) and likely[0][0].id == pick.response
    share = shown / max(1, len(picks))
    return f"shown {share:.2f}, the right one among them {right / max(1, shown):.2f}, first {first / max(1, shown):.2f}"


# Times are processor time of this thread, so that what else runs on the machine does not count.


def many(count: int, packs: int) -> None:
    """Print what building, opening and filtering take with so many responses."""
    rng = random.Random(1)
    syllables = ["ra", "to", "mi", "ne", "ku", "sol", "ber", "lin", "da", "vo", "pe", "sti", "gra", "mon", "tel", "fi"]
    words = ["".join(rng.choices(syllables, k=rng.randint(2, 4))) for _ in range(6_000)]
    weights = [1 / (place + 5) for place in range(len(words))]

    def sentence(length: int) -> str:
        return " ".join(rng.choices(words, weights, k=length))

    library = Library(
        Response(
            id=f"pack{number % packs}.{number}",
            title=sentence(4).capitalize(),
            body={"en": sentence(35), "de": sentence(35)},
            tags={"topic": f"pack{number % packs}"},
        )
        for number in range(count)
    )
    began = time.thread_time()
    ranking = Ranking(library)
    built = time.thread_time() - began
    for number in range(2_000):
        moment = Moment(customer=(sentence(12),), used=(f"pack{number % packs}.{number}",), answered=True)
        groups = (*moment.typed(sentence(3), finished=True).values(), *moment.around.values())
        ranking.habits.learn([one for group in groups for one in group], f"pack{number % packs}.{number + 1}")
    opens, keys = [], []
    for number in range(25):
        moment = Moment(customer=(sentence(15), sentence(9)), used=(f"pack{number % packs}.{number}",), answered=True)
        began = time.thread_time()
        ranking.rank(moment, "", language="en")
        opens.append(1000 * (time.thread_time() - began))
        query = sentence(3)
        for length in range(1, len(query) + 1):
            began = time.thread_time()
            ranking.rank(moment, query[:length], language="en")
            keys.append(1000 * (time.thread_time() - began))
    print(f"\n{count} responses in {packs} packs, two languages, 2,000 choices learnt (milliseconds)")
    for name, found in (("ranked when it opens", opens), ("filtered, each key", keys)):
        ordered = sorted(found)
        high = ordered[int(0.99 * (len(ordered) - 1))]
        print(f"{name:<24} median {statistics.median(found):6.2f}   99 % {high:6.2f}   longest {ordered[-1]:6.2f}")
    print(f"{'indexed, in a thread':<24} {1000 * built:.0f}")
    print(f"yardstick: a million look-ups in a dictionary {1000 * yardstick():.0f}")


def yardstick() -> float:
    """Return the seconds that a million look-ups take here and now, to compare times of busy and of other machines."""
    table = dict.fromkeys(range(1000), 1.0)
    began = time.thread_time()
    for _ in range(1_000):
        for number in range(1_000):
            table.get(number)
    return time.thread_time() - began


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, help="folder with responses.json and dialogues.jsonl(.gz)")
    parser.add_argument("--most", type=int, default=0, help="report on so many picks only, drawn at random")
    parser.add_argument("--letters", type=int, default=400, help="count letters on so many picks")
    parser.add_argument("--responses", type=int, default=10_000, help="time so many responses; 0 for none")
    parser.add_argument("--packs", type=int, default=50)
    arguments = parser.parse_args()
    if arguments.data is not None:
        tables(arguments.data, arguments.most, arguments.letters)
    if arguments.responses:
        many(arguments.responses, arguments.packs)


def tables(path: Path, most: int, letters: int) -> None:
    """Print how often the right response is found."""
    texts, tasks, dialogues, strange = load(path)
    if len(dialogues) < 3:
        raise SystemExit(
            f"{path}: only {len(dialogues)} dialogues with picks; at least 3 are needed to learn and report"
        )
    tune, learn, report = split(dialogues)
    picks = [pick for dialogue in report for pick in dialogue.picks]
    learnt = [pick for dialogue in sorted((*learn, *tune), key=lambda one: one.began) for pick in dialogue.picks]
    random.Random(2).shuffle(picks)
    if most:
        picks = picks[:most]
    library = library_of(texts)
    whole = sum(len(dialogue.picks) for dialogue in dialogues)
    print(f"{path.name}: {whole} picks of {len(texts)} responses in {len(dialogues)} dialogues, in the order of time")
    print(f"left out: {sum(strange.values())} picks of {len(strange)} ids without a text in responses.json")
    print(
        f"warm: learnt from {len(learnt)} picks of {len(learn) + len(tune)} dialogues; reported on {len(picks)} picks of"
        f" {len(report)} later ones; the weights were tuned on {len(tune)} of the earlier ones"
    )
    heads = "".join(f"{f'hit@{cut}':>7}" for cut in CUTS)
    print(f"\n{'':<28}{heads}{heads}  letters  ms/key")
    print(f"{'':<28}{'all responses':>21}{'of the task':>21}")
    row("substring", substring(texts), picks, tasks, letters)
    row("rapidfuzz token set", token_set(texts), picks, tasks, letters)
    row("SQLite FTS5 bm25", full_text(texts), picks, tasks, letters)
    row("naive Bayes, cold", naive_bayes(texts, ()), picks, tasks, letters)
    row("Paradesk, cold", paradesk(library, ()), picks, tasks, letters)
    if len(learnt) > 500:
        draws = drawn(learn, 500)
        average("naive Bayes, after 500", [naive_bayes(texts, draw) for draw in draws], picks, tasks, letters)
        average("Paradesk, after 500", [paradesk(library, draw) for draw in draws], picks, tasks, letters)
        print("suggested after 500: " + suggested(library, draws[0], picks, 0.5))
    row("naive Bayes, warm", naive_bayes(texts, learnt), picks, tasks, letters)
    row("Paradesk, warm", paradesk(library, learnt), picks, tasks, letters)
    print("suggested, warm: " + suggested(library, learnt, picks, 0.5))


def drawn(dialogues: Sequence[Dialogue], count: int) -> list[list[Pick]]:
    """Return so many picks from whole dialogues, several times, each time from others."""
    found = []
    for seed in range(_DRAWS):
        order = list(dialogues)
        random.Random(seed).shuffle(order)
        found.append([pick for dialogue in order for pick in dialogue.picks][:count])
    return found


def average(
    name: str, ranks: Sequence[Rank], picks: Sequence[Pick], tasks: Mapping[str, frozenset[str]], some: int
) -> None:
    """Print one row for several draws: each reports on its share of the picks."""
    share = max(1, len(picks) // len(ranks))
    parts = [picks[place * share : (place + 1) * share] for place in range(len(ranks))]
    every = [statistics.fmean(found) for found in zip(*map(hits, ranks, parts), strict=True)]
    own = [
        statistics.fmean(found)
        for found in zip(*(hits(*one, tasks) for one in zip(ranks, parts, strict=True)), strict=True)
    ]
    few = [keystrokes(rank, part[: max(1, some // len(ranks))]) for rank, part in zip(ranks, parts, strict=True)]
    letters, spent = (statistics.fmean(found) for found in zip(*few, strict=True))
    figures = "  ".join(f"{value:.3f}" for value in (*every, *own))
    print(f"{name:<28} {figures}  {letters:6.1f}  {spent:6.2f}", flush=True)


if __name__ == "__main__":
    main()
