"""Checks on the moment of sending: for whom the draft was begun, a switch in between, and lines that came meanwhile."""

from paradesk.core.model import Message, Role
from paradesk.core.transcript import sort_key
from paradesk.guard.passages import said_to_customer
from paradesk.guard.situation import Situation, quoted
from paradesk.guard.verdict import Check, Finding, Late, Severity


def target(of: Situation) -> Finding | None:
    """Object to a draft that was begun for another conversation. The composer should never let that happen."""
    begun_for = of.draft.target
    if begun_for is None or begun_for == of.draft.conversation_id:
        return None
    return Finding(check=Check.TARGET, severity=Severity.ASK, reason="begun for that chat", meant=begun_for)


def switched(of: Situation) -> Finding | None:
    """Object to characters that came right after the focus changed, while they still stand in the draft."""
    typed = of.draft.switched.strip()
    if not typed or typed not in of.draft.text or of.draft.switched_from == of.draft.conversation_id:
        return None
    return Finding(
        check=Check.SWITCHED,
        severity=Severity.ASK,
        reason=f"{quoted(typed, 30)} was typed right after the switch",
        meant=of.draft.switched_from,
        evidence=(quoted(typed),),
        risk=0.5,
    )


def late(of: Situation) -> Finding | None:
    """Object where the customer wrote after the draft was begun; the first such line is the one to look at.

    What came is told by the order of the backend. Only where nothing was on the screen at the first keystroke, or that
    message is not in memory any more, clocks are compared.
    """
    if of.settings.late is Late.OFF:
        return None
    fresh = _since(of)
    if not fresh:
        return None
    count = f"{len(fresh)} new lines, first " if len(fresh) > 1 else "new line: "
    text = fresh[0].body or (fresh[0].attachments[0].name if fresh[0].attachments else "")
    line = quoted(text)
    return Finding(
        check=Check.LATE,
        severity=Severity.ASK,
        reason=f"{count}{line}",
        evidence=(line,),
        risk=0.5,
        message_id=fresh[0].id,
    )


def _since(of: Situation) -> list[Message]:
    """Return the customer's lines that came after the draft was begun and that the agent has not been shown."""
    transcript = of.here.transcript
    looked = [of.draft.last_seen, of.draft.acknowledged]
    if of.settings.late is Late.UNREAD:
        looked.append(of.draft.read)
    known = [message for seen in looked if seen is not None and (message := transcript.get(seen)) is not None]
    if not known and of.draft.begun_at is None:
        return []
    first_key = max(map(sort_key, known), default=None)
    fresh: list[Message] = []
    for place in range(len(transcript) - 1, -1, -1):
        message = transcript[place]
        if first_key is not None and sort_key(message) <= first_key:
            break
        if message.role is not Role.CUSTOMER or not said_to_customer(message):
            continue
        if first_key is None and message.sent_at <= (of.draft.begun_at or 0.0):
            break
        fresh.append(message)
    fresh.reverse()
    return fresh
