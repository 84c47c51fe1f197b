"""What the screen may ask the backends beside intents: a preview, a customer, canned responses, a search.

Each question is checked against what is declared before anything leaves the machine, has a deadline, and every text of
its answer is cleaned.
"""

from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from paradesk.connectors.base import Connector, Prepared, Unsupported
from paradesk.connectors.capabilities import Support
from paradesk.core.intents import Send
from paradesk.core.model import ConversationId, Customer, Found, RemoteResponse
from paradesk.core.text import clean_line
from paradesk.desk import offers
from paradesk.desk.intake import backend_id, incoming_customer, incoming_found, incoming_response, profile_of
from paradesk.desk.lane import Lane
from paradesk.desk.timing import Timing

if TYPE_CHECKING:
    from paradesk.desk.engine import Engine

T = TypeVar("T")
MOST_FOUND = 100
"""So many results of a search are taken, at most."""
MOST_RESPONSES = 5_000
_LONGEST_QUERY = 300


class AsksLanes(Protocol):
    """What is needed of the engine."""

    def lane(self, profile: str) -> Lane:
        """Return the lane of a profile; raises Rejected for one that is not configured."""

    async def ask(self, lane: Lane, ask: Callable[[Connector], Awaitable[T]], deadline: float) -> T:
        """Ask a connector that is online; raises ConnectorErrors with a reason for the agent."""

    def support(self, conversation_id: ConversationId, capability: str) -> tuple[Support, str]:
        """Return whether this conversation can do it, and why not."""


async def customer(engine: AsksLanes, timing: Timing, conversation_id: ConversationId) -> Customer:
    """Return what the backend knows of the customer of a conversation; raises ConnectorErrors."""
    lane = engine.lane(profile_of(conversation_id))
    able, why = engine.support(conversation_id, "customer")
    if able is not Support.NATIVE:
        raise Unsupported(why)
    where = backend_id(conversation_id)
    return incoming_customer(await engine.ask(lane, lambda c: c.customer(where), timing.question))


async def canned(engine: AsksLanes, timing: Timing, profile: str) -> tuple[RemoteResponse, ...]:
    """Return the canned responses that a backend keeps; raises ConnectorErrors."""
    lane = _able(engine, profile, "canned")
    found = await engine.ask(lane, lambda c: c.canned(), timing.question)
    return tuple(map(incoming_response, found[:MOST_RESPONSES]))


async def search(engine: AsksLanes, timing: Timing, profile: str, query: str, limit: int) -> tuple[Found, ...]:
    """Return up to `limit` conversations that a backend finds, best first; nothing for blank words."""
    lane = _able(engine, profile, "search")
    words, most = clean_line(query, _LONGEST_QUERY).strip(), max(1, min(limit, MOST_FOUND))
    if not words:
        return ()
    found = await engine.ask(lane, lambda c: c.search(words, most), timing.question)
    return tuple(incoming_found(profile, one) for one in found[:most])


def _able(engine: AsksLanes, profile: str, capability: str) -> Lane:
    lane = engine.lane(profile)
    able, why = offers.support(None, lane.capabilities, lane.title, capability)
    if able is not Support.NATIVE:
        raise Unsupported(why)
    return lane


class Backends:
    """The questions, for callers in any thread. Each future fails with a ConnectorError whose text is for the agent."""

    def __init__(
        self,
        ask: Callable[[Callable[["Engine"], Any]], Future[Any]],
        engine: "Callable[[], Engine | None]",
        timing: Timing,
    ) -> None:
        self._ask, self._engine, self._timing = ask, engine, timing

    def prepare(self, send: Send) -> Prepared | None:
        """Return what the backend would be given for this reply, at once; None where nobody can say that yet.

        Raises Rejected, with a reason for the agent, for what it cannot carry.
        """
        engine = self._engine()
        return None if engine is None else engine.prepared(send)

    def customer(self, conversation_id: ConversationId) -> Future[Customer]:
        """Ask what the backend knows of a customer, with their earlier conversations."""
        return self._ask(lambda engine: customer(engine, self._timing, conversation_id))

    def canned(self, profile: str) -> Future[tuple[RemoteResponse, ...]]:
        """Ask for the canned responses that a backend keeps."""
        return self._ask(lambda engine: canned(engine, self._timing, profile))

    def search(self, profile: str, query: str, limit: int = 50) -> Future[tuple[Found, ...]]:
        """Let a backend search its conversations."""
        return self._ask(lambda engine: search(engine, self._timing, profile, query, limit))
