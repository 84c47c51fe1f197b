"""A chat backend for the measurement: four conversations that are already full, and a steady stream of more.

It is a connector like anybody's. What it keeps is a number: as with a real backend, the messages of the past lie at the
other end of the line (and in the desk's journal), not in the memory of the measured program.
"""

import asyncio
import time
from collections.abc import Mapping

from paradesk.connectors.base import Connector, ConnectorContext, Option, Outcome
from paradesk.connectors.capabilities import Capabilities, Idempotency, Support
from paradesk.core.events import AgentIdentified, ConversationUpserted, Event, MessageUpserted
from paradesk.core.intents import Intent
from paradesk.core.model import Agent, Conversation, ConversationId, Customer, Message, MessageId, Role, Status

NAMES = ("Sarah Chen", "Jonas Kühn", "Анна Петрова", "Grace Mbeki")
CONVERSATIONS = tuple(ConversationId(f"c{number}") for number in range(len(NAMES)))
_CHUNK = 500
_ME = Agent("me", "Maria")
TEXTS = (
    "ok",
    "The parcel was marked as delivered yesterday at noon, but nobody has rung and there is nothing at the door.",
    "Können Sie bitte noch einmal nachsehen? Die Bestellung ist vom letzten Dienstag, bezahlt habe ich mit Karte.",
    "https://shop.example/orders/A-20417?ref=mail",
    "I have tried it with the other browser as well: the page loads, asks for the code, then I am signed out again. "
    "It is the same on my phone. Yesterday evening everything still worked, I have not changed anything since then.",
    "你好，我的订单还没有到。",
    "Thanks!\nOne more question:\nis the invoice in the parcel?",
    "Ja, genau 👍",
    "is there anything new about my refund?",
)


def conversations() -> list[Event]:
    """Return the four conversations."""
    return [
        ConversationUpserted(
            Conversation(
                id=conversation_id,
                number=str(1241 + place),
                customer=Customer(id=f"p{place}", name=name),
                channel="web",
                subject="Benchmark",
                status=Status.OPEN,
                assignee=_ME,
            ),
            version=1,
        )
        for place, (conversation_id, name) in enumerate(zip(CONVERSATIONS, NAMES, strict=True))
    ]


def message(number: int, at: float) -> Event:
    """Return message `number`; they go round the conversations, and every fifth of one is the agent's."""
    place, turn = number % len(NAMES), number // len(NAMES)
    mine = turn % 5 == 3
    return MessageUpserted(
        Message(
            id=MessageId(f"m{number}"),
            conversation_id=CONVERSATIONS[place],
            role=Role.AGENT if mine else Role.CUSTOMER,
            sender_id=_ME.id if mine else f"p{place}",
            sender_name=_ME.name if mine else NAMES[place],
            body=f"{number} {TEXTS[turn % len(TEXTS)]}",
            sent_at=at,
            order_key=number,
        )
    )


class StreamConnector(Connector):
    """Brings `preload` messages at once, then `rate` a second. Resumes where the cursor says."""

    name = "bench-stream"
    title = "Benchmark"
    options = (Option("preload", "Messages that are there already"), Option("rate", "Messages a second"))
    capabilities = Capabilities(
        history=Support.NATIVE,
        typing_out=Support.NATIVE,
        read_out=Support.NATIVE,
        resume=Support.NATIVE,
        idempotency=Idempotency.EXACT,
        exact_window=60.0,
    )

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(settings)
        self._preload, self._rate = int(settings["preload"]), float(settings["rate"])

    async def run(self, desk: ConnectorContext) -> None:
        """Catch up, then stream as a socket would: each message when it is due, those that are late together."""
        sent = int(desk.cursor or 0)
        if not sent:
            await desk.emit(AgentIdentified(desk.profile, _ME), *conversations())
        began = time.time()
        while sent < self._preload:
            end = min(sent + _CHUNK, self._preload)
            events = [message(number, began - (self._preload - number)) for number in range(sent, end)]
            await desk.emit(*events, cursor=str(end))
            sent = end
        await desk.online()
        if not self._rate:
            await asyncio.Event().wait()
        first, start = sent, time.monotonic()
        while True:
            due = first + int((time.monotonic() - start) * self._rate)
            if due > sent:
                events = [message(number, time.time()) for number in range(sent, due)]
                await desk.emit(*events, cursor=str(due))
                sent = due
            await asyncio.sleep(max(0.0, start + (sent + 1 - first) / self._rate - time.monotonic()))

    async def perform(self, intent: Intent) -> Outcome:
        """Take everything, say nothing."""
        return Outcome()
