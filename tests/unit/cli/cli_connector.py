"""A backend for the tests of the command line: it lets in whoever knows the word."""

import asyncio
from collections.abc import Mapping
from typing import ClassVar

from paradesk.connectors.base import AuthError, Connector, ConnectorContext, NotSent, Option, Outcome
from paradesk.connectors.capabilities import Capabilities
from paradesk.core.events import ConversationUpserted
from paradesk.core.intents import Intent
from paradesk.core.model import Conversation, ConversationId, Customer

WORD = "correct horse"


class DoorConnector(Connector):
    """Signs in with a word, and shows one chat."""

    name: ClassVar[str] = "door"
    title: ClassVar[str] = "Door"
    options: ClassVar[tuple[Option, ...]] = (
        Option("address", "Address of the door"),
        Option("colour", "Its colour", required=False, default="green"),
        Option("word", "Word", secret=True),
    )
    capabilities = Capabilities()

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(settings)
        if settings["address"] == "bad":
            raise ValueError("address must be a street")

    async def run(self, desk: ConnectorContext) -> None:
        """Open the door."""
        address = self.settings["address"]
        if address == "nowhere":
            raise NotSent("no such street")
        if address == "silent":
            await asyncio.Event().wait()
        if address == "broken":
            raise RuntimeError("hinge\x1b[2J")
        if self.settings["word"] != WORD:
            raise AuthError("wrong word")
        customer = Customer(id="c", name="C")
        await desk.emit(ConversationUpserted(Conversation(id=ConversationId("1"), customer=customer)))
        await desk.online()
        await asyncio.Event().wait()

    async def perform(self, intent: Intent) -> Outcome:
        """Do nothing."""
        return Outcome()
