"""Begets and kills one life after the other, and judges in the end: what was accepted against what the backend holds."""

import asyncio
import json
import random
import sqlite3
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from paradesk.connectors.capabilities import Idempotency
from paradesk.core.model import Delivery
from paradesk.desk.outbox_rows import OutboxTable
from tests.e2e.torture.backend import CONVERSATIONS, Backend
from tests.e2e.torture.connector import parts_of
from tests.e2e.torture.life import PROFILE
from tests.e2e.torture.mutants import LONGEST, MUTANTS

ROOT = Path(__file__).parents[3]
_AT_START = 0.25
"""Share of the kills that are to hit the start."""
_START = 0.1
"""Seconds after its birth at which such a kill comes, at most."""
_WEDGED = 120.0


@dataclass
class Findings:
    """What a torture has come to."""

    mode: Idempotency
    mutant: str
    resend_once: bool = False
    """Whether the desk may send a reply once more that the backend does not show."""
    kills: int = 0
    seconds: float = 0.0
    accepted: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Conversation → client ids, in the order in which they were accepted."""
    said: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    delivered: int = 0
    lost: list[str] = field(default_factory=list)
    """Accepted, not at the backend, and no longer in the outbox."""
    duplicated: list[str] = field(default_factory=list)
    reordered: list[str] = field(default_factory=list)
    unaccounted: list[str] = field(default_factory=list)
    """Accepted, not at the backend, and the outbox does not call it uncertain or failed."""
    trouble: list[str] = field(default_factory=list)
    """Anything else that must not be, in words."""

    @property
    def caught(self) -> bool:
        """Whether a mutant has done the damage that it is made for."""
        return bool(self.mutant) and bool(getattr(self, MUTANTS[self.mutant].sign))

    @property
    def wrong(self) -> bool:
        """Whether anything is not as it must be."""
        return bool(self.lost or self.duplicated or self.reordered or self.unaccounted or self.trouble)

    def add(self, other: "Findings") -> None:
        """Count what another desk of the same kind has come to as well."""
        self.kills += other.kills
        self.seconds += other.seconds
        self.delivered += other.delivered
        for where, client_ids in other.accepted.items():
            self.accepted[where] += client_ids
        self.said += other.said
        self.faults += other.faults
        for name in ("lost", "duplicated", "reordered", "unaccounted", "trouble"):
            getattr(self, name).extend(getattr(other, name))

    def table(self) -> str:
        """Return the figures, a line each."""
        title = f"{self.mode.value}{', one resend allowed' if self.resend_once else ''}"
        title += f", mutant {self.mutant}" if self.mutant else ""
        rows: list[tuple[str, object]] = [
            ("kills", self.kills),
            ("accepted", sum(map(len, self.accepted.values()))),
            ("delivered", self.delivered),
            ("lost", len(self.lost)),
            ("duplicated", len(self.duplicated)),
            ("reordered", len(self.reordered)),
            ("uncertain, the agent decided", self.said["U"]),
            ("  sent again", self.said["R"]),
            ("  dismissed", self.said["D"]),
            ("failed", self.said["F"]),
            ("unaccounted", len(self.unaccounted)),
            ("faults", sum(count for fault, count in self.faults.items() if not fault.startswith("("))),
            *((f"  {fault}", count) for fault, count in sorted(self.faults.items())),
            ("ms per cycle", round(1000 * self.seconds / max(1, self.kills))),
        ]
        lines = [title, *(f"  {name:<32}{figure:>8}" for name, figure in rows)]
        return "\n".join([*lines, *(f"  WRONG: {trouble}" for trouble in self.trouble[:20])])


def torture(
    mode: Idempotency, kills: int, directory: Path, *, seed: int = 1, mutant: str = "", resend_once: bool = False
) -> Findings:
    """Kill the desk so many times, let it finish in peace, and return the findings. The directory is to be empty."""
    return asyncio.run(_torture(Findings(mode, mutant, resend_once), kills, directory, random.Random(seed)))


async def _torture(findings: Findings, kills: int, directory: Path, chance: random.Random) -> Findings:
    backend = Backend(findings.mode, random.Random(chance.random()))
    await backend.start()
    ancestor = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.e2e.torture.life"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    order = {
        **{"mode": findings.mode, "mutant": findings.mutant, "resend_once": findings.resend_once},
        **{"address": backend.address, "directory": str(directory)},
    }
    try:
        begun = time.monotonic()
        longest = MUTANTS[findings.mutant].longest if findings.mutant else LONGEST
        for _ in range(kills):
            at_start = chance.random() < _AT_START
            after = chance.uniform(0, _START if at_start else longest)
            life = {**order, "deadline": 0.3, "drain": False, "at_start": at_start, "kill_after": after}
            await _cycle(ancestor, life, chance, findings, backend)
            findings.kills += 1
            if findings.trouble:
                break
            if findings.mutant and findings.kills % 10 == 0:
                _compare(findings, backend, directory)
                if findings.caught:
                    findings.seconds = time.monotonic() - begun
                    return findings
        findings.seconds = time.monotonic() - begun
        backend.healthy = True
        await _cycle(ancestor, {**order, "deadline": 10, "drain": True, "kill_after": None}, chance, findings, backend)
    finally:
        # Without its input it ends by itself, unless a life is stuck; then it may not.
        if ancestor.returncode is None:
            ancestor.kill()
        await ancestor.wait()
        await backend.stop()
    _judge(findings, backend, directory)
    return findings


async def _cycle(
    ancestor: asyncio.subprocess.Process,
    order: Mapping[str, object],
    chance: random.Random,
    findings: Findings,
    backend: Backend,
) -> None:
    assert ancestor.stdin is not None
    assert ancestor.stdout is not None
    ancestor.stdin.write(json.dumps({**order, "seed": chance.randrange(2**32)}).encode() + b"\n")
    async with asyncio.timeout(_WEDGED):
        while line := (await ancestor.stdout.readline()).decode().rstrip("\n"):
            what, _, text = line.partition(" ")
            findings.said[what] += 1
            if what == "A":
                where, _, client_id = text.partition(" ")
                findings.accepted[where].append(client_id)
            elif what == "W":
                findings.trouble.append(text)
            elif what == "END":
                if text != ("0" if order["drain"] else "-9"):
                    findings.trouble.append(f"a life ended with {text}, not of the kill")
                break
        else:
            findings.trouble.append("the process that begets the lives has ended")
    await backend.next_life()


def _compare(findings: Findings, backend: Backend, directory: Path) -> None:
    """Hold what was accepted against what has arrived. It may be asked at any time, also before the end."""
    waiting = _waiting(directory)
    findings.faults, findings.delivered = backend.faults, len(backend.stored)
    findings.duplicated = backend.duplicated
    findings.lost, findings.reordered = [], []
    for where in CONVERSATIONS:
        arrived = [message.body for message in backend.stored if message.conversation == where]
        findings.reordered += _out_of_order(arrived, findings.accepted[where])
        gone = set(findings.accepted[where]).difference(arrived, waiting)
        findings.lost += [client_id for client_id in findings.accepted[where] if client_id in gone]


def _judge(findings: Findings, backend: Backend, directory: Path) -> None:
    """Say what is wrong once nothing is left to do."""
    _compare(findings, backend, directory)
    waiting = _waiting(directory)
    arrived = {message.body for message in backend.stored}
    said = {client_id for client_id, state in waiting.items() if state in (Delivery.UNCERTAIN, Delivery.FAILED)}
    accepted = {client_id for client_ids in findings.accepted.values() for client_id in client_ids}
    findings.unaccounted = sorted(accepted - arrived - said)
    known = accepted | arrived | set(waiting)
    for client_id in sorted(known):
        if missing := set(parts_of(client_id.partition(".")[0])) - known:
            findings.trouble.append(f"{client_id} is there without {', '.join(sorted(missing))}")
    for where in CONVERSATIONS:
        if _kept(directory, where) != [str(one.id) for one in backend.stored if one.conversation == where]:
            findings.trouble.append(f"{where}: the journal does not hold the messages that the backend holds")
    if waiting:
        findings.trouble.append(f"{len(waiting)} replies are still in the outbox: {Counter(waiting.values())}")
    if findings.said["F"]:
        findings.trouble.append("a reply failed for good, though the backend refuses none")
    if findings.mode is Idempotency.EXACT and findings.said["U"]:
        findings.trouble.append("a reply was called uncertain, though the backend recognises repeats")


def _waiting(directory: Path) -> dict[str, Delivery]:
    with closing(sqlite3.connect(directory / "desk.sqlite3")) as journal:
        return {row.client_id: row.state for row in OutboxTable(journal).rows()}


def _kept(directory: Path, where: str) -> list[str]:
    query = "select id from messages where conversation_id = ? order by order_key, id"
    with closing(sqlite3.connect(directory / "desk.sqlite3")) as journal:
        return [row[0] for row in journal.execute(query, (f"{PROFILE}/{where}",))]


def _out_of_order(found: Sequence[str], accepted: Sequence[str]) -> list[str]:
    """Return what arrived for the first time after something that was accepted later."""
    rank = {client_id: place for place, client_id in enumerate(accepted)}
    wrong, last = [], -1
    for client_id in dict.fromkeys(found):
        if client_id in rank:
            if rank[client_id] < last:
                wrong.append(client_id)
            last = max(last, rank[client_id])
    return wrong
