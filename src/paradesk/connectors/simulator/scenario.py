"""What a scenario is: states that a customer goes through, what they say in each, and what moves them on."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

Text = Mapping[str, tuple[str, ...]]
"""Per language (`en`, `de`) the wordings to choose from."""

FILES = ("photo.png", "screenshot.png", "log.txt", "letter.txt", "transactions.csv")
"""What customers can send; the content is generated."""

PLACEHOLDERS = (
    *("order.id", "order.item", "order.total", "order.tracking", "order.date", "order.status"),
    *("customer.name", "customer.first_name", "customer.email", "customer.phone", "customer.plan"),
    "agent.first_name",
)
"""What may stand in braces in a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message of the customer."""

    text: Text = field(default_factory=dict)
    file: str = ""
    """One of `FILES`, sent with the text or alone."""
    typo: Text = field(default_factory=dict)
    """Sent first, and then edited into `text`."""
    withdrawn: bool = False
    """Deleted again after a few seconds."""
    abandoned: bool = False
    """Typed and not sent: the customer is seen typing, and then nothing comes."""
    pause: float = 0.0
    """Virtual seconds to wait before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What has to happen for the customer to react, and how they do."""

    when: frozenset[str] = frozenset()
    """Any of these: what a reply is understood as, or an event."""
    phrases: Text = field(default_factory=dict)
    """Or any of these phrases in a reply, of whatever language."""
    unless: frozenset[str] = frozenset()
    """But not when one of these is there as well."""
    mood_above: int = -99
    mood_below: int = 99
    once: bool = False
    mood: int = 0
    """How the customer's mood changes."""
    say: tuple[Line, ...] = ()
    goto: str = ""
    """The state to enter, or empty to stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the customer says on entering, and what they react to while there."""

    say: tuple[Line, ...] = ()
    on: tuple[Rule, ...] = ()
    mood: int = 0
    end: bool = False
    """After the last line the customer leaves the chat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a customer waits for a reply before they write again, in virtual seconds at an even mood."""

    first: float = 75.0
    again: float = 80.0
    leaves: bool = True
    """After the last nudge they say goodbye and go; otherwise they stay silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One kind of customer with one kind of concern."""

    name: str
    """The file's name without its ending."""
    title: str
    start: str
    states: Mapping[str, State]
    subject: Text
    channels: tuple[str, ...] = ("web",)
    queue: str = "Support"
    priority: str = "normal"
    tags: tuple[str, ...] = ()
    weight: int = 2
    """How often it comes compared to others; 0 for one that only answers what the agent begins."""
    mood: int = 0
    """From -3 (furious) to 3 (delighted)."""
    bot: Text = field(default_factory=dict)
    """What the greeting bot says before the customer's first message, where there is one."""
    order: Mapping[str, str] = field(default_factory=dict)
    patience: Patience = field(default_factory=Patience)
    nudge: Text = field(default_factory=dict)
    """What the customer writes when kept waiting, one after the other."""
    goodbye: Text = field(default_factory=dict)
    """What they write when they give up."""
    unsure: Text = field(default_factory=dict)
    """What they answer to a question that they do not understand."""
    always: tuple[Rule, ...] = ()
    """Rules of every state, after the state's own."""


def wording(text: Text, language: str, rng: random.Random) -> str:
    """Return one wording in a language, or in English where that is missing; empty for no text."""
    choices = text.get(language) or text.get("en") or ()
    return rng.choice(choices) if choices else ""


def filled(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of `{order.id}` and the like; values are not looked at again."""
    parts = text.split("{")
    result = [parts[0]]
    for part in parts[1:]:
        name, brace, rest = part.partition("}")
        result.append(values[name] + rest if brace and name in values else "{" + part)
    return "".join(result)
