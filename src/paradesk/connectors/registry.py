"""Finds connectors through the entry-point group `paradesk.connectors`, shipped ones like anybody's."""

import re
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, distribution, entry_points

from paradesk.connectors.base import Connector

GROUP = "paradesk.connectors"
BACKENDS = "paradesk.backends_under_test"
"""Who plays the customer when a connector is checked, under the connector's name."""

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")


class UnknownConnector(LookupError):
    """No installed package offers a connector of this name, or it cannot be loaded; the message says which."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A connector as its package announces it; nothing of it has been imported."""

    name: str
    place: str
    """`module:Class`, as the package gives it."""
    package: str
    """The distribution, such as `paradesk`, or empty where that is not known."""
    version: str
    missing: tuple[str, ...] = ()
    """Distributions that its extra asks for and that are not installed."""
    extra: str = ""
    """The extra that brings them."""

    @property
    def remedy(self) -> str:
        """What to install, or empty where nothing is missing."""
        return f"pip install '{self.package}[{self.extra}]'" if self.missing and self.package else ""


def _entries(group: str = GROUP) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=group)}


def connector_names() -> list[str]:
    """Return the names of all installed connectors, sorted, without importing any of them."""
    return sorted(_entries())


def offered_connectors() -> list[Offered]:
    """Return what installed packages announce, sorted by name, without importing any of it."""
    return [offered(name, entry) for name, entry in sorted(_entries().items())]


def offered(name: str, entry: EntryPoint) -> Offered:
    """Return what is known of an entry point without importing it."""
    package = entry.dist
    if package is None:
        return Offered(name, entry.value, "", "")
    extra, missing = _missing(package, [*entry.extras, name])
    place = entry.value.partition("[")[0].strip()
    return Offered(name, place, package.name, package.version, missing, extra)


def _missing(package: Distribution, extras: list[str]) -> tuple[str, tuple[str, ...]]:
    """Return the first of these extras of a package that is not installed, and what of it is not."""
    for extra in extras:
        wanted = []
        for requirement in package.requires or ():
            marker, found = _EXTRA.search(requirement), _REQUIREMENT.match(requirement)
            if marker is not None and marker[1] == extra and found is not None:
                wanted.append(found[1])
        missing = tuple(name for name in wanted if not _installed(name))
        if missing:
            return extra, missing
    return "", ()


def _installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def load_connector(name: str) -> type[Connector]:
    """Import and return the connector class called `name`; raises UnknownConnector with what to do."""
    entry = _entries().get(name)
    if entry is None:
        raise UnknownConnector(f"no connector is called {name!r}; installed: {', '.join(connector_names()) or 'none'}")
    try:
        loaded = entry.load()
    except (Exception, SystemExit) as error:
        remedy = offered(name, entry).remedy
        hint = f"; install what it needs: {remedy}" if remedy else ""
        why = str(error) or type(error).__name__
        raise UnknownConnector(f"connector {name!r} ({entry.value}) cannot be imported: {why}{hint}") from error
    if not (isinstance(loaded, type) and issubclass(loaded, Connector)):
        raise UnknownConnector(
            f"connector {name!r}: {entry.value} is not a subclass of paradesk.connectors.base.Connector"
        )
    return loaded


def backends_under_test() -> dict[str, EntryPoint]:
    """Return the entry points of what plays the customer, by the connector's name; nothing is imported."""
    return _entries(BACKENDS)
