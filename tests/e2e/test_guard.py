"""A reply to the wrong customer in a real terminal: stopped with one readable line, moved with one key, and sent."""

import os
import re
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.conftest import Places
from tests.e2e.reading import panes
from tests.e2e.terminal import Terminal, needs_tmux

pytestmark = [pytest.mark.e2e, needs_tmux]
ROOT = Path(__file__).parents[2]


def go_to_sarah(terminal: Terminal) -> None:
    """Make her pane active, whichever number it has."""
    for number in ("1", "2"):
        terminal.press("C-x", number)
        screen = terminal.wait_text(f"active: {number} ")
        if f"active: {number} Sarah Chen" in screen:
            break
    terminal.wait_text("▶ to SARAH CHEN #1241")


@pytest.mark.parametrize(
    ("size", "environment"), [((120, 40), {}), ((80, 24), {"NO_COLOR": "1"}), ((200, 50), {})], ids=["120", "80", "200"]
)
def test_a_reply_that_names_the_order_of_another_chat(
    places: Places, size: tuple[int, int], environment: dict[str, str]
) -> None:
    program = [sys.executable, "-m", "tests.e2e.desk_program", str(places.home / "desk"), "two"]
    (places.home / "desk").mkdir()
    with Terminal(program, size=size, env={**places.environment, **environment}, cwd=ROOT) as terminal:
        terminal.wait(lambda seen: len(panes(seen)) >= 1 and "2 waiting" in seen, what="both chats")
        go_to_sarah(terminal)
        terminal.type("AX-77315 is on its way")
        terminal.wait_text("AX-77315 is on its way")
        terminal.press("Enter")

        screen = terminal.wait_text("? meant for JONAS KÜHN #1242:", "F5 move", "ctrl+x enter send anyway")
        here = next(pane for pane in panes(screen).values() if pane.active)
        assert here.name == "Sarah Chen"
        assert re.search(r"▶ to SARAH CHEN #1241 \? meant for JONAS KÜHN #1242: names AX-77315 F5 move", here.words)
        assert "AX-77315 is on its way" in here.words
        assert "sending" not in screen

        terminal.press("F5")
        terminal.wait(
            lambda seen: any(
                pane.active and "▶ to JONAS KÜHN #1242 AX-77315 is on its way" in pane.words
                for pane in panes(seen).values()
            ),
            what="the draft in the chat of Jonas, which is active",
        )
        terminal.press("Enter")
        terminal.wait(
            lambda seen: any(
                pane.active
                and pane.name == "Jonas Kühn"
                and "AX-77315 is on its way" in pane.words.partition("▶ to")[0]
                and "✓" in pane.words
                for pane in panes(seen).values()
            ),
            what="the reply, in the chat of Jonas",
        )
        assert "meant for" not in terminal.screen()
        terminal.press("C-q")
        terminal.wait_text("[ended 0]")


def test_sent_all_the_same_by_a_key_of_its_own_and_never_by_enter(places: Places) -> None:
    program = [sys.executable, "-m", "tests.e2e.desk_program", str(places.home / "desk"), "two"]
    (places.home / "desk").mkdir()
    with Terminal(program, env=places.environment, cwd=ROOT) as terminal:
        terminal.wait(lambda seen: len(panes(seen)) >= 1 and "2 waiting" in seen, what="both chats")
        go_to_sarah(terminal)
        terminal.type("AX-77315 is on its way")
        terminal.wait_text("AX-77315 is on its way")
        terminal.press("Enter")
        terminal.wait_text("? meant for JONAS KÜHN #1242:")
        terminal.press("Enter", "Enter", "Enter")

        def sent(seen: str) -> bool:
            return any(
                pane.name == "Sarah Chen" and "AX-77315 is on its way" in pane.words.partition("▶ to")[0]
                for pane in panes(seen).values()
            )

        assert terminal.comes(sent, seconds=1) is None
        assert "? meant for JONAS KÜHN #1242:" in terminal.screen()
        for _attempt in range(10):
            terminal.press("C-x", "Enter")
            if terminal.comes(sent, seconds=2):
                break
        else:
            pytest.fail(f"never sent\n{terminal.screen()}")
        assert "meant for" not in terminal.screen()
        terminal.press("C-q")
        terminal.wait_text("[ended 0]")


def test_what_was_pasted_before_a_kill_is_still_asked_about_after_the_start(places: Places) -> None:
    program = [sys.executable, "-m", "tests.e2e.desk_program", str(places.home / "desk"), "two"]
    (places.home / "desk").mkdir()
    text = "the courier lost the parcel near Hamburg"
    with Terminal(program, env=places.environment, cwd=ROOT) as terminal:
        terminal.wait(lambda seen: len(panes(seen)) == 2 and "2 waiting" in seen, what="both chats")
        go_to_sarah(terminal)
        terminal.press("F6")
        terminal.wait_text("▶ to JONAS KÜHN #1242")
        terminal.type(text)
        terminal.wait_text(text)
        terminal.press("C-l", "C-x", "DC")
        terminal.wait(lambda seen: text not in seen, what="the text cut")
        go_to_sarah(terminal)
        terminal.press("C-v")
        terminal.wait_text(text)

        def kept() -> bool:
            with closing(sqlite3.connect(f"file:{places.home}/desk/desk.sqlite3?mode=ro", uri=True)) as journal:
                drafts = journal.execute("select text from drafts").fetchall()
                return (text,) in drafts and bool(journal.execute("select 1 from draft_origins").fetchall())

        terminal.wait(lambda _seen: kept(), what="the draft and its origin on disk")
        os.kill(terminal.process(), signal.SIGKILL)
        terminal.wait_text("[ended 137]")
    with Terminal(program, env=places.environment, cwd=ROOT) as terminal:
        terminal.wait(lambda seen: text in seen and "2 waiting" in seen, what="the draft")
        go_to_sarah(terminal)
        terminal.press("Enter")
        terminal.wait_text("? meant for JONAS KÜHN #1242:", "F5 move", "ctrl+x enter send anyway")
        assert "sending" not in terminal.screen()
        terminal.press("C-q")
        terminal.wait_text("[ended 0]")
