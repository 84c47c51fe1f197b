"""A conversation in a file, to fill canned responses for without a backend: TOML or JSON, every key optional."""

import json
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

from rapidfuzz import fuzz, process

from paradesk.canned.context import context_for
from paradesk.core.model import Agent, Conversation, ConversationId, Customer, Priority, Status
from paradesk.core.state import Thread
from paradesk.core.text import clean_line

MAX_SAMPLE = 256 * 1024
"""Bytes of the file."""

_CUSTOMER = ("id", "name", "email", "phone", "language", "plan", "company", "attributes")
_CONVERSATION = ("id", "number", "subject", "channel", "status", "priority", "queue", "created", "attributes")
_PERSON = ("name", "email")
_TABLES: Mapping[str, tuple[str, ...]] = {
    "customer": _CUSTOMER,
    "conversation": _CONVERSATION,
    "agent": _PERSON,
    "assignee": _PERSON,
    "order": (),
}
"""Tables with their keys; those of an order are free."""


class SampleError(ValueError):
    """The file is no conversation; says where and what to do."""


def read_sample(path: Path) -> tuple[dict[str, object], Conversation]:
    """Return the values for `fill`, and the conversation itself. Raises SampleError and OSError."""
    with path.open("rb") as file:
        content = file.read(MAX_SAMPLE + 1)
    if len(content) > MAX_SAMPLE:
        raise SampleError(f"{path}: the file is larger than {MAX_SAMPLE // 1024} KB")
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
        document = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise SampleError(f"{path}: cannot be read: {clean_line(str(error), 120)}") from error
    if not isinstance(document, dict):
        raise SampleError(f"{path}: is not a table; write [customer] and its keys, or the same in JSON")
    tables = _checked(path, document)
    return _values(path, tables)


def _checked(path: Path, document: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    tables: dict[str, Mapping[str, object]] = {name: {} for name in _TABLES}
    for name, table in document.items():
        _known(path, name, tuple(_TABLES), "")
        if not isinstance(table, dict):
            raise SampleError(f"{path}: `{name}` is not a table; write [{name}] above its keys")
        for key in table:
            if _TABLES[name]:
                _known(path, key, _TABLES[name], f"{name}.")
        tables[name] = table
    return tables


def _known(path: Path, key: str, known: tuple[str, ...], prefix: str) -> None:
    if key not in known:
        near = process.extractOne(key, known, scorer=fuzz.ratio, score_cutoff=60)
        advice = f"did you mean `{prefix}{near[0]}`?" if near else f"known are {', '.join(known)}"
        raise SampleError(f"{path}: unknown key `{prefix}{clean_line(key)}`; {advice}")


def _values(path: Path, tables: Mapping[str, Mapping[str, object]]) -> tuple[dict[str, object], Conversation]:
    customer, chat = tables["customer"], tables["conversation"]
    people = {
        name: Agent("", _text(tables[name], "name"), email=_text(tables[name], "email"))
        for name in ("agent", "assignee")
        if tables[name]
    }
    try:
        status, priority = Status(_text(chat, "status") or "open"), Priority(_text(chat, "priority") or "normal")
    except ValueError as error:
        raise SampleError(
            f"{path}: {clean_line(str(error), 80)}; see the list of values in the documentation"
        ) from error
    conversation = Conversation(
        id=ConversationId(_text(chat, "id")),
        number=_text(chat, "number"),
        customer=Customer(
            id=_text(customer, "id"),
            name=_text(customer, "name"),
            email=_text(customer, "email"),
            phone=_text(customer, "phone"),
            language=_text(customer, "language"),
            plan=_text(customer, "plan"),
            company=_text(customer, "company"),
            attributes=_texts(customer.get("attributes")),
        ),
        channel=_text(chat, "channel") or "web",
        subject=_text(chat, "subject"),
        status=status,
        priority=priority,
        queue=_text(chat, "queue"),
        assignee=people.get("assignee"),
        created_at=_moment(path, chat.get("created")),
        order=_texts(tables["order"]),
        attributes=_texts(chat.get("attributes")),
    )
    return context_for(Thread(conversation=conversation), people.get("agent")), conversation


def _text(table: Mapping[str, object], key: str) -> str:
    value = table.get(key, "")
    return clean_line(str(value), 500) if isinstance(value, (str, int, float, date)) else ""


def _texts(table: object) -> dict[str, str]:
    return {key: _text(table, key) for key in table} if isinstance(table, dict) else {}


def _moment(path: Path, value: object) -> float:
    if value is None:
        return 0.0
    try:
        when = datetime.fromisoformat(str(value))
        return (when if when.tzinfo else datetime.fromisoformat(f"{when.isoformat()}+00:00")).timestamp()
    except (ValueError, OverflowError) as error:
        raise SampleError(f"{path}: `conversation.created` is no date; write 2026-10-01") from error
