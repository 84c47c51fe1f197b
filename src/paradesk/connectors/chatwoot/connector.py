"""The Chatwoot connector: one agent, in one account."""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

import httpx

from paradesk.connectors.base import (
    Connector,
    ConnectorContext,
    Option,
    Outcome,
    Page,
    Prepared,
    ProtocolError,
    Rejected,
    Unsupported,
)
from paradesk.connectors.capabilities import Capabilities, Idempotency, Support
from paradesk.connectors.chatwoot.account import ChatwootAccount
from paradesk.connectors.chatwoot.actions import MAX_FILE, ChatwootActions
from paradesk.connectors.chatwoot.board import TYPING_LASTS
from paradesk.connectors.chatwoot.preparing import MAX_BODY, prepare
from paradesk.connectors.chatwoot.reading import read_canned, read_customer, read_history, search
from paradesk.connectors.chatwoot.stream import ChatwootStream
from paradesk.connectors.chatwoot.values import TO_PRESENCE, TO_STATUS
from paradesk.connectors.http import Downloader
from paradesk.core.intents import AcceptTransfer, CreateConversation, DeclineTransfer, EndChat, Intent, Send, TakeNext
from paradesk.core.model import Attachment, ConversationId, Customer, Found, Message, RemoteResponse

_ABSENT: Mapping[type, str] = {
    EndChat: "a chat at Chatwoot does not end: resolve it",
    TakeNext: "Chatwoot hands out conversations by itself, or you take one of the queue",
    AcceptTransfer: "a transfer at Chatwoot is not asked for: it is yours already",
    DeclineTransfer: "a transfer at Chatwoot is not asked for: hand it on, or leave it",
    CreateConversation: "begin a new conversation in Chatwoot itself",
}


class ChatwootConnector(Connector):
    """Talks to Chatwoot (its cloud or one of your own) as one of its agents, over REST and the websocket."""

    name: ClassVar[str] = "chatwoot"
    title: ClassVar[str] = "Chatwoot"
    options: ClassVar[tuple[Option, ...]] = (
        Option("url", "Address of Chatwoot, such as https://app.chatwoot.com"),
        Option("account", "Number of the account, as in /app/accounts/1"),
        Option("token", "Your access token, from the profile page of Chatwoot", secret=True),
        Option("inboxes", "Only these inboxes, by numbers or names with commas between; empty for all", required=False),
        Option("ca_file", "Certificates (PEM) of an authority of your own that vouches for Chatwoot", required=False),
    )
    capabilities = Capabilities(
        history=Support.NATIVE,
        typing_in=Support.NATIVE,
        typing_out=Support.NATIVE,
        read_in=Support.NATIVE,
        read_out=Support.NATIVE,
        notes=Support.NATIVE,
        attachments_in=Support.NATIVE,
        attachments_out=Support.NATIVE,
        deletions_in=Support.NATIVE,
        status=Support.NATIVE,
        statuses=frozenset(TO_STATUS),
        priority=Support.NATIVE,
        tags=Support.NATIVE,
        join=Support.NATIVE,
        leave=Support.NATIVE,
        assign=Support.NATIVE,
        transfer=Support.NATIVE,
        presence=Support.NATIVE,
        presences=frozenset(TO_PRESENCE),
        search=Support.NATIVE,
        canned=Support.NATIVE,
        customer=Support.NATIVE,
        resume=Support.NATIVE,
        idempotency=Idempotency.ECHO,
        settle=30.0,
        typing_lapses=TYPING_LASTS,
        max_body_bytes=MAX_BODY,
        max_attachment_bytes=MAX_FILE,
    )

    def __init__(self, settings: Mapping[str, str], *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        super().__init__(settings)
        self._account = ChatwootAccount(settings, self.secret("token"), transport)
        self._stream = ChatwootStream(self._account)
        self._actions = ChatwootActions(self._account, self._stream)
        origin, ca_file = self._account.client.origin, self._account.client.ca_file
        self._build_files = partial(Downloader, [origin], ca_file=ca_file, transport=transport)
        self._files: Downloader | None = None

    async def run(self, desk: ConnectorContext) -> None:
        """Sign in and follow the account until cancelled; raises ConnectorError when the connection is lost."""
        await self._stream.follow(desk)

    async def perform(self, intent: Intent) -> Outcome:
        """Carry out one intent; raises a ConnectorError that says whether it may have happened."""
        if type(intent) in _ABSENT:
            raise Unsupported(_ABSENT[type(intent)])
        return await self._actions.perform(intent)

    def prepare(self, send: Send) -> Prepared:
        """Return the text so that Chatwoot sends it as it was written; raises Rejected when it is too long."""
        return prepare(send.body)

    async def history(self, conversation_id: ConversationId, before: Message | None, limit: int) -> Page:
        """Return up to `limit` messages older than `before` (None: the newest ones), oldest first."""
        return await read_history(self._account, conversation_id, before, limit)

    async def fetch(self, attachment: Attachment) -> bytes:
        """Return a file, asked for without credentials: Chatwoot's addresses of files are secrets of their own."""
        limit = self.capabilities.max_attachment_bytes
        if attachment.size is not None and attachment.size > limit:
            raise Rejected(f"larger than the limit of {limit // 1_000_000} MB")
        if self._files is None:
            self._files = self._build_files()
        content = await self._files.fetch(attachment.id, limit)
        if attachment.size is not None and len(content) != attachment.size:
            raise ProtocolError(
                f"this is not the file: {len(content):,} bytes came instead of {attachment.size:,}; try again"
            )
        return content

    async def customer(self, conversation_id: ConversationId) -> Customer:
        """Return the contact of a conversation, with their earlier conversations."""
        return await read_customer(self._account, await self._stream.read(conversation_id))

    async def canned(self) -> tuple[RemoteResponse, ...]:
        """Return the canned responses, and the texts of macros; what else a macro does is not done."""
        return await read_canned(self._account)

    async def search(self, query: str, limit: int) -> tuple[Found, ...]:
        """Return conversations with a message that holds these words."""
        return await search(self._account, query, limit)

    async def close(self) -> None:
        """Close all connections."""
        await self._account.client.close()
        if self._files is not None:
            await self._files.close()
