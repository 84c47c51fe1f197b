"""What connectors can do, as a table in Markdown: made from their `Capabilities`, so that it cannot be out of date."""

from collections.abc import Sequence
from dataclasses import fields

from paradesk.connectors.base import Connector
from paradesk.connectors.capabilities import Capabilities, Idempotency, Support

_WORDS = {
    "history": "older messages can be read",
    "typing_in": "the customer's typing is shown",
    "typing_out": "the agent's typing is shown to the customer",
    "read_in": "the customer's read marks arrive",
    "read_out": "the agent's read marks go out",
    "notes": "private notes",
    "attachments_in": "files from the customer",
    "attachments_out": "files to the customer",
    "edits_in": "edits by the customer",
    "deletions_in": "deletions by the customer",
    "status": "statuses",
    "priority": "priority",
    "tags": "tags",
    "join": "waiting chats are joined",
    "leave": "chats are left",
    "end_chat": "chats are ended",
    "take_next": "the backend hands out the next chat",
    "assign": "somebody is made responsible at once",
    "transfer": "chats are handed over",
    "offers": "a transfer waits until it is accepted",
    "presence": "the agent's presence",
    "search": "search at the backend",
    "canned": "canned responses of the backend",
    "customer": "more about the customer",
    "upload": "files are uploaded before the reply",
    "create": "new chats are begun",
    "resume": "the stream continues after a restart",
}
_SHOWN = {Support.NATIVE: "yes", Support.EMULATED: "local only", Support.ABSENT: "–"}


def capability_names() -> list[str]:
    """Return the names of all capabilities in the order in which they are declared."""
    return [field.name for field in fields(Capabilities) if isinstance(getattr(Capabilities(), field.name), Support)]


def capability_words(name: str) -> str:
    """Return a capability in words."""
    return _WORDS.get(name, name.replace("_", " "))


def declared_by(connector: type[Connector]) -> Capabilities:
    """Return what a connector can do; where that hangs on its settings, with the options as they are by default."""
    declared = getattr(connector, "capabilities", None)
    if isinstance(declared, Capabilities):
        return declared
    return connector({option.name: option.default for option in connector.options if option.default}).capabilities


def delivery_promise(able: Capabilities) -> str:
    """Return what a connector promises about replies, in a sentence."""
    match able.idempotency:
        case Idempotency.EXACT:
            window = _span(able.exact_window)
            return f"EXACT: a repeat within {window} is delivered once; an unclear send is repeated by itself"
        case Idempotency.ECHO:
            settle = _span(able.settle)
            return f"ECHO: an unclear send is looked for after {settle}; what is not there is the agent's to decide"
        case _:
            return "NONE: nothing is repeated; after an unclear send the agent decides"


def _span(seconds: float) -> str:
    if seconds >= 7200:
        return f"{seconds / 3600:g} hours"
    return f"{seconds:g} seconds" if seconds < 120 else f"{seconds / 60:g} minutes"


def capability_table(connectors: Sequence[type[Connector]]) -> str:
    """Return the capabilities and the delivery promises of connectors, one column for each."""
    able = [declared_by(connector) for connector in connectors]
    rows = [["", *(connector.title for connector in connectors)], ["---"] * (len(connectors) + 1)]
    rows += [
        [f"{capability_words(name)} (`{name}`)", *(_SHOWN[each.support(name)] for each in able)]
        for name in capability_names()
    ]
    rows += [
        ["statuses that can be set", *(", ".join(sorted(each.statuses)) or "–" for each in able)],
        ["presences that can be set", *(", ".join(sorted(each.presences)) or "–" for each in able)],
        ["longest reply, in bytes", *(f"{each.max_body_bytes:,}" for each in able)],
        ["largest file, in MB", *(_megabytes(each) for each in able)],
        ["noticed after, at worst", *(_span(each.latency) if each.latency else "at once" for each in able)],
    ]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    promises = "\n".join(
        f"| {connector.title} | {delivery_promise(each)} |" for connector, each in zip(connectors, able, strict=True)
    )
    return f"{table}\n\n| | what happens to a reply whose answer was lost |\n| --- | --- |\n{promises}\n"


def _megabytes(able: Capabilities) -> str:
    files = Support.NATIVE in (able.attachments_in, able.attachments_out)
    return f"{able.max_attachment_bytes / 1_000_000:g}" if files else "–"
