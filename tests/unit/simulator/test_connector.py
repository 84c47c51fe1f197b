"""What the simulator's connector does beyond the contract: worlds that change, are shared, and are driven elsewhere."""

import asyncio
import threading
from functools import partial

from paradesk.connectors.base import NotSent
from paradesk.connectors.simulator import SimulatorConnector, World
from paradesk.core.model import Customer
from paradesk.core.state import State
from paradesk.testing.recorder import Commit, Recorder, Session
from tests.unit.simulator.playing import START, staged


async def test_conversations_of_an_earlier_world_are_removed() -> None:
    first = World(seed=1, start=START)
    old = first.begin(Customer(id="a", name="Ana"))
    async with Session(SimulatorConnector({}, first)) as before:
        await before.until(lambda: before.desk.commits, "a cursor")
    second = World(seed=1, start=START + 60)
    new = second.begin(Customer(id="b", name="Ben"))
    async with Session(SimulatorConnector({}, second), Recorder(start=before.desk.commits[-1])) as after:
        await after.until(lambda: after.desk.known(new), "the new conversation")
        thread = after.desk.thread(old)
        assert thread is not None
        assert "started anew" in thread.removed


async def test_unreadable_cursor_is_a_fresh_start() -> None:
    world = World(start=START)
    chat = world.begin(Customer(id="a", name="Ana"))
    world.customer_says(chat, "hello")
    desk = Recorder(start=Commit("from:another:program", State()))
    async with Session(SimulatorConnector({}, world), desk) as session:
        await session.until(lambda: session.desk.said(chat) == ["hello"], "the message")


async def test_world_may_be_driven_from_another_thread() -> None:
    world = World(start=START, realtime=False)
    chat = world.begin(Customer(id="a", name="Ana"))
    async with Session(SimulatorConnector({}, world)) as session:
        thread = threading.Thread(target=lambda: [world.customer_says(chat, str(number)) for number in range(50)])
        thread.start()
        await session.until(lambda: len(session.desk.said(chat)) == 50, "all messages")
        await asyncio.to_thread(thread.join)
        assert session.desk.said(chat) == [str(number) for number in range(50)]


async def test_two_connectors_see_the_same_world() -> None:
    world = World(start=START)
    chat = world.begin(Customer(id="a", name="Ana"))
    async with Session(SimulatorConnector({}, world)) as one, Session(SimulatorConnector({}, world)) as other:
        world.customer_says(chat, "both of you")
        for session in (one, other):
            await session.until(partial(session.desk.said, chat), "the message")


async def test_staged_world_steps_without_real_time() -> None:
    world = staged()
    async with Session(SimulatorConnector({}, world)) as session:
        world.advance(60)
        await session.until(lambda: len(session.desk.state.threads) >= 4, "more customers")
        first = world.chats()[0].conversation.id
        assert session.desk.said(first)


async def test_lost_cursors_close_their_gap() -> None:
    world = World(start=START)
    chat = world.begin(Customer(id="a", name="Ana"))
    async with Session(SimulatorConnector({}, world)) as session:
        await session.until(lambda: session.desk.known(chat), "the conversation")
        world.cut()
        await session.until(lambda: session.losses, "the loss")
        assert isinstance(session.losses[0], NotSent)
        texts = [str(number) for number in range(3)]
        for text in texts:
            world.customer_says(chat, text)
        world.restore()
        await session.until(lambda: session.desk.said(chat) == texts, "what was missed")
