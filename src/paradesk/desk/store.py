"""The current snapshot and who wants to know when a part of it changes."""

import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from paradesk.core.state import State

T = TypeVar("T")
_log = logging.getLogger(__name__)


class _Subscription:
    def __init__(self, selector: Callable[[State], Any], callback: Callable[[Any], None], value: Any) -> None:
        self.selector = selector
        self.callback = callback
        self.value = value


class Store:
    """Holds the newest state. Published by one thread (the desk's), read by all."""

    def __init__(self, state: State | None = None) -> None:
        self._state = state or State()
        self._lock = threading.Lock()
        self._subscriptions: tuple[_Subscription, ...] = ()

    @property
    def state(self) -> State:
        """The newest snapshot; safe from any thread."""
        return self._state

    def publish(self, state: State) -> None:
        """Make this the newest state and call back whoever selected something that has changed."""
        if state is self._state:
            return
        self._state = state
        for subscription in self._subscriptions:
            self._notify(subscription, state)

    def subscribe(self, selector: Callable[[State], T], callback: Callable[[T], None]) -> Callable[[], None]:
        """Call back with the selected value whenever it changes from now on; returns what ends that.

        The callback runs in the publishing thread and must be short. One that raises is reported and harms no other.
        """
        known = self._state
        subscription = _Subscription(selector, callback, selector(known))
        with self._lock:
            self._subscriptions = (*self._subscriptions, subscription)
        if self._state is not known:
            # Published between the look and the registration: nobody else would tell.
            self._notify(subscription, self._state)

        def unsubscribe() -> None:
            with self._lock:
                self._subscriptions = tuple(item for item in self._subscriptions if item is not subscription)

        return unsubscribe

    def _notify(self, subscription: _Subscription, state: State) -> None:
        try:
            value = subscription.selector(state)
            if value is subscription.value or value == subscription.value:
                return
            subscription.value = value
            subscription.callback(value)
        except Exception as error:
            # A screen that is closing must not stop the desk. Values may be personal: only the kind is logged.
            _log.warning("a subscriber failed: %s", type(error).__name__)
