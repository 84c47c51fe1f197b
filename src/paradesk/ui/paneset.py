"""Which chats stand in panes, in which order, and which of them is active. Pure: each change gives a new value."""

from collections.abc import Container
from dataclasses import dataclass, replace

from paradesk.core.model import ConversationId
from paradesk.ui.tiling import MAX_PANES


@dataclass(frozen=True, slots=True)
class PaneSet:
    """The open chats in the order of their pane numbers. Exactly one is active, unless none is open."""

    order: tuple[ConversationId, ...] = ()
    active: ConversationId | None = None
    recent: tuple[ConversationId, ...] = ()
    """The open chats, the one that was active last first."""
    zoomed: bool = False

    def number(self, conversation_id: ConversationId) -> int | None:
        """Return the pane number (from 1) of a chat, or None when it has no pane."""
        return self.order.index(conversation_id) + 1 if conversation_id in self.order else None

    def activate(self, conversation_id: ConversationId) -> "PaneSet":
        """Make an open chat active; unknown ones change nothing."""
        if conversation_id not in self.order:
            return self
        rest = tuple(item for item in self.recent if item != conversation_id)
        return replace(self, active=conversation_id, recent=(conversation_id, *rest))

    def open(self, conversation_id: ConversationId, room: int, *, beside: bool = False) -> "PaneSet":
        """Open a chat and make it active: in a free place if one is readable, else in the place of the active one.

        `room` is how many panes are readable at once; with `beside` the chat gets a pane of its own even beyond that,
        up to `MAX_PANES`.
        """
        if conversation_id in self.order:
            return self.activate(conversation_id)
        limit = MAX_PANES if beside else max(1, min(room, MAX_PANES))
        if len(self.order) < limit or self.active is None:
            added = replace(self, order=(*self.order, conversation_id), zoomed=self.zoomed and not beside)
            return added.activate(conversation_id)
        return self.put_in_place(self.active, conversation_id).activate(conversation_id)

    def add(self, conversation_id: ConversationId) -> "PaneSet":
        """Open a chat without taking the activity away from another one."""
        if conversation_id in self.order or len(self.order) >= MAX_PANES:
            return self
        active = self.active or conversation_id
        return replace(
            self, order=(*self.order, conversation_id), active=active, recent=(*self.recent, conversation_id)
        )

    def put_in_place(self, old: ConversationId, new: ConversationId) -> "PaneSet":
        """Give the place of one chat to another."""
        order = tuple(new if item == old else item for item in self.order)
        recent = tuple(item for item in self.recent if item != old)
        return replace(self, order=order, recent=recent, active=new if self.active == old else self.active)

    def close(self, conversation_id: ConversationId) -> "PaneSet":
        """Close a chat's pane; the one that was active before it becomes active."""
        if conversation_id not in self.order:
            return self
        order = tuple(item for item in self.order if item != conversation_id)
        recent = tuple(item for item in self.recent if item != conversation_id)
        active = self.active
        if active == conversation_id:
            active = recent[0] if recent else (order[0] if order else None)
        return PaneSet(order, active, recent, self.zoomed and bool(order))

    def swap(self) -> "PaneSet":
        """Exchange the active pane with the one after it (the last with the first)."""
        if self.active is None or len(self.order) < 2:
            return self
        order = list(self.order)
        here = order.index(self.active)
        there = (here + 1) % len(order)
        order[here], order[there] = order[there], order[here]
        return replace(self, order=tuple(order))

    def next(self, step: int = 1) -> "PaneSet":
        """Make the pane after the active one active, around the end."""
        if self.active is None:
            return self
        return self.activate(self.order[(self.order.index(self.active) + step) % len(self.order)])

    def last(self) -> "PaneSet":
        """Go back to the pane that was active before."""
        return self.activate(self.recent[1]) if len(self.recent) > 1 else self

    def zoom(self) -> "PaneSet":
        """Give the active pane the whole workspace, or take it back."""
        return replace(self, zoomed=not self.zoomed and self.active is not None)

    def only(self, known: Container[ConversationId]) -> "PaneSet":
        """Keep the panes of these chats."""
        kept = self
        for item in self.order:
            if item not in known:
                kept = kept.close(item)
        return kept
