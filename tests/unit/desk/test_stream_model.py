"""Whatever a backend's stream does, the desk comes to hold what the backend holds, in its order, on disk and in memory."""

import random
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from paradesk.core.events import (
    Event,
    Gap,
    HistoryLoaded,
    MessageDeleted,
    MessageEdited,
    MessageUpserted,
    SendChanged,
)
from paradesk.core.model import ClientId, ConversationId, Delivery, Message, MessageId, Role
from paradesk.core.state import ProfileState, State, Thread
from paradesk.desk.intake import incoming
from paradesk.desk.journal import Journal
from paradesk.desk.recorder import Recorder
from paradesk.desk.store import Store
from tests.unit.desk.scripted import message

PROFILE = "acme"
ONE = ConversationId("acme/1")
HERE = ConversationId("1")


@dataclass
class Said:
    """One message as the backend has it."""

    message: Message
    body: str
    deleted: bool = False


class Power(Exception):
    """The power fails in the middle of a commit."""


class StreamMachine(RuleBasedStateMachine):
    """A backend with a log of events, a wire that loses, doubles and shuffles, and a desk that is killed now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="stream-model-"))
        self.log: list[Event] = []
        """Everything that has happened at the backend; the place in it is the cursor."""
        self.held: list[Said] = []
        self.brought = 0
        """How far the running connector has read the log."""
        self.replies = 0
        self.gap: int | None = None
        self.open()

    def open(self) -> None:
        self.journal = Journal(self.directory)
        self.recorder = Recorder(self.journal, Store(State(profiles={PROFILE: ProfileState(name=PROFILE)})))
        self.recorder.restore({PROFILE}, 1000)

    def teardown(self) -> None:
        self.deliver_all()
        self.agree()
        self.journal.close()
        self.open()
        self.agree()
        self.journal.close()
        shutil.rmtree(self.directory)

    @property
    def cursor(self) -> int:
        return int(self.journal.cursor(PROFILE) or 0)

    @property
    def thread(self) -> Thread | None:
        return self.recorder.store.state.threads.get(ONE)

    # What happens at the backend

    def happen(self, event: Event) -> None:
        self.log.append(incoming(PROFILE, event))

    def say(self, skew: float, **more: object) -> Message:
        number = len(self.held) + 1
        said = message(number, f"text {number}", str(HERE), sent_at=1e9 + skew, **more)
        self.held.append(Said(said, said.body))
        return said

    @rule(skew=st.floats(-1e8, 1e8))
    def customer_says(self, skew: float) -> None:
        """The backend's clock is anywhere; its sequence is not."""
        self.happen(MessageUpserted(self.say(skew)))

    @precondition(lambda self: self.held)
    @rule(pick=st.randoms(use_true_random=False))
    def edited(self, pick: random.Random) -> None:
        said = pick.choice(self.held)
        version = len(self.log) + 1
        if not said.deleted:
            said.body = f"edited {version}"
        self.happen(MessageEdited(HERE, said.message.id, f"edited {version}", version))

    @precondition(lambda self: self.held)
    @rule(pick=st.randoms(use_true_random=False))
    def deleted(self, pick: random.Random) -> None:
        said = pick.choice(self.held)
        said.deleted = True
        self.happen(MessageDeleted(HERE, said.message.id, len(self.log) + 1))

    @rule(skew=st.floats(-1e8, 1e8), recognised=st.booleans(), acknowledged=st.booleans())
    def agent_replies(self, skew: float, recognised: bool, acknowledged: bool) -> None:
        """The stream brings the reply with its client id, or only with the id that the acknowledgement had named."""
        self.replies += 1
        client_id = ClientId(f"reply{self.replies}")
        echo = message(
            0, "", str(ONE), id=MessageId(client_id), role=Role.AGENT, order_key=2**61, client_id=client_id,
            sent_at=1e9 - skew, delivery=Delivery.QUEUED,
        )  # fmt: skip
        own = self.say(skew, role=Role.AGENT, client_id=client_id if recognised else None)
        self.recorder.record([SendChanged(ONE, client_id, Delivery.QUEUED, message=echo, version=1)])
        if acknowledged or not recognised:
            acked = SendChanged(ONE, client_id, Delivery.ACKED, message_id=own.id, version=2)
            self.recorder.record([acked])
        self.happen(MessageUpserted(own))

    # What the wire and the desk do

    @precondition(lambda self: self.log)
    @rule(pick=st.randoms(use_true_random=False), committed=st.booleans())
    def deliver(self, pick: random.Random, committed: bool) -> None:
        """Bring what is new, some of it twice, in any order; the cursor comes with the last piece, or is never told."""
        fresh = self.log[self.brought :]
        events = fresh + pick.choices(self.log, k=min(3, len(self.log)))
        pick.shuffle(events)
        half = pick.randint(0, len(events))
        self.recorder.record(events[:half])
        self.recorder.record(events[half:], cursors={PROFILE: str(len(self.log))} if committed else None)
        self.brought = len(self.log)

    @rule(part=st.integers(0, 5))
    def lose_the_rest(self, part: int) -> None:
        """The connection breaks after some events: a new one goes on from the committed place."""
        self.recorder.record(self.log[self.brought : self.brought + part])
        self.brought = self.cursor

    @rule()
    def power_fails_in_a_commit(self) -> None:
        """Neither the events nor the cursor of a commit that does not end are there, in memory or on disk."""
        before, cursor = self.recorder.store.state, self.cursor

        def fail(profile: str, cursor: str) -> None:
            raise Power

        original, self.journal.write_cursor = self.journal.write_cursor, fail  # type: ignore[method-assign]
        try:
            self.recorder.record(self.log[self.brought :], cursors={PROFILE: str(len(self.log))})
        except Power:
            pass
        finally:
            self.journal.write_cursor = original  # type: ignore[method-assign]
        assert self.recorder.store.state is before
        assert self.cursor == cursor

    @rule()
    def killed_and_started_again(self) -> None:
        """What came before the committed place is there; the stream goes on from it."""
        self.journal.close()
        self.open()
        self.brought = self.cursor
        known = {said.id for said in self.thread.transcript} if self.thread else set()
        for event in self.log[: self.cursor]:
            if isinstance(event, MessageUpserted):
                assert event.message.id in known

    @precondition(lambda self: self.thread is not None and not self.thread.gap and len(self.log) > self.brought)
    @rule()
    def hole(self) -> None:
        """Too much was missed: the newest comes first, and the hole is told."""
        assert self.thread is not None
        self.recorder.record([Gap(PROFILE, ONE)])
        self.gap = self.thread.gap_key
        known = [
            one.order_key
            for one in self.thread.transcript
            if one.client_id is None or one.client_id not in self.thread.sends
        ]
        assert self.gap == max(known, default=None)
        newest = self.log[-1]
        self.recorder.record([newest])

    @precondition(lambda self: self.thread is not None and self.thread.gap)
    @rule(size=st.integers(1, 50))
    def hole_filled(self, size: int) -> None:
        """History fills the hole; pages hold each message as it is now."""
        pages = [incoming(PROFILE, HistoryLoaded(HERE, (said.message,), False)) for said in self.held[-size:]]
        self.recorder.record([*pages, *self.log, Gap(PROFILE, ONE, closed=True)], cursors={PROFILE: str(len(self.log))})
        self.brought, self.gap = len(self.log), None

    @invariant()
    def gap_stands_where_the_hole_is(self) -> None:
        if self.thread is not None and self.thread.gap:
            assert self.thread.gap_key == self.gap

    # Does it hold what the backend holds?

    def deliver_all(self) -> None:
        self.recorder.record(
            [*self.log[self.cursor :], Gap(PROFILE, ONE, closed=True)], cursors={PROFILE: str(len(self.log))}
        )

    def agree(self) -> None:
        thread = self.thread
        shown = (
            []
            if thread is None
            else [
                (one.id, "" if one.deleted else one.body, one.deleted)
                for one in thread.transcript
                if one.client_id is None or one.client_id not in thread.sends
            ]
        )
        assert shown == [(said.message.id, "" if said.deleted else said.body, said.deleted) for said in self.held]
        assert thread is None or not thread.sends


StreamMachine.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestStream = StreamMachine.TestCase
