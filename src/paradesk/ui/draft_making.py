"""What is known of how each draft was made: when and for whom it was begun, what was seen, where its pieces came from.

Pure: the caller says what time it is and what stands on the screen.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from paradesk.core.model import ConversationId, MessageId, Visibility
from paradesk.guard.verdict import Draft, Origin, OriginKind

READ_AFTER = 2.0
"""Seconds for which a customer's line must have stood on the screen, while the agent wrote on, to count as read."""

MOST_ORIGINS = 20
"""Pieces of one draft that are remembered; the oldest go first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """The making of one draft, from its first keystroke on. Times are Unix seconds."""

    target: ConversationId | None = None
    begun_at: float | None = None
    last_seen: MessageId | None = None
    acknowledged: MessageId | None = None
    read: MessageId | None = None
    origins: tuple[Origin, ...] = ()
    on_screen: MessageId | None = None
    """The newest customer message that stood on the screen at the last keystroke."""
    on_screen_since: float = 0.0
    """The first keystroke at which it stood there."""
    decided: str = ""
    """The text that the agent has said to send all the same."""
    switched: str = ""
    """Characters that were on their way to another chat when this one became active."""
    switched_from: ConversationId | None = None


_FRESH = Making()
_Key = tuple[ConversationId, Visibility]


class Makings:
    """All drafts of the session by conversation and visibility, and what was copied last inside Paradesk."""

    def __init__(self, keep: Callable[[_Key, Draft | None], None] = lambda _key, _draft: None) -> None:
        """`keep` is told what a restart should know of a draft, without its text; None where there is no draft."""
        self._of: dict[_Key, Making] = {}
        self._keep = keep
        self._copied = ""
        self._copied_from: tuple[Origin, ...] = ()

    def of(self, chat: ConversationId, visibility: Visibility) -> Making:
        """Return what is known of a draft; nothing of one that was not touched in this session."""
        return self._of.get((chat, visibility), _FRESH)

    def typed(
        self, chat: ConversationId, visibility: Visibility, text: str, now: float, seen: MessageId | None
    ) -> bool:
        """The draft is now `text`, while `seen` is the newest customer message on the screen; True where that began it."""
        key = (chat, visibility)
        if not text:
            self._forget(key)
            return False
        before = self._of.get(key, _FRESH)
        if before.begun_at is None:
            begun = replace(before, target=chat, begun_at=now, last_seen=seen, on_screen=seen, on_screen_since=now)
            self._set(key, begun)
            return True
        if seen != before.on_screen:
            self._set(key, replace(before, on_screen=seen, on_screen_since=now))
        elif seen is not None and seen != before.read and now - before.on_screen_since >= READ_AFTER:
            self._set(key, replace(before, read=seen))
        return False

    def came(self, chat: ConversationId, visibility: Visibility, *origins: Origin) -> None:
        """A piece that was not typed is about to come into a draft."""
        before = self.of(chat, visibility)
        kept = tuple(dict.fromkeys((*before.origins, *origins)))[-MOST_ORIGINS:]
        self._set((chat, visibility), replace(before, origins=kept))

    def flew(self, chat: ConversationId, visibility: Visibility, character: str, meant: ConversationId) -> None:
        """A character that was on its way to the chat `meant` is about to come into a draft."""
        before = self.of(chat, visibility)
        typed = before.switched + character if before.switched_from == meant else character
        self._set((chat, visibility), replace(before, switched=typed, switched_from=meant))

    def copied(self, chat: ConversationId, text: str, visibility: Visibility | None = None) -> None:
        """Text was copied or cut in a chat: in its transcript, or in the composer of this visibility."""
        self._copied = _plain(text)
        carried = () if visibility is None else self.of(chat, visibility).origins
        filled = tuple(origin for origin in carried if _overlap(origin.text, text))
        self._copied_from = (Origin(chat, OriginKind.COPIED, text), *filled)

    def pasted(self, chat: ConversationId, visibility: Visibility, text: str) -> None:
        """Text is about to be pasted; where it is what was copied last, its origins come with it."""
        if self._copied and _plain(text) == self._copied:
            self.came(chat, visibility, *self._copied_from)

    def decided(
        self, chat: ConversationId, visibility: Visibility, text: str = "", acknowledged: MessageId | None = None
    ) -> None:
        """The agent has said to send `text` all the same, or has looked at what came up to `acknowledged`."""
        before = self.of(chat, visibility)
        shown = acknowledged or before.acknowledged
        self._set((chat, visibility), replace(before, decided=text or before.decided, acknowledged=shown))

    def moved(
        self, chat: ConversationId, to: ConversationId, visibility: Visibility, text: str, now: float,
        seen: MessageId | None,
    ) -> None:  # fmt: skip
        """The agent moved a draft to another chat: from now on it is meant for that one."""
        origins = (*self.of(chat, visibility).origins, Origin(to, OriginKind.MOVED, text))
        self._forget((chat, visibility))
        self.typed(to, visibility, text, now, seen)
        self.came(to, visibility, *origins)

    def sent(self, chat: ConversationId, visibility: Visibility, left: str, now: float, seen: MessageId | None) -> None:
        """A reply was accepted; what was written since, `left`, is another draft."""
        before = self.of(chat, visibility)
        self._forget((chat, visibility))
        if left:
            self.typed(chat, visibility, left, now, seen)
            self.came(chat, visibility, *(origin for origin in before.origins if _overlap(origin.text, left)))

    def put_back(self, chat: ConversationId, visibility: Visibility, making: Making) -> None:
        """A reply was taken back and is a draft again."""
        self._set((chat, visibility), making)

    def restored(self, draft: Draft) -> None:
        """A draft of an earlier session stands here again; its making was kept."""
        self._of[draft.conversation_id, draft.visibility] = Making(
            target=draft.target,
            begun_at=draft.begun_at,
            last_seen=draft.last_seen,
            acknowledged=draft.acknowledged,
            read=draft.read,
            origins=draft.origins,
            switched=draft.switched,
            switched_from=draft.switched_from,
        )

    def _set(self, key: _Key, making: Making) -> None:
        before = self.draft(*key, "") if key in self._of else None
        self._of[key] = making
        if (now := self.draft(*key, "")) != before:
            self._keep(key, now)

    def _forget(self, key: _Key) -> None:
        if self._of.pop(key, None) is not None:
            self._keep(key, None)

    def draft(self, chat: ConversationId, visibility: Visibility, text: str) -> Draft:
        """Return what the guard is asked about."""
        making = self.of(chat, visibility)
        return Draft(
            conversation_id=chat,
            text=text,
            visibility=visibility,
            target=making.target,
            begun_at=making.begun_at,
            last_seen=making.last_seen,
            acknowledged=making.acknowledged,
            read=making.read,
            switched=making.switched,
            switched_from=making.switched_from,
            origins=making.origins,
        )


def _plain(text: str) -> str:
    """Return a text without the differences that a terminal's clipboard makes."""
    return " ".join(text.split())


def _overlap(one: str, other: str) -> bool:
    one, other = _plain(one), _plain(other)
    return bool(one and other) and (one in other or other in one)
