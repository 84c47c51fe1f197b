"""One desk's worth of commits on a simulated disk, one power cut anywhere in them, and what a restart finds.

The journal, recorder and outbox are the desk's own; only the disk is ours. What a restart finds must be, in every table,
exactly what stood there after the last commit that had returned, or after the one that was under way.
"""

import random
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from paradesk.core.events import ConversationUpserted, DraftChanged, MessageUpserted
from paradesk.core.intents import Send
from paradesk.core.model import ClientId, ConversationId, Delivery, Role, Visibility
from paradesk.core.state import ProfileState, State
from paradesk.desk.intake import incoming
from paradesk.desk.journal import SCHEMA_VERSION, Journal, JournalError
from paradesk.desk.layout import Layout
from paradesk.desk.local import written
from paradesk.desk.outbox import Outbox
from paradesk.desk.recorder import Recorder
from paradesk.desk.store import Store
from paradesk.desk.timing import Timing
from tests.e2e.power.connection import opener
from tests.e2e.power.disk import Disk
from tests.unit.desk.scripted import conversation, message

PROFILE = "acme"
SCHEMA_1 = Path(__file__).parents[2] / "unit" / "desk" / "journals" / "schema-1.sql"
"""The first schema, as it was released."""
CHATS = ("1", "2", "3")
MOST_WRITES = 700
"""A power cut comes behind one of so many writes, or when the work is done."""

Dump = dict[str, list[tuple[Any, ...]]]


@dataclass
class Found:
    """What one cut came to."""

    commits: int
    """How many had returned."""
    syncs: int
    during: str
    """What was under way."""
    corrupt: str = ""
    lost: Counter[str] = field(default_factory=Counter)
    """Rows by table that had been committed and are not there, or not as they were."""
    checkpoint: bool = False
    """Whether the database file itself had unsynced writes: a checkpoint, or the making of the file, was cut."""
    ahead: bool = False
    """Whether the cursor says that events are here which are not: they would never come again."""
    disordered: bool = False
    """Whether two replies changed places in the outbox."""

    @property
    def bad(self) -> bool:
        """Whether something that had been promised did not hold."""
        return bool(self.corrupt or self.lost or self.ahead or self.disordered)


def dump(connection: sqlite3.Connection) -> Dump:
    """Return every row of every table."""
    names = connection.execute("select name from sqlite_master where type = 'table' order by name").fetchall()
    tables = [name for (name,) in names if not name.startswith("sqlite_")]
    return {table: sorted(connection.execute(f"select * from {table}").fetchall(), key=repr) for table in tables}


class Work:
    """Commits what a desk commits, in a random order."""

    def __init__(self, journal: Journal, rng: random.Random) -> None:
        self.journal = journal
        self.rng = rng
        self.recorder = Recorder(journal, Store(State(profiles={PROFILE: ProfileState(name=PROFILE)})))
        self.recorder.restore({PROFILE}, 200)
        self.outbox = Outbox(self.recorder, {}, Timing(), lambda: 1000.0, rng.random)
        self.number = 0

    def step(self) -> str:
        """Commit one thing and say what it was."""
        kinds: list[Callable[[], None]] = [self.arrive, self.arrive, self.draft, self.accept, self.move, self.lay_out]
        if not self.recorder.store.state.threads:
            kinds = [self.begin]
        kind = self.rng.choice(kinds)
        self.number += 1
        kind()
        return kind.__name__

    def begin(self) -> None:
        events = [incoming(PROFILE, ConversationUpserted(conversation(chat), 1)) for chat in CHATS]
        self.recorder.record(events, cursors={PROFILE: "begin"})

    def arrive(self) -> None:
        """A batch of messages, and the cursor behind it."""
        events = []
        for _ in range(self.rng.randint(1, 5)):
            self.number += 1
            body = "m" * self.rng.randint(1, 2000)
            events.append(incoming(PROFILE, MessageUpserted(message(self.number, body, where=self.chat()))))
        shown = [client for client, row in self.outbox._rows.items() if row.state is Delivery.ACKED][:1]
        for client_id in shown:
            row = self.outbox._rows[client_id]
            self.number += 1
            mine = message(
                self.number, row.body, where=row.conversation_id.partition("/")[2], role=Role.AGENT, client_id=client_id
            )
            events.append(incoming(PROFILE, MessageUpserted(mine)))
        self.recorder.record(events, cursors={PROFILE: str(self.number)})

    def draft(self) -> None:
        where, text = ConversationId(f"{PROFILE}/{self.chat()}"), "d" * self.rng.randint(0, 300)
        self.recorder.record(
            [DraftChanged(where, Visibility.PUBLIC, text)],
            work=lambda: self.journal.write_draft(where, Visibility.PUBLIC, text),
        )

    def accept(self) -> None:
        """A reply goes into the outbox and takes its draft along."""
        where = ConversationId(f"{PROFILE}/{self.chat()}")
        send = Send(
            conversation_id=where,
            body="r" * self.rng.randint(1, 1500),
            visibility=Visibility.PUBLIC,
            client_id=ClientId(f"c{self.number}"),
        )
        thread = self.recorder.store.state.threads[where]
        self.outbox.accept(send, written(send, thread, None, 1000.0), "")

    def move(self) -> None:
        """A reply comes further, or is taken back."""
        rows = list(self.outbox._rows.values())
        if not rows:
            self.accept()
            return
        row = self.rng.choice(rows)
        if row.state in (Delivery.QUEUED, Delivery.FAILED) and self.rng.random() < 0.2:
            self.outbox.dismiss(row.client_id)
            return
        following = {Delivery.QUEUED: Delivery.SENDING, Delivery.SENDING: Delivery.ACKED}
        self.outbox.commit(replace(row, state=following.get(row.state, Delivery.FAILED), sent_at=1000.0))

    def lay_out(self) -> None:
        with self.journal.transaction():
            self.journal.write_layout(Layout(tuple(ConversationId(f"{PROFILE}/{c}") for c in CHATS[: self.number % 4])))

    def chat(self) -> str:
        return self.rng.choice(CHATS)


def old_journal(directory: Path) -> None:
    """Make a journal of schema 1 with something in it, as an earlier version left it."""
    directory.mkdir(exist_ok=True)
    database = sqlite3.connect(directory / "desk.sqlite3", isolation_level=None)
    database.executescript(f"{SCHEMA_1.read_text()}pragma user_version = 1;pragma journal_mode = wal;")
    for number in range(5):
        database.execute("insert into drafts values (?, 'public', ?)", (f"{PROFILE}/{number}", "kept " * number))
        database.execute(
            "insert into outbox (client_id, conversation_id, state, record) values (?, ?, 'queued', ?)",
            (f"old{number}", f"{PROFILE}/{number}", "{}"),
        )
    database.close()


def cut_once(seed: int, *, synchronous: str = "full", migrate: bool = False) -> Found:
    """Work, cut the power somewhere, restart on what the disk kept, and compare."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        before, after = Path(one), Path(two)
        disk = Disk()
        gone: list[bool] = []
        """Filled when the power is gone: whether the database file was being written."""

        def power() -> None:
            gone.append(bool(disk.pending.get(str(before / "desk.sqlite3"))))
            disk.cut(after, rng)

        states: list[Dump] = [{}]
        if migrate:
            old_journal(before)
            states = [_readable(before)]
        # A migration is over after a few dozen writes.
        disk.after(rng.randint(1, 40 if migrate else MOST_WRITES), power)
        pragmas = ["pragma wal_autocheckpoint = 12"]
        if synchronous != "full":
            # Full is what the journal sets itself: to set it here would hide that it does not.
            pragmas.append(f"pragma synchronous = {synchronous}")
        journal = Journal(before, opener(disk, pragmas))
        during, commits = "opening", 0
        states.append(dump(journal.connection))
        if not gone:
            # Not under way any more when the power goes.
            states = states[-1:]
            work = Work(journal, rng)
            for _ in range(rng.randint(1, 120)):
                during = work.step()
                states.append(dump(journal.connection))
                if gone:
                    break
                commits += 1
                states = states[-1:]
        if not gone:
            during = "nothing"
            power()
        found = Found(commits, disk.syncs, during, checkpoint=gone[0])
        journal.close()
        _compare(found, after, states)
        return found


def _readable(directory: Path) -> Dump:
    database = sqlite3.connect(directory / "desk.sqlite3")
    try:
        return dump(database)
    finally:
        database.close()


def _compare(found: Found, after: Path, allowed: Sequence[Dump]) -> None:
    try:
        journal = Journal(after)
    except JournalError as error:
        found.corrupt = str(error)
        return
    try:
        if any(after.glob("*.corrupt-*")):
            found.corrupt = "it was taken for damaged"
            return
        sound = journal.connection.execute("pragma integrity_check").fetchone()[0]
        if sound != "ok":
            found.corrupt = str(sound)
            return
        assert journal.connection.execute("pragma user_version").fetchone()[0] == SCHEMA_VERSION
        holds = dump(journal.connection)
    except (JournalError, sqlite3.Error) as error:
        found.corrupt = str(error)
        return
    finally:
        journal.close()
    found.ahead = ahead(holds, allowed)
    found.disordered = any(disordered(holds, state) for state in allowed)
    if not any(_same(holds, state) for state in allowed):
        wanted = allowed[0]
        for table, rows in wanted.items():
            missing = Counter(rows) - Counter(holds.get(table, []))
            if missing:
                found.lost[table] += missing.total()
        if not found.lost:
            # All there, but part of the commit that was under way as well.
            found.lost["half a commit"] += 1


def _same(holds: Dump, state: Dump) -> bool:
    """Whether the tables that stood in a state hold the same; tables that the restart made anew are empty."""
    return all(holds.get(table, []) == rows for table, rows in state.items()) and all(
        not rows for table, rows in holds.items() if table not in state
    )


def ahead(holds: Dump, allowed: Sequence[Dump]) -> bool:
    """Whether the cursor is that of a state of which messages are missing."""
    cursor = holds.get("cursors")
    told = [state for state in allowed if cursor and state.get("cursors") == cursor]
    return bool(told) and all(Counter(state["messages"]) - Counter(holds["messages"]) for state in told)


def disordered(holds: Dump, state: Dump) -> bool:
    """Whether the replies that are in both stand in another order."""
    now, then = _replies(holds), _replies(state)
    return [reply for reply in now if reply in then] != [reply for reply in then if reply in now]


def _replies(rows: Dump) -> list[str]:
    """Return the client ids in the order of acceptance: place and client id are the first columns of the outbox."""
    return [row[1] for row in sorted(rows.get("outbox", []), key=lambda row: row[0])]
