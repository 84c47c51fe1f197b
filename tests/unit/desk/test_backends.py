"""What the screen asks a backend beside intents: checked first, cleaned afterwards, never a way around the rules."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from paradesk.connectors.base import AuthError, ConnectorError, NotSent, Outcome, Rejected, Uncertain, Unsupported
from paradesk.connectors.capabilities import Capabilities, Support
from paradesk.core.events import ConversationUpserted, OfferChanged, PresenceChanged, TypingChanged
from paradesk.core.intents import AcceptTransfer, Assign, DeclineTransfer, Intent, SetPresence, TakeNext
from paradesk.core.model import (
    Agent,
    ConversationId,
    Customer,
    EarlierConversation,
    Found,
    Link,
    Offer,
    Presence,
    RemoteResponse,
)
from tests.unit.desk.conftest import Start
from tests.unit.desk.scripted import ABLE, PATIENCE, QUICK, Scripted, conversation, wait_for

ONE = ConversationId("acme/1")
HOSTILE = "\x1b[2Jred\u202e\x00\n[bold]x[/]"
ALL = replace(
    ABLE,
    customer=Support.NATIVE,
    canned=Support.NATIVE,
    search=Support.NATIVE,
    assign=Support.NATIVE,
    take_next=Support.NATIVE,
    offers=Support.NATIVE,
    presence=Support.NATIVE,
    presences=frozenset({Presence.ONLINE, Presence.AWAY}),
    typing_in=Support.NATIVE,
    typing_lapses=10.0,
)


class Knowing(Scripted):
    """Answers every question, with text that nobody should see as it is."""

    def __init__(self, able: Capabilities = ALL) -> None:
        super().__init__(able)
        self.asked_for: list[Any] = []
        self.trouble: BaseException | None = None

    async def _asked(self, what: object) -> None:
        self.asked_for.append(what)
        if self.trouble is not None:
            raise self.trouble

    async def customer(self, conversation_id: ConversationId) -> Customer:
        await self._asked(conversation_id)
        return Customer(id="c", name=HOSTILE, earlier=(EarlierConversation("7", HOSTILE, "solved", float("inf")),))

    async def canned(self) -> tuple[RemoteResponse, ...]:
        await self._asked("canned")
        return (RemoteResponse("r", HOSTILE, f"Hi {{{{contact.name}}}}{HOSTILE}", HOSTILE, "de"),) * 6_000

    async def search(self, query: str, limit: int) -> tuple[Found, ...]:
        await self._asked((query, limit))
        return (Found(ConversationId("1"), HOSTILE, HOSTILE, float("nan")),) * 500


def clean(text: str) -> bool:
    return not set(text) & {"\x1b", "\x00", "\u202e"}


def test_what_a_backend_knows_is_cleaned(start: Start) -> None:
    """Names, subjects, bodies and excerpts without control characters, ids of the desk, placeholders untouched."""
    connector = Knowing()
    desk = start(connector)
    customer = desk.backends.customer(ONE).result(PATIENCE)
    assert clean(customer.name + customer.earlier[0].subject)
    assert customer.earlier[0].at == 0.0
    responses = desk.backends.canned("acme").result(PATIENCE)
    assert len(responses) == 5_000
    assert clean(responses[0].title + responses[0].body + responses[0].shortcut)
    assert responses[0].body.startswith("Hi {{contact.name}}")
    found = desk.backends.search("acme", " \x1brefund\n ", 1000).result(PATIENCE)
    assert len(found) == 100
    assert found[0].conversation_id == ONE
    assert clean(found[0].title + found[0].excerpt)
    assert found[0].at == 0.0
    assert connector.asked_for[0] == "1"
    query, limit = connector.asked_for[-1]
    assert clean(query)
    assert (query.strip(), limit) == (query, 100)
    assert desk.backends.search("acme", "  ").result(PATIENCE) == ()


def test_what_is_absent_is_refused_before_any_io(start: Start) -> None:
    """With a reason, and the connector hears nothing of it; so is what only this conversation lacks."""
    connector = Knowing(ABLE)
    desk = start(connector)
    for question in (
        desk.backends.customer(ONE), desk.backends.canned("acme"), desk.backends.search("acme", "x"),
    ):  # fmt: skip
        with pytest.raises(Unsupported, match="Scripted cannot"):
            question.result(PATIENCE)
    intents: list[Intent] = [TakeNext("acme"), Assign(ONE, "a"), SetPresence("acme", Presence.AWAY)]
    for intent in intents:
        with pytest.raises(Unsupported, match="Scripted cannot"):
            desk.submit(intent).result(PATIENCE)
    with pytest.raises(Rejected, match="not configured"):
        desk.backends.search("nobody", "x").result(PATIENCE)
    assert connector.asked_for == []
    assert connector.performed == []


@pytest.mark.parametrize("error", [NotSent("later"), Rejected("no"), Uncertain("reset"), ValueError("secret words")])
def test_a_question_that_fails_says_why(start: Start, error: BaseException) -> None:
    """Always with a ConnectorError; the words of a defect stay inside."""
    connector = Knowing()
    connector.trouble = error
    desk = start(connector)
    with pytest.raises(ConnectorError) as caught:
        desk.backends.search("acme", "x").result(PATIENCE)
    assert "secret words" not in str(caught.value)


def test_a_refused_question_stops_the_connection(start: Start) -> None:
    """Credentials that are not good for a question are good for nothing."""
    connector = Knowing()
    connector.trouble = AuthError("token revoked")
    desk = start(connector)
    with pytest.raises(AuthError):
        desk.backends.customer(ONE).result(PATIENCE)
    wait_for(desk, lambda state: state.profiles["acme"].link is Link.REFUSED)


def test_a_question_has_a_deadline(start: Start) -> None:
    """Nobody waits for ever with a picker open."""
    connector = Knowing()

    async def never() -> tuple[RemoteResponse, ...]:
        await asyncio.Event().wait()
        return ()

    connector.canned = never  # type: ignore[method-assign]
    desk = start(connector, timing=replace(QUICK, question=0.05))
    with pytest.raises(Uncertain, match="did not answer"):
        desk.backends.canned("acme").result(PATIENCE)


def test_what_is_declared_reaches_the_connector_in_its_own_ids(start: Start) -> None:
    """Assign, take next, presence, and the answer to an offer; a new conversation comes back in the desk's ids."""
    connector = Knowing()
    colleague = Agent("lena", "Lena")
    connector.first = (ConversationUpserted(conversation("1", offer=Offer(colleague, None)), 1),)

    async def perform(scripted: Scripted, intent: Intent) -> Outcome:
        if isinstance(intent, TakeNext):
            return Outcome(conversation_id=ConversationId("9"))
        if isinstance(intent, SetPresence):
            return Outcome(events=(PresenceChanged("whoever", intent.presence, HOSTILE),))
        if isinstance(intent, AcceptTransfer | DeclineTransfer):
            return Outcome(events=(OfferChanged(intent.conversation_id, None, 2),))
        return Outcome()

    connector.on_perform = perform
    desk = start(connector)
    assert desk.submit(TakeNext("acme")).result(PATIENCE).conversation_id == "acme/9"
    desk.submit(Assign(ONE, None)).result(PATIENCE)
    desk.submit(SetPresence("acme", Presence.AWAY, "lunch")).result(PATIENCE)
    profile = desk.state.profiles["acme"]
    assert profile.presence is Presence.AWAY
    assert clean(profile.presence_text)
    with pytest.raises(Unsupported, match="no presence “busy”"):
        desk.submit(SetPresence("acme", Presence.BUSY)).result(PATIENCE)
    desk.submit(AcceptTransfer(ONE)).result(PATIENCE)
    assert desk.state.threads[ONE].conversation.offer is None
    assert connector.performed == [
        TakeNext("acme"),
        Assign(ConversationId("1"), None),
        SetPresence("acme", Presence.AWAY, "lunch"),
        AcceptTransfer(ConversationId("1")),
    ]


@pytest.mark.parametrize("offer", [None, Offer(None, Agent("lena", "Lena"), mine=False)], ids=["none", "not-mine"])
def test_an_offer_that_is_not_ours_is_not_answered(start: Start, offer: Offer | None) -> None:
    """Nothing leaves the machine."""
    connector = Knowing()
    connector.first = (ConversationUpserted(conversation("1", offer=offer), 1),)
    desk = start(connector)
    for intent in (AcceptTransfer(ONE), DeclineTransfer(ONE)):
        with pytest.raises(Rejected, match="nobody offers"):
            desk.submit(intent).result(PATIENCE)
    assert connector.performed == []


@pytest.mark.parametrize(("said", "lapses"), [(0.0, 10.0), (4.0, 4.0), (3600.0, 10.0)])
def test_typing_lapses_when_the_backend_declares_it(start: Start, said: float, lapses: float) -> None:
    """The desk's clock decides where the backend says nothing, or far too much."""
    now = time.time()
    connector = Knowing()
    desk = start(connector, clock=lambda: now)
    until = now + said if said else 0.0
    connector.emit(TypingChanged(ConversationId("1"), "Sarah", True, until, preview=HOSTILE))
    typing = desk.state.threads[ONE].typing
    assert typing is not None
    assert typing.until == pytest.approx(now + lapses)
    assert clean(typing.preview)
