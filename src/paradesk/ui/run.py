"""From "start" to an exit status: desk, application, signals, and a terminal that is left as it was found."""

import asyncio
import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paradesk.ui.app import ParadeskApp
    from paradesk.ui.opening import Opening

FRAMES_PER_SECOND = "2500"
"""Upper bound for screen updates; a key then waits at most 0.4 ms for its echo. How often there is something to paint is
bounded elsewhere (`bridge.FRAME`)."""

SWITCH_INTERVAL = 0.0005
"""Seconds for which a thread of the desk may keep the interpreter while a key waits to be painted."""

END_LIMIT = 0.9
"""Seconds from a signal to the end of the program, whatever hangs."""

_SIGNALS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)


def run_app(opening: "Callable[[], Opening]", *, theme: str = "") -> int:
    """Run the workstation until the agent or a signal ends it, and return the exit status.

    0 after quitting, 128 + n after signal n, 1 after an error of its own (a line on standard error says where the
    report is). `opening` is called once the first frame, drawn in `theme`, is on the screen; what it raises is raised
    here when the terminal is itself again. The desk that it has started is stopped at the end.
    """
    os.environ.setdefault("TEXTUAL_FPS", FRAMES_PER_SECOND)  # read when Textual is imported
    gc.disable()
    sys.setswitchinterval(SWITCH_INTERVAL)
    from paradesk.ui.app import ParadeskApp
    from paradesk.ui.input_guard import guarded_driver

    app = ParadeskApp(opening, theme=theme, driver_class=guarded_driver())
    try:
        with _terminal_restored():
            status = asyncio.run(_run(app))
    finally:
        if app.opened:
            app.desk.stop()
    if app.failure is not None:
        raise app.failure
    if app.crash is not None:
        from paradesk.config.places import state_directory
        from paradesk.ui.crash import crash_line, write_report

        print(crash_line(app.crash, write_report(app.crash, state_directory())), file=sys.stderr)
        return 1
    return status


async def _run(app: "ParadeskApp") -> int:
    loop = asyncio.get_running_loop()
    received: list[int] = []

    def end(number: int) -> None:
        if not received:
            received.append(number)
            app.keep_drafts()
            _end_whatever_hangs(number, app)
        app.exit(128 + number)

    for number in _SIGNALS:
        loop.add_signal_handler(number, end, number)
    loop.call_later(1.0, _settle_memory)
    await app.run_async()
    if received:
        return 128 + received[0]
    return app.return_code or 0


def _settle_memory() -> None:
    """Collect what the start left behind, and let the collector skip what stays: no long pause while one types."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()


def _end_whatever_hangs(number: int, app: "ParadeskApp") -> None:
    """After a signal the program ends in time even where a terminal has stopped reading."""

    def force() -> None:
        if app.opened:
            app.desk.stop(0.3)
        _restore(_SAVED.get("terminal"))
        os._exit(128 + number)

    timer = threading.Timer(END_LIMIT - 0.3, force)
    timer.daemon = True
    timer.start()
    _SAVED["timer"] = timer


_SAVED: dict[str, Any] = {}


def _restore(attributes: Any) -> None:
    if attributes is None:
        return
    import termios

    with contextlib.suppress(termios.error, ValueError, OSError):
        termios.tcsetattr(sys.__stdin__.fileno(), termios.TCSANOW, attributes)  # type: ignore[union-attr]


@contextlib.contextmanager
def _terminal_restored() -> Iterator[None]:
    """Put the terminal's modes back, also where Textual did not come to it."""
    import termios

    try:
        _SAVED["terminal"] = termios.tcgetattr(sys.__stdin__.fileno())  # type: ignore[union-attr]
    except (termios.error, ValueError, OSError, AttributeError):
        _SAVED["terminal"] = None
    try:
        yield
    finally:
        timer = _SAVED.pop("timer", None)
        if timer is not None:
            timer.cancel()
        _restore(_SAVED.pop("terminal", None))
