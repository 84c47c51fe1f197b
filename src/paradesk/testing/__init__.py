"""For those who test against Paradesk: the connector contract and what it needs. Public and kept stable.

Names are imported on first use, so that importing this package needs neither pytest nor textual.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paradesk.testing.backend import BackendUnderTest, CannotArrange, Received, TicketRecord
    from paradesk.testing.contract import ConnectorContract
    from paradesk.testing.recorder import Recorder, Session

_HOMES = {
    "BackendUnderTest": "paradesk.testing.backend",
    "CannotArrange": "paradesk.testing.backend",
    "ConnectorContract": "paradesk.testing.contract",
    "Received": "paradesk.testing.backend",
    "Recorder": "paradesk.testing.recorder",
    "Session": "paradesk.testing.recorder",
    "TicketRecord": "paradesk.testing.backend",
}

__all__ = [
    "BackendUnderTest",
    "CannotArrange",
    "ConnectorContract",
    "Received",
    "Recorder",
    "Session",
    "TicketRecord",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its module on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
