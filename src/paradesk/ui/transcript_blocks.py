"""The blocks of a whole transcript, made only when they are looked at and kept while they look the same. Pure."""

from dataclasses import dataclass, replace
from datetime import date

from paradesk.core.model import Delivery, Message, Role, Visibility
from paradesk.core.state import Thread
from paradesk.core.transcript import SortKey, Transcript, sort_key
from paradesk.ui.transcript_rows import EMPTY_BLOCK, Block, Look, Part, Row, build_block, day_label, local_time, rule
from paradesk.ui.wrapping import cut_to

_MOST_KEPT = 768
_GROUP_SECONDS = 300.0
_MOST_SEARCHED = 500


@dataclass(frozen=True, slots=True)
class Setting:
    """What decides how messages look, apart from themselves and their neighbours."""

    width: int = 1
    today: date = date.min
    agent_id: str = ""
    unseen_id: str = ""
    """The message before which the rule for new ones stands."""
    gap_id: str = ""
    """The message after which others are missing."""
    read: SortKey | None = None
    """Up to where the customer has read."""
    offline: bool = False
    """What is queued waits for the connection."""


@dataclass(slots=True)
class _Kept:
    """A block that was built, and what it was built for."""

    message: Message
    before: Message | None
    setting: Setting
    look: Look
    block: Block


class Blocks:
    """What stands where: index -1 is the top of the conversation, 0 … n-1 are the messages, n is what happens now.

    `update` is cheap and may be called for every change; a block is built when someone asks for it.
    """

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._ends: dict[str, tuple[str, int, Block]] = {}
        self._levels: dict[str, int] = {}
        self.transcript = Transcript()
        self.setting = Setting()
        self.unseen_after: int | None = None
        """Order key after which the first message of a customer is new to the agent; None for no such rule."""
        self.top_label = ""
        self.typing = ""

    def __len__(self) -> int:
        return len(self.transcript)

    @property
    def last(self) -> int:
        """The index of the block after the last message."""
        return len(self.transcript)

    def update(self, thread: Thread, today: date, agent_id: str = "", *, offline: bool = False) -> None:
        """Take over a newer state of the conversation."""
        self.transcript = thread.transcript
        read = thread.read_by_customer
        message = None if read is None else thread.transcript.get(read)
        setting = Setting(
            self.setting.width,
            today,
            agent_id,
            self._first_unseen(),
            self._before_gap(thread),
            None if message is None else sort_key(message),
            offline,
        )
        if setting != self.setting:  # blocks compare settings by identity first
            self.setting = setting

    def set_width(self, width: int) -> None:
        """Wrap to another width from now on."""
        self.setting = replace(self.setting, width=width)

    def drop_unseen(self) -> None:
        """Take away the rule for new messages."""
        self.unseen_after = None
        self.setting = replace(self.setting, unseen_id="")

    def clear(self) -> None:
        """Forget everything about the conversation."""
        self._kept.clear()
        self._levels.clear()
        self.transcript = Transcript()
        self.setting = Setting(self.setting.width)
        self.unseen_after = None
        self.typing = ""

    def expand(self, message_id: str) -> None:
        """Show more of a long message from now on."""
        self._levels[message_id] = self._levels.get(message_id, 0) + 1
        self._kept.pop(message_id, None)

    def height(self, index: int) -> int:
        """Rows of a block."""
        return len(self.block(index).rows)

    def block(self, index: int) -> Block:
        """Return the block at an index from -1 to `last`."""
        if index < 0:
            return self._end("top", self.top_label)
        if index >= len(self.transcript):
            return self._end("typing", self.typing)
        message = self.transcript[index]
        before = self.transcript[index - 1] if index else None
        kept = self._kept.get(message.id)
        if kept is not None and kept.message is message and kept.before is before and kept.setting is self.setting:
            return kept.block
        look = self._look(message, before)
        if kept is not None and kept.look == look and (kept.message is message or kept.message == message):
            kept.message, kept.before, kept.setting = message, before, self.setting
            return kept.block
        block = build_block(message, look)
        if len(self._kept) >= _MOST_KEPT:
            for old in list(self._kept)[: _MOST_KEPT // 2]:
                del self._kept[old]
        self._kept[message.id] = _Kept(message, before, self.setting, look, block)
        return block

    def is_own(self, message: Message) -> bool:
        """Whether a message was written at this desk."""
        if message.role is not Role.AGENT:
            return False
        agent_id = self.setting.agent_id
        return message.client_id is not None or (agent_id != "" and message.sender_id == agent_id)

    def locate(self, message_id: str, key: SortKey) -> int | None:
        """Return the index of a message, or of the one that took its place in the order; None when there is none."""
        place = self.transcript.position(message_id)
        if place is not None:
            return place
        place = self.after(key, including=True)
        return min(place, len(self) - 1) if len(self) else None

    def after(self, key: SortKey, including: bool = False) -> int:
        """Return the index of the first message after a sort key (or at it)."""
        low, high = 0, len(self.transcript)
        while low < high:
            middle = (low + high) // 2
            other = sort_key(self.transcript[middle])
            if other < key or (other == key and not including):
                low = middle + 1
            else:
                high = middle
        return low

    def _end(self, name: str, label: str) -> Block:
        if not label:
            return EMPTY_BLOCK
        width = self.setting.width
        kept = self._ends.get(name)
        if kept is not None and kept[:2] == (label, width):
            return kept[2]
        shown = cut_to(label, width - 2)
        row = rule(label, width) if name == "top" else Row((Part("~ ", "typing"),), shown, "typing")
        block = Block((row,))
        self._ends[name] = (label, width, block)
        return block

    def _first_unseen(self) -> str:
        seen = self.unseen_after
        if seen is None:
            return ""
        start = self.after((seen + 1, ""), including=True)
        for index in range(start, min(start + _MOST_SEARCHED, len(self.transcript))):
            message = self.transcript[index]
            if message.role is Role.CUSTOMER:
                return message.id
        return ""

    def _before_gap(self, thread: Thread) -> str:
        if not thread.gap or thread.gap_key is None:
            return ""
        index = self.after((thread.gap_key + 1, "")) - 1
        return self.transcript[index].id if index >= 0 else ""

    def _look(self, message: Message, before: Message | None) -> Look:
        setting = self.setting
        at = local_time(message.sent_at)
        day = ""
        if at is not None:
            earlier = local_time(before.sent_at) if before is not None else None
            if earlier is None or earlier.date() != at.date():
                day = day_label(at.date(), setting.today)
        unseen = message.id == setting.unseen_id
        own = self.is_own(message)
        grouped = (
            before is not None
            and not day
            and not unseen
            and before.id != setting.gap_id
            and before.sender_id == message.sender_id
            and before.role is message.role
            and before.visibility is message.visibility is Visibility.PUBLIC
            and self.is_own(before) == own
            and 0 <= message.sent_at - before.sent_at < _GROUP_SECONDS
        )
        return Look(
            width=setting.width,
            own=own,
            grouped=grouped,
            day=day,
            unseen=unseen,
            gap=message.id == setting.gap_id,
            read=own and setting.read is not None and sort_key(message) <= setting.read,
            level=self._levels.get(message.id, 0),
            offline=setting.offline and message.delivery is Delivery.QUEUED,
        )
