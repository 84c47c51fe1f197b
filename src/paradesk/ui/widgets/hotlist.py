"""The list of all chats: who waits and for how long, what is open where, what stands in the queue."""

from collections.abc import Sequence, Set
from typing import ClassVar

from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from paradesk.core.hotlist import HotlistRow
from paradesk.core.model import ConversationId, Status
from paradesk.ui.paneset import PaneSet
from paradesk.ui.widgets.lines import Drawn, Part, shorten, spread, strip_of
from paradesk.ui.words import PRIORITY_MARKS, STATUS_WORDS, channel_word, clock, waiting_mark


class Hotlist(Drawn, can_focus=True):
    """Rows in the desk's jump order. While it has the focus no row moves: what is new is added below."""

    KEY_CONTEXT: ClassVar[str] = "hotlist"
    STYLE_PREFIX: ClassVar[str] = "hotlist--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "hotlist--frame",
        "hotlist--frame-focused",
        "hotlist--cursor",
        "hotlist--active",
        "hotlist--alert",
        "hotlist--dim",
    }
    DEFAULT_CSS = """
    Hotlist { width: 26; height: 1fr; background: $background; color: $foreground; }
    Hotlist > .hotlist--frame { color: $foreground 40%; background: $background; }
    Hotlist > .hotlist--frame-focused { color: $accent; background: $background; text-style: bold; }
    Hotlist > .hotlist--cursor { text-style: reverse; background: $background; }
    Hotlist > .hotlist--active { text-style: bold; color: $accent; background: $background; }
    Hotlist > .hotlist--alert { text-style: bold; color: $warning; background: $background; }
    Hotlist > .hotlist--dim { color: $foreground 60%; background: $background; }
    """

    class Chosen(Message):
        """The agent wants this chat in a pane (in one of its own with `beside`)."""

        def __init__(self, conversation_id: ConversationId, *, beside: bool = False) -> None:
            super().__init__()
            self.conversation_id = conversation_id
            self.beside = beside

    class Left(Message):
        """The focus has gone elsewhere."""

    def __init__(self, *, target: float = 45.0, id: str | None = None) -> None:
        super().__init__(id=id)
        self.target = target
        """Seconds within which a waiting customer should have an answer."""
        self.several = False
        """Whether there is more than one backend, so that each row names its own."""
        self._rows: tuple[HotlistRow, ...] = ()
        self._places: dict[ConversationId, int] = {}
        self._fresh: tuple[HotlistRow, ...] = ()
        self._gone: Set[ConversationId] = frozenset()
        self._panes = PaneSet()
        self._now = 0.0
        self._cursor: ConversationId | None = None
        self._top = 0
        self._drawn: list[tuple[object, ...]] = []

    @property
    def cursor(self) -> ConversationId | None:
        """The chat under the cursor, or None when the list is empty."""
        return self._cursor

    @property
    def order(self) -> tuple[ConversationId, ...]:
        """The chats from top to bottom as they are drawn."""
        return tuple(self._places)

    def show(self, rows: Sequence[HotlistRow], panes: PaneSet, now: float) -> None:
        """Take the newest rows; only lines that look different are painted again."""
        fresh = tuple(rows)
        if (fresh, panes, int(now)) == (self._fresh, self._panes, int(self._now)) and self._drawn:
            return
        self._fresh, self._panes, self._now = fresh, panes, now
        self._settle()
        self._repaint()

    def begin_at(self, conversation_id: ConversationId | None) -> None:
        """Put the cursor where it was in the session before."""
        self._cursor = conversation_id

    def _settle(self) -> None:
        """Bring the rows up to date: in place while the list has the focus, else in the desk's order."""
        if not self.has_focus:
            if self._rows is not self._fresh:
                self._take(self._fresh)
            self._gone = frozenset()
            if self._panes.active is not None and self._panes.active in self._places:
                self._cursor = self._panes.active
        else:
            fresh = {row.conversation_id: row for row in self._fresh}
            kept = [fresh.get(row.conversation_id, row) for row in self._rows]
            self._gone = self._places.keys() - fresh.keys()
            self._take((*kept, *(row for row in self._fresh if row.conversation_id not in self._places)))
        if self._cursor not in self._places:
            self._cursor = self._rows[0].conversation_id if self._rows else None
        self._reveal()

    def _take(self, rows: tuple[HotlistRow, ...]) -> None:
        self._rows = rows
        self._places = {row.conversation_id: place for place, row in enumerate(rows)}

    @property
    def _per_row(self) -> int:
        return 2 if 2 * len(self._rows) <= max(0, self.size.height - 2) else 1

    def _reveal(self) -> None:
        room = max(1, (self.size.height - 2) // self._per_row)
        place = 0 if self._cursor is None else self._places.get(self._cursor, 0)
        self._top = max(0, min(max(self._top, place - room + 1), place, max(0, len(self._rows) - room)))

    def _line_key(self, y: int) -> tuple[object, ...]:
        """Return what line `y` depends on, so that a tick paints only the clocks that moved."""
        row, second = self._row_at(y)
        if row is None:
            return (len(self._rows), self.has_focus)
        waited = 0 if row.waiting_since is None else int(self._now - row.waiting_since)
        typing = row.typing_until is not None and row.typing_until > self._now
        number, active = self._panes.number(row.conversation_id), self._panes.active == row.conversation_id
        cursor = self.has_focus and row.conversation_id == self._cursor
        return (row, waited if not second else 0, typing, number, active, cursor, second, len(self._rows), self.several)

    def _repaint(self) -> None:
        keys = [self._line_key(y) for y in range(self.size.height)]
        if len(keys) != len(self._drawn):
            self._drawn = keys
            self.refresh()
            return
        changed = [y for y, (old, new) in enumerate(zip(self._drawn, keys, strict=True)) if old != new]
        self._drawn = keys
        if len(changed) > len(keys) // 2:
            self.refresh()
        elif changed:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))

    def _row_at(self, y: int) -> tuple[HotlistRow | None, bool]:
        line = y - 1
        if line < 0 or line >= self.size.height - 2:
            return None, False
        place, second = divmod(line, self._per_row)
        place += self._top
        return (self._rows[place], bool(second)) if place < len(self._rows) else (None, False)

    def draw_row(self, y: int) -> Strip:
        """Draw the frame or half a row of the list."""
        width, height = self.size
        focused = self.has_focus
        frame = self.style_of("frame-focused" if focused else "frame")
        corner = "╔═╗║╚╝" if focused else "┌─┐│└┘"
        if y == 0:
            title = " HOTLIST " if focused else " Hotlist "
            hidden = len(self._rows) - max(0, height - 2) // self._per_row
            count: list[Part] = [(f" {len(self._rows)} " if self._rows else "", frame), (corner[2], frame)]
            if hidden > 0:
                count.insert(0, (f" +{hidden} ↓", frame))
            return spread([(corner[0] + corner[1], frame), (title, frame)], count, width, (corner[1], frame))
        if y == height - 1:
            keys = " enter opens " if focused else ""
            left: list[Part] = [(corner[4] + corner[1], frame), (keys, frame)]
            return spread(left, [(corner[5], frame)], width, (corner[1], frame))
        row, second = self._row_at(y)
        inner = width - 2
        if row is None:
            empty = " no chats yet" if not self._rows and y == 1 else ""
            body = strip_of([(empty, self.style_of("dim"))], inner, self.style_of(""))
        else:
            body = self._detail(row, inner) if second else self._head(row, inner)
        side = strip_of([(corner[3], frame)], 1, frame)
        return Strip.join([side, body, side])

    def _head(self, row: HotlistRow, width: int) -> Strip:
        active = row.conversation_id == self._panes.active
        at_cursor = self.has_focus and row.conversation_id == self._cursor
        base = self.style_of("active") if active else self.style_of("")
        number = self._panes.number(row.conversation_id)
        waited = None if row.waiting_since is None or row.ended else self._now - row.waiting_since
        right: list[Part] = []
        if waited is not None:
            mark = waiting_mark(waited, self.target)
            right.append((f" {clock(waited)}", self.style_of("alert") if mark else base))
            right.append((f"{mark:<2}", self.style_of("alert")))
        elif self._per_row == 1 and row.offered:
            right.append((" offered", base))
        elif self._per_row == 1 and (row.ended or row.status is not Status.OPEN):
            right.append((" ended" if row.ended else f" {STATUS_WORDS[row.status].lower()}", self.style_of("dim")))
        priority = PRIORITY_MARKS[row.priority]
        if priority:
            right.insert(0, (f" {priority}", self.style_of("alert")))
        if self._per_row == 1 and row.unread:
            right.insert(0, (f" +{row.unread}", base))
        lead = "❯" if at_cursor else " "
        kind = "▶" if active else "»" if row.offered == "mine" else "+" if not row.joined and not row.ended else " "
        name = f"≈{row.name}" if row.confusable else row.name
        if self._per_row == 1 and row.confusable and row.number:
            name = f"{name} #{row.number}"
        room = width - 4 - sum(len(text) for text, _ in right)
        left: list[Part] = [(f"{lead}{kind}{number or ' '} ", base), (shorten(name, room), base)]
        strip = spread(left, right, width, (" ", base))
        return strip.apply_style(self.style_of("cursor")) if at_cursor else strip

    def _detail(self, row: HotlistRow, width: int) -> Strip:
        dim = self.style_of("dim")
        typing = row.typing_until is not None and row.typing_until > self._now
        if row.conversation_id in self._gone:
            state = "gone"
        elif row.ended:
            state = "ended"
        elif row.offered:
            state = "" if row.offered == "mine" else "offered"
        elif not row.joined:
            state = "in queue"
        else:
            state = (row.status_label or STATUS_WORDS[row.status]).lower()
        words = ["OFFERED"] if row.offered == "mine" and not row.ended else []
        words += [f"{row.unread} unread"] if row.unread else []
        words += ["typing…"] if typing else []
        words += ["draft"] if row.has_draft else []
        channel = channel_word(row.channel)
        if self.several:
            # The same customer may write to two backends, with one name: which of them it is stands in front.
            words += [" ".join(dict.fromkeys(filter(None, (row.profile, channel))))]
            channel = ""
        words += [state, channel, f"#{row.number}" if row.number else ""]
        text = ""
        for word in filter(None, words):
            longer = f"{text} · {word}" if text else word
            if len(longer) > width - 4 and text:
                break
            text = longer
        return strip_of([("    ", dim), (shorten(text, width - 4), dim)], width, dim)

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self._reveal()
        self._drawn = []

    def on_focus(self) -> None:
        """Show that the keys come here."""
        self._drawn = []
        self.refresh()

    def on_blur(self) -> None:
        """Sort again, now that nobody points at a row."""
        self._settle()
        self._drawn = []
        self.refresh()
        self.post_message(self.Left())

    def move(self, rows: int) -> None:
        """Move the cursor by so many rows, stopping at the ends."""
        if self._cursor is None:
            return
        place = min(max(self._places[self._cursor] + rows, 0), len(self._rows) - 1)
        self._cursor = self._rows[place].conversation_id
        self._reveal()
        self._repaint()

    def handle_action(self, action_id: str) -> bool:
        """Move the cursor; returns whether the action was one of these. Opening a chat is not this widget's."""
        match action_id:
            case "hotlist.up":
                self.move(-1)
            case "hotlist.down":
                self.move(1)
            case _:
                return False
        return True

    def on_click(self, event: events.Click) -> None:
        """Open the chat that was clicked."""
        row, _ = self._row_at(event.y)
        if row is not None:
            self._cursor = row.conversation_id
            self.post_message(self.Chosen(row.conversation_id))
