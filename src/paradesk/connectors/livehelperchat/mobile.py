"""The interface of the mobile app, for what REST cannot do: offering a chat, accepting one, canned responses.

It wants user name and password in each request, works only where the administrator has switched on mobile notifications,
and answers nothing at all where they are off, where the password is wrong, and where something was forbidden.
"""

from collections.abc import Iterable

from paradesk.connectors.base import Forbidden, Rejected, Unsupported
from paradesk.connectors.livehelperchat.client import LhcClient
from paradesk.connectors.livehelperchat.wire import TransferRow, transfer_row
from paradesk.connectors.loose import number, row_of, rows_of, text
from paradesk.core.model import RemoteResponse
from paradesk.core.secret import Secret

OFF = "the server's interface for the mobile app is switched off (mobile notifications), or refuses the password"


class MobileApi:
    """One operator at that interface."""

    def __init__(self, client: LhcClient, user: str, password: Secret) -> None:
        self._client = client
        self._user = user
        self._password = password
        self.off = ""
        """Why it cannot be used, or empty."""

    async def probe(self) -> None:
        """Find out whether it can be used."""
        try:
            said = row_of(await self._ask("checklogin"))
        except (Rejected, Unsupported):
            said = {}
        self.off = "" if said.get("result") is True else OFF

    async def offers(self) -> list[TransferRow]:
        """Return the chats that are offered to us, ten at most."""
        listed = row_of(row_of(await self._ask("lists")).get("transfered_chats"))
        return [found for row in rows_of(listed.get("rows")) if (found := transfer_row(row)) is not None]

    async def offer(self, chat_id: int, user_id: int) -> None:
        """Offer a chat to an operator. The server says nothing: look for the line that it writes into the chat."""
        await self._client.mobile(f"transferuser/{chat_id}/{user_id}", self._user, self._password)

    async def accept(self, transfer_id: int) -> None:
        """Take a chat that is offered; raises Forbidden where the server does not let us."""
        if await self._client.mobile(f"accepttransfer/{transfer_id}", self._user, self._password) is None:
            raise Forbidden("the server did not let you take it: is the offer still there, and the department yours?")

    async def canned(self, chats: Iterable[int]) -> tuple[RemoteResponse, ...]:
        """Return the canned responses for these chats, each once: the server keeps them by department."""
        found: dict[str, RemoteResponse] = {}
        for chat_id in chats:
            said = row_of(await self._ask(f"cannedresponses/{chat_id}"))
            for row in rows_of(said.get("canned_messages")):
                if (response_id := number(row, "id")) > 0 and text(row, "msg"):
                    title = text(row, "title") or text(row, "explain") or f"response {response_id}"
                    found[str(response_id)] = RemoteResponse(str(response_id), title, text(row, "msg"))
        return tuple(found.values())

    async def _ask(self, path: str) -> object:
        if self.off:
            raise Unsupported(self.off)
        said = await self._client.mobile(path, self._user, self._password)
        if said is None:
            raise Rejected(OFF)
        return said
