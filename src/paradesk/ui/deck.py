"""The open panes as the agent changes them: opening, closing, moving between them, and keeping them for next time."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from textual.widget import Widget

from paradesk.core.model import ConversationId, LocalFile, Visibility
from paradesk.core.state import State
from paradesk.desk.layout import Layout, PanePlace
from paradesk.desk.outbox import TakenBack
from paradesk.ui.paneset import PaneSet
from paradesk.ui.places import places_of, still_there, take_up
from paradesk.ui.tiling import MAX_PANES
from paradesk.ui.widgets.pane import Pane
from paradesk.ui.widgets.workspace import Workspace

ECHO_FIRST = 0.008
"""Seconds between a key and the writing of the draft, so that the disk does not delay the echo."""


class Keeps(Protocol):
    """The part of the desk that remembers."""

    def saved_layout(self) -> Layout:
        """Return what was saved last."""

    def save_layout(self, layout: Layout) -> None:
        """Keep it for the next start."""

    def save_draft(self, conversation_id: ConversationId, visibility: Visibility, text: str) -> None:
        """Keep what is being typed."""


class Deck:
    """Changes the set of panes, moves the focus with it, and saves the layout. Only the agent's actions call it."""

    def __init__(self, desk: Keeps, workspace: Workspace, state: Callable[[], State]) -> None:
        self._desk, self._workspace, self._state = desk, workspace, state
        self._typed: dict[tuple[ConversationId, Visibility], str] = {}
        self._unsaved: dict[tuple[ConversationId, Visibility], str] = {}
        self._saving: asyncio.TimerHandle | None = None
        self._files: dict[ConversationId, tuple[LocalFile, ...]] = {}
        self._notes: set[ConversationId] = set()
        self._places: dict[ConversationId, PanePlace] = {}
        self._layout: Layout | None = None
        self.around: Callable[[], tuple[ConversationId | None, bool]] = lambda: (None, False)
        """Says which chat the hotlist's cursor is on, and whether the customer panel is open."""
        self.tell: Callable[[str, str], None] = lambda _text, _severity: None
        self.remove_key = ""
        """How the key that takes the last attached file away is displayed."""
        self.changed: Callable[[], None] = lambda: None
        """Called after each change of the panes."""
        self.touched: Callable[[], None] = lambda: None
        """Called when the agent has opened, closed or chosen a pane."""
        self.hotlist = True
        """Whether the agent wants the hotlist to stay on the screen."""

    @property
    def panes(self) -> PaneSet:
        """The open chats."""
        return self._workspace.pane_set

    @property
    def acting(self) -> Pane | None:
        """The pane that an action is about: the one with the focus, else the active one."""
        return self.focused or self._workspace.active_pane

    @property
    def focused(self) -> Pane | None:
        """The pane with the focus, or None."""
        return self.pane_of(self._workspace.screen.focused if self._workspace.is_attached else None)

    @staticmethod
    def pane_of(node: object) -> Pane | None:
        """Return the pane that a widget belongs to, or None."""
        while isinstance(node, Widget):
            if isinstance(node, Pane):
                return node
            node = node.parent
        return None

    def _focus_is_in_a_closed_pane(self) -> bool:
        return (pane := self.focused) is not None and pane.conversation_id not in self.panes.order

    # Panes

    async def change(self, panes: PaneSet, *, focus: bool = True) -> None:
        """Show these panes, save them, and put the focus into the active one's composer."""
        before = set(self.panes.order)
        if focus:
            self.touched()
        for open_pane in self._workspace.panes:
            if open_pane.conversation_id not in panes.order:
                self._keep(open_pane)
        await self._workspace.apply(panes)
        if not self._workspace.is_attached:
            return
        for item in panes.order:
            if item not in before and (pane := self._workspace.pane(item)) is not None:
                self._fill(pane)
        active = self._workspace.active_pane
        if focus or self._focus_is_in_a_closed_pane():
            self._workspace.screen.set_focus(None if active is None else active.composer)
        self._workspace.drop_closed()
        self.save()
        self.changed()

    async def open(self, conversation_id: ConversationId, *, beside: bool = False) -> None:
        """Open a chat (or go to its pane), in a free place or in that of the active one."""
        await self.change(self.panes.open(conversation_id, self._workspace.room, beside=beside))

    async def fill_free_places(self, candidates: tuple[ConversationId, ...]) -> None:
        """Open these chats where there is room, without taking the activity from another one."""
        panes = self.panes
        had_none = panes.active is None
        for item in candidates:
            if len(panes.order) < min(self._workspace.room, MAX_PANES):
                panes = panes.add(item)
        if panes != self.panes:
            await self.change(panes, focus=False)
            active = self._workspace.active_pane
            if had_none and active is not None and self._workspace.screen.focused is None:
                self._workspace.screen.set_focus(active.composer)

    async def restore(self) -> bool:
        """Bring back the panes of the last time; returns whether there were any."""
        saved = self._desk.saved_layout()
        self.hotlist = saved.hotlist
        self._notes = set(saved.notes)
        self._take_places(saved)
        panes = PaneSet()
        for item in saved.panes[:MAX_PANES]:
            if item in self._state().threads:
                panes = panes.add(item)
        if not panes.order:
            return False
        if saved.active is not None:
            panes = panes.activate(saved.active)
        await self.change(replace(panes, zoomed=saved.zoomed))
        return True

    def save(self) -> None:
        """Keep drafts and layout for the next start."""
        self.save_drafts()
        self._layout = self._now()
        self._desk.save_layout(self._layout)

    def keep_places(self) -> None:
        """Keep where the agent is, if that has changed; called now and then, and before the end."""
        if self._layout is not None and self._workspace.is_attached and (now := self._now()) != self._layout:
            self._layout = now
            self._desk.save_layout(now)

    def _now(self) -> Layout:
        panes = self.panes
        notes = tuple(item for item in panes.order if item in self._notes)
        open_panes = [pane for pane in self._workspace.panes if pane.conversation_id in panes.order]
        waiting = tuple(self._places.values())
        places = (*places_of(open_panes, self._files), *waiting)
        return Layout(panes.order, panes.active, panes.zoomed, self.hotlist, notes, places, *self.around())

    def _take_places(self, saved: Layout) -> None:
        for place in saved.places:
            item = place.conversation_id
            thread = self._state().threads.get(item)
            here, gone = still_there(place.files, thread)
            for file in gone:
                self.tell(f"{file.name} was attached to a draft, but is not there any more: {file.path}", "warning")
            kept = replace(place, files=tuple(here))
            if item in saved.panes:
                self._places[item] = kept
            elif here:
                self._files[item] = kept.files

    # What is typed

    def typed(self, pane: Pane, text: str) -> None:
        """Keep what stands in a pane's composer; on its way to the disk right after the key's echo."""
        key = (pane.conversation_id, pane.composer.visibility)
        if self._typed.get(key) != text:
            self._typed[key] = text
            self._unsaved[key] = text
            if self._saving is None:
                self._saving = asyncio.get_running_loop().call_later(ECHO_FIRST, self.save_drafts)

    def save_drafts(self) -> None:
        """Hand over to the desk what was typed and is not there yet; before a send, a change of panes, and the end."""
        if self._saving is not None:
            self._saving.cancel()
            self._saving = None
        unsaved, self._unsaved = self._unsaved, {}
        for (conversation_id, visibility), text in unsaved.items():
            self._desk.save_draft(conversation_id, visibility, text)

    def draft(self, conversation_id: ConversationId, visibility: Visibility) -> str:
        """Return what was typed last: in this session, else before."""
        typed = self._typed.get((conversation_id, visibility))
        if typed is not None:
            return typed
        thread = self._state().threads.get(conversation_id)
        return "" if thread is None else thread.drafts.get(visibility, "")

    def put_draft(self, conversation_id: ConversationId, visibility: Visibility, text: str) -> None:
        """Take over a draft that the desk has changed, such as the text of a reply that was taken back."""
        self._typed[conversation_id, visibility] = text
        self._unsaved.pop((conversation_id, visibility), None)
        pane = self._workspace.pane(conversation_id)
        if pane is not None and pane.composer.visibility is visibility and pane.composer.text != text:
            pane.composer.set_text(text)

    def pane(self, conversation_id: ConversationId) -> Pane | None:
        """Return the pane of a chat, or None."""
        return self._workspace.pane(conversation_id)

    def move_draft(
        self, here: ConversationId, there: ConversationId, visibility: Visibility, text: str, whole: str
    ) -> str:
        """Take `text` out of a draft, which is `whole`, to another chat, below what stands there; returns the draft there.

        The one there is saved first: whatever happens in between, the text is twice there rather than lost.
        """
        pane = self._workspace.pane(there)
        open_there = pane is not None and pane.composer.visibility is visibility
        before = pane.composer.text if pane is not None and open_there else self.draft(there, visibility)
        joined = f"{before.rstrip()}\n{text}" if before.strip() else text
        left = whole.replace(text, "", 1)
        for chat, draft in ((there, joined), (here, left if left.strip() else "")):
            self.put_draft(chat, visibility, draft)
            self._desk.save_draft(chat, visibility, draft)
        return joined

    def put_back(self, back: TakenBack, remove_key: str) -> None:
        """Take over the text and the files of a reply that was taken back."""
        # What stands in the composer may be newer than what the desk knew.
        typed = self._typed.get((back.conversation_id, back.visibility))
        text = back.draft if typed is None else f"{back.body}\n{typed}" if typed else back.body
        self.put_draft(back.conversation_id, back.visibility, text)
        if text != back.draft:
            self._desk.save_draft(back.conversation_id, back.visibility, text)
        if not back.attachments:
            return
        pane = self._workspace.pane(back.conversation_id)
        there = self._files.get(back.conversation_id, ()) if pane is None else pane.composer.attachments
        files = (*there, *(file for file in back.attachments if file not in there))
        if pane is None:
            self._files[back.conversation_id] = files
        else:
            pane.composer.set_attachments(files, remove_key)
        self.keep_places()

    def set_visibility(self, pane: Pane, visibility: Visibility) -> None:
        """Switch a composer between public reply and private note; each keeps its own text."""
        if pane.composer.visibility is visibility:
            return
        self.typed(pane, pane.composer.text)
        pane.composer.visibility = visibility
        pane.composer.set_text(self.draft(pane.conversation_id, visibility))
        (self._notes.add if visibility is Visibility.NOTE else self._notes.discard)(pane.conversation_id)
        self.save()

    def _keep(self, pane: Pane) -> None:
        self.typed(pane, pane.composer.text)
        self._files[pane.conversation_id] = pane.composer.attachments

    def forget(
        self, conversation_id: ConversationId, visibility: Visibility, sent: str, files: tuple[LocalFile, ...]
    ) -> None:
        """A reply was accepted after its pane had been closed: what is left of the text stays as the draft."""
        key = (conversation_id, visibility)
        left = self._typed.get(key, "").replace(sent, "", 1).strip("\n")
        self._typed[key] = left
        self._unsaved.pop(key, None)
        self._desk.save_draft(*key, left)
        kept = tuple(file for file in self._files.get(conversation_id, ()) if file not in files)
        self._files[conversation_id] = kept

    def _fill(self, pane: Pane) -> None:
        item = pane.conversation_id
        visibility = Visibility.NOTE if item in self._notes else Visibility.PUBLIC
        pane.composer.visibility = visibility
        if files := self._files.pop(item, ()):
            pane.composer.set_attachments(files)
        if text := self.draft(item, visibility):
            self._typed[item, visibility] = text
            pane.composer.set_text(text)
        if (place := self._places.pop(item, None)) is not None:
            take_up(pane, place, self.remove_key)
