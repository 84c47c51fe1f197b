"""Folds messages, their edits and deletions, and the replies of this desk into one transcript.

What a transcript shows is a function of what has been said so far, not of the order in which it was said: per message
the newest full version and the newest edit and deletion, per reply of this desk its delivery until the stream shows it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from paradesk.core.events import SendChanged
from paradesk.core.model import ClientId, Delivery, Message, MessageId, Role
from paradesk.core.state import Amendment, Sending, Thread
from paradesk.core.transcript import Transcript, sort_key
from paradesk.core.versions import replaces
from paradesk.core.waiting import counted, recount

# Only these two are final; among the others the version decides, and for equal versions this order.
_ORDER = {
    Delivery.QUEUED: 0,
    Delivery.SENDING: 1,
    Delivery.UNCERTAIN: 2,
    Delivery.FAILED: 3,
    Delivery.CANCELLED: 4,
    Delivery.ACKED: 5,
    Delivery.CONFIRMED: 6,
}
_FINAL = {Delivery.ACKED: 1, Delivery.CONFIRMED: 2}


def local_id(client_id: ClientId) -> MessageId:
    """Return the id under which a reply is shown until the server has given it one."""
    return MessageId(f"local:{client_id}")


def is_echo(thread: Thread, message: Message) -> bool:
    """Say whether this message of the transcript is our own copy of a reply that the stream has not shown yet."""
    return message.client_id is not None and message.client_id in thread.sends


def base_of(thread: Thread, message_id: MessageId) -> Message | None:
    """Return the newest full version of a message, without the edits that came apart from it; None if it is unknown."""
    amendment = thread.amendments.get(message_id)
    if amendment is not None:
        return amendment.base
    shown = thread.transcript.get(message_id)
    return None if shown is None or is_echo(thread, shown) else shown


def newest(old: Message | None, new: Message) -> Message:
    """Return the newer of two full versions of a message; a client id that either carries is kept."""
    if old is None:
        return new
    client_id = max(filter(None, (old.client_id, new.client_id)), default=None)
    old, new = replace(old, client_id=client_id), replace(new, client_id=client_id)
    return new if replaces(new.version, new, old.version, old) else old


def amended(amendment: Amendment) -> Amendment | None:
    """Return the amendment without what its message has overtaken; None when nothing is left."""
    base, edit, deleted = amendment.base, amendment.edit, amendment.deleted
    if base is not None:
        edit = edit if edit is not None and edit[0] >= base.version else None
        deleted = deleted if deleted is not None and deleted >= base.version else None
    if edit is None and deleted is None:
        return None
    return Amendment(base=base, edit=edit, original="" if edit is None else amendment.original, deleted=deleted)


def join_amendments(one: Amendment, other: Amendment) -> Amendment:
    """Return what both say together, with the base of whichever is newer."""
    edits = [(amendment.edit, amendment.original) for amendment in (one, other) if amendment.edit is not None]
    deletions = [amendment.deleted for amendment in (one, other) if amendment.deleted is not None]
    base = one.base if other.base is None else newest(one.base, other.base)
    edit, original = max(edits, default=(None, ""))
    return Amendment(base=base, edit=edit, original=original, deleted=max(deletions, default=None))


def shown(base: Message, amendment: Amendment | None) -> Message:
    """Return the message as a reader sees it: a deletion outlasts every edit."""
    if amendment is None or (amendment.edit is None and amendment.deleted is None):
        return base
    versions = [base.version]
    versions += [amendment.edit[0]] if amendment.edit is not None else []
    versions += [amendment.deleted] if amendment.deleted is not None else []
    if amendment.deleted is not None or base.deleted:
        return replace(base, body="", original="", attachments=(), deleted=True, version=max(versions))
    body, original = base.body, base.original
    if amendment.edit is not None:
        body, original = amendment.edit[1], amendment.original
    return replace(base, body=body, original=original, edited=True, version=max(versions))


def upsert(thread: Thread, message: Message) -> Thread:
    """Return the thread in which this version of a message has been taken in."""
    message_id = message.id
    mine = None if message.client_id is None else thread.transcript.by_client(message.client_id)
    if mine is not None and mine.id != message_id and not is_echo(thread, mine):
        # The agent said that this reply had arrived, and its own copy was kept; the backend's takes its place.
        ours = local_id(mine.client_id) if mine.client_id is not None else None
        if message_id == ours:
            return thread
        if mine.id == ours:
            left = thread.transcript.without(mine.id)
            waiting_since, unread = recount(thread, left, thread.seen)
            thread = replace(thread, transcript=left, waiting_since=waiting_since, unread=unread)
    sends = thread.sends
    closed: list[ClientId] = []
    if sends:
        closed = [key for key, send in sends.items() if key == message.client_id or send.message_id == message_id]
        if closed and message.client_id is None:
            message = replace(message, client_id=min(closed))
    old_base = base_of(thread, message_id)
    base = newest(old_base, message)
    if base == old_base and not closed:
        return thread
    amendment = thread.amendments.get(message_id)
    amendments = thread.amendments
    if amendment is not None:
        amendment = amended(replace(amendment, base=base))
        amendments = _with(amendments, message_id, amendment)
    new = shown(base, amendment)
    old = thread.transcript.get(message_id)
    transcript = thread.transcript
    for client_id in closed:
        transcript = _without_echo(transcript, client_id, sends[client_id])
    transcript = transcript.put(new)
    if closed:
        thread = replace(thread, sends={key: send for key, send in sends.items() if key not in closed})
        waiting_since, unread = recount(thread, transcript, thread.seen)
    else:
        waiting_since, unread = counted(thread, transcript, old, new)
    thread = replace(
        thread,
        transcript=transcript,
        amendments=amendments,
        waiting_since=waiting_since,
        unread=unread,
        version=thread.version + 1,
    )
    return mark_read(thread, message_id) if message_id in thread.read_ahead else thread


def upsert_all(thread: Thread, messages: Iterable[Message]) -> Thread:
    """Return the thread with a page of messages taken in: one copy of the transcript for those that are new."""
    plain: dict[MessageId, Message] = {}
    single: list[Message] = []
    for message in messages:
        message_id = message.id
        simple = (
            message_id not in plain
            and thread.transcript.get(message_id) is None
            and message_id not in thread.amendments
            and message_id not in thread.read_ahead
            and not thread.sends
        )
        if simple:
            plain[message_id] = message
        else:
            single.append(message)
    if plain:
        transcript = thread.transcript.put_all(plain.values())
        waiting_since, unread = recount(thread, transcript, thread.seen)
        thread = replace(
            thread, transcript=transcript, waiting_since=waiting_since, unread=unread, version=thread.version + 1
        )
    for message in single:
        thread = upsert(thread, message)
    return thread


def amend(
    thread: Thread,
    message_id: MessageId,
    *,
    edit: tuple[int, str] | None = None,
    original: str = "",
    deleted: int | None = None,
) -> Thread:
    """Return the thread in which a message was edited or deleted; remembered while the message is unknown."""
    old = thread.amendments.get(message_id)
    base = base_of(thread, message_id)
    said = Amendment(base=base, edit=edit, original=original, deleted=deleted)
    amendment = amended(said if old is None else join_amendments(old, said))
    if amendment == old:
        return thread
    thread = replace(thread, amendments=_with(thread.amendments, message_id, amendment))
    if base is None:
        return thread
    before = thread.transcript.get(message_id)
    after = shown(base, amendment)
    transcript = thread.transcript.put(after)
    waiting_since, unread = counted(thread, transcript, before, after)
    return replace(
        thread, transcript=transcript, waiting_since=waiting_since, unread=unread, version=thread.version + 1
    )


def change_send(thread: Thread, event: SendChanged) -> Thread:
    """Return the thread in which a reply of this desk has come further, or has failed."""
    client_id = event.client_id
    old = thread.sends.get(client_id)
    if old is None and thread.transcript.by_client(client_id) is not None:
        return thread
    send = _joined(old, event)
    if send == old:
        return thread
    base = None if send.message_id is None else base_of(thread, send.message_id)
    before = None if old is None else _echo(client_id, old)
    if base is not None:
        # The stream was faster than the answer that says which message this is.
        transcript = thread.transcript if before is None else thread.transcript.without(before.id)
        thread = replace(thread, transcript=transcript, sends={**thread.sends, client_id: send})
        return upsert(thread, base if base.client_id is not None else replace(base, client_id=client_id))
    transcript = thread.transcript
    after = _echo(client_id, send)
    if before is not None and (after is None or before.id != after.id):
        transcript = transcript.without(before.id)
    if after is not None:
        transcript = transcript.put(after)
    thread = replace(thread, sends={**thread.sends, client_id: send})
    if before is not None and after is not None and before.id != after.id:
        waiting_since, unread = recount(thread, transcript, thread.seen)
    else:
        waiting_since, unread = counted(thread, transcript, before, after)
    was_held = None if old is None else old.held_until
    changed = 0 if before == after and was_held == send.held_until else 1
    return replace(
        thread, transcript=transcript, waiting_since=waiting_since, unread=unread, version=thread.version + changed
    )


def mark_read(thread: Thread, message_id: MessageId) -> Thread:
    """Return the thread in which the customer has read up to this message, which may not have arrived."""
    base = base_of(thread, message_id)
    if base is None:
        if message_id in thread.read_ahead:
            return thread
        return replace(thread, read_ahead=thread.read_ahead | {message_id})
    if message_id in thread.read_ahead:
        thread = replace(thread, read_ahead=thread.read_ahead - {message_id})
    current = None if thread.read_by_customer is None else thread.transcript.get(thread.read_by_customer)
    if current is not None and sort_key(current) >= sort_key(base):
        return thread
    return replace(thread, read_by_customer=message_id, version=thread.version + 1)


def clears_typing(thread: Thread, message: Message) -> bool:
    """Say whether this message is what the customer was typing."""
    return thread.typing is not None and thread.typing.customer and message.role is Role.CUSTOMER


def _joined(old: Sending | None, event: SendChanged) -> Sending:
    said = Sending(
        delivery=event.delivery,
        version=event.version,
        reason=event.reason,
        message=event.message,
        message_id=event.message_id,
        held_until=event.held_until,
    )
    if old is None:
        return said
    holds = max(old, said, key=_standing)
    message = event.message if old.message is None else old.message
    if old.message is not None and event.message is not None:
        message = newest(old.message, event.message)
    ids = [message_id for message_id in (old.message_id, event.message_id) if message_id is not None]
    return replace(holds, message=message, message_id=max(ids, default=None))


def _standing(send: Sending) -> tuple[int, int, int, str, float]:
    held = -1.0 if send.held_until is None else send.held_until
    return _FINAL.get(send.delivery, 0), send.version, _ORDER[send.delivery], send.reason, held


def _echo(client_id: ClientId, send: Sending) -> Message | None:
    if send.message is None or send.delivery is Delivery.CANCELLED:
        return None
    return replace(
        send.message,
        id=send.message_id or local_id(client_id),
        client_id=client_id,
        delivery=send.delivery,
        delivery_reason=send.reason,
    )


def _without_echo(transcript: Transcript, client_id: ClientId, send: Sending) -> Transcript:
    echo = _echo(client_id, send)
    return transcript if echo is None else transcript.without(echo.id)


def _with(
    amendments: Mapping[MessageId, Amendment], message_id: MessageId, amendment: Amendment | None
) -> Mapping[MessageId, Amendment]:
    changed = dict(amendments)
    if amendment is None:
        changed.pop(message_id, None)
    else:
        changed[message_id] = amendment
    return changed
