"""A held reply: on disk and accepted, but it can be taken back until its time has come."""

from dataclasses import replace
from pathlib import Path

import pytest

from paradesk.connectors.base import NotSent, Rejected
from paradesk.connectors.capabilities import Support
from paradesk.core.events import ConversationUpserted
from paradesk.core.intents import Send
from paradesk.core.model import ClientId, ConversationId, Delivery, LocalFile, Visibility
from paradesk.core.state import Sending
from paradesk.desk.desk import Desk
from tests.unit.desk.conftest import Start
from tests.unit.desk.scripted import (
    ABLE,
    PATIENCE,
    Scripted,
    conversation,
    delivery,
    online,
    reaches,
    reply,
    wait_for,
)

ONE, TWO = ConversationId("acme/1"), ConversationId("acme/2")
LONG = 3600.0


def held(desk: Desk, body: str, hold: float, where: ConversationId = ONE, *files: LocalFile) -> ClientId:
    client_id = desk.new_client_id()
    send = Send(
        conversation_id=where,
        body=body,
        visibility=Visibility.PUBLIC,
        client_id=client_id,
        attachments=files,
        hold=hold,
    )
    desk.submit(send).result(PATIENCE)
    return client_id


def sending(desk: Desk, client_id: ClientId, where: ConversationId = ONE) -> Sending:
    return desk.state.threads[where].sends[client_id]


def two_chats() -> Scripted:
    connector = Scripted(replace(ABLE, attachments_out=Support.NATIVE))
    connector.first = (ConversationUpserted(conversation("1"), 1), ConversationUpserted(conversation("2"), 1))
    return connector


def bodies(connector: Scripted) -> list[str]:
    return [message.body for message in connector.delivered]


def test_it_leaves_by_itself_when_its_time_has_come(start: Start) -> None:
    """A short hold: seen as queued and held, then delivered once."""
    connector = two_chats()
    desk = start(connector)
    client_id = held(desk, "hi", 0.01)
    reaches(desk, client_id, Delivery.CONFIRMED)
    assert bodies(connector) == ["hi"]


def test_it_holds_its_chat_and_no_other_until_it_is_released(start: Start) -> None:
    """What was accepted later in the same chat waits behind it; `release` lets both go in order."""
    connector = two_chats()
    now = 1_000_000.0
    desk = start(connector, clock=lambda: now)
    first = held(desk, "first", LONG)
    second = reply(desk, "second")
    other = reply(desk, "other", "acme/2")
    reaches(desk, other, Delivery.CONFIRMED, "acme/2")
    assert bodies(connector) == ["other"]
    assert sending(desk, first).held_until == now + LONG
    assert sending(desk, second).held_until is None
    assert delivery(desk, first) is delivery(desk, second) is Delivery.QUEUED
    desk.release(first).result(PATIENCE)
    reaches(desk, second, Delivery.CONFIRMED)
    assert bodies(connector) == ["other", "first", "second"]
    desk.release(first).result(PATIENCE)


def test_it_can_be_taken_back_with_its_files(start: Start, tmp_path: Path) -> None:
    """Nothing leaves; the text is in the draft above what was typed since, and the files come along."""
    connector = two_chats()
    desk = start(connector)
    file = LocalFile(path=str(tmp_path / "a.pdf"), name="a.pdf", media_type="application/pdf", size=3)
    client_id = held(desk, "oops", LONG, ONE, file)
    desk.save_draft(ONE, Visibility.PUBLIC, "since then")
    back = desk.dismiss(client_id).result(PATIENCE)
    assert (back.body, back.attachments, back.draft) == ("oops", (file,), "oops\nsince then")
    assert (back.conversation_id, back.visibility) == (ONE, Visibility.PUBLIC)
    assert desk.state.threads[ONE].drafts == {Visibility.PUBLIC: "oops\nsince then"}
    reaches(desk, reply(desk, "next"), Delivery.CONFIRMED)
    assert bodies(connector) == ["next"]
    again = two_chats()
    desk = start(again)
    assert desk.state.threads[ONE].drafts == {Visibility.PUBLIC: "oops\nsince then"}
    reaches(desk, reply(desk, "last"), Delivery.CONFIRMED)
    assert bodies(again) == ["last"]


def test_a_restart_keeps_the_rest_of_the_hold(start: Start) -> None:
    """Stopped during the hold it stays queued and held; started when the time is over it leaves."""
    now = [1_000_000.0]
    first = two_chats()
    desk = start(first, clock=lambda: now[0])
    client_id = held(desk, "hi", LONG)
    second = two_chats()
    now[0] += LONG / 2
    desk = start(second, clock=lambda: now[0])
    assert sending(desk, client_id).held_until == 1_000_000.0 + LONG
    reaches(desk, reply(desk, "other", "acme/2"), Delivery.CONFIRMED, "acme/2")
    assert delivery(desk, client_id) is Delivery.QUEUED
    third = two_chats()
    now[0] += LONG
    desk = start(third, clock=lambda: now[0])
    reaches(desk, client_id, Delivery.CONFIRMED)
    assert bodies(third) == ["hi"]
    assert first.sent == []


@pytest.mark.parametrize("jump", [-1e9, 1e9])
def test_a_clock_that_jumps_does_not_make_it_wait_longer(start: Start, jump: float) -> None:
    """Set back by years between two runs: it waits at most as long as its hold, here next to nothing."""
    offline = Scripted()

    async def never(scripted: Scripted, desk: object) -> None:
        raise NotSent("no network")

    now = [2e9]
    desk = start(two_chats(), clock=lambda: now[0])
    offline.on_run = never
    desk = start(offline, wait=False, clock=lambda: now[0])
    client_id = held(desk, "hi", 0.05)
    now[0] += jump
    desk = start(two_chats(), clock=lambda: now[0])
    reaches(desk, client_id, Delivery.CONFIRMED)


def test_offline_it_is_held_no_longer_than_said(start: Start) -> None:
    """Without a connection it stays queued, but says that it is not held any more: taking it back still works."""
    offline = Scripted()

    async def never(scripted: Scripted, desk: object) -> None:
        raise NotSent("no network")

    start(two_chats())
    offline.on_run = never
    desk = start(offline, wait=False)
    client_id = held(desk, "hi", 0.01)
    wait_for(desk, lambda state: state.threads[ONE].sends[client_id].held_until is None)
    assert delivery(desk, client_id) is Delivery.QUEUED
    assert desk.dismiss(client_id).result(PATIENCE).draft == "hi"


@pytest.mark.parametrize("hold", [0.0, -5.0, float("nan"), float("inf")])
def test_a_hold_that_is_none(start: Start, hold: float) -> None:
    """Nothing, less than nothing and no number at all: it leaves at once."""
    desk = start(two_chats())
    reaches(desk, held(desk, "hi", hold), Delivery.CONFIRMED)


def test_what_has_left_cannot_be_taken_back(start: Start) -> None:
    """After its release and delivery there is nothing to dismiss."""
    desk = start(two_chats())
    online(desk)
    client_id = held(desk, "hi", LONG)
    desk.release(client_id).result(PATIENCE)
    reaches(desk, client_id, Delivery.CONFIRMED)
    with pytest.raises(Rejected, match="delivered or dismissed"):
        desk.dismiss(client_id).result(PATIENCE)
