"""Reads a draft and its chats from a file, to try the guard on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from paradesk.config.errors import ConfigError, Problem
from paradesk.core.model import (
    Agent,
    ClientId,
    Conversation,
    ConversationId,
    Customer,
    Message,
    MessageId,
    Role,
    Visibility,
)
from paradesk.core.state import ProfileState, State, Thread
from paradesk.core.text import clean_line, clean_text
from paradesk.core.toml import MAX_BYTES, TomlError, read_toml
from paradesk.core.transcript import Transcript
from paradesk.guard.verdict import Draft, Origin, OriginKind

_PROFILE = "trial"
_BETWEEN = 30.0
"""Seconds between two messages that say no time of their own."""
_CHAT = ("id", "name", "number", "email", "phone", "company", "plan", "subject", "order", "messages")
_DRAFT = ("to", "text", "note", "begun_for", "typed_after_switch", "switched_from", "last_seen", "origins")
_KINDS = {"canned": OriginKind.CANNED, "copied": OriginKind.COPIED, "moved": OriginKind.MOVED}


@dataclass(frozen=True, slots=True)
class Trial:
    """A draft, the chats around it, and the moment of sending (Unix seconds)."""

    draft: Draft
    state: State
    now: float


def read_trial(path: Path) -> Trial:
    """Read a TOML or JSON file; raises ConfigError that names it and the entry at fault, OSError when it cannot be read."""
    return _Reader(path).trial()


class _Reader:
    def __init__(self, path: Path) -> None:
        self.name = clean_line(str(path), 200)
        with path.open("rb") as stream:
            self.content = stream.read(MAX_BYTES + 1)
        self.json = path.suffix.lower() == ".json"

    def trial(self) -> Trial:
        values = self.values()
        for key in values:
            if key not in ("draft", "chat", "colleagues"):
                raise self.wrong(f"there is no entry {key!r}; known are draft, chat, colleagues")
        chats = values.get("chat")
        if not isinstance(chats, list) or not chats:
            raise self.wrong("it needs the chats that are open, each as [[chat]] with an id")
        threads = [self.thread(number, chat) for number, chat in enumerate(chats, 1)]
        by_id = {thread.conversation.id: thread for thread in threads}
        if len(by_id) < len(threads):
            raise self.wrong("two chats have the same id")
        ends = [last.sent_at for thread in threads if (last := thread.transcript.last) is not None]
        now = max(ends, default=0.0) + _BETWEEN
        names = self.texts(values.get("colleagues", []), "colleagues")
        roster = tuple(Agent(name, name) for name in names)
        profile = ProfileState(name=_PROFILE, agent=Agent("me", "You"), roster=roster)
        state = State(threads=by_id, profiles={_PROFILE: profile})
        return Trial(self.draft(values.get("draft"), by_id), state, now)

    def values(self) -> Mapping[str, object]:
        if len(self.content) > MAX_BYTES:
            raise self.wrong(f"it is larger than {MAX_BYTES // 1000} kB")
        if not self.json:
            try:
                return read_toml(self.content).values
            except TomlError as error:
                raise ConfigError([Problem(self.name, error.line, str(error))]) from error
        try:
            values = json.loads(self.content)
        except (ValueError, RecursionError) as error:
            raise ConfigError([Problem(self.name, getattr(error, "lineno", 0), "not JSON")]) from error
        if not isinstance(values, dict):
            raise self.wrong('it must be an object with "draft" and "chat"')
        return values

    def draft(self, entry: object, chats: Mapping[ConversationId, Thread]) -> Draft:
        table = self.table(entry, "draft", _DRAFT)
        to = self.chat(table.get("to"), "draft.to", chats)
        seen = self.text(table.get("last_seen", ""), "draft.last_seen")
        begun_for, before = (
            self.chat(table[key], f"draft.{key}", chats) if key in table else None
            for key in ("begun_for", "switched_from")
        )
        origins = table.get("origins", [])
        if not isinstance(origins, list):
            raise self.wrong("draft.origins must be a list")
        return Draft(
            conversation_id=to,
            text=clean_text(self.text(table.get("text", ""), "draft.text")),
            visibility=Visibility.NOTE if table.get("note") is True else Visibility.PUBLIC,
            target=begun_for,
            last_seen=MessageId(seen) if seen else None,
            switched=self.text(table.get("typed_after_switch", ""), "draft.typed_after_switch"),
            switched_from=before,
            origins=tuple(self.origin(origin, chats) for origin in origins),
        )

    def origin(self, entry: object, chats: Mapping[ConversationId, Thread]) -> Origin:
        table = self.table(entry, "draft.origins", ("kind", "chat", "text"))
        kind = self.text(table.get("kind", "copied"), "draft.origins.kind")
        if kind not in _KINDS:
            raise self.wrong(f"draft.origins.kind must be one of {', '.join(_KINDS)}")
        text = self.text(table.get("text", ""), "draft.origins.text")
        return Origin(self.chat(table.get("chat"), "draft.origins.chat", chats), _KINDS[kind], text)

    def thread(self, number: int, entry: object) -> Thread:
        place = f"chat {number}"
        table = self.table(entry, place, _CHAT)
        fields = {
            key: clean_line(self.text(table.get(key, ""), f"{place}: {key}"), 200)
            for key in _CHAT
            if key not in ("order", "messages")
        }
        if not fields["id"]:
            raise self.wrong(f"{place} has no id")
        chat = ConversationId(fields["id"])
        customer = Customer(
            id=chat,
            name=fields["name"],
            email=fields["email"],
            phone=fields["phone"],
            company=fields["company"],
            plan=fields["plan"],
        )
        order = table.get("order", {})
        if not isinstance(order, dict):
            order = {"id": self.text(order, f"{place}: order")}
        conversation = Conversation(
            id=chat,
            profile=_PROFILE,
            customer=customer,
            number=fields["number"],
            subject=fields["subject"],
            order={clean_line(key): self.text(value, f"{place}: order.{key}") for key, value in order.items()},
        )
        entries = table.get("messages", [])
        if not isinstance(entries, list):
            raise self.wrong(f"{place}: messages must be a list")
        messages = [self.message(chat, place, at, one) for at, one in enumerate(entries, 1)]
        return Thread(conversation=conversation, transcript=Transcript(messages))

    def message(self, chat: ConversationId, place: str, number: int, entry: object) -> Message:
        place = f"{place}, message {number}"
        table = self.table(entry, place, ("customer", "agent", "at"))
        own = "agent" in table
        if own is ("customer" in table):
            raise self.wrong(
                f'{place} must say who wrote what, as in {{ customer = "hello" }} or {{ agent = "hello" }}'
            )
        at = table.get("at", number * _BETWEEN)
        if not isinstance(at, int | float) or isinstance(at, bool):
            raise self.wrong(f"{place}: at must be a number of seconds")
        return Message(
            id=MessageId(str(number)),
            conversation_id=chat,
            role=Role.AGENT if own else Role.CUSTOMER,
            sender_id="me" if own else chat,
            sender_name="",
            body=clean_text(self.text(table["agent" if own else "customer"], place)),
            sent_at=float(at),
            order_key=number,
            client_id=ClientId(f"{chat} {number}") if own else None,
        )

    def chat(self, value: object, place: str, chats: Mapping[ConversationId, Thread]) -> ConversationId:
        chat = ConversationId(self.text(value, place))
        if chat not in chats:
            raise self.wrong(f"{place} must be the id of a chat: {', '.join(chats)}")
        return chat

    def table(self, entry: object, place: str, known: tuple[str, ...]) -> Mapping[str, object]:
        if not isinstance(entry, dict):
            raise self.wrong(f"{place} is missing or no table")
        for key in entry:
            if key not in known:
                raise self.wrong(f"{place} has no entry {key!r}; known are {', '.join(known)}")
        return entry

    def text(self, value: object, place: str) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise self.wrong(f"{place} must be a text in quotes")
        return str(value)

    def texts(self, value: object, place: str) -> list[str]:
        if not isinstance(value, list):
            raise self.wrong(f"{place} must be a list of names")
        return [self.text(piece, place) for piece in value]

    def wrong(self, message: str) -> ConfigError:
        return ConfigError([Problem(self.name, 0, clean_line(message, 300))])
