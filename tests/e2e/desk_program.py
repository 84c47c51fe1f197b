"""A workstation on a scripted backend in a terminal.

`crash` as second argument makes it fail on a key press, `two` lets two customers write, `offline` never connects, and
`record` writes each reply that arrives into `delivered.jsonl`.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from paradesk.canned import Library
from paradesk.config.settings import Settings
from paradesk.config.shipped import shipped
from paradesk.config.state import mark_first_run_done
from paradesk.connectors.base import ConnectorContext, Outcome
from paradesk.core.intents import Intent, Send
from paradesk.desk.desk import Desk, Profile
from paradesk.keymap.keymap import Layer
from paradesk.keymap.loader import load_keymap
from paradesk.ui.opening import Opening
from paradesk.ui.run import run_app
from tests.ui.scripted import ScriptedConnector


class Recorded(ScriptedConnector):
    """Writes down what arrives."""

    directory = Path()

    async def perform(self, intent: Intent) -> Outcome:
        """Take it, and a reply onto the disk as well."""
        if isinstance(intent, Send):
            files = [file.name for file in intent.attachments]
            said = {"chat": intent.conversation_id, "body": intent.body, "files": files}
            with (self.directory / "delivered.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps(said) + "\n")
        return await super().perform(intent)


class Offline(ScriptedConnector):
    """Knows its chats, and is never connected."""

    async def run(self, desk: ConnectorContext) -> None:
        """Say what is known, and wait for ever."""
        await desk.emit(*(event for events in self._early for event in events))
        await asyncio.Event().wait()


def main() -> int:
    """Run it in the directory that is the first argument."""
    directory = Path(sys.argv[1])
    os.environ.setdefault("PARADESK_STATE_DIR", str(directory))
    mark_first_run_done()
    backend = Offline() if "offline" in sys.argv else Recorded() if "record" in sys.argv else ScriptedConnector()
    Recorded.directory = directory
    if "two" in sys.argv:
        backend.chat(1, text="how can I change my address?", ago=40.0)
        backend.chat(2, text="my order AX-77315 has not arrived", ago=20.0)
    else:
        backend.chat(1)
    if "crash" in sys.argv:
        from paradesk.ui.app import ParadeskApp

        def fail(app: ParadeskApp) -> None:
            secret = "hunter2-token"
            raise RuntimeError(f"what Sarah wrote: {secret}")

        from paradesk.ui.commands import workspace

        workspace.COMMANDS["customer.panel"] = fail

    def opening() -> Opening:
        keymap = load_keymap(shipped("keymaps") / "default.toml", Layer.DEFAULT)
        desk = Desk([Profile("acme", lambda: backend)], directory)
        desk.start()
        return Opening(desk, directory, Settings(), [keymap], Library(), "acme")

    return run_app(opening)


if __name__ == "__main__":
    sys.exit(main())
