"""What remains of an unexpected error: one line on the terminal and a report without anything that was said."""

import logging
import os
import platform
import time
import traceback
from pathlib import Path

from paradesk import __version__

_log = logging.getLogger(__name__)


def report_text(error: BaseException, at: float) -> str:
    """Return the report: versions and code places only. Messages of exceptions and local values can hold what
    customers wrote, or secrets, so they are left out."""
    lines = [
        f"paradesk {__version__}",
        f"python {platform.python_version()} on {platform.system()} {platform.release()}",
        f"terminal {os.environ.get('TERM', '')} {os.environ.get('COLORTERM', '')}".rstrip(),
        f"time {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(at))}",
        "",
    ]
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        lines.append(f"{type(current).__module__}.{type(current).__qualname__}")
        for frame in traceback.extract_tb(current.__traceback__):
            lines.append(f"  {frame.filename}:{frame.lineno} in {frame.name}")
            if frame.line:
                lines.append(f"    {frame.line}")
        current = current.__cause__ or current.__context__
        if current is not None:
            lines.append("caused by")
    return "\n".join(lines) + "\n"


def write_report(error: BaseException, directory: Path) -> Path | None:
    """Write the report, readable by its owner only, and return its path; None when it cannot be written."""
    at = time.time()
    path = directory / f"crash-{time.strftime('%Y%m%d-%H%M%S', time.gmtime(at))}-{os.getpid()}.txt"
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(report_text(error, at))
    except OSError as failure:
        _log.critical("no crash report could be written: %s", failure.strerror, exc_info=error)
        return None
    _log.critical("crash report %s", path.name, exc_info=error)
    return path


def crash_line(error: BaseException, path: Path | None) -> str:
    """Return the one line that the agent sees."""
    where = f"The report is in {path}." if path is not None else "No report could be written."
    return (
        f"Paradesk stopped because of an error in itself ({type(error).__name__}). Drafts and panes are kept. {where}"
    )
