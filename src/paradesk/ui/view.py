"""From the state to the widgets: what changes on the screen when a new snapshot comes, or when a second has passed."""

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from paradesk.config.state import first_run_done, mark_first_run_done
from paradesk.core.hotlist import HotlistRow, HotlistRows, Rank, title_name
from paradesk.core.model import ConversationId, Link, Visibility
from paradesk.core.names import mixed_up
from paradesk.core.state import State, Thread
from paradesk.keymap.actions import ACTIONS, CONTEXTS
from paradesk.ui.alerts import Alerts
from paradesk.ui.titles import pane_title, status_pieces, terminal_title, waiting_count
from paradesk.ui.widgets.guarded_composer import Suggested
from paradesk.ui.widgets.statusbar import Piece

if TYPE_CHECKING:
    from paradesk.ui.app import ParadeskApp
    from paradesk.ui.widgets.pane import Pane

FIRST_PANES = 4
"""How many chats open by themselves at the very first start."""

FLOOD = 25
"""So many changes between two looks at the state are a flood: the active pane is painted at once, the others in turn."""

GUARD_AFTER = 0.2
"""Seconds after the start at which the guard's checks are loaded: the first frame does not wait for them."""

BETWEEN_PANES = 0.015
"""Seconds between the panes that are painted in turn."""

DESK_ENDED = "DESK HAS ENDED: nothing is sent, drafts are kept; quit and start again"
"""What the status bar says for good when the desk's thread has died of an error."""

HINTS: dict[str, tuple[str, ...]] = {
    "composer": (
        "app.help",
        "canned.pick",
        "hotlist.focus",
        "chat.next_waiting",
        "chat.note",
        "transcript.focus",
        "pane.zoom",
        "app.palette",
    ),
    "transcript": (
        "transcript.focus",
        "transcript.find",
        "transcript.copy",
        "transcript.open",
        "transcript.expand",
        "chat.next_waiting",
        "app.help",
    ),
    "hotlist": ("hotlist.open", "hotlist.open_new", "chat.join", "hotlist.focus", "chat.next_waiting", "app.help"),
    "workspace": ("hotlist.focus", "chat.next_waiting", "ticket.new", "app.palette", "app.help", "app.quit"),
}
"""Per focused place, the actions that the bottom line names, the most useful first."""


class View:
    """Draws snapshots. It changes nothing that the agent has chosen: no focus, no active pane, no cursor."""

    def __init__(self, app: "ParadeskApp") -> None:
        self._app = app
        self.rows: tuple[HotlistRow, ...] = ()
        self._alerts = Alerts()
        self._hotlist = HotlistRows(app.serving)
        self._restored = False
        self._first_start = False
        self._alerted = ""
        self._version = 0
        self._behind: deque[Pane] = deque()
        self._hint_keys: dict[str, list[tuple[str, str]]] = {}
        app.sender.unseen = self._unseen
        app.deck.changed = app.refresh_view
        app.deck.touched = self.touched

    def _unseen(self, conversation_id: ConversationId) -> bool:
        return self._app.body.too_small or conversation_id not in self._app.workspace.shown

    # Life

    def start(self) -> None:
        """Begin to count the seconds."""
        self._app.set_interval(1.0, self._tick, name="clocks")
        self._app.set_timer(GUARD_AFTER, self._app.sender.guarding.warm, name="guard")

    async def restore(self) -> None:
        """Bring back the panes of the last time; at the very first start open chats that wait."""
        app = self._app
        app.deck.tell, app.deck.remove_key = app.tell, app.key("composer.remove_attachment")
        saved = app.desk.saved_layout()
        app.panel_wanted = saved.panel
        app.hotlist.begin_at(saved.chosen)
        app.deck.around = lambda: (app.hotlist.cursor, app.panel_wanted)
        app.sender.guarding.restore()
        layout_known = await app.deck.restore()
        if not layout_known:
            app.deck.hotlist = app.settings.hotlist
        self._first_start = not layout_known
        self._restored = True
        app.share_out()
        self.show(app.state)
        app.workspace.say_when_empty()
        for notice in app.desk.notices:
            app.tell(notice, "warning")
        await self._first_steps()

    async def _first_steps(self) -> None:
        if first_run_done():
            return
        mark_first_run_done()
        await self._app.router.run("app.intro")

    def _open_first(self) -> None:
        """At the very first start fill the free panes with chats of ours, until the agent opens or closes one."""
        app = self._app
        room = min(app.workspace.room, FIRST_PANES)
        order = app.deck.panes.order
        mine = tuple(row.conversation_id for row in self.rows if row.rank in (Rank.WAITING, Rank.OTHER))
        fresh = tuple(item for item in mine if item not in order)[: max(0, room - len(order))]
        if len(order) >= room:
            self._first_start = False
        if fresh:
            app.run_soon(app.deck.fill_free_places(fresh))

    def touched(self) -> None:
        """The agent has changed the panes: from now on only the agent does."""
        self._first_start = False

    # Drawing

    def newest_rows(self) -> tuple[HotlistRow, ...]:
        """Return the hotlist of the present snapshot, whether or not it has been drawn."""
        return self._hotlist.of(self._app.state)

    def serve(self) -> None:
        """Look at all chats again: the agent serves other channels now."""
        self._hotlist = HotlistRows(self._app.serving)
        self.show(self._app.state)

    def _tick(self) -> None:
        if self._restored:
            self._app.deck.keep_places()
        self.show(self._app.state)
        self._app.sender.guarding.settle(self._app.state)

    def looked(self) -> None:
        """The agent looks at the window again."""
        self._alerted = ""
        self.show(self._app.state)

    def show(self, state: State) -> None:
        """Draw a snapshot; widgets whose part of it looks the same are left alone."""
        app = self._app
        if not self._restored or not app.is_running:
            return
        app.remote.look(state)
        now, panes = app.clock(), app.deck.panes
        self.rows = self._hotlist.of(state)
        app.hotlist.several = len(state.profiles) > 1
        if app.hotlist.display:
            app.hotlist.show(self.rows, panes, now)
        self._show_panes(state, now)
        shown = app.workspace.shown
        left, right = status_pieces(
            state,
            self.rows,
            panes,
            now,
            target=app.hotlist.target,
            hidden=len(panes.order) - len(shown),
            desk=app.title,
            serving=app.serving.words,
        )
        if app.desk.failure:
            left.insert(1, Piece(DESK_ENDED, 0, "alert"))
        elif app.desk.trouble:
            left.insert(1, Piece(app.desk.trouble, 0, "alert"))
        if app.hotlist.has_focus:
            left.insert(1, Piece("keys: HOTLIST", 0, "alert"))
        app.body.status.show(left, right)
        if app.body.panel.has_class("-open"):
            app.body.panel.show_thread(state.threads.get(panes.active) if panes.active is not None else None)
        self._look(state)
        self.show_hints()
        if self._first_start:
            self._open_first()

    def _show_panes(self, state: State, now: float) -> None:
        app = self._app
        panes = app.deck.panes
        threads = [state.threads[item] for item in panes.order if item in state.threads]
        alike = mixed_up([title_name(thread) for thread in threads])
        keys = {"again": app.key("chat.retry"), "back": app.key("chat.dismiss"), "undo": app.key("chat.undo_send")}
        keys |= {"accept": app.key("chat.accept"), "decline": app.key("chat.decline")}
        flood = state.version - self._version >= FLOOD
        self._version = state.version
        self._behind.clear()
        for pane in app.workspace.panes:
            thread = state.threads.get(pane.conversation_id)
            if thread is None:
                continue
            note = pane.composer.visibility is Visibility.NOTE
            app.sender.show_follow_up(pane)
            app.sender.show_preview(pane)
            target = app.hotlist.target
            several = len(state.profiles) > 1
            pane.show_title(pane_title(thread, panes, alike, now, target=target, note=note, several=several, **keys))
            if flood and pane.conversation_id != panes.active:
                self._behind.append(pane)
            else:
                self._show_thread(pane, state, now)
        if self._behind:
            self._app.set_timer(BETWEEN_PANES, self._show_behind)

    def _show_behind(self) -> None:
        """Show one of the panes that a flood has left behind; keys come in between."""
        if self._behind:
            self._show_thread(self._behind.popleft(), self._app.state, self._app.clock())
        if self._behind:
            self._app.set_timer(BETWEEN_PANES, self._show_behind)

    def _show_thread(self, pane: "Pane", state: State, now: float) -> None:
        app, thread = self._app, state.threads.get(pane.conversation_id)
        if pane.display and pane.is_attached and thread is not None:
            profile = state.profiles.get(thread.conversation.profile)
            agent_id = profile.agent.id if profile is not None and profile.agent is not None else ""
            looked_at = app.app_focus and app.deck.panes.active == pane.conversation_id
            offline = profile is not None and profile.link is not Link.ONLINE
            pane.show_thread(thread, now, agent_id, looked_at=looked_at, offline=offline)
            if app.deck.panes.active == pane.conversation_id:
                pane.composer.suggest(self._suggested(pane, thread), now)

    def _suggested(self, pane: "Pane", thread: Thread) -> "tuple[Suggested, ...]":
        """Return the suggestions for the active pane, while they can be seen: nothing is ranked behind a draft."""
        if pane.composer.text or pane.composer.visibility is Visibility.NOTE:
            return ()
        found = self._app.choosing.suggestions(thread)
        keys = [self._app.key(f"canned.suggestion_{number + 1}") for number in range(len(found))]
        return tuple(
            Suggested(suggestion.response_id, suggestion.title, key)
            for suggestion, key in zip(found, keys, strict=True)
            if key
        )

    def _look(self, state: State) -> None:
        app = self._app
        active = app.deck.panes.active
        if app.app_focus and active is not None and active in app.workspace.shown and not app.body.too_small:
            thread = state.threads.get(active)
            if thread is not None and thread.unread:
                app.desk.see(active)
        alerts = self._alerts.look(self.rows, active, focused=app.app_focus)
        app.reporter.alert(alerts, focused=app.app_focus)
        if alerts and not app.app_focus:
            self._alerted = alerts[-1].text
        app.reporter.title(terminal_title(state, app.deck.panes, waiting_count(self.rows), alert=self._alerted))

    def show_hints(self) -> None:
        """Name the keys of the focused place, or those of an unfinished sequence."""
        app = self._app
        pending = app.dispatcher.pending
        place = app.router.place
        if pending:
            app.body.hints.show([(" ".join(pending) + " …", "what next?"), ("esc", "cancel")])
            return
        pane = app.deck.focused
        if place == "guard" and pane is not None and (question := pane.composer.question) is not None:
            app.body.hints.show([*self._keys_of((*question.actions, "app.help"), place), ("type", "to edit")])
            return
        hints = self._hint_keys.get(place)
        if hints is None:
            contexts = CONTEXTS[place]
            hints = self._keys_of(HINTS.get(place, ()), place)
            prefixes = {keys.split(" ")[0] for keys in app.dispatcher.keys_for("status.open", contexts) if " " in keys}
            hints[1:1] = [(prefix, "more …") for prefix in sorted(prefixes)[:1]]
            self._hint_keys[place] = hints
        app.body.hints.show(hints)

    def _keys_of(self, actions: Sequence[str], place: str) -> list[tuple[str, str]]:
        """Return the best key of each of these actions in a place, with its title; without those that have no key there."""
        keys_for, contexts = self._app.dispatcher.keys_for, CONTEXTS[place]
        keys = ((action_id, keys_for(action_id, contexts)) for action_id in actions)
        return [(found[0], ACTIONS[action_id].title.rstrip("…")) for action_id, found in keys if found]
