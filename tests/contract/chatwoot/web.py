"""A small HTTP server: h11 over asyncio, one function that answers, and a way through to the websocket's server."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

import h11


@dataclass(slots=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    content: bytes

    @property
    def media_type(self) -> str:
        """What its body is."""
        return self.headers.get("content-type", "").partition(";")[0]

    def fields(self) -> tuple[dict[str, Any], list[tuple[str, str, bytes]]]:
        """Return the fields of its body, and its files as name, media type and content."""
        if self.media_type == "multipart/form-data":
            return _form(self.content, self.headers["content-type"].partition("boundary=")[2])
        return (json.loads(self.content) if self.content else {}), []


@dataclass(slots=True)
class Told:
    """One answer: JSON, unless it is bytes already."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    at: float = 0.0
    """The time in its header, where the clock is wrong."""
    lost: bool = False
    """It was done, but the connection breaks instead of answering."""


class Web:
    """Use as an asynchronous context manager. `/cable` is passed on to another port as it is."""

    def __init__(self, answer: Callable[[Asked], Awaitable[Told]], cable_port: int) -> None:
        self._answer = answer
        self._cable_port = cable_port
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            first = await reader.read(65_536)
            if first.startswith(b"GET /cable"):
                await self._pass_on(first, reader, writer)
            elif first:
                await self._converse(first, reader, writer)
        except (ConnectionError, h11.RemoteProtocolError):
            pass
        finally:
            writer.close()

    async def _pass_on(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, to_upstream = await asyncio.open_connection("127.0.0.1", self._cable_port)
        to_upstream.write(first)
        ways = [asyncio.create_task(pump(reader, to_upstream)), asyncio.create_task(pump(upstream, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            to_upstream.close()

    async def _converse(self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = h11.Connection(h11.SERVER)
        talk.receive_data(first)
        request: h11.Request | None = None
        content: list[bytes] = []
        while True:
            event = talk.next_event()
            if event is h11.NEED_DATA:
                if talk.they_are_waiting_for_100_continue:
                    writer.write(talk.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
                talk.receive_data(await reader.read(65_536))
            elif isinstance(event, h11.Request):
                request, content = event, []
            elif isinstance(event, h11.Data):
                content.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                assert request is not None
                told = await self._answer(_asked(request, b"".join(content)))
                if told.lost:
                    writer.transport.abort()
                    return
                _tell(talk, writer, told)
                await writer.drain()
                if talk.our_state is h11.MUST_CLOSE:
                    return
                talk.start_next_cycle()
            else:
                return


def _asked(request: h11.Request, content: bytes) -> Asked:
    target = urlsplit(request.target.decode("ascii"))
    headers = {name.decode(): value.decode("latin-1") for name, value in request.headers}
    return Asked(request.method.decode(), unquote(target.path), dict(parse_qsl(target.query)), headers, content)


def _tell(talk: h11.Connection, writer: asyncio.StreamWriter, told: Told) -> None:
    plain = isinstance(told.body, bytes)
    body = told.body if plain else b"" if told.body is None else json.dumps(told.body).encode()
    kind = "application/octet-stream" if plain else "application/json; charset=utf-8"
    headers: Mapping[str, str] = {"Content-Type": kind, "Date": formatdate(told.at or None, usegmt=True)} | told.headers
    lines = [*headers.items(), ("Content-Length", str(len(body)))]
    parts = (h11.Response(status_code=told.status, headers=lines), h11.Data(data=body), h11.EndOfMessage())
    for part in parts:
        writer.write(talk.send(part) or b"")


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes until its end."""
    try:
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    except ConnectionError:
        pass


def _form(content: bytes, boundary: str) -> tuple[dict[str, Any], list[tuple[str, str, bytes]]]:
    fields: dict[str, Any] = {}
    files: list[tuple[str, str, bytes]] = []
    for part in content.split(f"--{boundary}".encode())[1:-1]:
        head, _, body = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        body = body.removesuffix(b"\r\n")
        lines = head.decode("utf-8").split("\r\n")
        named = dict(item.strip().partition("=")[::2] for item in lines[0].partition(";")[2].split(";") if "=" in item)
        name = named["name"].strip('"')
        if "filename" in named:
            media_type = next(
                (line.partition(": ")[2] for line in lines if line.lower().startswith("content-type")), ""
            )
            files.append((unquote(named["filename"].strip('"')), media_type, body))
            fields.setdefault(name, True)
        else:
            fields[name] = body.decode("utf-8")
    return fields, files
