"""A two-way conversation in the running program, on a real homeserver, while everything between and behind breaks.

    SYNAPSE_PYTHON=synapse-env/bin/python python -m tests.e2e.chaos --disturbances 200

The whole program runs in tmux with a Matrix profile that reaches Synapse through a proxy. Two customers write by plain
HTTP, an agent answers both with keys, and one disturbance follows the other. In the end, in peace, what the desk's
journal holds, what the rooms hold and what the customers' own clients have shown must be the same, in the same order;
every accepted reply must be there once, and every unsent draft kept. Ends with 1 when anything is not so.
"""

import argparse
import os
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from paradesk.config.state import mark_first_run_done
from paradesk.core.model import ConversationId, Role, Visibility
from paradesk.desk.archive import Archive
from paradesk.desk.journal import Journal
from tests.contract.synapse import PASSWORD, Account, Synapse, synapse_python
from tests.e2e.chaos_people import Agent, Ear, Line, Voice, Watch, room_history
from tests.e2e.chaos_proxy import ChaosProxy, Fault
from tests.e2e.conftest import PARADESK, Places
from tests.e2e.homeserver import Customer
from tests.e2e.reading import panes
from tests.e2e.terminal import TMUX, Terminal

DEAD_PEER = 40.0
"""Seconds within which a peer that answers nothing must be noticed."""

_ON_THE_WAY = re.compile("… (queued|sending|offline)|! failed|[?] uncertain")
_LOOSE = "{per_second: 10000, burst_count: 10000}"
LIMITS = f"""\
rc_message: {{per_second: 1.5, burst_count: 3}}
rc_registration: {_LOOSE}
rc_login: {{address: {_LOOSE}, account: {_LOOSE}, failed_attempts: {_LOOSE}}}
rc_joins: {{local: {_LOOSE}}}
rc_room_creation: {_LOOSE}
"""
"""Synapse's own brake on how fast one account writes: what was queued while it was away runs into it."""


@dataclass
class Findings:
    """What a run has come to."""

    disturbances: Counter[str] = field(default_factory=Counter)
    in_words: list[str] = field(default_factory=list)
    """What is wrong; empty when all is well."""
    rows: list[tuple[str, str]] = field(default_factory=list)

    def table(self) -> str:
        """Return all figures as text."""
        width = max(len(name) for name, _ in self.rows)
        return "\n".join(f"{name:<{width}}  {figure}" for name, figure in self.rows)


class Scene:
    """Server, proxy, program and people. A context manager."""

    def __init__(self, home: Path, seed: int, *, size: tuple[int, int] = (150, 50)) -> None:
        self.random = random.Random(seed)
        self._seed, self._size = seed, size
        self.places = Places(
            home,
            {
                "HOME": str(home),
                "PARADESK_CONFIG_DIR": str(home / "config"),
                "PARADESK_STATE_DIR": str(home / "state"),
                "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            },
        )
        self._stack = ExitStack()
        self.findings = Findings()

    def __enter__(self) -> "Scene":
        try:
            self._set_up()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def _set_up(self) -> None:
        enter = self._stack.enter_context
        self.server = enter(Synapse(default_limits=True, extra=LIMITS))
        self._stack.callback(self.server.resume)
        self.proxy = enter(ChaosProxy(self.server.port))
        self.agent_account = self.server.user("robin")
        self.customers = [Customer(self.server, self.server.user(name)) for name in ("anna", "bela")]
        for customer in self.customers:
            customer.invited_by(self.agent_account)
            customer.says("hello, are you there?")
        self._configure(self.agent_account)
        terminal = enter(Terminal([*PARADESK], size=self._size, env=self.places.environment, cwd=self.places.home))
        self.terminal = terminal
        names = [self._pane_name(number) for number in (1, 2)]
        self.by_pane = dict(zip((1, 2), sorted(self.customers, key=lambda c: names.index(_name(c))), strict=True))
        self.voices = [
            Voice(self.server, customer.account, customer.room, _name(customer), self._seed + place)
            for place, customer in enumerate(self.customers)
        ]
        self.ears = [Ear(self.server, customer.account, customer.room) for customer in self.customers]
        self.agent = Agent(terminal, self._seed)
        self.watch = Watch(terminal)
        for thread in (*self.ears, self.watch, *self.voices, self.agent):
            thread.start()
        self.watch.wait_online(30)

    def _configure(self, agent: Account) -> None:
        self.places.config.mkdir(parents=True)
        os.environ["PARADESK_STATE_DIR"] = str(self.places.state)
        mark_first_run_done()
        done = self.places.run(
            "profile", "add", "acme", "--connector", "matrix", "--option", f"homeserver={self.proxy.url}",
            "--option", f"user={agent.user_id}", "--secret-stdin", typed=f"password={PASSWORD}\n",
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        with (self.places.config / "config.toml").open("a", encoding="utf-8") as file:
            # Everybody draws words from one short list here, which the guard rightly takes for a mix-up.
            file.write("\n[guard]\nenabled = false\n")

    def _pane_name(self, number: int) -> str:
        if number > 1:
            self.terminal.press("C-x", "k")
        screen = self.terminal.wait(lambda seen: bool(panes(seen)[number].name), what=f"a customer in pane {number}")
        return panes(screen)[number].name

    # Disturbances

    def kinds(self) -> dict[str, tuple[int, Callable[[float], None], tuple[float, float]]]:
        """Return what may happen: how often of a hundred, what does it, and how many seconds it lasts."""
        return {
            "homeserver killed and started again": (12, self._killed, (0.0, 1.5)),
            "homeserver hangs (SIGSTOP)": (8, self._hangs, (1.0, 6.0)),
            "wire dead without a word (blackhole)": (12, self._blackhole, (1.0, 6.0)),
            "cut after N bytes": (14, self._cut, (0.5, 2.0)),
            "connections reset": (12, self._proxied(Fault.RESET), (0.2, 1.0)),
            "connections refused": (10, self._proxied(Fault.REFUSE), (0.5, 4.0)),
            "half-closed": (8, self._proxied(Fault.HALF_CLOSE), (0.2, 1.0)),
            "delayed": (8, self._slow(Fault.DELAY, 0.2, 1.5), (2.0, 5.0)),
            "throttled to some bytes a second": (8, self._slow(Fault.THROTTLE, 400, 3000), (2.0, 5.0)),
            "429 for every request": (8, self._slow(Fault.LIMIT, 0.3, 2.0), (1.0, 4.0)),
        }

    def disturb(self, name: str, seconds: float) -> None:
        """Let one thing happen, and wait until it is over."""
        self.findings.disturbances[name] += 1
        self.kinds()[name][1](seconds)

    def _killed(self, seconds: float) -> None:
        self.server.kill()
        time.sleep(seconds)
        self.server.start()

    def _hangs(self, seconds: float) -> None:
        self.server.pause()
        self.watch.goes_dark()
        time.sleep(seconds)
        self.watch.is_light(f"homeserver hung for {seconds:.0f} s", DEAD_PEER)
        self.server.resume()

    def _blackhole(self, seconds: float) -> None:
        self.proxy.behave(Fault.BLACKHOLE)
        self.watch.goes_dark()
        time.sleep(seconds)
        # Connections that lost a byte stay dead: the program still has to find out.
        self.proxy.behave(Fault.NONE)
        self.watch.is_light(f"wire dead for {seconds:.0f} s", DEAD_PEER)

    def _cut(self, seconds: float) -> None:
        self.proxy.behave(Fault.CUT, self.random.randrange(1, 2500))
        time.sleep(seconds)
        self.proxy.behave(Fault.NONE)

    def _proxied(self, fault: Fault) -> Callable[[float], None]:
        def happen(seconds: float) -> None:
            self.proxy.behave(fault)
            time.sleep(seconds)
            self.proxy.behave(Fault.NONE)

        return happen

    def _slow(self, fault: Fault, least: float, most: float) -> Callable[[float], None]:
        def happen(seconds: float) -> None:
            self.proxy.behave(fault, self.random.uniform(least, most))
            time.sleep(seconds)
            self.proxy.behave(Fault.NONE)

        return happen

    # The end

    def make_peace(self, patience: float = 180.0) -> None:
        """Let everybody finish and everything arrive; then end the program as a person does, and compare."""
        wrong = self.findings.in_words
        for voice in self.voices:
            voice.stop()
        self.agent.stop()
        wrong += self.agent.trouble
        if not self.watch.wait_online(3):
            self.terminal.press("C-x", "=")
        deadline = time.monotonic() + patience
        while not self._all_arrived() and time.monotonic() < deadline:
            time.sleep(0.5)
        last = {number: self._room(customer)[-1][1] for number, customer in self.by_pane.items()}

        def shown(seen: str) -> bool:
            return all(text in panes(seen)[number].words for number, text in last.items())

        if self.terminal.comes(shown, seconds=60) is None:
            wrong.append(f"not in their panes: {last}\n{self.terminal.screen()}")
        if self.terminal.comes(lambda seen: not _ON_THE_WAY.search(seen), seconds=60) is None:
            wrong.append(f"replies are still on their way\n{self.terminal.screen()}")
        self.watch.stop()
        for ear in self.ears:
            ear.stop()
        self.terminal.press("C-q")
        if self.terminal.comes(lambda seen: "[ended 0]" in seen, seconds=30) is None:
            reports = "\n".join(path.read_text() for path in self.places.state.glob("crash-*.txt"))
            wrong.append(f"the program did not end well\n{self.terminal.screen()}\n{reports}")
        self._compare()

    def _voice(self, customer: Customer) -> Voice:
        return self.voices[self.customers.index(customer)]

    def _all_arrived(self) -> bool:
        if not self.watch.wait_online(1):
            return False
        return all(
            set(self.agent.accepted[number]) <= {text for _, text in self._room(customer)}
            for number, customer in self.by_pane.items()
        )

    def _room(self, customer: Customer) -> list[Line]:
        return room_history(self.server, self.agent_account, customer.room)

    def _compare(self) -> None:
        wrong, rows = self.findings.in_words, self.findings.rows
        counts: Counter[str] = Counter()
        journal = Journal(self.places.state / "desk")
        try:
            archive, drafts = Archive(journal.connection), journal.drafts()
            for number, customer in self.by_pane.items():
                name, chat = _name(customer), ConversationId(f"acme/{customer.room}")
                room = self._room(customer)
                desk = [
                    (kept.base.sender_id, kept.base.body)
                    for kept in archive.older(chat, None, 10**6)
                    if kept.base is not None and kept.base.role in (Role.CUSTOMER, Role.AGENT)
                ]
                ear = self.ears[self.customers.index(customer)].heard
                for whose, lines in (("the desk", desk), (f"{name}'s client", ear)):
                    wrong += differences(name, whose, lines, room, counts)
                replies = [text for who, text in room if who == self.agent_account.user_id]
                asked = [text for who, text in room if who == customer.account.user_id][1:]
                wrong += differences(name, "the room (replies)", replies, self.agent.accepted[number], counts)
                wrong += differences(name, "the room (customer)", asked, self._voice(customer).written, counts)
                counts["replies"] += len(self.agent.accepted[number])
                counts["asked"] += len(asked)
                kept_draft = {text for where, what, text in drafts if where == chat and what is Visibility.PUBLIC}
                begun = self.agent.begun.get(number)
                if kept_draft != ({begun} if begun else set()):
                    counts["drafts lost"] += 1
                    wrong.append(f"draft to {name}: {kept_draft} is kept, {begun!r} was typed")
        finally:
            journal.close()
        counts["drafts lost"] += len(self.agent.lost_drafts)
        wrong += [f"never noticed: {what}" for what in self.watch.unnoticed]
        if self.watch.longest_to_notice > DEAD_PEER:
            wrong.append(f"a dead peer was noticed only after {self.watch.longest_to_notice:.1f} s")
        rows += [(name, str(count)) for name, count in sorted(self.findings.disturbances.items())]
        rows += [
            ("disturbances in all", str(sum(self.findings.disturbances.values()))),
            ("messages from the customers", str(counts["asked"])),
            ("replies typed with keys and accepted", str(counts["replies"])),
            ("missing", str(counts["missing"])),
            ("doubled", str(counts["doubled"])),
            ("in another order", str(counts["order"])),
            ("drafts lost", str(counts["drafts lost"])),
            ("times offline and online again", str(max(0, self.watch.reconnects - 1))),
            ("connections through the proxy", str(self.proxy.connections)),
            ("429 from the homeserver itself", str(self.proxy.limited)),
            ("times a dead peer was noticed", str(self.watch.noticed)),
            ("longest time to notice a dead peer", f"{self.watch.longest_to_notice:.1f} s"),
        ]


def differences(
    name: str, whose: str, found: Sequence[object], expected: Sequence[object], counts: Counter[str]
) -> list[str]:
    """Return in words how two records of one conversation differ, and count it."""
    there, wanted = Counter(found), Counter(expected)
    missing, doubled = wanted - there, there - wanted
    counts["missing"] += missing.total()
    counts["doubled"] += doubled.total()
    words = [f"{name}: {whose} lacks {line!r}" for line in missing]
    words += [f"{name}: {whose} has {line!r} once too often" for line in doubled]
    if not missing and not doubled and list(found) != list(expected):
        counts["order"] += 1
        place = next(at for at, (one, other) in enumerate(zip(found, expected, strict=True)) if one != other)
        words.append(f"{name}: {whose} has another order from {place}: {found[place]!r}, not {expected[place]!r}")
    return words


def _name(customer: Customer) -> str:
    return customer.account.user_id.removeprefix("@").partition(":")[0]


def schedule(scene: Scene, disturbances: int, long_darks: int) -> list[tuple[str, float]]:
    """Return what happens: every kind at least once where there is room, the rest by weight, some darkness for long."""
    kinds = scene.kinds()
    names = list(kinds)
    chosen = names[:disturbances]
    chosen += scene.random.choices(names, [kinds[name][0] for name in names], k=disturbances - len(chosen))
    scene.random.shuffle(chosen)
    planned = [(name, scene.random.uniform(*kinds[name][2])) for name in chosen]
    dark = [at for at, (name, _) in enumerate(planned) if "blackhole" in name or "SIGSTOP" in name]
    for at in scene.random.sample(dark, min(long_darks, len(dark))):
        planned[at] = (planned[at][0], DEAD_PEER + 5)
    return planned


def play(
    disturbances: int,
    seed: int,
    home: Path,
    *,
    long_darks: int = 0,
    rest: float = 20.0,
    say: Callable[[str], None] = print,
) -> Findings:
    """Run it all and return what was found; `rest`: seconds that are waited, at most, until the program is online again."""
    with Scene(home, seed) as scene:
        for number, (name, seconds) in enumerate(schedule(scene, disturbances, long_darks), start=1):
            if scene.agent.trouble:
                break
            if seconds > DEAD_PEER:
                # Only from a connection that stands can it be seen how long it takes to notice.
                scene.watch.wait_online(90)
            say(f"{number:4}/{disturbances}  {name}, {seconds:.1f} s")
            scene.disturb(name, seconds)
            if scene.random.random() < 0.6:
                scene.watch.wait_online(rest)
            time.sleep(scene.random.uniform(0.3, 2.0))
        scene.make_peace()
        return scene.findings


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--disturbances", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument(
        "--long-darks", type=int, default=3, help="outages that last longer than a dead peer may stay unnoticed"
    )
    arguments = parser.parse_args()
    if synapse_python() is None or TMUX is None:
        print("needs tmux, and SYNAPSE_PYTHON to name a python that has matrix-synapse", file=sys.stderr)
        return 2
    # Asked to end, it takes the homeserver and the terminal with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(3))
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="paradesk-chaos-") as home:
        findings = play(arguments.disturbances, seed, Path(home), long_darks=arguments.long_darks)
    findings.rows.append(("minutes", f"{(time.monotonic() - began) / 60:.1f}"))
    print(findings.table())
    for words in findings.in_words:
        print("WRONG:", words)
    return 1 if findings.in_words else 0


if __name__ == "__main__":
    sys.exit(main())
