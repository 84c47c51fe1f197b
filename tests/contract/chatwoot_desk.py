"""What the tests of the Chatwoot connector share: a played Chatwoot with a session on it, and short words for replies."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from paradesk.connectors.chatwoot import ChatwootConnector
from paradesk.core.intents import Send
from paradesk.core.model import ClientId, Conversation, ConversationId, Message, Visibility
from paradesk.testing.recorder import Recorder, Session
from tests.contract.chatwoot import world
from tests.contract.chatwoot.cables import StandInCable
from tests.contract.chatwoot_backend import ChatwootBackend


@asynccontextmanager
async def played() -> AsyncIterator[tuple[ChatwootBackend, StandInCable]]:
    """A fresh Chatwoot over the stand-in, with its hands."""
    async with StandInCable() as cable, ChatwootBackend(cable) as backend:
        yield backend, cable


def session(
    backend: ChatwootBackend, desk: Recorder | None = None, connector: ChatwootConnector | None = None
) -> Session:
    """Return a session of the agent, to be entered."""
    return Session(connector or backend.connector(), desk, backend.patience)


def kept(backend: ChatwootBackend, chat: ConversationId) -> world.Conversation:
    """Return a conversation as the server has it."""
    return backend.server.world.conversations[int(chat)]


def shown(desk: Session, chat: ConversationId) -> Conversation | None:
    """Return a conversation as the desk has it."""
    thread = desk.desk.known(chat)
    return thread.conversation if thread else None


def removed(desk: Session, chat: ConversationId) -> str:
    """Return why a conversation is no longer on the desk, or an empty text."""
    thread = desk.desk.thread(chat)
    return thread.removed if thread else ""


def by_body(desk: Session, chat: ConversationId, body: str) -> Message | None:
    """Return the message with this text."""
    return next((message for message in desk.desk.messages(chat) if message.body == body), None)


def reply(chat: ConversationId, body: str, client_id: str = "client-1", note: bool = False) -> Send:
    """Return a reply or a note."""
    visibility = Visibility.NOTE if note else Visibility.PUBLIC
    return Send(conversation_id=chat, body=body, visibility=visibility, client_id=ClientId(client_id))
