"""Where the agent reads in a transcript: at the tail, or held at a row that nothing moves. Pure."""

from paradesk.core.model import Message
from paradesk.core.transcript import SortKey, sort_key
from paradesk.desk.layout import ReadingPlace
from paradesk.ui.transcript_blocks import Blocks
from paradesk.ui.transcript_scroll import Anchor, Place, RowWalk


class Reading:
    """The view's place over its blocks, its height, and the message cursor."""

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = blocks
        self.height = 0
        self.anchor: Anchor | None = None
        """The first row while reading back; None while the view follows the tail."""
        self._left: SortKey | None = None
        self._cursor: tuple[str, SortKey] | None = None
        self.wanted: ReadingPlace | None = None
        """Where to read on, as soon as there are messages and room for them."""

    @property
    def place(self) -> ReadingPlace | None:
        """Where the agent reads back, to be taken up in another session; None at the tail."""
        if self.wanted is not None or self.anchor is None:
            return self.wanted
        anchor, left = self.anchor, self._left
        order, left_id = (None, "") if left is None else left
        return ReadingPlace(anchor.message_id, anchor.key[0], anchor.offset, left_id, order)

    def _take_up(self) -> None:
        wanted = self.wanted
        if wanted is None or not self.height or not len(self.blocks):
            return
        self.wanted = None
        self.anchor = Anchor(wanted.message_id, (wanted.order, wanted.message_id), wanted.offset)
        self._left = None if wanted.left_order is None else (wanted.left_order, wanted.left_id)

    @property
    def following(self) -> bool:
        """Whether the newest message is in view and stays there."""
        return self.anchor is None

    @property
    def room(self) -> int:
        """Rows for messages: while reading back, the last row of the view says what waits below."""
        return self.height - 1 if self.anchor is not None and self.height > 2 else self.height

    @property
    def new_below(self) -> int:
        """Messages that came after the agent left the tail."""
        if self.anchor is None or self._left is None:
            return 0
        return len(self.blocks) - self.blocks.after(self._left)

    def reset(self) -> None:
        """Begin at the tail, for another conversation."""
        self.anchor = self._left = self._cursor = None

    def places(self) -> list[Place]:
        """Return the rows in view, from above; fewer than `height` when there are no more."""
        self._take_up()
        walk = self._walk()
        if self.anchor is None:
            return walk.tail(self.height)
        start = self._resolve(self.anchor)
        if start is not None:
            found = walk.down(start, self.height)
            if len(found) == self.height and found and found[-1] != walk.end():
                return found[: self.room]
        self.anchor = None
        return walk.tail(self.height)

    def scroll(self, delta: int) -> bool:
        """Move by rows, down when positive; return whether it was the top that stopped it."""
        places = self.places()
        if not places:
            return delta < 0
        walk = self._walk()
        if delta < 0 and places[0] == walk.start():
            return True
        if self.anchor is None and (delta > 0 or len(places) < self.height):
            return False
        self._hold(walk.move(places[0], delta))
        return delta < 0 and walk.move(places[0], delta) == walk.start()

    def page(self, direction: int) -> bool:
        """Move by a page, keeping one row in view; return whether it was the top that stopped it."""
        return self.scroll(direction * max(1, self.height - 2))

    def to_top(self) -> None:
        """Go to the first row."""
        self._hold(self._walk().start())

    def to_bottom(self) -> None:
        """Go to the newest message, and stay with it."""
        self.anchor = self._left = None

    def hold_here(self) -> None:
        """Keep what is in the first row there, before something in view changes its height."""
        places = self.places()
        if self.anchor is None and len(places) == self.height and places:
            index = next((place[0] for place in places if place[0] >= 0), 0)
            self._pin(max(places[0], (index, 0)))

    def resize(self, width: int, height: int) -> None:
        """Take over a new size; what stands in the first row stays there as far as it can."""
        self.height = height
        if width == self.blocks.setting.width:
            return
        anchor = self.anchor
        index = None if anchor is None else self.blocks.locate(anchor.message_id, anchor.key)
        if anchor is None or index is None:
            self.blocks.set_width(width)
            return
        block = self.blocks.block(index)
        row = block.base + anchor.offset
        start = anchor.text
        if start < 0 and anchor.offset > 0 and row < len(block.rows):
            start = block.rows[row].start
        self.blocks.set_width(width)
        if start > 0:
            block = self.blocks.block(index)
            rows = [place for place, row_ in enumerate(block.rows) if 0 <= row_.start <= start]
            offset = (rows[-1] if rows else block.base) - block.base
            self.anchor = Anchor(anchor.message_id, anchor.key, offset, start)

    def reveal(self, place: Place) -> None:
        """Bring a row into view: not at all when it is there, else a third from the top."""
        if place in self.places():
            return
        self._hold(self._walk().move(place, -(self.height // 3)))

    def reveal_message(self, index: int) -> None:
        """Bring a message into view with as little movement as possible."""
        places = self.places()
        block = self.blocks.block(index)
        first, last = (index, block.lead), (index, len(block.rows) - 1)
        if not places or (first in places and last in places):
            return
        room = max(1, self.height - 1)
        if first < places[0] or len(block.rows) - block.lead >= room:
            if first not in places:
                self._hold((index, 0) if len(block.rows) <= room else first)
            return
        self._hold(self._walk().move(last, -(room - 1)))

    @property
    def cursor(self) -> Message | None:
        """The message that the agent chose, or None."""
        index = self.cursor_index
        return None if index is None else self.blocks.transcript[index]

    @property
    def cursor_index(self) -> int | None:
        """Where the chosen message is."""
        if self._cursor is None:
            return None
        return self.blocks.locate(*self._cursor)

    def choose(self, index: int | None) -> None:
        """Put the cursor on a message and bring it into view, or take the cursor away."""
        if index is None or not 0 <= index < len(self.blocks):
            self._cursor = None
            return
        message = self.blocks.transcript[index]
        self._cursor = (message.id, sort_key(message))
        self.reveal_message(index)

    def move_cursor(self, delta: int) -> bool:
        """Move the cursor by messages; without one, begin at the last in view. Return False at an end."""
        if not len(self.blocks):
            return False
        index = self.cursor_index
        if index is None:
            seen = [place[0] for place in self.places() if 0 <= place[0] < len(self.blocks)]
            self.choose(seen[-1] if seen else len(self.blocks) - 1)
            return True
        moved = min(max(0, index + delta), len(self.blocks) - 1)
        self.choose(moved)
        return moved != index

    def _walk(self) -> RowWalk:
        return RowWalk(self.blocks.height, -1, self.blocks.last)

    def _hold(self, place: Place) -> None:
        """Hold a row at the top of the view, unless the tail would be in view anyway."""
        self._pin(place)
        self.places()  # lets go when this reaches the tail

    def _pin(self, place: Place) -> None:
        messages = len(self.blocks)
        if not messages:
            self.anchor = None
            return
        was_following = self.anchor is None
        index, row = place
        if index < 0:
            offset = row - self.blocks.height(-1) - self.blocks.block(0).base
            index = 0
        elif index >= messages:
            index = messages - 1
            block = self.blocks.block(index)
            offset = len(block.rows) - block.base + row
        else:
            offset = row - self.blocks.block(index).base
        message = self.blocks.transcript[index]
        self.anchor = Anchor(message.id, sort_key(message), offset)
        if was_following:
            last = self.blocks.transcript.last
            self._left = None if last is None else sort_key(last)

    def _resolve(self, anchor: Anchor) -> Place | None:
        index = self.blocks.locate(anchor.message_id, anchor.key)
        if index is None:
            return None
        return self._walk().move((index, self.blocks.block(index).base), anchor.offset)
