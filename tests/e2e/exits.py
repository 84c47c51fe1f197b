"""Ends the real program in every way and looks at the terminal, the journal and the status afterwards.

`python -m tests.e2e.exits --trials 500 [--seed 1] [--way NAME]` prints a table; status 1 where anything was wrong.
"""

import argparse
import contextlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.exit_program import SECRET
from tests.e2e.exit_ways import WAYS, demos
from tests.e2e.life import PATIENCE, PROGRAM, Home, Life

PRIVATE = ("4111111111111111", SECRET, "Traceback")
"""Never in the terminal after the end: a card number that stands in the draft, and what an exception says."""

_OF_PYTHON = re.compile(r"Traceback(?:(?!src/paradesk).)*?\nKeyboardInterrupt\s*", re.DOTALL)
"""An interrupt while the interpreter itself starts: nothing of Paradesk is there yet, and nothing of it is shown."""


@dataclass
class Trial:
    """What one end came to; `problems` is empty where all was well."""

    way: str
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


TMUX_WAYS = ("tmux kill-window", "tmux kill-server")


def trial(name: str, home: Home, chance: random.Random) -> Trial:
    """End it once in this way."""
    if name in TMUX_WAYS:
        return _in_tmux(name, home)
    way, done = WAYS[name], Trial(name)
    # The last letter is typed by ways that let the program go on.
    text = f"card 4111111111111111 draft {chance.randrange(10**6)}"
    if way.before is not None:
        way.before(home)
    with Life(home, way.fault, *way.arguments, alone=way.alone) as life:
        if way.typed:
            life.opened()
            life.type(text)
        if way.saved:
            _saved(home, text)
        try:
            # Afterwards a parent that was killed has no children any more.
            child = life.child()
            at = way.act(life, chance)
            status = life.wait()
            if name.startswith("SIGKILL of the parent"):
                _gone(child)
            done.seconds = time.monotonic() - at
            if status not in way.status:
                done.problems.append(f"status {status}")
            if way.window:
                life.rest()
                done.problems += life.left_on()
                said = life.last_words() if b"1049h" in life.output else life.output.decode(errors="replace")
                said = _OF_PYTHON.sub("", said)
                done.problems += [f"{word} in the terminal" for word in PRIVATE if word in said]
        except AssertionError as error:
            done.problems.append(str(error).splitlines()[0][:100])
    if home.killed_demo and (problem := _next_demo(home)):
        done.problems.append(problem)
    if way.typed and not _kept(home, text):
        done.problems.append(f"draft {home.drafts()}"[:120])
    for report in home.state.glob("crash-*.txt"):
        done.problems += [f"{word} in the report" for word in PRIVATE[:2] if word in report.read_text()]
        if report.stat().st_mode & 0o077:
            done.problems.append("the report can be read by others")
    return done


def _next_demo(home: Home) -> str:
    """Start a demo after one that was killed; returns what is left of both, or nothing."""
    with Life(home, "", "demo") as life:
        life.opened()
        if demos(home, home.killed_demo):
            return "the killed demo's folder is still there"
        child = life.child()
        life.write(b"\x11")
        if (status := life.wait()) != 0:
            return f"the next demo ended with {status}"
    return "a demo that was quit left its folder" if demos(home, child) else ""


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
        # What was tried until somebody has seen enough is worth its table as well.
        with contextlib.suppress(KeyboardInterrupt):
            for number in range(given.trials):
                home = template.copy(Path(place) / "now")
                trials.append(trial(ways[number % len(ways)], home, chance))
                shutil.rmtree(home.folder)
                if number % 50 == 49:
                    print(f"{number + 1} of {given.trials}", file=sys.stderr, flush=True)
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
    good, slow = (
        sum(not done.problems for done in trials),
        sum(done.seconds > 1 for done in trials if done.way not in WAYS or WAYS[done.way].timed),
    )
    print(f"{good} of {len(trials)} ended as they should; {slow} took longer than 1 s")
    return 0 if good == len(trials) else 1


if __name__ == "__main__":
    sys.exit(main())
