"""SIGKILL while the Matrix stream is being folded and committed: the place on disk never runs ahead of what is before it."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.connectors.stream_victim import CHAT, body

from paradesk.connectors.matrix.cursor import decode_cursor
from paradesk.core.model import ConversationId
from paradesk.desk.archive import Archive
from paradesk.desk.journal import Journal

ROOT = Path(__file__).parents[3]
MESSAGES = 300


def victim(directory: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.unit.connectors.stream_victim", str(directory), str(MESSAGES)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def on_disk(directory: Path) -> tuple[int, list[str]]:
    """Return the number in the committed cursor, and the messages that are kept, in order."""
    journal = Journal(directory)
    try:
        place = decode_cursor(journal.cursor("acme"), "@robin:x").since
        kept = Archive(journal.connection).older(ConversationId(CHAT), None, 10**6)
        return int(place or 0), [one.base.body for one in kept if one.base is not None]
    finally:
        journal.close()


@pytest.mark.timeout(180)
def test_cursor_is_committed_with_the_messages_before_it(tmp_path: Path) -> None:
    """Killed again and again in mid-stream: nothing before the cursor is missing, nothing is there twice."""
    rng = random.Random(5)
    places = [0]
    for _ in range(6):
        process = victim(tmp_path)
        assert process.stdout is not None
        for _ in range(rng.randint(2, 12)):
            process.stdout.readline()
        process.kill()
        process.wait()
        process.stdout.close()
        place, kept = on_disk(tmp_path)
        assert len(kept) >= place
        assert kept == [body(number) for number in range(1, len(kept) + 1)]
        assert place >= places[-1]
        places.append(place)
    assert places[-1] > 0, "no kill came after a commit"
    output, _ = victim(tmp_path).communicate(timeout=120)
    assert output.splitlines()[-1] == str(MESSAGES)
    assert on_disk(tmp_path) == (MESSAGES, [body(number) for number in range(1, MESSAGES + 1)])
