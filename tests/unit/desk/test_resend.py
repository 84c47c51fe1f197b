"""What policy and the agent may do about a reply of which nobody knows whether it arrived."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from paradesk.connectors.base import AuthError, ConnectorError, NotSent, RateLimited, Rejected, Uncertain
from paradesk.connectors.capabilities import Support
from paradesk.core.events import MessageUpserted
from paradesk.core.model import Delivery, Link, Role, Visibility
from paradesk.core.state import State
from tests.unit.desk.conftest import Start
from tests.unit.desk.scripted import PATIENCE, Scripted, delivery, message, reaches, reply, wait_for
from tests.unit.desk.test_outbox import ECHO, EXACT, NONE, ONE, reason, troubled


def shown(body: str) -> Callable[[State], int]:
    return lambda state: sum(m.body == body for m in state.threads[ONE].transcript)


def test_policy_allows_one_resend(start: Start) -> None:
    """Not there after the settle time: once more with the same client id, and the chat goes on."""
    connector = troubled(ECHO, Uncertain("502 after the body"))
    desk = start(connector, resend_once=True)
    client_id, following = reply(desk), reply(desk, "next")
    reaches(desk, following, Delivery.CONFIRMED)
    assert [send.client_id for send in connector.sent] == [client_id, client_id, following]
    assert [m.body for m in connector.delivered] == ["hi", "next"]


def test_there_is_no_second_resend(start: Start) -> None:
    """Unclear again: uncertain, and it holds its chat."""
    connector = troubled(ECHO, Uncertain("502"), Uncertain("503"))
    desk = start(connector, resend_once=True)
    client_id = reply(desk)
    reaches(desk, client_id, Delivery.UNCERTAIN)
    following = reply(desk, "next")
    reaches(desk, reply(desk, "other", "acme/2"), Delivery.CONFIRMED, "acme/2")
    assert delivery(desk, following) is Delivery.QUEUED
    assert [send.body for send in connector.sent] == ["hi", "hi", "other"]


def test_what_has_arrived_is_not_resent(start: Start) -> None:
    """A lost acknowledgement: found when the conversation is read, so that nothing is repeated."""
    connector = troubled(ECHO, "lost ack")
    connector.echoes = False
    desk = start(connector, resend_once=True)
    reaches(desk, reply(desk), Delivery.CONFIRMED)
    assert len(connector.sent) == 1


def test_what_cannot_be_looked_up_is_not_resent(start: Start) -> None:
    """A backend that shows no history cannot say that a reply is not there."""
    connector = troubled(ECHO, "lost ack")
    connector.echoes = False

    async def refused(*_given: object) -> object:
        raise Rejected("no history for you")

    connector.history = refused  # type: ignore[assignment,method-assign]
    desk = start(connector, resend_once=True)
    client_id = reply(desk)
    reaches(desk, client_id, Delivery.UNCERTAIN)
    assert len(connector.sent) == 1


def test_none_is_never_resent(start: Start) -> None:
    """The policy is about backends that show the client id; without, nobody can know."""
    connector = troubled(NONE, Uncertain("502"))
    desk = start(connector, resend_once=True)
    reaches(desk, reply(desk), Delivery.UNCERTAIN)
    assert len(connector.sent) == 1


@pytest.mark.parametrize("trouble", [RateLimited("slow down", 0.01), NotSent("no route")])
def test_a_resend_that_never_left_is_still_allowed(start: Start, trouble: ConnectorError) -> None:
    """429 and no connection are surely not taken: the one resend has not been used up."""
    connector = troubled(ECHO, Uncertain("502"), trouble, trouble)
    desk = start(connector, resend_once=True)
    reaches(desk, reply(desk), Delivery.CONFIRMED)
    assert len(connector.sent) == 4
    assert len(connector.delivered) == 1


def test_the_resend_is_remembered_over_a_restart(start: Start) -> None:
    """Ended in the middle of the resend: the next run looks for it, and does not send a third time."""
    first = troubled(ECHO, Uncertain("502"), "silence")
    desk = start(first, resend_once=True)
    client_id = reply(desk)
    wait_for(desk, lambda _: len(first.sent) == 2)
    second = Scripted(ECHO)
    desk = start(second, resend_once=True)
    reaches(desk, client_id, Delivery.UNCERTAIN)
    assert second.sent == []


def test_settle_counts_from_the_last_try(start: Start) -> None:
    """The resend has a settle time of its own, from the time at which it was sent."""
    now = [1_000_000.0]
    able = replace(ECHO, settle=3600.0)
    first = troubled(able, Uncertain("502"))
    desk = start(first, clock=lambda: now[0], resend_once=True)
    client_id = reply(desk)
    assert first.asked.wait(PATIENCE)
    wait_for(desk, lambda _: delivery(desk, client_id) is Delivery.SENDING)
    now[0] += 3600.0
    second = troubled(able, "silence")
    desk = start(second, clock=lambda: now[0], resend_once=True)
    assert second.asked.wait(PATIENCE)
    now[0] += 1800.0
    third = Scripted(able)
    desk = start(third, clock=lambda: now[0], resend_once=True)
    reaches(desk, reply(desk, "other", "acme/2"), Delivery.CONFIRMED, "acme/2")
    assert delivery(desk, client_id) is Delivery.SENDING


def test_a_refused_sign_in_holds_every_chat_of_the_profile(start: Start) -> None:
    """401: no chat of this profile is tried again, all are there after signing in, in order and once."""
    connector = troubled(EXACT, AuthError("token revoked"))
    desk = start(connector)
    first = reply(desk, "a")
    wait_for(desk, lambda state: state.profiles["acme"].link is Link.REFUSED)
    rest = [
        (reply(desk, "b"), "acme/1"),
        (reply(desk, "c", "acme/2"), "acme/2"),
        (reply(desk, "d", "acme/2"), "acme/2"),
    ]
    assert len(connector.sent) == 1
    assert connector.delivered == []
    desk.reconnect("acme")
    for client_id, where in [(first, "acme/1"), *rest]:
        reaches(desk, client_id, Delivery.CONFIRMED, where)
    assert [m.body for m in connector.delivered if m.conversation_id == "1"] == ["a", "b"]
    assert [m.body for m in connector.delivered if m.conversation_id == "2"] == ["c", "d"]


def test_it_arrived_says_the_agent(start: Start) -> None:
    """The row goes, the message stays as delivered, the chat goes on; also after a restart."""
    connector = troubled(NONE, "lost ack")
    desk = start(connector)
    client_id = reply(desk)
    reaches(desk, client_id, Delivery.UNCERTAIN)
    following = reply(desk, "next")
    desk.settle(client_id).result(PATIENCE)
    reaches(desk, following, Delivery.CONFIRMED)
    assert delivery(desk, client_id) is Delivery.CONFIRMED
    assert desk.state.threads[ONE].drafts == {}
    again = Scripted(NONE)
    desk = start(again)
    assert delivery(desk, client_id) is Delivery.CONFIRMED
    assert shown("hi")(desk.state) == 1
    assert desk.state.threads[ONE].sends == {}
    assert again.sent == []


@pytest.mark.parametrize("restart", [False, True])
def test_a_settled_reply_is_shown_once_when_the_backend_shows_it(start: Start, restart: bool) -> None:
    """The backend's own message takes the place of the copy that was kept, in memory and on disk."""
    connector = troubled(ECHO, Uncertain("502"))
    desk = start(connector)
    client_id = reply(desk)
    reaches(desk, client_id, Delivery.UNCERTAIN)
    desk.settle(client_id).result(PATIENCE)
    if restart:
        connector = troubled(ECHO)
        desk = start(connector)
    late = message(100, "hi", role=Role.AGENT, client_id=client_id)
    connector.emit(MessageUpserted(late))
    assert shown("hi")(desk.state) == 1
    assert desk.state.threads[ONE].transcript.by_client(client_id) is not None
    desk = start(Scripted(ECHO))
    assert shown("hi")(desk.state) == 1


def test_a_message_without_client_id_is_recognised_when_the_agent_says_so(start: Start) -> None:
    """NONE: the stream has shown it as a message of its own; settled, both are one."""
    connector = troubled(NONE, "lost ack")
    desk = start(connector)
    client_id = reply(desk)
    reaches(desk, client_id, Delivery.UNCERTAIN)
    connector.emit(MessageUpserted(replace(connector.delivered[0], client_id=None, sent_at=2e9)))
    assert shown("hi")(desk.state) == 2
    desk.settle(client_id).result(PATIENCE)
    assert shown("hi")(desk.state) == 1
    found = desk.state.threads[ONE].transcript.by_client(client_id)
    assert found is not None
    assert found.id == connector.delivered[0].id


def test_only_an_uncertain_reply_can_be_settled(start: Start) -> None:
    """A refused one has surely not arrived."""
    connector = troubled(EXACT, Rejected("no"))
    desk = start(connector)
    client_id = reply(desk)
    reaches(desk, client_id, Delivery.FAILED)
    with pytest.raises(Rejected, match="may have arrived"):
        desk.settle(client_id).result(PATIENCE)
    assert reason(desk, client_id) == "no"


def test_reading_again_brings_what_the_stream_did_not(start: Start) -> None:
    """The newest messages of the backend, read on request; a reply among them is confirmed by its client id."""
    connector = troubled(NONE, "lost ack")
    desk = start(connector)
    client_id = reply(desk, visibility=Visibility.PUBLIC)
    reaches(desk, client_id, Delivery.UNCERTAIN)
    desk.read_again(ONE).result(PATIENCE)
    reaches(desk, client_id, Delivery.CONFIRMED)


def test_reading_again_says_why_not(start: Start) -> None:
    """A backend without history."""
    desk = start(Scripted(replace(NONE, history=Support.ABSENT)))
    with pytest.raises(ConnectorError, match="older messages"):
        desk.read_again(ONE).result(PATIENCE)
