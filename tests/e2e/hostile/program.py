"""A workstation whose backend says what a socket tells it to say, and that tells the socket what it shows and does."""

import asyncio
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import tomli_w
from textual.events import Event, Key

from paradesk.canned.loader import load_library
from paradesk.config.settings import Settings
from paradesk.config.shipped import shipped
from paradesk.config.state import mark_first_run_done
from paradesk.connectors.base import Outcome, Page, Rejected, Uncertain
from paradesk.connectors.capabilities import Idempotency
from paradesk.core.events import ConnectionChanged, RosterChanged, TagsChanged
from paradesk.core.intents import Intent, MarkRead, Send, SetPriority, SetTyping
from paradesk.core.model import Agent, ClientId, ConversationId, Delivery, Link, Message, Priority, Visibility
from paradesk.desk.desk import Desk, Profile
from paradesk.keymap.keymap import Layer
from paradesk.keymap.loader import load_keymap
from paradesk.ui import app as app_module
from paradesk.ui.commands import workspace
from paradesk.ui.commands.asking import submit
from paradesk.ui.keys import KeyRouter
from paradesk.ui.opening import Opening
from paradesk.ui.run import run_app
from paradesk.ui.screens.links import LinksScreen
from paradesk.ui.widgets.pane import Pane
from tests.hostile_events import events
from tests.ui.scripted import ABLE, ScriptedConnector

HARMLESS = {"composer.send", "composer.newline", "composer.next_slot"}
"""Actions of keys that are text in a paste: what comes of them is counted where a reply is asked for."""

LONGEST_SHOWN = 5_000


class HostileBackend(ScriptedConnector):
    """Answers what the walk itself asks for with a hostile problem, and remembers what anything else asked for."""

    def __init__(self) -> None:
        super().__init__(capabilities=replace(ABLE, idempotency=Idempotency.NONE))
        self.ours: set[ClientId] = set()
        self.problem = ""
        self.foreign: list[str] = []

    async def perform(self, intent: Intent) -> Outcome:
        """Be unclear about the walk's own replies, and refuse its changes."""
        if isinstance(intent, Send) and intent.client_id in self.ours:
            raise Uncertain(self.problem)
        if isinstance(intent, SetPriority):
            raise Rejected(self.problem)
        if not isinstance(intent, (SetTyping, MarkRead)):
            self.foreign.append(type(intent).__name__)
        return await super().perform(intent)

    async def history(self, conversation_id: ConversationId, before: Message | None, limit: int) -> Page:
        """Nothing can be read again, for a hostile reason."""
        if self.problem:
            raise Rejected(self.problem)
        return Page((), True)


class Told:
    """Does what comes through the socket, one JSON line each, in a thread of its own."""

    def __init__(self, control: socket.socket, backend: HostileBackend) -> None:
        self._control, self._backend = control, backend
        self.desk: Desk | None = None
        self.app: app_module.ParadeskApp | None = None
        self.actions: list[str] = []
        self.requested = 0
        self.keys = 0
        """Keys that have been taken, with all that came of them."""
        self.asked = 0
        """Links that were asked about, or refused as no web address."""

    def serve(self) -> None:
        """Answer until the other end is gone."""
        with self._control.makefile("rw", encoding="ascii") as lines:
            for line in lines:
                try:
                    answer = self._answer(json.loads(line))
                except Exception as error:
                    answer = {"failed": repr(error)}
                lines.write(json.dumps(answer) + "\n")
                lines.flush()

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        if self.app is None or self.desk is None or not self.app.opened:
            return {"opened": False}
        if "serve" in asked:
            self._say(asked["serve"])
        if "trouble" in asked:
            trouble: Callable[..., Awaitable[Any]] = self._trouble
            self.app.call_from_thread(trouble, asked["trouble"])
        if "down" in asked:
            self._backend.say(ConnectionChanged("acme", Link.WAITING, asked["down"], time.time() + 3600))
        return self.app.call_from_thread(self._state, bool(asked.get("drawn")), bool(asked.get("texts")))

    def _say(self, said: list[tuple[str, str, int]]) -> None:
        """All texts in every field of a chat of their own, and together where several can stand in one place."""
        texts = [text for _, text, _ in said]
        for item, text, version in said:
            self._backend.say(*events(text, item, version))
            self._backend.say(TagsChanged(ConversationId(item), frozenset(texts), version + 6))
        roster = (Agent("me", texts[0]), *(Agent(f"a{n}", text, kind=text) for n, text in enumerate(texts)))
        self._backend.say(RosterChanged("acme", roster))

    def _until_online(self) -> None:
        assert self.desk is not None
        while self.desk.state.profiles["acme"].link is not Link.ONLINE:
            time.sleep(0.01)

    async def _trouble(self, texts: list[str]) -> None:
        """Let a reply of each chat become unclear and a change be refused, for a hostile reason."""
        assert self.app is not None
        assert self.desk is not None
        self._backend.say(ConnectionChanged("acme", Link.ONLINE))
        await asyncio.to_thread(self._until_online)
        threads = self.app.state.threads
        for place, text in enumerate(texts, 1):
            where = ConversationId(f"acme/c{place}")
            for known in threads[where].sends:
                self.desk.settle(known)
            self._backend.problem = text[:LONGEST_SHOWN]
            mine = self.desk.new_client_id()
            self._backend.ours.add(mine)
            body = f"https://shop.example/{text[:LONGEST_SHOWN]} reply"
            self.desk.submit(Send(conversation_id=where, body=body, visibility=Visibility.PUBLIC, client_id=mine))
            submit(self.app, threads[where], SetPriority(where, Priority.HIGH), "changing its priority")
            await asyncio.sleep(0.02)  # until the backend has said it, for this reason

    async def _state(self, drawn: bool, texts: bool) -> dict[str, Any]:
        assert self.app is not None
        if drawn:
            await asyncio.sleep(0.03)  # a frame's time, so that what changed is drawn before the walk goes on
        app, threads = self.app, self.app.state.threads
        panes = [pane for item in app.deck.panes.order if (pane := app.workspace.pane(item)) is not None]
        state: dict[str, Any] = {
            "opened": True,
            "last": {
                item.partition("/")[2]: [said.id for said in thread.transcript[-12:]]
                for item, thread in threads.items()
            },
            "unclear": sorted(
                item.partition("/")[2]
                for item, thread in threads.items()
                if any(sending.delivery is Delivery.UNCERTAIN for sending in thread.sends.values())
            ),
            "screen": type(app.screen).__name__,
            "focus": type(app.focused).__name__ if app.focused is not None else "",
            "composers": [pane.composer.text[:LONGEST_SHOWN] for pane in panes],
            "lengths": [len(pane.composer.text) for pane in panes],
            "panes": list(app.deck.panes.order),
            "active": app.deck.panes.active or "",
            "intents": self._backend.foreign,
            "actions": [action for action in self.actions if action not in HARMLESS],
            "requested": self.requested,
            "keys": self.keys,
            "panel": app.panel_wanted,
            "links": sum(bool(row.url) for row in app.screen._found.values())
            if isinstance(app.screen, LinksScreen)
            else 0,
            "asked": self.asked,
        }
        if texts:
            state["texts"] = {
                item.partition("/")[2]: [thread.conversation.customer.name, thread.conversation.subject]
                + [said.body for said in thread.transcript]
                for item, thread in threads.items()
            }
        return state


def responses(folder: Path, texts: list[str]) -> None:
    """Write a pack of canned responses that say these texts wherever they can; what no file can hold is left out."""
    folder.mkdir()
    for place, text in enumerate(texts):
        entry = {"title": text[:200] or "x", "tags": [text[:200]], "shortcut": text[:20], "body": text}
        try:
            (folder / f"{place}.toml").write_text(tomli_w.dumps({f"r{place}": entry}), encoding="utf-8")
        except UnicodeEncodeError:
            continue


def watched(told: Told) -> None:
    """Let `told` hear of the app, of every action that a key runs, and of every reply that is asked for."""
    begin, take, run = app_module.ParadeskApp.__init__, app_module.ParadeskApp.on_event, KeyRouter.run
    asked, about = Pane.on_composer_send_requested, workspace.open_link

    def seen(app: app_module.ParadeskApp, *arguments: Any, **named: Any) -> None:
        begin(app, *arguments, **named, question_grace=0.0)
        told.app = app

    async def took(app: app_module.ParadeskApp, event: Event) -> None:
        pressed = isinstance(event, Key) and not event.is_forwarded and app.opened
        await take(app, event)
        told.keys += pressed

    async def ran(router: KeyRouter, action_id: str) -> bool:
        told.actions.append(action_id)
        return await run(router, action_id)

    def requested(pane: Pane, event: Any) -> None:
        told.requested += 1
        asked(pane, event)

    async def link(app: app_module.ParadeskApp, address: str) -> None:
        await about(app, address)
        told.asked += 1

    for owner, name, spy in (
        (workspace, "open_link", link),
        (app_module.ParadeskApp, "__init__", seen),
        (app_module.ParadeskApp, "on_event", took),
        (KeyRouter, "run", ran),
        (Pane, "on_composer_send_requested", requested),
    ):
        setattr(owner, name, spy)


def main() -> int:
    """Run it in the directory that is the first argument, with the socket whose number is the second."""
    directory = Path(sys.argv[1])
    os.environ["PARADESK_STATE_DIR"] = str(directory)
    mark_first_run_done()
    backend = HostileBackend()
    told = Told(socket.socket(fileno=int(sys.argv[2])), backend)
    pack = directory / "pack"
    responses(pack, json.loads(Path(sys.argv[3]).read_text(encoding="ascii")))
    watched(told)

    def opening() -> Opening:
        keymap = load_keymap(shipped("keymaps") / "default.toml", Layer.DEFAULT)
        library, _ = load_library([shipped("canned_responses"), pack])
        told.desk = Desk([Profile("acme", lambda: backend)], directory)
        told.desk.start()
        threading.Thread(target=told.serve, daemon=True).start()
        return Opening(told.desk, directory, Settings(), [keymap], library, "acme")

    return run_app(opening)


if __name__ == "__main__":
    sys.exit(main())
