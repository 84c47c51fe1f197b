"""SIGKILL at any point: what was accepted is delivered once and in order, what was typed is there."""

import random
import subprocess
import sys
from pathlib import Path

from paradesk.core.model import ConversationId, Visibility
from tests.unit.desk.scripted import Scripted, desk_of

ROOT = Path(__file__).parents[3]


def victim(directory: Path, mode: str) -> "subprocess.Popen[str]":
    command = [
        sys.executable,
        "-m",
        "tests.unit.desk.victim",
        str(directory / "desk"),
        str(directory / "backend"),
        mode,
    ]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def kill_after(process: "subprocess.Popen[str]", lines: int) -> list[str]:
    """Read so many lines, kill, and return the last words of all that had been printed."""
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(lines)]
    process.kill()
    said += process.stdout.read().splitlines()
    process.wait()
    return [line.split()[1] for line in said if line.endswith("\n") or len(line.split()) == 2]


def test_replies_survive_kills(tmp_path: Path) -> None:
    """Killed six times while it sends, with lost answers: every accepted reply is at the backend, once, in order."""
    accepted: list[str] = []
    rng = random.Random(7)
    for _ in range(6):
        accepted += kill_after(victim(tmp_path, "replies"), rng.randint(1, 12))
    process = victim(tmp_path, "drain")
    output, _ = process.communicate(timeout=60)
    assert output == "drained\n"
    delivered = [line.partition("\t")[0] for line in (tmp_path / "backend").read_text().splitlines()]
    assert len(delivered) == len(set(delivered))
    # A kill can fall between the commit and the print, so the backend may have more than was printed.
    assert [client_id for client_id in delivered if client_id in set(accepted)] == accepted


def test_drafts_survive_a_kill(tmp_path: Path) -> None:
    """What was shown as saved is there after a kill."""
    saved = kill_after(victim(tmp_path, "drafts"), 25)
    desk = desk_of(tmp_path / "desk", Scripted())
    desk.start()
    text = desk.state.threads[ConversationId("acme/1")].drafts[Visibility.PUBLIC]
    desk.stop(5.0)
    assert len(text) >= int(saved[-1])
