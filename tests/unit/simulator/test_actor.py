"""Customers say what depends on what they are told, and lose their patience."""

from pathlib import Path

import pytest

from paradesk.connectors.simulator.agent import AgentSide
from paradesk.connectors.simulator.chat import StoredFile
from paradesk.connectors.simulator.loader import SHIPPED, read_scenario
from paradesk.core.events import MessageDeleted, MessageEdited, ReadMarked, TypingChanged
from paradesk.core.model import ClientId, Role, Status, Visibility
from tests.unit.simulator.playing import Scene, staged, written

SMALL = """
[scenario]
title = "Small"
start = "asks"
subject = { en = "Small", de = "Klein" }
%s
[states.asks]
say = [{ en = "Where is {order.id}?", de = "Wo ist {order.id}?" }]

[[states.asks.on]]
when = ["refund_promised"]
mood = 3
goto = "happy"

[[states.asks.on]]
when = ["refusal"]
mood = -3
say = [{ en = "What?!", de = "Wie bitte?!" }]

[[states.asks.on]]
phrases = { en = ["blue moon"], de = ["blauer mond"] }
once = true
say = [{ en = "Once only.", de = "Nur einmal." }]

[[states.asks.on]]
when = ["file"]
say = [{ en = "Got the file.", de = "Datei ist da." }]

[[states.asks.on]]
when = ["status:on_hold"]
say = [{ en = "On hold?", de = "Warten?" }]

[states.happy]
say = [{ en = "Great!", de = "Toll!" }]
end = true
"""


def scene(folder: Path, more: str = "", *, language: str = "en", joined: bool = True) -> Scene:
    return Scene(written(folder, SMALL % more), language=language, joined=joined)


def test_first_line_is_filled_for_this_customer(tmp_path: Path) -> None:
    stage = scene(tmp_path)
    stage.world.advance(20)
    assert stage.said() == [f"Where is {stage.person.order['id']}?"]


def test_german_customers_speak_german(tmp_path: Path) -> None:
    stage = scene(tmp_path, language="de")
    stage.world.advance(20)
    assert stage.said() == [f"Wo ist {stage.person.order['id']}?"]
    assert stage.new_after("Leider können wir das nicht tun.") == ["Wie bitte?!"]


def test_others_greet_in_their_own_language_and_go_on_in_english(tmp_path: Path) -> None:
    stage = scene(tmp_path, language="zh")
    stage.world.advance(30)
    assert stage.said()[0].startswith("你好")
    assert stage.said()[1].startswith("Where is")


def test_answer_depends_on_what_was_said(tmp_path: Path) -> None:
    promised, refused = scene(tmp_path), scene(tmp_path)
    for stage in (promised, refused):
        stage.world.advance(20)
    assert promised.new_after("You will get a refund tomorrow.") == ["Great!"]
    assert refused.new_after("Unfortunately that is not possible.") == ["What?!"]
    assert refused.actor.mood < promised.actor.mood


def test_satisfied_customer_leaves(tmp_path: Path) -> None:
    stage = scene(tmp_path)
    stage.world.advance(20)
    stage.new_after("Here is your refund.")
    assert stage.chat.conversation.ended
    assert stage.chat.last is not None
    assert stage.chat.last.role is Role.SYSTEM


def test_rule_with_once_applies_once(tmp_path: Path) -> None:
    stage = scene(tmp_path)
    stage.world.advance(20)
    assert stage.new_after("Blue  MOON tonight") == ["Once only."]
    assert stage.new_after("blue moon again", 20) == []


def test_several_replies_are_understood_together(tmp_path: Path) -> None:
    stage = scene(tmp_path)
    stage.world.advance(20)
    stage.answer("One second.")
    assert stage.new_after("You get your money back.") == ["Great!"]


def test_file_and_status_are_noticed(tmp_path: Path) -> None:
    stage = scene(tmp_path)
    stage.world.advance(20)
    known = len(stage.said())
    file = StoredFile("label.pdf", "application/pdf", b"%PDF")
    stage.agent.says(stage.id, "", Visibility.PUBLIC, ClientId("f"), [file])
    stage.world.advance(20)
    stage.agent.set_status(stage.id, Status.ON_HOLD, None)
    stage.world.advance(20)
    assert stage.said()[known:] == ["Got the file.", "On hold?"]


def test_note_is_not_noticed(tmp_path: Path) -> None:
    stage = scene(tmp_path)
    stage.world.advance(20)
    stage.agent.says(stage.id, "refund this one", Visibility.NOTE, ClientId("n"))
    stage.world.advance(20)
    assert len(stage.said()) == 1


def test_reply_is_read_before_it_is_answered(tmp_path: Path) -> None:
    stage = scene(tmp_path)
    stage.world.advance(20)
    position = stage.world.log.position
    stage.answer("Here is your refund.")
    stage.world.advance(40)
    kinds = [type(event).__name__ + str(getattr(event, "typing", "")) for event in stage.world.batch(position).events]
    read, typing = kinds.index("ReadMarked"), kinds.index("TypingChangedTrue")
    assert read < typing < kinds.index("MessageUpserted", typing)
    assert kinds.index("TypingChangedFalse") > typing
    marks = [event for event in stage.world.batch(position).events if isinstance(event, ReadMarked)]
    assert marks[0].message_id == next(m.id for m in stage.chat.all() if m.role is Role.AGENT)


def test_kept_waiting_they_write_again_and_leave_in_the_end(tmp_path: Path) -> None:
    stage = scene(tmp_path, '[patience]\nfirst = 30\nagain = 30\n[nudge]\nen = ["Hello?"]\n[goodbye]\nen = "Bye then."')
    stage.world.advance(25)
    assert len(stage.said()) == 1
    stage.world.advance(200)
    assert stage.said()[1:] == ["Hello?", "Bye then."]
    assert stage.chat.conversation.ended
    assert stage.actor.mood < 0


def test_some_never_leave(tmp_path: Path) -> None:
    stage = scene(tmp_path, '[patience]\nfirst = 30\nagain = 30\nleaves = false\n[nudge]\nen = ["Hello?"]')
    stage.world.advance(2000)
    assert stage.said()[1:] == ["Hello?"]
    assert not stage.chat.conversation.ended


def test_answer_in_time_keeps_them_calm(tmp_path: Path) -> None:
    stage = scene(tmp_path, "[patience]\nfirst = 30\nagain = 30")
    stage.world.advance(25)
    stage.answer("Let me check that.")
    stage.world.advance(30)
    assert len(stage.said()) == 1


def test_typing_agent_is_given_more_time(tmp_path: Path) -> None:
    patient, left_alone = (scene(tmp_path, "[patience]\nfirst = 30\nagain = 30") for _ in "ab")
    for _ in range(14):
        patient.world.advance(5)
        patient.agent.types(patient.id, True)
    left_alone.world.advance(70)
    assert len(left_alone.said()) > 1
    assert len(patient.said()) == 1


def test_queue_is_more_patient_and_then_gone(tmp_path: Path) -> None:
    stage = scene(tmp_path, "[patience]\nfirst = 30\nagain = 30", joined=False)
    stage.world.advance(60)
    assert len(stage.said()) == 1
    stage.world.advance(600)
    assert stage.chat.removed


def test_colleagues_take_over_in_silence(tmp_path: Path) -> None:
    stage = scene(tmp_path)
    stage.world.advance(20)
    AgentSide(stage.world).transfer(stage.id, "team-billing", "")
    known = len(stage.chat.all())
    stage.world.advance(1000)
    assert len(stage.chat.all()) == known


def test_solving_ends_it_for_the_content_and_enrages_the_angry(tmp_path: Path) -> None:
    content, angry = scene(tmp_path), scene(tmp_path)
    for stage in (content, angry):
        stage.world.advance(20)
    angry.new_after("Unfortunately not.")
    for stage in (content, angry):
        stage.agent.set_status(stage.id, Status.SOLVED, None)
        stage.world.advance(40)
    assert content.chat.conversation.ended
    assert content.chat.conversation.status is Status.SOLVED or content.said()[-1]
    assert not angry.chat.conversation.ended
    assert angry.chat.conversation.status is Status.OPEN


def test_typo_is_edited() -> None:
    stage = Scene(read_scenario(SHIPPED / "address_change.toml"))
    stage.world.advance(30)
    stage.new_after("What is the new address?", 60)
    edited = [m for m in stage.chat.all() if m.edited]
    assert [m.body for m in edited] == ["14 Mill Lane, Bristol BS1 4DJ"]
    assert any(isinstance(event, MessageEdited) for event in stage.world.batch(0).events)


def test_password_is_withdrawn() -> None:
    stage = Scene(read_scenario(SHIPPED / "login_trouble.toml"))
    stage.world.advance(30)
    stage.new_after("Here is your password reset link: https://acme.example/reset", 90)
    assert any(isinstance(event, MessageDeleted) for event in stage.world.batch(0).events)
    assert not any("Sunshine" in m.body for m in stage.chat.all())


def test_typing_and_stopping_without_a_word() -> None:
    stage = Scene(read_scenario(SHIPPED / "late_night.toml"))
    stage.world.advance(60)
    typing = [event.typing for event in stage.world.batch(0).events if isinstance(event, TypingChanged)]
    assert typing.count(True) == typing.count(False)
    assert typing.count(True) == sum(m.role is Role.CUSTOMER for m in stage.chat.all()) + 1


@pytest.mark.parametrize(
    ("name", "question", "start"),
    [("login_trouble", "Could you send a screenshot?", b"\x89PNG"), ("double_charge", "Any proof?", b"date,")],
)
def test_files_are_sent_on_request(name: str, question: str, start: bytes) -> None:
    stage = Scene(read_scenario(SHIPPED / f"{name}.toml"))
    stage.world.advance(30)
    stage.new_after(question, 60)
    files = [stage.chat.files[a.id] for m in stage.chat.all() for a in m.attachments]
    assert len(files) == 1
    assert files[0].content.startswith(start)


def test_outbound_customer_answers() -> None:
    world = staged()
    conversation_id, _ = AgentSide(world).begins("someone@mail.example", "Recall", "Is tomorrow at ten fine for you?")
    world.advance(60)
    assert [m.body for m in world.chat(conversation_id).all() if m.role is Role.CUSTOMER] == ["Yes, that works for me."]
