"""The message contract: every accepted reply is delivered once, in order, or shown until the agent decides."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from paradesk.connectors.base import (
    AuthError,
    NotSent,
    Outcome,
    RateLimited,
    Rejected,
    Uncertain,
)
from paradesk.connectors.capabilities import Capabilities, Idempotency, Support
from paradesk.core.events import ConversationUpserted, MessageUpserted
from paradesk.core.intents import Intent, Send
from paradesk.core.model import ClientId, ConversationId, Delivery, Link, Visibility
from paradesk.core.state import State
from paradesk.desk.desk import Desk
from tests.unit.desk.conftest import Start
from tests.unit.desk.scripted import (
    ABLE,
    PATIENCE,
    QUICK,
    Scripted,
    conversation,
    delivery,
    message,
    reaches,
    reply,
    wait_for,
)

ONE, TWO = ConversationId("acme/1"), ConversationId("acme/2")
PUBLIC = Visibility.PUBLIC
EXACT = ABLE
ECHO = replace(ABLE, idempotency=Idempotency.ECHO, settle=0.05)
NONE = replace(ABLE, idempotency=Idempotency.NONE)


class Troubled(Scripted):
    """Answers each send with the next of its troubles, and delivers normally when they are used up."""

    def __init__(self, able: Capabilities = EXACT, *troubles: BaseException | str) -> None:
        super().__init__(able)
        self.troubles = list(troubles)
        self.first = (
            ConversationUpserted(conversation("1"), 1),
            ConversationUpserted(conversation("2"), 1),
        )

    async def deliver(self, intent: Intent) -> Outcome:
        if not isinstance(intent, Send) or not self.troubles:
            return await super().deliver(intent)
        trouble = self.troubles.pop(0)
        if trouble == "lost ack":
            if not any(m.client_id == intent.client_id for m in self.delivered):
                self.take(intent)
            raise Uncertain("connection reset")
        if trouble == "silence":
            await asyncio.Event().wait()
        assert isinstance(trouble, BaseException)
        raise trouble


def troubled(able: Capabilities, *troubles: BaseException | str) -> Troubled:
    connector = Troubled(able, *troubles)

    async def perform(scripted: Scripted, intent: Intent) -> Outcome:
        return await connector.deliver(intent)

    connector.on_perform = perform
    return connector


def reason(desk: Desk, client_id: ClientId) -> str:
    found = desk.state.threads[ONE].transcript.by_client(client_id)
    assert found is not None
    return found.delivery_reason


def test_the_order_accepted_is_the_order_delivered(start: Start) -> None:
    """Twenty replies to two chats, some held up: each chat gets its own in order."""
    troubles: list[BaseException | str] = [
        NotSent("no route"),
        RateLimited("slow down", 0.01),
        "lost ack",
        NotSent("no route"),
    ]
    connector = troubled(EXACT, *troubles)
    desk = start(connector)
    accepted = [(where, reply(desk, f"{where} {n}", where)) for n in range(10) for where in ("acme/1", "acme/2")]
    for where, client_id in accepted:
        reaches(desk, client_id, Delivery.CONFIRMED, where)
    for where in ("1", "2"):
        delivered = [m.body for m in connector.delivered if m.conversation_id == where]
        assert delivered == [f"acme/{where} {n}" for n in range(10)]


def test_a_rate_limit_is_waited_out_with_the_same_client_id(start: Start) -> None:
    """429 is surely not taken: the same request again, after the time that the backend asked for."""
    connector = troubled(NONE, RateLimited("slow down", 0.02), RateLimited("slow down", 0.02))
    desk = start(connector)
    client_id = reply(desk)
    reaches(desk, client_id, Delivery.CONFIRMED)
    assert [send.client_id for send in connector.sent] == [client_id] * 3
    assert len(connector.delivered) == 1


def test_what_was_surely_not_sent_is_sent_again(start: Start) -> None:
    """No connection: back to the queue, whatever the idempotency."""
    connector = troubled(NONE, NotSent("refused"), NotSent("refused"))
    desk = start(connector)
    client_id = reply(desk)
    reaches(desk, client_id, Delivery.CONFIRMED)
    assert len(connector.delivered) == 1


def test_a_rejected_reply_stops_its_conversation_only(start: Start) -> None:
    """403: failed with the reason, the next one of this chat waits, the other chat goes on; dismissing frees it."""
    connector = troubled(EXACT, Rejected("too rude"))
    desk = start(connector)
    bad = reply(desk, "bad")
    reaches(desk, bad, Delivery.FAILED)
    held, other = reply(desk, "next"), reply(desk, "other", "acme/2")
    reaches(desk, other, Delivery.CONFIRMED, "acme/2")
    assert delivery(desk, held) is Delivery.QUEUED
    assert reason(desk, bad) == "too rude"
    desk.save_draft(ONE, PUBLIC, "half a thought")
    assert desk.dismiss(bad).result(PATIENCE).body == "bad"
    assert desk.state.threads[ONE].drafts == {PUBLIC: "bad\nhalf a thought"}
    reaches(desk, held, Delivery.CONFIRMED)
    assert delivery(desk, bad) is None
    assert [m.body for m in connector.delivered] == ["other", "next"]


def test_a_failed_reply_can_be_sent_again(start: Start) -> None:
    """Retry keeps the client id and the place; the wait of the customer is back while it has failed."""
    connector = troubled(EXACT, Rejected("closed"))
    connector.first = (*connector.first, MessageUpserted(message(1)))
    desk = start(connector)
    client_id = reply(desk, "hi")
    reaches(desk, client_id, Delivery.FAILED)
    assert desk.state.threads[ONE].waiting_since is not None
    desk.retry(client_id).result(PATIENCE)
    reaches(desk, client_id, Delivery.CONFIRMED)
    assert desk.state.threads[ONE].waiting_since is None
    with pytest.raises(Rejected):
        desk.retry(client_id).result(PATIENCE)


def test_exact_resends_with_the_same_id_and_delivers_once(start: Start) -> None:
    """Lost acknowledgements: the backend recognises the repeat."""
    connector = troubled(EXACT, "lost ack", "lost ack")
    desk = start(connector)
    client_id = reply(desk)
    reaches(desk, client_id, Delivery.CONFIRMED)
    assert [send.client_id for send in connector.sent] == [client_id] * 3
    assert len(connector.delivered) == 1


def test_exact_does_not_resend_after_its_window(start: Start) -> None:
    """When the backend may have forgotten the id, the agent decides."""
    connector = troubled(replace(EXACT, exact_window=0.0), "lost ack")
    desk = start(connector)
    client_id = reply(desk)
    reaches(desk, client_id, Delivery.UNCERTAIN)
    assert len(connector.sent) == 1


def test_echo_finds_a_reply_that_arrived(start: Start) -> None:
    """A lost acknowledgement: after the settle time the conversation is read, and the reply is there."""
    connector = troubled(ECHO, "lost ack")
    connector.echoes = False
    desk = start(connector)
    client_id = reply(desk)
    reaches(desk, client_id, Delivery.CONFIRMED)
    assert len(connector.sent) == 1


def test_echo_never_resends_by_itself(start: Start) -> None:
    """Not found: uncertain, and the queue of the chat waits for the agent, whose resend then goes through."""
    connector = troubled(ECHO, Uncertain("502 after the body"))
    desk = start(connector)
    client_id = reply(desk)
    reaches(desk, client_id, Delivery.UNCERTAIN)
    held = reply(desk, "next")
    assert len(connector.sent) == 1
    assert "502" in reason(desk, client_id)
    desk.retry(client_id).result(PATIENCE)
    reaches(desk, held, Delivery.CONFIRMED)
    assert [m.body for m in connector.delivered] == ["hi", "next"]


def test_without_idempotency_it_is_uncertain_at_once(start: Start) -> None:
    """NONE: nothing is repeated, nothing is read."""
    connector = troubled(NONE, "lost ack")
    desk = start(connector)
    client_id = reply(desk)
    reaches(desk, client_id, Delivery.UNCERTAIN)
    assert len(connector.sent) == 1


def test_a_late_echo_confirms_an_uncertain_reply(start: Start) -> None:
    """The stream shows it after all: confirmed, shown once, and the next one goes out."""
    connector = troubled(NONE, "lost ack")
    desk = start(connector)
    client_id = reply(desk)
    reaches(desk, client_id, Delivery.UNCERTAIN)
    held = reply(desk, "next")
    connector.emit(MessageUpserted(connector.delivered[0]))
    reaches(desk, client_id, Delivery.CONFIRMED)
    reaches(desk, held, Delivery.CONFIRMED)
    assert [m.body for m in desk.state.threads[ONE].transcript] == ["hi", "next"]


def test_silence_ends_at_the_deadline(start: Start) -> None:
    """A backend that never answers: a total deadline, then by idempotency."""
    connector = troubled(NONE, "silence")
    desk = start(connector)
    client_id = reply(desk)
    reaches(desk, client_id, Delivery.UNCERTAIN)
    assert "did not answer" in reason(desk, client_id)


@pytest.mark.parametrize("crash", [KeyError("token=hunter2"), SystemExit(3), MemoryError(), RecursionError()])
def test_a_crash_in_perform_is_an_unclear_outcome(start: Start, crash: BaseException) -> None:
    """Whatever a connector throws, the reply is uncertain, with a reason that tells no secret, and the desk goes on."""
    connector = troubled(NONE, crash)
    desk = start(connector)
    client_id = reply(desk)
    reaches(desk, client_id, Delivery.UNCERTAIN)
    assert "hunter2" not in reason(desk, client_id)
    reaches(desk, reply(desk, "other", "acme/2"), Delivery.CONFIRMED, "acme/2")


def test_a_refused_sign_in_holds_replies_until_someone_signs_in(start: Start) -> None:
    """401: nothing is lost or tried again; after `reconnect` the reply goes out."""
    connector = troubled(EXACT, AuthError("token revoked"))
    desk = start(connector)
    client_id = reply(desk)
    wait_for(desk, lambda state: state.profiles["acme"].link is Link.REFUSED)
    assert desk.state.profiles["acme"].reason == "token revoked"
    assert delivery(desk, client_id) is Delivery.QUEUED
    assert len(connector.sent) == 1
    desk.reconnect("acme")
    reaches(desk, client_id, Delivery.CONFIRMED)


def test_the_stream_may_be_faster_than_the_answer(start: Start) -> None:
    """The echo arrives before `perform` returns, with or without the client id: one message, confirmed."""
    connector = Scripted()

    async def perform(scripted: Scripted, intent: Intent) -> Outcome:
        assert isinstance(intent, Send)
        assert scripted.context is not None
        taken = scripted.take(intent)
        given_back = intent.client_id if len(scripted.delivered) % 2 else None
        await scripted.context.emit(MessageUpserted(replace(taken, client_id=given_back)))
        return Outcome(message_id=taken.id)

    connector.on_perform = perform
    desk = start(connector)
    for body in ("a", "b"):
        reaches(desk, reply(desk, body), Delivery.CONFIRMED)
    assert [m.body for m in desk.state.threads[ONE].transcript] == ["hello", "a", "b"]


def test_an_acknowledged_reply_does_not_hold_up_the_next(start: Start) -> None:
    """Acked but not yet seen in the stream: shown as acked, also after a restart, until the stream shows it."""
    connector = Scripted()
    connector.echoes = False
    desk = start(connector)
    first, second = reply(desk, "a"), reply(desk, "b")
    reaches(desk, first, Delivery.ACKED)
    reaches(desk, second, Delivery.ACKED)
    later = Scripted()
    later.first = (*later.first, *(MessageUpserted(m) for m in connector.delivered))
    offline = Scripted()

    async def never(scripted: Scripted, desk: object) -> None:
        raise NotSent("no network")

    offline.on_run = never
    desk = start(offline, wait=False)
    assert [m.delivery for m in desk.state.threads[ONE].transcript][-2:] == [Delivery.ACKED] * 2
    desk = start(later)
    for client_id in (first, second):
        reaches(desk, client_id, Delivery.CONFIRMED)
    assert [m.body for m in desk.state.threads[ONE].transcript] == ["hello", "a", "b"]


def test_a_queue_survives_a_restart(start: Start) -> None:
    """Replies accepted without a connection go out after the restart, in order, with the same client ids."""
    away = Scripted()
    desk = start(away)

    async def never(scripted: Scripted, desk: object) -> None:
        raise NotSent("no network")

    offline = Scripted()
    offline.on_run = never
    desk = start(offline, wait=False)
    accepted = [reply(desk, f"n{n}") for n in range(5)]
    back = Scripted()
    desk = start(back)
    for client_id in accepted:
        reaches(desk, client_id, Delivery.CONFIRMED)
    assert [(m.body, m.client_id) for m in back.delivered] == [(f"n{n}", c) for n, c in enumerate(accepted)]


@pytest.mark.parametrize(
    ("able", "ends", "sends"),
    [(EXACT, Delivery.CONFIRMED, 1), (ECHO, Delivery.CONFIRMED, 0), (NONE, Delivery.UNCERTAIN, 0)],
)
def test_a_restart_in_the_middle_of_a_send(start: Start, able: Capabilities, ends: Delivery, sends: int) -> None:
    """The row says `sending`: by idempotency it is resent, looked for, or left to the agent; never delivered twice."""
    first = troubled(able, "silence")
    desk = start(first)
    client_id = reply(desk)
    assert first.asked.wait(PATIENCE)
    # What the first run sent did arrive.
    second = Scripted(able)
    second.delivered = [first.take(first.sent[0])]
    desk = start(second)
    reaches(desk, client_id, ends)
    assert len(second.sent) == sends
    assert len([m for m in second.delivered if m.client_id == client_id]) == 1


def test_settle_counts_from_the_stored_time(start: Start) -> None:
    """After a restart an ECHO reply that was sent long ago is looked for at once, whatever the settle time."""
    now = 1_000_000.0
    first = troubled(replace(ECHO, settle=3600.0), "lost ack")
    desk = start(first, clock=lambda: now)
    client_id = reply(desk)
    wait_for(desk, lambda state: delivery_of(state, client_id) is Delivery.SENDING)
    assert first.asked.wait(PATIENCE)
    second = Scripted(replace(ECHO, settle=3600.0))
    desk = start(second, clock=lambda: now + 3600.0)
    reaches(desk, client_id, Delivery.UNCERTAIN)


def delivery_of(state: State, client_id: ClientId) -> Delivery | None:
    found = state.threads[ONE].transcript.by_client(client_id)
    return None if found is None else found.delivery


def test_a_reply_on_its_way_cannot_be_dismissed(start: Start) -> None:
    """Taking back what may already have arrived would be a lie; a queued one can be taken back."""
    connector = troubled(EXACT, "silence")
    desk = start(connector)
    under_way = reply(desk, "a")
    queued = reply(desk, "b")
    reaches(desk, under_way, Delivery.SENDING)
    with pytest.raises(Rejected, match="on its way"):
        desk.dismiss(under_way).result(PATIENCE)
    assert desk.dismiss(queued).result(PATIENCE).body == "b"
    reaches(desk, under_way, Delivery.CONFIRMED)
    assert [m.body for m in connector.delivered] == ["a"]


def test_dismissed_stays_dismissed_after_a_restart(start: Start) -> None:
    """Its text is in the draft, the reply is gone."""
    connector = troubled(EXACT, Rejected("no"))
    desk = start(connector)
    client_id = reply(desk, "bad")
    reaches(desk, client_id, Delivery.FAILED)
    desk.dismiss(client_id).result(PATIENCE)
    again = Scripted()
    desk = start(again)
    assert desk.state.threads[ONE].drafts == {PUBLIC: "bad"}
    assert delivery(desk, client_id) is None
    reaches(desk, reply(desk, "good"), Delivery.CONFIRMED)
    assert [m.body for m in again.delivered] == ["good"]


def test_an_outcome_that_is_nonsense_does_not_undo_the_delivery(start: Start) -> None:
    """The backend took it; that its events cannot be read changes nothing."""
    connector = Scripted()

    async def perform(scripted: Scripted, intent: Intent) -> Outcome:
        assert isinstance(intent, Send)
        taken = scripted.take(intent)
        nonsense: Any = None
        return Outcome(message_id=taken.id, events=(MessageUpserted(nonsense),))

    connector.on_perform = perform
    desk = start(connector)
    reaches(desk, reply(desk), Delivery.ACKED)
    assert len(connector.sent) == 1


def test_a_rate_limit_without_a_time_backs_off(start: Start) -> None:
    """A backend that asks to slow down and names no time is not asked again at once."""
    connector = troubled(NONE, *[RateLimited("slow down", 0.0) for _ in range(1000)])
    desk = start(connector, timing=replace(QUICK, backoff=1e6, backoff_cap=1e6))
    client_id = reply(desk)
    wait_for(desk, lambda _: reason(desk, client_id))
    desk.save_draft(TWO, PUBLIC, "later")
    wait_for(desk, lambda state: state.threads[TWO].drafts)
    assert len(connector.sent) == 1


def test_a_rate_limit_holds_over_a_restart(start: Start) -> None:
    """Ended while the backend wants to hear nothing: the next run keeps still too, and goes on when the time is over."""
    now = [1_000_000.0]
    limited = troubled(NONE, RateLimited("slow down", 1800.0))
    desk = start(limited, clock=lambda: now[0])
    client_id = reply(desk)
    wait_for(desk, lambda _: reason(desk, client_id))
    early = Scripted(NONE)
    desk = start(early, clock=lambda: now[0])
    desk.save_draft(TWO, PUBLIC, "later")
    other = reply(desk, "other", "acme/2")
    assert delivery(desk, client_id) is delivery(desk, other, "acme/2") is Delivery.QUEUED
    now[0] += 1800.0
    later = Scripted(NONE)
    desk = start(later, clock=lambda: now[0])
    reaches(desk, client_id, Delivery.CONFIRMED)
    reaches(desk, other, Delivery.CONFIRMED, "acme/2")
    assert early.sent == []


def test_a_note_never_goes_to_a_backend_without_notes(start: Start) -> None:
    """A note accepted while the backend took notes stays here when the connector says, later, that it has none."""
    connector = troubled(EXACT, *[NotSent("no route") for _ in range(1000)])
    desk = start(connector)
    note = reply(desk, "customer is upset", visibility=Visibility.NOTE)
    assert connector.asked.wait(PATIENCE)
    later = Scripted(replace(ABLE, notes=Support.ABSENT))
    desk = start(later)
    reaches(desk, note, Delivery.FAILED)
    assert "cannot keep private notes" in reason(desk, note)
    assert later.sent == []


def test_a_reply_that_may_have_arrived_is_not_taken_back_unseen(start: Start) -> None:
    """Queued again after an unclear try it cannot be dismissed: its text would come back though the customer may have it."""
    connector = troubled(EXACT, "silence")
    desk = start(connector)
    client_id = reply(desk)
    assert connector.asked.wait(PATIENCE)
    offline = Scripted()

    async def never(scripted: Scripted, desk: object) -> None:
        raise NotSent("no network")

    offline.on_run = never
    desk = start(offline, wait=False)
    reaches(desk, client_id, Delivery.QUEUED)
    with pytest.raises(Rejected, match="may have arrived"):
        desk.dismiss(client_id).result(PATIENCE)
    assert desk.state.threads[ONE].drafts == {}
