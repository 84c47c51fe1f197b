"""Waiting until a widget has taken what was on its way to it, on a machine that stands still now and then."""

import asyncio
import time
from collections.abc import Callable
from typing import cast

import pytest
from textual.message_pump import MessagePump

from paradesk.ui import keys
from paradesk.ui.keys import drain


class Pump:
    """Takes its messages one a turn of the loop, each of which takes `stall` seconds that nobody else gets."""

    is_running = True

    def __init__(self, messages: int, stall: float) -> None:
        self._messages, self._stall = messages, stall

    def call_later(self, callback: Callable[[], None]) -> bool:
        def turn(left: int) -> None:
            if left:
                time.sleep(self._stall)
                asyncio.get_running_loop().call_soon(turn, left - 1)
            else:
                callback()

        asyncio.get_running_loop().call_soon(turn, self._messages)
        return True


class Stuck:
    """Waits for something itself, and takes nothing meanwhile."""

    is_running = True

    def call_later(self, _callback: Callable[[], None]) -> bool:
        return True


@pytest.mark.asyncio
async def test_time_that_the_machine_has_taken_away_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """All the seconds that may be waited go by in the widget's first turn; it has more to do, and is waited for."""
    monkeypatch.setattr(keys, "TURN", 0.001)
    stall = 2 * keys.TURN * keys.PATIENCE
    assert await drain([cast(MessagePump, Pump(3, stall)), cast(MessagePump, Pump(3, stall))])


@pytest.mark.asyncio
async def test_a_widget_that_waits_for_something_itself_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "TURN", 0.001)
    assert not await drain([cast(MessagePump, Stuck())])
