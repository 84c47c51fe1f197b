"""The values that a canned response can draw on, taken from one conversation."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo

from paradesk.canned.names import split_name
from paradesk.core.model import Agent, Conversation
from paradesk.core.state import Thread
from paradesk.core.text import clean_line


def context_for(thread: Thread, agent: Agent | None, zone: tzinfo = UTC) -> dict[str, object]:
    """Return the values for `fill`, root → field → value; `agent` is the person writing, `zone` is for dates.

    Only this thread is looked at, so that nothing of another customer can get into the text.
    """
    conversation = thread.conversation
    customer = conversation.customer
    first, last = split_name(customer.name)
    return {
        "customer": {
            "id": clean_line(customer.id, 255),
            "name": customer.name,
            "first_name": first,
            "last_name": last,
            "email": customer.email,
            "phone": customer.phone,
            "language": customer.language,
            "plan": customer.plan,
            "company": customer.company,
            "attributes": customer.attributes,
        },
        "conversation": _conversation(conversation, zone),
        "agent": _person(agent),
        "assignee": _person(conversation.assignee),
        "order": conversation.order,
    }


def _conversation(conversation: Conversation, zone: tzinfo) -> Mapping[str, object]:
    profile = f"{conversation.profile}/"
    created = ""
    if conversation.created_at > 0:
        try:
            created = datetime.fromtimestamp(conversation.created_at, zone).date().isoformat()
        except (ValueError, OverflowError, OSError):
            created = ""
    return {
        # The profile's name is this desk's own business; a customer knows the backend's id. Ids come in as they are.
        "id": clean_line(conversation.id.removeprefix(profile) if conversation.profile else conversation.id, 255),
        "number": conversation.number,
        "subject": conversation.subject,
        "channel": conversation.channel,
        "status": conversation.status_label or conversation.status.value.replace("_", " "),
        "priority": conversation.priority.value,
        "queue": conversation.queue,
        "created": created,
        "attributes": conversation.attributes,
    }


def _person(agent: Agent | None) -> Mapping[str, object]:
    if agent is None:
        return {}
    first, last = split_name(agent.name) if agent.kind == "agent" else ("", "")
    return {"name": agent.name, "first_name": first, "last_name": last, "email": agent.email}
