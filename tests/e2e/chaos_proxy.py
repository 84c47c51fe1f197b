"""A TCP proxy that misbehaves as networks do: it delays, throttles, cuts, swallows, half-closes, resets and refuses."""

import asyncio
import enum
import socket
import struct
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_LIMITED_BODY = b'{"errcode":"M_LIMIT_EXCEEDED","error":"Too Many Requests","retry_after_ms":%d}'


class Fault(enum.Enum):
    """How the wire behaves. All but RESET, CUT and HALF_CLOSE hold until the next call of `behave`."""

    NONE = "as it should"
    DELAY = "delay"
    """Every piece comes late."""
    THROTTLE = "throttle"
    """A few hundred bytes a second."""
    BLACKHOLE = "blackhole"
    """Everything is swallowed, and a connection that lost a byte stays dead for ever, without a word."""
    CUT = "cut after N bytes"
    """Open and new connections are reset after so many more bytes, in mid-message; then all is well."""
    HALF_CLOSE = "half-close"
    """The server's side ends every open connection; what the client still says is swallowed."""
    RESET = "reset"
    """Every open connection is reset."""
    REFUSE = "refuse"
    """Every connection is reset, and no new one is accepted."""
    LIMIT = "429 from the proxy"
    """Every request is answered 429 without being let through."""


@dataclass(eq=False)
class _Pipe:
    client: asyncio.StreamWriter
    upstream: asyncio.StreamWriter
    dead: bool = False
    left: int | None = None
    """Bytes until it is reset."""


class ChaosProxy:
    """A context manager with a thread of its own. It keeps its address for life; its methods may be called from anywhere."""

    def __init__(self, upstream_port: int) -> None:
        self._upstream_port = upstream_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._pipes: set[_Pipe] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._fault, self._amount = Fault.NONE, 0.0
        self.port = 0
        self.limited = 0
        """Answers with status 429 that the server itself has given."""
        self.connections = 0

    @property
    def url(self) -> str:
        """Where the program finds the server."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self.behave(Fault.NONE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def behave(self, fault: Fault, amount: float = 0.0) -> None:
        """Behave like this from now on; `amount` is seconds (DELAY), bytes a second (THROTTLE) or bytes (CUT)."""
        asyncio.run_coroutine_threadsafe(self._behave(fault, amount), self._loop).result(10)

    async def _behave(self, fault: Fault, amount: float) -> None:
        self._fault, self._amount = fault, amount
        if fault is Fault.REFUSE:
            server, self._server = self._server, None
            if server is not None:
                server.close()
        elif self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]
        for pipe in list(self._pipes):
            if fault in (Fault.RESET, Fault.REFUSE):
                _reset(pipe.client)
            elif fault is Fault.CUT:
                pipe.left = int(amount)
            elif fault is Fault.HALF_CLOSE and not pipe.dead:
                pipe.dead = True
                if pipe.client.can_write_eof() and not pipe.client.is_closing():
                    pipe.client.write_eof()

    async def _end(self) -> None:
        await self._behave(Fault.REFUSE, 0.0)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream, to_upstream = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        except OSError:
            _reset(writer)
            return
        pipe = _Pipe(writer, to_upstream)
        if self._fault is Fault.CUT:
            pipe.left = int(self._amount)
            self._fault = Fault.NONE
        self._pipes.add(pipe)
        there = asyncio.create_task(self._pump(pipe, reader, to_upstream, requests=True))
        back = asyncio.create_task(self._pump(pipe, upstream, writer, requests=False))
        try:
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
            if pipe.dead and not there.done():
                # The server has given up; the client must find out by itself.
                await there
        finally:
            self._pipes.discard(pipe)
            for task in (there, back):
                task.cancel()
            await asyncio.gather(there, back, return_exceptions=True)
            to_upstream.close()

    async def _pump(
        self, pipe: _Pipe, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, requests: bool
    ) -> None:
        while True:
            size = 256 if self._fault is Fault.THROTTLE else 65_536
            chunk = await reader.read(size)
            if not chunk:
                return
            pipe.dead |= self._fault is Fault.BLACKHOLE
            if pipe.dead:
                continue
            if requests and self._fault is Fault.LIMIT:
                await self._refuse_request(pipe)
                return
            if not requests and chunk.startswith(b"HTTP/1.1 429"):
                self.limited += 1
            if self._fault is Fault.DELAY:
                await asyncio.sleep(self._amount)
            elif self._fault is Fault.THROTTLE:
                await asyncio.sleep(len(chunk) / self._amount)
            if pipe.left is not None:
                chunk, pipe.left = chunk[: pipe.left], pipe.left - len(chunk)
            if not pipe.dead:
                writer.write(chunk)
                await writer.drain()
            if pipe.left is not None and pipe.left <= 0:
                _reset(pipe.client)
                return

    async def _refuse_request(self, pipe: _Pipe) -> None:
        body = _LIMITED_BODY % int(self._amount * 1000)
        pipe.client.write(
            b"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        await pipe.client.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with RST, as a machine does that knows nothing of it."""
    sock = writer.get_extra_info("socket")
    if sock is not None and not writer.is_closing():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
