"""The real program with a fault built in: F7 makes the part fail that the first argument names."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from paradesk.parent import session

SECRET = "hunter2-canary"


def _fail() -> None:
    raise RuntimeError(f"what Sarah wrote: {SECRET}")


def _die() -> None:
    raise SystemExit(SECRET)


def _render(app: Any) -> None:
    pane = app.deck.acting
    pane.render_lines = lambda _crop: _fail()
    pane.refresh()


def _task(_app: Any) -> None:
    async def fails() -> None:
        _fail()

    asyncio.get_running_loop().create_task(fails())


def _in_desk(app: Any) -> None:
    app.desk._loop.call_soon_threadsafe(_die)


def _in_lane(app: Any) -> None:
    for lane in app.desk._lanes.values():
        lane._run.loop.call_soon_threadsafe(_die)


def _slow(_app: Any) -> None:
    while True:
        pass


FAULTS: dict[str, Callable[[Any], None]] = {
    "handler": lambda _app: _fail(),
    "render": _render,
    "task": _task,
    "desk": _in_desk,
    "lane": _in_lane,
    "hang": _slow,
    "segv": lambda _app: os.kill(os.getpid(), signal.SIGSEGV),
}


def main() -> None:
    """Run `paradesk` as its entry point does it."""
    fault, sys.argv[1:] = sys.argv[1], sys.argv[2:]
    session(sys.argv[1:])
    from paradesk.cli.main import cli
    from paradesk.ui.commands import workspace

    if fault in FAULTS:
        workspace.COMMANDS["customer.panel"] = FAULTS[fault]
    cli()


if __name__ == "__main__":
    main()
