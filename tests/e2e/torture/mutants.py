"""Desks that are broken on purpose: a torture that does not find them out proves nothing."""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from paradesk.connectors.base import Outcome
from paradesk.connectors.capabilities import Idempotency
from paradesk.core.events import Event
from paradesk.core.intents import Intent, Send
from paradesk.core.model import ClientId, ConversationId, Delivery, Message
from paradesk.desk.courier import Courier
from paradesk.desk.outbox import Outbox
from paradesk.desk.outbox_rows import OutboxRow, OutboxTable
from tests.e2e.torture.connector import TortureConnector, parts_of

LONGEST = 0.12
"""Seconds that a life lasts after it has come online, at most."""


@dataclass(frozen=True)
class Mutant:
    """`apply` breaks the desk in the process that calls it; `connector` takes the place of the sound one."""

    mode: Idempotency
    """Where it has to be caught."""
    sign: str
    """The list of `campaign.Findings` that has to tell it."""
    apply: Callable[[], None] = lambda: None
    connector: type[TortureConnector] = TortureConnector
    longest: float = LONGEST
    """Seconds that one of its lives lasts after it has come online, at most."""


class _FreshIds(TortureConnector):
    """Gives a reply a new client id at each try."""

    async def perform(self, intent: Intent) -> Outcome:
        if isinstance(intent, Send):
            intent = replace(intent, client_id=ClientId(secrets.token_hex(16)))
        return await super().perform(intent)


def _delete_first() -> None:
    sound = Outbox.commit

    def commit(self: Outbox, row: OutboxRow, events: Sequence[Event] = ()) -> OutboxRow:
        moved = sound(self, row, events)
        if moved.state is Delivery.SENDING:
            self._recorder.outbox.remove(moved.client_id)
        return moved

    _set(Outbox, "commit", commit)


def _keep_draft() -> None:
    sound = Outbox.accept

    def accept(self: Outbox, send: Send, echo: Message, draft: str, parts: Sequence[str] | None = None) -> None:
        sound(self, send, echo, send.body, parts)

    _set(Outbox, "accept", accept)


def _parts_apart() -> None:
    sound = Outbox.accept

    def accept(self: Outbox, send: Send, echo: Message, draft: str, parts: Sequence[str] | None = None) -> None:
        for client_id in parts_of(send.client_id):
            sound(self, replace(send, client_id=ClientId(client_id)), echo, draft, [client_id])
            time.sleep(0.02)

    _set(Outbox, "accept", accept)


def _memory_only() -> None:
    _set(OutboxTable, "add", lambda self, row: None)


def _no_settling() -> None:
    sound = Courier._look_for

    async def look_for(self: Courier, row: OutboxRow, settle: float) -> None:
        await sound(self, row, 0.0)

    _set(Courier, "_look_for", look_for)


def _no_looking() -> None:
    async def look_for(self: Courier, row: OutboxRow, settle: float) -> None:
        await asyncio.sleep(0)
        self._give_up(row)

    _set(Courier, "_look_for", look_for)


def _hope() -> None:
    async def clear_up(self: Courier, row: OutboxRow) -> None:
        await self._pause_longer()
        self._rows.commit(replace(row, state=Delivery.QUEUED, unclear=False))

    _set(Courier, "_clear_up", clear_up)


def _newest_first() -> None:
    def head(self: Outbox, conversation_id: ConversationId) -> OutboxRow | None:
        waiting = [row for row in self._rows.values() if row.conversation_id == conversation_id]
        return next((row for row in reversed(waiting) if row.state is not Delivery.ACKED), None)

    _set(Outbox, "head", head)


def _forget_uncertain() -> None:
    sound = Courier._give_up

    def give_up(self: Courier, row: OutboxRow) -> None:
        sound(self, row)
        self._road.recorder.outbox.remove(row.client_id)

    _set(Courier, "_give_up", give_up)


def _set(owner: type[Any], name: str, broken: Callable[..., Any]) -> None:
    setattr(owner, name, broken)


MUTANTS = {
    "delete-first": Mutant(Idempotency.EXACT, "lost", _delete_first),
    "memory-only": Mutant(Idempotency.EXACT, "lost", _memory_only),
    "keep-draft": Mutant(Idempotency.EXACT, "trouble", _keep_draft),
    "parts-apart": Mutant(Idempotency.EXACT, "trouble", _parts_apart),
    "fresh-ids": Mutant(Idempotency.EXACT, "duplicated", connector=_FreshIds),
    "newest-first": Mutant(Idempotency.EXACT, "reordered", _newest_first),
    "no-settling": Mutant(Idempotency.ECHO, "duplicated", _no_settling, longest=1.0),
    "no-looking": Mutant(Idempotency.ECHO, "duplicated", _no_looking),
    "hope": Mutant(Idempotency.NONE, "duplicated", _hope),
    "forget-uncertain": Mutant(Idempotency.NONE, "lost", _forget_uncertain),
}
"""By name; each belongs to the way of the backend in which it does its damage."""
