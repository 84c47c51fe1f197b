"""Ends the real program in every way and looks at the terminal, the journal and the status afterwards.

`python -m tests.e2e.exits --trials 500 [--seed 1] [--way NAME]` prints a table; status 1 where anything was wrong.
"""

import argparse
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.exit_program import SECRET
from tests.e2e.life import PATIENCE, PROGRAM, Home, Life

F7 = b"\x1b[18~"
PASTE = b"\x1b[200~" + b"a line of a long paste\r" * 4500 + b"\x1b[201~"
PRIVATE = ("4111111111111111", SECRET, "Traceback")
"""Never in the terminal after the end: a card number that stands in the draft, and what an exception says."""


@dataclass
class Trial:
    """What one end came to; `problems` is empty where all was well."""

    way: str
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


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
    window: bool = True
    """Whether there is still a terminal to look at."""


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


def _dialog(life: Life, chance: random.Random) -> float:
    since = len(life.output)
    life.write(b"\x1bOP")
    life.until(b"esc", since=since)
    return _signal(signal.SIGTERM)(life, chance)


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
    "in a dialog": Way(_dialog, (_T,)),
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
    "SIGSEGV": Way(_keys(F7), (139,), "segv", saved=True),
    "error in a command": Way(_keys(F7), (1,), "handler"),
    "error in drawing": Way(_keys(F7), (1,), "render"),
    "error in a task": Way(_goes_on(b"\x11", b"background"), (0,), "task"),
    "error in the desk": Way(_goes_on(b"\x11", b"DESK HAS ENDED"), (0,), "desk"),
    "error in a connector": Way(_goes_on(b"\x11"), (0,), "lane"),
}
TMUX_WAYS = ("tmux kill-window", "tmux kill-server")


def trial(name: str, home: Home, chance: random.Random) -> Trial:
    """End it once in this way."""
    if name in TMUX_WAYS:
        return _in_tmux(name, home)
    way, done = WAYS[name], Trial(name)
    # The last letter is typed by ways that let the program go on.
    text = f"card 4111111111111111 draft {chance.randrange(10**6)}"
    with Life(home, way.fault, alone=way.alone) as life:
        if way.typed:
            life.opened()
            life.type(text)
        if way.saved:
            _saved(home, text)
        try:
            at = way.act(life, chance)
            child = life.child()
            status = life.wait()
            if name == "SIGKILL of the parent":
                _gone(child)
            done.seconds = time.monotonic() - at
            if status not in way.status:
                done.problems.append(f"status {status}")
            if way.window:
                life.rest()
                done.problems += life.left_on()
                said = life.last_words() if b"1049h" in life.output else life.output.decode(errors="replace")
                done.problems += [f"{word} in the terminal" for word in PRIVATE if word in said]
        except AssertionError as error:
            done.problems.append(str(error).splitlines()[0][:100])
    if way.typed and not _kept(home, text):
        done.problems.append(f"draft {home.drafts()}"[:120])
    for report in home.state.glob("crash-*.txt"):
        done.problems += [f"{word} in the report" for word in PRIVATE[:2] if word in report.read_text()]
        if report.stat().st_mode & 0o077:
            done.problems.append("the report can be read by others")
    return done


def _kept(home: Home, text: str) -> bool:
    rescued = "\n".join(path.read_text() for path in (home.state / "desk").glob("rescue*"))
    return any(draft.startswith(text) for draft in home.drafts()) or text in rescued


def _saved(home: Home, text: str) -> None:
    end = time.monotonic() + PATIENCE
    while not _kept(home, text):
        assert time.monotonic() < end, "the draft never came to the disk"
        time.sleep(0.01)


def _gone(pid: int) -> None:
    end = time.monotonic() + PATIENCE
    while pid and Path(f"/proc/{pid}").exists():
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return
        except OSError:
            return
        assert time.monotonic() < end, "the program outlives its parent"
        time.sleep(0.005)


def _in_tmux(name: str, home: Home) -> Trial:
    done, socket = Trial(name), f"paradesk-{uuid.uuid4().hex[:12]}"
    environment = {key: value for key, value in home.environment.items() if key not in ("TMUX", "TMUX_PANE")}

    def tmux(*arguments: str) -> str:
        found = subprocess.run(
            ["tmux", "-u", "-L", socket, *arguments], capture_output=True, text=True, env=environment, check=False
        )
        return found.stdout

    tmux("-f", "/dev/null", "new-session", "-d", "-x", "120", "-y", "40", sys.executable, str(PROGRAM), "")
    try:
        end = time.monotonic() + PATIENCE
        while "▶ to " not in tmux("capture-pane", "-p"):
            assert time.monotonic() < end, "it never came up"
            time.sleep(0.05)
        tmux("send-keys", "-l", "a draft in tmux")
        while "a draft in tmux" not in tmux("capture-pane", "-p"):
            assert time.monotonic() < end, "no echo"
            time.sleep(0.02)
        parent = int(tmux("display-message", "-p", "#{pane_pid}"))
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        at = time.monotonic()
        tmux(name.removeprefix("tmux "))
        for pid in (parent, *map(int, children)):
            _gone(pid)
        done.seconds = time.monotonic() - at
    except AssertionError as error:
        done.problems.append(str(error))
    finally:
        tmux("kill-server")
    if not _kept(home, "a draft in tmux"):
        done.problems.append(f"draft {home.drafts()}")
    return done


def names() -> list[str]:
    """Return the ways that this machine can show."""
    return [*WAYS, *(TMUX_WAYS if shutil.which("tmux") else ())]


def prepare(folder: Path) -> Home:
    """Return a user who has worked before, so that chats are open at once."""
    home = Home(folder)
    with Life(home) as life:
        life.opened()
        life.write(b"\x11")
        assert life.wait() == 0
    return home


def main() -> int:
    """Run the trials and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--way", action="append", choices=names())
    given = parser.parse_args()
    chance, ways = random.Random(given.seed), given.way or names()
    trials: list[Trial] = []
    with tempfile.TemporaryDirectory(prefix="paradesk-exits-") as place:
        template = prepare(Path(place) / "template")
        for number in range(given.trials):
            home = template.copy(Path(place) / "now")
            trials.append(trial(ways[number % len(ways)], home, chance))
            shutil.rmtree(home.folder)
    print(f"{'way':<32}{'trials':>7}{'good':>6}{'median s':>10}{'slowest s':>11}  problems")
    for way in ways:
        mine = [done for done in trials if done.way == way]
        if mine:
            times = sorted(done.seconds for done in mine)
            wrong = sorted({problem for done in mine for problem in done.problems})
            good = sum(not done.problems for done in mine)
            print(
                f"{way:<32}{len(mine):>7}{good:>6}{statistics.median(times):>10.2f}{times[-1]:>11.2f}  {'; '.join(wrong)}"
            )
    good, slow = sum(not done.problems for done in trials), sum(done.seconds > 1 for done in trials)
    print(f"{good} of {len(trials)} ended as they should; {slow} took longer than 1 s")
    return 0 if good == len(trials) else 1


if __name__ == "__main__":
    sys.exit(main())
