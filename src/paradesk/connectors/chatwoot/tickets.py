"""Chatwoot's conversations and contacts as conversations and customers of the desk."""

from typing import Final

from paradesk.connectors.chatwoot.account import People
from paradesk.connectors.chatwoot.values import PRIORITIES, STATUSES, channel_of, in_words
from paradesk.connectors.chatwoot.wire import ConversationRecord, Fields, Person, seconds
from paradesk.core.model import Agent, Conversation, ConversationId, Customer, Priority, Status

CANNOT_REPLY: Final = "Chatwoot takes no reply here now: the channel's time for answering is over (a note still works)"
_OWN_FIELDS: Final = ("plan", "company", "company_name", "browser_language", "language")


def conversation_from(record: ConversationRecord, people: People) -> Conversation:
    """Return a conversation as the desk knows it."""
    additional = record.additional_attributes or {}
    team = record.meta.team
    snoozed = record.status == "snoozed"
    assignee = assignee_of(record, people)
    return Conversation(
        id=ConversationId(str(record.id)),
        number=str(record.id),
        customer=customer_from(record.meta.sender or Person(), additional),
        channel=channel_of(record.channel or record.meta.channel)
        if has_channel(record)
        else people.channel(record.inbox_id),
        subject=in_words(additional.get("mail_subject")),
        status=STATUSES.get(record.status, Status.OPEN),
        status_label=record.status,
        snoozed_until=seconds(record.snoozed_until) or None if snoozed else None,
        priority=PRIORITIES.get(record.priority or "", Priority.NORMAL),
        tags=frozenset(record.labels or ()),
        assignee=assignee,
        queue=(team.name if team else None) or people.inbox_name(record.inbox_id),
        joined=assignee is not None and assignee.id == people.me.id,
        created_at=seconds(record.created_at),
        attributes=attributes_of_conversation(record),
        absent={"send": CANNOT_REPLY} if record.can_reply is False else {},
    )


def has_channel(record: ConversationRecord) -> bool:
    """Tell whether a conversation says itself which channel it is of."""
    return bool(record.channel or record.meta.channel)


def assignee_of(record: ConversationRecord, people: People) -> Agent | None:
    """Return who answers a conversation; a bot that does counts as nobody, so that people see that it waits for one."""
    person = record.meta.assignee
    if person is None or person.id is None or record.meta.assignee_type not in (None, "User"):
        return None
    known = people.agents.get(person.id)
    # Whether they are online changes without the conversation; that is for the roster to say.
    return Agent(str(person.id), known.name if known else person.shown_name or f"agent {person.id}")


def version_of(record: ConversationRecord) -> int:
    """Return the version of what is said about a conversation: when it was changed, in milliseconds."""
    return int((seconds(record.updated_at) or seconds(record.last_activity_at)) * 1000)


def attributes_of_conversation(record: ConversationRecord) -> dict[str, str]:
    """Return the conversation's own fields in words, the configured ones first."""
    shown = {key: in_words(value) for key, value in (record.custom_attributes or {}).items()}
    for key, value in (record.additional_attributes or {}).items():
        if key not in ("mail_subject", "initiated_at"):
            shown.setdefault(key, in_words(value))
    return {key: text for key, text in shown.items() if text}


def customer_from(person: Person, additional: Fields | None = None) -> Customer:
    """Return a contact as the desk's customer."""
    custom, more = person.custom_attributes or {}, person.additional_attributes or {}
    language = (additional or {}).get("conversation_language") or (additional or {}).get("browser_language")
    shown = {key: in_words(value) for key, value in (custom | more).items() if key not in _OWN_FIELDS}
    if person.identifier:
        shown.setdefault("identifier", person.identifier)
    number = "" if person.id is None else str(person.id)
    return Customer(
        id=number,
        name=person.name or person.email or person.phone_number or person.identifier or f"Visitor {number}".strip(),
        email=person.email or "",
        phone=person.phone_number or "",
        language=in_words(language or more.get("browser_language") or custom.get("language")),
        plan=in_words(custom.get("plan")),
        company=in_words(more.get("company_name") or custom.get("company")),
        since=seconds(person.created_at) or None,
        attributes={key: text for key, text in shown.items() if text},
    )
