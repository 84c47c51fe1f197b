"""The Live Helper Chat connector: its options, what it can do as it is set up, and one run of it."""

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
    Unsupported,
)
from paradesk.connectors.capabilities import Capabilities, Idempotency, Support
from paradesk.connectors.livehelperchat.actions import DEPARTMENT, NO_PASSWORD, LhcActions, check_able
from paradesk.connectors.livehelperchat.answers import NotTheServer
from paradesk.connectors.livehelperchat.client import LhcClient, checked_user
from paradesk.connectors.livehelperchat.fold import (
    message_of,
    place_keys,
    presence_of,
    roster_agent,
)
from paradesk.connectors.livehelperchat.lookup import look_up_customer
from paradesk.connectors.livehelperchat.mobile import MobileApi
from paradesk.connectors.livehelperchat.sending import MAX_ATTACHMENT, LhcSending
from paradesk.connectors.livehelperchat.stream import TYPING_LASTS, LhcStream, Rhythm, Scope, running
from paradesk.connectors.livehelperchat.text import MAX_BODY, prepared
from paradesk.connectors.livehelperchat.wire import OperatorRow
from paradesk.core.events import AgentIdentified, PresenceChanged, RosterChanged
from paradesk.core.intents import Intent, Send
from paradesk.core.model import (
    Agent,
    Attachment,
    ConversationId,
    Customer,
    LocalFile,
    Message,
    Presence,
    RemoteResponse,
    Status,
)

YES: Final = ("yes", "true", "on", "1")
MESSAGES, CHATS, OFFERS = 1.5, 3.0, 10.0
"""Seconds between two looks into our chats, between two lists, and between two looks at what is offered."""
FASTEST, SLOWEST = 0.05, 60.0

ABLE: Final = Capabilities(
    history=Support.NATIVE,
    typing_in=Support.NATIVE,
    read_in=Support.NATIVE,
    notes=Support.NATIVE,
    attachments_in=Support.NATIVE,
    attachments_out=Support.NATIVE,
    status=Support.NATIVE,
    statuses=frozenset({Status.OPEN, Status.CLOSED}),
    join=Support.NATIVE,
    leave=Support.NATIVE,
    end_chat=Support.NATIVE,
    presence=Support.NATIVE,
    presences=frozenset({Presence.ONLINE, Presence.AWAY, Presence.INVISIBLE}),
    customer=Support.NATIVE,
    upload=Support.NATIVE,
    resume=Support.NATIVE,
    idempotency=Idempotency.NONE,
    typing_lapses=TYPING_LASTS,
    latency=MESSAGES + CHATS,
    max_body_bytes=MAX_BODY,
    max_attachment_bytes=MAX_ATTACHMENT,
)


class LiveHelperChatConnector(Connector):
    """Talks to a Live Helper Chat installation over its REST interface, by asking again and again."""

    name: ClassVar[str] = "livehelperchat"
    title: ClassVar[str] = "Live Helper Chat"
    options: ClassVar[tuple[Option, ...]] = (
        Option(
            "url", "Address of the installation, such as https://chat.example.org or https://example.org/lhc/index.php"
        ),
        Option("user", "Your user name"),
        Option(
            "key", "Your API key (or your password, where the role has `lhrestapi`, `use_direct_logins`)", secret=True
        ),
        Option(
            "password", "Your password, for offering chats, accepting them, and canned responses", False, secret=True
        ),
        Option(
            "departments", "Ids of the departments to show, by commas; empty for all that you may see", required=False
        ),
        Option("bots", "Show chats that a bot answers, too: yes or no", required=False, default="no"),
        Option("preview", "Show what visitors type before they send it: yes or no", required=False, default="yes"),
        Option(
            "markup",
            "BBCode and links in replies: plain (shown as written) or bbcode (acted on)",
            False,
            default="plain",
        ),
        Option(
            "rewrites",
            "Allow priority, assigning, lifting a hold and your typing, which can undo changes that others "
            "make at the same moment: yes or no",
            required=False,
            default="no",
        ),
        Option("poll", "Seconds between two looks into your chats", required=False, default="1.5"),
        Option("poll_list", "Seconds between two looks at the list of chats", required=False, default="3"),
        Option("poll_offers", "Seconds between two looks at what is offered to you", required=False, default="10"),
        Option("ca_file", "Certificates (PEM) of an authority of your own that vouches for the server", required=False),
    )
    capabilities = ABLE

    def __init__(self, settings: Mapping[str, str], *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        super().__init__(settings)
        self._transport = transport
        self._client: LhcClient | None = None
        self._stream: LhcStream | None = None
        self._actions: LhcActions | None = None
        self._sending: LhcSending | None = None
        self._mobile: MobileApi | None = None
        self._rewrites = self._yes("rewrites")
        self._markup = self._text("markup").lower() == "bbcode"
        self.capabilities = self._able()

    def _able(self) -> Capabilities:
        """Return what can be done with these settings."""
        able = ABLE
        if self._rewrites:
            able = replace(
                able,
                priority=Support.NATIVE,
                assign=Support.NATIVE,
                typing_out=Support.NATIVE,
                statuses=able.statuses | {Status.ON_HOLD},
            )
        if self.secret("password"):
            able = replace(able, transfer=Support.NATIVE, offers=Support.NATIVE, canned=Support.NATIVE)
        try:
            return replace(able, latency=self._seconds("poll", MESSAGES) + self._seconds("poll_list", CHATS))
        except AuthError:
            # `run` says so, where somebody reads it.
            return able

    def _text(self, name: str) -> str:
        return self.settings.get(name, "").strip()

    def _yes(self, name: str, default: str = "no") -> bool:
        return (self._text(name) or default).lower() in YES

    def _seconds(self, name: str, default: float) -> float:
        told = self._text(name)
        try:
            seconds = float(told) if told else default
        except ValueError:
            seconds = -1.0
        if not isfinite(seconds) or not FASTEST <= seconds <= SLOWEST:
            raise AuthError(f"{name} must be a number of seconds from {FASTEST} to {SLOWEST:g}, not {told[:40]!r}")
        return seconds

    def _scope(self) -> Scope:
        told = self._text("departments").replace(",", " ").split()
        wrong = next((one for one in told if not (one.isascii() and one.isdecimal() and len(one) < 10)), None)
        if wrong is not None:
            raise AuthError(f"departments must be numbers by commas, such as 1,4; {wrong[:40]!r} is none")
        return Scope(frozenset(map(int, told)), self._yes("bots"), self._yes("preview", "yes"))

    async def run(self, desk: ConnectorContext) -> None:
        """Sign in and follow the chats until cancelled; raises ConnectorError when the server cannot be asked."""
        rhythm = Rhythm(
            self._seconds("poll", MESSAGES), self._seconds("poll_list", CHATS), self._seconds("poll_offers", OFFERS)
        )
        scope = self._scope()
        client = self._connected()
        try:
            me = await client.me()
        except NotTheServer:
            # Somebody's page of maintenance passes: no reason to have the agent sign in again.
            raise
        except Rejected as error:
            raise AuthError(f"sign-in refused: {error}") from None
        absent = await self._probe_mobile(client)
        roster, names = await self._roster(client)
        await desk.emit(
            AgentIdentified(desk.profile, Agent(str(me.id), me.name, email=me.email)),
            PresenceChanged(desk.profile, presence_of(me)),
            RosterChanged(desk.profile, tuple(agent for agent in roster if agent.id != str(me.id))),
        )
        stream = LhcStream(client, desk, me, names, scope, rhythm, absent, self._mobile)
        self._stream, self._sending = stream, LhcSending(client, stream)
        known = {agent.id: agent.name for agent in roster}
        self._actions = LhcActions(client, stream, self._sending, self._mobile, known, rewrites=self._rewrites)
        await stream.follow()

    def _connected(self) -> LhcClient:
        if self._client is None:
            key = self.secret("key")
            user = checked_user(self._text("user"), key)
            self._client = LhcClient(
                self._text("url"), user, key, ca_file=self._text("ca_file"), transport=self._transport
            )
        return self._client

    async def _probe_mobile(self, client: LhcClient) -> Mapping[str, str]:
        """Find out whether the mobile app's interface can be used; return what every chat lacks without it."""
        password = self.secret("password")
        if not password:
            return {}
        self._mobile = MobileApi(client, self._text("user"), password)
        await self._mobile.probe()
        return dict.fromkeys(("transfer", "offers", "canned"), self._mobile.off) if self._mobile.off else {}

    async def _roster(self, client: LhcClient) -> tuple[list[Agent], dict[int, str]]:
        """Return whom a chat can be given to, and the operators' names; both empty where we may not see them."""
        operators: list[OperatorRow] = []
        try:
            operators = await client.operators()
        except (Forbidden, Gone):
            pass
        roster = [roster_agent(operator) for operator in operators]
        if self._rewrites:
            try:
                departments = await client.departments()
            except (Forbidden, Gone):
                departments = {}
            roster += [
                Agent(f"{DEPARTMENT}{number}", name or f"department {number}", kind="team")
                for number, name in departments.items()
            ]
        return roster, {operator.id: operator.name for operator in operators}

    def prepare(self, send: Send) -> Prepared:
        """Return what is sent for a reply: commands and markup made harmless, with words for the agent."""
        return prepared(send.body, markup=self._markup)

    async def perform(self, intent: Intent) -> Outcome:
        """Carry out one intent; raises a ConnectorError that says whether it may have happened."""
        check_able(intent, self.capabilities)
        if self._actions is None:
            raise NotSent("not connected to Live Helper Chat yet")
        return await self._actions.perform(intent)

    async def upload(self, conversation_id: ConversationId, file: LocalFile) -> str:
        """Upload a file for a chat and return what a message names it by; nobody sees it before."""
        stream, sending = running(self._stream), self._sending
        if sending is None:
            raise NotSent("not connected to Live Helper Chat yet")
        return await sending.upload(stream.record(conversation_id), file)

    async def history(self, conversation_id: ConversationId, before: Message | None, limit: int) -> Page:
        """Return up to `limit` messages older than `before`, oldest first. The server sends all of them each time."""
        stream = running(self._stream)
        record = stream.record(conversation_id)
        rows = await self._connected().messages(record.id, 0)
        chat = record.row
        if chat is None:
            raise Rejected("this chat is not among yours")
        keys = place_keys(rows)
        found = sorted(
            (message_of(row, keys[row.id], chat) for row in rows), key=lambda message: (message.order_key, message.id)
        )
        if before is not None:
            found = [message for message in found if (message.order_key, message.id) < (before.order_key, before.id)]
        return Page(tuple(found[-limit:] if limit > 0 else ()), len(found) <= limit)

    async def fetch(self, attachment: Attachment) -> bytes:
        """Return the content of an attachment; raises Rejected for whatever is not what was announced."""
        running(self._stream)
        if self._sending is None:
            raise NotSent("not connected to Live Helper Chat yet")
        return await self._sending.fetch(attachment.id, attachment.size)

    async def customer(self, conversation_id: ConversationId) -> Customer:
        """Return what the server knows of the visitor, with earlier chats under the same address or browser."""
        record = running(self._stream).record(conversation_id)
        return await look_up_customer(self._connected(), record.id)

    async def canned(self) -> tuple[RemoteResponse, ...]:
        """Return the canned responses of the departments whose chats are here; the server keeps them by chat."""
        if self.capabilities.canned is not Support.NATIVE:
            raise Unsupported(NO_PASSWORD)
        stream = running(self._stream)
        if self._mobile is None:
            raise NotSent("not connected to Live Helper Chat yet")
        by_department = {
            record.row.department: record.id for record in stream.records.chats.values() if record.listed and record.row
        }
        chats = list(by_department.values())
        if not chats:
            # Any chat will do; the newest is the likeliest to be of a department that is still there.
            chats = [row.id for row in await self._connected().chats({}, most=1)]
        return await self._mobile.canned(chats)

    async def close(self) -> None:
        """Close the connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()
