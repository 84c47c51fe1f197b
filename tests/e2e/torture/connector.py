"""A small real connector for the backend of this package: HTTP over sockets, replies by POST, the stream by polling."""

import json
import time
from typing import Any

from paradesk.connectors.base import (
    Connector,
    ConnectorContext,
    Outcome,
    Page,
    Prepared,
    RateLimited,
    Rejected,
    Uncertain,
    Unsupported,
)
from paradesk.connectors.capabilities import Capabilities, Idempotency, Support
from paradesk.connectors.http import Answer, OriginClient, checked_origin
from paradesk.core.events import ConversationUpserted, MessageUpserted
from paradesk.core.intents import Intent, Send
from paradesk.core.model import ClientId, Conversation, ConversationId, Customer, Message, MessageId, Role, Status
from tests.e2e.torture.backend import CONVERSATIONS, SETTLE

_LIMIT = 10_000_000


class TortureConnector(Connector):
    """Settings: `address`, `mode` (an `Idempotency`), and `deadline` of a request in seconds."""

    name = "torture"
    title = "Torture"

    def __init__(self, settings: dict[str, str]) -> None:
        super().__init__(settings)
        self.capabilities = Capabilities(
            history=Support.NATIVE,
            resume=Support.NATIVE,
            idempotency=Idempotency(settings["mode"]),
            exact_window=3600.0,
            settle=SETTLE,
        )
        self._deadline = float(settings["deadline"])
        self._client = OriginClient(checked_origin(settings["address"], "server"))

    async def run(self, desk: ConnectorContext) -> None:
        """Follow the stream from the committed cursor."""
        cursor = desk.cursor
        if cursor is None:
            cursor = "0"
            await desk.emit(*map(_conversation, CONVERSATIONS), cursor=cursor)
        while True:
            messages = await self._get(f"/stream/{cursor}")
            await desk.online()
            if messages:
                cursor = str(messages[-1]["id"])
                await desk.emit(*(MessageUpserted(_message(message)) for message in messages), cursor=cursor)

    def prepare(self, send: Send) -> Prepared:
        """Make each line a message of its own."""
        return Prepared(tuple(send.body.splitlines()))

    async def perform(self, intent: Intent) -> Outcome:
        """Deliver a reply."""
        if not isinstance(intent, Send):
            raise Unsupported("Torture delivers replies, and nothing else")
        content = {"client_id": intent.client_id, "body": intent.body, "sent_at": str(time.time())}
        answer = await self._client.ask(
            "POST",
            f"/reply/{intent.conversation_id}",
            limit=_LIMIT,
            content=json.dumps(content).encode(),
            deadline=self._deadline,
        )
        said = _checked(answer)
        events = () if said["message"] is None else (MessageUpserted(_message(said["message"])),)
        return Outcome(message_id=MessageId(str(said["id"])), events=events)

    async def history(self, conversation_id: ConversationId, before: Message | None, limit: int) -> Page:
        """Return what lies before a message."""
        messages = await self._get(f"/history/{conversation_id},{0 if before is None else before.id}")
        return Page(tuple(map(_message, messages)), complete=len(messages) < 50)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

    async def _get(self, path: str) -> list[dict[str, Any]]:
        return list(_checked(await self._client.ask("GET", path, limit=_LIMIT, deadline=self._deadline)))


def parts_of(client_id: str) -> list[str]:
    """Return the client ids of the parts of a reply with this one: how many there are can be told from it."""
    return [client_id, *(f"{client_id}.{number}" for number in range(2, int(client_id[-1], 16) % 3 + 2))]


def _checked(answer: Answer) -> Any:
    if answer.status == 429:
        raise RateLimited("too fast", float(answer.headers["retry-after"]))
    if answer.status == 408 or answer.status >= 500:
        raise Uncertain(f"the server answered {answer.status}")
    if answer.status != 200:
        raise Rejected(f"the server answered {answer.status}")
    try:
        return json.loads(answer.body)
    except ValueError:
        raise Uncertain("the server's answer cannot be read") from None


def _conversation(name: str) -> ConversationUpserted:
    customer = Customer(id=name, name=name)
    return ConversationUpserted(Conversation(id=ConversationId(name), customer=customer, status=Status.OPEN))


def _message(said: dict[str, Any]) -> Message:
    return Message(
        id=MessageId(str(said["id"])),
        conversation_id=ConversationId(said["conversation"]),
        role=Role.AGENT,
        sender_id="me",
        sender_name="Agent",
        body=said["body"],
        sent_at=said["at"],
        order_key=said["id"],
        client_id=ClientId(said["client_id"]) if said["client_id"] else None,
    )
