"""Every event that Chatwoot broadcasts, by name, and what it means for the desk."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from paradesk.connectors.base import NotSent
from paradesk.connectors.chatwoot.board import Board
from paradesk.connectors.chatwoot.wire import (
    BareMessage,
    Broadcast,
    ConversationRecord,
    Merge,
    Owner,
    Person,
    PresenceUpdate,
    Typing,
    decode,
    shape_of,
)
from paradesk.core.events import Event

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Consequences:
    """What is to be told to the desk, and what is to be asked of Chatwoot before more can be told."""

    events: list[Event] = field(default_factory=list)
    unknown: dict[str, list[msgspec.Raw]] = field(default_factory=dict)
    """Conversations that have to be read first, with the messages that came for them."""
    people_changed: bool = False


Meaning = Callable[[Board, msgspec.Raw, Consequences], bool]
"""Takes the data of an event; False when it makes no sense."""


def _message(board: Board, raw: msgspec.Raw, then: Consequences) -> bool:
    bare = decode(raw, BareMessage)
    if bare is None or bare.conversation_id is None:
        return False
    conversation_id = str(bare.conversation_id)
    if conversation_id in board.known:
        then.events += board.take_message(raw, conversation_id)
    else:
        then.unknown.setdefault(conversation_id, []).append(raw)
    return True


def _conversation(board: Board, raw: msgspec.Raw, then: Consequences) -> bool:
    record = decode(raw, ConversationRecord)
    if record is None:
        return False
    then.events += board.take_conversation(record)
    return True


def _typing_on(board: Board, raw: msgspec.Raw, then: Consequences) -> bool:
    return _typing(board, raw, then, on=True)


def _typing_off(board: Board, raw: msgspec.Raw, then: Consequences) -> bool:
    return _typing(board, raw, then, on=False)


def _typing(board: Board, raw: msgspec.Raw, then: Consequences, *, on: bool) -> bool:
    typing = decode(raw, Typing)
    if typing is None:
        return False
    then.events += board.take_typing(typing, time.time(), on=on)
    return True


def _presence(board: Board, raw: msgspec.Raw, then: Consequences) -> bool:
    update = decode(raw, PresenceUpdate)
    if update is None:
        return False
    then.events += board.take_presence(update)
    return True


def _contact(board: Board, raw: msgspec.Raw, then: Consequences) -> bool:
    person = decode(raw, Person)
    if person is None:
        return False
    then.events += board.take_contact(person)
    return True


def _merged(board: Board, raw: msgspec.Raw, then: Consequences) -> bool:
    # The conversations of the contact that went say so themselves (`conversation.contact_changed`).
    merge = decode(raw, Merge)
    return merge is not None and (merge.id is None or merge.name is None or _contact(board, raw, then))


def _people(board: Board, raw: msgspec.Raw, then: Consequences) -> bool:
    then.people_changed = True
    return True


def _signed_out(board: Board, raw: msgspec.Raw, then: Consequences) -> bool:
    # The password was changed, or the like. Whether the token still counts is for the next sign-in to find out.
    raise NotSent("Chatwoot has ended this agent's sessions; signing in again")


def _nothing(board: Board, raw: msgspec.Raw, then: Consequences) -> bool:
    return True


MEANINGS: Final[dict[str, Meaning]] = {
    "message.created": _message,
    "message.updated": _message,
    "first.reply.created": _message,
    "conversation.created": _conversation,
    "conversation.updated": _conversation,
    "conversation.read": _conversation,
    "conversation.status_changed": _conversation,
    "conversation.contact_changed": _conversation,
    "conversation.mentioned": _conversation,
    "assignee.changed": _conversation,
    "team.changed": _conversation,
    "conversation.typing_on": _typing_on,
    "conversation.typing_off": _typing_off,
    "presence.update": _presence,
    "contact.updated": _contact,
    "contact.merged": _merged,
    "account.cache_invalidated": _people,
    "user:logout": _signed_out,
    # What a desk has no use for: a contact without a conversation, the bell of the web page, its own reloading.
    "contact.created": _nothing,
    "contact.deleted": _nothing,
    "notification.created": _nothing,
    "notification.updated": _nothing,
    "notification.deleted": _nothing,
    "page:reload": _nothing,
}
"""Every event that Chatwoot's clients listen to."""


def consider(board: Board, broadcast: Broadcast, account: int, then: Consequences) -> None:
    """Add what an event means. One of another account, an unknown one and one that makes no sense change nothing."""
    owner = decode(broadcast.data, Owner)
    if owner is not None and owner.account_id not in (None, account):
        _log.warning("chatwoot: an event of account %s is left away", owner.account_id)
        return
    meaning = MEANINGS.get(broadcast.event)
    if meaning is not None and not meaning(board, broadcast.data, then):
        _log.warning("chatwoot: %s cannot be read: %s", broadcast.event, shape_of(broadcast.data))
