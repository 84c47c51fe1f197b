"""The picker of canned responses, at the smallest and at a comfortable size, driven by keys."""

from datetime import date
from pathlib import Path

import pytest
from textual import events
from textual.app import App
from textual.pilot import Pilot

from paradesk.canned import Library, load_library
from paradesk.canned.responses import Response
from paradesk.core.model import Agent, Conversation, ConversationId, Customer, Message, MessageId, Role
from paradesk.core.slots import find_slots
from paradesk.core.state import Thread
from paradesk.core.transcript import Transcript
from paradesk.ui.screens.picker import FilterInput, PickerResult, PickerScreen
from paradesk.ui.widgets.response_list import ResponseList

LIBRARY, _ = load_library([Path(__file__).parents[2] / "canned_responses"])
AGENT = Agent("m", "Mia Rot")
TODAY = date(2026, 11, 22)
KEYS = {
    "up": "picker.up",
    "down": "picker.down",
    "pageup": "picker.page_up",
    "pagedown": "picker.page_down",
    "enter": "picker.accept",
    "escape": "picker.cancel",
    "tab": "picker.next_facet",
    "f2": "picker.facet_value",
    "f3": "picker.clear_facets",
}
SIZES = [(80, 24), (120, 40)]


def thread(*said: str, name: str = "Sarah Chen", language: str = "", **order: str) -> Thread:
    conversation = Conversation(
        id=ConversationId("acme/42"),
        profile="acme",
        number="1245",
        customer=Customer(id="c1", name=name, email="sarah@example.com", language=language),
        order=order,
    )
    messages = [
        Message(
            id=MessageId(str(place)),
            conversation_id=conversation.id,
            role=Role.CUSTOMER,
            sender_id="c1",
            sender_name=name,
            body=body,
            sent_at=float(place),
            order_key=place,
        )
        for place, body in enumerate(said)
    ]
    return Thread(conversation=conversation, transcript=Transcript(messages))


class Host(App[None]):
    """Maps keys to actions as the real app does: before any widget sees them."""

    def __init__(self, chat: Thread, library: Library = LIBRARY, language: str = "") -> None:
        super().__init__()
        self._picker = PickerScreen(library, chat, AGENT, language, today=TODAY)
        self.results: list[PickerResult | None] = []

    @property
    def picker(self) -> PickerScreen:
        return self._picker

    def on_mount(self) -> None:
        self.push_screen(self._picker, self.results.append)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded and event.key in KEYS:
            assert self._picker.handle_action(KEYS[event.key])
            return
        await super().on_event(event)

    @property
    def rows(self) -> tuple[str, ...]:
        return self._picker.query_one(ResponseList).shown

    @property
    def cursor(self) -> str | None:
        return self._picker.query_one(ResponseList).cursor

    def text(self) -> str:
        """Return what the screen shows."""
        strips = self.screen._compositor.render_strips(self.size)
        return "\n".join("".join(part.text for part in strip) for strip in strips)


async def ready(pilot: Pilot[None], app: Host) -> None:
    await pilot.pause()
    assert app.screen is app.picker


@pytest.mark.parametrize("size", SIZES)
async def test_opens_with_what_fits_this_chat_and_shows_it_filled(size: tuple[int, int]) -> None:
    app = Host(thread("hi", "the parcel says delivered but it isn't here"))
    async with app.run_test(size=size, notifications=True, tooltips=True) as pilot:
        await ready(pilot, app)
        shown = app.text()
        assert app.cursor == "delivery.marked_delivered"
        assert "▶ Says delivered" in shown
        assert "for SARAH CHEN #1245" in shown
        assert "1 blank to fill in" in shown
        assert "⟦order.tracking⟧" in shown
        assert "{{" not in shown
        assert isinstance(app.focused, FilterInput)


async def test_preview_stands_below_where_it_is_narrow_and_beside_where_it_is_wide() -> None:
    for size, beside in (((80, 24), False), ((120, 40), True)):
        app = Host(thread("where is my parcel"))
        async with app.run_test(size=size) as pilot:
            await ready(pilot, app)
            row = next(line for line in app.text().splitlines() if "▶" in line)
            assert ("for SARAH CHEN" in row) is beside


@pytest.mark.parametrize("size", SIZES)
async def test_enter_gives_the_filled_text_and_the_conversation_it_was_filled_for(size: tuple[int, int]) -> None:
    app = Host(thread("hello", id="A-1", tracking="ZX 77"))
    async with app.run_test(size=size) as pilot:
        await ready(pilot, app)
        await pilot.press(*"trk", "enter")
        await pilot.pause()
        [result] = app.results
        assert result is not None
        assert result.response_id == "delivery.tracking"
        assert result.conversation_id == "acme/42"
        assert result.language == "en"
        assert "A-1" in result.text
        assert "ZX 77" in result.text
        assert not find_slots(result.text)


async def test_escape_gives_nothing() -> None:
    app = Host(thread("hello"))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await pilot.press(*"refund", "escape")
        await pilot.pause()
        assert app.results == [None]


async def test_enter_on_an_empty_list_keeps_the_picker_open() -> None:
    app = Host(thread("hello"))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await pilot.press(*"qqqqzzzz", "enter")
        await pilot.pause()
        assert app.rows == ()
        assert app.results == []
        assert "Nothing fits" in app.text()
        assert app.picker.filled is None


async def test_typing_narrows_down_and_the_count_says_so() -> None:
    app = Host(thread("hello"))
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        assert len(app.rows) == len(LIBRARY)
        await pilot.press(*"refund")
        await pilot.pause()
        assert 0 < len(app.rows) < len(LIBRARY)
        assert f"{len(app.rows)} of {len(LIBRARY)}" in app.text()


async def test_hash_narrows_to_a_topic() -> None:
    app = Host(thread("hello"))
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await pilot.press("number_sign", *"billing")
        await pilot.pause()
        topics = {response.tags["topic"] for row in app.rows if (response := LIBRARY.get(row))}
        assert topics == {"billing"}


async def test_facets_change_by_keyboard_hold_together_and_can_be_cleared() -> None:
    app = Host(thread("hello"))
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        assert "[topic: any]" in app.text()
        await pilot.press("tab")
        await pilot.pause()
        assert "[urgency: any]" in app.text()
        await pilot.press("f2", "f2", "f2", "tab", "f2", "f2", "f2", "f2")
        await pilot.pause()
        assert app.picker.facets == {"urgency": "high", "customer": "vip"}
        found = [LIBRARY.get(row) for row in app.rows]
        assert found
        assert all(r and (r.tags["urgency"], r.tags["customer"]) == ("high", "vip") for r in found)
        await pilot.press("f3")
        await pilot.pause()
        assert app.picker.facets == {}
        assert len(app.rows) == len(LIBRARY)


async def test_a_facet_comes_back_to_any_after_its_last_value() -> None:
    app = Host(thread("hello"))
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        for _ in (*LIBRARY.facets()["topic"], "any"):
            await pilot.press("f2")
        await pilot.pause()
        assert app.picker.facets == {}


async def test_language_follows_the_customer_and_the_facet_overrules_it() -> None:
    app = Host(thread("hallo", language="de-AT"))
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        await pilot.press(*"hi")
        await pilot.pause()
        assert app.cursor == "greeting.hello"
        assert "Hallo Sarah" in app.text()
        await pilot.press("tab", "tab", "tab", "f2", "f2")
        await pilot.pause()
        assert app.picker.language == "en"
        assert "Hi Sarah" in app.text()


async def test_a_preference_overrules_the_language_of_the_customer() -> None:
    for preferred, expected in (("", "en"), ("de", "de"), ("fr", "en")):
        app = Host(thread("hello", language="en-GB"), language=preferred)
        async with app.run_test(size=(80, 24)) as pilot:
            await ready(pilot, app)
            assert app.picker.filled is not None
            assert app.picker.filled.language == expected


async def test_the_cursor_stays_on_its_response_while_filtering_once_the_agent_moved_it() -> None:
    app = Host(thread("where is my parcel"))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await pilot.press(*"refund", "down", "down")
        chosen = app.cursor
        await pilot.press("backspace", "backspace", "backspace")
        await pilot.pause()
        assert app.cursor == chosen
        assert app.picker.filled is not None
        assert app.picker.filled.response_id == chosen
        await pilot.press("end", *"xxxx")
        await pilot.press(*["backspace"] * 4)
        await pilot.pause()
        assert app.cursor == app.rows[0]


async def test_paging_and_the_ends_of_the_list_keep_the_cursor_in_sight() -> None:
    app = Host(thread("hello"))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await pilot.press("up")
        assert app.cursor == app.rows[0]
        await pilot.press("pagedown", "pagedown", "down")
        await pilot.pause()
        assert "▶" in app.text()
        await pilot.press(*["pagedown"] * 40)
        await pilot.pause()
        assert app.cursor == app.rows[-1]
        assert "▶" in app.text()
        await pilot.press(*["pageup"] * 40)
        assert app.cursor == app.rows[0]


async def test_each_preview_names_this_customer_and_marks_its_blanks() -> None:
    app = Host(thread("hello"))
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        for _ in range(20):
            filled = app.picker.filled
            assert filled is not None
            assert filled.response_id == app.cursor
            shown = app.text()
            assert "for SARAH CHEN #1245" in shown
            if filled.slots:
                count = len(filled.slots)
                assert f"{count} blank" in shown
            await pilot.press("down")
            await pilot.pause()


async def test_hostile_names_and_titles_are_drawn_as_text() -> None:
    library = Library([Response(id="x", title="[@click=app.quit]x[/]", body={"en": "[/] {{ customer.name }}"})])
    app = Host(thread("[/nope]", name="[/]\x1b]52;c;AAAA\x07"), library)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        shown = app.text()
        assert "[@click=app.quit]x[/]" in shown
        assert "\x1b" not in shown
        assert "{{" not in shown
        assert app.is_running


async def test_an_overdue_review_says_so() -> None:
    library = Library(
        [
            Response(id="a", title="Old", body={"en": "x"}, reviewed=date(2026, 1, 1)),
            Response(
                id="b", title="Due", body={"en": "x"}, reviewed=date(2026, 1, 1), review_every=TODAY - date(2026, 1, 1)
            ),
        ]
    )
    app = Host(thread("hello"), library)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot, app)
        lines = app.text().splitlines()
        assert not any("Old" in line and "review due" in line for line in lines)
        assert any("Due" in line and "review due" in line for line in lines)


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (99, 24), (100, 24), (200, 60)])
async def test_no_size_breaks_it(size: tuple[int, int]) -> None:
    app = Host(thread("where is my parcel"))
    async with app.run_test(size=size) as pilot:
        await ready(pilot, app)
        await pilot.press(*"trk", "enter")
        await pilot.pause()
        assert app.results
        assert app.results[0] is not None


async def test_without_colour_the_cursor_and_the_chosen_facet_are_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Host(thread("where is my parcel"))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        assert sum("▶" in line for line in app.text().splitlines()) == 1
        assert "[topic: any]" in app.text()


async def test_an_action_of_somebody_else_is_refused() -> None:
    app = Host(thread("hello"))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        assert not app.picker.handle_action("composer.send")
