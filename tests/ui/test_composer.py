"""The composer as an agent uses it: keys and mouse in, rows and messages out."""

from collections.abc import AsyncIterator

import pytest
from textual import events, on
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Static

from paradesk.core.model import LocalFile, Visibility
from paradesk.ui.widgets.composer import MAX_TEXT, Composer
from paradesk.ui.widgets.composer_rows import Mode, Target, recipient_row


class Clock:
    """Time that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Desk(App[None]):
    CSS = "Screen { layout: vertical; } Static { height: 1fr; }"

    def __init__(self, *, burst_guard: bool = False, max_rows: int = 4) -> None:
        super().__init__()
        self.clock = Clock()
        self.told: list[Message] = []
        self.leftover: list[str] = []
        self.composer = Composer(max_rows=max_rows, clock=self.clock, burst_guard=burst_guard, hint="write here")
        self.composer.target = Target("Sarah Chen", "1245")

    def compose(self) -> ComposeResult:
        yield Static("transcript")
        yield self.composer

    def on_mount(self) -> None:
        self.composer.focus()

    @on(Composer.Changed)
    @on(Composer.SendRequested)
    @on(Composer.SlotsOpen)
    @on(Composer.Typing)
    @on(Composer.PasteCut)
    @on(Composer.AttachmentRemoved)
    def keep(self, message: Message) -> None:
        self.told.append(message)

    def on_key(self, event: events.Key) -> None:
        self.leftover.append(event.key)

    def of(self, kind: type[Message]) -> list[Message]:
        return [message for message in self.told if type(message) is kind]

    def sends(self) -> list[str]:
        return [message.text for message in self.told if isinstance(message, Composer.SendRequested)]

    def rows(self) -> list[str]:
        """The composer's rows as the screen shows them."""
        region = self.composer.region
        strips = self.screen._compositor.render_strips()
        return [strip.text.rstrip() for strip in strips[region.y : region.bottom]]


@pytest.fixture
async def desk() -> AsyncIterator[tuple[Desk, Pilot[None]]]:
    app = Desk()
    async with app.run_test(size=(40, 12), notifications=True, tooltips=True) as pilot:
        yield app, pilot


Running = tuple[Desk, Pilot[None]]


async def test_typing_shows_and_tells(desk: Running) -> None:
    app, pilot = desk
    await pilot.press(*"hi", "space", "ü")
    assert app.composer.text == "hi ü"
    assert app.rows() == ["┃ ▶ to SARAH CHEN #1245", "┃ hi ü"]
    changed = [message.text for message in app.told if isinstance(message, Composer.Changed)]
    assert changed == ["h", "hi", "hi ", "hi ü"]


async def test_a_key_repaints_only_its_row_and_lays_out_nothing(desk: Running) -> None:
    app, pilot = desk
    await pilot.press("a")
    painted: list[tuple[Region, ...]] = []
    layouts: list[bool] = []
    refresh = app.composer.refresh

    def watched(*regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Composer:
        painted.append(regions)
        layouts.append(layout)
        return refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    app.composer.refresh = watched  # type: ignore[method-assign]
    await pilot.press("b")
    assert painted == [(Region(0, 1, 5, 1),)]
    assert layouts == [False]
    await pilot.press("ctrl+j")
    assert layouts[:2] == [False, True]


async def test_height_follows_the_text_up_to_its_limit(desk: Running) -> None:
    app, pilot = desk
    heights = []
    for _ in range(6):
        heights.append(app.composer.size.height)
        await pilot.press("ctrl+j")
    assert heights == [2, 3, 4, 5, 5, 5]
    assert "line 7/7" in app.rows()[0]
    await pilot.press(*["backspace"] * 6)
    assert app.composer.size.height == 2


async def test_long_lines_wrap_and_the_cursor_is_always_on_the_screen(desk: Running) -> None:
    app, pilot = desk
    app.composer.insert("word " * 60 + "end")
    await pilot.pause()
    assert app.rows()[-1].endswith("end")
    await pilot.press("ctrl+home")
    assert app.rows()[1].startswith("┃ word")
    assert app.cursor_position == app.composer.region.offset + (2, 1)
    await pilot.press("down", "right")
    assert app.cursor_position == app.composer.region.offset + (3, 2)


async def test_the_cursor_is_seen_without_colour_and_only_with_the_focus(desk: Running) -> None:
    app, pilot = desk

    def reversed_cells() -> list[str]:
        strips = app.composer.render_lines(Region(0, 0, *app.composer.size))
        return [segment.text for strip in strips for segment in strip if segment.style and segment.style.reverse]

    assert reversed_cells() == [" "]
    await pilot.press("你", "a", "left", "left")
    assert reversed_cells() == ["你"]
    app.set_focus(None)
    await pilot.pause()
    assert reversed_cells() == []


async def test_a_note_has_another_shape_and_word(desk: Running) -> None:
    app, pilot = desk
    app.composer.insert("they lied")
    await pilot.pause()
    reply = app.rows()
    app.composer.visibility = Visibility.NOTE
    await pilot.pause()
    note = app.rows()
    assert note[0].startswith("╎╎ ▶ NOTE · SARAH CHEN #1245 ╌╌")
    assert note[1] == "╎╎ they lied"
    assert {row[:2] for row in reply}.isdisjoint({row[:2] for row in note})
    app.composer.active = False
    await pilot.pause()
    assert app.rows()[0].startswith("╎╎ note — agents only · Sarah Chen #1245")


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (60, "╎╎ ▶ NOTE — only agents see this · SARAH CHEN #1245 ╌╌"),
        (45, "╎╎ ▶ NOTE — agents only · SARAH CHEN #1245 ╌╌"),
        (31, "╎╎ ▶ NOTE · SARAH CHEN #1245 ╌"),
        (22, "╎╎ ▶ NOTE · SARAH CHE…"),
    ],
)
def test_a_note_names_the_customer_before_it_explains_itself(width: int, shown: str) -> None:
    row = recipient_row(Mode(note=True, active=True), Target("Sarah Chen", "1245"), width, "", True)
    assert "".join(text for text, _ in row.pieces).startswith(shown)


async def test_another_pane_names_its_customer_quietly(desk: Running) -> None:
    app, pilot = desk
    app.composer.active = False
    await pilot.pause()
    assert app.rows()[0] == "│ to Sarah Chen #1245"
    await pilot.press("x")
    assert app.rows() == ["│ draft to Sarah Chen #1245", "│ x"]


async def test_a_hostile_name_stays_on_its_row(desk: Running) -> None:
    app, pilot = desk
    app.composer.target = Target("[/] \x1b]0;x\x07\n" + "W" * 500, "1[bold]")
    await pilot.pause()
    assert all("\x1b" not in row for row in app.rows())
    assert len(app.rows()) == 2
    assert app.rows()[0].startswith("┃ ▶ to [/] ")


async def test_enter_asks_and_nothing_is_emptied_before_it_is_accepted(desk: Running) -> None:
    app, pilot = desk
    await pilot.press(*"hello", "enter")
    assert app.sends() == ["hello"]
    assert app.composer.text == "hello"
    await pilot.press(*" you")
    app.composer.accept_sent("hello")
    assert app.composer.text == " you"
    changed = [message.text for message in app.told if isinstance(message, Composer.Changed)]
    await pilot.pause()
    assert app.of(Composer.Changed)[-1].text == " you"  # type: ignore[attr-defined]
    assert changed[-1] == "hello you"


async def test_enter_twice_does_not_ask_twice(desk: Running) -> None:
    app, pilot = desk
    await pilot.press(*"hello", "enter", "enter")
    assert app.sends() == ["hello"]
    app.clock.now += 1  # nobody took it up: the agent tries again
    await pilot.press("enter")
    assert app.sends() == ["hello", "hello"]
    app.composer.claim_sent("hello")
    app.clock.now += 100
    await pilot.press("enter", "!", "enter")
    assert app.sends() == ["hello", "hello", "!"]
    app.composer.accept_sent("!")
    app.composer.accept_sent("hello")
    assert app.composer.text == ""


async def test_a_refused_reply_can_be_sent_again_at_once(desk: Running) -> None:
    app, pilot = desk
    await pilot.press(*"hello", "enter")
    app.composer.claim_sent("hello")
    app.composer.release_sent("hello")
    await pilot.press("enter")
    assert app.sends() == ["hello", "hello"]


async def test_blank_text_is_not_sent_but_a_file_alone_is(desk: Running) -> None:
    app, pilot = desk
    await pilot.press("space", "enter")
    assert app.sends() == []
    file = LocalFile("/tmp/x", "invoice.pdf", "application/pdf", 12_345)
    app.composer.set_attachments([file], "ctrl+x z")
    await pilot.pause()
    assert app.rows()[-1] == "┃ [file] invoice.pdf 12 kB"
    await pilot.press("enter")
    request = app.of(Composer.SendRequested)[0]
    assert isinstance(request, Composer.SendRequested)
    assert (request.text, request.attachments, request.visibility) == ("", (file,), Visibility.PUBLIC)
    app.composer.accept_sent("")
    assert app.composer.attachments == ()


async def test_a_file_can_be_taken_away_again(desk: Running) -> None:
    app, pilot = desk
    files = [LocalFile(f"/{name}", name, "text/plain", 5) for name in ("a.txt", "b.txt")]
    app.composer.set_attachments(files, "ctrl+x z")
    assert app.composer.handle_action("composer.remove_attachment")
    await pilot.pause()
    assert app.rows()[-1] == "┃ [file] a.txt 5 B  (ctrl+x z to remove)"
    assert app.composer.handle_action("composer.remove_attachment")
    assert not app.composer.handle_action("composer.remove_attachment")
    await pilot.pause()
    removed = [message.file for message in app.told if isinstance(message, Composer.AttachmentRemoved)]
    assert removed == files[::-1]


async def test_open_blanks_stop_the_send_and_are_visited(desk: Running) -> None:
    app, pilot = desk
    app.composer.insert("Order ⟦order.id⟧ of ⟦date⟧.")
    await pilot.pause()
    assert "2 blanks" in app.rows()[0]
    assert app.composer.buffer.selected_text == "⟦order.id⟧"
    await pilot.press("enter")
    assert app.sends() == []
    stopped = app.of(Composer.SlotsOpen)[0]
    assert isinstance(stopped, Composer.SlotsOpen)
    assert stopped.names == ("order.id", "date")
    await pilot.press(*"42")
    assert "1 blank" in app.rows()[0]
    assert app.composer.handle_action("composer.next_slot")
    await pilot.press(*"May")
    assert not app.composer.has_open_slot
    assert not app.composer.handle_action("composer.next_slot")
    await pilot.press("enter")
    assert app.sends() == ["Order 42 of May."]


async def test_a_blank_over_two_rows_is_marked_on_both(desk: Running) -> None:
    app, pilot = desk
    app.composer.insert("a" * 30 + " ⟦some long name of a blank⟧ b")
    app.composer.buffer.move_to(app.composer.buffer.end)
    app.composer.update()
    await pilot.pause()
    strips = app.composer.render_lines(Region(0, 0, *app.composer.size))
    marked = "".join(seg.text for strip in strips[1:] for seg in strip if seg.style and seg.style.underline)
    assert marked == "⟦some long name of a blank⟧"


async def test_a_paste_is_text_never_a_send_and_one_step(desk: Running) -> None:
    app, pilot = desk
    app.composer.post_message(events.Paste("one\r\ntwo\rthree \x1b[31m\n"))
    await pilot.pause()
    assert app.composer.text == "one\ntwo\nthree ␛[31m\n"
    assert app.sends() == []
    app.composer.handle_action("composer.undo")
    assert app.composer.text == ""
    app.composer.handle_action("composer.redo")
    assert app.composer.text.startswith("one")


async def test_a_paste_that_is_too_long_is_cut_and_said_so(desk: Running) -> None:
    app, pilot = desk
    await pilot.press("x")
    app.composer.post_message(events.Paste("y" * (MAX_TEXT + 1)))
    await pilot.pause()
    assert len(app.composer.text) == MAX_TEXT
    cut = app.of(Composer.PasteCut)[0]
    assert isinstance(cut, Composer.PasteCut)
    assert cut.lost == 2
    await pilot.press("z")
    assert len(app.composer.text) == MAX_TEXT


async def test_cut_copy_paste_and_select_all(desk: Running) -> None:
    app, pilot = desk
    await pilot.press(*"hello")
    assert not app.composer.handle_action("composer.copy")
    await pilot.press("shift+left", "shift+left")
    assert app.composer.handle_action("composer.cut")
    assert (app.composer.text, app.clipboard) == ("hel", "lo")
    app.composer.handle_action("composer.paste")
    app.composer.handle_action("composer.paste")
    assert app.composer.text == "hellolo"
    app.composer.handle_action("composer.select_all")
    await pilot.press("x")
    assert app.composer.text == "x"


async def test_every_composer_action_is_taken_and_no_other(desk: Running) -> None:
    from paradesk.keymap.actions import ACTIONS

    app, _ = desk
    app.composer.set_text("a ⟦b⟧")
    app.composer.set_attachments([LocalFile("/a", "a", "text/plain", 1)])
    app.composer.buffer.select_all()
    for action in ACTIONS:
        if action.startswith("composer.") and action != "composer.send":
            app.composer.set_text("a ⟦b⟧")
            app.composer.buffer.select_all()
            assert app.composer.handle_action(action), action
        elif not action.startswith("composer."):
            assert not app.composer.handle_action(action), action


async def test_keys_that_do_nothing_here_go_on(desk: Running) -> None:
    app, pilot = desk
    await pilot.press(*"ab", "up", "down", "pageup", "pagedown", "f5", "alt+o")
    assert app.leftover == ["up", "down", "pageup", "pagedown", "f5", "alt+o"]
    assert app.composer.text == "ab"
    app.leftover.clear()
    await pilot.press("ctrl+j", "c", "up", "left", "home", "end", "delete", "ctrl+left")
    assert app.leftover == []


async def test_joined_characters_can_be_typed(desk: Running) -> None:
    app, pilot = desk
    for character in "👨\u200d👩\u00a0e\u0301":
        app.composer.post_message(events.Key("x", character))
    await pilot.pause()
    assert app.composer.text == "👨\u200d👩\u00a0e\u0301"
    await pilot.press("backspace", "backspace", "backspace")
    assert app.composer.text == ""


async def test_a_draft_is_restored_without_a_step_or_a_message(desk: Running) -> None:
    app, pilot = desk
    app.composer.set_text("draft\ntext")
    await pilot.pause()
    assert app.rows()[1:] == ["┃ draft", "┃ text"]
    app.composer.handle_action("composer.undo")
    assert app.composer.text == "draft\ntext"
    assert app.told == []


async def test_the_mouse_places_and_selects(desk: Running) -> None:
    app, pilot = desk
    app.composer.insert("hello wide world")
    await pilot.pause()
    await pilot.click(app.composer, offset=(4, 1))
    assert app.composer.cursor == (0, 2)
    await pilot.click(app.composer, offset=(9, 1), times=2)
    assert app.composer.buffer.selected_text == "wide"
    await pilot.mouse_down(app.composer, offset=(2, 1))
    await pilot.hover(app.composer, offset=(7, 1))
    await pilot.mouse_up(app.composer, offset=(7, 1))
    assert app.composer.buffer.selected_text == "hello"
    await pilot.click(app.composer, offset=(4, 0))
    assert app.composer.buffer.selected_text == "hello"


async def test_typing_is_told_now_and_then_and_its_end_at_once(desk: Running) -> None:
    app, pilot = desk

    def told() -> list[bool]:
        return [message.typing for message in app.told if isinstance(message, Composer.Typing)]

    await pilot.press(*"abc")
    assert told() == [True]
    app.clock.now += 5
    await pilot.press(*"de")
    assert told() == [True, True]
    await pilot.press("enter")
    app.composer.accept_sent("abcde")
    await pilot.pause()
    assert told() == [True, True, False]
    app.composer.visibility = Visibility.NOTE
    await pilot.press(*"abc")
    assert told() == [True, True, False]


async def test_enter_behind_a_burst_of_characters_is_a_new_line() -> None:
    app = Desk(burst_guard=True)
    async with app.run_test(size=(40, 12)) as pilot:

        def key(name: str, character: str, at: float) -> None:
            event = events.Key(name, character)
            event.time = at
            app.composer.post_message(event)

        for name, at in (("h", 1000.0), ("i", 1000.001)):
            key(name, name, at)
        key("enter", "\r", 1000.002)
        await pilot.pause()
        assert (app.composer.text, app.sends()) == ("hi\n", [])
        app.clock.now = 1001.0
        key("o", "o", 1001.0)
        key("k", "k", 1001.2)
        key("enter", "\r", 1001.201)
        await pilot.pause()
        assert app.sends() == ["hi\nok"]
        app.composer.set_text("")
        for name, at in (("h", 1002.0), ("i", 1002.0)):
            key(name, name, at)
        await pilot.pause()
        app.composer.handle_action("composer.send")
        app.composer.handle_action("composer.next_slot")
        assert app.composer.text == "hi\n\t"
        app.clock.now += 1
        app.composer.handle_action("composer.send")
        await pilot.pause()
        assert app.sends() == ["hi\nok", "hi"]


@pytest.mark.parametrize("size", [(20, 5), (8, 3), (3, 2), (1, 1), (200, 50)])
async def test_any_size_of_terminal_will_do(size: tuple[int, int]) -> None:
    app = Desk()
    async with app.run_test(size=size) as pilot:
        app.composer.insert("some words and ⟦a blank⟧ 你好 " * 3)
        app.composer.set_attachments([LocalFile("/a", "a" * 90, "text/plain", 10**9)], "ctrl+x z")
        for visibility in Visibility:
            app.composer.visibility = visibility
            await pilot.pause()
            await pilot.press("x", "left", "up", "home", "delete")
            for strip in app.composer.render_lines(Region(0, 0, *app.composer.size)):
                assert strip.cell_length == app.composer.size.width
        await pilot.resize_terminal(30, 9)
        await pilot.pause()
        assert len(app.rows()) == app.composer.size.height


async def test_what_is_drawn_goes_through_the_apps_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Desk()
    async with app.run_test(size=(40, 12)) as pilot:
        app.composer.target = Target("Sarah", "1", colour="#ff0000")
        await pilot.press("a")
        for strip in app.composer.render_lines(Region(0, 0, *app.composer.size)):
            for segment in strip:
                assert segment.style is not None
                assert segment.style.color is not None
                triplet = segment.style.color.get_truecolor()
                assert triplet.red == triplet.green == triplet.blue


async def test_a_huge_line_can_be_edited(desk: Running) -> None:
    app, pilot = desk
    app.composer.post_message(events.Paste("word " * 199_000))
    await pilot.pause()
    await pilot.press("x", "ctrl+home", "y", "down", "z", "ctrl+end", "backspace")
    assert len(app.composer.text) == 995_002
    assert app.composer.size.height == 5
