"""`paradesk.log`: what the program did, for whoever has to find out why, without anything that was said.

JSON lines in a few files of bounded size that only their owner can read. Every record becomes its redacted line in the
thread that logs, so that nothing else is ever queued; a thread of its own writes, so that a slow, full or missing disk
holds up nobody. What cannot be written is counted and the count is written later.
"""

import json
import logging
import logging.handlers
import os
import queue
import stat
import threading
import time
import traceback
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any

from paradesk.config.places import private_directory
from paradesk.connectors.http_log import LOGGERS, Exchange, exchange_of, redact_logs
from paradesk.desk.redaction import REDACTION, Redaction

FILE = "paradesk.log"
MOST_BYTES = 1_000_000
"""Size from which on a file is set aside."""
KEPT = 3
"""Files that are kept beside the present one: `paradesk.log.1` is the newest of them."""

_WAITING = 1_000
_FRAMES = 12
_OURS = "paradesk"


def entry(record: logging.LogRecord, redaction: Redaction) -> dict[str, Any]:
    """Return what the log says of a record.

    Of loggers that are not ours only the place in the code is told, and of a request its shape: their texts were not
    written for a log that never holds what was said. Of an exception the kind and the places, never its text.
    """
    told: dict[str, Any] = {
        "time": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03d}Z",
        "level": record.levelname.lower(),
        "pid": record.process,
        "thread": redaction.text(record.threadName or ""),
        "from": redaction.text(record.name),
    }
    exchange = getattr(record, "exchange", None) or exchange_of(record)
    if isinstance(exchange, Exchange):
        told["http"] = {
            "method": redaction.text(exchange.method),
            "host": redaction.text(exchange.host),
            "path": exchange.path,
            "status": exchange.status,
        }
    elif record.name == _OURS or record.name.startswith(f"{_OURS}."):
        told["text"] = redaction.text(record.getMessage())
    else:
        told["place"] = redaction.text(f"{record.filename}:{record.lineno} in {record.funcName}")
    if record.exc_info and record.exc_info[1] is not None:
        told["errors"] = _errors(record.exc_info[1], redaction)
    return told


def _errors(error: BaseException, redaction: Redaction) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    current: BaseException | None = error
    seen: set[int] = set()
    while current is not None and id(current) not in seen and len(found) < 8:
        seen.add(id(current))
        frames = traceback.extract_tb(current.__traceback__)[-_FRAMES:]
        places = [redaction.text(f"{frame.filename}:{frame.lineno} in {frame.name}") for frame in frames]
        found.append(
            {"kind": redaction.text(f"{type(current).__module__}.{type(current).__qualname__}")} | {"at": places}
        )
        current = current.__cause__ or current.__context__
    return found


class _Entrance(logging.handlers.QueueHandler):
    """Makes the line and queues it; never waits and never raises."""

    def __init__(self, waiting: "queue.Queue[Any]", redaction: Redaction) -> None:
        super().__init__(waiting)
        self._redaction = redaction
        self._lost = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        told = entry(record, self._redaction)
        if lost := self._lost:
            told["lost"] = lost
        # ASCII only, controls escaped: no text can end its line, begin another, or speak to a terminal.
        line = json.dumps(told, ensure_ascii=True, default=str)
        made = logging.LogRecord(record.name, record.levelno, "", 0, line, None, None)
        made.tells_lost = lost
        return made

    def enqueue(self, record: logging.LogRecord) -> None:
        self.queue.put_nowait(record)
        self._lost -= getattr(record, "tells_lost", 0)

    def handleError(self, record: logging.LogRecord) -> None:
        self.lose()

    @property
    def lost(self) -> int:
        """How many records were not written since the last line that says so."""
        return self._lost

    def lose(self, count: int = 1) -> None:
        """Count records that are not written."""
        self._lost += count


class _Files(logging.handlers.RotatingFileHandler):
    """The files. After a failure the next record tries anew; a file that cannot be set aside does not grow."""

    def __init__(self, path: Path, entrance: _Entrance) -> None:
        super().__init__(path, maxBytes=MOST_BYTES, backupCount=KEPT, encoding="ascii", delay=True)
        self._entrance = entrance

    def _open(self) -> TextIOWrapper:
        private_directory(Path(self.baseFilename).parent)
        raw = open(self.baseFilename, "ab", buffering=0, opener=_private)  # noqa: SIM115 - logging closes it
        return _unbuffered(raw)

    def handleError(self, record: logging.LogRecord) -> None:
        self._entrance.lose(1 + getattr(record, "tells_lost", 0))
        stream, self.stream = self.stream, None
        if stream is not None:
            try:
                stream.close()
            except (OSError, ValueError):
                return


def _unbuffered(raw: IO[bytes]) -> TextIOWrapper:
    """Return a stream that keeps nothing back: what a full disk refused must not come later, in the middle of a line."""
    return TextIOWrapper(raw, encoding="ascii", errors="backslashreplace", write_through=True)


def _private(path: str, _flags: int) -> int:
    """Open for appending what only its owner can read; never through a link, never anything but a file of ours."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        descriptor = os.open(path, flags)
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode) or state.st_nlink != 1:
            raise OSError(f"{path} is not a file of its own")
        if stat.S_IMODE(state.st_mode) != 0o600:
            os.fchmod(descriptor, 0o600)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


class Log:
    """Writes what is logged from `start` to `stop`. Neither ever raises or waits for the disk."""

    def __init__(self, directory: Path, level: str, redaction: Redaction = REDACTION) -> None:
        """`level` is one of `config.settings.LOG_LEVELS`; with `off` nothing is written and no file is made."""
        self._level = level
        self.path = directory / FILE
        waiting: queue.Queue[Any] = queue.Queue(_WAITING)
        self._entrance = _Entrance(waiting, redaction)
        self._listener = logging.handlers.QueueListener(waiting, _Files(self.path, self._entrance))
        self._running = False
        self._before: dict[str, int] = {}
        """Levels of the loggers before this one, which get them back."""

    @property
    def lost(self) -> int:
        """How many records were not written since the last one that was."""
        return self._entrance.lost

    def start(self) -> None:
        """Begin to write."""
        if self._level == "off" or self._running:
            return
        level = getattr(logging, self._level.upper())
        redact_logs()
        self._before = {name: logging.getLogger(name).level for name in (*LOGGERS, _OURS)}
        for name in LOGGERS:
            # What they say below this are headers, frames and bodies.
            logging.getLogger(name).setLevel(logging.WARNING)
        logging.getLogger("httpx").setLevel(max(level, logging.INFO))
        logging.getLogger(_OURS).setLevel(level)
        self._entrance.setLevel(level)
        try:
            self._listener.start()
        except RuntimeError:
            # No thread can be had: then there are other worries than a log.
            return
        logging.getLogger().addHandler(self._entrance)
        self._running = True

    def stop(self, timeout: float = 0.2) -> None:
        """Write what waits, for at most `timeout` seconds, and end."""
        if not self._running:
            return
        self._running = False
        logging.getLogger().removeHandler(self._entrance)
        for name, level in self._before.items():
            logging.getLogger(name).setLevel(level)
        ending = threading.Thread(target=self._finish, name="paradesk-log-end", daemon=True)
        ending.start()
        ending.join(timeout)

    def _finish(self) -> None:
        try:
            self._listener.stop()
        except queue.Full:
            return
        for files in self._listener.handlers:
            files.close()
