"""A heartbeat beside a stream: it goes on through a failure, and ends the whole where the backend does not answer."""

import asyncio

import pytest

from paradesk.connectors.base import AuthError, ConnectorError, NotSent, RateLimited, Uncertain
from paradesk.connectors.heartbeat import beat, together


class Heart:
    """Fails as it is told to, one beat after the other, and then beats."""

    def __init__(self, *troubles: ConnectorError | None) -> None:
        self.troubles = list(troubles)
        self.beats = 0
        self.enough = asyncio.Event()

    async def __call__(self) -> None:
        self.beats += 1
        if self.beats >= 6:
            self.enough.set()
        if self.troubles and (trouble := self.troubles.pop(0)) is not None:
            raise trouble


async def test_it_goes_on_through_single_failures() -> None:
    """Two misses, then a beat, then two again: none of them ends it."""
    lost = NotSent("no route")
    heart = Heart(lost, Uncertain("reset"), None, lost, RateLimited("slow down", 0.001), None)
    await asyncio.wait_for(together(heart.enough.wait(), beat(0.001, heart)), 20)
    assert heart.beats >= 6


async def test_enough_misses_in_a_row_end_it() -> None:
    """The stream beside it is cancelled, and the last error is why."""
    ended = asyncio.Event()

    async def stream() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(NotSent, match="third"):
        await together(stream(), beat(0.001, Heart(NotSent("first"), NotSent("second"), NotSent("third"))))
    assert ended.is_set()


async def test_a_refusal_ends_it_at_once() -> None:
    """Credentials do not get better by waiting."""
    heart = Heart(AuthError("revoked"))
    with pytest.raises(AuthError):
        await beat(0.001, heart)
    assert heart.beats == 1


async def test_a_beat_that_hangs_counts_as_missed() -> None:
    """A backend that does not answer at all."""

    async def hangs() -> None:
        await asyncio.Event().wait()

    with pytest.raises(NotSent, match="heartbeat"):
        await asyncio.wait_for(beat(0.001, hangs, misses=2), 20)


async def test_the_end_of_the_stream_ends_the_heart() -> None:
    """What the stream raises is raised, and a defect in the heart is not hidden."""

    async def fails() -> None:
        raise Uncertain("socket closed")

    with pytest.raises(Uncertain, match="socket closed"):
        await together(fails(), beat(60, Heart()))

    async def broken() -> None:
        raise ValueError("defect")

    with pytest.raises(ValueError, match="defect"):
        await together(asyncio.Event().wait(), beat(60, broken))


async def test_cancelling_cancels_both() -> None:
    """As the desk does when it ends."""
    heart = Heart()
    task = asyncio.create_task(together(asyncio.Event().wait(), beat(60, heart)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not [other for other in asyncio.all_tasks() if other is not asyncio.current_task()]
