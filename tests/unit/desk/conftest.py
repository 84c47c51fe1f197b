"""Desks that are stopped whatever a test does."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paradesk.connectors.base import Connector
from paradesk.desk.desk import Desk, Timing
from tests.unit.desk.scripted import QUICK, desk_of, online

Start = Callable[..., Desk]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start desks over the same directory, one after the other; each is stopped in the end."""
    desks: list[Desk] = []

    def begin(
        *connectors: Connector,
        wait: bool = True,
        timing: Timing = QUICK,
        clock: Callable[[], float] = time.time,
        resend_once: bool = False,
    ) -> Desk:
        for desk in desks:
            desk.stop(5.0)
        desk = desk_of(tmp_path, *connectors, timing=timing, clock=clock, resend_once=resend_once)
        desk.start()
        desks.append(desk)
        if wait:
            online(desk)
        return desk

    yield begin
    for desk in desks:
        desk.stop(5.0)
