"""Measures the guard's checks `leak` and `fit` on recorded dialogues; see docs/guard.md.

Each reply of the agent is judged once as sent to its own chat and once as sent to another open one, at the moment of its
sending: nothing that was said later is known. What the guard has learnt from and what its constants were tuned on are
other dialogues than those of the report.
"""

import argparse
import math
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import guard_tuning as tuning
from benchmarks.dialogues import (
    LEARN,
    REPORT,
    TUNE,
    Case,
    Dialogue,
    cases,
    details,
    document_counts,
    in_bursts,
    load,
    part_of,
    words_of,
)
from paradesk.guard import fit as fitting
from paradesk.guard import leak as leaking
from paradesk.guard.chat_view import ChatView, Said
from paradesk.guard.experience import EVIDENCE, Experience
from paradesk.guard.verdict import Draft, GuardSettings

DISTINCTIVE = 0.05
"""A detail occurs in at most this share of the dialogues."""
_SETTINGS = GuardSettings()
_TUNE_LEAK, _TUNE_FIT = 0.001, 0.0038
"""Shares of false alarms that the tuning gives to each check, below the 0.5 % of both so that chance has room."""
_CHECKS = ("leak", "fit", "both")
_SHARES = (0.005, 0.01, 0.05)


@dataclass
class Tally:
    """What one configuration came to; each list holds (hits, cases) for each group."""

    replies: int = 0
    counts: dict[str, dict[int, list[int]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(lambda: [0, 0]))
    )
    seconds: list[float] = field(default_factory=list)
    peer_right: list[float] = field(default_factory=list)
    peer_wrong: list[float] = field(default_factory=list)

    def add(self, name: str, group: int, hit: bool) -> None:
        """Count one case of a row."""
        counted = self.counts[name][group]
        counted[0] += hit
        counted[1] += 1

    def share(self, name: str) -> str:
        """Return a share in percent with its interval and the number of cases."""
        groups = [(hits, count) for hits, count in self.counts[name].values()]
        count = sum(count for _, count in groups)
        if not count:
            return f"{'-':>24}"
        low, high = tuning.interval(groups, random.Random(1), lambda hits, of: hits / of if of else 0.0)
        found = sum(hits for hits, _ in groups) / count
        return f"{found * 100:6.2f} ({low * 100:5.2f} to {high * 100:5.2f})"


def learn(dialogues: Sequence[Dialogue], most: int | None = None) -> Experience:
    """Return what the replies of these dialogues teach, the first `most` of them."""
    experience = Experience()
    for dialogue in dialogues:
        if most is not None and experience.replies >= most:
            break
        said = [Said(by, text) for _, by, text in dialogue.said]
        experience.learn_chat(said, [place for place, one in enumerate(said) if not one.by_customer])
    return experience


class RareWords:
    """The peer: the words of a reply that another chat has used and this one has not, weighed by how rare they are."""

    def __init__(self, dialogues: Sequence[Dialogue]) -> None:
        self.count = len(dialogues)
        self.seen = document_counts(dialogues)
        self._words: dict[ChatView, frozenset[str]] = {}

    def score(self, text: str, here: ChatView, others: Sequence[ChatView]) -> float:
        """Return the largest overlap with any of the others."""
        own = {word for said in here.said for word, _ in words_of(said.text)}
        asked = {word for word, _ in words_of(text)} - own
        best = 0.0
        for other in others:
            there = {word for said in other.said for word, _ in words_of(said.text)}
            best = max(best, sum(math.log(self.count / (1 + self.seen[word])) for word in asked & there))
        return best


def measure(
    found: Sequence[Case], experience: Experience, peer: RareWords | None, seen: Mapping[str, int], most: float
) -> Tally:
    """Judge each reply twice and count."""
    tally = Tally()
    for case in found:
        tally.replies += 1
        judged = []
        for here, others in ((case.own, case.others), case.mistaken):
            draft = Draft(conversation_id=here.conversation_id, text=case.text)
            start = time.thread_time()
            leaked = leaking.leak(draft, here, others, _SETTINGS, experience)
            fitted = fitting.fit(draft, here, others, experience, _SETTINGS)
            tally.seconds.append(time.thread_time() - start)
            judged.append((leaked is not None, fitted is not None, bool(leaked or fitted)))
            if peer is not None:
                (tally.peer_right if here is case.own else tally.peer_wrong).append(peer.score(case.text, here, others))
            if here is case.own:
                continue
            by_guess = [one.meant for one in (leaked, fitted) if one is not None]
            if by_guess:
                tally.add("named rightly", case.group, by_guess[0] == case.own.conversation_id)
        right, wrong = judged
        here = case.mistaken[0]
        rows = ["all"]
        rows.append("waits" if here.waiting else "rests")
        if bears := details(case.text, case.own, here, seen, math.inf):
            rows.append("any value")
        if any(seen.get(word, 0) <= most for word in bears):
            rows.append("detail")
            if here.waiting:
                rows.append("detail, waits")
        for check, hit, caught in zip(_CHECKS, right, wrong, strict=True):
            tally.add(f"false {check}", case.group, hit)
            for row in rows:
                tally.add(f"{row} {check}", case.group, caught)
    return tally


_ROWS = (
    ("false alarms", "false {}"),
    ("wrong sends caught", "all {}"),
    ("  with a detail", "detail {}"),
    ("  with any value", "any value {}"),
    ("  customer waits there", "waits {}"),
    ("  detail, customer waits", "detail, waits {}"),
    ("  customer rests there", "rests {}"),
)


def show(title: str, tally: Tally) -> None:
    """Print a table."""
    print(f"\n{title}: {tally.replies:,} replies, each judged twice")
    print(f"{'%  (95 % interval)':<26}{'cases':>7}" + "".join(f"{check:>26}" for check in _CHECKS))
    for label, pattern in _ROWS:
        count = sum(count for _, count in tally.counts[pattern.format("both")].values())
        shares = "".join(f"{tally.share(pattern.format(check)):>26}" for check in _CHECKS)
        print(f"{label:<26}{count:>7}{shares}")
    print(f"{'right chat named':<33}{'':>52}{tally.share('named rightly'):>26}")
    ordered = sorted(tally.seconds)
    print(
        f"ms of processor time a verdict: median {statistics.median(ordered) * 1e3:.2f},"
        f" p99 {ordered[int(0.99 * len(ordered))] * 1e3:.2f}, max {ordered[-1] * 1e3:.1f}"
    )
    if tally.peer_right:
        caught = []
        for share in _SHARES:
            limit = tuning.limit(tally.peer_right, share)
            hits = sum(score >= limit for score in tally.peer_wrong) / len(tally.peer_wrong)
            caught.append(f"{hits * 100:.1f} % at {share * 100:g} %")
        print(f"rare words in common, wrong sends caught at false alarms of: {', '.join(caught)}")


def tune(parts: Mapping[str, list[Dialogue]], seed: int) -> None:
    """Print the constants that the tuning part gives."""
    experience = learn(parts[LEARN])
    mixed = [case for turn in range(2) for case in cases(parts[TUNE], 4, False, seed + turn)]
    same = [case for turn in range(2) for case in cases(parts[TUNE], 4, True, seed + turn)]
    evidence = [experience.evidence(case.text, (case.own, *case.others)) for case in (*mixed, *same)]
    weights = tuning.weights(evidence)
    print("fit.WEIGHTS = {")
    for name, weight in zip(EVIDENCE, weights, strict=True):
        print(f'    "{name}": {weight:.3f},')
    print("}")
    limits: Counter[str] = Counter()
    for found in (mixed, same):
        fits, leaks = [], []
        for case in found:
            scores = [
                sum(map(float.__mul__, weights, chat))
                for chat in experience.evidence(case.text, (case.own, *case.others))
            ]
            draft = Draft(conversation_id=case.own.conversation_id, text=case.text)
            details = [leaking.evidence(draft, case.own, other, experience)[0] for other in case.others]
            fits.append(fitting.excess(scores, details, case.own, case.others, experience)[0])
            leaks.append(max(details, default=0.0))
        limits["fit"] = max(limits["fit"], tuning.limit(fits, _TUNE_FIT))  # type: ignore[assignment]
        limits["leak"] = max(limits["leak"], tuning.limit(leaks, _TUNE_LEAK))  # type: ignore[assignment]
    print(f"fit.THRESHOLD = {limits['fit']:.2f}\nleak.THRESHOLD = {limits['leak']:.2f}")


def report(parts: Mapping[str, list[Dialogue]], arguments: argparse.Namespace) -> None:
    """Print all tables."""
    history = parts[LEARN]
    start = time.process_time()
    experience = learn(history)
    spent = time.process_time() - start
    print(f"learnt from {experience.replies:,} replies in {spent:.2f} s of processor time")
    seen, most = document_counts(history), DISTINCTIVE * len(history)
    peer = RareWords(history)
    part = parts[TUNE if arguments.on_tune else REPORT][: arguments.dialogues]
    for opened in arguments.open:
        for same in (False, True):
            found = list(cases(part, opened, same, arguments.seed))
            if not found:
                continue
            title = f"{opened} chats, {'one task' if same else 'mixed tasks'}"
            show(title, measure(found, experience, peer, seen, most))
            if opened == 4:
                for few in arguments.history:
                    little = learn(history, few) if few else Experience()
                    show(f"{title}, after {little.replies} replies", measure(found, little, None, seen, most))


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, required=True, help="the dialogues: JSON lines, plain or .gz, or their directory"
    )
    parser.add_argument("--tune", action="store_true", help="print the constants that the tuning part gives, and stop")
    parser.add_argument("--on-tune", action="store_true", help="report on the tuning part, to look at changes")
    parser.add_argument("--open", type=int, nargs="+", default=[2, 4, 6], help="how many chats are open")
    parser.add_argument(
        "--history", type=int, nargs="*", default=[0, 500], help="also with so few replies learnt (4 chats)"
    )
    parser.add_argument("--dialogues", type=int, default=None, help="at most so many, for a first look")
    parser.add_argument(
        "--bursts", type=float, default=0.0, help="share of the longer replies that are sent sentence by sentence"
    )
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    path = arguments.data / "dialogues.jsonl.gz" if arguments.data.is_dir() else arguments.data
    if not path.exists():
        raise SystemExit(f"{path} is not there; give the file of dialogues with --data")
    parts: dict[str, list[Dialogue]] = {TUNE: [], LEARN: [], REPORT: []}
    for dialogue in load(path):
        parts[part_of(dialogue)].append(in_bursts(dialogue, arguments.bursts) if arguments.bursts else dialogue)
    random.Random(arguments.seed).shuffle(parts[LEARN])
    print({name: len(found) for name, found in parts.items()}, "dialogues")
    if arguments.tune:
        tune(parts, arguments.seed)
    else:
        report(parts, arguments)


if __name__ == "__main__":
    main()
