"""Commands and their answers: one at a time, so that an answer, an error or a silence belongs to the one that was asked."""

import asyncio
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from paradesk.connectors.base import NotSent, Uncertain
from paradesk.connectors.irc.link import Link
from paradesk.connectors.irc.wire import Line

ANSWER: Final = 20.0
"""Seconds in which a server has to answer."""

Look = Callable[[Line], bool]
"""Says of a line whether it is the answer."""


class Dialogue:
    """Asks over a link what somebody else reads from; `hear` is told of every line first."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._link: Link | None = None
        self._look: Look | None = None
        self._answer: asyncio.Future[Line] | None = None
        self._heard: list[Line] = []

    @property
    def stands(self) -> bool:
        """Whether there is a connection to ask over."""
        return self._link is not None

    @contextmanager
    def over(self, link: Link) -> Iterator[None]:
        """Ask over this link inside the block; who still waits at its end learns that nobody knows."""
        self._link = link
        try:
            yield
        finally:
            self._link = None
            if self._answer is not None and not self._answer.done():
                self._answer.set_exception(Uncertain("the connection was lost before the server answered"))

    def hear(self, line: Line) -> None:
        """Take a line that may be the answer."""
        if self._answer is None or self._look is None or self._answer.done():
            return
        self._heard.append(line)
        del self._heard[:-500]
        if self._look(line):
            self._answer.set_result(line)

    async def ask(
        self, command: str, *params: str, until: Look, tags: Mapping[str, str] | None = None, probe: bool = False
    ) -> list[Line]:
        """Send a command and return the lines up to its answer, the answer last.

        `probe` sends a PING behind it: servers answer in order, so that its PONG ends what else would have no end.
        Raises NotSent where nothing left, and Uncertain where the answer does not come.
        """
        async with self._turn:
            if self._link is None:
                raise NotSent("not connected to the server")
            token = f"pd{secrets.token_hex(8)}"

            def answered(line: Line) -> bool:
                return until(line) or (probe and line.command == "PONG" and line.last == token)

            link = self._link
            self._heard, self._look = [], answered
            self._answer = asyncio.get_running_loop().create_future()
            try:
                await link.send(command, *params, tags=tags)
                try:
                    if probe:
                        await link.send("PING", token)
                    async with asyncio.timeout(ANSWER):
                        await self._answer
                except NotSent as error:
                    raise Uncertain(str(error)) from None
                except TimeoutError:
                    raise Uncertain(f"the server did not answer in {ANSWER:.0f} seconds") from None
                return self._heard
            finally:
                if self._answer.done() and not self._answer.cancelled():
                    self._answer.exception()
                self._answer, self._look = None, None
