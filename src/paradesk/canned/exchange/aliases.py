"""The one table of placeholders: what each tool calls a value that we know, and the way back.

`agent` is the person who writes and `assignee` the one to whom the ticket belongs; tools that mix them up are kept
apart here. A name that a tool has and we have not is missing on purpose: it becomes a visible blank.
"""

import re
from typing import NamedTuple

SOURCES = {
    "zendesk": "developer.zendesk.com, actions reference; names as listed by Pipedream's Zendesk component",
    "chatwoot": "github.com/chatwoot/utils src/canned.ts; chatwoot.com user guide, canned responses",
    "chatwoot-macros": "github.com/chatwoot/chatwoot app/drops and app/models/concerns/liquidable.rb",
    "intercom": "developers.intercom.com, Macro; intercom.com/help, attributes in macros",
    "livechat": "LiveChat's system texts (%customer%, %agent%); names in canned responses are not published",
    "rocketchat": "github.com/RocketChat/Rocket.Chat onMessageSentParsePlaceholder.ts",
    "livehelperchat": "doc.livehelperchat.com/docs/canned",
    "gorgias": "developers.gorgias.com, The Macro object; Gorgias' HTTP variables",
    "helpscout": "github.com/freescout-help-desk/freescout app/Misc/Mail.php, which follows Help Scout's names",
    "csv": "canned_responses/README.md",
}
"""Per dialect, where its names were read."""

ALIASES: dict[str, dict[str, tuple[str, ...]]] = {
    "customer.id": {
        "zendesk": ("ticket.requester.id",),
        "chatwoot": ("contact.id",),
        "chatwoot-macros": ("contact.id",),
        "intercom": ("user.id", "user.user_id"),
        "gorgias": ("ticket.customer.id",),
    },
    "customer.name": {
        "zendesk": ("ticket.requester.name",),
        "chatwoot": ("contact.name",),
        "chatwoot-macros": ("contact.name", "conversation.contact_name"),
        "intercom": ("user.name", "name"),
        "livechat": ("customer", "name"),
        "rocketchat": ("contact.name",),
        "livehelperchat": ("nick",),
        "gorgias": ("ticket.customer.name",),
        "helpscout": ("customer.fullName",),
    },
    "customer.first_name": {
        "zendesk": ("ticket.requester.first_name",),
        "chatwoot": ("contact.first_name",),
        "chatwoot-macros": ("contact.first_name",),
        "intercom": ("user.first_name", "first_name"),
        "gorgias": ("ticket.customer.firstname",),
        "helpscout": ("customer.firstName",),
    },
    "customer.last_name": {
        "zendesk": ("ticket.requester.last_name",),
        "chatwoot": ("contact.last_name",),
        "chatwoot-macros": ("contact.last_name",),
        "intercom": ("user.last_name", "last_name"),
        "gorgias": ("ticket.customer.lastname",),
        "helpscout": ("customer.lastName",),
    },
    "customer.email": {
        "zendesk": ("ticket.requester.email",),
        "chatwoot": ("contact.email",),
        "chatwoot-macros": ("contact.email",),
        "intercom": ("user.email", "email"),
        "rocketchat": ("contact.email",),
        "livehelperchat": ("email",),
        "gorgias": ("ticket.customer.email",),
        "helpscout": ("customer.email",),
    },
    "customer.phone": {
        "zendesk": ("ticket.requester.phone",),
        "chatwoot": ("contact.phone",),
        "chatwoot-macros": ("contact.phone_number",),
        "intercom": ("user.phone", "phone"),
        "rocketchat": ("contact.phone",),
        "livehelperchat": ("phone",),
    },
    "customer.language": {"zendesk": ("ticket.requester.language",), "gorgias": ("ticket.customer.language",)},
    "customer.company": {
        "zendesk": ("ticket.organization.name", "ticket.requester.organization.name"),
        "intercom": ("company.name",),
        "helpscout": ("customer.company",),
    },
    "customer.plan": {"intercom": ("company.plan",)},
    "conversation.number": {
        "zendesk": ("ticket.id",),
        "chatwoot": ("conversation.id",),
        "chatwoot-macros": ("conversation.display_id",),
        "intercom": ("conversation.id",),
        "gorgias": ("ticket.id",),
        "helpscout": ("conversation.number",),
    },
    "conversation.subject": {
        "zendesk": ("ticket.title",),
        "gorgias": ("ticket.subject",),
        "helpscout": ("subject", "conversation.subject"),
    },
    "conversation.channel": {"zendesk": ("ticket.via",), "gorgias": ("ticket.channel",)},
    "conversation.status": {"zendesk": ("ticket.status",), "gorgias": ("ticket.status",)},
    "conversation.priority": {"zendesk": ("ticket.priority",), "gorgias": ("ticket.priority",)},
    "conversation.queue": {
        "zendesk": ("ticket.group.name",),
        "chatwoot": ("inbox.name",),
        "chatwoot-macros": ("inbox.name",),
        "helpscout": ("mailbox.name",),
    },
    "agent.name": {
        "zendesk": ("current_user.name",),
        "chatwoot-macros": ("agent.name",),
        "intercom": ("author.name", "teammate.name"),
        "livechat": ("agent",),
        "livehelperchat": ("operator",),
        "gorgias": ("current_user.name",),
        "helpscout": ("user.fullName",),
    },
    "agent.first_name": {
        "zendesk": ("current_user.first_name",),
        "chatwoot-macros": ("agent.first_name",),
        "intercom": ("author.first_name", "teammate.first_name"),
        "gorgias": ("current_user.firstname", "current_user.first_name"),
        "helpscout": ("user.firstName",),
    },
    "agent.last_name": {
        "zendesk": ("current_user.last_name",),
        "chatwoot-macros": ("agent.last_name",),
        "intercom": ("author.last_name", "teammate.last_name"),
        "gorgias": ("current_user.lastname", "current_user.last_name"),
        "helpscout": ("user.lastName",),
    },
    "agent.email": {
        "zendesk": ("current_user.email",),
        "chatwoot-macros": ("agent.email",),
        "intercom": ("author.email", "teammate.email"),
        "gorgias": ("current_user.email",),
        "helpscout": ("user.email",),
    },
    "assignee.name": {
        "zendesk": ("ticket.assignee.name",),
        "chatwoot": ("agent.name",),
        "rocketchat": ("agent.name",),
        "gorgias": ("ticket.assignee_user.name",),
    },
    "assignee.first_name": {
        "zendesk": ("ticket.assignee.first_name",),
        "chatwoot": ("agent.first_name",),
        "gorgias": ("ticket.assignee_user.firstname",),
    },
    "assignee.last_name": {
        "zendesk": ("ticket.assignee.last_name",),
        "chatwoot": ("agent.last_name",),
        "gorgias": ("ticket.assignee_user.lastname",),
    },
    "assignee.email": {
        "zendesk": ("ticket.assignee.email",),
        "chatwoot": ("agent.email",),
        "rocketchat": ("agent.email",),
        "gorgias": ("ticket.assignee_user.email",),
    },
}
"""Our name → dialect → its names, the one to write first."""


class Pattern(NamedTuple):
    """A family of names, one for each custom attribute."""

    dialect: str
    theirs: str
    """What stands before the attribute's key."""
    ours: str


PATTERNS = (
    Pattern("zendesk", "ticket.ticket_field_", "conversation.attributes"),
    Pattern("chatwoot", "conversation.custom_attribute.", "conversation.attributes"),
    Pattern("chatwoot", "contact.custom_attribute.", "customer.attributes"),
    Pattern("chatwoot-macros", "conversation.custom_attribute.", "conversation.attributes"),
    Pattern("chatwoot-macros", "contact.custom_attribute.", "customer.attributes"),
    Pattern("intercom", "user.", "customer.attributes"),
    Pattern("livehelperchat", "", "conversation.attributes"),
)
"""Tried after the table, in this order. Live Helper Chat writes custom fields without any prefix."""

_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ -]{0,59}")
_OURS = {
    dialect: {name: ours for ours, names in ALIASES.items() for name in names.get(dialect, ())} for dialect in SOURCES
}


def ours(dialect: str, name: str) -> str:
    """Return our dotted name for a tool's placeholder, or an empty string. An attribute's key may hold spaces."""
    if found := _OURS.get(dialect, {}).get(name):
        return found
    for pattern in PATTERNS:
        if pattern.dialect == dialect and name.startswith(pattern.theirs):
            key = name.removeprefix(pattern.theirs)
            if _KEY.fullmatch(key):
                return f"{pattern.ours}.{key}"
    return ""


def theirs(dialect: str, name: str) -> str:
    """Return a tool's placeholder for our dotted name, or an empty string."""
    if names := ALIASES.get(name, {}).get(dialect):
        return names[0]
    for pattern in PATTERNS:
        if pattern.dialect == dialect and name.startswith(f"{pattern.ours}."):
            found = pattern.theirs + name.removeprefix(f"{pattern.ours}.")
            return found if ours(dialect, found) == name else ""
    return ""
