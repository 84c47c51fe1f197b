"""What can be asked of Chatwoot beside the stream: older messages, the contact, canned responses, a search."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

import msgspec

from paradesk.connectors.base import Page, Rejected
from paradesk.connectors.chatwoot.account import ChatwootAccount, conversation_path
from paradesk.connectors.chatwoot.messages import message_of
from paradesk.connectors.chatwoot.tickets import customer_from
from paradesk.connectors.chatwoot.values import in_words
from paradesk.connectors.chatwoot.wire import (
    BareMessage,
    CannedRecord,
    ContactAnswer,
    ConversationList,
    ConversationRecord,
    Macro,
    MacroAction,
    MessageRecord,
    Payload,
    decode,
    listed,
    members,
    seconds,
)
from paradesk.core.model import (
    ConversationId,
    Customer,
    EarlierConversation,
    Found,
    Message,
    RemoteResponse,
)

PAGE: Final = 20
"""Messages in a page of older ones."""
MAX_PAGES: Final = 20
MACRO: Final = "macro:"
"""In front of the ids of macros, which Chatwoot counts apart from canned responses."""
SEARCH_PAGES: Final = 4
AT_ONCE: Final = 8
"""Requests at a time."""


async def read_history(
    account: ChatwootAccount, conversation_id: ConversationId, before: Message | None, limit: int
) -> Page:
    """Return up to `limit` messages before a message, or the newest ones, oldest first."""
    path = conversation_path(conversation_id, "messages")
    limit = max(1, limit)
    if before is not None and not before.id.isdigit():
        raise Rejected("this message is not one that Chatwoot knows")
    place = before.order_key if before is not None else None
    found: list[Message] = []
    for _ in range(MAX_PAGES):
        params = {} if place is None else {"before": str(place)}
        raws = (await account.call("GET", path, Payload, params=params)).payload
        page = [message for raw in raws if (message := message_of(raw, conversation_id)) is not None]
        found = sorted(page, key=lambda message: message.order_key) + found
        smallest = min((bare.id for bare in members(raws, BareMessage)), default=None)
        if len(raws) < PAGE or smallest is None or (place is not None and smallest >= place):
            return Page(tuple(found[-limit:]), complete=len(found) <= limit)
        place = smallest
        if len(found) >= limit:
            break
    return Page(tuple(found[-limit:]), complete=False)


async def read_customer(account: ChatwootAccount, record: ConversationRecord) -> Customer:
    """Return the contact of a conversation with their earlier conversations, newest first."""
    person = record.meta.sender
    if person is None or person.id is None:
        raise Rejected("this conversation has no contact any more")
    contact = (await account.call("GET", f"contacts/{person.id}", ContactAnswer)).payload
    answer = await account.call("GET", f"contacts/{person.id}/conversations", Payload)
    customer = customer_from(contact, record.additional_attributes)
    others = (other for other in members(answer.payload, ConversationRecord) if other.id != record.id)
    earlier = sorted((_line(other) for other in others), key=lambda line: -line.at)
    return replace(customer, earlier=tuple(earlier))


def _line(record: ConversationRecord) -> EarlierConversation:
    subject = in_words((record.additional_attributes or {}).get("mail_subject")) or _last_words(record)
    at = seconds(record.last_activity_at) or seconds(record.created_at)
    return EarlierConversation(str(record.id), subject or f"#{record.id}", record.status, at)


def _last_words(record: ConversationRecord) -> str:
    for raw in (record.last_non_activity_message, *reversed(listed(record.messages))):
        message = decode(raw, MessageRecord)
        if message is not None and message.content:
            return message.content[:200]
    return ""


async def read_canned(account: ChatwootAccount) -> tuple[RemoteResponse, ...]:
    """Return the canned responses, and of the macros those that hold a text."""
    canned = await account.call("GET", "canned_responses", list[msgspec.Raw])
    try:
        macros = await account.call("GET", "macros", Payload)
    except Rejected:
        # Not every plan and role has them.
        macros = Payload([])
    return (
        *(
            RemoteResponse(str(one.id), one.short_code or str(one.id), one.content or "", one.short_code or "")
            for one in members(canned, CannedRecord)
        ),
        *_macros(macros),
    )


def _macros(answer: Payload) -> Iterator[RemoteResponse]:
    for macro in members(answer.payload, Macro):
        texts: list[str] = []
        for action in members(macro.actions, MacroAction):
            if action.action_name == "send_message":
                texts += filter(None, decode(action.action_params, list[str]) or [])
        if texts:
            yield RemoteResponse(f"{MACRO}{macro.id}", macro.name or f"macro {macro.id}", "\n\n".join(texts))


async def search(account: ChatwootAccount, query: str, limit: int) -> tuple[Found, ...]:
    """Return conversations with a message that holds these words, in Chatwoot's order."""
    words = query.strip()
    if not words:
        return ()
    found: dict[int, ConversationRecord] = {}
    for page in range(1, SEARCH_PAGES + 1):
        params = {"q": words, "status": "all", "assignee_type": "all", "page": str(page)}
        answer = await account.call("GET", "conversations", ConversationList, params=params)
        records = [record for record in members(answer.data.payload, ConversationRecord) if record.id not in found]
        for record in records:
            account.check_owner(record.account_id)
            found[record.id] = record
        if not records or len(found) >= limit:
            break
    at_once = asyncio.Semaphore(AT_ONCE)
    return tuple(
        await asyncio.gather(
            *(_found(account, at_once, record, words) for record in [*found.values()][: max(0, limit)])
        )
    )


async def _found(account: ChatwootAccount, at_once: asyncio.Semaphore, record: ConversationRecord, words: str) -> Found:
    """Return a line for what was found. The list gives the last message only: the hit is looked for in the newest ones."""
    texts = _texts((*listed(record.messages), record.last_non_activity_message))
    if not _hits(texts, words):
        async with at_once:
            try:
                path = conversation_path(str(record.id), "messages")
                texts = _texts((await account.call("GET", path, Payload)).payload) + texts
            except Rejected:
                pass
    name = record.meta.sender.shown_name if record.meta.sender else ""
    when = seconds(record.last_activity_at) or seconds(record.created_at)
    return Found(ConversationId(str(record.id)), name or f"#{record.id}", excerpt(texts, words), when)


def _texts(raws: Iterable[msgspec.Raw]) -> list[str]:
    return [message.content for message in members(raws, MessageRecord) if message.content]


def _hits(texts: list[str], words: str) -> list[str]:
    return [text for text in texts if words.lower() in text.lower()]


def excerpt(texts: list[str], words: str) -> str:
    """Return the words around the newest hit, or the last text where none holds it."""
    hit = next(reversed(_hits(texts, words)), texts[-1] if texts else "")
    at = hit.lower().find(words.lower())
    return hit[max(0, at - 60) : at + 140] if at >= 0 else hit[:200]
