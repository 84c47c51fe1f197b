"""What the other tools would have written: their placeholders filled in as their makers say, without any code of ours.

For comparing: the text that a tool sends for a customer, and the text that comes out of the response made from it.
"""

import re
from collections.abc import Callable, Mapping

from liquid import Environment

from paradesk.canned import context_for
from paradesk.core.model import Agent, Conversation, ConversationId, Customer, Priority, Status
from paradesk.core.state import Thread

CONVERSATION = Conversation(
    id=ConversationId("acme/1245"),
    profile="acme",
    number="1245",
    subject="My parcel",
    channel="web",
    status=Status.OPEN,
    priority=Priority.HIGH,
    queue="Support",
    customer=Customer(
        id="c1",
        name="Anna Müller",
        email="anna@example.com",
        phone="+49 30 123456",
        language="de",
        company="Bäckerei Müller",
        attributes={"vip": "yes", "seats": "5"},
    ),
    assignee=Agent("a2", "Jonas Kühn", email="jonas@example.com"),
    attributes={"shop": "Berlin", "360001": "R-77"},
)
WRITER = Agent("a1", "Mia Rot", email="mia@example.com")
CONTEXT = context_for(Thread(conversation=CONVERSATION), WRITER)

_CUSTOMER = {
    "name": "Anna Müller",
    "first_name": "Anna",
    "last_name": "Müller",
    "email": "anna@example.com",
    "phone": "+49 30 123456",
    "language": "de",
}
_WRITER = {"name": "Mia Rot", "first_name": "Mia", "last_name": "Rot", "email": "mia@example.com"}
_ASSIGNEE = {"name": "Jonas Kühn", "first_name": "Jonas", "last_name": "Kühn", "email": "jonas@example.com"}


def zendesk(text: str) -> str:
    """Liquid, as it is everywhere."""
    values = {
        "ticket": {
            "id": "1245",
            "title": "My parcel",
            "requester": _CUSTOMER,
            "assignee": _ASSIGNEE,
            "ticket_field_360001": "R-77",
        },
        "current_user": _WRITER,
    }
    return Environment().from_string(text.replace("\r\n", "\n")).render(**values)


def _looked_up(values: Mapping[str, object], name: str) -> str:
    found: object = values
    for part in name.split("."):
        found = found.get(part, "") if isinstance(found, Mapping) else ""
    return str(found)


def chatwoot(text: str) -> str:
    """The dashboard: whatever stands in double braces, and its documented fallback; `agent` is the assignee."""
    values = {
        "contact": {**_CUSTOMER, "custom_attribute": {"vip": "yes"}},
        "agent": _ASSIGNEE,
        "conversation": {"id": "1245", "custom_attribute": {"shop": "Berlin"}},
        "inbox": {"name": "Support"},
    }

    def value(found: re.Match[str]) -> str:
        name, _, fallback = found[1].partition("||")
        return _looked_up(values, name.strip()) or fallback.strip().strip("'")

    return re.sub(r"\{\{(.*?)\}\}", value, text)


def chatwoot_macros(text: str) -> str:
    """The server: Liquid, in which `agent` is who sends."""
    values = {"contact": _CUSTOMER, "agent": _WRITER, "conversation": {"display_id": "1245"}}
    return Environment().from_string(text).render(**values)


def intercom(text: str) -> str:
    """Attributes with an optional fallback."""
    values = {
        "user": {**_CUSTOMER, "seats": "5"},
        **_CUSTOMER,
        "author": _WRITER,
        "company": {"name": "Bäckerei Müller"},
    }

    def value(found: re.Match[str]) -> str:
        name, _, fallback = found[1].partition("|")
        return _looked_up(values, name.strip()) or fallback.partition(":")[2].strip()[1:-1]

    return re.sub(r"\{\{(.*?)\}\}", value, text)


def livechat(text: str) -> str:
    """The two names that its system texts have, and the one that teams use."""
    return text.replace("%name%", "Anna Müller").replace("%customer%", "Anna Müller").replace("%agent%", "Mia Rot")


def rocketchat(text: str) -> str:
    """Five names, without spaces; `agent` serves the room."""
    for name in ("name", "email", "phone"):
        text = text.replace(f"{{{{contact.{name}}}}}", _CUSTOMER[name])
    return text.replace("{{agent.name}}", _ASSIGNEE["name"]).replace("{{agent.email}}", _ASSIGNEE["email"])


def livehelperchat(text: str, fallback: str = "") -> str:
    """Names in single braces; if one is left over, the fallback message takes the place of all."""
    values = {
        "nick": "Anna Müller",
        "operator": "Mia Rot",
        "email": _CUSTOMER["email"],
        "phone": _CUSTOMER["phone"],
        "shop": "Berlin",
    }
    filled = re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), text)
    return fallback if fallback and re.search(r"\{\w+\}", filled) else filled


def gorgias(text: str) -> str:
    """Dotted names in double braces."""
    values = {
        "ticket": {
            "id": "1245",
            "customer": {**_CUSTOMER, "firstname": "Anna", "lastname": "Müller"},
        },
        "current_user": _WRITER,
    }
    return re.sub(r"\{\{(.*?)\}\}", lambda found: _looked_up(values, found[1].strip()), text)


def helpscout(text: str) -> str:
    """`{%name%}` and `{%name,fallback=…%}`."""
    values = {
        "customer.firstName": "Anna",
        "customer.fullName": "Anna Müller",
        "user.firstName": "Mia",
        "conversation.number": "1245",
        "subject": "My parcel",
    }
    return re.sub(r"\{%([\w.]+)(?:,fallback=(.*?))?%\}", lambda found: values.get(found[1], found[2] or ""), text)


TOOLS: dict[str, Callable[[str], str]] = {
    "zendesk": zendesk,
    "chatwoot": chatwoot,
    "chatwoot-macros": chatwoot_macros,
    "intercom": intercom,
    "livechat": livechat,
    "rocketchat": rocketchat,
    "livehelperchat": livehelperchat,
    "gorgias": gorgias,
    "helpscout": helpscout,
}
"""Format → how that tool fills a text in."""
