"""Questions that the agent asks: who is this visitor, and where was it that they wrote."""

from collections.abc import Mapping
from typing import Final

from paradesk.connectors.base import Forbidden, Gone
from paradesk.connectors.livehelperchat.client import LhcClient
from paradesk.connectors.livehelperchat.fold import conversation_id, customer_of, label_of
from paradesk.connectors.livehelperchat.wire import ChatRow
from paradesk.core.model import Customer, Found

EARLIER: Final = 20
"""Earlier chats of one visitor that are listed, at most."""


async def look_up_customer(client: LhcClient, chat_id: int) -> Customer:
    """Return what the server knows of a visitor, with earlier chats under the same address or browser."""
    row = await client.chat(chat_id)
    same = _same_visitor(row)
    return customer_of(row, await client.chats(same, most=EARLIER) if same else ())


def _same_visitor(row: ChatRow) -> Mapping[str, str]:
    if row.email:
        return {"email": row.email}
    return {"online_user_id": str(row.online_user)} if row.online_user else {}


async def search_chats(client: LhcClient, query: str, limit: int) -> tuple[Found, ...]:
    """Return chats of exactly this name, e-mail address, phone number or chat number; the server compares no parts."""
    words = query.strip().lstrip("#")
    if not words or limit <= 0:
        return ()
    found: list[ChatRow] = []
    if words.isascii() and words.isdecimal() and len(words) < 16:
        try:
            found.append(await client.chat(int(words)))
        except (Gone, Forbidden):
            pass
    found += [row for row in await client.chats(_filter(words), most=limit) if row.id not in {one.id for one in found}]
    return tuple(map(_found, found[:limit]))


def _filter(words: str) -> Mapping[str, str]:
    if "@" in words:
        return {"email": words}
    digits = words.lstrip("+").replace(" ", "").replace("-", "")
    return {"phone": words} if digits.isdecimal() and len(digits) >= 6 else {"nick": words}


def _found(row: ChatRow) -> Found:
    excerpt = " · ".join(filter(None, (label_of(row), row.department_name)))
    return Found(conversation_id(row.id), row.nick or "Visitor", excerpt, float(row.created_at))
