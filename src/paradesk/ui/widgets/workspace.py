"""The panes side by side, tiled to the room that there is."""

from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from paradesk.core.model import ConversationId
from paradesk.ui.content import plain
from paradesk.ui.paneset import PaneSet
from paradesk.ui.tiling import Box, Direction, arrange, capacity, choose_shown, neighbour
from paradesk.ui.widgets.pane import Pane


class Workspace(Widget):
    """Draws a `PaneSet`. Panes for which there is no room stay as they are, unseen, until they become active."""

    BLANK = True
    DEFAULT_CSS = """
    Workspace { width: 1fr; height: 1fr; overflow: hidden; align: center middle; }
    Workspace > #nothing-open { width: auto; height: auto; display: none; color: $foreground; }
    """

    class Resized(Message):
        """The room for panes has changed."""

    class Entered(Message):
        """The focus went into the pane of this chat."""

        def __init__(self, conversation_id: ConversationId) -> None:
            super().__init__()
            self.conversation_id = conversation_id

    def __init__(
        self,
        make_pane: Callable[[ConversationId], Pane],
        nothing_open: Callable[[], str] = lambda: "No chat is open.",
        *,
        id: str | None = None,
    ) -> None:
        """`nothing_open` gives the words that stand here while there is no pane."""
        super().__init__(id=id)
        self._make_pane = make_pane
        self._nothing_open = nothing_open
        self._panes: dict[ConversationId, Pane] = {}
        self.pane_set = PaneSet()
        self._boxes: dict[ConversationId, Box] = {}

    def compose(self) -> ComposeResult:
        """What stands here while there is no pane."""
        yield Static(id="nothing-open")

    @property
    def panes(self) -> tuple[Pane, ...]:
        """All panes in the order of their numbers, shown or not."""
        return tuple(self._panes[item] for item in self.pane_set.order if item in self._panes)

    @property
    def shown(self) -> tuple[ConversationId, ...]:
        """The chats whose panes are on the screen."""
        return tuple(self._boxes)

    @property
    def room(self) -> int:
        """How many panes are readable here at once."""
        return capacity(*self.size) if self.size else 1

    def pane(self, conversation_id: ConversationId | None) -> Pane | None:
        """Return the pane of a chat, or None."""
        return None if conversation_id is None else self._panes.get(conversation_id)

    @property
    def active_pane(self) -> Pane | None:
        """The pane that keys reach, or None while no chat is open."""
        return self.pane(self.pane_set.active)

    async def apply(self, pane_set: PaneSet) -> None:
        """Make the panes what `pane_set` says; when this returns the new ones take keys."""
        self.pane_set = pane_set
        fresh = [item for item in pane_set.order if item not in self._panes]
        added = [self._make_pane(item) for item in fresh]
        self._panes.update(zip(fresh, added, strict=True))
        self.place()
        self.say_when_empty()
        if added:
            await self.mount_all(added)

    def say_when_empty(self) -> None:
        """Say what to do where no chat is open, and nothing otherwise."""
        hint = self.query_one("#nothing-open", Static)
        empty = not self.pane_set.order
        if empty:
            hint.update(plain(self._nothing_open()))
        hint.display = empty

    def drop_closed(self) -> None:
        """Remove the panes that are not in the set any more; the focus has to be elsewhere by now."""
        for item, pane in list(self._panes.items()):
            if item not in self.pane_set.order:
                del self._panes[item]
                pane.remove()

    def place(self) -> None:
        """Give every pane its rectangle."""
        width, height = self.size
        if not width or not height:
            return
        order = self.pane_set.order
        if self.pane_set.zoomed and self.pane_set.active is not None:
            order = (self.pane_set.active,)
        room = len(arrange(len(order), width, height))
        shown = choose_shown(order, self.pane_set.recent, room)
        boxes = dict(zip(shown, arrange(len(shown), width, height), strict=False))
        self._boxes = boxes
        for item, pane in self._panes.items():
            box = boxes.get(item)
            if box is None:
                pane.display = False
                continue
            pane.styles.offset = (box.x, box.y)
            pane.styles.width = box.width
            pane.styles.height = box.height
            pane.display = True

    def beside(self, direction: Direction) -> ConversationId | None:
        """Return the chat in the nearest pane in that direction from the active one, or None at the edge."""
        shown = list(self._boxes)
        if self.pane_set.active not in shown:
            return None
        found = neighbour([self._boxes[item] for item in shown], shown.index(self.pane_set.active), direction)
        return None if found is None else shown[found]

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Say which pane a click went into."""
        for node in event.widget.ancestors_with_self:
            if isinstance(node, Pane) and node.conversation_id != self.pane_set.active:
                self.post_message(self.Entered(node.conversation_id))

    def on_resize(self, event: events.Resize) -> None:
        """Tile again."""
        self.place()
        self.post_message(self.Resized())
