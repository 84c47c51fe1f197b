"""Panes, active-chat indicator, hotlist, drafts and layout in a whole workstation."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from paradesk.core.model import ConversationId, Status, Visibility
from paradesk.ui.widgets.hotlist import Hotlist
from tests.ui.scripted import ScriptedConnector
from tests.ui.workstation import Workstation, workstation


def three_chats() -> ScriptedConnector:
    backend = ScriptedConnector()
    for place in (1, 2, 3):
        backend.chat(place, ago=50.0 - 10 * place)
    return backend


async def test_the_first_start_opens_the_chats_that_wait(tmp_path: Path) -> None:
    async with workstation(tmp_path, three_chats()) as desk:
        await desk.until(lambda: sorted(desk.order) == ["c1", "c2", "c3"], "three panes")
        assert desk.active


async def test_an_empty_workspace_says_what_to_do(tmp_path: Path) -> None:
    async with workstation(tmp_path, ScriptedConnector()) as desk:
        await desk.until(lambda: "No chat is open." in desk.text, "the hint")
        assert re.search(r"F4\s+who waits longest", desk.text)
        desk.backend.chat(1)
        await desk.opened("c1")
        assert "No chat is open." not in desk.text


async def test_chats_in_the_queue_are_not_opened_by_themselves(tmp_path: Path) -> None:
    backend = ScriptedConnector()
    backend.chat(1)
    backend.chat(2, joined=False)
    async with workstation(tmp_path, backend) as desk:
        await desk.opened("c1")
        await desk.until(lambda: "Jonas" in desk.text, "the hotlist shows the queue")
        assert re.search(r"\+\s+Jonas Kühn", desk.text)
        assert desk.order == ["c1"]


async def test_an_arrival_moves_neither_focus_nor_activity(tmp_path: Path) -> None:
    backend = three_chats()
    async with workstation(tmp_path, backend) as desk:
        await desk.until(lambda: len(desk.order) == 3, "three panes")
        await desk.press("ctrl+x", "2")
        active, focused = desk.active, desk.app.focused
        await desk.type("half a rep")
        backend.chat(4, joined=False)
        backend.say(backend.message(1, "hello again"))
        await desk.until(lambda: "hello again" in desk.text, "the message is shown")
        await desk.type("ly")
        assert desk.app.focused is focused
        assert desk.active == active
        assert desk.composer_text(active) == "half a reply"


async def test_panes_by_number_direction_next_last_swap_zoom_close(tmp_path: Path) -> None:
    async with workstation(tmp_path, three_chats()) as desk:
        await desk.until(lambda: len(desk.order) == 3, "three panes")
        first, second, third = desk.order
        await desk.press("ctrl+x", "1")
        assert desk.active == first
        await desk.press("ctrl+x", "right")
        assert desk.active == second
        await desk.press("ctrl+x", "down")
        if desk.active != third:
            raise AssertionError(desk.text)
        await desk.press("f6")
        assert desk.active == second
        await desk.press("ctrl+x", "w")
        assert desk.order == [first, third, second]
        assert desk.active == second
        await desk.press("f8")
        assert desk.app.workspace.shown == (ConversationId(f"acme/{second}"),)
        assert "ZOOM" in desk.text
        await desk.press("f8")
        assert len(desk.app.workspace.shown) == 3
        await desk.press("ctrl+x", "c")
        assert desk.order == [first, third]
        assert desk.active == third


async def test_panes_without_room_are_kept_and_come_when_they_become_active(tmp_path: Path) -> None:
    async with workstation(tmp_path, three_chats(), size=(120, 40)) as desk:
        await desk.until(lambda: len(desk.order) == 3, "three panes")
        await desk.press("ctrl+x", "3")
        await desk.type("kept")
        await desk.press("ctrl+x", "1")
        await desk.pilot.resize_terminal(60, 20)
        await desk.until(lambda: len(desk.app.workspace.shown) == 1, "one pane is shown")
        assert "2 panes hidden" in desk.lines[0] or len(desk.order) == 3
        third = desk.order[2]
        await desk.press("ctrl+x", "3")
        assert desk.app.workspace.shown == (ConversationId(f"acme/{third}"),)
        assert desk.composer_text(third) == "kept"


async def test_a_terminal_that_is_too_small_says_so_sends_nothing_and_keeps_the_text(tmp_path: Path) -> None:
    backend = three_chats()
    async with workstation(tmp_path, backend) as desk:
        await desk.until(lambda: len(desk.order) == 3, "three panes")
        active = desk.active
        await desk.type("before ")
        await desk.pilot.resize_terminal(20, 5)
        await desk.until(lambda: "too small: need" in desk.text and "40×10" in desk.text, "it says so")
        await desk.type("after")
        await desk.press("enter")
        await desk.pilot.resize_terminal(120, 40)
        await desk.until(lambda: "too small" not in desk.text, "the panes are back")
        assert desk.composer_text(active) == "before after"
        assert backend.sent() == []


# The five marks, each read from plain text alone


async def _two_panes(desk: Workstation, active: str) -> None:
    await desk.until(lambda: sorted(desk.order) == ["c1", "c2"], "two panes")
    await desk.press("ctrl+x", str(desk.order.index(active) + 1))


def two_chats() -> ScriptedConnector:
    backend = ScriptedConnector()
    backend.chat(1)
    backend.chat(2)
    return backend


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
@pytest.mark.parametrize(
    ("active", "name", "other"), [("c1", "Sarah Chen", "Jonas Kühn"), ("c2", "Jonas Kühn", "Sarah Chen")]
)
async def test_each_of_five_marks_says_alone_which_chat_is_active(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], active: str, name: str, other: str
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with workstation(tmp_path, two_chats(), size=size) as desk:
        await _two_panes(desk, active)
        await desk.until(lambda: f"▶ to {name.upper()}" in desk.text, "the marks are drawn")
        number = desk.order.index(active) + 1
        heavy = re.findall(r"┏━[^┏┓\n]*┓", desk.text)
        light = re.findall(r"┌─[^┌┐\n]*┐", desk.text)
        assert len(heavy) == 1
        assert name in heavy[0]
        assert any(other in edge for edge in light), desk.text
        assert re.findall(r"▶ (\d) ━ ([^━]+?) ━", desk.text) == [(str(number), name)]
        assert f"▶ to {name.upper()} #124{active[1]}" in desk.text
        assert other.upper() not in desk.text
        assert f"active: {number} {name} #124{active[1]}" in desk.lines[0]
        assert desk.app.reporter.terminal_title.startswith(f"▶ {number} {name} #124{active[1]}")


async def test_names_that_can_be_mixed_up_are_marked_with_what_tells_them_apart(tmp_path: Path) -> None:
    backend = ScriptedConnector()
    backend.chat(1, name="Sarah Chen")
    backend.chat(2, name="Sara Chen")
    backend.chat(3, name="Jonas Kühn")
    async with workstation(tmp_path, backend, size=(200, 50)) as desk:
        await desk.until(lambda: len(desk.order) == 3, "three panes")
        edges = [line for line in desk.lines if "≈ Sar" in line and ("━" in line or "─" in line)]
        text = "\n".join(edges)
        assert "≈ Sarah Chen" in text
        assert "≈ Sara Chen" in text
        assert "Firm 1" in text
        assert "Firm 2" in text
        assert "≈ Jonas" not in desk.text


# Hotlist


async def test_rows_do_not_move_under_the_cursor_while_the_hotlist_has_the_focus(tmp_path: Path) -> None:
    backend = three_chats()
    async with workstation(tmp_path, backend) as desk:
        await desk.until(lambda: len(desk.order) == 3, "three panes")
        hotlist = desk.app.query_one(Hotlist)
        await desk.until(lambda: len(hotlist.order) == 3, "three rows")
        await desk.press("f3", "down")
        before, cursor = hotlist.order, hotlist.cursor
        backend.chat(4, ago=500.0)
        backend.say(backend.message(3, "now I am angry"))
        await desk.until(lambda: len(hotlist.order) == 4, "the new row")
        assert hotlist.order[:3] == before
        assert hotlist.cursor == cursor
        assert hotlist.order[3] == ConversationId("acme/c4")
        await desk.press("f3")
        await desk.until(lambda: hotlist.order[0] == ConversationId("acme/c4"), "sorted again")


async def test_enter_opens_the_chat_under_the_cursor_and_type_ahead_goes_there(tmp_path: Path) -> None:
    backend = ScriptedConnector()
    backend.chat(1, ago=50)
    backend.chat(2, ago=20, joined=False)
    async with workstation(tmp_path, backend) as desk:
        await desk.opened("c1")
        await desk.until(lambda: len(desk.app.hotlist.order) == 2, "two rows")
        await desk.press("f3", "down", "enter", "h", "i")
        assert desk.active == "c2"
        assert desk.composer_text("c2") == "hi"
        assert desk.composer_text("c1") == ""


async def test_the_hotlist_can_be_called_up_on_a_small_terminal_and_goes_again(tmp_path: Path) -> None:
    async with workstation(tmp_path, two_chats(), size=(80, 24)) as desk:
        await desk.until(lambda: len(desk.order) == 2, "two panes")
        assert not desk.app.hotlist.display
        await desk.press("f3")
        await desk.until(lambda: "HOTLIST" in desk.text, "the hotlist")
        assert desk.app.focused is desk.app.hotlist
        await desk.press("f3")
        await desk.until(lambda: not desk.app.hotlist.display, "it goes")


async def test_next_waiting_goes_to_who_has_waited_longest(tmp_path: Path) -> None:
    async with workstation(tmp_path, three_chats()) as desk:
        await desk.until(lambda: len(desk.order) == 3, "three panes")
        await desk.press("ctrl+x", str(desk.order.index("c3") + 1))
        await desk.press("f4")
        assert desk.active == "c1"


async def test_the_customer_panel_is_paged_with_its_own_key(tmp_path: Path) -> None:
    async with workstation(tmp_path, three_chats(), size=(80, 12)) as desk:
        await desk.until(lambda: len(desk.order) == 2, "two panes")
        await desk.press("f7")
        await desk.until(lambda: "F7 more" in desk.text, "the first page")
        for _ in range(10):
            if "F7 close" in desk.text:
                break
            await desk.press("f7")
        assert "assignee:" in desk.text
        await desk.press("f7")
        await desk.until(lambda: not desk.app.body.panel.display, "it goes")
        await desk.press("f7")
        await desk.until(lambda: "Customer" in desk.text and "F7 more" in desk.text, "the first page again")


# Drafts and layout


async def test_drafts_panes_and_note_mode_come_back_after_a_restart(tmp_path: Path) -> None:
    backend = three_chats()
    async with workstation(tmp_path, backend) as desk:
        await desk.until(lambda: len(desk.order) == 3, "three panes")
        await desk.press("ctrl+x", "2")
        second = desk.active
        await desk.type("a reply")
        await desk.press("f9")
        await desk.type("a note")
        await desk.press("ctrl+x", "1")
        await desk.type("for one")
        await desk.press("ctrl+x", "w")
        order, active = desk.order, desk.active
    again = three_chats()
    async with workstation(tmp_path, again) as desk:
        await desk.opened(*order)
        assert desk.active == active
        assert desk.composer_text(active) == "for one"
        pane = desk.app.workspace.pane(ConversationId(f"acme/{second}"))
        assert pane is not None
        assert pane.visibility is Visibility.NOTE
        assert desk.composer_text(second) == "a note"
        await desk.press("ctrl+x", str(order.index(second) + 1), "f9")
        assert desk.composer_text(second) == "a reply"


async def test_a_pane_that_gives_its_place_to_another_keeps_its_draft(tmp_path: Path) -> None:
    backend = three_chats()
    async with workstation(tmp_path, backend, size=(80, 24)) as desk:
        await desk.until(lambda: len(desk.order) == 2, "two panes")
        before = desk.active
        await desk.type("half")
        third = next(chat for chat in ("c1", "c2", "c3") if chat not in desk.order)
        await desk.app.deck.open(ConversationId(f"acme/{third}"))
        assert before not in desk.order
        await desk.app.deck.open(ConversationId(f"acme/{before}"))
        assert desk.composer_text(before) == "half"


async def test_similar_looking_status_is_written_out(tmp_path: Path) -> None:
    async with workstation(tmp_path, two_chats()) as desk:
        await desk.until(lambda: len(desk.order) == 2, "two panes")
        await desk.press("ctrl+x", "p")
        await desk.until(lambda: "PENDING" in desk.text, "the status word")
        thread = desk.app.state.threads[ConversationId(f"acme/{desk.active}")]
        assert thread.conversation.status is Status.PENDING


async def test_text_from_outside_is_drawn_as_text(tmp_path: Path) -> None:
    backend = ScriptedConnector()
    backend.chat(1, name="[/] \x1b]2;owned\x07 [red]", text="[@click=app.quit]x[/] \x1b[31m")
    async with workstation(tmp_path, backend, settings=None) as desk:
        await desk.opened("c1")
        await desk.until(lambda: "[@click=app.quit]x[/]" in desk.text, "the message as it is")
        assert "\x1b" not in desk.text
        assert "\x1b" not in desk.app.reporter.terminal_title
        desk.app.tell("[/] failed", "error")
        await desk.until(lambda: "[/] failed" in desk.text, "the toast")


async def test_light_and_contrast_themes_draw_the_same_text(tmp_path: Path) -> None:
    async with workstation(tmp_path, two_chats()) as desk:
        await desk.until(lambda: len(desk.order) == 2, "two panes")
        name = desk.app.theme
        await desk.press("ctrl+x", "comma")
        assert desk.app.theme != name
        assert replace(desk.app.settings).theme == name
        assert "▶ to " in desk.text
