"""Signing in: capabilities, a password or an account, a nick that is free."""

import base64
import re
from dataclasses import dataclass
from typing import Final

from paradesk.connectors.base import AuthError, NotSent
from paradesk.connectors.http import printable
from paradesk.connectors.irc.link import Link
from paradesk.connectors.irc.names import WANTED, Server
from paradesk.connectors.irc.wire import Line
from paradesk.core.secret import Secret

_TRIES: Final = 5
"""Nicks that are tried beside the one that is wanted."""
_REFUSAL: Final = re.compile(
    r"password|denied|banned|not (?:authori[sz]ed|welcome|allowed)|k-?lined|unauthori[sz]ed", re.I
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signs in."""

    nick: str
    realname: str
    password: Secret
    """The server's password, or empty."""
    account: str
    """Name at the services, or empty."""
    account_password: Secret


class SignIn:
    """The way from a fresh connection to a nick on the network."""

    def __init__(self, link: Link, server: Server, identity: Identity) -> None:
        self._link, self._server, self._identity = link, server, identity
        self._offered: set[str] = set()
        self._tried = 0
        self._nick = identity.nick

    async def run(self) -> str:
        """Sign in and return the nick that we have; raises AuthError for a refusal, NotSent for a lost connection."""
        try:
            await self._begin()
            while True:
                line = await self._link.read()
                if line.command in ("376", "422"):
                    return self._nick
                await self._take(line)
        except NotSent as error:
            if _REFUSAL.search(self._link.closing):
                raise AuthError(f"the server lets nobody in like this: {self._link.closing}") from None
            raise error

    async def _begin(self) -> None:
        await self._link.send("CAP", "LS", "302")
        if password := self._identity.password.reveal():
            await self._link.send("PASS", password)
        await self._link.send("NICK", self._nick)
        await self._link.send("USER", "paradesk", "0", "*", self._identity.realname or self._identity.nick)

    async def _take(self, line: Line) -> None:
        match line.command:
            case "CAP":
                await self._capabilities(line)
            case "AUTHENTICATE" if line.param(0) == "+":
                await self._authenticate()
            case "903":
                await self._link.send("CAP", "END")
            case "902" | "904" | "905" | "906" | "908":
                raise AuthError(f"the account is not accepted: {printable(line.last)}")
            case "001":
                self._nick = line.param(0) or self._nick
            case "005":
                self._server.take_supports(line.params[1:-1])
            case "433" | "436" | "437":
                await self._next_nick()
            case "431" | "432":
                raise AuthError(f"the server does not take the nick {printable(self._nick)!r}")
            case "464" | "465" | "466":
                raise AuthError(f"the server refuses: {printable(line.last)}")

    async def _capabilities(self, line: Line) -> None:
        words = line.last.split()
        match line.param(1).upper():
            case "LS":
                self._offered |= {word.partition("=")[0] for word in words}
                if line.param(2) != "*":
                    await self._request()
            case "ACK":
                self._server.caps |= {word.lstrip("-~=") for word in words}
                if "sasl" in self._server.caps and self._identity.account:
                    await self._link.send("AUTHENTICATE", "PLAIN")
                else:
                    await self._link.send("CAP", "END")
            case "NAK":
                await self._link.send("CAP", "END")

    async def _request(self) -> None:
        wanted: list[str] = [name for name in WANTED if name in self._offered]
        if self._identity.account:
            if "sasl" not in self._offered:
                raise AuthError("this server knows no accounts (it offers no SASL): leave `account` out")
            wanted.append("sasl")
        if wanted:
            await self._link.send("CAP", "REQ", " ".join(wanted))
        else:
            await self._link.send("CAP", "END")

    async def _authenticate(self) -> None:
        name = self._identity.account
        said = f"{name}\0{name}\0{self._identity.account_password.reveal()}".encode()
        text = base64.b64encode(said).decode()
        for start in range(0, len(text), 400):
            await self._link.send("AUTHENTICATE", text[start : start + 400])
        if len(text) % 400 == 0:
            await self._link.send("AUTHENTICATE", "+")

    async def _next_nick(self) -> None:
        self._tried += 1
        if self._tried > _TRIES:
            raise NotSent(f"the nick {printable(self._identity.nick)!r} and others like it are taken")
        self._nick = f"{self._identity.nick[:20]}{'_' * self._tried}"
        await self._link.send("NICK", self._nick)
