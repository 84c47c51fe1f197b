"""What the agent can do at the embedded server, with the server's own refusals."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from paradesk.connectors.base import Rejected
from paradesk.connectors.simulator.chat import Chat, StoredFile
from paradesk.connectors.simulator.ledger import STATUS_LABELS, locked
from paradesk.connectors.simulator.world import TYPING_LASTS, World
from paradesk.core.events import (
    AssigneeChanged,
    Event,
    PriorityChanged,
    TagsChanged,
)
from paradesk.core.model import (
    ClientId,
    ConversationId,
    Message,
    MessageId,
    Priority,
    Role,
    Status,
    Visibility,
)


class AgentSide:
    """The agent's hands in a world. Every method may be called from any thread and raises Rejected with a reason."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def lock(self) -> AbstractContextManager[Any]:
        """The world's lock."""
        return self._world.lock

    @locked
    def says(
        self,
        conversation_id: ConversationId,
        body: str,
        visibility: Visibility,
        client_id: ClientId,
        files: Sequence[StoredFile] = (),
    ) -> Message:
        """Write as the agent; the same client id in the same conversation is delivered once."""
        chat = self._world.ours(conversation_id)
        known = chat.sent.get(client_id)
        if known is not None:
            return chat.message(known)
        if visibility is Visibility.PUBLIC:
            if chat.conversation.ended:
                raise Rejected(f"{chat.conversation.customer.name} has left the chat; a reply would reach nobody")
            if chat.conversation.status is Status.CLOSED:
                raise Rejected("this ticket is closed; open it again first")
        message = self._world.write(
            chat,
            Role.AGENT,
            self._world.me.id,
            self._world.me.name,
            body,
            self._world.stamp(),
            visibility=visibility,
            files=files,
            client_id=client_id,
        )
        chat.sent[client_id] = message.id
        if visibility is Visibility.PUBLIC:
            chat.agent_typing_until = 0.0
            if chat.conversation.status is Status.NEW:
                self._world.put_status(chat, Status.OPEN, None)
            if chat.counterpart is not None:
                chat.counterpart.heard(message)
        return message

    @locked
    def set_status(
        self, conversation_id: ConversationId, status: Status, snoozed_until: float | None
    ) -> tuple[Event, ...]:
        """Set the ticket's status; a snoozed ticket opens by itself when its time has come."""
        chat = self._world.ours(conversation_id)
        events = self._world.put_status(chat, status, snoozed_until)
        if snoozed_until is not None:
            self._world.timeline.after(
                (snoozed_until - self._world.stamp()) * self._world.speed, lambda: self._unsnooze(chat, chat.version)
            )
        if chat.counterpart is not None:
            chat.counterpart.noticed(f"status:{status}")
        return events

    def _unsnooze(self, chat: Chat, version: int) -> None:
        if chat.version == version and not chat.removed:
            self._world.put_status(chat, Status.OPEN, None)

    @locked
    def set_priority(self, conversation_id: ConversationId, priority: Priority) -> tuple[Event, ...]:
        """Set the ticket's priority."""
        chat = self._world.ours(conversation_id)
        chat.change(self._world.log.next(), priority=priority)
        return self._world.tell(chat, PriorityChanged(conversation_id, priority, chat.version))

    @locked
    def change_tags(
        self, conversation_id: ConversationId, add: frozenset[str], remove: frozenset[str]
    ) -> tuple[Event, ...]:
        """Add and remove tags."""
        chat = self._world.ours(conversation_id)
        chat.change(self._world.log.next(), tags=(chat.conversation.tags - remove) | add)
        return self._world.tell(chat, TagsChanged(conversation_id, chat.conversation.tags, chat.version))

    @locked
    def join(self, conversation_id: ConversationId) -> tuple[Event, ...]:
        """Take a conversation from the queue."""
        chat = self._world.ours(conversation_id, reading=True)
        if chat.conversation.joined:
            return ()
        status = Status.OPEN if chat.conversation.status is Status.NEW else chat.conversation.status
        # Who joins a chat has answered the offer of it, too.
        events = self._world.upsert(
            chat, joined=True, assignee=self._world.me, status=status, status_label=STATUS_LABELS[status], offer=None
        )
        self._world.system_says(conversation_id, f"{self._world.me.name} has joined the chat.")
        if chat.counterpart is not None:
            chat.counterpart.noticed("joined")
        return events

    @locked
    def leave(self, conversation_id: ConversationId) -> tuple[Event, ...]:
        """Give a conversation back to its queue."""
        chat = self._world.ours(conversation_id)
        self._world.system_says(
            conversation_id, f"{self._world.me.name} has left the chat. A colleague will take over."
        )
        events = self._world.upsert(chat, joined=False, assignee=None)
        return (*events, *self._world.tell(chat, AssigneeChanged(conversation_id, None, chat.version)))

    @locked
    def end(self, conversation_id: ConversationId) -> tuple[Event, ...]:
        """End the live chat for both sides; the ticket stays."""
        chat = self._world.ours(conversation_id)
        if chat.conversation.ended:
            return ()
        self._world.system_says(conversation_id, f"{self._world.me.name} has ended the chat.")
        if chat.counterpart is not None:
            chat.counterpart.noticed("ended")
        return self._world.upsert(chat, ended=True)

    @locked
    def transfer(self, conversation_id: ConversationId, target_id: str, note: str) -> tuple[Event, ...]:
        """Hand a conversation to a colleague or team; it is then no longer the agent's."""
        chat = self._world.ours(conversation_id)
        target = next((agent for agent in self._world.roster if agent.id == target_id), None)
        if target is None:
            raise Rejected("nobody on the roster has this id")
        if not target.online:
            raise Rejected(f"{target.name} is not online; choose someone else or a team")
        if note:
            self._world.colleague_notes(conversation_id, self._world.me, note)
        self._world.system_says(conversation_id, f"{self._world.me.name} has handed the chat over to {target.name}.")
        if chat.counterpart is not None:
            chat.counterpart.noticed("transferred")
        return self._world.remove(chat, f"handed over to {target.name}", assignee=target)

    @locked
    def types(self, conversation_id: ConversationId, typing: bool) -> None:
        """Show the customer, or stop showing, that the agent types."""
        chat = self._world.ours(conversation_id)
        chat.agent_typing_until = self._world.timeline.now + TYPING_LASTS if typing else 0.0
        if typing and chat.counterpart is not None:
            chat.counterpart.noticed("agent_types")

    @locked
    def reads(self, conversation_id: ConversationId, message_id: MessageId) -> None:
        """Show the customer how far the agent has read."""
        chat = self._world.ours(conversation_id, reading=True)
        message = chat.message(message_id)
        if chat.read_by_agent is None or chat.message(chat.read_by_agent).order_key < message.order_key:
            chat.read_by_agent = message_id

    @locked
    def begins(self, address: str, subject: str, body: str) -> tuple[ConversationId, Message | None]:
        """Begin a conversation with a customer by their address (e-mail, phone or name), known or not."""
        address = address.strip()
        if not address:
            raise Rejected("whom to write to? An e-mail address, a phone number or a name is needed")
        conversation_id = self._world.begin(
            self._world.find_customer(address),
            channel="email" if "@" in address else "whatsapp" if address.startswith("+") else "web",
            subject=subject,
            status=Status.OPEN,
        )
        self._world.answer_outbound(conversation_id)
        if not body:
            return conversation_id, None
        client_id = ClientId(f"created-{conversation_id}")
        return conversation_id, self.says(conversation_id, body, Visibility.PUBLIC, client_id)
