"""What the agent's looking and typing tells the backend: at most so often, and never in the way of anything else."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from paradesk.connectors.base import ConnectorError
from paradesk.connectors.capabilities import Support
from paradesk.core.events import Seen
from paradesk.core.fold import is_echo
from paradesk.core.intents import Intent, MarkRead, SetTyping
from paradesk.core.model import ConversationId, MessageId, Role
from paradesk.core.state import Thread
from paradesk.desk.recorder import Recorder
from paradesk.desk.timing import Timing


class Attention:
    """Sends read marks and typing notices. Desk's thread only."""

    def __init__(
        self,
        recorder: Recorder,
        timing: Timing,
        perform: Callable[[Intent], Coroutine[Any, Any, object]],
        offers: Callable[[ConversationId, str], Support],
    ) -> None:
        self._recorder = recorder
        self._timing = timing
        self._perform = perform
        self._offers = offers
        self._marked: dict[ConversationId, MessageId] = {}
        self._marking: set[ConversationId] = set()
        self._typing: dict[ConversationId, asyncio.TimerHandle] = {}
        self._told: dict[ConversationId, float] = {}
        self._tasks: set[asyncio.Task[object]] = set()

    def see(self, conversation_id: ConversationId) -> None:
        """The agent looks at a conversation: nothing in it is unread any more."""
        thread = self._recorder.store.state.threads.get(conversation_id)
        if thread is None:
            return
        # Our own replies on their way have order keys that the backend has not given.
        arrived = next((m for m in reversed(thread.transcript) if not is_echo(thread, m)), None)
        if arrived is not None and arrived.order_key > thread.seen:
            self._recorder.record([Seen(conversation_id, arrived.order_key)])
            thread = self._recorder.store.state.threads[conversation_id]
        if conversation_id not in self._marking and self._unmarked(thread) is not None:
            self._marking.add(conversation_id)
            self._spawn(self._mark(conversation_id))

    def type(self, conversation_id: ConversationId, typing: bool) -> None:
        """The agent types, or has stopped: told at most every few seconds, and stopped by itself when idle."""
        if self._offers(conversation_id, "typing_out") is not Support.NATIVE:
            return
        idle = self._typing.pop(conversation_id, None)
        if idle is not None:
            idle.cancel()
        if not typing:
            if self._told.pop(conversation_id, None) is not None:
                self._spawn(self._tell(SetTyping(conversation_id, False)))
            return
        loop = asyncio.get_running_loop()
        self._typing[conversation_id] = loop.call_later(
            self._timing.typing_idle, self.type, conversation_id, False
        )  # fmt: skip
        last = self._told.get(conversation_id)
        if last is None or loop.time() - last >= self._timing.typing_repeat:
            self._told[conversation_id] = loop.time()
            self._spawn(self._tell(SetTyping(conversation_id, True)))

    def stop(self) -> None:
        """End all timers."""
        for idle in self._typing.values():
            idle.cancel()
        for task in self._tasks:
            task.cancel()

    def _unmarked(self, thread: Thread) -> MessageId | None:
        """Return the newest customer message that the agent has seen and the backend has not been told of."""
        if self._offers(thread.conversation.id, "read_out") is not Support.NATIVE:
            return None
        for message in reversed(thread.transcript):
            if message.role is Role.CUSTOMER and message.order_key <= thread.seen:
                return message.id if self._marked.get(thread.conversation.id) != message.id else None
        return None

    async def _mark(self, conversation_id: ConversationId) -> None:
        try:
            while (thread := self._recorder.store.state.threads.get(conversation_id)) is not None:
                message_id = self._unmarked(thread)
                if message_id is None:
                    return
                if not await self._tell(MarkRead(conversation_id, message_id)):
                    # The next look at the conversation tries again.
                    return
                self._marked[conversation_id] = message_id
                await asyncio.sleep(self._timing.read_repeat)
        finally:
            self._marking.discard(conversation_id)

    async def _tell(self, intent: Intent) -> bool:
        """A courtesy: the agent is not bothered when it fails."""
        try:
            await self._perform(intent)
        except ConnectorError:
            return False
        return True

    def _spawn(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
