"""The connection to a server: lines in, lines out at a pace that servers bear, and a peer that must answer."""

import asyncio
import ssl
from collections.abc import Mapping
from typing import Final

from paradesk.connectors.base import NotSent
from paradesk.connectors.http import printable
from paradesk.connectors.irc.wire import Line, build, parse

CONNECT: Final = 15.0
"""Seconds in which a connection has to stand."""
QUIET: Final = 12.0
"""Seconds of silence after which the server is asked whether it is there; as long again, and it counts as gone."""
_LONGEST: Final = 16_384
"""Bytes of a line that is read: 8,191 of tags and 512 of the rest (IRCv3 message-tags), generously."""
_BURST: Final = 8


class Link:
    """One connection. `read` is for one task, `send` for any."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pace: float) -> None:
        self._reader, self._writer = reader, writer
        self._every = 1.0 / pace
        self._free = float(_BURST)
        self._filled = 0.0
        self._turn = asyncio.Lock()
        self.closing = ""
        """What the server's ERROR said, if it sent one."""

    @classmethod
    async def open(cls, host: str, port: int, context: ssl.SSLContext | None, pace: float) -> "Link":
        """Connect; raises NotSent when that fails. `pace` is how many lines leave in a second, after a first few."""
        try:
            async with asyncio.timeout(CONNECT):
                reader, writer = await asyncio.open_connection(
                    host, port, ssl=context, server_hostname=host if context else None, limit=_LONGEST
                )
        except TimeoutError:
            raise NotSent(f"no connection to {printable(host)}:{port} in {CONNECT:.0f} seconds") from None
        except ssl.SSLCertVerificationError as error:
            why = printable(error.verify_message or "unknown reason")
            raise NotSent(f"the certificate of {printable(host)} is not to be trusted ({why})") from None
        except (OSError, ssl.SSLError) as error:
            why = printable(error.strerror or type(error).__name__)
            raise NotSent(f"cannot connect to {printable(host)}:{port} ({why})") from None
        return cls(reader, writer, pace)

    async def read(self) -> Line:
        """Return the next line; raises NotSent when the connection is gone or the server does not answer."""
        asked = False
        while True:
            try:
                async with asyncio.timeout(QUIET):
                    raw = await self._raw()
            except TimeoutError:
                if asked:
                    raise NotSent(f"the server has said nothing for {2 * QUIET:.0f} seconds") from None
                asked = True
                await self.send("PING", "paradesk")
                continue
            asked = False
            if (line := parse(raw)) is None:
                continue
            if line.command == "PING":
                await self.send("PONG", line.last)
            elif line.command == "ERROR":
                self.closing = printable(line.last)
            else:
                return line

    async def _raw(self) -> bytes:
        """Return a line as it came; one that does not end in time is passed over up to its end."""
        dropped = False
        while True:
            try:
                raw = await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as error:
                await self._reader.readexactly(max(1, error.consumed))
                dropped = True
                continue
            except (asyncio.IncompleteReadError, OSError, ssl.SSLError):
                raise NotSent(self.closing or "the server closed the connection") from None
            if not dropped:
                return raw.rstrip(b"\r\n")
            dropped = False

    async def send(self, command: str, *params: str, tags: Mapping[str, str] | None = None) -> None:
        """Send one line when its turn has come; raises NotSent when the connection is gone before that."""
        raw = build(command, *params, tags=tags)
        async with self._turn:
            await self._wait()
            if self._writer.is_closing() or self._reader.at_eof():
                raise NotSent(self.closing or "the server closed the connection")
            try:
                self._writer.write(raw)
                async with asyncio.timeout(QUIET):
                    await self._writer.drain()
            except (OSError, TimeoutError):
                # It waits in the socket's buffer and may still leave: who needs to know waits for the answer.
                return

    async def _wait(self) -> None:
        now = asyncio.get_running_loop().time()
        self._free = min(float(_BURST), self._free + (now - self._filled) / self._every)
        self._filled = now
        self._free -= 1.0
        if self._free < 0:
            await asyncio.sleep(-self._free * self._every)

    def close(self) -> None:
        """Drop the connection at once."""
        self._writer.transport.abort()
