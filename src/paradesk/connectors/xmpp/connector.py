"""The XMPP connector: a chat with one address, or a room, is a conversation. slixmpp is loaded when it runs."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from paradesk.connectors.base import (
    AuthError,
    Connector,
    ConnectorContext,
    NotSent,
    Option,
    Outcome,
    Page,
    Prepared,
    Rejected,
)
from paradesk.connectors.capabilities import Capabilities, Idempotency, Support
from paradesk.connectors.xmpp.account import OPTIONS, read_account
from paradesk.connectors.xmpp.compose import MAX_BODY, prepare_text, refuse_what_is_absent
from paradesk.core.events import AgentIdentified, PresenceChanged, RosterChanged
from paradesk.core.intents import Intent, Send
from paradesk.core.model import Agent, Attachment, ConversationId, Customer, LocalFile, Message, Presence, Status

if TYPE_CHECKING:
    from paradesk.connectors.xmpp.actions import XmppActions
    from paradesk.connectors.xmpp.files import Files
    from paradesk.connectors.xmpp.stream import XmppStream

MAX_FILE = 25_000_000
PATIENCE = 10.0
"""Seconds for which a question waits for a connection that is being made."""
_LOOK = 0.05
MISSING = "the XMPP connector needs slixmpp: pip install 'paradesk[xmpp]'"


class XmppConnector(Connector):
    """Talks to one XMPP account. Its server has to keep an archive of messages (XEP-0313)."""

    name: ClassVar[str] = "xmpp"
    title: ClassVar[str] = "XMPP"
    options: ClassVar[tuple[Option, ...]] = OPTIONS
    capabilities = Capabilities(
        history=Support.NATIVE,
        typing_in=Support.NATIVE,
        typing_out=Support.NATIVE,
        read_in=Support.NATIVE,
        read_out=Support.NATIVE,
        attachments_in=Support.NATIVE,
        attachments_out=Support.NATIVE,
        upload=Support.NATIVE,
        edits_in=Support.NATIVE,
        deletions_in=Support.NATIVE,
        status=Support.EMULATED,
        statuses=frozenset(Status),
        priority=Support.EMULATED,
        tags=Support.EMULATED,
        presence=Support.NATIVE,
        presences=frozenset({Presence.ONLINE, Presence.AWAY, Presence.BUSY}),
        customer=Support.NATIVE,
        create=Support.NATIVE,
        resume=Support.NATIVE,
        # The client id is the stanza's origin id: the archive gives it back, and no server looks for repeats.
        idempotency=Idempotency.ECHO,
        # A cut session is continued for 20 seconds, and what had not been taken is sent then; later never.
        settle=40.0,
        # Nothing repeats that somebody goes on typing; clients say within half a minute that they stopped.
        typing_lapses=30.0,
        max_body_bytes=MAX_BODY,
        max_attachment_bytes=MAX_FILE,
    )

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(settings)
        self._stream: XmppStream | None = None
        self._actions: XmppActions | None = None
        self._files: Files | None = None
        self._refused: AuthError | None = None

    async def run(self, desk: ConnectorContext) -> None:
        """Sign in and follow the stream until cancelled; raises ConnectorError when the connection is lost."""
        account = read_account(self.settings)
        try:
            from paradesk.connectors.xmpp.actions import XmppActions
            from paradesk.connectors.xmpp.files import Files
            from paradesk.connectors.xmpp.stream import XmppStream
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "slixmpp":
                raise
            raise AuthError(MISSING) from None
        self._refused = None
        if self._stream is None or not self._stream.continues:
            presence = (Presence.ONLINE, "") if self._stream is None else self._stream.presence
            await self._end_stream()
            self._stream = XmppStream(account, self.secret("password"))
            self._stream.presence = presence
        self._files = self._files or Files(account)
        self._actions = XmppActions(self._stream, self._files)
        me = Agent(account.jid, account.nick)
        await desk.emit(
            AgentIdentified(desk.profile, me),
            RosterChanged(desk.profile, tuple(Agent(jid, jid) for jid in sorted(account.agents))),
            PresenceChanged(desk.profile, *self._stream.presence),
        )
        try:
            await self._stream.follow(desk)
        except AuthError as error:
            self._refused = error
            raise

    def _at_work(self) -> "XmppActions":
        if self._refused is not None:
            raise AuthError(str(self._refused))
        if self._actions is None or self._stream is None or not self._stream.ready:
            raise NotSent("not connected to the XMPP server yet")
        return self._actions

    async def _wait_for_work(self, seconds: float = PATIENCE) -> None:
        """Give a connection that is being made again some time: a session is continued in a moment."""
        for _ in range(int(seconds / _LOOK)):
            if self._refused is not None or self._stream is None or self._stream.ready:
                return
            await asyncio.sleep(_LOOK)

    def prepare(self, send: Send) -> Prepared:
        """Return what a reply becomes: without what XML cannot carry; raises Rejected for what is too long."""
        return prepare_text(send)

    async def perform(self, intent: Intent) -> Outcome:
        """Carry out one intent; raises a ConnectorError that says whether it may have happened."""
        refuse_what_is_absent(intent)
        if isinstance(intent, Send):
            await self._wait_for_work(PATIENCE / 2)
        return await self._at_work().perform(intent)

    async def upload(self, conversation_id: ConversationId, file: LocalFile) -> str:
        """Upload a file (XEP-0363) and return what a later `Send.uploads` names it by."""
        return await self._at_work().upload(conversation_id, file)

    async def history(self, conversation_id: ConversationId, before: Message | None, limit: int) -> Page:
        """Return up to `limit` messages older than `before` (None: the newest ones), oldest first."""
        await self._wait_for_work()
        return await self._at_work().history(conversation_id, before, limit)

    async def customer(self, conversation_id: ConversationId) -> Customer:
        """Return what the customer's vCard says, and the other conversations that they take part in."""
        return await self._at_work().customer(conversation_id)

    async def fetch(self, attachment: Attachment) -> bytes:
        """Return the content of an attachment; raises Rejected when it is larger than the declared limit."""
        if attachment.size is not None and attachment.size > MAX_FILE:
            raise Rejected(f"larger than the limit of {MAX_FILE // 1_000_000} MB")
        if self._files is None:
            raise NotSent("not connected to the XMPP server yet")
        content = await self._files.fetch(attachment.id)
        if attachment.size is not None and len(content) != attachment.size:
            raise Rejected(f"the server gave {len(content):,} bytes, but the file has {attachment.size:,}")
        return content

    async def _end_stream(self) -> None:
        stream, self._stream, self._actions = self._stream, None, None
        if stream is not None:
            await stream.line.close()

    async def close(self) -> None:
        """Sign out."""
        await self._end_stream()
        files, self._files = self._files, None
        if files is not None:
            await files.close()
