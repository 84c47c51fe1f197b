"""One agent in one account: who is who there, which inboxes count, and every call in the account's name."""

import asyncio
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

import httpx
import msgspec

from paradesk.connectors.base import AuthError, Forbidden, NotSent, ProtocolError, Rejected
from paradesk.connectors.chatwoot.client import ChatwootClient, File, Json, Unauthorised, segment
from paradesk.connectors.chatwoot.values import PRESENCES, channel_of
from paradesk.connectors.chatwoot.wire import (
    AgentRecord,
    Inbox,
    Membership,
    MessageRecord,
    Payload,
    Profile,
    Team,
    decode,
    listed,
    members,
)
from paradesk.core.model import Agent, Presence
from paradesk.core.secret import Secret

T = TypeVar("T")

TEAM: Final = "team:"
"""In front of the ids of teams, which Chatwoot counts apart from agents."""
API: Final = "/api/v1"
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class People:
    """Who is who. Filled at sign-in, and again when Chatwoot says that it has changed."""

    me: Agent
    presence: Presence
    agents: dict[int, Agent] = field(default_factory=dict)
    teams: dict[int, Agent] = field(default_factory=dict)
    inboxes: dict[int, Inbox] = field(default_factory=dict)
    wanted: frozenset[int] | None = None
    """The inboxes that this desk looks after; None for all."""

    @property
    def roster(self) -> tuple[Agent, ...]:
        """Colleagues and teams that a conversation can be given to."""
        others = (agent for agent in self.agents.values() if agent.id != self.me.id)
        return (*others, *self.teams.values())

    def target(self, agent_id: str) -> Agent | None:
        """Return a colleague, this desk's agent or a team by the id that the roster shows."""
        return next((one for one in (*self.agents.values(), *self.teams.values()) if one.id == agent_id), None)

    def wants(self, inbox_id: int | None) -> bool:
        """Tell whether conversations of this inbox belong on this desk."""
        return self.wanted is None or inbox_id in self.wanted

    def channel(self, inbox_id: int | None) -> str:
        """Return the channel of an inbox in a word."""
        inbox = self.inboxes.get(inbox_id or 0)
        return channel_of(inbox.channel_type if inbox else None)

    def inbox_name(self, inbox_id: int | None) -> str:
        """Return what an inbox is called."""
        inbox = self.inboxes.get(inbox_id or 0)
        return (inbox.name if inbox else None) or ""


class ChatwootAccount:
    """The account of the settings, asked with the agent's token."""

    def __init__(self, settings: Mapping[str, str], token: Secret, transport: httpx.AsyncBaseTransport | None) -> None:
        self._settings = settings
        self.client = ChatwootClient(
            settings.get("url", ""), token, ca_file=settings.get("ca_file", "").strip(), transport=transport
        )
        self.number = _account_number(settings.get("account", ""))
        self.pubsub_token = Secret("")
        """The websocket's credential: whoever has it reads along."""
        self.refused = asyncio.Event()
        """Chatwoot has stopped accepting the token."""
        self._people: People | None = None

    @property
    def people(self) -> People:
        """Who is who; raises NotSent before the first sign-in."""
        if self._people is None:
            raise NotSent("not connected to Chatwoot yet")
        return self._people

    async def sign_in(self) -> People:
        """Learn who we are and who the others are; raises AuthError when we may not be there."""
        self.refused.clear()
        profile = await self._profile()
        membership = next((one for one in profile.accounts if one.id == self.number), None)
        if membership is None:
            others = ", ".join(str(one.id) for one in profile.accounts) or "none"
            raise AuthError(f"this token is for no agent of account {self.number}; its accounts: {others}")
        self.pubsub_token = Secret(profile.pubsub_token)
        name = profile.available_name or profile.name or profile.email or f"agent {profile.id}"
        me = Agent(str(profile.id), name, email=profile.email or "", presence=_presence(membership))
        people = People(me, _presence(membership))
        await self.learn(people)
        self._people = people
        return people

    async def _profile(self) -> Profile:
        try:
            return await self.client.call("GET", f"{API}/profile", Profile)
        except Unauthorised as error:
            raise AuthError(f"Chatwoot does not accept the token: {error}") from None

    async def learn(self, people: People) -> None:
        """Ask for agents, teams and inboxes; raises AuthError when a configured inbox does not exist."""
        agents = await self._listed("agents")
        teams = await self._listed("teams")
        inboxes = await self._listed("inboxes")
        people.agents = {record.id: _agent(record) for record in members(agents, AgentRecord)}
        people.teams = {
            team.id: Agent(f"{TEAM}{team.id}", team.name or f"team {team.id}", kind="team")
            for team in members(teams, Team)
        }
        people.inboxes = {inbox.id: inbox for inbox in members(inboxes, Inbox)}
        people.wanted = wanted_inboxes(self._settings.get("inboxes", ""), people.inboxes.values())

    async def _listed(self, what: str) -> list[msgspec.Raw]:
        """Return what may be listed; a role of one's own need not let an agent see all of it."""
        try:
            answer = await self.call("GET", what, msgspec.Raw)
        except Rejected as error:
            _log.warning("chatwoot: %s are not told to this agent: %s", what, error)
            return []
        payload = decode(answer, Payload)
        return payload.payload if payload is not None else listed(answer)

    # Calls

    def path(self, *parts: str) -> str:
        """Return a path below the account; a part that holds a slash is several."""
        return "/".join((f"{API}/accounts/{self.number}", *parts))

    async def call(
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        json: Json | None = None,
        params: Mapping[str, str] | None = None,
    ) -> T:
        """Ask below the account and return the answer as `kind`."""
        try:
            return await self.client.call(method, self.path(path), kind, json=json, params=params)
        except Unauthorised as error:
            raise await self._who_is_refused(error) from None

    async def tell(self, path: str, json: Json | None = None) -> None:
        """POST below the account something whose answer says nothing."""
        try:
            await self.client.tell("POST", self.path(path), json)
        except Unauthorised as error:
            raise await self._who_is_refused(error) from None

    async def tell_profile(self, path: str, json: Json) -> None:
        """POST something about this agent, whatever the account."""
        try:
            await self.client.tell("POST", f"{API}/profile/{path}", json)
        except Unauthorised as error:
            raise await self._who_is_refused(error) from None

    async def post_form(self, path: str, fields: Mapping[str, str], files: list[File]) -> MessageRecord:
        """POST a message with files."""
        try:
            return await self.client.post_form(self.path(path), MessageRecord, fields, files)
        except Unauthorised as error:
            raise await self._who_is_refused(error) from None

    async def _who_is_refused(self, error: Unauthorised) -> Forbidden | AuthError:
        """Find out what a 401 means: Chatwoot answers it to a bad token, and to what an agent may not do."""
        try:
            await self._profile()
        except AuthError as refused:
            self.refused.set()
            return refused
        return Forbidden(str(error))

    def check_owner(self, account_id: int | None) -> None:
        """Refuse what belongs to another account; raises ProtocolError."""
        if account_id not in (None, self.number):
            raise ProtocolError(f"Chatwoot answers with what belongs to account {account_id}, not to {self.number}")


def conversation_path(conversation_id: str, *parts: str) -> str:
    """Return a path below a conversation; raises Rejected for what cannot be a conversation's number."""
    if not (conversation_id.isascii() and conversation_id.isdigit() and len(conversation_id) < 19):
        raise Rejected("there is no such conversation at Chatwoot")
    return "/".join(("conversations", conversation_id, *map(segment, parts)))


def wanted_inboxes(setting: str, inboxes: Collection[Inbox]) -> frozenset[int] | None:
    """Return the ids of the inboxes that a setting names (ids or names, by commas); None for all.

    Raises AuthError for one that the agent does not have: a desk that shows nothing would not tell why.
    """
    wanted: set[int] = set()
    for word in filter(None, (part.strip() for part in setting.split(","))):
        found = {
            box.id for box in inboxes if word in (str(box.id), box.name) or word.lower() == (box.name or "").lower()
        }
        if not found:
            names = ", ".join(f"{box.id} ({box.name})" for box in inboxes) or "none"
            raise AuthError(f"there is no inbox {word[:60]!r}; this agent has: {names}")
        wanted |= found
    return frozenset(wanted) or None


def _account_number(setting: str) -> int:
    text = setting.strip()
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 16):
        raise AuthError("account must be the number in Chatwoot's address, as in /app/accounts/1")
    return int(text)


def _presence(membership: Membership) -> Presence:
    return PRESENCES.get(membership.availability or "", Presence.ONLINE)


def _agent(record: AgentRecord) -> Agent:
    presence = PRESENCES.get(record.availability_status or "", Presence.INVISIBLE)
    return Agent(
        str(record.id),
        record.available_name or record.name or record.email or f"agent {record.id}",
        email=record.email or "",
        online=presence is not Presence.INVISIBLE,
        presence=presence,
    )
