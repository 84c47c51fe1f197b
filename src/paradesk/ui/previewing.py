"""What a draft becomes at its backend, while it is being written: several messages, an escaped command, a refusal."""

from dataclasses import dataclass

from paradesk.connectors.base import Prepared, Rejected
from paradesk.core.intents import Send
from paradesk.core.model import ClientId, ConversationId, Visibility
from paradesk.core.text import clean_line, clean_text
from paradesk.desk.desk import Desk

LOOK_AFTER = 0.15
"""Seconds after a key at which a draft is looked at: the echo comes first, and fast typing is looked at once."""

_LONGEST = 20_000
"""Characters above which a draft is not looked at with every key; Enter asks in any case."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be sent: cleaned for the screen, as everything that a connector says."""

    parts: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    refusal: str = ""

    @property
    def words(self) -> str:
        """One quiet line; empty where the text goes out as it stands."""
        if self.refusal:
            return f"[cannot be sent] {self.refusal}"
        many = [f"{len(self.parts)} messages"] if len(self.parts) > 1 else []
        words = " · ".join([*many, *(remark for remark in self.remarks if not _says_count(remark))])
        return f"[sent as] {words}" if words else ""


def _says_count(remark: str) -> bool:
    """Whether a remark only says what is counted anyway."""
    return "messages" in remark and any(character.isdigit() for character in remark)


class Previewing:
    """Asks the connector, and remembers the last answer for each draft. On the screen's loop; never waits."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[tuple[ConversationId, Visibility], tuple[str, Preview]] = {}

    def of(self, chat: ConversationId, visibility: Visibility, text: str, *, whole: bool = False) -> Preview:
        """Return what a draft would become; nothing for an empty one, and (unless `whole`) for a very long one."""
        text = text.strip("\n").rstrip()
        if not text or (len(text) > _LONGEST and not whole):
            self._known.pop((chat, visibility), None)
            return Preview()
        known = self._known.get((chat, visibility))
        if known is not None and known[0] == text:
            return known[1]
        send = Send(conversation_id=chat, body=text, visibility=visibility, client_id=ClientId("preview"))
        try:
            found = _shown(self._desk.backends.prepare(send), text)
        except Rejected as error:
            found = Preview(refusal=clean_line(str(error), 200))
        self._known[chat, visibility] = text, found
        return found


def _shown(prepared: Prepared | None, text: str) -> Preview:
    if prepared is None or (prepared.parts == (text,) and not prepared.remarks):
        return Preview((clean_text(text),))
    return Preview(tuple(map(clean_text, prepared.parts)), tuple(clean_line(one, 120) for one in prepared.remarks))
