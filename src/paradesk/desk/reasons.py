"""Failures in words for the agent: one clean line, without secrets, without tracebacks."""

import asyncio
import logging
import traceback
from typing import Any

from paradesk.connectors.base import Connector, ConnectorError
from paradesk.core.text import clean_line

_LONGEST = 300
_log = logging.getLogger(__name__)


def reason(error: BaseException, connector: Connector | None, title: str) -> str:
    """Return why something failed.

    A ConnectorError says so itself; of any other exception only the kind is told, since its text was not written for
    readers and may carry a token or a customer's words.
    """
    if not isinstance(error, ConnectorError):
        return clean_line(f"{title} failed ({type(error).__name__})", _LONGEST)
    text = str(error) or f"{title} gave no reason ({type(error).__name__})"
    for secret in secrets_of(connector):
        text = text.replace(secret, "•••")
    return clean_line(text, _LONGEST)


def place(error: BaseException) -> str:
    """Return where an exception came from, for the log: file and line, without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return type(error).__name__
    return f"{type(error).__name__} in {frames[-1].name} ({frames[-1].filename}:{frames[-1].lineno})"


def quiet(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what nobody awaited, as an exception handler of a loop: its kind and place, not its text."""
    error = context.get("exception")
    _log.error("in the background: %s", place(error) if isinstance(error, BaseException) else context.get("message"))


def title_of(connector: Connector | None, profile: str) -> str:
    """Return what to call a connector in a sentence."""
    title = getattr(connector, "title", "") if connector is not None else ""
    return str(title) or profile


def secrets_of(connector: Connector | None) -> list[str]:
    """Return the secrets that a connector was built with, the longest first; none that could be an ordinary word."""
    if connector is None:
        return []
    settings = getattr(connector, "settings", {})
    values = [settings.get(option.name, "") for option in connector.options if option.secret]
    # Shorter ones would blank out ordinary words.
    return sorted((value for value in values if len(value) >= 4), key=len, reverse=True)
