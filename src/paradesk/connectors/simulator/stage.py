"""Sets a world up from the settings: who is there at the start, and who comes later."""

import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from paradesk.connectors.base import Rejected
from paradesk.connectors.simulator.actor import Actor
from paradesk.connectors.simulator.agent import AgentSide
from paradesk.connectors.simulator.flood import Flood
from paradesk.connectors.simulator.loader import SHIPPED, load_scenarios
from paradesk.connectors.simulator.office import Office
from paradesk.connectors.simulator.people import COLLEAGUES, SUPERVISOR, Cast, Person
from paradesk.connectors.simulator.scenario import Scenario, filled, wording
from paradesk.connectors.simulator.world import World
from paradesk.core.model import ConversationId, Presence, Priority, Status

_OPENING: tuple[str, ...] = ("parcel_not_arrived", "login_trouble")
"""What the two chats of the start are about, where these scenarios are there."""

_FIRST_OFFER = 240.0
"""Virtual seconds after which a colleague offers the first chat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that decides what a simulated world is like; the same values give the same world."""

    seed: int = 1
    speed: float = 1.0
    """Virtual seconds per real second."""
    size: int = 5
    """Customers at the same time."""
    scenarios: Path = field(default=SHIPPED)
    flood: float = 0.0
    """Messages per second over four conversations instead of customers with scenarios: for benchmarks."""
    preload: int = 0
    """Messages that each of these four conversations begins with."""
    start: float | None = None
    """Unix time of the beginning; None: now."""
    realtime: bool = True
    """Whether a real clock drives it; otherwise `World.advance` does."""

    @classmethod
    def from_settings(cls, settings: Mapping[str, str]) -> "Stage":
        """Read a connector's settings; raises Rejected naming the setting that is wrong."""
        directory = settings.get("scenarios", "")
        return cls(
            seed=int(_number(settings, "seed", 1, -(2**53), 2**53)),
            speed=_number(settings, "speed", 1.0, 0.01, 1000.0),
            size=int(_number(settings, "size", 5, 1, 50)),
            scenarios=Path(directory).expanduser() if directory else SHIPPED,
            flood=_number(settings, "flood", 0.0, 0.0, 100_000.0),
            preload=int(_number(settings, "preload", 0, 0, 1_000_000)),
        )

    def world(self) -> World:
        """Return a new world, set up; raises ScenarioError when a scenario is wrong."""
        flooded = self.flood > 0 or self.preload > 0
        scenarios = () if flooded else load_scenarios(self.scenarios)
        world = World(
            seed=self.seed,
            speed=self.speed,
            start=self.start,
            realtime=self.realtime,
            retention=50_000 if flooded else 2_000,
        )
        if flooded:
            Flood(world, rate=self.flood, preload=self.preload).begin()
        else:
            Arrivals(world, scenarios, self.size).begin()
        return world


def _number(settings: Mapping[str, str], name: str, default: float, least: float, most: float) -> float:
    text = settings.get(name, "").strip()
    try:
        number = float(text) if text else float(default)
    except ValueError:
        raise Rejected(f"{name}: {text!r} is not a number") from None
    if not least <= number <= most:
        raise Rejected(f"{name}: {text} is not between {least:g} and {most:g}")
    if isinstance(default, int) and number != int(number):
        raise Rejected(f"{name}: {text} is not a whole number")
    return number


class Arrivals:
    """Lets customers come, so that about `size` of them are there at any time."""

    def __init__(self, world: World, scenarios: Sequence[Scenario], size: int) -> None:
        self.actors: list[Actor] = []
        self._world = world
        self._scenarios = scenarios
        self._size = size
        self._random = random.Random(f"arrivals/{world.seed}")
        self._cast = Cast(random.Random(f"cast/{world.seed}"), world.start)
        self._office = Office(world, AgentSide(world))
        # Chance of their own, so that customers come as they would without offers.
        self._offering = random.Random(f"offers/{world.seed}")
        self._offered = Cast(random.Random(f"offered/{world.seed}"), world.start)
        for _ in range(2):
            # The first two are the same in every cast, and here already.
            self._offered.next()
        several = sum(scenario.weight > 0 for scenario in scenarios)
        self._recent: deque[str] = deque(maxlen=min(8, several - 1))

    def begin(self) -> None:
        """Put two waiting customers in front of the agent, and let the others come one after the other."""
        by_name = {scenario.name: scenario for scenario in self._scenarios}
        for place in range(min(2, self._size)):
            scenario = by_name.get(_OPENING[place]) or self._choose()
            self._arrive(scenario, assigned=True, waited=(48.0, 21.0)[place])
        self._world.on_outbound = self._outbound
        self._world.timeline.after(self._random.uniform(3.0, 6.0), self._look)
        self._world.timeline.after(_FIRST_OFFER, self._offer)

    def present(self) -> int:
        """Return how many customers are there who still want something."""
        over = (Status.SOLVED, Status.CLOSED)
        return sum(
            not (chat.removed or chat.conversation.ended or chat.conversation.status in over)
            for chat in self._world.chats()
        )

    def _look(self) -> None:
        present = self.present()
        if present < self._size:
            # Every second or third newcomer waits in the queue; the others are assigned at once.
            self._arrive(self._choose(), assigned=self._random.random() > 0.4, waited=0.0)
        hurry = 1.0 if present < self._size - 1 else 2.5
        self._world.timeline.after(self._random.uniform(5.0, 12.0) * hurry, self._look)

    def _offer(self) -> None:
        """Let a colleague offer a chat of theirs, where the agent takes new ones."""
        if self._world.presence is Presence.ONLINE and self.present() <= self._size:
            by = self._offering.choice([agent for agent in COLLEAGUES if agent.online])
            scenario = self._offering.choice([each for each in self._scenarios if each.weight])
            person = self._offered.next(scenario.order)
            # Not the one that the other cast has under the same number.
            person = replace(person, customer=replace(person.customer, id=f"offered-{person.customer.id}"))
            actor = Actor(self._world, scenario, person, f"offered/{self._world.seed}/{len(self.actors)}")
            self.actors.append(actor)
            note = f"{by.name.split()[0]}: my shift ends, can you take this one?"
            chat = self._office.offer(person.customer, by, note, actor)
            actor.begin(chat, waited=30.0)
        self._world.timeline.after(self._offering.uniform(300.0, 600.0), self._offer)

    def _choose(self) -> Scenario:
        fresh = [each for each in self._scenarios if each.weight and each.name not in self._recent]
        chosen = self._random.choices(fresh, weights=[each.weight for each in fresh])[0]
        self._recent.append(chosen.name)
        return chosen

    def _arrive(self, scenario: Scenario, *, assigned: bool, waited: float) -> None:
        person = self._cast.next(scenario.order)
        actor = Actor(self._world, scenario, person, f"{self._world.seed}/{len(self.actors)}")
        self.actors.append(actor)
        channel = self._random.choice(scenario.channels)
        conversation_id = self._world.begin(
            person.customer,
            channel=channel,
            subject=filled(wording(scenario.subject, person.speaks, self._random), person.values()),
            queue=scenario.queue,
            joined=assigned,
            status=Status.OPEN if waited else Status.NEW,
            priority=Priority(scenario.priority),
            tags=frozenset(scenario.tags),
            order=person.order,
            attributes=_circumstances(channel, self._random),
            counterpart=actor,
        )
        if assigned and not waited and self._random.random() < 0.2:
            self._world.colleague_notes(conversation_id, SUPERVISOR, f"For you, {self._world.me.name.split()[0]}.")
        actor.begin(conversation_id, waited=waited)

    def _outbound(self, conversation_id: ConversationId) -> None:
        """Play the customer of a conversation that the agent began, where a scenario of weight 0 is there for it."""
        answering = [scenario for scenario in self._scenarios if not scenario.weight]
        if not answering:
            return
        chat = self._world.chat(conversation_id)
        customer = chat.conversation.customer
        speaks = "de" if customer.language == "de" else "en"
        person = Person(customer, self._cast.next().order, speaks)
        actor = Actor(self._world, answering[0], person, f"{self._world.seed}/{len(self.actors)}")
        self.actors.append(actor)
        chat.counterpart = actor
        actor.expect(conversation_id)


def _circumstances(channel: str, rng: random.Random) -> dict[str, str]:
    if channel == "web":
        return {
            "browser": rng.choice(("Firefox 145", "Chrome 142", "Safari 19")),
            "page": rng.choice(("/account", "/orders", "/checkout", "/help/returns")),
        }
    if channel == "email":
        return {"mailbox": "support@acme.example"}
    return {"device": rng.choice(("Android", "iPhone"))}
