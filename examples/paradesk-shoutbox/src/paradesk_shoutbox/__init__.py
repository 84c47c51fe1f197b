"""A connector for Shoutbox, a chat that is asked for news over HTTP: everything that text chat takes."""

import asyncio
from collections.abc import Mapping

import msgspec

from paradesk.connectors.base import Connector, ConnectorContext, Option, Outcome, Page
from paradesk.connectors.capabilities import Capabilities, Support
from paradesk.connectors.json_api import JsonApi
from paradesk.core.events import AgentIdentified, ConversationUpserted, MessageUpserted
from paradesk.core.intents import Intent
from paradesk.core.model import Agent, Conversation, ConversationId, Customer, Message, MessageId, Role


class Shout(msgspec.Struct):  # as it stands in the server's JSON
    number: int
    room: ConversationId
    author: str
    role: Role
    text: str
    at: float

    def events(self) -> tuple[ConversationUpserted, MessageUpserted]:
        message = Message(id=MessageId(str(self.number)), conversation_id=self.room, role=self.role, sent_at=self.at,
            sender_id=self.author, sender_name=self.author, body=self.text, order_key=self.number)  # fmt: skip
        chat = Conversation(id=self.room, profile="", customer=Customer(id=self.room, name=self.room))
        return ConversationUpserted(chat, version=1), MessageUpserted(message)


class ShoutboxConnector(Connector):
    name, title = "shoutbox", "Shoutbox"
    options = (Option("url", "Address of the server"), Option("token", "Your token", secret=True))
    capabilities = Capabilities(history=Support.NATIVE, resume=Support.NATIVE, max_body_bytes=5_000, latency=0.5)

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(settings)
        self.api = JsonApi(self.title, settings.get("url", ""), {"Authorization": self.secret("token")})

    async def run(self, desk: ConnectorContext) -> None:
        await desk.emit(AgentIdentified(desk.profile, Agent("me", "Me")))
        while True:
            for shout in await self.api.get("/news", list[Shout], {"since": desk.cursor or "0"}):
                await desk.emit(*shout.events(), cursor=str(shout.number))
            await desk.online()
            await asyncio.sleep(self.capabilities.latency)

    async def perform(self, intent: Intent) -> Outcome:
        reply = self.text_reply(intent)
        shout = await self.api.post("/shout", Shout, {"room": reply.conversation_id, "text": reply.body})
        return Outcome(message_id=MessageId(str(shout.number)))

    async def history(self, conversation_id: ConversationId, before: Message | None, limit: int) -> Page:
        query = {"room": conversation_id, "before": str(before.order_key if before else 2**60), "most": str(limit)}
        shouts = await self.api.get("/shouts", list[Shout], query)
        return Page(tuple(shout.events()[1].message for shout in shouts), complete=len(shouts) < limit)

    async def close(self) -> None:
        await self.api.close()
