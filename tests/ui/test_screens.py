"""The modal screens: what they show and what they dismiss with, driven by keys."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Input

from paradesk.core.intents import CreateConversation
from paradesk.core.model import (
    Agent,
    Attachment,
    Conversation,
    ConversationId,
    Customer,
    EarlierConversation,
    LocalFile,
)
from paradesk.core.state import Thread
from paradesk.ui.screens.attach import AttachScreen, started_over
from paradesk.ui.screens.choose import ChoiceScreen, PaletteEntry, PaletteScreen
from paradesk.ui.screens.confirm import ConfirmScreen
from paradesk.ui.screens.dialog import Dialog
from paradesk.ui.screens.links import LinkChoice, LinksScreen
from paradesk.ui.screens.reading import HelpRow, HelpScreen, IntroScreen, Notice, NoticesScreen
from paradesk.ui.screens.tickets import NewTicketScreen, TagsScreen, TransferScreen
from paradesk.ui.screens.uncertain import AGAIN, ARRIVED, BACK, UncertainScreen
from paradesk.ui.widgets.customer_panel import CustomerPanel
from paradesk.ui.widgets.find_bar import FindBar
from paradesk.ui.widgets.which_key import WhichKey
from tests.unit.desk.scripted import message

HOSTILE = "[/] [@click=app.quit]x[/] \\[b]"
KEYS = {
    "enter": "dialog.accept",
    "escape": "dialog.cancel",
    "tab": "dialog.next",
    "shift+tab": "dialog.previous",
    "up": "dialog.up",
    "down": "dialog.down",
}


class Host(App[None]):
    """Shows one screen and keeps what it was dismissed with; hands keys on as the real app does."""

    def __init__(self, screen: ModalScreen[Any]) -> None:
        super().__init__()
        self._first = screen
        self.results: list[Any] = []

    def on_mount(self) -> None:
        self.push_screen(self._first, self.results.append)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded and event.key in KEYS:
            screen = self.screen
            if isinstance(screen, Dialog) and screen.handle_action(KEYS[event.key]):
                return
        await super().on_event(event)

    def text(self) -> str:
        _width, height = self.size
        return "\n".join(
            "".join(segment.text for segment in line) for line in self.screen._compositor.render_strips()[:height]
        )


async def drive(screen: ModalScreen[Any], *keys: str, size: tuple[int, int] = (120, 40)) -> tuple[list[Any], str]:
    app = Host(screen)
    async with app.run_test(size=size, notifications=True, tooltips=True) as pilot:
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
        await pilot.pause()
        return app.results, app.text()


def conversation() -> Conversation:
    return Conversation(
        id=ConversationId("acme/1"), number="1245", customer=Customer(id="c", name=HOSTILE), subject="Parcel"
    )


@pytest.mark.parametrize(
    ("keys", "answer"),
    [(("y",), True), (("n",), False), (("enter",), False), (("down", "enter"), True), (("escape",), None)],
)
async def test_confirm_answers(keys: tuple[str, ...], answer: bool | None) -> None:
    results, _ = await drive(ConfirmScreen(f"End {HOSTILE}?", HOSTILE), *keys)
    assert results == [answer]


async def test_confirm_shows_text_as_it_is_and_begins_on_no() -> None:
    _, text = await drive(ConfirmScreen("End it?", HOSTILE))
    assert HOSTILE in text
    assert "▶ [n] No" in text


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_decisions_about_an_unclear_reply_are_in_view(size: tuple[int, int]) -> None:
    """However long the chat, the reply and the reason are; hostile text is shown as it is."""
    reply = message(1, "\n".join([HOSTILE] * 9))
    tail = [message(number, "long words " * 40) for number in range(8)] + [message(9, HOSTILE)]
    screen = UncertainScreen(HOSTILE, reply, "why " * 100, tail)
    results, text = await drive(screen, "up", size=size)
    for part in ("[n]", "[s]", "[a]", "[t]", "esc not now", HOSTILE):
        assert part in text, text
    assert results == []


@pytest.mark.parametrize(
    ("keys", "decision"),
    [
        (("s",), AGAIN),
        (("a",), ARRIVED),
        (("t",), BACK),
        (("n",), None),
        (("enter",), None),
        (("escape",), None),
        (("down", "enter"), AGAIN),
        (("x", "down", "down", "tab", "enter"), BACK),
    ],
)
async def test_an_unclear_reply_is_decided_by_one_key(keys: tuple[str, ...], decision: str | None) -> None:
    results, _ = await drive(UncertainScreen("Sarah", message(1, "hi"), "reset", ()), *keys)
    assert results == [decision]


ROSTER = (Agent("a1", "Ana Petrović"), Agent("t1", "Billing", kind="team"), Agent("a2", "Bo Li", online=False))


async def test_transfer_picks_by_name_and_takes_a_note() -> None:
    results, _text = await drive(TransferScreen(conversation(), ROSTER), *"bill", "tab", *"vip", "enter")
    assert results == [("t1", "vip")]


async def test_transfer_with_nobody_stays_open() -> None:
    results, text = await drive(TransferScreen(conversation(), ()), "enter")
    assert results == []
    assert "nobody to transfer to" in text


async def test_tags_are_added_and_removed_in_one_line() -> None:
    results, _ = await drive(TagsScreen(frozenset({"urgent", "web"})), *"vip -urgent", "enter")
    assert results == [(frozenset({"vip"}), frozenset({"urgent"}))]


async def test_choice_begins_on_the_present_value() -> None:
    screen = ChoiceScreen("Priority", (("low", "Low"), ("high", "High")), "high")
    results, _text = await drive(screen, "enter")
    assert results == ["high"]


async def test_new_ticket_asks_for_what_is_missing_then_creates() -> None:
    screen = NewTicketScreen(("acme",))
    results, text = await drive(screen, *"mia", "enter")
    assert results == []
    assert "a subject is needed" in text
    results, _ = await drive(NewTicketScreen(("acme",)), *"mia", "tab", *"hello", "enter")
    assert results == [CreateConversation("acme", "mia", "hello", "")]


async def test_attach_walks_into_folders_and_takes_a_file(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "label.pdf").write_bytes(b"%PDF-1.4")
    results, _ = await drive(AttachScreen(tmp_path, 1000), "enter", "enter")
    assert results == [LocalFile(str(tmp_path / "inner" / "label.pdf"), "label.pdf", "application/pdf", 8)]


async def test_attach_lists_what_is_there_from_the_beginning(tmp_path: Path) -> None:
    for name in ("one.png", "two.png", "three.png"):
        (tmp_path / name).write_bytes(b"x")
    _, text = await drive(AttachScreen(tmp_path, 1000))
    assert all(name in text for name in ("one.png", "two.png", "three.png"))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/home/ana//tmp/a.png", "/tmp/a.png"),
        ("/home/ana/~/a.png", "~/a.png"),
        ("/home/ana/'/tmp/my file.png' ", "/tmp/my file.png"),
        ('/home/ana/"/tmp/a.png"', "/tmp/a.png"),
        ("/home/ana/a.png", "/home/ana/a.png"),
        ("/home/ana/it's", "/home/ana/it's"),
        ("~/a'", "~/a'"),
    ],
)
def test_a_whole_path_behind_the_folder_starts_over(typed: str, meant: str) -> None:
    assert started_over(typed) == meant


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: (folder / "big.bin").write_bytes(b"x" * 2000), "the limit here is"),
        (lambda folder: (folder / "none.txt").write_bytes(b""), "is empty"),
    ],
)
async def test_attach_refuses_with_a_reason(tmp_path: Path, make: Callable[[Path], object], words: str) -> None:
    make(tmp_path)
    results, text = await drive(AttachScreen(tmp_path, 1000), "enter")
    assert results == []
    assert words in text


async def test_palette_finds_an_action_by_its_words() -> None:
    entries = [
        PaletteEntry("status.pending", "Pending", "Set this ticket pending", "Status", "ctrl+x p"),
        PaletteEntry("chat.transfer", "Transfer…", "Hand this chat on", "Chat", "ctrl+x t"),
    ]
    results, _text = await drive(PaletteScreen(entries), *"hand", "enter")
    assert results == ["chat.transfer"]


async def test_help_filters_and_shows_keys() -> None:
    rows = [HelpRow("Chat", "Send", "Send the reply", ("enter",)), HelpRow("Panes", "Zoom", HOSTILE, ("f8",))]
    _, text = await drive(HelpScreen(rows, keymap="default"), *"zoom")
    assert "f8" in text
    assert HOSTILE in text
    assert "Send the reply" not in text


async def test_intro_tells_the_five_marks_and_closes() -> None:
    results, text = await drive(IntroScreen([("enter", "send")]), size=(80, 24))
    for mark in ("heavy frame", "▶", "SARAH CHEN", "status bar", "title"):
        assert mark in text
    results, _ = await drive(IntroScreen([("enter", "send")]), "enter")
    assert results == [None]


async def test_links_are_shown_whole_and_files_can_be_saved() -> None:
    url = "https://shop.example/track/" + "a" * 40
    file = Attachment(id="m", name="../../etc/passwd", size=12_000)
    _, text = await drive(LinksScreen([url], [file]))
    assert url in text
    results, _ = await drive(LinksScreen([url], [file]), "down", "enter")
    assert results == [LinkChoice(attachment=file)]


async def test_notices_are_newest_first() -> None:
    _, text = await drive(NoticesScreen([Notice(1.0, "older"), Notice(2.0, HOSTILE, "error")]))
    assert text.index(HOSTILE) < text.index("older")


@pytest.mark.parametrize("size", [(80, 24), (40, 10)])
async def test_dialogs_fit_small_terminals(size: tuple[int, int]) -> None:
    _, text = await drive(TransferScreen(conversation(), ROSTER), size=size)
    assert "▶" in text
    app = Host(NewTicketScreen(("acme",)))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert isinstance(app.screen.focused, Input)


class Parts(App[None]):
    """The find bar, the which-key panel and the customer panel, side by side."""

    def compose(self) -> ComposeResult:
        yield FindBar()
        yield CustomerPanel()
        yield WhichKey(id="which")

    def on_mount(self) -> None:
        self.heard: list[object] = []

    def on_find_bar_changed(self, event: FindBar.Changed) -> None:
        self.heard.append(event.query)

    def on_find_bar_step(self, event: FindBar.Step) -> None:
        self.heard.append(event.direction)

    def on_find_bar_closed(self) -> None:
        self.heard.append("closed")

    def text(self) -> str:
        return "\n".join("".join(segment.text for segment in line) for line in self.screen._compositor.render_strips())


async def test_find_bar_reports_text_steps_and_closing() -> None:
    app = Parts()
    async with app.run_test(size=(80, 24)) as pilot:
        bar = app.query_one(FindBar)
        bar.open()
        await pilot.pause()
        await pilot.press("o", "k", "enter")
        bar.show_count("1 of 3")
        await pilot.pause()
        assert "1 of 3" in app.text()
        assert bar.handle_action("dialog.previous")
        assert bar.handle_action("dialog.cancel")
        await pilot.pause()
        assert app.heard == ["o", "ok", 1, -1, "closed"]
        assert "find:" not in app.text()


async def test_which_key_lists_what_can_follow() -> None:
    app = Parts()
    async with app.run_test(size=(80, 24)) as pilot:
        panel = app.query_one(WhichKey)
        panel.open("ctrl+x", [("o", "Open"), ("p", "Pending"), ("t", "Transfer…")])
        await pilot.pause()
        text = app.text()
        assert all(word in text for word in ("ctrl+x", "o Open", "p Pending", "t Transfer"))
        panel.close()
        await pilot.pause()
        assert "Pending" not in app.text()


async def test_customer_panel_shows_what_is_known_and_leaves_out_the_rest() -> None:
    shown = replace(
        conversation(),
        order={"id": "A-77", "total": "19.90"},
        tags=frozenset({"vip"}),
        customer=Customer(
            id="c", name="Mia", plan="Gold", earlier=(EarlierConversation("9", "Refund", "solved", 1e9),)
        ),
    )
    app = Parts()
    async with app.run_test(size=(80, 40)) as pilot:
        panel = app.query_one(CustomerPanel)
        panel.add_class("-open")
        panel.show_thread(Thread(conversation=shown))
        await pilot.pause()
        text = app.text()
        assert all(word in text for word in ("Mia", "plan: Gold", "id: A-77", "tags: vip", "Refund (solved)"))
        assert "phone" not in text
