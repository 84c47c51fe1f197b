"""What Chatwoot can do, by its source, though its description does not say so: each by name."""

from typing import Final

UNDOCUMENTED: Final = frozenset(
    {
        # An absence is made up for with these.
        "GET …/conversations ?updated_within",
        "GET …/conversations/{conversation_id}/messages ?after",
        "GET …/conversations/{conversation_id}/messages ?before",
        # Comes back with the first broadcast of the message.
        "POST …/conversations/{conversation_id}/messages: echo_id",
        # Files.
        "POST …/conversations/{conversation_id}/messages: multipart/form-data",
        "POST …/conversations/{conversation_id}/messages: attachments[]",
        # Nobody answers it any more.
        "POST …/conversations/{conversation_id}/assignments: assignee_id = None",
        # What the web page does as well.
        "POST …/conversations/{id}/toggle_typing_status",
        "POST …/conversations/{id}/update_last_seen",
        "POST /api/v1/profile/availability",
        "GET …/macros",
    }
)
"""Requests of the connector."""

OF_CUSTOMERS: Final = frozenset(
    {
        "POST public/contacts/{contact_identifier}/conversations/{conversation_id}/messages: multipart/form-data",
        "POST public/contacts/{contact_identifier}/conversations/{conversation_id}/messages: attachments[]",
    }
)
"""Requests of the tests' customers."""

DEPARTURES: Final = frozenset(
    {
        "null for what is not there",
        # Chatwoot writes the classes of its own program here.
        "sender_type = 'User'",
        "sender_type = 'Contact'",
        # Snoozed conversations and templates are missing in two lists of values.
        "status = 'snoozed'",
        "timestamp = int",
        "updated_at = str",
        "availability_status = 'online'",
        "availability_status = 'offline'",
    }
)
"""Answers that differ from the description in a way that the connector has to live with."""
