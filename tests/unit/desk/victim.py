"""A desk in a process of its own, to be killed: `python -m tests.unit.desk.victim DIRECTORY BACKEND MODE`.

The backend is a file of lines `client_id<TAB>body`, appended and recognised by client id like an EXACT backend does.
Prints `accepted <client id>` for each reply that was accepted, `draft <n>` for each draft that was saved.
"""

import asyncio
import os
import sys
from functools import partial
from pathlib import Path

from paradesk.connectors.base import Outcome, Uncertain
from paradesk.core.events import MessageUpserted
from paradesk.core.intents import Intent, Send
from paradesk.core.model import ConversationId, MessageId, Role, Visibility
from paradesk.core.state import State
from tests.unit.desk.scripted import ABLE, Scripted, desk_of, message, online, reply, wait_for


class FileBackend(Scripted):
    """Delivers into a file, once per client id; every third answer is lost."""

    def __init__(self, path: Path) -> None:
        super().__init__(ABLE)
        self.path = path
        self.asks = 0

    async def deliver(self, intent: Intent) -> Outcome:
        if not isinstance(intent, Send):
            return Outcome()
        self.asks += 1
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        ids = [line.partition("\t")[0] for line in lines]
        if intent.client_id not in ids:
            await asyncio.sleep(0.002)
            with self.path.open("a") as file:
                file.write(f"{intent.client_id}\t{intent.body}\n")
                file.flush()
                os.fsync(file.fileno())
            ids.append(intent.client_id)
        await asyncio.sleep(0.002)
        if self.asks % 3 == 0:
            raise Uncertain("lost")
        place = 100 + ids.index(intent.client_id)
        taken = message(place, intent.body, role=Role.AGENT, client_id=intent.client_id, id=MessageId(f"b{place}"))
        if self.context is not None:
            await self.context.emit(MessageUpserted(taken))
        return Outcome(message_id=taken.id)


def drafted(text: str, state: State) -> bool:
    """Whether the state has this draft."""
    return state.threads[ConversationId("acme/1")].drafts.get(Visibility.PUBLIC) == text


def main() -> None:
    """Write replies or drafts until killed; in mode `drain` deliver what is left and end."""
    directory, backend, mode = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    connector = FileBackend(backend)

    async def perform(scripted: Scripted, intent: Intent) -> Outcome:
        return await connector.deliver(intent)

    connector.on_perform = perform
    desk = desk_of(directory, connector)
    desk.start()
    one = ConversationId("acme/1")
    wait_for(desk, lambda state: one in state.threads)
    if mode == "drain":
        online(desk)
        wait_for(desk, lambda state: not state.threads[one].sends)
        print("drained", flush=True)
        desk.stop()
        return
    number = 0
    while True:
        number += 1
        if mode == "drafts":
            text = "x" * number
            desk.save_draft(one, Visibility.PUBLIC, text)
            wait_for(desk, partial(drafted, text))
            print(f"draft {number}", flush=True)
        else:
            print(f"accepted {reply(desk, f'n{number}')}", flush=True)


if __name__ == "__main__":
    main()
