"""A chat backend over HTTP that takes replies and, on the way, loses, delays, refuses and breaks off what it can."""

import asyncio
import json
import random
import socket
import struct
import time
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass, field

from paradesk.connectors.capabilities import Idempotency

CONVERSATIONS = ("ada", "ben", "cyd", "dee")
LATEST = 0.15
"""Seconds after it was sent in which a reply is taken, at most. Later it is dropped: the bound that `SETTLE` stands for."""
LATE = 0.1
"""Seconds for which a reply that was taken may still be missing from what is read, at most."""
SETTLE = 0.5
"""What the connector declares: both bounds, and room for a disk and a machine that are busy with other things."""
_LONG = 0.02
_SILENCE = 0.5

# What happens to a reply, per mille; the rest is answered as it should be.
_FAULTS = {
    "500 before it was taken": 50,
    "502 after it was taken": 30,
    "429": 30,
    "408 before it was taken": 10,
    "408 after it was taken": 10,
    "reset before the body": 20,
    "reset before it was taken": 25,
    "answer lost": 80,
    "answer torn": 15,
    "silence before it was taken": 5,
    "silence after it was taken": 10,
    "slow answer": 40,
    "taken late": 120,
}
_READ_FAULTS = {"reading: 500": 20, "reading: 429": 10, "reading: reset": 20, "reading: slow": 30}
_BEFORE = frozenset(fault for fault in _FAULTS if "before" in fault) | {"429"}


@dataclass(slots=True)
class Stored:
    """A reply that the backend took. Its id is its place in the stream."""

    id: int
    conversation: str
    client_id: str
    body: str
    at: float
    shown_at: float


class Reset(Exception):
    """The connection is to be broken off."""


@dataclass
class Backend:
    """Takes replies in the manner of one idempotency. Runs on the caller's loop; listens on 127.0.0.1."""

    mode: Idempotency
    random: random.Random
    healthy: bool = False
    stored: list[Stored] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    address: str = ""
    _server: asyncio.Server | None = None
    _asked: set[str] = field(default_factory=set)
    _known: dict[str, Stored] = field(default_factory=dict)
    _open: set["asyncio.Task[None]"] = field(default_factory=set)
    _dead: set["asyncio.Task[None]"] = field(default_factory=set)
    _busy: Counter[str] = field(default_factory=Counter)
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        """Listen; the address is known on return."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Close everything."""
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    @property
    def duplicated(self) -> list[str]:
        """Replies that were delivered more than once, known by their text."""
        counts = Counter((message.conversation, message.body) for message in self.stored)
        return [body for (_, body), count in counts.items() if count > 1]

    async def next_life(self) -> None:
        """The program was killed: whatever of it still hangs in the network belongs to a former life."""
        for _ in range(5):
            await asyncio.sleep(0)
        self._dead = set(self._open)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            # A killed program leaves half a request, or nobody to answer.
            with suppress(Reset, OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while True:
                    await self._one(reader, writer)
        finally:
            self._open.discard(task)
            with suppress(OSError):
                connection = writer.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        _, verb, where = target.split("/")
        if method == "GET":
            await self._read(verb, where, writer)
            return
        self._busy[where] += 1
        try:
            fault = self._fault(_FAULTS)
            if fault == "reset before the body":
                raise Reset
            body = json.loads(await reader.readexactly(int(headers["content-length"])))
            self.faults["(sent before)"] += body["client_id"] in self._asked
            self._asked.add(body["client_id"])
            await self._take(where, body, fault, writer)
        finally:
            self._busy[where] -= 1
            self._idle.set()
            self._idle.clear()

    async def _take(self, where: str, body: dict[str, str], fault: str, writer: asyncio.StreamWriter) -> None:
        message = None
        if fault == "taken late":
            # Also when who sent it is dead by then, and its next life sends something else.
            await asyncio.sleep(self.random.uniform(0, LATEST * 2 / 3))
        if fault not in _BEFORE:
            message = self._store(where, body)
        if message is None and fault not in _BEFORE:
            raise Reset
        if fault.startswith("silence"):
            await asyncio.sleep(_SILENCE)
        if fault.startswith(("reset", "answer lost", "silence")):
            raise Reset
        if fault[:3].isdigit():
            await _answer(writer, int(fault[:3]), b"{}", extra="Retry-After: 0.02\r\n" if fault == "429" else "")
            return
        assert message is not None
        answer = {"id": message.id, "message": self._shown(message) if self.random.random() < 0.5 else None}
        await _answer(
            writer, 200, json.dumps(answer).encode(), slow=fault == "slow answer", torn=fault == "answer torn"
        )

    def _store(self, where: str, body: dict[str, str]) -> Stored | None:
        now = time.time()
        if self.mode is Idempotency.EXACT:
            old = self._known.get(body["client_id"])
            if old is not None:
                self.faults["(repeat recognised)"] += 1
                return old
        elif now > float(body["sent_at"]) + LATEST:
            self.faults["(too late, dropped)"] += 1
            return None
        shown_at = now + (self.random.uniform(0, LATE) if not self.healthy and self.random.random() < 0.5 else 0)
        message = Stored(len(self.stored) + 1, where, body["client_id"], body["body"], now, shown_at)
        self.stored.append(message)
        self._known[message.client_id] = message
        return message

    async def _read(self, verb: str, where: str, writer: asyncio.StreamWriter) -> None:
        fault = "" if verb == "truth" else self._fault(_READ_FAULTS)
        if fault.endswith("reset"):
            raise Reset
        if fault.endswith(("500", "429")):
            await _answer(writer, int(fault[-3:]), b"{}", extra="Retry-After: 0.02\r\n")
            return
        answer = await {"stream": self._stream, "history": self._history, "truth": self._truth}[verb](where)
        await _answer(writer, 200, json.dumps(answer).encode(), slow=fault.endswith("slow"))

    async def _stream(self, since: str) -> object:
        """What came after a message, in order: nothing is shown before what lies in front of it."""
        until = time.monotonic() + _LONG
        while True:
            found = []
            for message in self.stored[int(since) :]:
                if message.shown_at > time.time():
                    break
                found.append(self._shown(message))
            if found or time.monotonic() > until:
                return found[:200]
            await asyncio.sleep(0.004)

    async def _history(self, asked: str) -> object:
        """Up to 50 messages of a conversation before an id (0: the newest), oldest first."""
        where, _, before = asked.partition(",")
        newest: deque[Stored] = deque(maxlen=50)
        for message in self.stored:
            if message.conversation == where and message.shown_at <= time.time() and not message.id >= int(before) > 0:
                newest.append(message)
        return [self._shown(message) for message in newest]

    async def _truth(self, where: str) -> object:
        """All of a conversation, once nothing more of it can be on its way: what somebody sees who waits long enough."""
        dead = self._dead & self._open
        if dead:
            await asyncio.wait(dead)
        for _ in range(5):
            await asyncio.sleep(0)
        while self._busy[where]:
            await self._idle.wait()
        return [message.body for message in self.stored if message.conversation == where]

    def _shown(self, message: Stored) -> dict[str, object]:
        client_id = None if self.mode is Idempotency.NONE else message.client_id
        said = {"id": message.id, "conversation": message.conversation, "body": message.body, "at": message.at}
        return {**said, "client_id": client_id}

    def _fault(self, chances: dict[str, int]) -> str:
        if self.healthy:
            return ""
        roll = self.random.randrange(1000)
        for fault, chance in chances.items():
            roll -= chance
            if roll < 0:
                self.faults[fault] += 1
                return fault
        return ""


async def _answer(
    writer: asyncio.StreamWriter, status: int, body: bytes, *, extra: str = "", slow: bool = False, torn: bool = False
) -> None:
    writer.write(f"HTTP/1.1 {status} -\r\n{extra}Content-Length: {len(body)}\r\n\r\n".encode())
    if torn:
        writer.write(body[: len(body) // 2])
        await writer.drain()
        raise Reset
    pieces = [body[at : at + 1 + len(body) // 5] for at in range(0, len(body), 1 + len(body) // 5)] if slow else [body]
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        if slow:
            await asyncio.sleep(0.005)
