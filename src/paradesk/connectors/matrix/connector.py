"""The Matrix connector: a chat is a room, and a ticket's fields are the room's state."""

from collections.abc import Mapping
from typing import ClassVar

import httpx

from paradesk.connectors.base import Connector, ConnectorContext, NotSent, Option, Outcome, Page, Prepared, Rejected
from paradesk.connectors.capabilities import Capabilities, Idempotency, Support
from paradesk.connectors.matrix.actions import MAX_ATTACHMENT, MAX_BODY, MatrixActions, prepared
from paradesk.connectors.matrix.history import read_history
from paradesk.connectors.matrix.lookups import customer_of, read_canned, search_rooms
from paradesk.connectors.matrix.note_history import with_notes
from paradesk.connectors.matrix.room import Room, Staff
from paradesk.connectors.matrix.session import MatrixSession, user_ids
from paradesk.connectors.matrix.stream import MatrixStream
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
    Presence,
    RemoteResponse,
    Status,
)

YES = ("yes", "true", "on", "1")


class MatrixConnector(Connector):
    """Talks to a Matrix homeserver over its client-server API. Encrypted rooms are reported, not read."""

    name: ClassVar[str] = "matrix"
    title: ClassVar[str] = "Matrix"
    options: ClassVar[tuple[Option, ...]] = (
        Option("homeserver", "Address of the homeserver, such as https://matrix.example.org"),
        Option("user", "Your user name or whole id, such as @anna:example.org", required=False),
        Option("password", "Your password (or give a token instead)", required=False, secret=True),
        Option("token", "An access token, instead of user and password", required=False, secret=True),
        Option("device_id", "Device to sign in as; a different one for each computer", False, default="PARADESK"),
        Option("name", "The name to show for you; empty for your Matrix display name", required=False),
        Option("agents", "User ids of all agents, by commas: the roster. Whoever is not listed is a customer", False),
        Option("bots", "User ids of bots that work for you (they may make rooms), by commas", required=False),
        Option("ca_file", "Certificates (PEM) of an authority of your own that vouches for the homeserver", False),
        Option("stay_after_transfer", "Stay in a room after handing it over: yes or no", False, default="no"),
    )
    capabilities = Capabilities(
        history=Support.NATIVE,
        typing_in=Support.NATIVE,
        typing_out=Support.NATIVE,
        read_in=Support.NATIVE,
        read_out=Support.NATIVE,
        attachments_in=Support.NATIVE,
        attachments_out=Support.NATIVE,
        notes=Support.NATIVE,
        edits_in=Support.NATIVE,
        deletions_in=Support.NATIVE,
        status=Support.NATIVE,
        statuses=frozenset(Status),
        priority=Support.NATIVE,
        tags=Support.NATIVE,
        join=Support.NATIVE,
        leave=Support.NATIVE,
        end_chat=Support.NATIVE,
        assign=Support.NATIVE,
        transfer=Support.NATIVE,
        presence=Support.NATIVE,
        presences=frozenset({Presence.ONLINE, Presence.AWAY, Presence.BUSY}),
        search=Support.NATIVE,
        canned=Support.NATIVE,
        customer=Support.NATIVE,
        upload=Support.NATIVE,
        create=Support.NATIVE,
        resume=Support.NATIVE,
        idempotency=Idempotency.EXACT,
        # Synapse keeps transactions for a day; other servers promise no time, so the last hours are left out.
        exact_window=20 * 3600.0,
        max_body_bytes=MAX_BODY,
        max_attachment_bytes=MAX_ATTACHMENT,
    )

    def __init__(self, settings: Mapping[str, str], *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        super().__init__(settings)
        self._session = MatrixSession(settings, transport)
        self._stream = MatrixStream(self._session)
        stay = settings.get("stay_after_transfer", "").strip().lower() in YES
        self._actions = MatrixActions(self._session, self._stream, stay_after_transfer=stay)

    async def run(self, desk: ConnectorContext) -> None:
        """Sign in and follow the stream until cancelled; raises ConnectorError when the connection is lost."""
        await self._session.sign_in()
        staff = await self._introduce(desk)
        await self._stream.follow(desk, staff)

    async def _introduce(self, desk: ConnectorContext) -> Staff:
        me_id = self._session.user_id
        name = self.settings.get("name", "").strip() or await self._session.display_name(me_id)
        me = Agent(me_id, name or me_id.removeprefix("@").partition(":")[0])
        agents = [user for user in user_ids(self.settings.get("agents", "")) if user != me_id]
        roster = [Agent(user, await self._session.display_name(user) or user) for user in agents]
        await desk.emit(AgentIdentified(desk.profile, me), RosterChanged(desk.profile, tuple(roster)))
        return Staff(me, frozenset(agents), frozenset(user_ids(self.settings.get("bots", ""))))

    async def perform(self, intent: Intent) -> Outcome:
        """Carry out one intent; raises a ConnectorError that says whether it may have happened."""
        return await self._actions.perform(intent)

    def prepare(self, send: Send) -> Prepared:
        """Return the text as it will be sent; raises Rejected for what no Matrix event can carry."""
        return prepared(send)

    async def upload(self, conversation_id: ConversationId, file: LocalFile) -> str:
        """Bring a file to the homeserver and return its `mxc://` address."""
        return await self._actions.upload(conversation_id, file)

    async def customer(self, conversation_id: ConversationId) -> Customer:
        """Return the customer's profile, and the other rooms that we share with them as earlier conversations."""
        return customer_of(self._known(conversation_id), self._stream.rooms)

    async def canned(self) -> tuple[RemoteResponse, ...]:
        """Return the canned responses that the agent's account data holds."""
        return await read_canned(self._session)

    async def search(self, query: str, limit: int) -> tuple[Found, ...]:
        """Return the chats in which the homeserver finds these words, best first; encrypted ones are left out."""
        return await search_rooms(self._session, self._stream.rooms, query, limit)

    def _known(self, conversation_id: ConversationId) -> Room:
        if not self._stream.ready:
            raise NotSent("not connected to the homeserver yet")
        room = self._stream.rooms.get(conversation_id)
        if room is None:
            raise Rejected("you are not in this chat")
        return room

    async def history(self, conversation_id: ConversationId, before: Message | None, limit: int) -> Page:
        """Return up to `limit` messages older than `before` (None: the newest ones), oldest first."""
        room = self._known(conversation_id)
        page = await read_history(self._session, room, before, limit)
        return await with_notes(self._session, room, self._stream.companions(room.id), page, before)

    async def fetch(self, attachment: Attachment) -> bytes:
        """Return the content of an attachment; raises Rejected when it is larger than the declared limit."""
        limit = self.capabilities.max_attachment_bytes
        if attachment.size is not None and attachment.size > limit:
            raise Rejected(f"larger than the limit of {limit // 1_000_000} MB")
        return await self._session.download(attachment.id, limit)

    async def close(self) -> None:
        """Close the connection; the device stays signed in."""
        await self._session.close()
