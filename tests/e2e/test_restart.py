"""What an agent typed and opened comes back, however the program ended; the terminal is left as it was."""

import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.conftest import Places, Start
from tests.e2e.life import ROOT
from tests.e2e.reading import panes
from tests.e2e.terminal import Terminal, needs_tmux

pytestmark = [pytest.mark.e2e, needs_tmux]

PATIENCE = 20.0


@pytest.fixture
def profile(places: Places) -> Places:
    """A profile on the simulator, whose chats are the same at each start."""
    (places.config / "config.toml").write_text(
        '[profiles.shop]\nconnector = "simulator"\nseed = "3"\n', encoding="utf-8"
    )
    return places


def two_panes(terminal: Terminal) -> None:
    """Wait for two chats in panes, the first one active. A chat that comes after the start is opened by its agent."""
    terminal.wait(lambda seen: len(panes(seen)) >= 1 and "2 chats" in seen.splitlines()[0], what="two chats")
    if terminal.comes(lambda seen: len(panes(seen)) >= 2, seconds=5) is None:
        terminal.press("C-x", "k")
        terminal.wait(lambda seen: len(panes(seen)) >= 2, what="two panes")
        terminal.press("C-x", "1")
        terminal.wait_text("active: 1 ")


def worked_on(start: Start) -> Terminal:
    """Start, open two chats, and leave a draft in each, the second one as a note."""
    terminal = start()
    two_panes(terminal)
    terminal.type("a reply for the first")
    terminal.wait(lambda seen: "a reply for the first" in panes(seen)[1].text, what="the first draft")
    terminal.press("C-x", "2")
    terminal.wait_text("active: 2 ")
    terminal.press("F9")
    terminal.wait(lambda seen: "▶ NOTE" in panes(seen)[2].text, what="note mode")
    terminal.type("a note on the second")
    terminal.wait(lambda seen: "a note on the second" in panes(seen)[2].text, what="the note")
    return terminal


def as_it_was(start: Start, names: dict[int, str]) -> None:
    """Start again and look for all of it."""
    terminal = start()
    screen = terminal.still(
        lambda seen: all(
            words in seen for words in ("a note on the second", "a reply for the first", "active: 2 ", "▶ NOTE")
        ),
        what="both drafts",
    )
    seen = panes(screen)
    assert {number: seen[number].name for number in (1, 2)} == names
    assert "a reply for the first" in seen[1].text
    assert "▶ NOTE" in seen[2].text
    assert "a note on the second" in seen[2].text
    assert "active: 2 " in screen.splitlines()[0]


def test_drafts_and_panes_come_back_after_quitting(start: Start, profile: Places) -> None:
    terminal = worked_on(start)
    names = {number: panes(terminal.screen())[number].name for number in (1, 2)}
    terminal.press("C-q")
    terminal.wait_text("[ended 0]")
    as_it_was(start, names)


def test_drafts_and_panes_come_back_after_a_kill(start: Start, profile: Places) -> None:
    terminal = worked_on(start)
    names = {number: panes(terminal.screen())[number].name for number in (1, 2)}
    # What is on the screen is on its way to the disk; a kill in the very same moment may lose the last letter.
    saved(profile.state / "desk", "a note on the second")
    os.kill(program(terminal), signal.SIGKILL)
    terminal.wait_text("[ended 137]")
    as_it_was(start, names)


def saved(folder: Path, text: str) -> None:
    """Wait until a text is in the journal."""
    deadline = time.monotonic() + PATIENCE
    journal = folder / "desk.sqlite3"
    while True:
        with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as database:
            if text in "\n".join(database.iterdump()):
                return
        assert time.monotonic() < deadline, f"{text!r} never came to {journal}"
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_leaves_the_terminal_as_it_was(start: Start, profile: Places, number: signal.Signals) -> None:
    terminal = worked_on(start)
    names = {number: panes(terminal.screen())[number].name for number in (1, 2)}
    os.kill(terminal.process(), number)
    screen = terminal.wait_text(f"[ended {128 + number}]", seconds=5)
    assert "┏" not in screen
    assert "Traceback" not in screen
    assert terminal.modes() == {"alternate_on": "0", "mouse_any_flag": "0", "cursor_flag": "1", "keypad_flag": "0"}
    as_it_was(start, names)


def test_what_is_typed_outlives_every_size(start: Start, profile: Places) -> None:
    terminal = start(size=(200, 50))
    two_panes(terminal)
    text = "I have found your order and will call the carrier now"
    terminal.type(text)
    terminal.wait(lambda seen: text in panes(seen)[1].words, what="the text")
    for width, height in ((80, 24), (40, 12), (20, 5), (5, 2), (20, 5), (80, 24), (200, 50)):
        terminal.resize(width, height)
        terminal.wait(drawn(width, height), what=f"the screen at {width}×{height}")
        if (width, height) == (20, 5):
            # Nobody can see whom this would reach.
            terminal.press("Enter")
    screen = terminal.wait(lambda seen: text in panes(seen)[1].words, what="the same text")
    assert f"▶ to {panes(screen)[1].name.upper()}" in panes(screen)[1].text
    assert text in panes(screen)[1].words.partition("▶ to")[2]


def drawn(width: int, height: int) -> Callable[[str], bool]:
    """Say whether the screen is drawn for this size: the panes, or the word that it is too small."""

    def reached(screen: str) -> bool:
        lines = screen.splitlines()
        if width < 40 or height < 10:
            return "small" in screen
        return len(lines) == height and lines[1].count("┏") == 1 and lines[-2].count("┛") == 1

    return reached


def test_places_come_back_after_a_kill(start: Start, profile: Places) -> None:
    terminal = worked_on(start)
    terminal.press("C-x", "1")
    terminal.wait_text("active: 1 ")
    terminal.press("Left", "Left", "Left")
    terminal.resize(120, 14)
    terminal.wait(drawn(120, 14), what="a low screen")
    terminal.press("PageUp")
    folder = profile.state / "desk"
    saved(folder, '"cursor":18')
    saved(folder, '"message_id":')
    before = reading_rows(terminal)
    os.kill(program(terminal), signal.SIGKILL)
    screen = terminal.wait_text("[ended 137]")
    assert "drafts and replies are kept" in screen
    assert terminal.modes() == {"alternate_on": "0", "mouse_any_flag": "0", "cursor_flag": "1", "keypad_flag": "0"}
    again = start(size=(120, 14))
    again.wait(lambda screen: "a reply for the first" in screen, what="the draft")
    again.wait(lambda _screen: reading_rows(again) == before, what=f"the same rows: {before}")
    again.type("X")
    again.wait_text("a reply for the fiXrst")


def test_what_waits_and_what_was_open_comes_back_after_a_kill(tmp_path: Path) -> None:
    """A queued reply with its file, a draft with another, and the customer panel."""
    state = tmp_path / "state"
    for name in ("proof.txt", "later.txt"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    environment = {"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}

    def begin(*words: str) -> Terminal:
        argv = [sys.executable, str(Path(__file__).with_name("desk_program.py")), str(state), "two", *words]
        return Terminal(argv, size=(160, 40), env=environment, cwd=tmp_path)

    with begin("offline") as terminal:
        terminal.wait(lambda seen: len(panes(seen)) >= 2, what="two panes")
        terminal.type("here is the proof")
        terminal.wait(lambda seen: "here is the proof" in panes(seen)[1].words, what="the text")
        attach(terminal, tmp_path / "proof.txt")
        terminal.press("Enter")
        saved(state, "here is the proof")
        terminal.wait(lambda seen: "proof.txt" in panes(seen)[1].words.partition("▶ to")[0], what="the queued reply")
        terminal.type("and a draft behind it")
        terminal.wait(lambda seen: "and a draft behind it" in panes(seen)[1].words, what="the draft")
        attach(terminal, tmp_path / "later.txt")
        terminal.press("F7")
        terminal.wait_text("u1@mail.example")
        for text in ("and a draft behind it", "later.txt", '"panel":true'):
            saved(state, text)
        os.kill(terminal.process(), signal.SIGKILL)
        terminal.wait_text("[ended 137]")

    with begin("record") as terminal:
        terminal.wait_text("and a draft behind it", "later.txt", "u1@mail.example")
        delivered = state / "delivered.jsonl"
        deadline = time.monotonic() + PATIENCE
        while not delivered.exists() or not delivered.read_text(encoding="utf-8").endswith("\n"):
            assert time.monotonic() < deadline, "the reply was never delivered"
            time.sleep(0.05)
        terminal.wait(lambda seen: "and a draft behind it" in panes(seen)[1].words, what="the draft")
        assert "active: 1 " in terminal.screen()
        assert [json.loads(line) for line in delivered.read_text(encoding="utf-8").splitlines()] == [
            {"chat": "c1", "body": "here is the proof", "files": ["proof.txt"]}
        ]


def attach(terminal: Terminal, path: Path) -> None:
    """Attach a file to the draft of the active pane."""
    terminal.press("C-x", "a")
    terminal.wait_text("Attach a file")
    terminal.type(str(path))
    terminal.wait(lambda seen: f"{path.name} " in seen.partition("Attach a file")[2], what="the file in the list")
    terminal.press("Enter")
    terminal.wait(lambda seen: "Attach a file" not in seen and path.name in seen, what="the file at the draft")


def reading_rows(terminal: Terminal) -> list[str]:
    """Return the text of the first rows of pane 1."""
    found = panes(terminal.screen())[1].text
    return [line.strip() for line in found.splitlines() if line.strip()][1:3]


def program(terminal: Terminal) -> int:
    """Return the id of the program itself, below the parent that restores the terminal."""
    parent = terminal.process()
    return int(Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()[0])
