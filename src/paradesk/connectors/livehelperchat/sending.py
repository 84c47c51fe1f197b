"""Replies, notes and files on their way out, and what can be known when the answer to one is lost."""

import asyncio
from pathlib import Path
from typing import Final

from paradesk.connectors.base import (
    AuthError,
    Conflict,
    ConnectorError,
    Gone,
    NotSent,
    Outcome,
    RateLimited,
    Rejected,
    Uncertain,
)
from paradesk.connectors.livehelperchat.client import LhcClient
from paradesk.connectors.livehelperchat.fold import CLOSED_REASON, body_of, message_of
from paradesk.connectors.livehelperchat.records import Record
from paradesk.connectors.livehelperchat.stream import LhcStream
from paradesk.connectors.livehelperchat.text import as_written, harmless, within_limit
from paradesk.connectors.livehelperchat.wire import ChatRow, ChatStatus, MessageRow, message_row
from paradesk.connectors.loose import row_of, text
from paradesk.connectors.polling import before_sending
from paradesk.core.events import MessageUpserted
from paradesk.core.intents import Send
from paradesk.core.model import LocalFile, MessageId, Visibility

MAX_ATTACHMENT: Final = 25_000_000
LOOKS: Final = (0.2, 0.8, 2.0)
"""Seconds before each look at the end of a chat for a reply whose answer was lost."""


class LhcSending:
    """Sends. There is no idempotency key: whatever is repeated is a second message, so that nothing is."""

    def __init__(self, client: LhcClient, stream: LhcStream) -> None:
        self._client = client
        self._stream = stream
        self._mine: dict[int, int] = {}
        """Chat → the newest message of ours that a send has returned: a later one cannot be it."""

    async def send(self, intent: Send) -> Outcome:
        """Deliver a reply or a note; raises Uncertain when nobody can know whether it was taken."""
        record = self._stream.record(intent.conversation_id)
        body = within_limit(harmless(intent.body))
        if not body and not intent.attachments and not intent.uploads:
            raise Rejected("there is nothing to send")
        note = intent.visibility is Visibility.NOTE
        row, _ = await before_sending(self._stream.look(record))
        self._check(row, note=note)
        for handle in intent.uploads:
            await before_sending(self._check_upload(handle))
        uploads = intent.uploads or [await self.upload(record, file, intent.attachments) for file in intent.attachments]
        whole = "\n".join([*([body] if body else []), *(f"[file={upload}]" for upload in uploads)])
        before = max(record.last, self._mine.get(record.id, 0), row.stamp[0])
        try:
            said = await self._client.write(record.id, whole, "whisper" if note else "operator")
        except Uncertain as error:
            return await self._reconciled(record, whole, note, before, error)
        written = message_row(row_of(said.get("msg")), record.id)
        if written is None or written.author != self._stream.me.id:
            raise Rejected(f"not delivered: {_words(said, written)}")
        if written.whisper is not note:
            raise Rejected(
                "the server stored it for other eyes than it was meant for: look at the chat before going on"
            )
        return await self._sent(record, row, written)

    def _check(self, row: ChatRow, *, note: bool) -> None:
        """Raise Rejected where the server would take a message that nobody can read, or would do more than send it."""
        if row.status == ChatStatus.CLOSED:
            raise Rejected(CLOSED_REASON)
        if note:
            return
        if row.status != ChatStatus.ACTIVE:
            # The server would accept the chat for us at the first message.
            raise Rejected("join the chat first")
        if row.owner != self._stream.me.id:
            raise Conflict("the chat is somebody else's now" if row.owner else "join the chat first")

    async def _sent(self, record: Record, row: ChatRow, written: MessageRow) -> Outcome:
        self._mine[record.id] = max(written.id, self._mine.get(record.id, 0))
        event = MessageUpserted(message_of(written, 2 * written.id, row))
        # With files the answer lacks what is known of them; the next look at the chat brings it.
        events = () if "[file=" in written.body else (event,)
        return Outcome(message_id=MessageId(str(written.id)), events=events)

    async def _reconciled(self, record: Record, whole: str, note: bool, before: int, error: Uncertain) -> Outcome:
        """Look whether the reply is in the chat after all; raises Uncertain where it is not, for it may still come."""
        for pause in LOOKS:
            await asyncio.sleep(pause)
            try:
                rows = await self._client.messages(record.id, before)
            except AuthError:
                raise error from None
            except ConnectorError:
                continue
            for row in rows:
                same = row.body == whole or (row.files and body_of(row) == as_written(whole))
                if row.author == self._stream.me.id and row.whisper is note and same and record.row is not None:
                    return await self._sent(record, record.row, row)
        raise Uncertain(f"{error}; it is not in the chat so far") from None

    async def upload(self, record: Record, file: LocalFile, together: tuple[LocalFile, ...] = ()) -> str:
        """Upload a file and return what a message names it by; raises NotSent where it may be tried again.

        `together`: the files of one reply, which goes as a whole or not at all.
        """
        for each in together:
            await asyncio.to_thread(read_file, each)
        content = await asyncio.to_thread(read_file, file)
        try:
            found = await self._client.upload(record.id, file.name, file.media_type, content)
        except RateLimited:
            raise
        except Uncertain as error:
            # A file that no message names has reached nobody.
            raise NotSent(f"the file {file.name!r} could not be uploaded: {error}") from None
        except Rejected as error:
            raise Rejected(f"the file {file.name!r} was refused: {error}") from None
        # It may be smaller there: a server can be set to take the metadata out of pictures.
        if found.size == 0 and content:
            raise NotSent(f"the file {file.name!r} arrived empty")
        return f"{found.id}_{found.hash}"

    async def _check_upload(self, handle: str) -> None:
        """Raise Gone for an upload that the server does not have: its mark would be sent as text."""
        number, mark, code = handle.partition("_")
        if mark and code and number.isascii() and number.isdecimal() and len(number) < 16:
            found = await self._client.file_facts(int(number))
            if found.hash == code:
                return
        raise Gone("the uploaded file is not there any more: attach it again")

    async def fetch(self, file_id: str, size: int | None) -> bytes:
        """Return a file; raises Rejected for what the server puts in the place of one that it does not give.

        It answers with a picture or a sentence of its own, and calls that a success.
        """
        if not file_id.isascii() or not file_id.isdecimal() or len(file_id) > 15:
            raise Rejected("this is no file of Live Helper Chat")
        number = int(file_id)
        if size is None:
            facts = await self._client.file_facts(number)
            size = facts.size if facts.size >= 0 else None
        if size is None:
            raise Rejected("the server does not say how large the file is, so that nothing can vouch for its content")
        if size > MAX_ATTACHMENT:
            raise Rejected(f"larger than the limit of {MAX_ATTACHMENT // 1_000_000} MB")
        content = await self._client.file(number, MAX_ATTACHMENT)
        if len(content) != size:
            raise Rejected(f"the server gave something else in the file's place ({len(content)} bytes, not {size})")
        return content


def _words(said: object, written: MessageRow | None) -> str:
    """Return why a message is not where it should be."""
    if written is not None:
        return f"the server stored something else in its place: {written.body[:120]!r}"
    told = text(row_of(said), "r").strip()
    return "the server took it for a command" if told else "the server says yes, but names no message"


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
