"""Reads one conversation out of a journal for an export, without changing anything and while a desk may be running."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from paradesk.core.fold import shown
from paradesk.core.model import Conversation, ConversationId, Message
from paradesk.core.text import clean_line
from paradesk.desk.archive import Archive
from paradesk.desk.journal import JournalError

_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Kept:
    """What a journal has of a conversation."""

    conversation: Conversation
    messages: tuple[Message, ...]


def read_conversation(directory: Path, conversation_id: ConversationId) -> Kept | None:
    """Return the conversation with all messages that are kept, oldest first; None where it is not known.

    Raises JournalError where the journal cannot be read.
    """
    path = directory / "desk.sqlite3"
    if not path.is_file():
        return None
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=2)) as connection:
            archive = Archive(connection)
            profile = conversation_id.partition("/")[0]
            threads = (thread for thread in archive.threads({profile}, 1) if thread.conversation.id == conversation_id)
            thread = next(iter(threads), None)
            if thread is None:
                return None
            found = archive.older(conversation_id, None, _MOST)
    except sqlite3.Error as error:
        raise JournalError(f"{path} cannot be read: {clean_line(str(error), 120)}") from error
    messages = tuple(shown(item.base, item) for item in found if item.base is not None)
    return Kept(thread.conversation, messages)
