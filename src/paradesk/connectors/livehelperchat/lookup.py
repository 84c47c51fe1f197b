"""A question that the agent asks: who is this visitor, and when were they here before."""

from collections.abc import Mapping
from typing import Final

from paradesk.connectors.livehelperchat.client import LhcClient
from paradesk.connectors.livehelperchat.fold import customer_of
from paradesk.connectors.livehelperchat.wire import ChatRow
from paradesk.core.model import Customer

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
