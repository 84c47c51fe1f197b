"""Signed in to a homeserver: the account, the device, and every call with a token that is renewed where it may be."""

import asyncio
import secrets
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import httpx
import msgspec

from paradesk.connectors.base import AuthError, ConnectorError, NotSent, RateLimited, Rejected
from paradesk.connectors.http import DEADLINE, printable
from paradesk.connectors.matrix.client import (
    API,
    Json,
    MatrixClient,
    NotFound,
    TokenExpired,
    segment,
)
from paradesk.connectors.matrix.messages import media_address
from paradesk.connectors.matrix.ticket import NAMESPACE, TAGS, TagsContent
from paradesk.connectors.matrix.wire import (
    Chunk,
    ContentUri,
    DisplayName,
    EventContext,
    EventId,
    MediaLimits,
    MessagesPage,
    RoomEvent,
    RoomId,
    Sync,
    Whoami,
    decode_raw,
)
from paradesk.core.secret import Secret

T = TypeVar("T")
Nothing = dict[str, object]
"""An answer whose content does not matter."""

TIMELINE_LIMIT = 20
LONG_POLL = 20.0
"""Seconds that the server may wait for something to happen; its answer is the heartbeat of the connection."""
SLACK = 10.0
"""Seconds that the answer may take after that: with both, a peer that says nothing any more is noticed within 40 s."""
CATCH_UP_DEADLINE = 30.0
"""Seconds for the first answer after a broken connection."""
FIRST_SYNC_DEADLINE = 180.0
"""Seconds. An account with hundreds of rooms takes the server a while, the first time and after a long absence."""
PROBE_EVERY = 15.0
"""Seconds between two questions whether the server still lives, while an answer is awaited for longer."""
PROBE_DEADLINE = 10.0

_STATE_TYPES = (
    "m.room.create",
    "m.room.member",
    "m.room.name",
    "m.room.power_levels",
    "m.room.encryption",
    "m.room.tombstone",
    f"{NAMESPACE}.*",
)
_TIMELINE_TYPES = ("m.room.message", "m.sticker", "m.room.encrypted", "m.room.redaction", *_STATE_TYPES)
_TIMELINE: Json = {"types": _TIMELINE_TYPES, "lazy_load_members": True}
_MESSAGES_FILTER = msgspec.json.encode(_TIMELINE).decode()


def _filter(me: str) -> str:
    """Return what the stream asks for: of presence our own only."""
    wanted = {
        "presence": {"types": ["m.presence"], "senders": [me]},
        "account_data": {"not_types": ["*"]},
        "room": {
            "account_data": {"not_types": ["*"]},
            "ephemeral": {"types": ["m.typing", "m.receipt"]},
            "state": {"types": _STATE_TYPES, "lazy_load_members": True},
            "timeline": {**_TIMELINE, "limit": TIMELINE_LIMIT},
        },
    }
    return msgspec.json.encode(wanted).decode()


def room_path(room_id: str, *parts: str) -> str:
    """Return the path below a room, every part encoded."""
    return "/".join((f"{API}/rooms", segment(room_id), *(segment(part) for part in parts)))


class MatrixSession:
    """One account on one device. Lives as long as the connector, across lost connections."""

    def __init__(self, settings: Mapping[str, str], transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        self._transport = transport
        self._client: MatrixClient | None = None
        self._renewal = asyncio.Lock()
        self.user_id = ""
        self.max_upload: int | None = None
        self.shown_as = "online"
        """What each request of the stream tells of our presence; the server would take its silence for `online`."""
        self.long_poll, self.slack = LONG_POLL, SLACK
        self.probe_every, self.probe_deadline = PROBE_EVERY, PROBE_DEADLINE

    @property
    def client(self) -> MatrixClient:
        """The connection to the homeserver; raises AuthError when its address is unusable."""
        if self._client is None:
            self._client = MatrixClient(
                self._settings.get("homeserver", ""),
                ca_file=self._settings.get("ca_file", "").strip(),
                transport=self._transport,
            )
        return self._client

    async def close(self) -> None:
        """Close the connection. The device stays signed in: resending after a restart counts on it."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def sign_in(self) -> None:
        """Make sure that we have a valid token; raises AuthError when the homeserver does not accept us."""
        client = self.client
        if not client.token:
            async with self._renewal:
                if not client.token:
                    await self._first_sign_in()
        if self.max_upload is None:
            try:
                limits = await self.call("GET", "/_matrix/client/v1/media/config", MediaLimits)
            except Rejected:
                limits = MediaLimits()
            self.max_upload = limits.upload if limits.upload is not None else 2**62

    async def _first_sign_in(self) -> None:
        token, client = Secret(self._settings.get("token", "").strip()), self.client
        if not token:
            await self._sign_in_by_password()
            return
        client.token = token
        try:
            self.user_id = (await client.call("GET", f"{API}/account/whoami", Whoami)).user_id
        except TokenExpired as error:
            client.token = Secret("")
            raise AuthError(f"the access token is not valid: {error}") from None
        except ConnectorError:
            client.token = Secret("")
            raise

    async def _sign_in_by_password(self) -> None:
        user, password = self._settings.get("user", "").strip(), Secret(self._settings.get("password", ""))
        if not user or not password:
            raise AuthError("nothing to sign in with: set user and password, or a token")
        device_id = self._settings.get("device_id", "").strip() or "PARADESK"
        self.user_id = (await self.client.login(user, password, device_id)).user_id

    async def call(
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        json: Json | None = None,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        media_type: str | None = None,
        deadline: float = DEADLINE,
    ) -> T:
        """Ask the homeserver as this account; signs in again once where the server invites us to."""
        return await self._renewing(
            lambda: self.client.call(
                method,
                path,
                kind,
                json=json,
                params=params,
                content=content,
                media_type=media_type,
                deadline=deadline,
            )
        )

    async def _renewing(self, ask: Callable[[], Awaitable[T]]) -> T:
        for attempt in (1, 2):
            token = self.client.token
            if not token:
                raise NotSent("not signed in yet")
            try:
                return await ask()
            except TokenExpired as error:
                await self._renew(token, error, again=attempt == 1)
        raise AssertionError("unreachable")

    async def _renew(self, expired: Secret, error: TokenExpired, *, again: bool) -> None:
        async with self._renewal:
            client = self.client
            if client.token and client.token != expired and again:
                return
            client.token = Secret("")
            if again and error.soft and self._settings.get("password"):
                await self._sign_in_by_password()
                return
        raise AuthError(str(error)) from None

    # Reading

    async def sync(self, since: str | None, *, full_state: bool, wait: bool, patient: bool = True) -> Sync:
        """Return what happened since a position; `wait` lets the server hold the answer until something does.

        `patient`: much may have happened, and the server may need minutes; meanwhile it is asked whether it still lives.
        """
        params = {
            "filter": _filter(self.user_id),
            "timeout": str(int(self.long_poll * 1000)) if wait else "0",
            "set_presence": self.shown_as,
        }
        if since is not None:
            params["since"] = since
        else:
            # Synapse answers a first sync that it has answered minutes ago from a cache, which is older than what a
            # resynchronisation knows. The first sync never waits, so the timeout only makes the request another one.
            params["timeout"] = str(secrets.randbelow(1000) + 1)
        if full_state:
            params["full_state"] = "true"
        if wait or not patient:
            deadline = self.long_poll + self.slack if wait else CATCH_UP_DEADLINE
            return await self.call("GET", f"{API}/sync", Sync, params=params, deadline=deadline)
        asked = asyncio.create_task(self.call("GET", f"{API}/sync", Sync, params=params, deadline=FIRST_SYNC_DEADLINE))
        try:
            while not (await asyncio.wait({asked}, timeout=self.probe_every))[0]:
                await self._probe()
            return await asked
        finally:
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)

    async def _probe(self) -> None:
        """Raise NotSent or Uncertain when the server does not answer."""
        try:
            await self.client.call("GET", "/_matrix/client/versions", Nothing, deadline=self.probe_deadline)
        except (Rejected, RateLimited):
            # It answers; what it answers does not matter.
            return

    async def messages(self, room_id: str, start: str | None, limit: int, end: str | None = None) -> MessagesPage:
        """Return up to `limit` events before the token `start` (None: the newest), newest first, not beyond `end`."""
        params = {"dir": "b", "limit": str(limit), "filter": _MESSAGES_FILTER}
        if start is not None:
            params["from"] = start
        if end is not None:
            params["to"] = end
        return await self.call("GET", room_path(room_id, "messages"), MessagesPage, params=params)

    async def context(self, room_id: str, event_id: str) -> EventContext:
        """Return an event's surroundings: at most one event before it, and the token before that."""
        params = {"limit": "2", "filter": _MESSAGES_FILTER}
        return await self.call("GET", room_path(room_id, "context", event_id), EventContext, params=params)

    async def event(self, room_id: str, event_id: str) -> RoomEvent | None:
        """Return one event, or None when it cannot be seen."""
        try:
            return await self.call("GET", room_path(room_id, "event", event_id), RoomEvent)
        except Rejected:
            return None

    async def members(self, room_id: str) -> list[msgspec.Raw]:
        """Return the membership events of those who are or were invited to be in a room."""
        answer = await self.call("GET", room_path(room_id, "members"), Chunk)
        return answer.chunk

    async def display_name(self, user_id: str) -> str:
        """Return somebody's display name, or an empty string."""
        path = f"{API}/profile/{segment(user_id)}/displayname"
        try:
            return (await self.call("GET", path, DisplayName)).displayname or ""
        except Rejected:
            return ""

    async def profile(self, user_id: str) -> Nothing:
        """Return all fields of somebody's profile, or nothing when the server keeps it to itself."""
        try:
            return await self.call("GET", f"{API}/profile/{segment(user_id)}", Nothing)
        except Rejected:
            return {}

    async def state(self, room_id: str, event_type: str) -> Nothing | None:
        """Return the content of a state event, or None when there is none."""
        try:
            return await self.call("GET", f"{room_path(room_id, 'state', event_type)}/", Nothing)
        except Rejected:
            return None

    async def trusted_tags(self, room_id: str, trusted: Callable[[str], bool]) -> frozenset[str] | None:
        """Return the tags as the server has them now, or None when their sender is not to be believed."""
        path = f"{room_path(room_id, 'state', TAGS)}/"
        try:
            event = await self.call("GET", path, msgspec.Raw, params={"format": "event"})
        except Rejected:
            return None
        whole = decode_raw(event, RoomEvent)
        content = decode_raw(whole.content, TagsContent) if whole is not None and trusted(whole.sender) else None
        return None if content is None else frozenset(content.tags)

    # Writing

    async def send(self, room_id: str, event_type: str, transaction: str, content: Json) -> str:
        """Send an event; the same transaction is taken once. Returns the event's id."""
        path = room_path(room_id, "send", event_type, transaction)
        return (await self.call("PUT", path, EventId, json=content)).event_id

    async def set_state(self, room_id: str, event_type: str, content: Json) -> None:
        """Set a state event whose state key is empty."""
        await self.call("PUT", f"{room_path(room_id, 'state', event_type)}/", EventId, json=content)

    async def post(self, path: str, content: Json) -> None:
        """Ask for something whose answer says nothing."""
        await self.call("POST", path, Nothing, json=content)

    async def join(self, room_id: str) -> None:
        """Join a room that we were invited to."""
        await self.call("POST", f"{API}/join/{segment(room_id)}", RoomId, json={})

    async def create_room(self, content: Json) -> str:
        """Make a room and return its id. Not idempotent."""
        return (await self.call("POST", f"{API}/createRoom", RoomId, json=content)).room_id

    async def set_typing(self, room_id: str, typing: bool, seconds: float) -> None:
        """Say that we type (for at most so many seconds) or stopped."""
        content: Json = {"typing": True, "timeout": int(seconds * 1000)} if typing else {"typing": False}
        await self.call("PUT", room_path(room_id, "typing", self.user_id), Nothing, json=content)

    async def set_presence(self, state: str, text: str) -> None:
        """Say whether we are there (`online`, `unavailable` or `offline`), from now on and in the stream."""
        path = f"{API}/presence/{segment(self.user_id)}/status"
        await self.call("PUT", path, Nothing, json={"presence": state, "status_msg": text})
        self.shown_as = state

    async def upload(self, name: str, media_type: str, content: bytes) -> str:
        """Upload a file and return its `mxc://` address."""
        answer = await self.call(
            "POST",
            "/_matrix/media/v3/upload",
            ContentUri,
            params={"filename": name.encode("utf-8", "replace").decode()},
            content=content,
            media_type=media_type,
            deadline=300.0,
        )
        return answer.content_uri

    async def download(self, address: str, limit: int) -> bytes:
        """Return an uploaded file; raises Rejected when it is larger than `limit` or gone."""
        place = media_address(address)
        if place is None:
            raise Rejected(f"not an address of a file: {printable(address, 60)}")
        tail = "/".join(segment(part) for part in place)
        try:
            return await self._download(f"/_matrix/client/v1/media/download/{tail}", limit)
        except NotFound:
            # Homeservers from before authenticated media.
            return await self._download(f"/_matrix/media/v3/download/{tail}", limit)

    async def _download(self, path: str, limit: int) -> bytes:
        return await self._renewing(lambda: self.client.download(path, limit))


def user_ids(text: str) -> Sequence[str]:
    """Return the user ids in a list that people separate by commas or spaces."""
    return tuple(dict.fromkeys(text.replace(",", " ").split()))


def transaction_id() -> str:
    """Return a transaction id for something that is never repeated."""
    return uuid.uuid4().hex
