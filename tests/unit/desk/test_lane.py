"""Supervision: whatever a connector does, the desk, the other connectors and the agent's text are not harmed."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from paradesk.connectors.base import AuthError, Connector, ConnectorContext, NotSent, RateLimited
from paradesk.core.events import ConnectionChanged, MessageUpserted, TypingChanged
from paradesk.core.intents import SetStatus
from paradesk.core.model import ConversationId, Delivery, Link, Status, Visibility
from paradesk.desk.desk import Desk, Profile, Timing
from tests.unit.desk.conftest import Start
from tests.unit.desk.scripted import PATIENCE, QUICK, Scripted, desk_of, message, online, reaches, reply, wait_for

ONE = ConversationId("acme/1")


def failing(*errors: BaseException) -> Scripted:
    """A connector that fails so often and then streams."""
    connector = Scripted(settings={"token": "hunter2secret"})
    left = list(errors)

    async def run(scripted: Scripted, desk: ConnectorContext) -> None:
        if left:
            raise left.pop(0)
        await scripted.stream(desk)

    connector.on_run = run
    return connector


@pytest.mark.parametrize(
    "error",
    [NotSent("no route"), RuntimeError("boom"), SystemExit(1), KeyboardInterrupt(), MemoryError(), RecursionError()],
)
def test_a_connector_that_falls_gets_up_again(start: Start, error: BaseException) -> None:
    """Every exception becomes a state of its connection; it is tried again, and the other one notices nothing."""
    bad, good = failing(error, error), Scripted()
    desk = start(bad, good, wait=False)
    online(desk, "acme", "beta")
    assert bad.runs == 3
    assert good.runs == 1


def test_a_task_that_tears_the_loop_down_is_survived(tmp_path: Path) -> None:
    """SystemExit in a task of the connector's own ends its loop; the lane builds a new one."""
    built: list[Scripted] = []

    class Tearing(Scripted):
        async def run(self, desk: ConnectorContext) -> None:
            if len(built) == 1:

                async def tear() -> None:
                    raise SystemExit(9)

                self.task = asyncio.create_task(tear())
                await asyncio.Event().wait()
            await super().run(desk)

    def build() -> Connector:
        built.append(Tearing())
        return built[-1]

    other = Desk([Profile("acme", build)], tmp_path, timing=QUICK)
    other.start()
    try:
        online(other)
        assert len(built) == 2
    finally:
        other.stop(5.0)


def test_a_blocking_connector_stops_nobody(start: Start) -> None:
    """One that holds its thread is reported as stuck, its intents fail in time, the desk ends in time, others work."""
    release = threading.Event()
    blocking, good = Scripted(), Scripted()

    async def block(scripted: Scripted, desk: ConnectorContext) -> None:
        await desk.emit(*scripted.first)
        await desk.online()
        release.wait()

    blocking.on_run = block
    timing = Timing(backoff=0.01, backoff_cap=0.02, perform=0.1, stall=0.0)
    desk = start(blocking, good, timing=timing, wait=False)
    online(desk, "beta")
    try:
        reaches(desk, reply(desk, "fine", "beta/1"), Delivery.CONFIRMED, "beta/1")
        wait_for(desk, lambda state: ONE in state.threads)
        queued = reply(desk, "patience")
        wait_for(desk, lambda state: "does not respond" in state.profiles["acme"].reason)
        with pytest.raises(NotSent):
            desk.submit(SetStatus(ONE, Status.OPEN)).result(PATIENCE)
        assert blocking.sent == []
        reaches(desk, queued, Delivery.QUEUED)
        desk.stop(5.0)
        assert not desk.running
    finally:
        release.set()


def test_a_stuck_connector_can_be_replaced(tmp_path: Path) -> None:
    """`reconnect` leaves the stuck thread behind and builds a new connector; what the old one still says is ignored."""
    release, said = threading.Event(), threading.Event()
    stuck, fresh = Scripted(), Scripted()
    outcome: list[BaseException] = []

    async def block(scripted: Scripted, desk: ConnectorContext) -> None:
        await desk.online()
        release.wait()
        try:
            await desk.emit(MessageUpserted(message(9, "from the grave")))
        except BaseException as error:
            outcome.append(error)
            raise
        finally:
            said.set()

    stuck.on_run = block
    waiting = [stuck, fresh]
    timing = Timing(backoff=0.01, backoff_cap=0.02, perform=0.1, stall=0.0)
    desk = Desk([Profile("acme", lambda: waiting.pop(0))], tmp_path, timing=timing)
    desk.start()
    try:
        wait_for(desk, lambda state: "does not respond" in state.profiles["acme"].reason)
        desk.reconnect("acme")
        wait_for(desk, lambda state: ONE in state.threads)
        release.set()
        assert said.wait(PATIENCE)
        assert [type(error) for error in outcome] == [asyncio.CancelledError]
        assert [m.body for m in desk.state.threads[ONE].transcript] == ["hello"]
    finally:
        release.set()
        desk.stop(5.0)


def test_reasons_are_readable_and_tell_no_secrets(tmp_path: Path) -> None:
    """A ConnectorError speaks for itself without its token; of other exceptions only the kind is told."""
    bad = failing(NotSent("GET /sync?token=hunter2secret\x1b[31m failed"), ValueError("hunter2secret"))
    reasons: set[str] = set()
    desk = desk_of(tmp_path, bad)
    desk.subscribe(lambda state: state.profiles["acme"].reason, reasons.add)
    desk.start()
    online(desk)
    desk.stop(5.0)
    assert "Scripted failed (ValueError)" in reasons
    assert not any("hunter2" in why or "\x1b" in why for why in reasons)
    assert any(why.startswith("GET /sync?token=•••") for why in reasons)


def test_refused_stays_refused_until_someone_acts(tmp_path: Path) -> None:
    """After an AuthError nothing is tried; `reconnect` builds the connector anew, with what it is configured now."""
    built: list[Scripted] = []

    def build() -> Connector:
        built.append(failing(*[AuthError("wrong password")] * (1 if not built else 0)))
        return built[-1]

    desk = Desk([Profile("acme", build)], tmp_path, timing=QUICK)
    desk.start()
    try:
        wait_for(desk, lambda state: state.profiles["acme"].link is Link.REFUSED)
        assert desk.state.profiles["acme"].reason == "wrong password"
        assert desk.state.profiles["acme"].retry_at is None
        desk.reconnect("acme")
        online(desk)
        assert [connector.runs for connector in built] == [1, 1]
    finally:
        desk.stop(5.0)


def test_a_connector_that_cannot_be_built_is_tried_again(tmp_path: Path) -> None:
    """An exception while it is built is a lost connection like any other."""
    attempts: list[int] = []

    def build() -> Connector:
        attempts.append(1)
        if len(attempts) < 3:
            raise OSError("no such library")
        return Scripted()

    desk = Desk([Profile("acme", build)], tmp_path, timing=QUICK)
    desk.start()
    try:
        online(desk)
        assert len(attempts) == 3
    finally:
        desk.stop(5.0)


def test_retry_after_is_honoured(start: Start) -> None:
    """The next try is announced no sooner than the backend asked for, and `reconnect` may skip the wait."""
    bad = failing(RateLimited("too many sign-ins", 500.0))
    desk = start(bad, wait=False, clock=lambda: 1000.0)
    wait_for(desk, lambda state: state.profiles["acme"].link is Link.WAITING)
    assert desk.state.profiles["acme"].retry_at == 1500.0
    desk.reconnect("acme")
    online(desk)


def test_a_lost_connection_resumes_from_the_cursor(start: Start) -> None:
    """The second run of the same connector sees the cursor of the first."""
    cursors: list[str | None] = []
    connector = Scripted()

    async def run(scripted: Scripted, desk: ConnectorContext) -> None:
        cursors.append(desk.cursor)
        if len(cursors) == 1:
            await desk.emit(*scripted.first, cursor="after first")
            raise NotSent("cut")
        await scripted.stream(desk)

    connector.on_run = run
    start(connector)
    assert cursors == [None, "after first"]


def test_a_connector_speaks_for_its_own_profile_only(start: Start) -> None:
    """Events about another profile land in its own; events that only the desk may emit are refused."""
    acme, beta = Scripted(), Scripted()
    desk = start(acme, beta)
    online(desk, "acme", "beta")
    acme.emit(ConnectionChanged("beta", Link.ONLINE, "so I say"))
    wait_for(desk, lambda state: state.profiles["acme"].reason == "so I say")
    assert desk.state.profiles["beta"].reason == ""
    acme.emit(TypingChanged(ConversationId("1"), "Sarah", True, until=99.0))
    assert desk.state.threads[ONE].typing is not None


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1.0])
def test_a_wait_that_is_no_time_counts_as_none(seconds: float) -> None:
    """Nonsense from a backend neither hammers it nor closes it for ever."""
    assert RateLimited("slow down", seconds).retry_after == 0.0


def test_timing_backs_off_with_full_jitter() -> None:
    """The bound doubles from the base up to the cap, and the roll decides how much of it is waited."""
    timing = Timing()
    assert [timing.backoff_before(n, 1.0) for n in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert timing.backoff_before(3, 0.25) == 2.0
    assert timing.backoff_before(0, 0.5, at_least=30.0) == 30.0
    assert timing.backoff_before(10_000, 1.0) == 60.0


def test_a_desk_ends_while_a_connector_floods(start: Start) -> None:
    """Stopping in the middle of a flood loses nothing that was committed, and the next desk starts."""
    connector = Scripted()
    begun = threading.Event()

    async def flood(scripted: Scripted, desk: ConnectorContext) -> None:
        await desk.emit(*scripted.first)
        await desk.online()
        number = 2
        while True:
            await desk.emit(MessageUpserted(message(number)), cursor=str(number))
            begun.set()
            number += 1

    connector.on_run = flood
    desk = start(connector)
    assert begun.wait(PATIENCE)
    desk.save_draft(ONE, Visibility.PUBLIC, "last words")
    desk.stop(5.0)
    later = Scripted()
    desk = start(later)
    last = desk.state.threads[ONE].transcript.last
    assert last is not None
    assert later.cursor_at_start == str(last.order_key)
    assert desk.state.threads[ONE].drafts == {Visibility.PUBLIC: "last words"}


def test_work_that_never_comes_back_does_not_keep_the_program(tmp_path: Path) -> None:
    """A connector whose helper thread hangs, as a name that does not resolve makes it, does not keep Paradesk from ending."""
    program = (
        "import asyncio, sys, threading\n"
        "from pathlib import Path\n"
        "from tests.unit.desk.scripted import Scripted, desk_of\n"
        "hangs = threading.Event()\n"
        "class Hanging(Scripted):\n"
        "    async def run(self, desk):\n"
        "        await asyncio.to_thread(lambda: (hangs.set(), threading.Event().wait()))\n"
        "desk = desk_of(Path(sys.argv[1]), Hanging())\n"
        "desk.start()\n"
        "hangs.wait()\n"
        "desk.stop()\n"
    )
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=root, check=True, timeout=PATIENCE)


def test_a_huge_delivery_lets_others_in_between(start: Start) -> None:
    """What a connector emits at once is committed piece by piece, in order, and its cursor with the last piece."""
    connector = Scripted()
    desk = start(connector)
    lengths: list[int] = []
    desk.subscribe(lambda state: len(state.threads[ONE].transcript), lengths.append)
    connector.emit(*(MessageUpserted(message(number)) for number in range(2, 1400)), cursor="after all")
    assert len(lengths) > 2
    assert lengths == sorted(lengths)
    later = Scripted()
    start(later)
    assert later.cursor_at_start == "after all"


def test_catching_up_is_not_slowed_down(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is online, a connector that waits for each commit is committed at once, however long others linger."""
    monkeypatch.setattr("paradesk.desk.inbox.LINGER", 3600.0)
    connector = Scripted()

    async def catch_up(scripted: Scripted, desk: ConnectorContext) -> None:
        for number in range(2, 20):
            await desk.emit(MessageUpserted(message(number)))
        await scripted.stream(desk)

    connector.on_run = catch_up
    desk = start(connector)
    assert len(desk.state.threads[ONE].transcript) == 19
