"""Writes what a connector tells into a file, masked and bounded, and plays such a file back as a connector of its own."""

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, get_args

import msgspec

from paradesk.connectors.base import Connector, ConnectorContext, Outcome, Unsupported
from paradesk.connectors.capabilities import Capabilities, Idempotency
from paradesk.connectors.masking import Masking, masked, secrets_of
from paradesk.connectors.wrapper import Wrapper
from paradesk.core.events import AgentIdentified, DraftChanged, Event, MessageUpserted, Seen, SendChanged
from paradesk.core.intents import Intent
from paradesk.core.model import Agent, Message, MessageId, Role

FORMAT = 1
"""Version of the file."""
MOST_BYTES = 64_000_000
"""A recording ends at this size."""
LONGEST_LINE = 4_000_000
"""Characters of one line that are read."""

_EVENTS = {kind.__name__: kind for kind in get_args(Event) if kind not in (SendChanged, DraftChanged, Seen)}
_TIMES = frozenset({"sent_at", "created_at", "until", "snoozed_until", "retry_at"})


class RecordingError(Exception):
    """The file cannot be written or read; the text names it, the line, and what is wrong."""


class RecordingFile:
    """An open recording of one or more profiles. Written from any thread; what comes behind the limit is left out."""

    def __init__(self, path: Path, *, texts: bool = False, clock: Callable[[], float] = time.time) -> None:
        """Make the file, readable by this user only; raises RecordingError. `texts`: keep what people wrote."""
        self.path, self._texts, self._clock = path, texts, clock
        self._lock = threading.Lock()
        self._left = MOST_BYTES
        self._began = clock()
        self.full = False
        """Whether the limit was reached."""
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
        except FileExistsError:
            raise RecordingError(f"{path}: there is a file already; choose another name") from None
        except OSError as error:
            raise RecordingError(f"{path}: cannot be written: {error.strerror or error}") from error
        self._stream: IO[bytes] | None = os.fdopen(descriptor, "wb", buffering=0)
        self._write({"paradesk-recording": FORMAT, "began": self._began, "texts": "kept" if texts else "masked"})

    def masking(self, connector: Connector) -> Masking:
        """Return what masks the events of a connector."""
        return Masking(secrets_of(connector), texts=not self._texts)

    def event(self, profile: str, event: Event, masking: Masking) -> None:
        """Write one event. Never raises: a recording must not disturb the work."""
        try:
            kept = msgspec.to_builtins(masked(event, masking))
            line = {"at": round(self._clock() - self._began, 3), "profile": profile, type(event).__name__: kept}
        except (msgspec.MsgspecError, TypeError, ValueError):
            line = {"at": round(self._clock() - self._began, 3), "profile": profile, "left out": type(event).__name__}
        self._write(line)

    def _write(self, line: dict[str, Any]) -> None:
        text = msgspec.json.encode(line) + b"\n"
        with self._lock:
            if self._stream is None or self.full:
                return
            self._left -= len(text)
            if self._left < 0:
                self.full, text = True, b'{"end": "the recording has reached its limit"}\n'
            try:
                self._stream.write(text)
            except OSError:
                # A full disk: the desk goes on, the recording does not.
                self.full = True

    def close(self) -> None:
        """End the recording."""
        with self._lock:
            if self._stream is not None:
                self._stream.close()
                self._stream = None


class Recorded(Wrapper):
    """Writes every event of a connector into a recording, those of outcomes as well."""

    def __init__(self, inner: Connector, file: RecordingFile, profile: str) -> None:
        super().__init__(inner)
        self._file, self._profile, self._masking = file, profile, file.masking(inner)
        self._fresh = True

    async def run(self, desk: ConnectorContext) -> None:
        """Run the inner connector, and write down what it tells."""
        context = _RecordedContext(desk, self._note, self._fresh)
        try:
            await self.inner.run(context)
        finally:
            self._fresh = context.fresh

    async def perform(self, intent: Intent) -> Outcome:
        """Carry out the intent, and write down what came of it."""
        outcome = await self.inner.perform(intent)
        for event in outcome.events:
            self._note(event)
        return outcome

    def _note(self, event: Event) -> None:
        self._file.event(self._profile, event, self._masking)


class _RecordedContext(ConnectorContext):
    def __init__(self, desk: ConnectorContext, note: Callable[[Event], None], fresh: bool) -> None:
        self._desk, self._note, self.fresh = desk, note, fresh

    @property
    def profile(self) -> str:
        return self._desk.profile

    @property
    def cursor(self) -> str | None:
        # At first nothing is known, so that all chats are told again: a recording has to begin with them.
        return None if self.fresh else self._desk.cursor

    async def emit(self, *events: Event, cursor: str | None = None) -> None:
        await self._desk.emit(*events, cursor=cursor)
        self.fresh = self.fresh and cursor is None
        for event in events:
            self._note(event)

    async def online(self) -> None:
        await self._desk.online()


class Recording:
    """A recording that has been read whole and found sound."""

    def __init__(self, began: float, events: tuple[tuple[float, str, Event], ...]) -> None:
        self.began = began
        self.events = events
        """Seconds after the beginning, profile, event."""

    @property
    def profiles(self) -> list[str]:
        """The profiles in it, in the order in which they speak."""
        return list(dict.fromkeys(profile for _, profile, _ in self.events))


def read_recording(path: Path) -> Recording:
    """Read a recording; raises RecordingError with the file and the line of what is wrong. Lines cut off are left out."""
    try:
        size = path.stat().st_size
        if size > 2 * MOST_BYTES:
            raise RecordingError(f"{path}: {size:,} bytes is too large for a recording")
        with path.open(encoding="utf-8", errors="replace") as stream:
            lines = list(_lines(stream, str(path)))
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror or error}") from error
    head = lines[0][1] if lines else {}
    if head.get("paradesk-recording") != FORMAT or not isinstance(head.get("began"), int | float):
        raise RecordingError(
            f"{path}:1: this is no recording of format {FORMAT}; `paradesk connector record` makes them"
        )
    events = tuple(event for number, line in lines[1:] if (event := _event(line, f"{path}:{number}")) is not None)
    return Recording(float(head["began"]), events)


def _lines(stream: IO[str], path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    while text := stream.readline(LONGEST_LINE):
        number += 1
        if not text.endswith("\n"):
            if len(text) >= LONGEST_LINE:
                raise RecordingError(f"{path}:{number}: the line is longer than {LONGEST_LINE:,} characters")
            # The program was killed while it wrote this one.
            return
        try:
            line = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RecordingError(f"{path}:{number}: not JSON: {error}") from error
        if not isinstance(line, dict):
            raise RecordingError(f"{path}:{number}: must be a table of values")
        yield number, line


def _event(line: dict[str, Any], place: str) -> tuple[float, str, Event] | None:
    name = next((key for key in line if key in _EVENTS), None)
    if name is None:
        return None
    at, profile = line.get("at"), line.get("profile")
    if not isinstance(at, int | float) or not 0 <= at < 1e9 or not isinstance(profile, str) or not profile:
        raise RecordingError(f"{place}: `at` must be seconds, and `profile` a name")
    try:
        return float(at), profile, msgspec.convert(line[name], _EVENTS[name])
    except (msgspec.ValidationError, ValueError, OverflowError) as error:
        raise RecordingError(f"{place}: {name}: {error}") from error


class ReplayConnector(Connector):
    """Tells what a recording holds of one profile, as fast as asked for. Replies are shown, and go nowhere."""

    name = "replay"
    title = "Recording"
    capabilities = Capabilities(idempotency=Idempotency.EXACT, exact_window=86_400.0)

    def __init__(self, recording: Recording, profile: str, *, speed: float = 1.0, longest_pause: float = 10.0) -> None:
        """`speed` 2 is twice as fast; pauses are cut to `longest_pause` seconds. Raises nothing."""
        super().__init__({})
        self._recording, self._profile = recording, profile
        self._speed, self._longest = speed, longest_pause
        self._replies: asyncio.Queue[Message] = asyncio.Queue()
        self._me = Agent("replay", "You")
        self._last = 0

    async def run(self, desk: ConnectorContext) -> None:
        """Play it once, with its times moved to now; then wait."""
        await desk.emit(AgentIdentified(desk.profile, self._me))
        await desk.online()
        echo = asyncio.create_task(self._echo(desk), name="replies to a recording")
        moved, before = time.time() - self._recording.began, 0.0
        try:
            for at, profile, event in self._recording.events:
                if profile != self._profile:
                    continue
                await asyncio.sleep(min(max(0.0, at - before) / self._speed, self._longest))
                before = at
                if isinstance(event, MessageUpserted):
                    self._last = max(self._last, event.message.order_key)
                if isinstance(event, AgentIdentified):
                    self._me = event.agent
                await desk.emit(shifted(event, moved))
            await asyncio.Event().wait()
        finally:
            echo.cancel()
            await asyncio.gather(echo, return_exceptions=True)

    async def _echo(self, desk: ConnectorContext) -> None:
        while True:
            await desk.emit(MessageUpserted(await self._replies.get()))

    async def perform(self, intent: Intent) -> Outcome:
        """Show a reply as sent; a recording can be changed in no other way."""
        send = self.text_reply(intent)
        self._last += 1
        message = Message(
            id=MessageId(f"reply-{send.client_id}"),
            conversation_id=send.conversation_id,
            role=Role.AGENT,
            sender_id=self._me.id,
            sender_name=self._me.name,
            body=send.body,
            sent_at=time.time(),
            order_key=self._last,
            client_id=send.client_id,
        )
        self._replies.put_nowait(message)
        return Outcome(message_id=message.id)

    def text_reply(self, intent: Intent) -> Any:
        """Return a text reply; raises Unsupported for everything else."""
        try:
            return super().text_reply(intent)
        except Unsupported:
            raise Unsupported("this is a recording: only replies can be tried out") from None


def shifted(event: Event, seconds: float) -> Event:
    """Return the event with its times moved, so that clocks run as they did."""
    if isinstance(event, MessageUpserted):
        return MessageUpserted(replace(event.message, sent_at=event.message.sent_at + seconds))
    kept = _shifted(msgspec.to_builtins(event), seconds)
    return msgspec.convert(kept, type(event))


def _shifted(value: Any, seconds: float, field: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _shifted(inner, seconds, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shifted(inner, seconds, field) for inner in value]
    return value + seconds if field in _TIMES and isinstance(value, int | float) and value > 1e8 else value
