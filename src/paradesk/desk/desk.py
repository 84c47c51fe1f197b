"""The running workstation without a screen: its own thread and loop, driven by intents, seen through snapshots."""

import random as random_module
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from paradesk.connectors.base import Connector, Outcome
from paradesk.connectors.capabilities import Capabilities, Support
from paradesk.core.intents import Intent
from paradesk.core.model import Attachment, ClientId, ConversationId, Visibility
from paradesk.core.state import State
from paradesk.desk.layout import Layout

T = TypeVar("T")

__all__ = ["Desk", "DeskBusy", "Layout", "Profile"]


class DeskBusy(Exception):
    """Another Paradesk has this directory open; the message says which directory."""


@dataclass(frozen=True)
class Profile:
    """One configured backend: its name and how to build its connector."""

    name: str
    build: Callable[[], Connector]


class Desk:
    """Everything below the screen. All methods can be called from any thread, none of them waits for a network."""

    def __init__(
        self,
        profiles: Sequence[Profile],
        directory: Path,
        *,
        clock: Callable[[], float] = time.time,
        random: Callable[[], float] = random_module.random,
    ) -> None: ...

    def start(self) -> None:
        """Open the journal and start; the cached state is there on return, connections follow.

        Raises DeskBusy when another desk has the directory, JournalError when its database cannot be used.
        """
        raise NotImplementedError

    def stop(self, timeout: float = 1.0) -> None:
        """Write what is left, end connections and give the directory free, within `timeout` seconds."""
        raise NotImplementedError

    @property
    def state(self) -> State:
        """The newest snapshot."""
        raise NotImplementedError

    def subscribe(self, selector: Callable[[State], T], callback: Callable[[T], None]) -> Callable[[], None]:
        """Call back, on the desk's thread, when the selected value changes; returns what ends that."""
        raise NotImplementedError

    def submit(self, intent: Intent) -> Future[Outcome]:
        """Carry out an intent. A `Send` is done when it is on disk and its draft cleared, others when answered."""
        raise NotImplementedError

    def new_client_id(self) -> ClientId:
        """Return a fresh id for a reply; it sorts by time."""
        raise NotImplementedError

    def save_draft(self, conversation_id: ConversationId, visibility: Visibility, text: str) -> None:
        """Keep what is being typed; on disk a moment later, never waits."""
        raise NotImplementedError

    def saved_layout(self) -> Layout:
        """Return the layout that was saved last."""
        raise NotImplementedError

    def save_layout(self, layout: Layout) -> None:
        """Keep the layout for the next start."""
        raise NotImplementedError

    def load_history(self, conversation_id: ConversationId, limit: int = 50) -> Future[bool]:
        """Bring in older messages, from the journal first; the result says whether there may be more."""
        raise NotImplementedError

    def fetch(self, conversation_id: ConversationId, attachment: Attachment) -> Future[bytes]:
        """Download an attachment; fails with a ConnectorError."""
        raise NotImplementedError

    def support(self, conversation_id: ConversationId, capability: str) -> tuple[Support, str]:
        """Return whether this conversation can do it, and why not. Capabilities by name, and `send`."""
        raise NotImplementedError

    def capabilities(self, profile: str) -> Capabilities:
        """Return what the profile's backend can do; nothing until its connector has been built."""
        raise NotImplementedError

    def retry(self, client_id: ClientId) -> Future[Outcome]:
        """Send a failed or uncertain reply again, with the same client id; done when that is on disk."""
        raise NotImplementedError

    def dismiss(self, client_id: ClientId) -> Future[str]:
        """Give up a queued, failed or uncertain reply; its text goes back into the draft and is the result."""
        raise NotImplementedError

    def see(self, conversation_id: ConversationId) -> None:
        """The agent has looked: nothing is unread, and the backend is told where it wants to know."""
        raise NotImplementedError

    def typing(self, conversation_id: ConversationId, typing: bool) -> None:
        """The agent types, or has stopped; the backend is told, at most every 3 seconds."""
        raise NotImplementedError

    def reconnect(self, profile: str) -> None:
        """Try again now: after a refusal (with a newly built connector), or instead of waiting."""
        raise NotImplementedError
