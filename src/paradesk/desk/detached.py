"""Work in threads that the end of the program does not wait for."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class DetachedExecutor(ThreadPoolExecutor):
    """The default executor of loops that run connectors: each call has a daemon thread of its own.

    The interpreter joins the threads of an ordinary pool before it ends, so that one name that does not resolve, or one
    connector's blocking call, would keep Paradesk from quitting.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Run the call in a new thread."""
        future: Future[T] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        threading.Thread(target=work, name="paradesk-detached", daemon=True).start()
        return future
