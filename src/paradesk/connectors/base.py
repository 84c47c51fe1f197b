"""The interface to a chat backend. Text chat takes `run`, `perform`, `history` and `close`; everything else has defaults."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import ClassVar, Protocol

from paradesk.connectors.capabilities import Capabilities
from paradesk.core.events import Event
from paradesk.core.intents import Intent, Send
from paradesk.core.model import (
    Attachment,
    ConversationId,
    Customer,
    Found,
    LocalFile,
    Message,
    MessageId,
    RemoteResponse,
    Visibility,
)
from paradesk.core.secret import Secret


class ConnectorError(Exception):
    """A failure with a reason that an agent can read. Subclasses say what may be done about it."""


class Unsupported(ConnectorError):
    """The backend (or this conversation) cannot do it; raised before any I/O."""


class AuthError(ConnectorError):
    """The backend does not accept our credentials. Nothing is retried until someone signs in again."""


class Rejected(ConnectorError):
    """Refused for good: the same request will never succeed (forbidden, too large, gone)."""


class Forbidden(Rejected):
    """These credentials are good, but may not do this."""


class Gone(Rejected):
    """What it was meant for does not exist any more."""


class Conflict(Rejected):
    """Somebody else changed it meanwhile; what is there now has to be looked at first."""


class RateLimited(ConnectorError):
    """Surely not taken; the same request may be repeated after `retry_after` seconds (0 where none were named)."""

    def __init__(self, reason: str, retry_after: float) -> None:
        super().__init__(reason)
        self.retry_after = retry_after if isfinite(retry_after) and retry_after > 0 else 0.0


class NotSent(ConnectorError):
    """Surely not taken: it failed before the backend could have acted (no connection). May be repeated."""


class Uncertain(ConnectorError):
    """It may have been taken or not: a timeout, a reset, a 5xx after the body was sent."""


class ProtocolError(Uncertain):
    """The backend's answer cannot be understood (HTML instead of JSON, a field of the wrong type): it may have been taken."""


@dataclass(frozen=True, slots=True)
class Option:
    """One setting of a connector, declared once; the command line asks for it and the configuration checks it."""

    name: str
    help: str
    required: bool = True
    secret: bool = False
    """Kept in the keyring, never in the configuration file, never printed; read it with `Connector.secret`."""
    default: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an intent came to: the message's id for a send, and events with the resulting state."""

    message_id: MessageId | None = None
    conversation_id: ConversationId | None = None
    """The new conversation of a `CreateConversation`; the one that a `TakeNext` brought, None where nobody waits."""
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a reply becomes at the backend, for the desk to deliver and for the agent to see beforehand."""

    parts: tuple[str, ...]
    """The texts as they will be sent, each as a message of its own; the desk gives each part to `perform` by itself."""
    remarks: tuple[str, ...] = ()
    """What was changed, in words for the agent, such as “sent in 3 messages” or “a leading ! would be a command”."""


@dataclass(frozen=True, slots=True)
class Page:
    """Older messages, oldest first. `complete`: there is nothing before them."""

    messages: tuple[Message, ...]
    complete: bool


class ConnectorContext(Protocol):
    """What the desk gives a running connector."""

    @property
    def profile(self) -> str:
        """The configured name of this backend."""

    @property
    def cursor(self) -> str | None:
        """The cursor of the last commit, or None at the very first start."""

    async def emit(self, *events: Event, cursor: str | None = None) -> None:
        """Hand events to the desk; returns when they, and then the cursor, are committed. Slows a flood down."""

    async def online(self) -> None:
        """Say that the connection stands; call it once signed in and whenever the stream has recovered."""


class Connector(ABC):
    """One backend. Built with its settings, run as a task in a loop of its own, and asked to perform intents there."""

    name: ClassVar[str]
    title: ClassVar[str]
    options: ClassVar[tuple[Option, ...]] = ()
    capabilities: Capabilities

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.settings = settings

    def secret(self, name: str) -> Secret:
        """Return a secret setting (empty where it is not set) in a form that no log, message or traceback prints."""
        return Secret(self.settings.get(name, ""))

    @abstractmethod
    async def run(self, desk: ConnectorContext) -> None:
        """Sign in and emit events until cancelled; raise ConnectorError when the connection is lost."""

    @abstractmethod
    async def perform(self, intent: Intent) -> Outcome:
        """Carry out one intent; raises a ConnectorError that says whether it may have happened."""

    def prepare(self, send: Send) -> Prepared:
        """Return what the backend will be given for this reply; raises Rejected for what it cannot carry.

        Without I/O and from any thread: it is asked while the agent types. The desk asks it when a reply is accepted,
        and gives each part to `perform` as a reply of its own, in order; what has been prepared comes back unchanged.
        """
        size = len(send.body.encode("utf-8", "replace"))
        if size > (most := self.capabilities.max_body_bytes):
            raise Rejected(f"the text is {size:,} bytes long; {self.title} takes at most {most:,}")
        return Prepared((send.body,))

    def text_reply(self, intent: Intent) -> Send:
        """Return the intent where it is a public reply of text alone; for connectors that carry nothing else.

        Raises Unsupported for every other intent, a note above all, and Rejected for a text that `prepare` refuses.
        """
        if not isinstance(intent, Send) or intent.visibility is not Visibility.PUBLIC or intent.attachments:
            raise Unsupported(f"{self.title} takes text replies only")
        self.prepare(intent)
        return intent

    async def upload(self, conversation_id: ConversationId, file: LocalFile) -> str:
        """Bring a file to the backend and return what a later `Send.uploads` names it by."""
        raise Unsupported(f"{self.title} has no attachments")

    async def history(self, conversation_id: ConversationId, before: Message | None, limit: int) -> Page:
        """Return up to `limit` messages older than `before` (None: the newest ones)."""
        raise Unsupported(f"{self.title} keeps no history")

    async def fetch(self, attachment: Attachment) -> bytes:
        """Return the content of an attachment; raises Rejected when it is larger than the declared limit."""
        raise Unsupported(f"{self.title} has no attachments")

    async def customer(self, conversation_id: ConversationId) -> Customer:
        """Return what the backend knows of the customer, with their earlier conversations."""
        raise Unsupported(f"{self.title} knows nothing more of its customers")

    async def canned(self) -> tuple[RemoteResponse, ...]:
        """Return the canned responses that the backend keeps."""
        raise Unsupported(f"{self.title} keeps no canned responses")

    async def search(self, query: str, limit: int) -> tuple[Found, ...]:
        """Return up to `limit` conversations that the backend finds for these words, best first."""
        raise Unsupported(f"{self.title} cannot search")

    async def close(self) -> None:  # noqa: B027 - nothing to release is a fine default
        """Release what `run` and `perform` opened. Called once, after `run` has ended."""
