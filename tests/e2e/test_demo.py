"""`paradesk demo` in a real terminal, worked with keys only and judged by what stands on the screen."""

import re
from collections.abc import Callable

import pytest

from tests.e2e.conftest import Places, Start
from tests.e2e.reading import PaneSeen, active, panes
from tests.e2e.terminal import Terminal, needs_tmux

pytestmark = [pytest.mark.e2e, needs_tmux]

ANSWERED = "✓"


def go_to(terminal: Terminal, number: int) -> PaneSeen:
    """Make a pane active and return it."""
    terminal.press("C-x", str(number))
    screen = terminal.wait(lambda seen: f"active: {number} " in seen.splitlines()[0], what=f"pane {number} active")
    return panes(screen)[number]


def left(number: int) -> Callable[[str], bool]:
    """Say whether another pane than this one is active."""
    return lambda seen: f"active: {number} " not in seen.splitlines()[0]


def joined(number: int) -> Callable[[str], bool]:
    """Say whether the chat in this pane is no longer in the queue."""
    return lambda seen: "IN QUEUE" not in panes(seen)[number].title


def titled(terminal: Terminal, number: int, word: str) -> None:
    """Wait until a word stands in a pane's upper edge."""
    terminal.wait(
        lambda seen: number in panes(seen) and word in panes(seen)[number].title, what=f"{word} in pane {number}"
    )


def answer(terminal: Terminal, number: int) -> str:
    """Answer with a canned response, check whom it was filled for, and return the customer's name."""
    name = go_to(terminal, number).name
    terminal.press("F2")
    terminal.wait_text("Canned responses", f"for {name.upper()}")
    terminal.type("him")
    preview = terminal.wait_text("▶ Hello, about your message", "1 of", f"for {name.upper()}")
    assert any(re.search(rf"(Hi|Hallo) {re.escape(word)},", preview) for word in name.split()), preview
    terminal.press("Enter")
    terminal.wait(
        lambda seen: "Canned responses" not in seen and "Robin" in panes(seen)[number].words.partition("▶ to")[2],
        what="the filled text in the composer",
    )
    terminal.press("Enter")
    terminal.wait(
        lambda seen: (
            "Robin" not in panes(seen)[number].words.partition("▶ to")[2]
            and "Robin" in panes(seen)[number].words.partition("▶ to")[0]
            and ANSWERED in panes(seen)[number].words
        ),
        what=f"the reply in pane {number}",
    )
    return name


def test_two_chats_are_live_soon_after_the_start(start: Start, places: Places) -> None:
    (places.state / "first-run-done").unlink()
    terminal = start("demo", "--seed", "1")
    terminal.wait_text("Paradesk — first steps", "enter begin")
    terminal.press("Enter")
    screen = terminal.wait(
        lambda seen: "first steps" not in seen and sum(pane.text.count(":") > 0 for pane in panes(seen).values()) >= 2,
        what="two panes with messages in them",
    )
    first, second = panes(screen)[1], panes(screen)[2]
    assert first.active
    assert not second.active
    assert first.name != second.name
    terminal.press("C-q")
    terminal.wait_text("[ended 0]")
    again = start("demo", "--seed", "1")
    again.wait(lambda seen: len(panes(seen)) >= 2, what="two panes, and no first steps again")
    assert "first steps" not in again.screen()


def test_a_shift_with_four_customers(start: Start, places: Places) -> None:
    (places.home / "label.pdf").write_bytes(b"%PDF-1.4 a return label")
    terminal = start("demo", "--seed", "1", "--speed", "2", "--size", "4", size=(200, 50))
    terminal.wait(lambda seen: len(panes(seen)) >= 3 and "in queue" in seen, what="three chats, and one in the queue")

    # The hotlist has the one in the queue below those that wait.
    while len(panes(terminal.screen())) < 4:
        before = active(terminal.screen())
        assert before is not None
        terminal.press("C-x", "k")
        terminal.wait(left(before.number), what="the next chat")
    for number in range(1, 5):
        if "IN QUEUE" in go_to(terminal, number).title:
            # A key that comes too early behind a change of the chat does nothing but say so.
            for _ in range(3):
                terminal.press("C-x", "g")
                if terminal.comes(joined(number), seconds=5):
                    break
            terminal.wait(joined(number), what="joined")
    assert "IN QUEUE" not in terminal.screen()

    names = [answer(terminal, number) for number in range(1, 5)]
    assert len(set(names)) == 4

    go_to(terminal, 2)
    terminal.press("F9")
    terminal.wait(lambda seen: "▶ NOTE" in panes(seen)[2].text, what="the composer writes a note")
    terminal.type("called the carrier")
    terminal.wait_text("called the carrier")
    terminal.press("Enter")
    terminal.wait(
        lambda seen: "called the carrier" in panes(seen)[2].words.partition("▶ NOTE")[0], what="the note is kept"
    )
    terminal.press("F9")
    terminal.wait(lambda seen: "▶ to" in panes(seen)[2].text, what="the composer writes a reply again")

    go_to(terminal, 3)
    terminal.press("C-x", "a")
    terminal.wait_text("Attach a file", "label.pdf")
    terminal.type("label")
    terminal.wait_text("/label")
    terminal.press("Enter")
    terminal.wait(lambda seen: "[file] label.pdf" in panes(seen)[3].text, what="the file in the composer")
    terminal.type("here is your label")
    terminal.wait_text("here is your label")

    def file_is_sent(seen: str) -> bool:
        words = panes(seen)[3].words
        return "here is your label" in words.partition("▶ to")[0] and "label.pdf" not in words.partition("▶ to")[2]

    # A customer who writes meanwhile is shown first, and Enter asked for once more.
    for _ in range(4):
        terminal.press("Enter")
        if terminal.comes(file_is_sent, seconds=4):
            break
    terminal.wait(
        file_is_sent,
        what="the file is sent",
    )
    go_to(terminal, 4)
    terminal.press("C-x", "t")
    terminal.wait_text(f"Transfer {names[3]}")
    # A team takes it at once; a colleague would be asked first.
    terminal.type("billing")
    terminal.press("Tab")
    terminal.type("wants a refund")
    terminal.wait_text("wants a refund")
    terminal.press("Enter")
    titled(terminal, 4, "GONE")

    # A customer who writes again opens the ticket: then it is set once more, as an agent would.
    statuses = ((1, "p", "PENDING"), (2, "d", "ON HOLD"), (3, "s", "SOLVED"))

    def all_set(screen: str) -> bool:
        return all(word in panes(screen)[number].title for number, _, word in statuses)

    for _attempt in range(8):
        for number, key, word in statuses:
            if word not in panes(terminal.screen())[number].title:
                go_to(terminal, number)
                terminal.press("C-x", key)
        if screen := terminal.comes(all_set, seconds=2):
            break
    else:
        pytest.fail(f"never all three statuses at once\n{terminal.screen()}")
    seen = panes(screen)
    assert "GONE" in seen[4].title
    assert "called the carrier" in seen[2].words
    assert "NOTE ·" in seen[2].text
    assert "label.pdf" in seen[3].words
    assert "handed over to" in seen[4].foot + seen[4].words
    assert [seen[number].name for number in range(1, 5)] == names


def test_each_of_five_marks_names_the_active_chat_in_monochrome(start: Start) -> None:
    terminal = start("demo", "--seed", "1", size=(80, 24), NO_COLOR="1")
    terminal.wait(lambda seen: len(panes(seen)) >= 1 and "active: 1 " in seen, what="a pane")
    first = active(terminal.screen())
    assert first is not None
    if len(panes(terminal.screen())) < 2:
        terminal.press("C-x", "k")
        terminal.wait(lambda seen: f"active: 1 {first.name}" not in seen, what="another chat")
    screen = terminal.wait(lambda seen: active(seen) is not None, what="the active pane")
    pane = active(screen)
    assert pane is not None
    name = pane.name
    # Heavy frame, and nowhere else a heavy one.
    assert len(re.findall("┏", screen)) == 1
    assert "┃" in screen
    # Arrow and number in its upper edge.
    assert re.search(rf"▶ {pane.number} ━ {re.escape(name)}", screen)
    # The name in capitals on the input line.
    assert f"▶ to {name.upper()}" in pane.text
    # The status bar, and the terminal's title.
    assert f"active: {pane.number} {name}" in screen.splitlines()[0]
    assert terminal.title().startswith(f"▶ {pane.number} {name}")
    assert not hues(terminal.colours())


def test_there_are_colours_where_they_are_wanted(start: Start) -> None:
    terminal = start("demo", "--seed", "1", size=(80, 24))
    terminal.wait(lambda seen: "active: 1 " in seen, what="a pane")
    assert hues(terminal.colours())


_GREYS = {0, 7, 8, 15, 16, 59, 102, 145, 188, 231, *range(232, 256)}


def hues(text: str) -> set[str]:
    """Return the colour codes of the screen that are not black, white or grey."""
    found = set(re.findall(r"[34]8;2;\d+;\d+;\d+|[34]8;5;\d+|(?<=[\[;])(?:[34][1-6]|9[1-6]|10[1-6])(?=[;m])", text))
    grey = {code for code in found if code[1:5] == "8;5;" and int(code[5:]) in _GREYS}
    grey |= {code for code in found if code[1:5] == "8;2;" and len(set(code.split(";")[2:])) == 1}
    return found - grey
