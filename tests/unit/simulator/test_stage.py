"""Who is there at the start, who comes later, and what wrong settings say."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from paradesk.connectors.base import ConnectorError
from paradesk.connectors.simulator import SimulatorConnector, Stage
from paradesk.core.model import Role, Status
from tests.unit.simulator.playing import START, staged


def test_two_chats_wait_at_the_start() -> None:
    world = staged()
    chats = world.chats()
    assert len(chats) == 2
    for chat in chats:
        assert chat.conversation.joined
        assert chat.last is not None
        assert chat.last.role is Role.CUSTOMER
        assert chat.last.sent_at < START
    assert chats[0].conversation.customer.name == "Sarah Chen"
    assert chats[1].conversation.customer.name == "Jonas Kühn"


def test_others_come_by_assignment_and_into_the_queue() -> None:
    world = staged(size=6)
    world.advance(120)
    later = [chat.conversation for chat in world.chats()[2:]]
    assert {conversation.joined for conversation in later} == {True, False}
    assert all(c.status is Status.NEW for c in later if not c.joined)
    assert len({c.customer.name for c in later}) == len(later)
    assert len({c.subject for c in later}) > 2
    assert {c.channel for c in later} - {"web"}


@pytest.mark.parametrize("size", [1, 3, 8])
def test_size_is_kept(size: int) -> None:
    world = staged(size=size)
    world.advance(150)
    here = [c for c in world.chats() if not (c.removed or c.conversation.ended)]
    assert len(here) <= size
    came = len(world.chats())
    world.advance(1200)
    assert len(world.chats()) > came, "whoever leaves is followed by others"


def test_many_customers_have_names_of_several_scripts() -> None:
    world = staged(size=30)
    world.advance(900)
    names = "".join(chat.conversation.customer.name for chat in world.chats())
    for first, last in (("А", "я"), ("Α", "ω"), ("\u0600", "\u06ff"), ("\u4e00", "\u9fff"), ("\u0900", "\u097f")):
        assert any(first <= letter <= last for letter in names), f"no letter between {first} and {last}"


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"seed": "abc"}, "seed: 'abc' is not a number"),
        ({"seed": "1.5"}, "seed: 1.5 is not a whole number"),
        ({"speed": "0"}, "speed: 0 is not between"),
        ({"speed": "nan"}, "speed: nan is not between"),
        ({"size": "1000"}, "size: 1000 is not between"),
        ({"scenarios": "/nowhere/at/all"}, "no such directory"),
    ],
)
def test_wrong_setting_is_named(settings: Mapping[str, str], what: str) -> None:
    with pytest.raises(ConnectorError, match=what):
        SimulatorConnector(settings)


def test_empty_settings_mean_the_defaults() -> None:
    assert Stage.from_settings({"seed": "", "speed": ""}) == Stage()


def test_own_scenarios_are_used(tmp_path: Path) -> None:
    (tmp_path / "tea.toml").write_text(
        '[scenario]\nstart = "a"\nsubject = { en = "Tea" }\n[states.a]\nsay = [{ en = "Is there tea?" }]\n',
        encoding="utf-8",
    )
    world = Stage(scenarios=tmp_path, start=START, realtime=False).world()
    world.advance(60)
    assert {chat.conversation.subject for chat in world.chats()} == {"Tea"}


def test_flood_is_preloaded_and_steady() -> None:
    world = Stage(flood=50, preload=200, start=START, realtime=False).world()
    assert [len(chat.all()) for chat in world.chats()] == [200] * 4
    assert all(message.sent_at < START for chat in world.chats() for message in chat.all())
    world.advance(10.001)
    assert sum(len(chat.all()) for chat in world.chats()) == 4 * 200 + 500
    again = Stage(flood=50, preload=200, start=START, realtime=False).world()
    again.advance(10.001)
    assert [chat.all() for chat in world.chats()] == [chat.all() for chat in again.chats()]
