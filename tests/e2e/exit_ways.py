"""The ways in which the real program is ended: what is done to it, and the status that must come of it."""

import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from paradesk.desk.migrations import SCHEMA_VERSION
from tests.e2e.life import PATIENCE, Home, Life

F7 = b"\x1b[18~"
PASTE = b"\x1b[200~" + b"a line of a long paste\r" * 4500 + b"\x1b[201~"


@dataclass(frozen=True)
class Way:
    """How to end it: `act` begins the end and returns the moment at which it began."""

    act: Callable[[Life, random.Random], float]
    status: tuple[int, ...]
    fault: str = ""
    alone: bool = False
    saved: bool = False
    """Whether to wait until the draft is on the disk: nobody gets a chance to flush. `typing_kill` counts letters."""
    typed: bool = True
    """Whether there is a draft before the end."""
    timed: bool = True
    """Whether the end has a moment at which it began."""
    window: bool = True
    """Whether there is still a terminal to look at."""
    arguments: tuple[str, ...] = ()
    before: Callable[[Home], None] | None = None
    """What happened to the user's folders before the start."""


def _signal(number: int, *, child: bool = False, group: bool = False, again: bool = False) -> Callable[..., float]:
    def act(life: Life, _random: random.Random) -> float:
        at = time.monotonic()
        target = (life.child() or life.pid) if child else life.pid
        (os.killpg if group else os.kill)(target, number)
        if again:
            time.sleep(_random.random() * 0.1)
            try:
                os.kill(target, number)
            except ProcessLookupError:
                pass
        return at

    return act


def _keys(keys: bytes) -> Callable[..., float]:
    def act(life: Life, _random: random.Random) -> float:
        at = time.monotonic()
        life.write(keys)
        return at

    return act


def _hang_up(life: Life, _random: random.Random) -> float:
    life.hang_up()
    return time.monotonic()


def _early(life: Life, chance: random.Random) -> float:
    until = time.monotonic() + chance.random() * 0.8
    while time.monotonic() < until:
        life.read(0.005)
    return _signal(chance.choice((signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)))(life, chance)


def _in(keys: bytes, shown: bytes, then: Callable[..., float]) -> Callable[..., float]:
    """Open a dialog, and end it there."""

    def act(life: Life, chance: random.Random) -> float:
        since = len(life.output)
        life.write(keys)
        life.until(shown, since=since)
        return then(life, chance)

    return act


def _goes_on_after(number: int) -> Callable[..., float]:
    """A signal that ends nothing: more is typed and kept, and the agent can quit."""

    def act(life: Life, chance: random.Random) -> float:
        for pid in (life.pid, life.child()):
            os.kill(pid, number)
        life.type("w")
        return _keys(b"\x11")(life, chance)

    return act


def _by_itself(_life: Life, _random: random.Random) -> float:
    return time.monotonic()


def _demo_killed(life: Life, chance: random.Random) -> float:
    life.opened()
    child = life.child()
    assert demos(life.home, child), "the demo has no folder"
    life.home.killed_demo = child
    return _signal(signal.SIGKILL, child=True)(life, chance)


def demos(home: Home, child: int) -> list[Path]:
    """Return the folders of the demo of this process."""
    return list(home.temporary.glob(f"paradesk-demo-{child}-*"))


def _newer_journal(home: Home) -> None:
    with closing(sqlite3.connect(home.state / "desk" / "desk.sqlite3")) as database:
        database.execute(f"pragma user_version = {SCHEMA_VERSION + 1}")


def _broken_keymap(home: Home) -> None:
    (home.folder / "config" / "keymap.toml").write_text("[keymap]\nname = 3\n", encoding="utf-8")


def _paste(number: int, *, child: bool = False) -> Callable[..., float]:
    def act(life: Life, chance: random.Random) -> float:
        life.write(PASTE[: chance.randrange(1000, len(PASTE))])
        at = _signal(number, child=child)(life, chance)
        # The terminal goes on sending.
        life.write(b"rest of the paste\r")
        return at

    return act


def _stalled(life: Life, chance: random.Random) -> float:
    life.reading = False
    for number in range(60):
        life.resize(20 + number % 20, 80 + number)
        os.kill(life.child() or life.pid, signal.SIGWINCH)
        time.sleep(0.02)
    return _signal(signal.SIGTERM)(life, chance)


def _hang(life: Life, chance: random.Random) -> float:
    life.write(F7)
    time.sleep(0.1)
    return _signal(signal.SIGTERM)(life, chance)


def _hang_alone(life: Life, chance: random.Random) -> float:
    life.write(F7)
    time.sleep(0.1)
    return _signal(signal.SIGKILL)(life, chance)


def _storm(life: Life, chance: random.Random) -> float:
    for number in range(30):
        life.resize(1 + (number * 7) % 50, 1 + (number * 31) % 200)
        life.read(0.005)
    at = _signal(signal.SIGTERM)(life, chance)
    for number in range(20):
        life.resize(1 + (number * 11) % 50, 1 + (number * 37) % 200)
    return at


def _stop(number: int, *, child: bool) -> Callable[..., float]:
    def act(life: Life, chance: random.Random) -> float:
        os.kill(life.child() if child else life.pid, number)
        end = time.monotonic() + PATIENCE
        while not life.stopped():
            assert time.monotonic() < end, "it does not stop"
            life.read()
        life.rest()
        assert not (left := life.left_on()), f"while it is stopped: {left}"
        since = len(life.output)
        os.killpg(life.pid, signal.SIGCONT)
        life.until(b"\x1b[?1049h", since=since)
        life.until("▶ to ".encode(), since=since)
        life.type("w")
        return _signal(signal.SIGTERM)(life, chance)

    return act


def _goes_on(keys: bytes, shown: bytes = b"") -> Callable[..., float]:
    """A part fails, the rest works: more is typed and kept, and the agent can quit."""

    def act(life: Life, chance: random.Random) -> float:
        since = len(life.output)
        life.write(F7)
        if shown:
            life.until(shown, since=since)
        life.type("w")
        return _keys(keys)(life, chance)

    return act


_T = 128 + signal.SIGTERM
WAYS: dict[str, Way] = {
    "SIGHUP": Way(_signal(signal.SIGHUP), (129,)),
    "SIGINT": Way(_signal(signal.SIGINT), (130,)),
    "SIGQUIT": Way(_signal(signal.SIGQUIT), (131,)),
    "SIGTERM": Way(_signal(signal.SIGTERM), (_T,)),
    "SIGTERM to the program only": Way(_signal(signal.SIGTERM, child=True), (_T,)),
    "SIGHUP to the group": Way(_signal(signal.SIGHUP, group=True), (129,)),
    "SIGTERM twice": Way(_signal(signal.SIGTERM, again=True), (_T,)),
    "SIGTERM, no parent": Way(_signal(signal.SIGTERM), (_T,), alone=True),
    "window closed": Way(_hang_up, (129,), window=False),
    "window closed, no parent": Way(_hang_up, (129,), window=False, alone=True),
    "ctrl+q": Way(_keys(b"\x11"), (0,)),
    "during the start": Way(_early, (129, 130, 131, _T), typed=False),
    "SIGINT twice": Way(_signal(signal.SIGINT, again=True), (130,)),
    "SIGPIPE, ctrl+q": Way(_goes_on_after(signal.SIGPIPE), (0,)),
    "in a dialog": Way(_in(b"\x1bOP", b"esc", _signal(signal.SIGTERM)), (_T,)),
    "SIGINT in the picker": Way(_in(b"\x1bOQ", b"esc", _signal(signal.SIGINT)), (130,)),
    "window closed in a dialog": Way(_in(b"\x1bOP", b"esc", _hang_up), (129,), window=False),
    "window closed in the picker": Way(_in(b"\x1bOQ", b"esc", _hang_up), (129,), window=False),
    "closed in the picker, no parent": Way(_in(b"\x1bOQ", b"esc", _hang_up), (129,), window=False, alone=True),
    "killed demo": Way(_demo_killed, (137,), typed=False, arguments=("demo",)),
    "no such profile": Way(_by_itself, (2,), typed=False, timed=False, arguments=("run", "nobody")),
    "journal of a newer version": Way(_by_itself, (2,), typed=False, timed=False, before=_newer_journal),
    "broken keymap": Way(_by_itself, (2,), typed=False, timed=False, before=_broken_keymap),
    "in a paste": Way(_paste(signal.SIGTERM), (_T,)),
    "killed in a paste": Way(_paste(signal.SIGKILL, child=True), (137,), saved=True),
    "nobody reads the terminal": Way(_stalled, (_T,)),
    "nobody reads, no parent": Way(_stalled, (_T,), alone=True, window=False),
    "while resizing": Way(_storm, (_T,)),
    "the program hangs": Way(_hang, (_T,), "hang"),
    "SIGTSTP, fg, SIGTERM": Way(_stop(signal.SIGTSTP, child=False), (_T,)),
    "SIGSTOP, fg, SIGTERM": Way(_stop(signal.SIGSTOP, child=True), (_T,)),
    "SIGKILL": Way(_signal(signal.SIGKILL, child=True), (137,), saved=True),
    "SIGKILL of the parent": Way(_signal(signal.SIGKILL), (137,), saved=True),
    "SIGKILL of the parent, a hang": Way(_hang_alone, (137,), "hang", saved=True),
    "SIGSEGV": Way(_keys(F7), (139,), "segv", saved=True),
    "error in a command": Way(_keys(F7), (1,), "handler"),
    "error in drawing": Way(_keys(F7), (1,), "render"),
    "error in a task": Way(_goes_on(b"\x11", b"background"), (0,), "task"),
    "error in the desk": Way(_goes_on(b"\x11", b"DESK HAS ENDED"), (0,), "desk"),
    "error in a connector": Way(_goes_on(b"\x11"), (0,), "lane"),
}
