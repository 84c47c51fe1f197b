"""The desk's side of the Matrix tests: sessions, replies, and what has been folded."""

from paradesk.connectors.matrix import MatrixConnector
from paradesk.core.intents import Send
from paradesk.core.model import ClientId, Conversation, ConversationId, Role, Visibility
from paradesk.testing.recorder import Recorder, Session
from tests.contract.matrix_backend import MatrixBackend


def session(backend: MatrixBackend, start: Recorder | None = None, connector: MatrixConnector | None = None) -> Session:
    """Return a session of the agent, continuing from the last commit of another one where that is given."""
    recorder = Recorder(start=start.commits[-1]) if start else None
    return Session(connector or backend.connector(), recorder, backend.patience)


def reply(chat: ConversationId, body: str, client_id: str) -> Send:
    """Return a reply with this client id."""
    return Send(conversation_id=chat, body=body, visibility=Visibility.PUBLIC, client_id=ClientId(client_id))


def conversation(desk: Recorder, chat: ConversationId) -> Conversation | None:
    """Return the folded conversation once it is known."""
    thread = desk.known(chat)
    return thread.conversation if thread else None


def lines(desk: Recorder, chat: ConversationId) -> list[str]:
    """Return what nobody said."""
    return [message.body for message in desk.messages(chat) if message.role is Role.SYSTEM]


def committed(desk: Recorder, chat: ConversationId) -> bool:
    """Tell whether the last commit contains something that a customer said."""
    thread = desk.commits[-1].state.threads.get(chat) if desk.commits else None
    return thread is not None and any(message.role is Role.CUSTOMER for message in thread.transcript)
