"""A workstation whose backend says what a socket tells it to say, and that tells the socket what it shows."""

import asyncio
import json
import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import tomli_w

from paradesk.canned.loader import load_library
from paradesk.config.settings import Settings
from paradesk.config.shipped import shipped
from paradesk.config.state import mark_first_run_done
from paradesk.desk.desk import Desk, Profile
from paradesk.keymap.keymap import Layer
from paradesk.keymap.loader import load_keymap
from paradesk.ui import app as app_module
from paradesk.ui.opening import Opening
from paradesk.ui.run import run_app
from tests.hostile_events import events
from tests.ui.scripted import ScriptedConnector


class Told:
    """Does what comes through the socket, one JSON line each, in a thread of its own."""

    def __init__(self, control: socket.socket, backend: ScriptedConnector) -> None:
        self._control, self._backend = control, backend
        self.desk: Desk | None = None
        self.app: app_module.ParadeskApp | None = None

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
        if "serve" in asked:
            for item, text, version in asked["serve"]:
                self._backend.say(*events(text, item, version))
        if "refuse" in asked:
            self._backend.refuse = asked["refuse"]
        if self.app is None or self.desk is None or not self.app.opened:
            return {"opened": False}
        return self.app.call_from_thread(self._state)

    async def _state(self) -> dict[str, Any]:
        assert self.app is not None
        await asyncio.sleep(0.03)  # a frame's time, so that what changed is drawn before the walk goes on
        app, threads = self.app, self.app.state.threads
        panes = [app.workspace.pane(item) for item in app.deck.panes.order]
        last = {
            item.partition("/")[2]: [said.id for said in thread.transcript][-1:] for item, thread in threads.items()
        }
        return {
            "opened": True,
            "last": last,
            "screen": type(app.screen).__name__,
            "focus": type(app.focused).__name__ if app.focused is not None else "",
            "composers": [pane.composer.text for pane in panes if pane is not None],
            "panes": list(app.deck.panes.order),
            "intents": [type(intent).__name__ for intent in self._backend.intents],
        }


def responses(folder: Path, texts: list[str]) -> None:
    """Write a pack of canned responses that say these texts wherever they can; what no file can hold is left out."""
    folder.mkdir()
    for place, text in enumerate(texts):
        entry = {"title": text[:200] or "x", "tags": [text[:200]], "shortcut": text[:20], "body": text}
        try:
            (folder / f"{place}.toml").write_text(tomli_w.dumps({f"r{place}": entry}), encoding="utf-8")
        except UnicodeEncodeError:
            continue


def main() -> int:
    """Run it in the directory that is the first argument, with the socket whose number is the second."""
    directory = Path(sys.argv[1])
    os.environ["PARADESK_STATE_DIR"] = str(directory)
    mark_first_run_done()
    backend = ScriptedConnector()
    told = Told(socket.socket(fileno=int(sys.argv[2])), backend)
    pack = directory / "pack"
    responses(pack, json.loads(Path(sys.argv[3]).read_text(encoding="ascii")))
    begin = app_module.ParadeskApp.__init__

    def seen(app: app_module.ParadeskApp, *arguments: Any, **named: Any) -> None:
        begin(app, *arguments, **named)
        told.app = app

    setattr(app_module.ParadeskApp, "__init__", seen)  # noqa: B010

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
