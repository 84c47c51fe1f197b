"""Carries out what goes with a canned response: the status, tags and priority of its ticket, and its files."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from paradesk.canned.follow_up import FollowUp
from paradesk.canned.responses import Attached
from paradesk.connectors.capabilities import Support
from paradesk.core.intents import ChangeTags, SetPriority
from paradesk.core.model import ConversationId
from paradesk.core.state import Thread
from paradesk.ui.commands.asking import CAPABILITY_WORDS, submit
from paradesk.ui.commands.tickets import change_status
from paradesk.ui.titles import who
from paradesk.ui.widgets.pane import Pane

if TYPE_CHECKING:
    from paradesk.ui.app import ParadeskApp


def _able(app: "ParadeskApp", thread: Thread, capability: str, left: str) -> bool:
    """Say whether this chat's backend can do it; tells what is `left` undone where it cannot."""
    support, reason = app.desk.support(thread.conversation.id, capability)
    if support is not Support.ABSENT:
        return True
    words = reason or f"{thread.conversation.profile} has no {CAPABILITY_WORDS.get(capability, capability)}"
    app.tell(f"{who(thread)}: {left}: {words}", "warning")
    return False


def carry_out(app: "ParadeskApp", chat: ConversationId, follow_up: FollowUp) -> None:
    """Change the ticket of this chat; what its backend cannot do is told, and the rest is done."""
    thread = app.state.threads.get(chat)
    if thread is None:
        app.tell(f"This chat is not known any more. Not done: {', '.join(follow_up.words())}", "warning")
        return
    conversation = thread.conversation
    sent = "the reply goes out, but not done"
    status = follow_up.status if follow_up.status is not conversation.status else None
    if status is not None and _able(app, thread, "status", f"{sent}: set {status.value.replace('_', ' ')}"):
        change_status(app, thread, status)
    add = frozenset(follow_up.add_tags) - conversation.tags
    remove = frozenset(follow_up.remove_tags) & conversation.tags
    if (add or remove) and _able(app, thread, "tags", f"{sent}: change of tags"):
        submit(app, thread, ChangeTags(chat, add, remove), "changing its tags")
    priority = follow_up.priority
    if priority is None or priority is conversation.priority:
        return
    if _able(app, thread, "priority", f"{sent}: priority {priority.value}"):
        submit(app, thread, SetPriority(chat, priority), f"setting priority {priority.value}")


def attach_files(app: "ParadeskApp", pane: Pane, thread: Thread, files: Sequence[Attached]) -> None:
    """Attach the files of a response to the draft in a pane; says which one is not what it was."""
    from paradesk.ui.screens.attach import local_file

    names = ", ".join(file.name for file in files)
    if not files or not _able(app, thread, "attachments_out", f"{names} is not attached"):
        return
    limit = app.desk.capabilities(thread.conversation.profile).max_attachment_bytes
    composer = pane.composer
    for file in files:
        try:
            # It was checked when the responses were read: a link that came in its place since then is not followed.
            if str(Path(file.path).resolve()) != file.path:
                raise ValueError(f"{file.name} is a link now, and is not attached")
            found = local_file(Path(file.path), limit)
        except (OSError, ValueError) as error:
            app.tell(f"{who(thread)}: {error}", "warning")
            continue
        if all(other.path != found.path for other in composer.attachments):
            composer.set_attachments((*composer.attachments, found), app.key("composer.remove_attachment"))
