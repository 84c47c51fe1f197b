"""What the agent wants, done at Chatwoot. Every refusal that needs no I/O comes before any.

A change brings more with it than it names: opening assigns, teams assign, Chatwoot writes lines of its own. So after
each the conversation is read again, and what it is then is the outcome.
"""

import asyncio
from collections import defaultdict
from pathlib import Path
from typing import Final

from paradesk.connectors.base import Conflict, ConnectorError, Gone, Outcome, ProtocolError, Rejected, Unsupported
from paradesk.connectors.chatwoot.account import TEAM, ChatwootAccount, People, conversation_path
from paradesk.connectors.chatwoot.board import Board
from paradesk.connectors.chatwoot.client import File, encode
from paradesk.connectors.chatwoot.preparing import MAX_BODY
from paradesk.connectors.chatwoot.stream import ChatwootStream
from paradesk.connectors.chatwoot.tickets import CANNOT_REPLY, conversation_from, version_of
from paradesk.connectors.chatwoot.values import TO_PRESENCE, TO_PRIORITY, TO_STATUS
from paradesk.connectors.chatwoot.wire import Labels, MessageRecord, ToggleAnswer
from paradesk.core.events import ConversationUpserted, Event
from paradesk.core.intents import (
    Assign,
    ChangeTags,
    Intent,
    Join,
    Leave,
    MarkRead,
    Send,
    SetPresence,
    SetPriority,
    SetStatus,
    SetTyping,
    Transfer,
)
from paradesk.core.model import Agent, Conversation, ConversationId, LocalFile, MessageId, Status, Visibility

MAX_FILE: Final = 40_000_000
"""Bytes of a file, as Chatwoot has it unless configured otherwise."""
MAX_FILES: Final = 15
"""Files of one message."""
LABEL_TRIES: Final = 3


class ChatwootActions:
    """Performs intents in the name of the account's agent."""

    def __init__(self, account: ChatwootAccount, stream: ChatwootStream) -> None:
        self._account = account
        self._stream = stream
        self._labelling: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def perform(self, intent: Intent) -> Outcome:
        """Carry out one intent; raises a ConnectorError that says whether it may have happened."""
        match intent:
            case Send():
                return await self._send(intent)
            case SetStatus():
                return await self._set_status(intent)
            case SetPriority():
                path = conversation_path(intent.conversation_id, "toggle_priority")
                await self._account.tell(path, {"priority": TO_PRIORITY[intent.priority]})
                return await self._outcome(intent.conversation_id)
            case ChangeTags():
                async with self._labelling[intent.conversation_id]:
                    await self._change_labels(intent)
                return await self._outcome(intent.conversation_id)
            case Join():
                return await self._assign(intent.conversation_id, {"assignee_id": int(self._me.id)})
            case Leave():
                return await self._assign(intent.conversation_id, {"assignee_id": None})
            case Assign():
                return await self._assign(intent.conversation_id, self._whom(intent.assignee_id))
            case Transfer():
                return await self._transfer(intent)
            case SetPresence():
                return await self._set_presence(intent)
            case SetTyping():
                path = conversation_path(intent.conversation_id, "toggle_typing_status")
                await self._account.tell(path, {"typing_status": "on" if intent.typing else "off", "is_private": False})
                return Outcome()
            case MarkRead():
                await self._account.tell(conversation_path(intent.conversation_id, "update_last_seen"))
                return Outcome()
        raise Unsupported(f"Chatwoot has no such action ({type(intent).__name__})")

    @property
    def _people(self) -> People:
        return self._account.people

    @property
    def _me(self) -> Agent:
        return self._people.me

    async def _conversation(self, conversation_id: ConversationId) -> Conversation:
        """Return what is known of a conversation, and ask where nothing is; raises Rejected where there is none."""
        board = self._stream.board
        known = board.known.get(conversation_id) if board is not None else None
        if known is not None:
            return known.conversation
        return conversation_from(await self._stream.read(conversation_id), self._people)

    async def _outcome(self, conversation_id: ConversationId) -> Outcome:
        """Return what the conversation is now. That it cannot be read changes nothing about what has been done."""
        try:
            record = await self._stream.read(conversation_id)
        except ConnectorError:
            return Outcome()
        board: Board | None = self._stream.board
        if board is None:
            event: Event = ConversationUpserted(conversation_from(record, self._people), version_of(record))
            return Outcome(events=(event,))
        return Outcome(events=tuple(board.take_conversation(record, news=False)))

    # Replies

    async def _send(self, intent: Send) -> Outcome:
        private = intent.visibility is not Visibility.PUBLIC
        size = len(intent.body.encode("utf-8", "replace"))
        if size > MAX_BODY:
            raise Rejected(f"too long: a message at Chatwoot holds {MAX_BODY:,} bytes")
        if len(intent.attachments) > MAX_FILES:
            raise Rejected(f"too many files: a message at Chatwoot carries {MAX_FILES}")
        path = conversation_path(intent.conversation_id, "messages")
        conversation = await self._conversation(intent.conversation_id)
        if not private:
            if "send" in conversation.absent:
                raise Unsupported(CANNOT_REPLY)
            if not conversation.joined:
                raise Rejected("join this chat before you answer it")
        ours = {"paradesk_id": intent.client_id}
        if intent.attachments:
            files = [await asyncio.to_thread(read_file, file) for file in intent.attachments]
            fields = {
                "content": intent.body,
                "private": "true" if private else "false",
                "message_type": "outgoing",
                "echo_id": str(intent.client_id),
                "content_attributes": encode(ours).decode(),
            }
            record = await self._account.post_form(path, fields, files)
        else:
            body = {
                "content": intent.body,
                "private": private,
                "message_type": "outgoing",
                "echo_id": intent.client_id,
                "content_attributes": ours,
            }
            record = await self._account.call("POST", path, MessageRecord, json=body)
        self._account.check_owner(record.account_id)
        if record.conversation_id not in (None, int(intent.conversation_id)):
            raise ProtocolError("Chatwoot answers with a message of another conversation")
        if private and record.private is False:
            raise ProtocolError("Chatwoot has kept this note as a public message: look at the conversation")
        return Outcome(message_id=MessageId(str(record.id)))

    # The ticket

    async def _set_status(self, intent: SetStatus) -> Outcome:
        path = conversation_path(intent.conversation_id, "toggle_status")
        if intent.status not in TO_STATUS:
            raise Unsupported(f"Chatwoot has no status “{intent.status.value}”")
        # Without a status it would toggle, whatever the agent saw.
        wanted = TO_STATUS[intent.status]
        body: dict[str, object] = {"status": wanted}
        if intent.snoozed_until is not None and intent.status is not Status.SOLVED:
            wanted = "snoozed"
            body = {"status": wanted, "snoozed_until": int(intent.snoozed_until)}
        answer = await self._account.call("POST", path, ToggleAnswer, json=body)
        now = answer.payload.current_status
        if answer.payload.success is False or now not in (None, wanted):
            raise Conflict(f"the conversation is “{now or 'unchanged'}” now, not “{wanted}”: look at it again")
        return await self._outcome(intent.conversation_id)

    async def _change_labels(self, intent: ChangeTags) -> None:
        """Read, change and write the whole set, and look whether somebody else has written in between."""
        comma = next((tag for tag in intent.add if "," in tag), None)
        if comma is not None:
            raise Rejected(f"the tag {comma!r} holds a comma, at which Chatwoot would part it in two")
        path = conversation_path(intent.conversation_id, "labels")
        labels = (await self._account.call("GET", path, Labels)).payload
        for _ in range(LABEL_TRIES):
            wanted = [label for label in labels if label not in intent.remove]
            wanted += sorted(intent.add - intent.remove - set(wanted))
            if wanted == labels:
                return
            await self._account.call("POST", path, Labels, json={"labels": wanted})
            labels = (await self._account.call("GET", path, Labels)).payload
        if not intent.add - intent.remove <= set(labels) or intent.remove & set(labels):
            raise Conflict("somebody else changes the labels of this conversation at the same time: look at them again")

    async def _assign(self, conversation_id: ConversationId, whom: dict[str, object]) -> Outcome:
        path = conversation_path(conversation_id, "assignments")
        await self._account.tell(path, whom)
        return await self._outcome(conversation_id)

    def _whom(self, assignee_id: str | None) -> dict[str, object]:
        if assignee_id is None:
            return {"assignee_id": None}
        target = self._people.target(assignee_id)
        if target is None:
            raise Rejected("not a colleague or team of this account")
        if target.kind == "team":
            return {"team_id": int(target.id.removeprefix(TEAM))}
        return {"assignee_id": int(target.id)}

    async def _transfer(self, intent: Transfer) -> Outcome:
        whom = self._whom(intent.target_id)
        if intent.target_id == self._me.id:
            raise Rejected("this is you: hand it to somebody else")
        path = conversation_path(intent.conversation_id, "messages")
        if intent.note:
            # Written first: whoever is told of the conversation finds it there.
            body = {"content": intent.note, "private": True, "message_type": "outgoing"}
            await self._account.call("POST", path, MessageRecord, json=body)
        try:
            outcome = await self._assign(intent.conversation_id, whom)
        except Rejected as error:
            written = "; the note has been written" if intent.note else ""
            raise type(error)(f"{error}{written}") from None
        if "team_id" in whom:
            try:
                record = await self._stream.read(intent.conversation_id)
            except Gone:
                return outcome
            if conversation_from(record, self._people).joined:
                # Chatwoot leaves it with us where we are of that team, or it assigns by hand only.
                return await self._assign(intent.conversation_id, {"assignee_id": None})
        return outcome

    async def _set_presence(self, intent: SetPresence) -> Outcome:
        if intent.presence not in TO_PRESENCE:
            raise Unsupported(f"Chatwoot has no presence “{intent.presence.value}”")
        wanted = {"account_id": self._account.number, "availability": TO_PRESENCE[intent.presence]}
        await self._account.tell_profile("availability", {"profile": wanted})
        board = self._stream.board
        return Outcome(events=tuple(board.present_as(intent.presence)) if board is not None else ())


def read_file(file: LocalFile) -> File:
    """Return a file as it is sent; raises Rejected when it is too large or unreadable."""
    try:
        with Path(file.path).open("rb") as opened:
            content = opened.read(MAX_FILE + 1)
    except OSError as error:
        raise Rejected(f"the file {file.name!r} cannot be read: {error.strerror or type(error).__name__}") from None
    if len(content) > MAX_FILE:
        raise Rejected(f"the file {file.name!r} is larger than the limit of {MAX_FILE // 1_000_000} MB")
    return file.name, file.media_type, content
