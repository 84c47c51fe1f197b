"""One desk on several backends at once: all that works is at hand, and what is down is shown and disturbs nobody."""

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import Places, Start
from tests.e2e.reading import active, panes
from tests.e2e.terminal import needs_tmux

pytestmark = [pytest.mark.e2e, needs_tmux]

PROFILES = """
[profiles.shop]
connector = "simulator"
seed = 3
size = 2

[profiles.care]
connector = "simulator"
seed = 4
size = 2

[profiles.down]
connector = "matrix"
homeserver = "http://127.0.0.1:9"
user = "nobody"
"""


def configured(places: Places, more: str = "") -> None:
    """Write three profiles, one of which reaches nobody."""
    (places.config / "config.toml").write_text(more + PROFILES, encoding="utf-8")


def test_a_backend_that_is_down_is_shown_and_disturbs_no_other(start: Start, places: Places) -> None:
    configured(places)
    terminal = start(size=(160, 45), PARADESK_SECRET_DOWN_PASSWORD="x")
    screen = terminal.wait(
        lambda seen: (
            "down" in seen.splitlines()[0]
            and {"shop", "care"} <= set(seen.split())
            and (found := active(seen)) is not None
            and "▶ to " in found.words
        ),
        what="chats of both backends in panes, and the third one's state in the status bar",
        seconds=40,
    )
    here = active(screen)
    assert here is not None
    terminal.say("A reply while another backend is down")
    terminal.wait(
        lambda seen: (
            "✓" in panes(seen)[here.number].words and "another backend is down" in panes(seen)[here.number].words
        ),
        what="the reply with its mark",
    )
    terminal.press("C-x", "NPage")
    terminal.wait_text("Whose queue do you serve?", "Only care", "Only down", "Only shop")
    terminal.type("care")
    terminal.press("Enter")
    terminal.wait_text("only care", "You serve care only")
    terminal.press("C-q")
    terminal.wait_text("[ended 0]")


def test_what_is_recorded_plays_without_its_backends(start: Start, places: Places, tmp_path: Path) -> None:
    configured(places, '[channels]\nonly = ["care"]\n')
    file = tmp_path / "shift.jsonl"
    terminal = start("connector", "record", str(file), "--profile", "care", "--profile", "shop", size=(120, 40))
    terminal.wait_text("only care", "▶ to ")
    terminal.wait(lambda _: file.stat().st_size > 3_000, what="a recording that grows")
    terminal.press("C-q")
    terminal.wait_text("[ended 0]", "connector replay")
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert {line["profile"] for line in lines[1:]} == {"care", "shop"}
    (places.config / "config.toml").unlink()
    again = start("connector", "replay", str(file), "--speed", "100", size=(120, 40))
    again.wait_text("recording", "XXXX", "▶ to ")
    again.press("C-q")
    again.wait_text("[ended 0]")
