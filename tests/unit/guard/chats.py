"""Chats and drafts for tests of the guard."""

from collections.abc import Sequence
from typing import Any

from paradesk.core.model import (
    Agent,
    ClientId,
    Conversation,
    ConversationId,
    Customer,
    Message,
    MessageId,
    Role,
)
from paradesk.core.state import ProfileState, State, Thread
from paradesk.core.transcript import Transcript
from paradesk.guard.guard import Guard, LearnedChecks
from paradesk.guard.verdict import Check, Draft, Finding, GuardSettings, Verdict

ME = Agent("ag1", "Maria Ruiz")
ROSTER = (ME, Agent("ag2", "Ana Lopez", email="ana.l@desk.example"), Agent("@bo:desk.example", "Bo Svensson"))
NOW = 10_000.0


def message(place: int, text: str, where: str = "acme/1", **changes: Any) -> Message:
    """Return a message; `> text` is the agent's own. Sent every ten seconds until `NOW`."""
    own = text.startswith("> ")
    fields: dict[str, Any] = {
        "id": MessageId(f"m{place}"),
        "conversation_id": ConversationId(where),
        "role": Role.AGENT if own else Role.CUSTOMER,
        "sender_id": ME.id if own else "c",
        "sender_name": "",
        "body": text.removeprefix("> "),
        "sent_at": NOW - 1000 + place * 10,
        "order_key": place,
        "client_id": ClientId(f"k{place}") if own else None,
    } | changes
    return Message(**fields)


def thread(where: str, *lines: str | Message, **record: Any) -> Thread:
    """Return a chat. `record` are fields of the conversation, and of the customer those that it has."""
    of_customer = {
        key: record.pop(key) for key in ("name", "email", "phone", "company", "plan", "customer_id") if key in record
    }
    customer = Customer(
        id=of_customer.pop("customer_id", f"c-{where}"), name=of_customer.pop("name", "Sarah Chen"), **of_customer
    )
    conversation = Conversation(id=ConversationId(where), profile="acme", customer=customer, **record)
    messages = [line if isinstance(line, Message) else message(n, line, where) for n, line in enumerate(lines, 1)]
    return Thread(conversation=conversation, transcript=Transcript(messages))


def state(*threads: Thread) -> State:
    """Return a state of these chats, with this agent and colleagues."""
    profile = ProfileState(name="acme", agent=ME, roster=ROSTER)
    return State(threads={one.conversation.id: one for one in threads}, profiles={"acme": profile})


def look(
    text: str,
    *threads: Thread,
    settings: GuardSettings | None = None,
    learned: LearnedChecks | None = None,
    now: float = NOW,
    **draft: Any,
) -> Verdict:
    """Return the verdict on a draft for the first of these chats."""
    threads = threads or (thread("acme/1"),)
    ids = [one.conversation.id for one in threads]
    guard = Guard(settings or GuardSettings(), learned)
    return guard.look(Draft(conversation_id=ids[0], text=text, **draft), state(*threads), ids, now)


def only(verdict: Verdict, check: Check) -> Finding:
    """Return the finding of this check, which must be the only one."""
    assert [finding.check for finding in verdict.findings] == [check]
    return verdict.findings[0]


def silent(verdict: Verdict, *but: Check) -> bool:
    """Tell whether no check has anything to say, and none failed."""
    found: Sequence[Check] = [finding.check for finding in verdict.findings if finding.check not in but]
    assert verdict.faults == ()
    return not found
