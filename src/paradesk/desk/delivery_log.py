"""Logs how replies come along: the client id and the new state, never the text, its recipient or the reason's words."""

import logging
from collections.abc import Mapping

from paradesk.core.model import ClientId, ConversationId, Delivery
from paradesk.core.state import State
from paradesk.desk.store import Store

_log = logging.getLogger(__name__)


class DeliveryLog:
    """Compares each published state with the one before."""

    def __init__(self, store: Store) -> None:
        self._known: dict[ConversationId, Mapping[ClientId, Delivery]] = {}
        self._sends: dict[ConversationId, object] = {}
        store.subscribe(lambda state: state, self._look)

    def _look(self, state: State) -> None:
        if not _log.isEnabledFor(logging.INFO):
            return
        for where, thread in state.threads.items():
            if self._sends.get(where) is thread.sends:
                continue
            self._sends[where] = thread.sends
            before = self._known.get(where, {})
            now = {client: sending.delivery for client, sending in thread.sends.items()}
            self._known[where] = now
            for client, delivery in now.items():
                if before.get(client) is not delivery:
                    level = logging.WARNING if delivery in (Delivery.FAILED, Delivery.UNCERTAIN) else logging.INFO
                    _log.log(level, "reply %s: %s", client, delivery)
            for client in before.keys() - now.keys():
                _log.info("reply %s: done (was %s)", client, before[client])
