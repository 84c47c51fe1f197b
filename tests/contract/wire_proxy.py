"""A TCP proxy between a connector and its server, with hands that cut the wire, lose an answer, or refuse a request."""

import asyncio
from types import TracebackType
from typing import Self

_LIMITED_BODY = b'{"errcode":"M_LIMIT_EXCEEDED","error":"Too Many Requests","retry_after_ms":250}'
_LIMITED = (
    b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_LIMITED_BODY), _LIMITED_BODY)
)


class WireProxy:
    """Use as an asynchronous context manager. It stays at one address for life, also across a cut."""

    def __init__(self, upstream_port: int, marker: bytes) -> None:
        """`marker` is what the first line of the requests contains that the faults are meant for."""
        self._upstream_port = upstream_port
        self._marker = marker
        self._server: asyncio.Server | None = None
        self._wires: set[asyncio.Task[None]] = set()
        self.port = 0
        self._lose = False
        self._limit = False

    @property
    def url(self) -> str:
        """Where the connector finds the server."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.restore()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cut()

    async def cut(self) -> None:
        """Break all connections and accept no new one."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for wire in self._wires:
            wire.cancel()
        await asyncio.gather(*self._wires, return_exceptions=True)

    async def restore(self) -> None:
        """Accept connections again, at the same address."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def lose_next_answer(self) -> None:
        """Let the next marked request through and break the connection instead of answering."""
        self._lose = True

    def limit_next(self) -> None:
        """Answer the next marked request 429 without letting it through."""
        self._limit = True

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = asyncio.create_task(self._serve(reader, writer))
        self._wires.add(wire)
        wire.add_done_callback(self._wires.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream, to_upstream = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        except OSError:
            writer.transport.abort()
            return
        back = asyncio.create_task(_pump(upstream, writer))
        try:
            while chunk := await reader.read(65_536):
                marked = self._marker in chunk.partition(b"\r\n")[0]
                if marked and self._limit:
                    self._limit = False
                    writer.write(_LIMITED)
                    await writer.drain()
                    return
                if marked and self._lose:
                    self._lose = False
                    back.cancel()
                    await asyncio.gather(back, return_exceptions=True)
                    to_upstream.write(chunk)
                    # The rest of the request may follow in pieces; any answer means that all of it was taken.
                    more = asyncio.create_task(_pump(reader, to_upstream))
                    await upstream.read(1)
                    more.cancel()
                    writer.transport.abort()
                    return
                to_upstream.write(chunk)
                await to_upstream.drain()
        except ConnectionError:
            pass
        finally:
            back.cancel()
            to_upstream.close()
            writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()
