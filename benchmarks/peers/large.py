"""A chat backend of any size for the measurement: conversations and messages are computed when they are asked for."""

import asyncio
import time
from collections.abc import Iterator, Mapping

from benchmarks.peers.stream import TEXTS
from paradesk.connectors.base import Connector, ConnectorContext, Option, Outcome, Page
from paradesk.connectors.capabilities import Capabilities, Idempotency, Support
from paradesk.core.events import AgentIdentified, ConversationUpserted, Event, MessageUpserted
from paradesk.core.intents import Intent
from paradesk.core.model import Agent, Conversation, ConversationId, Customer, Message, MessageId, Role, Status

MINE = 40
"""Open conversations of this agent; they come first, as a backend lists the most recent ones first."""
QUEUED = 960
"""Conversations that nobody has taken; all others are solved."""
RECENT = 3
"""Messages that come with a conversation at sign-in."""
_CHUNK = 500
_ME = Agent("me", "Maria")
_FIRST = (
    *("Sarah", "Jonas", "Анна", "Grace", "Li", "Mehmet", "Priya", "Luca", "Zoë", "Olu"),
    *("Hana", "Noah", "Ines", "Kofi", "Mina", "Tom", "Aiko", "Raúl", "Eva", "Sven"),
)
_LAST = (
    *("Chen", "Kühn", "Петрова", "Mbeki", "Wei", "Yılmaz", "Rao", "Bianchi", "Okafor", "Sato"),
    *("Cohen", "Costa", "Mensah", "Park", "Hughes", "Díaz", "Novak"),
)


def name_of(number: int) -> str:
    """Return the customer's name of a conversation."""
    first, last = _FIRST[number % len(_FIRST)], _LAST[(number // len(_FIRST)) % len(_LAST)]
    return f"{first} {last}" + (f" {number}" if number >= len(_FIRST) * len(_LAST) else "")


def conversation(number: int, now: float) -> Conversation:
    """Return a conversation without its messages."""
    return Conversation(
        id=ConversationId(f"c{number}"),
        profile="",
        number=str(100_000 + number),
        customer=Customer(id=f"p{number}", name=name_of(number), email=f"p{number}@mail.example"),
        channel="web",
        subject=TEXTS[number % len(TEXTS)][:60],
        status=Status.OPEN if number < MINE + QUEUED else Status.SOLVED,
        assignee=_ME if number < MINE else None,
        joined=not MINE <= number < MINE + QUEUED,
        created_at=now - 60 * (number + 1),
    )


def message(number: int, turn: int, now: float, total: int) -> Message:
    """Return message `turn` (from 0) of a conversation; every third is the agent's."""
    mine = turn % 3 == 1
    return Message(
        id=MessageId(f"m{number}-{turn}"),
        conversation_id=ConversationId(f"c{number}"),
        role=Role.AGENT if mine else Role.CUSTOMER,
        sender_id=_ME.id if mine else f"p{number}",
        sender_name=_ME.name if mine else name_of(number),
        body=f"{turn} {TEXTS[(number + turn) % len(TEXTS)]}",
        sent_at=now - 60 * (number + 1) - 10 * (total - turn),
        order_key=turn,
    )


class LargeConnector(Connector):
    """Lists all conversations with their newest messages, then brings `rate` messages a second into those of the agent."""

    name = "bench-large"
    title = "Benchmark"
    options = (
        Option("conversations", "How many there are"),
        Option("messages", "How many messages each of them has"),
        Option("recent", "How many of them come at sign-in", default=str(RECENT)),
        Option("rate", "Messages a second afterwards", default="0"),
    )
    capabilities = Capabilities(
        history=Support.NATIVE, resume=Support.NATIVE, idempotency=Idempotency.EXACT, exact_window=60.0
    )

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(settings)
        self._conversations, self._messages = int(settings["conversations"]), int(settings["messages"])
        self._recent, self._rate = int(settings["recent"]), float(settings["rate"])

    def events(self, now: float) -> Iterator[Event]:
        """Yield everything that is told at sign-in."""
        for number in range(self._conversations):
            yield ConversationUpserted(conversation(number, now), 1)
            for turn in range(max(0, self._messages - self._recent), self._messages):
                yield MessageUpserted(message(number, turn, now, self._messages))

    async def run(self, desk: ConnectorContext) -> None:
        """List what there is unless it is known, then stream."""
        now = time.time()
        if not desk.cursor:
            await desk.emit(AgentIdentified(desk.profile, _ME))
            await desk.online()
            batch: list[Event] = []
            for event in self.events(now):
                batch.append(event)
                if len(batch) >= _CHUNK:
                    await desk.emit(*batch)
                    batch = []
            await desk.emit(*batch, cursor="0")
        await desk.online()
        sent = int(desk.cursor or 0)
        while self._rate:
            await asyncio.sleep(1 / self._rate)
            number, turn = sent % MINE, self._messages + sent // MINE
            sent += 1
            await desk.emit(MessageUpserted(message(number, turn, time.time(), turn)), cursor=str(sent))
        await asyncio.Event().wait()

    async def history(self, conversation_id: ConversationId, before: Message | None, limit: int) -> Page:
        """Return older messages."""
        end = self._messages if before is None else min(before.order_key, self._messages)
        turns = range(max(0, end - limit), end)
        number = int(conversation_id.removeprefix("c"))
        found = tuple(message(number, turn, time.time(), self._messages) for turn in turns)
        return Page(found, complete=turns.start == 0)

    async def perform(self, intent: Intent) -> Outcome:
        """Take everything, say nothing."""
        return Outcome()
