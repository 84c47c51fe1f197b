"""What a check is asked about: the draft, the chat that it would go to, and the others that are open."""

from dataclasses import dataclass

from paradesk.core.model import Agent, Message, Role
from paradesk.core.state import State, Thread
from paradesk.core.text import clean_line
from paradesk.guard.passages import Passages
from paradesk.guard.verdict import Draft, GuardSettings

QUOTED = 40
"""Cells of a draft or of a customer's line that an explanation may show."""


@dataclass(frozen=True, slots=True)
class Situation:
    """One draft at the moment of sending."""

    draft: Draft
    here: Thread
    others: tuple[Thread, ...]
    """The other open chats."""
    state: State
    settings: GuardSettings
    now: float
    """Unix seconds."""
    passages: Passages

    @property
    def agent(self) -> Agent | None:
        """Who writes, as this chat's backend knows them."""
        profile = self.state.profiles.get(self.here.conversation.profile)
        return None if profile is None else profile.agent

    def is_own(self, message: Message) -> bool:
        """Tell whether this agent wrote a message."""
        agent = self.agent
        if message.role is not Role.AGENT:
            return False
        return message.client_id is not None or (agent is not None and message.sender_id == agent.id)


def quoted(text: str, limit: int = QUOTED) -> str:
    """Return the beginning of a text in quotation marks, on one line and clean, at most `limit` cells in all."""
    return f"“{clean_line(text, limit - 2)}”"
