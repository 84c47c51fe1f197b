"""Who ends the program on a signal, whatever hangs: a thread that neither the terminal nor a long step can hold up."""

import contextlib
import os
import select
import signal
import threading
from collections.abc import Callable

from paradesk.parent import ENDINGS, life_line


class Watch:
    """From `begin` on the ending signals, and the end of the parent, end the program. Create it on the main thread."""

    def __init__(self, end: Callable[[int], object], force: Callable[[int], object], limit: float) -> None:
        """`end` asks for an orderly end; `force` is called when there was none within `limit` seconds. Both get the
        signal's number and are called on a thread of their own."""
        self._end, self._force, self._limit = end, force, limit
        self._over = threading.Event()
        self.received = 0
        """The first ending signal, or 0."""
        self._told, self._tell = os.pipe()
        os.set_blocking(self._tell, False)

    def begin(self) -> None:
        """Take the signals over, for the rest of the process's life."""
        for number in ENDINGS:
            signal.signal(number, _heard)
        # Written by the interpreter's own handler, also while the main thread is stuck outside Python.
        signal.set_wakeup_fd(self._tell, warn_on_full_buffer=False)
        threading.Thread(target=self._listen, name="paradesk-watch", daemon=True).start()

    def over(self) -> None:
        """The end has come in order: nothing is to be forced any more."""
        self._over.set()

    def _listen(self) -> None:
        line = life_line()
        ears = [self._told] if line is None else [self._told, line]
        while not self.received:
            ready, _, _ = select.select(ears, [], [])
            if self._told in ready:
                numbers = [number for number in os.read(self._told, 64) if number in ENDINGS]
                self.received = numbers[0] if numbers else 0
            elif line in ready:
                self.received = signal.SIGHUP
        with contextlib.suppress(Exception):
            self._end(self.received)
        if not self._over.wait(self._limit):
            self._force(self.received)


def _heard(_number: int, _frame: object) -> None:
    """The watch reads the number from the wake-up descriptor; there must be a handler for that."""
