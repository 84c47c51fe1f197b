"""What a pane says about a reply that can still be taken back."""

from dataclasses import replace

import pytest

from paradesk.core.model import ClientId, Delivery
from paradesk.core.state import Sending
from paradesk.ui.titles import foot_of, newest_held
from tests.unit.ui.transcripts import NOW, own, thread


def held(number: int, until: float | None) -> dict[ClientId, Sending]:
    return {ClientId(f"c{number}"): Sending(delivery=Delivery.QUEUED, message=own(number), held_until=until)}


@pytest.mark.parametrize(("left", "seconds"), [(3.9, 4), (3.0, 3), (0.2, 1)])
def test_the_foot_counts_whole_seconds_down(left: float, seconds: int) -> None:
    chat = replace(thread([]), sends=held(1, NOW + left))
    assert foot_of(chat, "r", "u", "esc", NOW) == f"sending in {seconds} … esc takes it back"


def test_what_has_left_cannot_be_taken_back() -> None:
    chat = replace(thread([]), sends=held(1, NOW) | held(2, None))
    assert newest_held(chat, NOW) is None
    assert foot_of(chat, "r", "u", "esc", NOW) == ""


def test_the_newest_of_two_is_taken_back() -> None:
    chat = replace(thread([]), sends=held(2, NOW + 2) | held(1, NOW + 1))
    found = newest_held(chat, NOW)
    assert found is not None
    assert found[0] == "c2"
