"""The world is the same for the same seed, whatever drives its clock."""

import pytest

from paradesk.connectors.base import Rejected
from paradesk.connectors.simulator import World
from paradesk.connectors.simulator.agent import AgentSide
from paradesk.core.events import ConversationRemoved, StatusChanged
from paradesk.core.model import ConversationId, Customer, MessageId, Role, Status, Visibility
from tests.unit.simulator.playing import START, answer, staged


def everything(world: World) -> list[object]:
    return [(chat.conversation, chat.all(), chat.removed) for chat in world.chats()]


def play(world: World) -> None:
    first, second = (chat.conversation.id for chat in world.chats()[:2])
    world.advance(5)
    answer(world, first, "Hello! What is your order number?")
    world.advance(20)
    answer(world, second, "I have sent you a password reset link.")
    world.advance(600)


def test_same_seed_same_world() -> None:
    one, other = staged(seed=3), staged(seed=3)
    play(one)
    play(other)
    assert len(one.chats()) > 4
    assert everything(one) == everything(other)


def test_other_seed_other_world() -> None:
    one, other = staged(seed=3), staged(seed=4)
    one.advance(300)
    other.advance(300)
    names = [[chat.conversation.customer.name for chat in world.chats()] for world in (one, other)]
    assert names[0] != names[1]


def test_steps_do_not_matter() -> None:
    at_once, in_steps = staged(), staged()
    at_once.advance(300)
    for _ in range(1200):
        in_steps.advance(0.25)
    assert everything(at_once) == everything(in_steps)


def test_times_agree_with_the_screen_at_any_speed() -> None:
    slow, fast = staged(speed=1), staged(speed=10)
    slow.advance(100)
    fast.advance(100)
    assert slow.stamp() == START + 100
    assert fast.stamp() == START + 10
    assert fast.stamp(-60) == START - 60, "what lies before the start is not squeezed"
    newest = max(message.sent_at for chat in fast.chats() for message in chat.all())
    assert START < newest <= START + 10


def quiet_chat(world: World) -> ConversationId:
    return world.begin(Customer(id="c", name="Ana"))


def test_customer_reopens_a_solved_ticket() -> None:
    world = World(start=START, realtime=False)
    chat = quiet_chat(world)
    AgentSide(world).set_status(chat, Status.SOLVED, None)
    before = world.log.position
    world.customer_says(chat, "It is broken again")
    assert world.chat(chat).conversation.status is Status.OPEN
    told = [event for event in world.batch(before).events if isinstance(event, StatusChanged)]
    assert [event.status for event in told] == [Status.OPEN]


def test_snoozed_ticket_comes_back() -> None:
    world = World(start=START, realtime=False)
    chat = quiet_chat(world)
    AgentSide(world).set_status(chat, Status.PENDING, START + 60)
    world.advance(59)
    assert world.chat(chat).conversation.snoozed_until == START + 60
    world.advance(2)
    assert world.chat(chat).conversation.status is Status.OPEN
    assert world.chat(chat).conversation.snoozed_until is None


def test_log_says_when_it_does_not_reach_back() -> None:
    world = World(start=START, realtime=False, retention=5)
    chat = quiet_chat(world)
    position = world.log.position
    for number in range(5):
        world.customer_says(chat, str(number))
    assert not world.batch(position).limited
    assert len(world.batch(position).events) == 5
    world.customer_says(chat, "one too many")
    assert world.batch(position).limited
    assert world.batch(world.log.position + 1).limited, "a position from the future is not ours"


def test_colleagues_conversations_are_not_told() -> None:
    world = World(start=START, realtime=False)
    chat = quiet_chat(world)
    AgentSide(world).transfer(chat, "team-billing", "please refund")
    assert world.chat(chat).all()[-1].role is Role.SYSTEM
    position = world.log.position
    world.customer_says(chat, "Hello, Billing")
    assert world.batch(position).events == ()
    assert chat not in [conversation.id for conversation, _ in world.listing()]
    assert [event.conversation_id for event in world.removals(0)] == [chat]
    with pytest.raises(Rejected, match="handed over to Billing"):
        answer(world, chat, "wait")


def test_transfer_note_is_not_the_customers() -> None:
    world = World(start=START, realtime=False)
    chat = quiet_chat(world)
    AgentSide(world).transfer(chat, "team-billing", "difficult person")
    assert "difficult person" in [message.body for message in world.chat(chat).all()]
    assert "difficult person" not in [message.body for message in world.customer_view(chat)]


def test_absent_colleague_takes_no_transfer() -> None:
    world = World(start=START, realtime=False)
    chat = quiet_chat(world)
    with pytest.raises(Rejected, match="not online"):
        AgentSide(world).transfer(chat, "agent-dmitri", "")
    answer(world, chat, "still mine")


def test_queue_has_to_be_joined_before_answering() -> None:
    world = World(start=START, realtime=False)
    chat = world.begin(Customer(id="c", name="Ana"), joined=False)
    with pytest.raises(Rejected, match="join"):
        answer(world, chat, "hello")
    AgentSide(world).join(chat)
    answer(world, chat, "hello")
    assert world.chat(chat).conversation.assignee == world.me


def test_customer_who_leaves_the_queue_disappears_from_it() -> None:
    world = World(start=START, realtime=False)
    chat = world.begin(Customer(id="c", name="Ana"), joined=False)
    position = world.log.position
    world.customer_leaves(chat)
    assert any(isinstance(event, ConversationRemoved) for event in world.batch(position).events)
    assert world.listing() == []


def test_note_stays_with_the_agents() -> None:
    world = World(start=START, realtime=False)
    chat = quiet_chat(world)
    world.colleague_notes(chat, world.roster[0], "VIP")
    assert world.customer_view(chat) == []
    assert world.chat(chat).all()[0].visibility is Visibility.NOTE


def test_what_does_not_exist_is_rejected() -> None:
    world = World(start=START, realtime=False)
    chat = quiet_chat(world)
    with pytest.raises(Rejected):
        world.messages(ConversationId("nowhere"), None, 5)
    with pytest.raises(Rejected):
        world.customer_edits(chat, MessageId("m999"), "x")
    with pytest.raises(Rejected):
        world.file("gone")


def test_new_conversation_finds_the_known_customer() -> None:
    world = World(start=START, realtime=False)
    known = Customer(id="c", name="Ana", email="ana@mail.example")
    world.begin(known)
    begun, message = AgentSide(world).begins("ANA@mail.example", "Your order", "Hi Ana")
    assert message is not None
    assert world.chat(begun).conversation.customer == known
    stranger, nothing = AgentSide(world).begins("+49 151 1234567", "Call", "")
    assert nothing is None
    assert world.chat(stranger).conversation.customer.phone == "+49 151 1234567"
    with pytest.raises(Rejected):
        AgentSide(world).begins("  ", "", "")
