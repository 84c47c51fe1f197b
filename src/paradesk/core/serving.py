"""Which channels an agent serves: some of them only (dedicated), or all with an order of preference (shared)."""

from dataclasses import dataclass

from paradesk.core.model import Conversation


@dataclass(frozen=True, slots=True)
class Serving:
    """What counts for chats that nobody has joined; those that are the agent's already are theirs whatever stands here.

    A channel is the name of a profile, or what a conversation says it came by, such as `whatsapp`.
    """

    only: tuple[str, ...] = ()
    """Dedicated: only these channels; empty: all of them."""
    order: tuple[str, ...] = ()
    """Shared: these come first, in this order; within one, and among all others, the longest wait."""

    def serves(self, conversation: Conversation) -> bool:
        """Tell whether the agent is there for this conversation."""
        return not self.only or conversation.profile in self.only or conversation.channel in self.only

    def place(self, conversation: Conversation) -> int:
        """Return the place of its channel in the order of preference; what is not named comes last."""
        for place, channel in enumerate(self.order):
            if channel in (conversation.profile, conversation.channel):
                return place
        return len(self.order)

    @property
    def words(self) -> str:
        """What the status bar says of it; empty where all are served."""
        return f"only {', '.join(self.only)}" if self.only else ""


EVERYTHING = Serving()
