"""Keys that were on their way while the active chat changed: what is sent where, in a real terminal."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Places
from tests.e2e.reading import PaneSeen, active, panes
from tests.e2e.terminal import Terminal, needs_tmux

pytestmark = [pytest.mark.e2e, needs_tmux]
ROOT = Path(__file__).parents[2]
SARAH, JONAS = "Sarah Chen", "Jonas Kühn"
CHATS = {SARAH: "c1", JONAS: "c2"}
ATTEMPTS = 10
"""How often a key is pressed again that the program may refuse because it came too soon after a switch."""


@pytest.fixture
def terminal(places: Places) -> Iterator[Terminal]:
    """Sarah and Jonas side by side; Sarah's pane is active."""
    program = [sys.executable, "-m", "tests.e2e.desk_program", str(places.home / "desk"), "two", "record"]
    (places.home / "desk").mkdir()
    with Terminal(program, size=(130, 40), env=places.environment, cwd=ROOT) as found:
        found.still(lambda seen: "2 waiting" in seen and bool(number_of(seen, JONAS)), what="both chats")
        go_to(found, SARAH)
        yield found
        if "[ended" not in found.screen():
            quit_program(found)


def quit_program(terminal: Terminal) -> None:
    terminal.press("C-q")
    terminal.wait_text("[ended 0]")


def delivered(terminal: Terminal, places: Places, replies: int = 0) -> list[tuple[str, str]]:
    """Wait for so many replies, end the program, and return each that has left it: to which chat, and the text."""
    record = places.home / "desk" / "delivered.jsonl"

    def lines() -> list[str]:
        return record.read_text(encoding="utf-8").splitlines() if record.exists() else []

    terminal.wait(lambda _seen: len(lines()) >= replies, what=f"{replies} replies at the backend")
    quit_program(terminal)
    return [(reply["chat"], reply["body"]) for reply in map(json.loads, lines())]


def pane_of(screen: str, name: str) -> PaneSeen:
    """Return the pane of a chat; an empty one where the screen was read while it was painted."""
    return next((pane for pane in panes(screen).values() if pane.name == name), panes("")[0])


def go_to(terminal: Terminal, name: str) -> None:
    screen = terminal.still(lambda seen: bool(number_of(seen, name)), what=f"the pane of {name}")
    terminal.press("C-x", str(number_of(screen, name)))
    terminal.still(lambda seen: is_active(seen, name), what=f"{name} active")


def number_of(screen: str, name: str) -> int:
    return pane_of(screen, name).number


def is_active(screen: str, name: str) -> bool:
    return (pane := active(screen)) is not None and pane.name == name


def written(screen: str, name: str) -> str:
    """Return what stands in the composer of a chat."""
    pane = pane_of(screen, name)
    return pane.words.rpartition("▶ to " if pane.active else "to ")[2].partition(" #")[2].partition(" ")[2]


def both(sarah: str, jonas: str) -> Callable[[str], bool]:
    """Tell whether these texts stand in the two composers, and both panes can be seen whole."""

    def holds(screen: str) -> bool:
        seen = number_of(screen, SARAH) and number_of(screen, JONAS)
        return bool(seen) and (written(screen, SARAH), written(screen, JONAS)) == (sarah, jonas)

    return holds


def sent(screen: str, name: str, text: str) -> bool:
    """Tell whether a text stands in the transcript of a chat."""
    return text in re.split(f"to {name} #", pane_of(screen, name).words, flags=re.IGNORECASE)[0]


def click_on(terminal: Terminal, text: str, *, within: int | None = None) -> str:
    """Return what a terminal sends for a click on this text, in the first `within` columns, once nothing moves."""
    screen = terminal.still(lambda seen: any(text in row[:within] for row in seen.splitlines()), what=text)
    rows = [row[:within] for row in screen.splitlines()]
    y = next(place for place, row in enumerate(rows) if text in row)
    x = rows[y].index(text)
    return f"\x1b[<0;{x + 2};{y + 1}M\x1b[<0;{x + 2};{y + 1}m"


def type_slowly(terminal: Terminal, text: str) -> None:
    """Type as a person does: no two keys at once."""
    for character in text:
        terminal.press("Space" if character == " " else character)
    terminal.wait_text(text)


def press_until(terminal: Terminal, key: str, reached: Callable[[str], bool], what: str) -> str:
    """Press a key until it has done something: right after a click it may come too early, which is said."""
    for _ in range(ATTEMPTS):
        terminal.press(key)
        if (screen := terminal.comes(reached, seconds=2)) is not None:
            return screen
    return terminal.wait(reached, what=what)


@pytest.mark.parametrize("switch", ["\x18{}", "\x1bOS", "\x18\t"], ids=["number", "next waiting", "next pane"])
def test_a_switch_with_text_and_its_enter_in_one_moment_sends_nothing(
    terminal: Terminal, places: Places, switch: str
) -> None:
    """No person presses these together, and a paste without marks looks just so: all of it is text, and none is sent."""
    terminal.write(switch.format(number_of(terminal.screen(), JONAS)) + "I look into it" + "\r")
    screen = terminal.still(
        lambda seen: "I look into it" in written(seen, SARAH) + written(seen, JONAS), what="the text in a composer"
    )
    assert is_active(screen, SARAH)
    assert not sent(screen, JONAS, "I look into it")
    assert not sent(screen, SARAH, "I look into it")
    assert delivered(terminal, places) == []


def test_enter_that_comes_with_a_click_sends_in_neither_chat(terminal: Terminal, places: Places) -> None:
    go_to(terminal, JONAS)
    type_slowly(terminal, "for Jonas")
    go_to(terminal, SARAH)
    type_slowly(terminal, "for Sarah")
    terminal.write(click_on(terminal, "to Jonas Kühn") + "\r")
    screen = terminal.wait_text("came too early")
    assert not sent(screen, JONAS, "for Jonas")
    terminal.still(both("for Sarah", "for Jonas"), what="both drafts as they were")

    press_until(terminal, "Enter", lambda seen: sent(seen, JONAS, "for Jonas"), "sent to Jonas by a key of its own")
    terminal.still(both("for Sarah", ""), what="the draft for Sarah as it was")
    assert delivered(terminal, places, 1) == [(CHATS[JONAS], "for Jonas")]


def test_enter_just_before_a_click_sends_where_it_was_pressed(terminal: Terminal, places: Places) -> None:
    type_slowly(terminal, "for Sarah")
    terminal.write("\r" + click_on(terminal, "to Jonas Kühn"))
    terminal.wait(
        lambda seen: sent(seen, SARAH, "for Sarah") and is_active(seen, JONAS), what="sent to Sarah, Jonas active"
    )
    terminal.still(both("", ""), what="both composers empty")
    assert delivered(terminal, places, 1) == [(CHATS[SARAH], "for Sarah")]


def test_a_reply_that_a_click_has_torn_apart_is_asked_about(terminal: Terminal, places: Places) -> None:
    type_slowly(terminal, "I refund")
    terminal.write("s" + click_on(terminal, "to Jonas Kühn") + " you today")
    terminal.still(both("I refunds", "you today"), what="the rest in the other composer")

    asked = "meant for SARAH CHEN #1241"
    press_until(terminal, "Enter", lambda seen: asked in seen, "the question")
    screen = terminal.wait_text(asked, "typed right after the switch")
    assert not sent(screen, JONAS, "you today")
    terminal.press("F5")
    terminal.still(
        lambda seen: written(seen, JONAS) == "" and written(seen, SARAH) == "I refunds you today", what="moved to Sarah"
    )
    assert delivered(terminal, places) == []


def test_what_is_typed_behind_a_click_on_the_hotlist_waits_until_that_chat_is_open(
    terminal: Terminal, places: Places
) -> None:
    terminal.write(click_on(terminal, "Jonas", within=24) + "I look into it")
    terminal.still(both("", "I look into it"), what="the text in the composer of Jonas")
    assert delivered(terminal, places) == []
