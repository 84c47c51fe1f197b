"""A reply in parts: what its connector makes of it before it is accepted, and how the parts belong together in the outbox."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from paradesk.connectors.base import ConnectorError, Prepared, Rejected
from paradesk.core.fold import local_id
from paradesk.core.intents import Send
from paradesk.core.model import ClientId, Delivery, Message
from paradesk.core.text import clean_line, clean_text
from paradesk.desk.intake import backend_id, storable
from paradesk.desk.lane import Lane
from paradesk.desk.outbox_rows import OutboxRow
from paradesk.desk.reasons import reason

_REMARKS = 20
"""So many remarks are shown, at most."""


def prepare(lane: Lane, send: Send) -> Prepared | None:
    """Return what the backend will be given, in the words of its connector; None while that has not been built.

    Any thread. Raises Rejected, with a reason for the agent, for what cannot be carried or not be prepared.
    """
    connector = lane.connector
    if connector is None:
        return None
    try:
        made = connector.prepare(replace(send, conversation_id=backend_id(send.conversation_id)))
        parts = tuple(storable(part) for part in made.parts)
        remarks = tuple(clean_line(remark, 200) for remark in made.remarks[:_REMARKS])
    except Rejected as error:
        error.args = (reason(error, connector, lane.title), *error.args[1:])
        raise
    except ConnectorError as error:
        raise Rejected(reason(error, connector, lane.title)) from error
    except Exception as error:
        # A defect there must not take the desk with it, and the text is kept where it was typed.
        raise Rejected(f"{lane.title} could not prepare it ({type(error).__name__})") from error
    if send.attachments:
        parts = parts or ("",)
    elif not parts or not all(part.strip() for part in parts):
        raise Rejected(f"{lane.title} has nothing left of it to send")
    return Prepared(parts, remarks)


def part_id(client_id: ClientId, number: int) -> ClientId:
    """Return the client id of part `number` (from 0) of a reply; the first keeps the reply's own."""
    return client_id if number == 0 else ClientId(f"{client_id}.{number + 1}")


def rows_of(send: Send, echo: Message, parts: Sequence[str] | None, not_before: float | None) -> list[OutboxRow]:
    """Return the rows of a reply, in order; `parts` None: it could not be prepared yet and is kept as it was written.

    The files go with the first part, and so does the hold: the others wait behind it anyway.
    """
    texts = (send.body,) if parts is None else tuple(parts)
    rows: list[OutboxRow] = []
    for number, text in enumerate(texts):
        client_id, first = part_id(send.client_id, number), number == 0
        shown = replace(
            echo,
            id=local_id(client_id),
            client_id=client_id,
            body=clean_text(text),
            order_key=echo.order_key + number,
            attachments=echo.attachments if first else (),
        )
        rows.append(
            OutboxRow(
                client_id=client_id,
                conversation_id=send.conversation_id,
                body=text,
                visibility=send.visibility,
                attachments=send.attachments if first else (),
                echo=shown,
                hold=send.hold if first and not_before is not None else 0.0,
                not_before=not_before if first else None,
                prepared=parts is not None,
                reply_id=send.client_id if len(texts) > 1 else None,
                parts=len(texts),
                whole=send.body if first and texts != (send.body,) else "",
            )
        )
    return rows


def split_rows(row: OutboxRow, parts: Sequence[str]) -> list[OutboxRow]:
    """Return the rows of a reply that could not be prepared when it was accepted; the first goes on where it was."""
    send = Send(
        conversation_id=row.conversation_id,
        body=row.body,
        visibility=row.visibility,
        client_id=row.client_id,
        attachments=row.attachments,
    )
    # What was shown before was the text as it was written: this is newer.
    made = rows_of(send, replace(row.echo, version=row.echo.version + 1), parts, None)
    # In its place in the transcript as well: what was accepted behind it has the order keys that follow.
    first, *others = (replace(part, echo=replace(part.echo, order_key=row.echo.order_key)) for part in made)
    same = replace(first, hold=row.hold, not_before=row.not_before, uploads=row.uploads, reason=row.reason)
    return [replace(same, version=row.version + 1), *others]


def taken_with(row: OutboxRow, rows: Iterable[OutboxRow]) -> list[OutboxRow]:
    """Return the parts that go back into the draft together with `row`, in order: all of its reply that have not left."""
    if row.reply_id is None:
        return [row]
    mine = [other for other in rows if other.reply_id == row.reply_id]
    return [other for other in mine if other.client_id == row.client_id or _here(other)]


def text_of(rows: Sequence[OutboxRow]) -> str:
    """Return what these parts come to: the reply as it was written where all of them are there, else their own texts."""
    first = rows[0]
    if len(rows) == first.parts:
        return first.whole or first.body
    return "\n".join(row.body for row in rows)


def _here(row: OutboxRow) -> bool:
    return row.state is Delivery.FAILED or (row.state is Delivery.QUEUED and not row.unclear)
