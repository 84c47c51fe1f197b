"""Older messages of one conversation, page by page."""

from paradesk.connectors.base import Gone, Page, Rejected
from paradesk.connectors.xmpp.amend import fold_page
from paradesk.connectors.xmpp.archive import walk_back
from paradesk.connectors.xmpp.chat import LIVE, Chat, peer_of
from paradesk.connectors.xmpp.line import Line
from paradesk.connectors.xmpp.stanzas import Archived
from paradesk.core.model import Message


async def read_history(line: Line, chat: Chat, before: Message | None, limit: int) -> Page:
    """Return up to `limit` messages before a message, or the newest ones, oldest first."""
    limit = max(1, limit)

    def belongs(entry: Archived) -> bool:
        return chat.room or peer_of(entry.stanza, chat.account.jid) == chat.id

    def older(entries: list[Archived]) -> list[Message]:
        return [m for m in fold_page(chat, entries) if before is None or m.order_key < before.order_key]

    def enough(entries: list[Archived]) -> bool:
        return len(older(entries)) >= limit

    archive, peer = (chat.id, "") if chat.room else ("", chat.id)
    start = "" if before is None or before.id.startswith(LIVE) else before.id
    try:
        page = await walk_back(line, archive, start, peer=peer, enough=enough, belongs=belongs)
    except Gone:
        raise Rejected("the archive no longer has the message that history would continue from") from None
    messages = older(page.entries)
    shown = messages[-limit:]
    return Page(tuple(shown), page.complete and len(shown) == len(messages))
