"""What an XMPP error means for the agent and for the desk. Pure."""

from typing import Final
from xml.etree.ElementTree import Element

from paradesk.connectors.base import (
    AuthError,
    Conflict,
    ConnectorError,
    Forbidden,
    Gone,
    NotSent,
    RateLimited,
    Rejected,
    Uncertain,
    Unsupported,
)
from paradesk.connectors.http import printable

PAUSE: Final = 5.0
"""Seconds to wait where a server says “later” and names no time."""
_WORDS: Final = {
    "forbidden": "you may not do that",
    "not-allowed": "that is not allowed",
    "not-authorized": "you may not do that",
    "registration-required": "only members may do that",
    "subscription-required": "they would first have to add you to their contacts",
    "item-not-found": "there is no such thing",
    "gone": "it does not exist any more",
    "conflict": "the name is taken",
    "service-unavailable": "nobody is there, or messages are not taken",
    "recipient-unavailable": "the recipient cannot be reached",
    "remote-server-not-found": "the recipient's server cannot be found",
    "remote-server-timeout": "the recipient's server does not answer",
    "not-acceptable": "it is not accepted there",
    "resource-constraint": "the server is busy",
    "policy-violation": "it goes against the server's policy",
    "feature-not-implemented": "the server cannot do that",
    "jid-malformed": "the address is not valid",
}
_STANZAS: Final = "{urn:ietf:params:xml:ns:xmpp-stanzas}"
_STREAMS: Final = "{urn:ietf:params:xml:ns:xmpp-streams}"


def condition_of(stanza: Element) -> tuple[str, str, str]:
    """Return type, condition and the server's own words of the error in a stanza; empty where they are missing."""
    error = next((child for child in stanza if child.tag.rpartition("}")[2] == "error"), None)
    if error is None:
        return "", "", ""
    condition, words = "", ""
    for child in error:
        if child.tag == f"{_STANZAS}text":
            words = printable((child.text or "").strip())
        elif child.tag.startswith(_STANZAS) and not condition:
            condition = child.tag.removeprefix(_STANZAS)
    return error.get("type", ""), condition, words


def reason_of_error(stanza: Element) -> str:
    """Return the error in a stanza in words for the agent."""
    _, condition, words = condition_of(stanza)
    meaning = _WORDS.get(condition, printable(condition.replace("-", " "), 60) or "the server gave no reason")
    return f"{meaning} ({words})" if words else meaning


def refusal(stanza: Element) -> ConnectorError:
    """Return what to raise for an error stanza, judged by its condition and type."""
    kind, condition, _ = condition_of(stanza)
    reason = reason_of_error(stanza)
    match condition:
        case "forbidden" | "not-allowed" | "not-authorized" | "registration-required" | "subscription-required":
            return Forbidden(reason)
        case "item-not-found" | "gone":
            return Gone(reason)
        case "conflict":
            return Conflict(reason)
        case "feature-not-implemented":
            return Unsupported(reason)
        case "internal-server-error" | "remote-server-timeout" | "undefined-condition" | "":
            return Uncertain(reason)
        case "resource-constraint":
            return RateLimited(reason, PAUSE)
        case _ if kind == "wait":
            return RateLimited(reason, PAUSE)
        case _:
            return Rejected(reason)


def stream_failure(error: Element) -> ConnectorError:
    """Return what to raise when the server ends the whole stream with this error."""
    tags = [child.tag.removeprefix(_STREAMS) for child in error if child.tag.startswith(_STREAMS)]
    condition = next((tag for tag in tags if tag != "text"), "")
    words = next((printable((child.text or "").strip()) for child in error if child.tag == f"{_STREAMS}text"), "")
    detail = f": {words}" if words else ""
    match condition:
        case "not-authorized":
            return AuthError(f"the server ended the session: your account may not be signed in any more{detail}")
        case "conflict":
            return NotSent(f"the server ended the session: another one took its place{detail}")
        case "system-shutdown" | "reset":
            return NotSent(f"the server is being restarted{detail}")
        case "policy-violation" | "resource-constraint":
            return RateLimited(f"the server ended the session: {condition.replace('-', ' ')}{detail}", PAUSE)
        case _:
            meaning = printable(condition.replace("-", " "), 60) or "no reason given"
            return NotSent(f"the server ended the session: {meaning}{detail}")


def login_refusal(condition: str, words: str, jid: str) -> ConnectorError:
    """Return what to raise when signing in failed with this SASL condition."""
    detail = f" ({printable(words)})" if words else ""
    match condition:
        case "temporary-auth-failure":
            return NotSent(f"the server cannot check passwords at the moment{detail}")
        case "account-disabled":
            return AuthError(f"the account {jid} is disabled{detail}")
        case "credentials-expired":
            return AuthError(f"the password of {jid} has expired{detail}")
        case _:
            return AuthError(f"the server does not accept the password of {jid}{detail}")


def message_refusal(error: Element) -> ConnectorError:
    """Return why a message of ours was not taken: a message that came back has surely not arrived."""
    found = refusal(error)
    return Rejected(str(found)) if isinstance(found, Uncertain | Unsupported) else found
