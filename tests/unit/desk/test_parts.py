"""A reply that its backend takes in parts: prepared before it is accepted, accepted and taken back as one."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from paradesk.connectors.base import NotSent, Outcome, Prepared, Rejected, Uncertain
from paradesk.connectors.capabilities import Capabilities, Idempotency, Support
from paradesk.core.events import ConversationUpserted
from paradesk.core.intents import Intent, Send
from paradesk.core.model import ClientId, ConversationId, Delivery, LocalFile, Visibility
from paradesk.desk.desk import Desk, Profile
from tests.unit.desk.conftest import Start
from tests.unit.desk.scripted import ABLE, PATIENCE, QUICK, Scripted, conversation, delivery, reaches, reply, wait_for

ONE = ConversationId("acme/1")
PUBLIC = Visibility.PUBLIC
LONG = 3600.0


class Lines(Scripted):
    """A backend that takes one line at a time; a leading ! is escaped, an empty text refused."""

    def __init__(self, able: Capabilities = ABLE) -> None:
        super().__init__(replace(able, attachments_out=Support.NATIVE))
        self.first = (ConversationUpserted(conversation("1"), 1), ConversationUpserted(conversation("2"), 1))
        self.on_perform = through
        self.fail: dict[str, BaseException] = {}

    def prepare(self, send: Send) -> Prepared:
        if "forbidden" in send.body:
            raise Rejected("that word is not taken")
        lines = [line for line in send.body.splitlines() if line.strip()]
        parts = tuple(f"\\{line}" if line.startswith("!") else line for line in lines)
        return Prepared(parts, (f"sent in {len(parts)} messages",) if len(parts) > 1 else ())

    async def deliver(self, intent: Intent) -> Outcome:
        if isinstance(intent, Send) and intent.body in self.fail:
            raise self.fail[intent.body]
        return await super().deliver(intent)


async def through(scripted: Scripted, intent: Intent) -> Outcome:
    return await scripted.deliver(intent)


def bodies(connector: Scripted) -> list[str]:
    return [message.body for message in connector.delivered]


def held(desk: Desk, body: str, *files: LocalFile) -> ClientId:
    client_id = desk.new_client_id()
    send = Send(
        conversation_id=ONE, body=body, visibility=PUBLIC, client_id=client_id, attachments=files, hold=LONG
    )  # fmt: skip
    desk.submit(send).result(PATIENCE)
    return client_id


def part(client_id: ClientId, number: int) -> ClientId:
    return ClientId(f"{client_id}.{number}")


def drafts(desk: Desk) -> dict[Visibility, str]:
    return dict(desk.state.threads[ONE].drafts)


def test_each_part_is_delivered_once_and_in_order_under_an_id_of_its_own(start: Start) -> None:
    """Eleven parts, so that ids as text would sort wrongly; the reply behind them comes behind them."""
    connector = Lines()
    desk = start(connector)
    lines = [f"line {number}" for number in range(1, 12)]
    client_id, after = reply(desk, "\n".join(lines)), reply(desk, "after")
    reaches(desk, after, Delivery.CONFIRMED)
    assert bodies(connector) == [*lines, "after"]
    assert [send.client_id for send in connector.sent[:3]] == [client_id, part(client_id, 2), part(client_id, 3)]
    assert len({send.client_id for send in connector.sent}) == 12


def test_the_screen_shows_what_will_be_sent(start: Start) -> None:
    """Before anything leaves, the parts stand in the transcript as they will arrive, in their order."""
    desk = start(Lines())
    client_id = held(desk, "one\n!two\n\nthree")
    shown = [message.body for message in desk.state.threads[ONE].transcript]
    assert shown == ["one", "\\!two", "three"]
    sends = desk.state.threads[ONE].sends
    assert [*sends] == [client_id, part(client_id, 2), part(client_id, 3)]
    assert sends[client_id].held_until is not None
    assert sends[part(client_id, 2)].held_until is None
    made = desk.backends.prepare(Send(conversation_id=ONE, body="a\nb", visibility=PUBLIC, client_id=client_id))
    assert made == Prepared(("a", "b"), ("sent in 2 messages",))


def test_what_cannot_be_carried_is_refused_before_it_is_accepted(start: Start) -> None:
    """The reason comes from the connector, the draft stays, and nothing reaches it."""
    connector = Lines()
    desk = start(connector)
    desk.save_draft(ONE, PUBLIC, "forbidden")
    with pytest.raises(Rejected, match="that word is not taken"):
        reply(desk, "forbidden")
    assert drafts(desk) == {PUBLIC: "forbidden"}
    assert connector.sent == []


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_held_reply_is_taken_back_whole_by_any_of_its_parts(start: Start, tmp_path: Path, number: int) -> None:
    """As it was written, not as it would have been sent, with its files; nothing has left, also after a restart."""
    connector = Lines()
    desk = start(connector)
    file = LocalFile(path=str(tmp_path / "a.pdf"), name="a.pdf", media_type="application/pdf", size=3)
    client_id = held(desk, "!one\n\ntwo\nthree", file)
    desk.save_draft(ONE, PUBLIC, "since then")
    back = desk.dismiss(client_id if number == 1 else part(client_id, number)).result(PATIENCE)
    assert (back.body, back.attachments, back.draft) == (
        "!one\n\ntwo\nthree", (file,), "!one\n\ntwo\nthree\nsince then",
    )  # fmt: skip
    again = Lines()
    desk = start(again)
    assert drafts(desk) == {PUBLIC: "!one\n\ntwo\nthree\nsince then"}
    reaches(desk, reply(desk, "next"), Delivery.CONFIRMED)
    assert bodies(connector) + bodies(again) == ["next"]


def test_a_text_that_was_changed_comes_back_as_it_was_written(start: Start) -> None:
    """Also where there is one part only."""
    desk = start(Lines())
    assert desk.dismiss(held(desk, "!help")).result(PATIENCE).body == "!help"


def test_a_part_that_fails_holds_up_those_behind_it_and_goes_on_in_its_place(start: Start) -> None:
    """The first has arrived; the second is refused, sent again when the agent says so, and then the third follows."""
    connector = Lines()
    connector.fail["two"] = Rejected("too rude")
    desk = start(connector)
    client_id = reply(desk, "one\ntwo\nthree")
    second, third = part(client_id, 2), part(client_id, 3)
    reaches(desk, second, Delivery.FAILED)
    assert delivery(desk, third) is Delivery.QUEUED
    del connector.fail["two"]
    desk.retry(second).result(PATIENCE)
    reaches(desk, third, Delivery.CONFIRMED)
    assert bodies(connector) == ["one", "two", "three"]


def test_of_a_reply_that_failed_half_way_only_what_has_not_arrived_comes_back(start: Start) -> None:
    """Taken back at the failed part: that one and those behind it, and the next reply is free to go."""
    connector = Lines()
    connector.fail["two"] = Rejected("too rude")
    desk = start(connector)
    client_id = reply(desk, "one\ntwo\nthree")
    reaches(desk, part(client_id, 2), Delivery.FAILED)
    after = reply(desk, "after")
    assert desk.dismiss(part(client_id, 2)).result(PATIENCE).body == "two\nthree"
    reaches(desk, after, Delivery.CONFIRMED)
    assert bodies(connector) == ["one", "after"]
    assert drafts(desk) == {PUBLIC: "two\nthree"}


def test_a_part_that_may_have_arrived_is_decided_by_itself(start: Start) -> None:
    """Settled, the rest follows; taken back through a later part, the doubtful one stays where it is."""
    connector = Lines(replace(ABLE, idempotency=Idempotency.NONE))
    connector.fail["two"] = Uncertain("reset")
    desk = start(connector)
    client_id = reply(desk, "one\ntwo\nthree")
    second, third = part(client_id, 2), part(client_id, 3)
    reaches(desk, second, Delivery.UNCERTAIN)
    assert desk.dismiss(third).result(PATIENCE).body == "three"
    assert delivery(desk, second) is Delivery.UNCERTAIN
    other = reply(desk, "four\nfive")
    desk.settle(second).result(PATIENCE)
    reaches(desk, part(other, 2), Delivery.CONFIRMED)
    assert bodies(connector) == ["one", "four", "five"]


def test_parts_with_the_same_text_are_each_recognised(start: Start) -> None:
    """A backend without client ids: two equal lines, both unclear and both there, are two messages."""
    connector = Lines(replace(ABLE, idempotency=Idempotency.NONE))

    async def lost(scripted: Scripted, intent: Intent) -> Outcome:
        if isinstance(intent, Send):
            taken = replace(connector.take(intent), client_id=None, sent_at=time.time())
            connector.delivered[-1] = taken
            raise Uncertain("reset")
        return Outcome()

    connector.on_perform = lost
    desk = start(connector)
    client_id = reply(desk, "same\nsame")
    for one in (client_id, part(client_id, 2)):
        reaches(desk, one, Delivery.UNCERTAIN)
        desk.read_again(ONE).result(PATIENCE)
        desk.settle(one).result(PATIENCE)
    wait_for(desk, lambda state: not state.threads[ONE].sends)
    assert [message.body for message in desk.state.threads[ONE].transcript] == ["same", "same"]


def test_a_restart_between_two_parts_loses_and_doubles_nothing(start: Start) -> None:
    """Stopped after the first part; the next life delivers the rest, in order."""
    first = Lines()
    first.fail["two"] = NotSent("no route")
    desk = start(first)
    client_id = reply(desk, "one\ntwo\nthree")
    reaches(desk, client_id, Delivery.CONFIRMED)
    second = Lines()
    desk = start(second)
    reaches(desk, part(client_id, 3), Delivery.CONFIRMED)
    assert bodies(first) + bodies(second) == ["one", "two", "three"]


def test_a_reply_accepted_without_a_connector_is_prepared_before_it_leaves(tmp_path: Path) -> None:
    """Nobody could make its parts yet: they are made in its place, before those behind it, and one that cannot be stays."""
    built = False
    connector = Lines()

    def build() -> Lines:
        if not built:
            raise NotSent("the keyring is locked")
        return connector

    desk = Desk([Profile("acme", lambda: connector)], tmp_path, timing=QUICK)
    desk.start()
    wait_for(desk, lambda state: ONE in state.threads)
    desk.stop(5.0)
    desk = Desk([Profile("acme", build)], tmp_path, timing=QUICK)
    desk.start()
    try:
        first, plain = reply(desk, "!two\nlines\nthree"), reply(desk, "plain")
        other, bad = reply(desk, "other\nchat", "acme/2"), reply(desk, "forbidden")
        send = Send(conversation_id=ONE, body="a", visibility=PUBLIC, client_id=plain)
        assert desk.backends.prepare(send) is None
        connector.fail["lines"] = Rejected("stop here")
        built = True
        reaches(desk, part(first, 2), Delivery.FAILED)
        reaches(desk, part(other, 2), Delivery.CONFIRMED, "acme/2")
        shown = [message.body for message in desk.state.threads[ONE].transcript]
        assert shown == ["lines", "three", "plain", "forbidden", "\\!two"]
    finally:
        desk.stop(5.0)
    again = Lines()
    desk = Desk([Profile("acme", lambda: again)], tmp_path, timing=QUICK)
    desk.start()
    try:
        wait_for(desk, lambda state: part(first, 2) in state.threads[ONE].sends)
        desk.retry(part(first, 2)).result(PATIENCE)
        reaches(desk, plain, Delivery.CONFIRMED)
        reaches(desk, bad, Delivery.FAILED)
        assert desk.dismiss(bad).result(PATIENCE).draft == "forbidden"
        assert [message.body for message in again.delivered] == ["lines", "three", "plain"]
        assert sorted(message.body for message in connector.delivered) == ["\\!two", "chat", "other"]
    finally:
        desk.stop(5.0)


@pytest.mark.parametrize("made", [(), ("",), ("  ", "x")])
def test_a_connector_that_leaves_nothing_sends_nothing(start: Start, made: tuple[str, ...]) -> None:
    """An empty message is never delivered in the place of what the agent wrote."""
    connector = Lines()
    connector.prepare = lambda send: Prepared(made)  # type: ignore[method-assign]
    desk = start(connector)
    with pytest.raises(Rejected, match="nothing left"):
        reply(desk, "hello")


@pytest.mark.parametrize("error", [ValueError("secret words"), NotSent("later")])
def test_a_connector_that_cannot_prepare_costs_no_text(start: Start, error: Exception) -> None:
    """A defect is told by its kind, and the draft stays."""
    connector = Lines()

    def broken(send: Send) -> Prepared:
        raise error

    connector.prepare = broken  # type: ignore[method-assign]
    desk = start(connector)
    desk.save_draft(ONE, PUBLIC, "hello")
    with pytest.raises(Rejected, match="ValueError|later") as caught:
        reply(desk, "hello")
    assert "secret words" not in str(caught.value)
    assert drafts(desk) == {PUBLIC: "hello"}
