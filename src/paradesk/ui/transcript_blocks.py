"""The blocks of a whole transcript, made only when they are looked at and kept while they look the same. Pure."""

from datetime import date

from paradesk.core.model import Message, Role
from paradesk.core.state import Thread
from paradesk.core.transcript import SortKey, Transcript, sort_key
from paradesk.ui.transcript_rows import EMPTY_BLOCK, Block, Look, Part, Row, build_block, day_label, local_time, rule
from paradesk.ui.wrapping import cut_to

_MOST_KEPT = 768
_GROUP_SECONDS = 300.0


class Blocks:
    """What stands where: index -1 is the top of the conversation, 0 … n-1 are the messages, n is what happens now.

    `update` is cheap and may be called for every change; a block is built when someone asks for it.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Message, Look, Block]] = {}
        self._ends: dict[str, tuple[str, int, Block]] = {}
        self._levels: dict[str, int] = {}
        self._read: SortKey | None = None
        self.transcript = Transcript()
        self.width = 1
        self.today = date.min
        self.agent_id = ""
        self.unseen_after: int | None = None
        """Order key after which the first message of a customer is new to the agent; None for no such rule."""
        self.gap_after: SortKey | None = None
        self.top_label = ""
        self.typing = ""

    def __len__(self) -> int:
        return len(self.transcript)

    @property
    def last(self) -> int:
        """The index of the block after the last message."""
        return len(self.transcript)

    def update(self, thread: Thread) -> None:
        """Take over a newer state of the conversation."""
        self.transcript = thread.transcript
        read = thread.read_by_customer
        message = None if read is None else thread.transcript.get(read)
        self._read = None if message is None else sort_key(message)

    def clear(self) -> None:
        """Forget everything about the conversation."""
        self._kept.clear()
        self._levels.clear()
        self.transcript = Transcript()
        self._read = None
        self.unseen_after = self.gap_after = None
        self.typing = ""

    def expand(self, message_id: str) -> None:
        """Show more of a long message from now on."""
        self._levels[message_id] = self._levels.get(message_id, 0) + 1

    def level(self, message_id: str) -> int:
        """How often a message was expanded."""
        return self._levels.get(message_id, 0)

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
        look = self._look(index, message)
        kept = self._kept.get(message.id)
        if kept is not None and kept[0] is message and kept[1] == look:
            return kept[2]
        block = build_block(message, look)
        if len(self._kept) >= _MOST_KEPT:
            for old in list(self._kept)[: _MOST_KEPT // 2]:
                del self._kept[old]
        self._kept[message.id] = (message, look, block)
        return block

    def is_own(self, message: Message) -> bool:
        """Whether a message was written at this desk."""
        if message.role is not Role.AGENT:
            return False
        return message.client_id is not None or (bool(self.agent_id) and message.sender_id == self.agent_id)

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
        kept = self._ends.get(name)
        if kept is not None and kept[:2] == (label, self.width):
            return kept[2]
        shown = cut_to(label, self.width - 2)
        row = rule(label, self.width) if name == "top" else Row((Part("~ ", "typing"),), shown, "typing")
        block = Block((row,))
        self._ends[name] = (label, self.width, block)
        return block

    def _look(self, index: int, message: Message) -> Look:
        before = self.transcript[index - 1] if index else None
        at = local_time(message.sent_at)
        day = ""
        new_day = False
        if at is not None:
            earlier = local_time(before.sent_at) if before is not None else None
            new_day = earlier is None or earlier.date() != at.date()
            if new_day:
                day = day_label(at.date(), self.today)
        unseen = self._starts_unseen(message, before)
        own = self.is_own(message)
        key = sort_key(message)
        gap = self.gap_after is not None and self._ends_gap(index, key)
        grouped = (
            before is not None
            and not new_day
            and not unseen
            and before.sender_id == message.sender_id
            and before.role is message.role
            and before.visibility is message.visibility
            and 0 <= message.sent_at - before.sent_at < _GROUP_SECONDS
            and not (self.gap_after is not None and self._ends_gap(index - 1, sort_key(before)))
            and message.visibility.value == "public"
        )
        read = own and self._read is not None and key <= self._read
        return Look(self.width, own, grouped, day, unseen, gap, read, self._levels.get(message.id, 0))

    def _starts_unseen(self, message: Message, before: Message | None) -> bool:
        """Whether this is the first message of a customer after what the agent has looked at."""
        seen = self.unseen_after
        if seen is None or message.order_key <= seen or message.role is not Role.CUSTOMER:
            return False
        # Messages between what was seen and this one are not the customer's: walk back over those few.
        index = self.transcript.position(message.id)
        while index:
            index -= 1
            earlier = self.transcript[index]
            if earlier.order_key <= seen:
                return True
            if earlier.role is Role.CUSTOMER:
                return False
        return True

    def _ends_gap(self, index: int, key: SortKey) -> bool:
        gap = self.gap_after
        if gap is None or key > gap:
            return False
        following = index + 1
        return following >= len(self.transcript) or sort_key(self.transcript[following]) > gap
