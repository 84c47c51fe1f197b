"""What the agent wants, done to Zendesk. Every refusal that needs no I/O comes before any.

Each change names the state of the ticket that it was decided on; where the ticket has changed since, Zendesk refuses it
whole. It is repeated with the new state only when what changed does not touch what the agent decided.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from paradesk.connectors.base import (
    AuthError,
    Conflict,
    ConnectorError,
    NotSent,
    Outcome,
    RateLimited,
    Rejected,
    Uncertain,
    Unsupported,
)
from paradesk.connectors.polling import before_sending
from paradesk.connectors.zendesk.client import Json, ZendeskClient
from paradesk.connectors.zendesk.fold import CLOSED_REASON, GROUP, WORDS, conversation_id
from paradesk.connectors.zendesk.records import Record
from paradesk.connectors.zendesk.stream import ZendeskStream
from paradesk.connectors.zendesk.text import harmless, same_text, within_limit
from paradesk.connectors.zendesk.wire import TicketRow
from paradesk.core.events import Event, MessageUpserted
from paradesk.core.intents import (
    Assign,
    ChangeTags,
    CreateConversation,
    Intent,
    Join,
    Leave,
    Send,
    SetPriority,
    SetStatus,
    Transfer,
)
from paradesk.core.model import LocalFile, Message, MessageId, Role, Status, Visibility

SETTABLE: Final = frozenset({Status.OPEN, Status.PENDING, Status.ON_HOLD, Status.SOLVED})
MAX_ATTACHMENT: Final = 25_000_000
LOOKS: Final = (0.5, 1.5, 3.0)
"""Seconds before each look at a ticket for a comment whose answer was lost."""
ATTEMPTS: Final = 3


def check_able(intent: Intent) -> None:
    """Raise Unsupported, with the reason, for what this connector cannot do."""
    if isinstance(intent, SetStatus):
        if intent.status not in SETTABLE:
            raise Unsupported("Zendesk sets this status by itself")
        if intent.snoozed_until is not None:
            raise Unsupported("Zendesk cannot wake a ticket up again")
    elif not isinstance(
        intent, Send | SetPriority | ChangeTags | Join | Leave | Assign | Transfer | CreateConversation
    ):
        raise Unsupported("Zendesk tickets have no such thing")


class ZendeskActions:
    """Performs intents for one run of the connector."""

    def __init__(self, client: ZendeskClient, stream: ZendeskStream, roster: frozenset[str]) -> None:
        self._client = client
        self._stream = stream
        self._roster = roster

    async def perform(self, intent: Intent) -> Outcome:
        """Carry out one intent; raises a ConnectorError that says whether it may have happened."""
        match intent:
            case Send():
                return await self._send(intent)
            case CreateConversation():
                return await self._create(intent)
            case SetStatus():
                record = self._record(intent)
                if intent.status is Status.SOLVED and record.row is not None and not record.row.assignee:
                    raise Rejected("take the ticket first: Zendesk solves only what somebody has")
                return await self._change(record, {"status": WORDS[intent.status]}, {"status"})
            case SetPriority():
                return await self._change(self._record(intent), {"priority": intent.priority.value}, {"priority"})
            case ChangeTags():
                return await self._change_tags(self._record(intent), intent)
            case Join():
                return await self._join(self._record(intent))
            case Leave():
                return await self._leave(self._record(intent))
            case Assign():
                record = self._record(intent)
                return await self._change(record, self._target(intent.assignee_id), {"assignee", "group"})
            case Transfer():
                record = self._record(intent)
                fields = self._target(intent.target_id)
                if intent.note.strip():
                    # One change: the note comes with the hand-over, or neither does.
                    fields = {**fields, "comment": {"body": harmless(intent.note), "public": False}}
                return await self._change(record, fields, {"assignee", "group"})
            case _:
                raise Unsupported("Zendesk tickets have no such thing")

    def _record(self, intent: SetStatus | SetPriority | ChangeTags | Join | Leave | Assign | Transfer | Send) -> Record:
        record = self._stream.record(intent.conversation_id)
        if record.row is not None and record.row.status == "closed":
            raise Rejected(CLOSED_REASON)
        return record

    # Changes

    async def _change(self, record: Record, fields: Json, watched: set[str]) -> Outcome:
        _, _, events = await self._update(record, fields, watched)
        return Outcome(events=tuple(events))

    async def _update(
        self, record: Record, fields: Json, watched: set[str], *, heard: bool = False
    ) -> tuple[TicketRow, int, list[Event]]:
        """Change a ticket; returns it, the audit's id, and what to tell. Raises Conflict where `watched` has changed.

        `heard`: what others wrote meanwhile is a conflict too.
        """
        attempt = 1
        while True:
            row = record.row
            if row is None:
                raise Conflict("it is not yours any more")
            version = self._stream.records.versions.next()
            try:
                changed, audit = await self._client.update(record.id, fields, row.stamp)
            except Conflict:
                now, _ = await before_sending(self._stream.look(record))
                differs = [name for name in sorted(watched) if getattr(row, name) != getattr(now, name)]
                if differs:
                    raise Conflict(
                        f"somebody changed the {' and the '.join(differs)} meanwhile: look at it first"
                    ) from None
                if heard and await before_sending(self._heard(record)):
                    raise Conflict("somebody wrote meanwhile: read it first, then send") from None
                attempt += 1
                if attempt > ATTEMPTS or now.stamp == row.stamp:
                    raise Conflict("the ticket keeps changing: try again") from None
                continue
            _, events = await self._stream.take(changed, version)
            return changed, audit, events

    async def _heard(self, record: Record) -> bool:
        """Tell whether others have written what the agent cannot have read."""
        news = self._stream.news(record, await self._stream.messages(record))
        mine = str(self._stream.people.me.id)
        return any(
            isinstance(event, MessageUpserted)
            and event.message.sender_id != mine
            and event.message.visibility is Visibility.PUBLIC
            and event.message.role is not Role.SYSTEM
            for event in news
        )

    async def _change_tags(self, record: Record, intent: ChangeTags) -> Outcome:
        wrong = next((tag for tag in sorted(intent.add) if not tag or any(one.isspace() for one in tag)), None)
        if wrong is not None:
            raise Rejected(f"a tag at Zendesk has no spaces in it: {wrong!r}")
        if intent.add:
            await self._client.change_tags(record.id, "PUT", sorted(intent.add))
        if intent.remove:
            await self._client.change_tags(record.id, "DELETE", sorted(intent.remove))
        _, events = await self._stream.look(record)
        return Outcome(events=tuple(events))

    async def _join(self, record: Record) -> Outcome:
        me = self._stream.people.me.id
        row, events = await self._stream.look(record)
        if row.status in ("closed", "deleted"):
            raise Rejected(CLOSED_REASON)
        if row.assignee == me:
            return Outcome(events=tuple(events))
        if row.assignee:
            agent = self._stream.people.agent(row.assignee)
            raise Conflict(f"{agent.name if agent else 'somebody'} has taken it")
        fields = {"assignee_id": me, **({"status": "open"} if row.status == "new" else {})}
        return await self._change(record, fields, {"assignee"})

    async def _leave(self, record: Record) -> Outcome:
        if record.row is None or record.row.assignee != self._stream.people.me.id:
            raise Rejected("it is not a ticket of yours")
        return await self._change(record, {"assignee_id": None}, {"assignee"})

    def _target(self, target: str | None) -> Mapping[str, object]:
        if target is None:
            return {"assignee_id": None}
        me = str(self._stream.people.me.id)
        if target != me and target not in self._roster:
            raise Rejected("nobody of that id is on the roster")
        if target.startswith(GROUP):
            return {"group_id": int(target.removeprefix(GROUP)), "assignee_id": None}
        return {"assignee_id": int(target)}

    # Replies

    async def _send(self, intent: Send) -> Outcome:
        record = self._record(intent)
        note = intent.visibility is Visibility.NOTE
        body = within_limit(harmless(intent.body)).strip()
        if not body and not intent.attachments and not intent.uploads:
            raise Rejected("there is nothing to send")
        if not note and (record.row is None or record.row.assignee != self._stream.people.me.id):
            raise Rejected("join the ticket first")
        for file in intent.attachments:
            await asyncio.to_thread(read_file, file)
        uploads = list(intent.uploads) or [await self.upload(file) for file in intent.attachments]
        # A comment has to say something.
        text = body or ", ".join(file.name for file in intent.attachments) or "see the file"
        comment: dict[str, object] = {"body": text, "public": not note}
        if uploads:
            comment["uploads"] = uploads
        before = {message.id for message in await before_sending(self._stream.messages(record))}
        try:
            _, audit, events = await self._update(
                record, {"comment": comment}, {"status", "assignee"} if not note else set(), heard=not note
            )
        except Uncertain as error:
            found = await self._find(record, text, note, before)
            if found is None:
                raise Uncertain(f"{error}; it is not in the ticket so far") from None
            return Outcome(message_id=found.id, events=(MessageUpserted(found),))
        written = await self._written(record, audit, text, note, before)
        if written is None:
            return Outcome(events=tuple(events))
        return Outcome(message_id=written.id, events=(*events, MessageUpserted(written)))

    async def _written(
        self, record: Record, audit: int, text: str, note: bool, before: set[MessageId]
    ) -> Message | None:
        """Return the comment that an update has written, or None where it cannot be read now: the stream brings it."""
        try:
            comments, users = await self._client.comments(record.id)
        except ConnectorError:
            return None
        self._stream.people.learn(users)
        messages = self._stream.fold(record, comments)
        ids = {str(comment.id) for comment in comments if audit and comment.audit == audit}
        return next((one for one in messages if one.id in ids), None) or self._mine(messages, text, note, before)

    async def _find(self, record: Record, text: str, note: bool, before: set[MessageId]) -> Message | None:
        """Look whether a reply is in the ticket after all."""
        for pause in LOOKS:
            await asyncio.sleep(pause)
            try:
                found = self._mine(await self._stream.messages(record), text, note, before)
            except AuthError:
                return None
            except ConnectorError:
                continue
            if found is not None:
                return found
        return None

    def _mine(self, messages: list[Message], text: str, note: bool, before: set[MessageId]) -> Message | None:
        me, visibility = str(self._stream.people.me.id), Visibility.NOTE if note else Visibility.PUBLIC
        for message in messages:
            mine = message.id not in before and message.sender_id == me and message.visibility is visibility
            if mine and same_text(message.body, text):
                return message
        return None

    async def upload(self, file: LocalFile) -> str:
        """Upload a file and return its token, good for an hour; raises NotSent where it may be tried again."""
        content = await asyncio.to_thread(read_file, file)
        try:
            return await self._client.upload(file.name, file.media_type, content)
        except RateLimited:
            raise
        except Uncertain as error:
            # A file that no comment names has reached nobody.
            raise NotSent(f"the file {file.name!r} could not be uploaded: {error}") from None

    async def _create(self, intent: CreateConversation) -> Outcome:
        if not intent.body.strip():
            raise Rejected("a ticket at Zendesk begins with a message: write one")
        body = within_limit(harmless(intent.body))
        fields: dict[str, object] = {
            **(await self._requester(intent.customer.strip())),
            "subject": intent.subject.strip() or body[:80],
            "comment": {"body": body, "public": True},
            "assignee_id": self._stream.people.me.id,
            "status": "open",
        }
        version = self._stream.records.versions.next()
        row, events = await self._stream.take(await self._client.create(fields), version)
        return Outcome(conversation_id=conversation_id(row.id), events=tuple(events))

    async def _requester(self, customer: str) -> Json:
        """Return for whom a ticket is: an e-mail address, or `#` and the number of a closed ticket to follow up."""
        if customer.startswith("#"):
            number = customer[1:]
            if not number.isascii() or not number.isdecimal() or len(number) > 16:
                raise Rejected("a follow-up names a closed ticket, such as #1245")
            source = await self._client.ticket(int(number))
            if source.status != "closed":
                raise Rejected(f"ticket {number} is not closed: answer there instead")
            return {"requester_id": source.requester, "via_followup_source_id": source.id}
        name, at, host = customer.rpartition("@")
        if not at or not name or not host or any(one.isspace() for one in customer):
            raise Rejected(
                "a customer of Zendesk is addressed by e-mail, a follow-up by # and the number of its ticket"
            )
        return {"requester": {"email": customer, "name": name}}


def read_file(file: LocalFile) -> bytes:
    """Return the content of a file; raises Rejected when it is too large or unreadable."""
    try:
        with Path(file.path).open("rb") as opened:
            content = opened.read(MAX_ATTACHMENT + 1)
    except OSError as error:
        raise Rejected(f"the file {file.name!r} cannot be read: {error.strerror or type(error).__name__}") from None
    if len(content) > MAX_ATTACHMENT:
        raise Rejected(f"the file {file.name!r} is larger than the limit of {MAX_ATTACHMENT // 1_000_000} MB")
    return content
