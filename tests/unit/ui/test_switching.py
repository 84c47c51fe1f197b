"""What was on its way while the active chat changed, and what is ordinary quick work."""

from dataclasses import dataclass

import pytest

from paradesk.core.model import ConversationId
from paradesk.keymap.actions import ACTIONS
from paradesk.ui.switching import CANNOT_BE_TAKEN_BACK, FLOW, LIFTED, NOTICED, REFLEX, Cause, Switching

SARAH, JONAS = ConversationId("acme/c1"), ConversationId("acme/c2")


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


class Desk:
    """An agent in Sarah's chat, who has just typed there."""

    def __init__(self, *, unfinished: bool = True) -> None:
        self.clock = Clock()
        self.switching = Switching(self.clock)
        self.unfinished = unfinished
        self.switching.entered(SARAH, unfinished=lambda _chat: False)
        self.clock.now += 10
        self.switching.typed(SARAH, self.clock.now)

    def go(self, cause: Cause, *, after: float = 0.1, takes: float = 0.02) -> float:
        """Go to Jonas; returns when the input that did it came in."""
        arrived = self.clock.now = self.clock.now + after
        self.switching.begin(cause, arrived)
        self.switching.entered(JONAS, unfinished=lambda _chat: self.unfinished)
        self.clock.now += takes
        self.switching.end()
        return arrived


def test_actions_that_cannot_be_taken_back_exist() -> None:
    assert {"composer.send", "guard.move", "status.solved", "chat.end"} <= CANNOT_BE_TAKEN_BACK <= set(ACTIONS)


def test_a_key_from_before_the_switch_was_done_writes_but_does_not_send() -> None:
    desk = Desk(unfinished=False)
    arrived = desk.go(Cause.KEY, takes=1.0)
    assert not desk.switching.allows("composer.send", arrived + 0.9)
    assert not desk.switching.allows("ticket.solve", arrived + 0.9)
    assert desk.switching.allows("composer.undo", arrived + 0.9)
    assert desk.switching.allows("pane.next", arrived + 0.9)
    assert desk.switching.allows("composer.send", arrived + 1.0)


def test_keys_right_behind_a_click_were_typed_without_the_hand_that_clicked() -> None:
    desk = Desk(unfinished=False)
    arrived = desk.go(Cause.CLICK)
    assert not desk.switching.allows("composer.send", arrived + LIFTED - 0.01)
    assert desk.switching.allows("composer.send", arrived + LIFTED)


def test_a_change_that_nobody_asked_for_has_to_be_noticed_first() -> None:
    desk = Desk()
    desk.clock.now += 0.1
    desk.switching.entered(JONAS, unfinished=lambda _chat: True)
    assert not desk.switching.allows("composer.send", desk.clock.now + NOTICED - 0.01)
    assert desk.switching.typed(JONAS, desk.clock.now + NOTICED - 0.01) == SARAH
    assert desk.switching.typed(JONAS, desk.clock.now + NOTICED) is None
    assert desk.switching.allows("composer.send", desk.clock.now + NOTICED)


@pytest.mark.parametrize(("cause", "within"), [(Cause.KEY, REFLEX), (Cause.CLICK, LIFTED)])
def test_the_rest_of_a_word_that_a_switch_has_torn_apart(cause: Cause, within: float) -> None:
    desk = Desk()
    arrived = desk.go(cause, takes=1.0)
    assert desk.switching.typed(JONAS, arrived + within - 0.01) == SARAH
    assert desk.switching.typed(JONAS, arrived + within) is None
    # What came later once was meant for this chat, and so is all that follows.
    assert desk.switching.typed(JONAS, arrived + within - 0.01) is None


def test_a_whole_reply_typed_after_the_switch_is_ordinary_work() -> None:
    nothing_begun = Desk(unfinished=False)
    arrived = nothing_begun.go(Cause.KEY, takes=1.0)
    assert nothing_begun.switching.typed(JONAS, arrived + 0.01) is None

    paused = Desk()
    arrived = paused.go(Cause.CLICK, after=FLOW + 0.01)
    assert paused.switching.typed(JONAS, arrived + 0.01) is None

    quick = Desk()
    arrived = quick.go(Cause.KEY, takes=0.02)
    assert quick.switching.typed(JONAS, arrived + 0.03) is None


def test_going_to_the_chat_where_one_is_already_changes_nothing() -> None:
    desk = Desk()
    desk.switching.begin(Cause.CLICK, desk.clock.now)
    desk.switching.entered(SARAH, unfinished=lambda _chat: True)
    desk.switching.end()
    assert desk.switching.allows("composer.send", desk.clock.now)
    assert desk.switching.typed(SARAH, desk.clock.now) is None
