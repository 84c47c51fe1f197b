"""A world that is driven by hand, with a desk agent's hands in it."""

from pathlib import Path

from paradesk.connectors.simulator import Stage, World
from paradesk.connectors.simulator.actor import Actor
from paradesk.connectors.simulator.agent import AgentSide
from paradesk.connectors.simulator.chat import Chat
from paradesk.connectors.simulator.loader import read_scenario
from paradesk.connectors.simulator.people import Cast
from paradesk.connectors.simulator.scenario import Scenario
from paradesk.core.model import ClientId, ConversationId, Message, Role, Visibility

START = 1_790_000_000.0


def staged(seed: int = 1, size: int = 5, **options: float) -> World:
    """Return the demo's world at its very beginning, with its clock standing."""
    return Stage(seed=seed, size=size, start=START, realtime=False, speed=options.get("speed", 1.0)).world()


def answer(world: World, conversation_id: ConversationId, body: str) -> Message:
    """Write as the agent."""
    reply = ClientId(f"reply-{len(world.chat(conversation_id).all())}")
    return AgentSide(world).says(conversation_id, body, Visibility.PUBLIC, reply)


class Scene:
    """One customer with one scenario, alone with the agent."""

    def __init__(self, scenario: Scenario, *, seed: int = 1, language: str = "en", joined: bool = True) -> None:
        self.world = World(seed=seed, start=START, realtime=False)
        cast = Cast(self.world.random, START)
        person = next(
            each for each in (cast.next(scenario.order) for _ in range(40)) if each.customer.language == language
        )
        self.person = person
        self.agent = AgentSide(self.world)
        self.actor = Actor(self.world, scenario, person, "scene")
        self.id = self.world.begin(person.customer, joined=joined, order=person.order, counterpart=self.actor)
        self.actor.begin(self.id)

    @property
    def chat(self) -> Chat:
        return self.world.chat(self.id)

    def said(self) -> list[str]:
        """Return what the customer has said and not withdrawn."""
        return [m.body for m in self.chat.all() if m.role is Role.CUSTOMER and not m.deleted]

    def answer(self, body: str) -> None:
        """Write as the agent."""
        answer(self.world, self.id, body)

    def new_after(self, body: str, seconds: float = 40.0) -> list[str]:
        """Answer, let time pass, and return what the customer has said since."""
        known = len(self.said())
        self.answer(body)
        self.world.advance(seconds)
        return self.said()[known:]


def written(folder: Path, text: str, name: str = "own") -> Scenario:
    """Return the scenario that a TOML text describes."""
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return read_scenario(path)
