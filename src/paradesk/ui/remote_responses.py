"""The canned responses that backends keep, beside those of this desk: asked for whenever a connection stands anew."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from paradesk.connectors.capabilities import Support
from paradesk.core.model import Link, RemoteResponse
from paradesk.core.state import State
from paradesk.desk.desk import Desk
from paradesk.ui.bridge import Bridge

if TYPE_CHECKING:
    from paradesk.canned.responses import Library


class RemoteResponses:
    """Asks on the screen's loop, and never makes it wait; `merged` may be called from any thread."""

    def __init__(self, desk: Desk, bridge: Bridge, changed: Callable[[], object]) -> None:
        """`changed` is called when there are others than before."""
        self._desk, self._bridge, self._changed = desk, bridge, changed
        self._online: set[str] = set()
        self._found: dict[str, tuple[str, tuple[RemoteResponse, ...]]] = {}
        self._lock = threading.Lock()
        self._merged: tuple[Library, object, Library] | None = None

    def look(self, state: State) -> None:
        """Ask each backend that has come online since the last look."""
        online = {name for name, profile in state.profiles.items() if profile.link is Link.ONLINE}
        fresh, self._online = online - self._online, online
        for name in fresh:
            if self._desk.capabilities(name).canned is Support.NATIVE:
                self._ask(name)

    def _ask(self, profile: str) -> None:
        def found(responses: tuple[RemoteResponse, ...]) -> None:
            kept = (self._desk.connector_name(profile), responses)
            if self._found.get(profile) != kept:
                with self._lock:
                    self._found = {**self._found, profile: kept}
                self._changed()

        # Those of this desk are there all the same; the next connection asks again.
        self._bridge.when_done(self._desk.backends.canned(profile), found, lambda _error: None)

    def merged(self, library: Library) -> Library:
        """Return the library with what the backends keep; the same object until either changes."""
        with self._lock:
            found = self._found
            if not found:
                return library
            known = self._merged
            if known is None or known[0] is not library or known[1] is not found:
                from paradesk.canned.remote import responses_of
                from paradesk.canned.responses import Library

                more = [
                    response
                    for profile, (connector, responses) in found.items()
                    for response in responses_of(profile, connector, responses, library.default_language)
                ]
                taken = {response.id for response in more}
                own = [response for response in library.responses if response.id not in taken]
                known = self._merged = (library, found, Library([*own, *more], library.default_language))
            return known[2]
