"""Colleagues, presence, search and files of the simulated service."""

from dataclasses import replace

import pytest

from paradesk.connectors.base import Conflict, Gone, Rejected
from paradesk.connectors.simulator.agent import AgentSide
from paradesk.connectors.simulator.chat import StoredFile
from paradesk.connectors.simulator.office import ANSWERS_AFTER, WITHDRAWN_AFTER, Office
from paradesk.connectors.simulator.people import COLLEAGUES, ME
from paradesk.connectors.simulator.stage import Stage
from paradesk.connectors.simulator.world import World
from paradesk.core.model import ConversationId, Customer, Presence, Role, Visibility

SARAH = Customer(id="c1", name="Sarah Chen", email="sarah@x.example")
LENA = COLLEAGUES[1]


def office(seed: int = 7) -> tuple[World, Office]:
    world = World(seed=seed, realtime=False, start=1_000_000.0)
    return world, Office(world, AgentSide(world))


def test_a_colleague_answers_an_offer_after_a_while_and_not_always_the_same() -> None:
    """Until then the chat is the agent's; accepted it is gone, declined it stays with a word for the agent only."""
    answers = set()
    for seed in range(20):
        world, desk = office(seed)
        chat = world.begin(SARAH)
        desk.transfer(chat, LENA.id, "knows her")
        offer = world.chat(chat).conversation.offer
        assert offer is not None
        assert (offer.to, offer.mine) == (LENA, False)
        assert not world.chat(chat).removed
        world.advance(ANSWERS_AFTER[1] + 1)
        assert world.chat(chat).conversation.offer is None
        answers.add(bool(world.chat(chat).removed))
        notes = [m for m in world.chat(chat).all() if m.visibility is Visibility.NOTE]
        assert notes[0].body == "knows her"
        assert all(m.visibility is Visibility.PUBLIC for m in world.customer_view(chat))
    assert answers == {True, False}


def test_an_offer_is_answered_once() -> None:
    """Accepted, declined or taken back by the colleague: afterwards it cannot be answered any more."""
    world, desk = office()
    accepted, declined, late = (desk.offer(SARAH, LENA, "mine?") for _ in range(3))
    desk.accept(accepted)
    assert world.chat(accepted).conversation.joined
    assert world.chat(accepted).conversation.assignee == ME
    desk.decline(declined, "too many chats")
    assert "stays with Lena" in world.chat(declined).removed
    world.advance(WITHDRAWN_AFTER + 1)
    assert world.chat(late).removed
    assert not world.chat(accepted).removed
    with pytest.raises(Conflict):
        desk.accept(accepted)
    for chat in (declined, late):
        with pytest.raises(Rejected):
            desk.accept(chat)


def test_the_longest_wait_is_next_and_offers_are_not_the_queue() -> None:
    """Those who wait come in their order; then there is nobody."""
    world, desk = office()
    world.begin(SARAH)
    desk.offer(SARAH, LENA, "mine?")
    waiting = []
    for _ in range(2):
        world.advance(5)
        waiting.append(world.begin(SARAH, joined=False))
    assert [desk.take_next()[0] for _ in range(3)] == [*waiting, None]


def test_assigning_needs_nobody_to_agree() -> None:
    """A colleague, the agent, nobody; a stranger is refused."""
    world, desk = office()
    chat = world.begin(SARAH)
    for agent_id, wanted in ((LENA.id, LENA), (None, None), (ME.id, ME)):
        desk.assign(chat, agent_id)
        assert world.chat(chat).conversation.assignee == wanted
    with pytest.raises(Rejected):
        desk.assign(chat, "nobody")


def test_search_finds_all_words_with_the_newest_hit_first() -> None:
    """In names, subjects and messages, whatever the case; withdrawn text is not found."""
    world, desk = office()
    old = world.begin(SARAH, subject="Invoice for March")
    world.customer_says(old, "the INVOICE " + "x" * 100 + " is wrong")
    world.advance(60)
    new = world.begin(replace(SARAH, id="c2", name="Jonas Kühn"))
    gone = world.customer_says(new, "my secret number is 42")
    world.customer_says(new, "I need an invoice")
    world.customer_deletes(new, gone)
    assert [found.conversation_id for found in desk.search("invoice", 10)] == [new, old]
    assert [found.conversation_id for found in desk.search("sarah wrong", 10)] == [old]
    assert len(desk.search("invoice", 1)) == 1
    assert desk.search("secret", 10) == ()
    assert desk.search(" ", 10) == ()
    assert all(len(found.excerpt) < 90 for found in desk.search("invoice", 10))


def test_a_customer_is_told_with_their_other_chats() -> None:
    """Newest first, without the one that is asked about."""
    world, desk = office()
    first = world.begin(SARAH, subject="one")
    world.advance(10)
    second = world.begin(SARAH, subject="two")
    world.begin(replace(SARAH, id="c2"))
    assert [one.id for one in desk.customer(first).earlier] == [second]


def test_files_wait_for_their_reply() -> None:
    """A name that is not known is gone."""
    _, desk = office()
    file = StoredFile("a.txt", "text/plain", b"a")
    name = desk.keep(file)
    assert desk.files([name, name]) == [file, file]
    with pytest.raises(Gone):
        desk.files(["upload-0"])


def test_the_demo_offers_a_chat_while_the_agent_takes_new_ones() -> None:
    """With customers who write; not while the agent is away."""

    def offered(presence: Presence) -> list[ConversationId]:
        world = Stage(seed=1, realtime=False, start=1_000_000.0).world()
        world.presence = presence
        found = []
        for _ in range(60):
            world.advance(10)
            found += [c.conversation.id for c in world.chats() if (o := c.conversation.offer) is not None and o.mine]
        if found:
            assert any(message.role is Role.CUSTOMER for message in world.chat(found[0]).all())
        return found

    assert offered(Presence.ONLINE)
    assert not offered(Presence.AWAY)
