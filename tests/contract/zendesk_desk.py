"""The desk's side of the Zendesk tests: sessions, replies, and what has been folded."""

from paradesk.connectors.zendesk import ZendeskConnector
from paradesk.core.intents import Send
from paradesk.core.model import ClientId, Conversation, ConversationId, Visibility
from paradesk.testing.recorder import Recorder, Session
from tests.contract.zendesk_backend import ZendeskBackend


def session(backend: ZendeskBackend, start: Recorder | None = None, **more: str) -> Session:
    """Return a session of the agent with other settings, from the last commit of another where that is given."""
    recorder = Recorder(start=start.commits[-1]) if start else None
    return Session(ZendeskConnector(backend.settings(**more)), recorder, backend.patience)


def reply(chat: ConversationId, body: str, visibility: Visibility = Visibility.PUBLIC) -> Send:
    """Return a reply."""
    return Send(conversation_id=chat, body=body, visibility=visibility, client_id=ClientId(body[:9]))


def conversation(open_session: Session, chat: ConversationId) -> Conversation | None:
    """Return the folded ticket once it is known."""
    thread = open_session.desk.known(chat)
    return thread.conversation if thread else None


def removed(open_session: Session, chat: ConversationId) -> str:
    """Return why the desk counts a ticket as gone, or nothing."""
    thread = open_session.desk.thread(chat)
    return thread.removed if thread is not None else ""


async def is_there(open_session: Session, chat: ConversationId) -> Conversation:
    """Wait for a ticket and return it."""
    return await open_session.until(lambda: conversation(open_session, chat), "the ticket")
