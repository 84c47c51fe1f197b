"""What actions do: to the backend, to the text, and to the focus."""

import inspect
from pathlib import Path

import pytest

from paradesk.core.intents import (
    ChangeTags,
    CreateConversation,
    EndChat,
    Join,
    Leave,
    Send,
    SetPriority,
    SetStatus,
    Transfer,
)
from paradesk.core.model import ConversationId, Priority, Status, Visibility
from paradesk.keymap.actions import ACTIONS, WEB_ACTIONS
from paradesk.ui.commands import all_commands
from paradesk.ui.screens.confirm import ConfirmScreen
from paradesk.ui.screens.dialog import Dialog
from paradesk.ui.screens.reading import IntroScreen
from paradesk.ui.screens.writing import WritingScreen
from tests.ui.scripted import UNABLE, ScriptedConnector
from tests.ui.workstation import Workstation, workstation


def chats(count: int = 2) -> ScriptedConnector:
    backend = ScriptedConnector()
    for place in range(1, count + 1):
        backend.chat(place, ago=50.0 - 5 * place)
    return backend


async def ready(desk: Workstation, count: int = 2) -> None:
    await desk.until(lambda: len(desk.order) == count, f"{count} panes")
    await desk.press("ctrl+x", str(desk.order.index("c1") + 1))
    assert desk.active == "c1"


def test_every_action_is_handled_by_a_command_or_in_a_dialog() -> None:
    in_dialogs, in_writing = inspect.getsource(Dialog), inspect.getsource(WritingScreen)
    for action_id, action in ACTIONS.items():
        if "dialog" in action.contexts:
            assert f'"{action_id}"' in in_dialogs
        elif "writing" in action.contexts:
            assert f'"{action_id}"' in in_writing
        elif "picker" not in action.contexts:
            assert action_id in all_commands(), action_id


def test_there_is_no_command_without_an_action() -> None:
    assert set(all_commands()) <= set(ACTIONS)


# Sending


async def test_enter_sends_to_the_customer_of_the_pane_and_empties_it_once_accepted(tmp_path: Path) -> None:
    backend = chats()
    async with workstation(tmp_path, backend) as desk:
        await ready(desk)
        await desk.type("on its way")
        await desk.press("enter")
        await desk.until(lambda: bool(backend.sent()), "the reply arrives")
        assert backend.sent() == [("c1", "on its way", Visibility.PUBLIC)]
        await desk.until(lambda: desk.composer_text("c1") == "", "the composer is empty")


async def test_text_then_enter_then_another_pane_in_one_burst(tmp_path: Path) -> None:
    backend = chats()
    async with workstation(tmp_path, backend) as desk:
        await ready(desk)
        other = str(desk.order.index("c2") + 1)
        await desk.press(*"one", "enter", "ctrl+x", other, *"two", "enter")
        await desk.until(lambda: len(backend.sent()) == 2, "both replies arrive")
        assert {(chat, text) for chat, text, _ in backend.sent()} == {("c1", "one"), ("c2", "two")}


async def test_a_blank_stops_the_send_and_is_named(tmp_path: Path) -> None:
    backend = chats()
    async with workstation(tmp_path, backend) as desk:
        await ready(desk)
        pane = desk.app.workspace.active_pane
        assert pane is not None
        pane.composer.insert("order ⟦order.id⟧ is on its way")
        await desk.press("enter")
        await desk.until(lambda: "⟦order.id⟧ first" in "".join(n.text for n in desk.app.notices), "the message")
        assert backend.sent() == []
        assert "⟦order.id⟧" in desk.composer_text("c1")


async def test_a_blank_stops_solving_with_a_reply_as_well(tmp_path: Path) -> None:
    backend = chats()
    async with workstation(tmp_path, backend) as desk:
        await ready(desk)
        pane = desk.app.workspace.active_pane
        assert pane is not None
        pane.composer.insert("order ⟦order.id⟧")
        await desk.press("ctrl+x", "e")
        await desk.until(lambda: bool(desk.app.notices), "the message")
        assert not [item for item in backend.intents if isinstance(item, Send | SetStatus)]


async def test_a_chat_in_the_queue_is_joined_before_it_is_answered(tmp_path: Path) -> None:
    backend = chats(1)
    backend.chat(2, joined=False)
    async with workstation(tmp_path, backend) as desk:
        await desk.until(lambda: len(desk.app.hotlist.order) == 2, "two rows")
        await desk.app.deck.open(ConversationId("acme/c2"))
        await desk.type("hello")
        await desk.press("enter")
        await desk.until(lambda: "ctrl+x g" in "".join(n.text for n in desk.app.notices), "how to join")
        assert backend.sent() == []
        assert desk.composer_text("c2") == "hello"
        await desk.press("ctrl+x", "g")
        thread = ConversationId("acme/c2")
        await desk.until(lambda: desk.app.state.threads[thread].conversation.joined, "joined")
        await desk.press("enter")
        await desk.until(lambda: backend.sent() == [("c2", "hello", Visibility.PUBLIC)], "the reply arrives")


async def test_a_note_is_sent_as_a_note_and_each_mode_has_its_own_draft(tmp_path: Path) -> None:
    backend = chats()
    async with workstation(tmp_path, backend) as desk:
        await ready(desk)
        await desk.type("for the customer")
        await desk.press("f9")
        assert desk.composer_text("c1") == ""
        await desk.type("for us")
        await desk.press("enter")
        await desk.until(lambda: bool(backend.sent()), "the note arrives")
        assert backend.sent() == [("c1", "for us", Visibility.NOTE)]
        await desk.press("f9")
        assert desk.composer_text("c1") == "for the customer"


async def test_a_backend_without_notes_refuses_note_mode(tmp_path: Path) -> None:
    backend = ScriptedConnector(capabilities=UNABLE)
    backend.chat(1)
    async with workstation(tmp_path, backend) as desk:
        await desk.opened("c1")
        await desk.press("f9")
        pane = desk.app.workspace.active_pane
        assert pane is not None
        assert pane.visibility is Visibility.PUBLIC
        assert "private notes" in desk.app.notices[-1].text or "note" in desk.app.notices[-1].text


async def test_a_reply_that_is_refused_stays_visible_and_can_be_taken_back(tmp_path: Path) -> None:
    backend = chats()
    backend.refuse = "blocked by the customer"
    async with workstation(tmp_path, backend) as desk:
        await ready(desk)
        await desk.type("hello")
        await desk.press("enter")
        await desk.until(lambda: "NOT SENT" in desk.text, "the pane says so")
        await desk.press("ctrl+x", "u")
        await desk.until(lambda: desk.composer_text("c1") == "hello", "the text is back")


async def test_keys_typed_while_a_reply_is_on_its_way_stay(tmp_path: Path) -> None:
    backend = chats()
    async with workstation(tmp_path, backend) as desk:
        await ready(desk)
        await desk.press(*"first", "enter", *"second")
        await desk.until(lambda: bool(backend.sent()), "the reply arrives")
        await desk.until(lambda: desk.composer_text("c1") == "second", "what came after stays")
        assert [text for _, text, _ in backend.sent()] == ["first"]


# The web's 13 actions


@pytest.mark.parametrize(
    ("keys", "intent"),
    [
        (("o",), SetStatus(ConversationId("c1"), Status.OPEN)),
        (("p",), SetStatus(ConversationId("c1"), Status.PENDING)),
        (("d",), SetStatus(ConversationId("c1"), Status.ON_HOLD)),
        (("s",), SetStatus(ConversationId("c1"), Status.SOLVED)),
        (("e",), SetStatus(ConversationId("c1"), Status.SOLVED)),
        (("q", "y"), EndChat(ConversationId("c1"))),
        (("l", "y"), Leave(ConversationId("c1"))),
        (("t", "B", "o", "enter"), Transfer(ConversationId("c1"), "bo", "")),
        (("y", "up", "up", "enter"), SetPriority(ConversationId("c1"), Priority.URGENT)),
        (("b", "v", "i", "p", "enter"), ChangeTags(ConversationId("c1"), frozenset({"vip"}), frozenset())),
    ],
)
async def test_an_action_reaches_the_backend_for_the_active_chat(
    tmp_path: Path, keys: tuple[str, ...], intent: object
) -> None:
    backend = chats()
    async with workstation(tmp_path, backend) as desk:
        await ready(desk)
        await desk.press("ctrl+x", *keys)
        await desk.until(lambda: intent in backend.intents, f"{intent}, has {backend.intents}")


async def test_joining_from_the_hotlist_takes_the_chat_under_its_cursor(tmp_path: Path) -> None:
    backend = chats(1)
    backend.chat(2, joined=False)
    async with workstation(tmp_path, backend) as desk:
        await desk.until(lambda: len(desk.app.hotlist.order) == 2, "two rows")
        await desk.press("f3", "down", "ctrl+x", "g")
        await desk.until(lambda: Join(ConversationId("c2")) in backend.intents, "joined")
        assert desk.active == "c2"


async def test_solving_sends_what_is_written_first(tmp_path: Path) -> None:
    backend = chats()
    async with workstation(tmp_path, backend) as desk:
        await ready(desk)
        await desk.type("bye")
        await desk.press("ctrl+x", "e")
        await desk.until(lambda: SetStatus(ConversationId("c1"), Status.SOLVED) in backend.intents, "solved")
        await desk.until(lambda: backend.sent() == [("c1", "bye", Visibility.PUBLIC)], "sent")


async def test_next_and_previous_ticket_go_through_the_hotlist(tmp_path: Path) -> None:
    async with workstation(tmp_path, chats(3)) as desk:
        await ready(desk, 3)
        await desk.press("ctrl+x", "k")
        assert desk.active == "c2"
        await desk.press("ctrl+x", "j")
        assert desk.active == "c1"


async def test_a_new_ticket(tmp_path: Path) -> None:
    backend = chats(1)
    async with workstation(tmp_path, backend) as desk:
        await desk.opened("c1")
        await desk.press("ctrl+x", "n", *"x@y", "tab", *"Hi", "enter")
        await desk.until(
            lambda: any(isinstance(item, CreateConversation) for item in backend.intents), f"created\n{desk.text}"
        )


async def test_an_attached_file_goes_with_the_pane_it_was_attached_in(tmp_path: Path) -> None:
    backend = chats()
    file = tmp_path / "files" / "terms.txt"
    file.parent.mkdir()
    file.write_text("terms")
    async with workstation(tmp_path / "desk", backend) as desk:
        await ready(desk)
        desk.app.folder = file.parent
        await desk.press("ctrl+x", "a", *"terms", "enter")
        await desk.until(lambda: "terms.txt" in desk.text, "the file is named")
        await desk.press("ctrl+x", str(desk.order.index("c2") + 1), *"hi", "enter")
        await desk.until(lambda: bool(backend.sent()), "the reply of the other pane")
        await desk.press("ctrl+x", str(desk.order.index("c1") + 1), *"here", "enter")
        await desk.until(lambda: len(backend.sent()) == 2, "the reply with the file")
        files = {item.conversation_id: item.attachments for item in backend.intents if isinstance(item, Send)}
        assert files[ConversationId("c2")] == ()
        assert [item.name for item in files[ConversationId("c1")]] == ["terms.txt"]


@pytest.mark.parametrize("action_id", [item for item in WEB_ACTIONS if item not in ("ticket.next", "ticket.previous")])
async def test_what_a_backend_cannot_do_is_said_and_not_tried(tmp_path: Path, action_id: str) -> None:
    backend = ScriptedConnector(capabilities=UNABLE)
    backend.chat(1, joined=action_id != "chat.join")
    async with workstation(tmp_path, backend) as desk:
        await desk.until(lambda: len(desk.app.hotlist.order) == 1, "one row")
        await desk.app.deck.open(ConversationId("acme/c1"))
        await desk.app.router.run(action_id)
        await desk.until(lambda: bool(desk.app.notices), f"{action_id} is refused in words")
        assert backend.intents == []
        assert len(desk.app.screen_stack) == 1


# Questions and dialogs


async def test_a_question_is_answered_with_no_unless_one_says_yes(tmp_path: Path) -> None:
    backend = chats()
    async with workstation(tmp_path, backend) as desk:
        await ready(desk)
        await desk.press("ctrl+x", "q")
        assert isinstance(desk.app.screen, ConfirmScreen)
        await desk.press("enter")
        assert len(desk.app.screen_stack) == 1
        assert not [item for item in backend.intents if isinstance(item, EndChat)]


async def test_keys_typed_before_a_question_could_be_read_do_not_answer_it(tmp_path: Path) -> None:
    backend = chats()
    async with workstation(tmp_path, backend) as desk:
        await ready(desk)
        desk.app._question_grace = 3600.0
        await desk.press("ctrl+x", "q", "y", "enter")
        assert isinstance(desk.app.screen, ConfirmScreen)
        assert desk.composer_text("c1") == "y"
        assert not [item for item in backend.intents if isinstance(item, EndChat)]


async def test_a_wrong_second_key_is_swallowed(tmp_path: Path) -> None:
    async with workstation(tmp_path, chats()) as desk:
        await ready(desk)
        await desk.press("ctrl+x", "x", "a")
        assert desk.composer_text("c1") == "a"


async def test_the_overlay_shows_what_can_follow_and_goes_again(tmp_path: Path) -> None:
    async with workstation(tmp_path, chats()) as desk:
        await ready(desk)
        await desk.press("ctrl+x")
        await desk.until(lambda: "Transfer" in desk.text, "the overlay")
        await desk.press("escape")
        await desk.until(lambda: "Transfer" not in desk.text, "it goes")
        assert desk.composer_text("c1") == ""


async def test_the_palette_runs_an_action_for_the_pane_it_was_called_from(tmp_path: Path) -> None:
    backend = chats()
    async with workstation(tmp_path, backend) as desk:
        await ready(desk)
        await desk.press("f12", *"pending", "enter")
        await desk.until(
            lambda: SetStatus(ConversationId("c1"), Status.PENDING) in backend.intents, f"pending\n{desk.text}"
        )


async def test_help_names_every_action(tmp_path: Path) -> None:
    async with workstation(tmp_path, chats(), size=(120, 200)) as desk:
        await ready(desk)
        await desk.press("f1")
        await desk.until(lambda: "Private note" in desk.text, "the help")
        await desk.press("escape")
        assert len(desk.app.screen_stack) == 1


async def test_the_first_steps_are_shown_once(tmp_path: Path) -> None:
    async with workstation(tmp_path, chats(), first_steps=True) as desk:
        await desk.until(lambda: isinstance(desk.app.screen, IntroScreen), "the first steps")
        await desk.press("enter")
        await desk.until(lambda: len(desk.app.screen_stack) == 1, "they go")
    async with workstation(tmp_path, chats(), first_steps=True) as desk:
        await desk.until(lambda: len(desk.order) == 2, "two panes")
        assert len(desk.app.screen_stack) == 1


async def test_find_goes_into_the_transcript_and_back(tmp_path: Path) -> None:
    backend = chats()
    async with workstation(tmp_path, backend) as desk:
        await ready(desk)
        await desk.press("f5", *"hello")
        await desk.until(lambda: "1 of 1" in desk.text, "the count")
        await desk.press("escape", "x")
        assert desk.composer_text("c1") == "x"
