"""Canned responses in the running workstation: what goes with them, and writing, editing, keeping and proposing them."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from textual.widgets import Input

from paradesk.canned import Library, load_library
from paradesk.config.own_responses import own_directory, proposals_directory
from paradesk.config.settings import Settings
from paradesk.core.intents import ChangeTags, Send, SetPriority, SetStatus
from paradesk.core.model import ConversationId, Priority, Status, Visibility
from paradesk.guard.verdict import Verdict
from paradesk.ui.screens.picker import PickerScreen
from paradesk.ui.screens.writing import WritingScreen
from paradesk.ui.widgets.text_field import TextField
from tests.ui.scripted import UNABLE, ScriptedConnector
from tests.ui.workstation import Workstation, workstation

TODAY = date.today()
TEAM = f"""
# The team's.
[[response]]
id = "refund.claim"
title = "Claim form"
folder = "refunds/forms"
shortcut = "claim"
attachments = ["form.txt"]
links = [{{ title = "Policy", url = "https://example.com/policy" }}]
then = {{ status = "pending", add_tags = ["claim"], priority = "high" }}
active_to = {TODAY + timedelta(days=3)}
[response.body]
en = "Hi {{{{ customer.first_name }}}}, here is the form."
de = "Hallo {{{{ customer.first_name }}}}, anbei das Formular."

[[response]]
id = "mail.only"
title = "Letter"
channels = ["email"]
[response.body]
en = "Dear customer"

[[response]]
id = "old.offer"
title = "Old offer"
active_to = {TODAY - timedelta(days=1)}
[response.body]
en = "Only today"

[[response]]
id = "greeting.plain"
title = "Plain hello"
folder = "greetings"
[response.body]
en = "Hello"
"""


@pytest.fixture
def team(tmp_path: Path) -> Path:
    folder = tmp_path / "team"
    folder.mkdir()
    (folder / "all.toml").write_text(TEAM, encoding="utf-8")
    (folder / "form.txt").write_text("fill me in")
    return folder


def library_of(team: Path) -> Library:
    library, findings = load_library([team])
    assert findings == []
    return library


def chat(*, able: bool = True) -> ScriptedConnector:
    backend = ScriptedConnector() if able else ScriptedConnector(capabilities=UNABLE)
    backend.chat(1, text="I would like my money back")
    return backend


async def open_picker(desk: Workstation, *typed: str) -> PickerScreen:
    await desk.press("f2")
    await desk.until(lambda: isinstance(desk.app.screen, PickerScreen), "the picker")
    for text in typed:
        await desk.type(text)
    screen = desk.app.screen
    assert isinstance(screen, PickerScreen)
    return screen


async def pick(desk: Workstation, word: str) -> None:
    await open_picker(desk, word)
    await desk.press("enter")
    await desk.until(lambda: not isinstance(desk.app.screen, PickerScreen), "the picker is closed")


def changes(backend: ScriptedConnector) -> list[object]:
    return [item for item in backend.intents if isinstance(item, (Send, SetStatus, ChangeTags, SetPriority))]


def told(desk: Workstation) -> str:
    return "\n".join(notice.text for notice in desk.app.notices)


async def test_what_goes_with_a_response_is_shown_and_done_after_the_reply(team: Path, tmp_path: Path) -> None:
    backend = chat()
    async with workstation(tmp_path / "w", backend, library=library_of(team)) as desk:
        await desk.opened("c1")
        await open_picker(desk, "claim")
        for words in ("then: set pending · add tag claim · priority", "with: form.txt 10 B", "Policy https://"):
            assert words in desk.text
        assert "ends in 3 days" in desk.text
        await desk.press("enter")
        await desk.until(lambda: "[then] set pending · add tag claim" in desk.text, "the changes on the composer")
        assert "form.txt" in desk.text
        assert changes(backend) == []
        await desk.press("enter")
        await desk.until(lambda: len(changes(backend)) == 4, "reply and three changes")
        sent = next(item for item in backend.intents if isinstance(item, Send))
        assert [file.name for file in sent.attachments] == ["form.txt"]
        assert {type(item) for item in changes(backend)} == {Send, SetStatus, ChangeTags, SetPriority}
        await desk.until(lambda: "[then]" not in desk.text, "nothing waits any more")
        thread = desk.app.state.threads[ConversationId("acme/c1")]
        await desk.until(
            lambda: desk.app.state.threads[thread.conversation.id].conversation.status is Status.PENDING, "pending"
        )
        assert desk.app.state.threads[thread.conversation.id].conversation.priority is Priority.HIGH


async def test_changes_can_be_left_out_and_go_with_the_text(team: Path, tmp_path: Path) -> None:
    backend = chat()
    async with workstation(tmp_path / "w", backend, library=library_of(team)) as desk:
        await desk.opened("c1")
        await pick(desk, "claim")
        await desk.until(lambda: "[then]" in desk.text, "the changes")
        await desk.press("ctrl+x", "backspace")
        await desk.until(lambda: "[then]" not in desk.text, "left out")
        await desk.press("ctrl+x", "backspace")
        assert "Nothing would be changed" in told(desk)
        await desk.press("enter")
        await desk.until(lambda: len(changes(backend)) == 1, "the reply alone")
        await pick(desk, "claim")
        await desk.until(lambda: "[then]" in desk.text, "the changes again")
        await desk.press("ctrl+l", "backspace")
        await desk.until(lambda: "[then]" not in desk.text, "gone with the text")
        await desk.type("no")
        await desk.press("enter")
        await desk.until(lambda: len(backend.sent()) == 2, "the second reply")
        await desk.pilot.pause()
        assert [type(item) for item in changes(backend)] == [Send, Send]


async def test_what_the_backend_cannot_do_is_said_and_the_reply_goes(team: Path, tmp_path: Path) -> None:
    backend = chat(able=False)
    async with workstation(tmp_path / "w", backend, library=library_of(team)) as desk:
        await desk.opened("c1")
        await pick(desk, "claim")
        assert "form.txt is not attached" in told(desk)
        await desk.press("enter")
        await desk.until(lambda: len(backend.sent()) == 1, "the reply")
        await desk.until(lambda: "not done: priority high" in told(desk), "all three said")
        assert "not done: set pending" in told(desk)
        assert "not done: change of tags" in told(desk)
        assert len(changes(backend)) == 1


async def test_a_refused_reply_keeps_what_goes_with_it(
    team: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = chat()
    async with workstation(tmp_path / "w", backend, library=library_of(team)) as desk:
        await desk.opened("c1")
        await pick(desk, "claim")
        monkeypatch.setattr("paradesk.ui.sender.refusal", lambda *_: "not now")
        await desk.press("enter")
        await desk.until(lambda: "not now" in told(desk), "refused")
        assert "[then] set pending" in desk.text
        monkeypatch.undo()
        await desk.press("enter")
        await desk.until(lambda: len(changes(backend)) == 4, "all of it")


async def test_within_the_hold_everything_is_taken_back(
    team: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = chat()
    async with workstation(tmp_path / "w", backend, library=library_of(team)) as desk:
        await desk.opened("c1")
        await pick(desk, "claim")
        guard = desk.app.sender.guarding._guard
        monkeypatch.setattr(guard, "look", lambda *_: Verdict((), 30.0))
        await desk.press("enter")
        await desk.until(lambda: desk.composer_text("c1") == "", "accepted, and held")
        await desk.until(lambda: "[then]" not in desk.text, "the changes wait with it")
        await desk.press("escape")
        await desk.until(lambda: "[then] set pending" in desk.text, "taken back")
        assert "here is the form" in desk.composer_text("c1")
        assert changes(backend) == []
        monkeypatch.undo()
        monkeypatch.setattr(guard, "look", lambda *_: Verdict((), 0.05))
        await desk.press("enter")
        await desk.until(lambda: len(changes(backend)) == 4, "after the hold")


async def test_a_note_and_a_reply_have_their_own_changes(team: Path, tmp_path: Path) -> None:
    backend = chat()
    async with workstation(tmp_path / "w", backend, library=library_of(team)) as desk:
        await desk.opened("c1")
        await pick(desk, "claim")
        await desk.until(lambda: "[then]" in desk.text, "the changes")
        await desk.press("f9")
        await desk.until(lambda: "[then]" not in desk.text, "none for the note")
        await desk.press("f9")
        await desk.until(lambda: "[then]" in desk.text, "the reply's again")
        place = ConversationId("acme/c1")
        assert desk.app.sender.follow_ups.of(place, Visibility.PUBLIC)
        assert not desk.app.sender.follow_ups.of(place, Visibility.NOTE)


async def test_folders_languages_and_what_is_not_offered(team: Path, tmp_path: Path) -> None:
    async with workstation(tmp_path / "w", chat(), library=library_of(team)) as desk:
        await desk.opened("c1")
        picker = await open_picker(desk)
        assert "Letter" not in desk.text
        assert "Old offer" not in desk.text
        assert "2 of 2" in desk.text
        await desk.press("f5")
        await desk.until(lambda: "all folders" in desk.text, "the folders")
        assert "refunds/forms" in desk.text
        await desk.type("forms")
        await desk.press("enter")
        assert picker.folder == "refunds/forms"
        await desk.until(lambda: "1 of 2" in desk.text, "one response")
        assert "folder: refunds/forms" in desk.text
        assert "Hi Sarah" in desk.text
        await desk.press("f4")
        await desk.until(lambda: "Hallo Sarah" in desk.text, "its other language")
        await desk.press("f4")
        await desk.until(lambda: "Hi Sarah" in desk.text, "the first one again")
        await desk.press("f5", "escape")
        assert desk.app.screen is picker
        await desk.press("f3")
        assert (picker.folder, picker.language) == ("", "en")
        await desk.press("f5", "f5")
        await desk.until(lambda: "2 of 2" in desk.text, "the responses again")


async def writing(desk: Workstation) -> WritingScreen:
    await desk.until(lambda: isinstance(desk.app.screen, WritingScreen), "the screen for writing")
    screen = desk.app.screen
    assert isinstance(screen, WritingScreen)
    return screen


async def saved(desk: Workstation, key: str = "f2") -> None:
    await desk.press(key)
    await desk.until(lambda: not isinstance(desk.app.screen, WritingScreen), "saved")


async def test_write_one_with_live_checks_and_use_it_at_once(team: Path, tmp_path: Path) -> None:
    async with workstation(tmp_path / "w", chat(), library=library_of(team)) as desk:
        await desk.opened("c1")
        await desk.type("half a reply")
        focused = desk.app.focused
        await desk.press("ctrl+x", "f2")
        screen = await writing(desk)
        assert "still needs an id, a title, a text" in desk.text
        await desk.type("Late parcel")
        assert screen.writing().id == "late_parcel"
        await desk.press("f2")
        assert "not saved: it needs a text" in desk.text
        assert desk.app.focused is screen.query_one(TextField)
        await desk.type("Sorry {{ customer.first_nam }},")
        await desk.until(lambda: "unknown placeholder" in desk.text, "the fault, live")
        assert "Did you mean `customer.first_name`?" in desk.text
        await desk.press("f2")
        assert desk.app.screen is screen
        await desk.press(*["left"] * 4)
        await desk.type("e")
        await desk.until(lambda: "Sorry Sarah," in desk.text, "filled for this customer")
        await desk.press("end", "enter")
        await desk.type("it is late.")
        await desk.press("f4")
        assert screen.language == "de"
        await desk.type("Entschuldigung")
        await desk.press("f4")
        assert screen.query_one(TextField).text == "Sorry {{ customer.first_name }},\nit is late."
        await saved(desk)
        assert desk.app.focused is focused
        assert desk.composer_text("c1") == "half a reply"
        assert f"late_parcel is saved in {own_directory()}" in told(desk)
        await desk.press("ctrl+l", "backspace")
        await pick(desk, "late parcel")
        assert desk.composer_text("c1") == "Sorry Sarah,\nit is late."
    library, findings = load_library([own_directory_of(tmp_path)])
    assert findings == []
    assert library.responses[0].body == {
        "en": "Sorry {{ customer.first_name }},\nit is late.", "de": "Entschuldigung",
    }  # fmt: skip


def own_directory_of(tmp_path: Path) -> Path:
    return tmp_path / "w" / "config" / "canned_responses"


async def test_closing_asks_before_anything_is_lost(team: Path, tmp_path: Path) -> None:
    async with workstation(tmp_path / "w", chat(), library=library_of(team)) as desk:
        await desk.opened("c1")
        await desk.press("ctrl+x", "f2")
        await writing(desk)
        await desk.press("escape")
        await desk.until(lambda: not isinstance(desk.app.screen, WritingScreen), "closed at once")
        await desk.press("ctrl+x", "f2")
        screen = await writing(desk)
        await desk.type("x")
        await desk.press("escape")
        await desk.until(lambda: "Close without saving?" in desk.text, "the question")
        await desk.press("n")
        await desk.until(lambda: desk.app.screen is screen, "still there")
        assert screen.query_one("#title", Input).value == "x"
        await desk.press("escape")
        await desk.until(lambda: "Close without saving?" in desk.text, "the question again")
        await desk.press("y")
        await desk.until(lambda: len(desk.app.screen_stack) == 1, "closed")
        assert not own_directory().exists()


async def test_editing_the_teams_makes_a_copy_and_editing_mine_changes_it(team: Path, tmp_path: Path) -> None:
    before = (team / "all.toml").read_bytes()
    async with workstation(tmp_path / "w", chat(), library=library_of(team)) as desk:
        await desk.opened("c1")
        for addition in (" One.", " Two."):
            await open_picker(desk, "claim")
            await desk.press("f6")
            screen = await writing(desk)
            assert ("Saving makes a copy" in desk.text) is (addition == " One.")
            desk.app.screen.set_focus(screen.query_one(TextField))
            await desk.press("ctrl+end")
            await desk.type(addition)
            await saved(desk)
        await pick(desk, "claim")
        assert desk.composer_text("c1") == "Hi Sarah, here is the form. One. Two."
        assert "[then] set pending" in desk.text
        assert "form.txt" in desk.text
        text = (own_directory() / "mine.toml").read_text()
        assert text.count("[[response]]") == 1
    assert (team / "all.toml").read_bytes() == before


async def test_a_response_that_cannot_be_written_stays_on_the_screen(team: Path, tmp_path: Path) -> None:
    async with workstation(tmp_path / "w", chat(), library=library_of(team)) as desk:
        await desk.opened("c1")
        own_directory().mkdir(parents=True)
        (own_directory() / "mine.toml").write_text("[[response]\n")
        await desk.press("ctrl+x", "f2")
        screen = await writing(desk)
        await desk.type("Mine")
        screen.set_focus(screen.query_one(TextField))
        await desk.type("text")
        await desk.press("f2")
        await desk.until(lambda: "not TOML" in desk.text, "why not")
        assert desk.app.screen is screen
        assert screen.query_one(TextField).text == "text"
        assert (own_directory() / "mine.toml").read_text() == "[[response]\n"


async def test_a_sent_reply_becomes_a_response_with_placeholders(team: Path, tmp_path: Path) -> None:
    backend = chat()
    async with workstation(tmp_path / "w", backend, library=library_of(team)) as desk:
        await desk.opened("c1")
        await desk.press("ctrl+x", "f4")
        assert "no reply has been sent" in told(desk)
        await desk.type("Hi Sarah, ticket 1241 is done")
        await desk.press("enter")
        await desk.until(lambda: len(backend.sent()) == 1, "the reply")
        await desk.until(lambda: "is done" in desk.text and not desk.composer_text("c1"), "in the transcript")
        await desk.press("ctrl+x", "f4")
        screen = await writing(desk)
        assert screen.query_one(TextField).text == (
            "Hi {{ customer.first_name }}, ticket {{ conversation.number }} is done"
        )
        assert "“Sarah” → customer.first_name" in desk.text
        assert "Hi Sarah, ticket 1241 is done" in desk.text
        await desk.type("Done")
        await saved(desk)
        await pick(desk, "done")
        assert desk.composer_text("c1") == "Hi Sarah, ticket 1241 is done"


async def test_a_proposal_is_a_patch_in_a_folder_that_is_named(team: Path, tmp_path: Path) -> None:
    settings = replace(Settings(), canned=(team,))
    async with workstation(tmp_path / "w", chat(), library=library_of(team), settings=settings) as desk:
        await desk.opened("c1")
        await open_picker(desk, "claim")
        await desk.press("f7")
        screen = await writing(desk)
        assert "Propose a change of refund.claim" in desk.text
        await desk.press("f7")
        assert "nothing was changed" in desk.text
        screen.set_focus(screen.query_one(TextField))
        await desk.press("ctrl+end")
        await desk.type(" Please")
        await saved(desk, "f7")
        folder = proposals_directory() / f"{TODAY}-refund.claim"
        assert str(folder) in told(desk)
        patch = (folder / "refund.claim.patch").read_text()
        assert "--- a/all.toml" in patch
        assert '+en = "Hi {{ customer.first_name }}, here is the form. Please"' in patch
        assert not own_directory().exists()
