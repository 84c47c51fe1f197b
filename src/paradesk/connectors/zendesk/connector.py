"""The Zendesk connector: its options, what it can do, and one run of it."""

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from typing import ClassVar, Final

import httpx

from paradesk.connectors.base import (
    AuthError,
    Connector,
    ConnectorContext,
    Forbidden,
    Gone,
    NotSent,
    Option,
    Outcome,
    Page,
    Prepared,
    Rejected,
)
from paradesk.connectors.capabilities import Capabilities, Idempotency, Support
from paradesk.connectors.zendesk.actions import MAX_ATTACHMENT, SETTABLE, ZendeskActions, check_able
from paradesk.connectors.zendesk.client import ZendeskClient, search_words, signature_of
from paradesk.connectors.zendesk.fold import GROUP, People, conversation_id, customer_of
from paradesk.connectors.zendesk.stream import ZendeskStream, running
from paradesk.connectors.zendesk.text import MAX_BODY, prepared
from paradesk.core.events import AgentIdentified, RosterChanged
from paradesk.core.intents import Intent, Send
from paradesk.core.model import (
    Agent,
    Attachment,
    ConversationId,
    Customer,
    Found,
    LocalFile,
    Message,
    RemoteResponse,
)

YES: Final = ("yes", "true", "on", "1")
POLL: Final = 10.0
FASTEST, SLOWEST = 0.05, 300.0
EARLIER: Final = 25

ABLE: Final = Capabilities(
    history=Support.NATIVE,
    notes=Support.NATIVE,
    attachments_in=Support.NATIVE,
    attachments_out=Support.NATIVE,
    status=Support.NATIVE,
    statuses=SETTABLE,
    priority=Support.NATIVE,
    tags=Support.NATIVE,
    join=Support.NATIVE,
    leave=Support.NATIVE,
    assign=Support.NATIVE,
    transfer=Support.NATIVE,
    search=Support.NATIVE,
    canned=Support.NATIVE,
    customer=Support.NATIVE,
    upload=Support.NATIVE,
    create=Support.NATIVE,
    resume=Support.NATIVE,
    idempotency=Idempotency.NONE,
    latency=POLL,
    max_body_bytes=MAX_BODY,
    max_attachment_bytes=MAX_ATTACHMENT,
)


class ZendeskConnector(Connector):
    """Talks to Zendesk Support over its REST interface, by asking again and again."""

    name: ClassVar[str] = "zendesk"
    title: ClassVar[str] = "Zendesk"
    options: ClassVar[tuple[Option, ...]] = (
        Option("url", "Address of the account, such as https://acme.zendesk.com"),
        Option("email", "The e-mail address that you sign in with (not needed with an OAuth token)", required=False),
        Option("token", "An API token of the account", required=False, secret=True),
        Option("oauth", "An OAuth access token, instead of e-mail and API token", required=False, secret=True),
        Option("queue", "Show tickets of your groups that nobody has: yes or no", required=False, default="yes"),
        Option(
            "poll",
            "Seconds between two looks; all agents of an account share its limit of requests",
            False,
            default="10",
        ),
        Option("ca_file", "Certificates (PEM) of an authority of your own that vouches for the server", required=False),
    )
    capabilities = ABLE

    def __init__(self, settings: Mapping[str, str], *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        super().__init__(settings)
        self._transport = transport
        self._client: ZendeskClient | None = None
        self._stream: ZendeskStream | None = None
        self._actions: ZendeskActions | None = None
        try:
            self.capabilities = replace(ABLE, latency=self._poll())
        except AuthError:
            # `run` says so, where somebody reads it.
            pass

    def _text(self, name: str) -> str:
        return self.settings.get(name, "").strip()

    def _poll(self) -> float:
        told = self._text("poll")
        try:
            seconds = float(told) if told else POLL
        except ValueError:
            seconds = -1.0
        if not isfinite(seconds) or not FASTEST <= seconds <= SLOWEST:
            raise AuthError(f"poll must be a number of seconds from {FASTEST} to {SLOWEST:g}, not {told[:40]!r}")
        return seconds

    async def run(self, desk: ConnectorContext) -> None:
        """Sign in and follow the tickets until cancelled; raises ConnectorError when Zendesk cannot be asked."""
        poll = self._poll()
        client = self._connected()
        me = await client.me()
        people = People(me, mine=frozenset(await client.groups(f"users/{me.id}/groups")))
        roster = await self._roster(client, people)
        await desk.emit(
            AgentIdentified(desk.profile, Agent(str(me.id), me.name, email=me.email)),
            RosterChanged(desk.profile, tuple(roster)),
        )
        queue = (self._text("queue") or "yes").lower() in YES
        stream = ZendeskStream(client, desk, people, poll, queue=queue)
        self._stream, self._actions = stream, ZendeskActions(client, stream, frozenset(agent.id for agent in roster))
        await stream.follow()

    def _connected(self) -> ZendeskClient:
        if self._client is None:
            signature = signature_of(self._text("email"), self.secret("token"), self.secret("oauth"))
            self._client = ZendeskClient(
                self._text("url"), signature, ca_file=self._text("ca_file"), transport=self._transport
            )
        return self._client

    async def _roster(self, client: ZendeskClient, people: People) -> list[Agent]:
        """Return whom a ticket can be given to; what we may not see is left out."""
        try:
            people.groups = await client.groups("groups/assignable")
        except (Forbidden, Gone):
            people.groups = {}
        try:
            agents = await client.agents()
        except (Forbidden, Gone):
            agents = []
        people.learn(agents)
        roster = [Agent(str(one.id), one.name, email=one.email) for one in agents if one.id != people.me.id]
        return roster + [Agent(f"{GROUP}{number}", name, kind="team") for number, name in people.groups.items()]

    def prepare(self, send: Send) -> Prepared:
        """Return what is sent for a reply: placeholders made harmless, with words for the agent."""
        return prepared(send.body)

    async def perform(self, intent: Intent) -> Outcome:
        """Carry out one intent; raises a ConnectorError that says whether it may have happened."""
        check_able(intent)
        return await self._performing().perform(intent)

    def _performing(self) -> ZendeskActions:
        if self._actions is None:
            raise NotSent("not connected to Zendesk yet")
        return self._actions

    async def upload(self, conversation_id: ConversationId, file: LocalFile) -> str:
        """Upload a file and return what a reply names it by, for an hour; nobody sees it before."""
        running(self._stream).record(conversation_id)
        return await self._performing().upload(file)

    async def history(self, conversation_id: ConversationId, before: Message | None, limit: int) -> Page:
        """Return up to `limit` comments older than `before`, oldest first."""
        stream = running(self._stream)
        found = await stream.messages(stream.record(conversation_id))
        if before is not None:
            found = [message for message in found if (message.order_key, message.id) < (before.order_key, before.id)]
        return Page(tuple(found[-limit:] if limit > 0 else ()), len(found) <= limit)

    async def fetch(self, attachment: Attachment) -> bytes:
        """Return the content of an attachment; raises Rejected for whatever is not what was announced."""
        file_id = attachment.id
        if not file_id.isascii() or not file_id.isdecimal() or len(file_id) > 16:
            raise Rejected("this is no file of Zendesk")
        return await self._connected().file(int(file_id), MAX_ATTACHMENT)

    async def customer(self, conversation_id: ConversationId) -> Customer:
        """Return what Zendesk knows of the requester, with their other tickets."""
        row = running(self._stream).record(conversation_id).row
        if row is None:
            raise Rejected("this ticket is not among yours")
        client = self._connected()
        if not row.requester:
            return customer_of(row, None)
        return customer_of(row, await client.user(row.requester), await client.requested(row.requester, EARLIER))

    async def canned(self) -> tuple[RemoteResponse, ...]:
        """Return the active macros that write a comment; what else they do is not done."""
        macros = await self._connected().macros()
        return tuple(RemoteResponse(str(one.id), one.title, one.body) for one in macros)

    async def search(self, query: str, limit: int) -> tuple[Found, ...]:
        """Return tickets that Zendesk's search finds; it knows changes a minute or two late."""
        words = search_words(query)
        if not words or limit <= 0:
            return ()
        rows = await self._connected().search(words, limit)
        return tuple(
            Found(conversation_id(row.id), row.subject or f"ticket {row.id}", row.status, row.created_at)
            for row in rows
        )

    async def close(self) -> None:
        """Close the connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()
