"""What the whole program writes to its terminal while every field of its backend is hostile."""

import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paradesk.core.text import clean_text
from tests.e2e.hostile.rounds import Recording, foreign, honest, walked
from tests.e2e.hostile.walk import SURFACES
from tests.hostile_corpus import COLLECTION, MISSING, everything

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

EVERY = 10
"""A walk through all screens comes behind as many servings; the transcripts, the hotlist and the title see them all."""


@pytest.fixture(scope="module")
def both() -> tuple[Recording, Recording]:
    """A walk with honest texts, and one with all hostile ones."""
    return honest(), walked(everything(), EVERY)


def test_no_text_reaches_the_terminal_as_a_command(both: tuple[Recording, Recording]) -> None:
    usual, found = both
    assert foreign(usual, found) == {}
    assert set(found.screens) >= SURFACES


def test_no_text_acts_and_honest_ones_come_out_as_they_went_in(both: tuple[Recording, Recording]) -> None:
    _, found = both
    assert found.problems == []
    assert found.altered == set()
    assert found.survived


class Witness:
    """A real terminal emulator that is fed a recording: what it was made to do, and what it typed back."""

    def __init__(self, folder: Path, output: bytes) -> None:
        self._socket = f"paradesk-{uuid.uuid4().hex[:12]}"
        (folder / "recording").write_bytes(output)
        # A program in it may fill the clipboard, so that it shows when one does.
        (folder / "witness.conf").write_text("set-option -s set-clipboard on\n", encoding="ascii")
        script = (
            "stty raw -echo; cat recording; printf '\\033[?1049l'; touch shown;"
            " timeout --foreground 2 cat >typed; touch over; sleep 600"
        )
        self._tmux(
            "-f",
            str(folder / "witness.conf"),
            "new-session",
            "-d",
            "-x",
            "160",
            "-y",
            "48",
            "-c",
            str(folder),
            "sh",
            "-c",
            script,
        )
        self._folder = folder

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-u", "-L", self._socket, *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout

    def heard(self) -> dict[str, Any]:
        """Return what the terminal has to show for it, when it has taken everything in."""
        end = time.monotonic() + 60
        while not (self._folder / "over").exists():
            assert time.monotonic() < end, "the recording was never shown"
            time.sleep(0.1)
        typed = (self._folder / "typed").read_bytes()
        return {
            "buffers": [self._tmux("show-buffer", "-b", name) for name in self._names()],
            "title": self._tmux("display-message", "-p", "#{pane_title}").strip(),
            "alternate": self._tmux("display-message", "-p", "#{alternate_on}").strip(),
            "typed": {piece for piece in typed.split(b"\x1b") if piece},
        }

    def _names(self) -> list[str]:
        return self._tmux("list-buffers", "-F", "#{buffer_name}").split()

    def close(self) -> None:
        """End the server that was started."""
        subprocess.run(["tmux", "-L", self._socket, "kill-server"], check=False, capture_output=True)


@pytest.fixture
def witnesses() -> Iterator[list[Witness]]:
    """Terminals that are ended with the test."""
    opened: list[Witness] = []
    yield opened
    for witness in opened:
        witness.close()


def heard(witnesses: list[Witness], folder: Path, output: bytes) -> dict[str, Any]:
    """Show a recording to a terminal of its own."""
    folder.mkdir()
    witnesses.append(Witness(folder, output))
    return witnesses[-1].heard()


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed: no terminal bears witness")
def test_a_real_terminal_is_made_to_do_nothing(
    both: tuple[Recording, Recording], witnesses: list[Witness], tmp_path: Path
) -> None:
    """No clipboard is filled, no answer typed and no title set but by the agent's own keys."""
    usual, found = both
    honest = heard(witnesses, tmp_path / "honest", bytes(usual.output))
    hostile = heard(witnesses, tmp_path / "hostile", bytes(found.output))
    # The walk copies messages by key: what it copied is there, cleaned, and nothing that a text put there itself.
    cleaned = [text for entry in everything() if (text := clean_text(entry.text).strip())]
    assert hostile["buffers"]
    for content in hostile["buffers"]:
        assert clean_text(content) == content
        assert any(text in content for text in cleaned), content[:200]
    assert hostile["typed"] == honest["typed"]
    assert hostile["alternate"] == honest["alternate"] == "0"
    assert str(hostile["title"]).isprintable()


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed: no terminal bears witness")
def test_the_witness_sees_what_a_careless_program_would_do(witnesses: list[Witness], tmp_path: Path) -> None:
    careless = b"\x1b]2;owned\x07\x1b[c\x1b]52;c;cHduZWQ=\x07"
    seen = heard(witnesses, tmp_path / "careless", careless)
    assert seen["title"] == "owned"
    assert seen["typed"]
    assert seen["buffers"]


def test_the_large_collection_was_there() -> None:
    if not COLLECTION.exists():
        pytest.skip(MISSING)
