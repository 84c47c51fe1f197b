"""Logs how replies come along: the client id and the new state, never the text, its recipient or the reason's words."""

import logging
from collections.abc import Mapping

from paradesk.core.model import ClientId, ConversationId, Delivery
from paradesk.core.threads import Threads, threads_of
from paradesk.desk.store import Store

_log = logging.getLogger(__name__)


class DeliveryLog:
    """Compares each published state with the one before."""

    def __init__(self, store: Store) -> None:
        self._known: dict[ConversationId, Mapping[ClientId, Delivery]] = {}
        self._sends: dict[ConversationId, object] = {}
        self._before: Threads | None = None
        self._store = store
        store.subscribe(lambda state: state.version, self._look)

    def _look(self, _version: int) -> None:
        if not _log.isEnabledFor(logging.INFO):
            return
        threads, before = threads_of(self._store.state.threads), self._before
        self._before = threads
        for where in threads.candidates(before):
            thread = threads[where]
            if self._sends.get(where) is thread.sends:
                continue
            self._sends[where] = thread.sends
            known = self._known.get(where, {})
            now = {client: sending.delivery for client, sending in thread.sends.items()}
            self._known[where] = now
            for client, delivery in now.items():
                if known.get(client) is not delivery:
                    level = logging.WARNING if delivery in (Delivery.FAILED, Delivery.UNCERTAIN) else logging.INFO
                    _log.log(level, "reply %s: %s", client, delivery)
            for client in known.keys() - now.keys():
                _log.info("reply %s: done (was %s)", client, known[client])
