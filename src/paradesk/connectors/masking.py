"""Makes events fit to be shown to others: secrets go, ids become numbers, and texts become shapes where that is asked for."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, cast

import msgspec

from paradesk.connectors.base import Connector, ConnectorContext, Outcome, Page, Unsupported
from paradesk.connectors.wrapper import Wrapper
from paradesk.core.events import Event
from paradesk.core.intents import Intent
from paradesk.core.model import ConversationId, Message

T = TypeVar("T")
MASK = "•••"
_IDS = frozenset({"id", "conversation_id", "message_id", "sender_id", "client_id"})
_NAMES = frozenset({"name", "sender_name", "email", "phone", "company"})
_KEPT = frozenset({"kind", "language", "media_type", "profile", "channel", "status_label", "label"})
"""Texts that say what a bug report is about, and nothing of a person."""
_EMAIL = re.compile(r"[^\s@<>\"'(),;:]{1,64}@[^\s@<>\"'(),;:]{1,253}")
_LONG_NUMBER = re.compile(r"(?<![\w-])\d(?:[ .\u00a0-]?\d){12,18}(?![\w-])")
_QUERY = re.compile(r"(https?://[^\s/?#]{1,253}[^\s?#]{0,2000})[?#]\S+")
_SHORTEST = 4


class Masking:
    """Masks values in the form that `msgspec.to_builtins` gives. The same id always becomes the same number."""

    def __init__(self, secrets: Iterable[str] = (), *, texts: bool = True) -> None:
        """`secrets` go wherever they stand; `texts`: what people wrote, and their names, become shapes as well."""
        known = {secret for secret in secrets if len(secret) >= _SHORTEST}
        self._secrets = sorted(known, key=len, reverse=True)
        self._texts = texts
        self._ids: dict[str, str] = {}

    def value(self, value: Any, field: str = "") -> Any:
        """Return a value without what nobody else should see; `field` is what it is called where it stands."""
        if isinstance(value, str):
            return self._text(value, field)
        if isinstance(value, Mapping):
            # The keys of `attributes` are a backend's own words, and may say anything.
            return {self._key(key, field): self.value(inner, str(key)) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(inner, field) for inner in value]
        return value

    def _key(self, key: Any, field: str) -> Any:
        return self._text(key, "key") if field in ("attributes", "order", "absent") and isinstance(key, str) else key

    def _text(self, text: str, field: str) -> str:
        if field in _IDS:
            return self._ids.setdefault(text, f"{len(self._ids) + 1:06d}") if text else text
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        text = _QUERY.sub(rf"\1?{MASK}", _LONG_NUMBER.sub(MASK, text))
        if field not in _NAMES or self._texts:
            text = _EMAIL.sub(MASK, text)
        return text if not self._texts or field in _KEPT else shape(text)


def shape(text: str) -> str:
    """Return a text of which only the shape is left: letters become x or X, digits 0, and the rest stays."""
    return "".join(map(_shape_of, text))


def _shape_of(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Lu":
        return "X"
    return "0" if kind[0] == "N" else "x" if kind[0] in "LM" else character


_WORDS = frozenset({"role", "visibility", "delivery", "status", "priority", "presence", "link"})
"""Fields that hold words of ours."""


def masked(event: T, masking: Masking) -> T:
    """Return an event, or what belongs to one, with its texts masked."""
    kept = cast(dict[str, Any], msgspec.to_builtins(event))
    return msgspec.convert(_masked_fields(kept, masking), type(event))


def _masked_fields(value: Any, masking: Masking, field: str = "") -> Any:
    if isinstance(value, dict) and field not in ("attributes", "order", "absent"):
        return {key: inner if key in _WORDS else _masked_fields(inner, masking, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_masked_fields(inner, masking, field) for inner in value]
    return masking.value(value, field)


class Redacted(Wrapper):
    """Shows a backend with masked texts, for a demonstration in front of others. Only for looking: nothing can be done."""

    def __init__(self, inner: Connector) -> None:
        super().__init__(inner)
        self.masking = Masking(secrets_of(inner))

    async def run(self, desk: ConnectorContext) -> None:
        """Run the inner connector with a context that masks."""
        await self.inner.run(_MaskedContext(desk, self.masking))

    async def perform(self, intent: Intent) -> Outcome:
        """Refuse: ids are not the backend's own here, so that a reply could reach nobody."""
        raise Unsupported("texts are masked, so that this is only for looking")

    async def history(self, conversation_id: ConversationId, before: Message | None, limit: int) -> Page:
        """Refuse, for the same reason."""
        return Page((), complete=True)


class _MaskedContext(ConnectorContext):
    def __init__(self, desk: ConnectorContext, masking: Masking) -> None:
        self._desk, self._masking = desk, masking

    @property
    def profile(self) -> str:
        return self._desk.profile

    @property
    def cursor(self) -> str | None:
        return self._desk.cursor

    async def emit(self, *events: Event, cursor: str | None = None) -> None:
        await self._desk.emit(*(masked(event, self._masking) for event in events), cursor=cursor)

    async def online(self) -> None:
        await self._desk.online()


def secrets_of(connector: Connector) -> list[str]:
    """Return the values of a connector's secret options."""
    return [connector.settings.get(option.name, "") for option in connector.options if option.secret]
