"""Messages with what was said about them later: corrections, retractions, and those that came back. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from paradesk.connectors.xmpp.chat import Amended, Bounced, Chat, Known, Said, changes
from paradesk.connectors.xmpp.place import ranked
from paradesk.connectors.xmpp.stanzas import Archived
from paradesk.core.model import Delivery, Message


def amended(message: Message, amendment: Amended) -> Message:
    """Return the message as it is after a correction or a retraction."""
    if amendment.body is None:
        return replace(message, body="", attachments=(), deleted=True, version=max(message.version, amendment.version))
    if message.deleted or amendment.version < message.version:
        return message
    return replace(message, body=amendment.body, edited=True, version=amendment.version)


def returned(message: Message, bounce: Bounced) -> Message:
    """Return a message of ours that did not reach the other side."""
    version = max(message.version, bounce.version)
    return replace(message, delivery=Delivery.FAILED, delivery_reason=f"came back: {bounce.reason}", version=version)


def fold_page(chat: Chat, entries: Iterable[Archived]) -> list[Message]:
    """Return the messages among the entries of an archive, as they stand after all that is known of them."""
    said: list[Known] = []
    bounces: list[Bounced] = []
    for key, entry in ranked(entries):
        match chat.meaning(entry.stanza, entry.id, key, entry.at):
            case Said(known):
                said.append(known)
            case Amended() as amendment:
                chat.note(amendment)
            case Bounced() as bounce:
                bounces.append(bounce)
            case _:
                pass
    return [_settled(chat, known, bounces) for known in said]


def _settled(chat: Chat, known: Known, bounces: Iterable[Bounced]) -> Message:
    message = known.message
    references = {known.origin, known.message.id} - {""}
    about = [amendment for reference in references for amendment in chat.amendments.get(reference, ())]
    for amendment in sorted(about, key=lambda one: one.version):
        if changes(amendment, known):
            message = amended(message, amendment)
    for bounce in bounces:
        if known.mine and bounce.reference == known.origin:
            message = returned(message, bounce)
    return message
