"""The transcript as a widget: what it draws, what it says, what keys and mouse do."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from rich.segment import Segment
from textual import events
from textual.app import App, ComposeResult
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region
from textual.message import Message as WidgetMessage
from textual.pilot import Pilot

from paradesk.core.model import Attachment, ConversationId, Delivery, Message, MessageId, Role, Visibility
from paradesk.core.state import Thread, Typing
from paradesk.core.transcript import Transcript
from paradesk.keymap.actions import ACTIONS
from paradesk.ui.safety import ControlGuard
from paradesk.ui.widgets.transcript import TranscriptView
from paradesk.ui.widgets.transcript_canvas import KINDS
from tests.unit.core.hostile import HOSTILE
from tests.unit.ui.transcripts import NOW, message, own, thread


class Desk(App[None]):
    """A transcript alone on the screen, and what it said."""

    def __init__(self, first: Thread) -> None:
        super().__init__()
        self.first = first
        self.said: list[WidgetMessage] = []
        self.now = NOW

    def compose(self) -> ComposeResult:
        yield TranscriptView(clock=lambda: self.now)

    def on_mount(self) -> None:
        view = self.query_one(TranscriptView)
        view.focus()
        view.show(self.first)

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), ControlGuard()]

    def on_transcript_view_history_wanted(self, said: TranscriptView.HistoryWanted) -> None:
        self.said.append(said)

    def on_transcript_view_link_or_file_wanted(self, said: TranscriptView.LinkOrFileWanted) -> None:
        self.said.append(said)

    def on_transcript_view_tail_reached(self, said: TranscriptView.TailReached) -> None:
        self.said.append(said)

    def on_transcript_view_copied(self, said: TranscriptView.Copied) -> None:
        self.said.append(said)

    def on_transcript_view_notice(self, said: TranscriptView.Notice) -> None:
        self.said.append(said)

    def heard(self, kind: type[WidgetMessage]) -> int:
        return sum(isinstance(said, kind) for said in self.said)


class Screen:
    """The transcript under test, and its app."""

    def __init__(self, app: Desk, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot
        self.view = app.query_one(TranscriptView)

    def rows(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.view.render_lines(Region(0, 0, *self.view.size))]

    def has(self, text: str) -> bool:
        return any(text in row for row in self.rows())

    def y_of(self, text: str) -> int:
        return next(y for y, row in enumerate(self.rows()) if text in row)

    async def show(self, shown: Thread) -> None:
        self.view.show(shown)
        await self.pilot.pause()

    async def hear(self, kind: type[WidgetMessage], times: int) -> None:
        """Wait until the transcript has said something so often; the test's time limit ends the wait."""
        while self.app.heard(kind) < times:
            await self.pilot.pause()

    async def act(self, *actions: str) -> None:
        for action in actions:
            assert self.view.handle_action(action)
        await self.pilot.pause()


@asynccontextmanager
async def screen(first: Thread, size: tuple[int, int] = (40, 12)) -> AsyncIterator[Screen]:
    app = Desk(first)
    async with app.run_test(size=size, notifications=True, tooltips=True) as pilot:
        await pilot.pause()
        yield Screen(app, pilot)


def many(count: int = 60) -> list[Message]:
    return [message(number, f"text {number}") for number in range(count)]


async def test_shows_the_tail_at_the_bottom() -> None:
    async with screen(thread([message(0, "hello"), own(1, "hi there")])) as desk:
        assert desk.rows()[-4:] == [
            "│ Sarah Chen                       13:40",
            "│ hello",
            "┃ You                              13:40",
            "┃ hi there                  ✓✓ confirmed",
        ]
        assert "beginning of the conversation" in "".join(desk.rows())


async def test_every_action_of_the_transcript_is_taken() -> None:
    ids = [id_ for id_, action in ACTIONS.items() if action.contexts == ("transcript",)]
    assert ids
    async with screen(thread(many())) as desk:
        assert all(desk.view.handle_action(id_) for id_ in ids)
        assert not desk.view.handle_action("composer.send")
        assert not desk.view.handle_action("transcript.find")


async def test_new_messages_wait_below_while_reading_back() -> None:
    async with screen(thread(many())) as desk:
        await desk.act("transcript.page_up")
        before = desk.rows()[:-1]
        transcript = thread(many()).transcript
        for number in (60, 61, 62):
            transcript = transcript.put(message(number, "new"))
            await desk.show(thread(transcript))
        assert desk.rows()[:-1] == before
        assert desk.rows()[-1].startswith(" ↓ 3 new")
        assert desk.view.new_below == 3
        await desk.act("transcript.bottom")
        assert desk.rows()[-1] == "│ new"
        assert desk.view.following
        assert desk.app.heard(TranscriptView.TailReached) == 1


async def test_reaching_the_top_asks_for_history_once_until_it_came() -> None:
    messages = many(40)
    async with screen(thread(messages, history_complete=False)) as desk:
        assert desk.app.heard(TranscriptView.HistoryWanted) == 0
        await desk.act("transcript.top", "transcript.up", "transcript.page_up")
        assert desk.app.heard(TranscriptView.HistoryWanted) == 1
        assert "fetching older messages" in desk.rows()[0]
        first = desk.y_of("text 0")
        older = [message(-number, f"older {number}") for number in range(1, 30)]
        await desk.show(thread([*older, *messages], history_complete=False))
        assert desk.y_of("text 0") == first
        assert desk.app.heard(TranscriptView.HistoryWanted) == 1
        await desk.act("transcript.top")
        assert desk.app.heard(TranscriptView.HistoryWanted) == 2


async def test_history_that_fails_is_asked_for_again_only_by_the_agent() -> None:
    async with screen(thread(many(3), history_complete=False)) as desk:
        await desk.hear(TranscriptView.HistoryWanted, 1)
        desk.view.history_settled("no connection")
        await desk.show(thread([*many(3), message(9)], history_complete=False))
        assert desk.app.heard(TranscriptView.HistoryWanted) == 1
        assert desk.has("no connection")
        await desk.act("transcript.up")
        await desk.hear(TranscriptView.HistoryWanted, 2)


async def test_a_complete_history_is_not_asked_for() -> None:
    async with screen(thread(many())) as desk:
        await desk.act("transcript.top", "transcript.up")
        assert desk.app.heard(TranscriptView.HistoryWanted) == 0
        assert "beginning of the conversation" in desk.rows()[0]


async def test_only_rows_that_changed_are_painted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with screen(thread(many())) as desk:
        await desk.act("transcript.page_up")
        regions: list[Region] = []
        refresh = desk.view.refresh

        def spy(*painted: Region, **options: bool) -> TranscriptView:
            regions.extend(painted)
            return refresh(*painted, **options)

        monkeypatch.setattr(desk.view, "refresh", spy)
        longer = Transcript([*many(), message(60)])
        await desk.show(thread(longer))
        assert regions == [Region(0, 11, 40, 1)]
        regions.clear()
        await desk.show(thread(longer, drafts={Visibility.PUBLIC: "typing away"}))
        assert regions == []


async def test_typing_is_shown_and_lapses() -> None:
    async with screen(thread(many(), typing=Typing("Sarah", NOW + 0.05))) as desk:
        await desk.pilot.pause(0.2)
        assert not desk.has("typing")
        await desk.show(thread(many(), typing=Typing("Sa\x1b[2Jrah", NOW + 50)))
        assert desk.rows()[-1] == "~ Sa␛[2Jrah is typing…"
        await desk.show(thread(many(), typing=Typing("Sarah", NOW - 1)))
        assert not desk.has("typing")


async def test_what_came_while_away_is_ruled_off_until_the_agent_looks_away_again() -> None:
    messages = many(6)
    async with screen(thread(messages, seen=3, unread=2)) as desk:
        assert desk.y_of("new since you looked") < desk.y_of("text 4")
        assert desk.y_of("text 3") < desk.y_of("new since you looked")
        desk.view.attentive = True
        await desk.show(thread([*messages, message(6)], seen=5, unread=1))
        assert desk.has("new since you looked")
        desk.view.attentive = False
        await desk.pilot.pause()
        assert not desk.has("new since you looked")
        await desk.show(thread([*messages, message(6, "later")], seen=5, unread=1))
        assert desk.y_of("text 5") < desk.y_of("new since you looked") < desk.y_of("later")


async def test_a_gap_is_shown_where_messages_are_missing() -> None:
    async with screen(thread(many(3), gap=True, gap_key=2)) as desk:
        await desk.show(thread([*many(3), message(9, "after")], gap=True, gap_key=2))
        assert desk.y_of("text 2") < desk.y_of("messages are missing here") < desk.y_of("after")
        await desk.show(thread(many(10)))
        assert not desk.has("missing")


async def test_messages_of_this_desks_agent_are_mine() -> None:
    async with screen(thread([message(0, role=Role.AGENT, sender_id="me")])) as desk:
        assert desk.has("Tom Berg")
        desk.view.show(thread([message(0, role=Role.AGENT, sender_id="me")]), agent_id="me")
        assert desk.has("You")
        assert desk.has("✓✓")


async def test_delivery_marks_follow_the_reply() -> None:
    reply = own(0, "hi", delivery=Delivery.SENDING)
    async with screen(thread([reply]), (60, 8)) as desk:
        assert desk.has("… sending")
        await desk.show(thread([replace(reply, delivery=Delivery.ACKED)]))
        assert desk.has("✓ sent")
        await desk.show(thread([replace(reply, delivery=Delivery.CONFIRMED)]))
        assert desk.has("✓✓ confirmed")
        await desk.show(thread([replace(reply, delivery=Delivery.CONFIRMED)], read_by_customer=MessageId("m0")))
        assert desk.has("✓✓ read")


async def test_resizing_wraps_to_the_width() -> None:
    async with screen(thread([message(0, "word " * 12)]), (30, 10)) as desk:
        narrow = len([row for row in desk.rows() if "word" in row])
        await desk.pilot.resize_terminal(90, 10)
        await desk.pilot.pause()
        wide = [row for row in desk.rows() if "word" in row]
        assert narrow > len(wide) == 1
        await desk.pilot.resize_terminal(1, 1)
        await desk.pilot.resize_terminal(3, 2)
        await desk.pilot.pause()
        assert len(desk.rows()) == 2


async def test_the_cursor_chooses_a_message_to_copy() -> None:
    long = "a\tlong message " * 10
    async with screen(thread([message(0, "first"), message(1, long)])) as desk:
        await desk.act("transcript.copy")
        assert desk.app.heard(TranscriptView.Notice) == 1
        await desk.act("transcript.cursor_up", "transcript.copy")
        assert desk.app.clipboard == long
        assert desk.view.cursor_message == "m1"
        assert desk.has("│▸")
        await desk.act("transcript.cursor_up", "transcript.copy")
        assert desk.app.clipboard == "first"
        assert desk.app.heard(TranscriptView.Copied) == 2
        await desk.act("transcript.cursor_down", "transcript.cursor_down")
        assert desk.view.cursor_message is None


async def test_the_mouse_selects_text_without_gutters() -> None:
    body = "one two three four five six seven eight nine ten"
    async with screen(thread([message(0, body), own(1, "and more")])) as desk:
        first, last = desk.y_of("one two"), desk.y_of("and more")
        await desk.pilot.mouse_down(offset=(6, first))
        await desk.pilot.hover(offset=(20, first + 1))
        await desk.pilot.hover(offset=(5, last))
        await desk.pilot.mouse_up(offset=(5, last))
        assert desk.view.selected_text() == body[4:] + "\nand"
        await desk.act("transcript.copy")
        assert desk.app.clipboard == body[4:] + "\nand"
        await desk.show(thread([message(0, body), own(1, "and more"), message(2)]))
        assert desk.view.selected_text() == body[4:] + "\nand"
        await desk.pilot.click(offset=(5, desk.y_of("one two")))
        assert desk.view.selected_text() == ""
        assert desk.view.cursor_message == "m0"


async def test_links_and_files_are_asked_for() -> None:
    files = (Attachment(id="a", name="x.pdf"),)
    messages = [message(0, "see https://a.example/x."), message(1, "", attachments=files), message(2, "nothing")]
    async with screen(thread(messages)) as desk:
        await desk.act("transcript.open")
        wanted = desk.app.said[-1]
        assert isinstance(wanted, TranscriptView.LinkOrFileWanted)
        assert (wanted.conversation_id, wanted.message_id) == ("acme/1", "m1")
        assert desk.view.files_of_cursor() == files
        await desk.act("transcript.cursor_up")
        assert desk.view.links_of_cursor() == ["https://a.example/x"]
        before = desk.app.heard(TranscriptView.LinkOrFileWanted)
        await desk.pilot.click(offset=(8, desk.y_of("https://")))
        await desk.pilot.click(offset=(8, desk.y_of("[file] x.pdf")))
        assert desk.app.heard(TranscriptView.LinkOrFileWanted) == before + 2
        await desk.pilot.click(offset=(30, desk.y_of("https://")))
        assert desk.app.heard(TranscriptView.LinkOrFileWanted) == before + 2
        await desk.act("transcript.cursor_down", "transcript.cursor_down", "transcript.open")
        assert isinstance(desk.app.said[-1], TranscriptView.Notice)


async def test_a_long_message_shows_all_when_asked() -> None:
    body = "\n".join(f"line {number}" for number in range(500))
    async with screen(thread([message(0, body)])) as desk:
        assert desk.rows()[-1].startswith("│▾… show all (500 lines")
        await desk.pilot.click(offset=(6, 11))
        assert not desk.has("show all")
        assert desk.has("line 199")
        assert not desk.view.following
        await desk.act("transcript.bottom")
        assert desk.rows()[-1] == "│ line 499"
        await desk.act("transcript.expand")
        assert isinstance(desk.app.said[-1], TranscriptView.Notice)


def styled_as(desk: Screen, kind: str) -> list[str]:
    style = desk.view._style_of(kind)
    strips = desk.view.render_lines(Region(0, 0, *desk.view.size))
    return [piece.text for strip in strips for piece in strip if piece.style == style]


async def test_finding_marks_all_and_goes_from_the_newest_upwards() -> None:
    messages = [message(number, f"the parcel {number}" if number % 20 == 0 else "nothing") for number in range(61)]
    async with screen(thread(messages)) as desk:
        assert desk.view.find("PARCEL") == 4
        await desk.pilot.pause()
        assert desk.view.find_position == (4, 4)
        assert styled_as(desk, "match-current") == ["parcel"]
        assert desk.view.find_previous() == (3, 4)
        await desk.pilot.pause()
        assert desk.has("the parcel 40")
        assert styled_as(desk, "match-current") == ["parcel"]
        await desk.act("transcript.find_next", "transcript.find_next")
        assert desk.view.find_position == (1, 4)
        assert desk.has("the parcel 0")
        desk.view.clear_find()
        await desk.pilot.pause()
        assert styled_as(desk, "match") == styled_as(desk, "match-current") == []
        assert desk.view.find("no such thing") == 0
        assert desk.view.find_next() == (0, 0)


async def test_finding_opens_what_is_capped() -> None:
    body = "\n".join(f"line {number}" for number in range(3000)) + "\nneedle"
    async with screen(thread([message(0, body), *many(30)[1:]])) as desk:
        assert desk.view.find("needle") == 1
        await desk.pilot.pause()
        assert desk.has("needle")


async def test_a_match_over_two_rows_is_marked_on_both() -> None:
    async with screen(thread([message(0, "x" * 30 + " needle in hay")])) as desk:
        desk.view.find("needle in hay")
        await desk.pilot.pause()
        assert " ".join(styled_as(desk, "match-current")) == "needle in hay"


async def test_another_conversation_begins_anew() -> None:
    async with screen(thread(many())) as desk:
        await desk.act("transcript.page_up", "transcript.cursor_up")
        desk.view.find("text")
        other = thread([message(0, "other")])
        await desk.show(replace(other, conversation=replace(other.conversation, id=ConversationId("acme/2"))))
        assert desk.view.following
        assert desk.view.cursor_message is None
        assert desk.view.find_position == (0, 0)
        assert desk.rows()[-1] == "│ other"


async def test_the_wheel_scrolls() -> None:
    async with screen(thread(many())) as desk:
        await desk.pilot._post_mouse_events([events.MouseScrollUp], offset=(3, 3))
        assert not desk.view.following


async def test_rows_go_through_the_apps_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    class Shout(LineFilter):
        def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
            return [Segment(text.upper(), style, control) for text, style, control in segments]

    async with screen(thread([message(0, "quiet")])) as desk:
        assert desk.has("quiet")
        monkeypatch.setattr(desk.app, "get_line_filters", lambda: [Shout()])
        assert desk.has("QUIET")


async def test_states_can_be_read_without_colour() -> None:
    async with screen(thread([message(0), own(1), message(2, role=Role.BOT)])) as desk:
        kinds = {kind: desk.view._style_of(kind).without_color for kind in KINDS}
        assert kinds["match"] != kinds["text"] != kinds["match-current"] != kinds["match"]
        assert kinds["selection"] != kinds["text"]
        assert kinds["link"] != kinds["text"]


@pytest.mark.parametrize("width", [16, 40, 100])
async def test_hostile_text_in_every_field_is_drawn_harmlessly(width: int) -> None:
    messages = []
    for number, text in enumerate(HOSTILE.values()):
        hostile: dict[str, Any] = {"sender_name": text, "sender_id": text, "edited": number % 2 == 0}
        files = (Attachment(id=text, name=text, media_type=text, size=number),)
        messages += [
            message(4 * number, text, **hostile, attachments=files),
            message(4 * number + 1, text, Role.BOT, **hostile),
            own(4 * number + 2, text, **hostile, delivery=Delivery.FAILED, delivery_reason=text),
            message(4 * number + 3, text, Role.AGENT, **hostile, visibility=Visibility.NOTE),
        ]
    async with screen(thread(messages), (width, 30)) as desk:
        text = next(iter(HOSTILE.values()))
        desk.view.find(text)
        await desk.show(thread(messages, typing=Typing(text, NOW + 60), gap=True))
        desk.view.to_bottom()
        seen: set[str] = set()
        for _ in range(400):
            rows = desk.rows()
            assert all(row.isprintable() or set(row) & set("\u200c\u200d\U000f0000\ue000") for row in rows)
            assert not any(
                char < " " or "\x7f" <= char < "\xa0" or "\u202a" <= char <= "\u202e" for char in "".join(rows)
            )
            gutters = {row[0] for row in rows if row}
            assert gutters <= set("│┃┊┇·╓║╙~─━╌ ")
            seen |= set(rows)
            desk.view.page_up()
        await desk.pilot.pause()
        assert len(seen) > len(messages)
        desk.view.history_settled(text)
        assert not any("\x1b" in row for row in desk.rows())
