"""Finds connectors through the entry-point group `paradesk.connectors`, shipped ones like anybody's."""

from importlib.metadata import EntryPoint, entry_points

from paradesk.connectors.base import Connector

GROUP = "paradesk.connectors"


class UnknownConnector(LookupError):
    """No installed package offers a connector of this name, or it cannot be loaded; the message says which."""


def _entries() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def connector_names() -> list[str]:
    """Return the names of all installed connectors, sorted, without importing any of them."""
    return sorted(_entries())


def load_connector(name: str) -> type[Connector]:
    """Import and return the connector class called `name`; raises UnknownConnector with what to do."""
    entry = _entries().get(name)
    if entry is None:
        raise UnknownConnector(f"no connector is called {name!r}; installed: {', '.join(connector_names()) or 'none'}")
    try:
        loaded = entry.load()
    except Exception as error:
        raise UnknownConnector(f"connector {name!r} ({entry.value}) cannot be imported: {error}") from error
    if not (isinstance(loaded, type) and issubclass(loaded, Connector)):
        raise UnknownConnector(
            f"connector {name!r}: {entry.value} is not a subclass of paradesk.connectors.base.Connector"
        )
    return loaded
