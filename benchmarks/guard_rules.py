"""How often the guard's rules object to replies that were right: over recorded dialogues, with the time per verdict.

Run: python -m benchmarks.guard_rules --data DIALOGUES [--open 4] [--show 5]

DIALOGUES is a file with one dialogue a line, JSON, plain or gzipped, or a folder with `dialogues.jsonl.gz`: each has
`events` with `t` (seconds), `by` (`customer` or `agent`) and, for a message, `say`. So many at once are replayed as
one agent's parallel chats; each reply is judged as sent to its own chat, and once more as pasted into one of the others
with its origin known. Checks that need a screen (`target`, `switched`, `late`) have nothing to say here.
"""

import argparse
import gzip
import json
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from paradesk.core.model import Agent, ClientId, Conversation, ConversationId, Customer, Message, MessageId, Role
from paradesk.core.state import ProfileState, State, Thread
from paradesk.guard.explain import explain
from paradesk.guard.guard import Guard, names_of
from paradesk.guard.verdict import Check, Draft, GuardSettings, Origin, OriginKind, Verdict

Said = tuple[float, bool, str]
ME = Agent("me", "Maria Ruiz")
PROFILE = ProfileState(name="bench", agent=ME, roster=(ME, Agent("ana", "Ana Lopez"), Agent("li", "Li Wei")))


def load(path: Path) -> list[list[Said]]:
    """Return the messages of each dialogue, oldest first: seconds since its first, whether by the customer, text."""
    path = path / "dialogues.jsonl.gz" if path.is_dir() else path
    found = []
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                events = [event for event in json.loads(line)["events"] if "say" in event]
                said = sorted((float(event["t"]), event["by"] == "customer", str(event["say"])) for event in events)
            except (ValueError, KeyError, TypeError) as error:
                raise SystemExit(f"{path}, line {number}: not a dialogue ({error!r})") from None
            if said:
                found.append([(at - said[0][0], by_customer, text) for at, by_customer, text in said])
    return found


class Replay:
    """Several dialogues as the parallel chats of one agent."""

    def __init__(self, group: Sequence[list[Said]], first: int) -> None:
        self.ids = [ConversationId(f"bench/{first + place}") for place in range(len(group))]
        self.threads = {
            chat: Thread(conversation=Conversation(id=chat, profile="bench", customer=Customer(id=chat, name="")))
            for chat in self.ids
        }
        self.said = sorted(
            (at, chat, by_customer, text)
            for chat, dialogue in zip(self.ids, group, strict=True)
            for at, by_customer, text in dialogue
        )

    @property
    def state(self) -> State:
        """What the guard sees."""
        return State(threads=dict(self.threads), profiles={"bench": PROFILE})

    def add(self, chat: ConversationId, at: float, by_customer: bool, text: str) -> None:
        """Put a message to the end of a chat."""
        thread = self.threads[chat]
        number = len(thread.transcript)
        message = Message(
            id=MessageId(f"m{number}"),
            conversation_id=chat,
            role=Role.CUSTOMER if by_customer else Role.AGENT,
            sender_id="c" if by_customer else ME.id,
            sender_name="",
            body=text,
            sent_at=at,
            order_key=number,
            client_id=None if by_customer else ClientId(f"{chat} {number}"),
        )
        self.threads[chat] = Thread(conversation=thread.conversation, transcript=thread.transcript.put(message))

    def replies(self) -> Iterator[tuple[ConversationId, float, str]]:
        """Yield each reply just before it is sent, in the order of time."""
        for at, chat, by_customer, text in self.said:
            if not by_customer:
                yield chat, at, text
            self.add(chat, at, by_customer, text)


def measure(dialogues: list[list[Said]], opened: int, show: int, seed: int = 1) -> None:
    """Print what each check said of the right sends, of those into another chat, and how long that took."""
    rng = random.Random(seed)
    rng.shuffle(dialogues)
    guard = Guard(GuardSettings(internal_links=("wiki.example.com",)))
    right: Counter[tuple[Check, str]] = Counter()
    sends = caught = faults = 0
    taken: list[float] = []
    shown: Counter[Check] = Counter()
    for first in range(0, len(dialogues) - opened + 1, opened):
        replay = Replay(dialogues[first : first + opened], first)
        for chat, at, text in replay.replies():
            state = replay.state
            start = time.perf_counter()
            verdict = guard.look(Draft(conversation_id=chat, text=text), state, replay.ids, at)
            taken.append(time.perf_counter() - start)
            sends += 1
            faults += len(verdict.faults)
            for finding in verdict.findings:
                right[finding.check, finding.severity.value] += 1
                if shown[finding.check] < show:
                    shown[finding.check] += 1
                    print(f"  {finding.check}: {explain(Verdict((finding,)), names_of(state.threads, replay.ids))}")
                    print(f"      {text!r}")
            wrong = rng.choice([other for other in replay.ids if other != chat])
            pasted = Draft(conversation_id=wrong, text=text, origins=(Origin(chat, OriginKind.COPIED, text),))
            found = guard.look(pasted, state, replay.ids, at)
            caught += any(Check.PROVENANCE in finding.checks for finding in found.findings)
    print(f"{sends:,} right sends, {opened} chats open, {faults} faults")
    for check in (Check.AUDIENCE, Check.SECRET, Check.REPEAT, Check.PROVENANCE):
        asked, held = right[check, "ask"], right[check, "hold"]
        print(
            f"  {check:<11} asked {asked:4} ({100 * asked / sends:.3f} %), held {held:4} ({100 * held / sends:.3f} %)"
        )
    print(f"replies copied into another chat as they are: {100 * caught / sends:.1f} % caught by their origin")
    print(f"a verdict: {_milliseconds(taken)}")


def big(dialogues: list[list[Said]], chats: int = 6, messages: int = 500) -> None:
    """Print what a verdict costs among big chats: the first look, and each one after a new line."""
    replay = Replay([[] for _ in range(chats)], 0)
    texts = [text for dialogue in dialogues for _, _, text in dialogue]
    for place, chat in enumerate(replay.ids):
        for number in range(messages):
            replay.add(chat, number * 30.0, number % 2 == 0, texts[(place * messages + number) % len(texts)])
    guard = Guard(GuardSettings())
    start = time.perf_counter()
    guard.prepare(replay.state, replay.ids)
    prepared = time.perf_counter() - start
    replies = [text for dialogue in dialogues[-400:] for _, by_customer, text in dialogue if not by_customer][:400]
    taken: list[float] = []
    for number, text in enumerate(replies):
        chat = replay.ids[number % chats]
        replay.add(replay.ids[(number + 1) % chats], messages * 30.0 + number, True, texts[-1 - number])
        state = replay.state
        start = time.perf_counter()
        guard.look(Draft(conversation_id=chat, text=text), state, replay.ids, messages * 30.0 + number)
        taken.append(time.perf_counter() - start)
    print(f"{chats} chats of {messages} messages: read in {prepared * 1000:.1f} ms; a verdict: {_milliseconds(taken)}")


def _milliseconds(taken: Sequence[float]) -> str:
    ordered = sorted(taken)
    return (
        f"median {statistics.median(ordered) * 1000:.2f} ms, p99 {ordered[int(len(ordered) * 0.99)] * 1000:.2f} ms,"
        f" most {ordered[-1] * 1000:.1f} ms"
    )


def main() -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description="Measure the guard's rules on recorded dialogues.")
    parser.add_argument("--data", type=Path, required=True, help="a file of dialogues, or its folder")
    parser.add_argument("--open", type=int, default=4, dest="opened", help="chats at once (default 4)")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print so many objections of each check")
    arguments = parser.parse_args()
    dialogues = load(arguments.data)
    print(f"{len(dialogues):,} dialogues")
    measure(dialogues, max(2, arguments.opened), arguments.show)
    big(dialogues)


if __name__ == "__main__":
    main()
