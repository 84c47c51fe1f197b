"""What commands share: the chat they are about, what its backend cannot do, and telling how it went."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from paradesk.connectors.base import Outcome
from paradesk.connectors.capabilities import Support
from paradesk.core.intents import Intent
from paradesk.core.state import Thread
from paradesk.ui.sending import failure_text
from paradesk.ui.titles import who
from paradesk.ui.widgets.pane import Pane

if TYPE_CHECKING:
    from paradesk.ui.app import ParadeskApp

CAPABILITY_WORDS: dict[str, str] = {
    "status": "ticket status",
    "priority": "priority",
    "tags": "tags",
    "join": "way to join a chat",
    "leave": "way to leave a chat",
    "end_chat": "way to end a chat",
    "transfer": "transfer",
    "assign": "assignment",
    "offers": "transfers to answer",
    "customer": "more about its customers",
    "create": "way to open a ticket",
    "attachments_out": "attachments",
    "attachments_in": "attachments",
    "notes": "private notes",
}


def acting(app: "ParadeskApp") -> tuple[Pane, Thread] | None:
    """Return the pane that an action is about and its chat; says so when no chat is open."""
    pane = app.deck.acting
    thread = None if pane is None else app.state.threads.get(pane.conversation_id)
    if pane is None or thread is None:
        app.tell(f"No chat is open. {app.key('hotlist.focus')} goes to the hotlist", "warning")
        return None
    return pane, thread


def able(app: "ParadeskApp", thread: Thread, capability: str) -> bool:
    """Say whether this chat's backend can do it; tells the agent when it cannot, and nothing is sent."""
    support, reason = app.desk.support(thread.conversation.id, capability)
    if support is not Support.ABSENT:
        return True
    profile = thread.conversation.profile
    words = reason or f"{profile or 'this backend'} has no {CAPABILITY_WORDS.get(capability, capability)}"
    app.tell(f"{who(thread)}: {words}. Nothing was sent", "warning")
    return False


def submit(
    app: "ParadeskApp", thread: Thread, intent: Intent, what: str, then: Callable[[Outcome], None] | None = None
) -> None:
    """Hand an intent to the desk; a failure is told with the chat's name and what to do."""
    name = who(thread)

    def failed(error: BaseException) -> None:
        app.tell(failure_text(name, what, error), "error")

    app.bridge.when_done(app.desk.submit(intent), then, failed)
