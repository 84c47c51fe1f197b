"""From "start" to an exit status: desk, application, signals, and a terminal that is left as it was found."""

import asyncio
import gc
import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from paradesk import parent
from paradesk.ui.watch import Watch

if TYPE_CHECKING:
    from paradesk.ui.app import ParadeskApp
    from paradesk.ui.opening import Opening

FRAMES_PER_SECOND = "2500"
"""Upper bound for screen updates; a key then waits at most 0.4 ms for its echo. How often there is something to paint is
bounded elsewhere (`bridge.FRAME`)."""

SWITCH_INTERVAL = 0.0005
"""Seconds for which a thread of the desk may keep the interpreter while a key waits to be painted."""

_log = logging.getLogger(__name__)

END_LIMIT = 0.9
"""Seconds from a signal to the end of the program, whatever hangs."""

LAST_STOP = 0.3
"""Seconds of them that are left to the desk where the end is forced."""


def run_app(opening: "Callable[[], Opening]", *, theme: str = "") -> int:
    """Run the workstation until the agent or a signal ends it, and return the exit status.

    0 after quitting, 128 + n after signal n, 1 after an error of its own (a line on standard error says where the
    report is). `opening` is called once the first frame, drawn in `theme`, is on the screen; what it raises is raised
    here when the terminal is itself again. The desk that it has started is stopped at the end.
    """
    os.environ.setdefault("TEXTUAL_FPS", FRAMES_PER_SECOND)  # read when Textual is imported
    gc.disable()
    sys.setswitchinterval(SWITCH_INTERVAL)
    _say_nothing_on_the_screen()
    from paradesk.ui.app import ParadeskApp
    from paradesk.ui.input_guard import guarded_driver

    app = ParadeskApp(opening, theme=theme, driver_class=guarded_driver())
    attributes = parent.modes()
    loops: list[asyncio.AbstractEventLoop] = []

    def end(number: int) -> None:
        _log.info("signal %d", number)
        for loop in loops:
            loop.call_soon_threadsafe(_end, app, number)

    def force(number: int) -> None:
        _log.warning("signal %d: there is no orderly end in time, it is forced", number)
        if app.opened:
            app.keep_drafts()
            app.desk.stop(LAST_STOP)
        # A parent does it when nothing of this process can write to the terminal any more.
        if not parent.is_there():
            parent.put_back(attributes, sequences=True)
        os._exit(128 + number)

    watch = Watch(end, force, END_LIMIT - LAST_STOP)
    watch.begin()
    parent.mark(entered=True)
    try:
        status = asyncio.run(_run(app, watch, loops))
    finally:
        loops.clear()
        if app.opened:
            app.desk.stop()
        parent.put_back(attributes, sequences=False)
        watch.over()
    parent.mark(entered=False)
    if app.failure is not None:
        raise app.failure
    if app.crash is not None:
        from paradesk.config.places import state_directory
        from paradesk.ui.crash import crash_line, write_report

        print(crash_line(app.crash, write_report(app.crash, state_directory())), file=sys.stderr)
        return 1
    return 128 + watch.received if watch.received else status


async def _run(app: "ParadeskApp", watch: Watch, loops: "list[asyncio.AbstractEventLoop]") -> int:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: _unawaited(app, context))
    loops.append(loop)
    if watch.received:
        return 128 + watch.received
    loop.call_later(1.0, _settle_memory)
    await app.run_async()
    return app.return_code or 0


def _end(app: "ParadeskApp", number: int) -> None:
    app.keep_drafts()
    app.exit(128 + number)


def _unawaited(app: "ParadeskApp", context: dict[str, Any]) -> None:
    """Report what went wrong in the background, and go on; asyncio would print it across the screen."""
    error = context.get("exception")
    if isinstance(error, Exception) and app.is_running and app.opened:
        from paradesk.config.places import state_directory
        from paradesk.ui.crash import write_report

        path = write_report(error, state_directory())
        where = f"; the report is in {path}" if path is not None else ""
        app.tell(f"An error in Paradesk itself ({type(error).__name__}) in the background; it goes on{where}", "error")


def _say_nothing_on_the_screen() -> None:
    """What logging and threads print of errors goes to the screen, with the values in it; the log has kind and place."""
    logging.lastResort = None
    logging.raiseExceptions = False
    threading.excepthook = lambda raised: _log.error("in a thread", exc_info=raised.exc_value)
    sys.unraisablehook = lambda raised: _log.error("nowhere to raise it", exc_info=raised.exc_value)


def _settle_memory() -> None:
    """Collect what the start left behind, and let the collector skip what stays: no long pause while one types."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()
