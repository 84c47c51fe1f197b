"""Chapter three: the ticket. Status, priority, tags, joining, leaving, transfer, and what is absent."""

from pathlib import Path

import pytest

from paradesk.connectors.base import Rejected, Unsupported
from paradesk.connectors.capabilities import Support
from paradesk.core.events import RosterChanged
from paradesk.core.intents import (
    AcceptTransfer,
    Assign,
    ChangeTags,
    CreateConversation,
    DeclineTransfer,
    EndChat,
    Intent,
    Join,
    Leave,
    MarkRead,
    SetPresence,
    SetPriority,
    SetStatus,
    SetTyping,
    TakeNext,
    Transfer,
)
from paradesk.core.model import Conversation, ConversationId, MessageId, Offer, Presence, Priority, Status, Visibility
from paradesk.testing.backend import BackendUnderTest
from paradesk.testing.chapters.chapter import Chapter, failure, need, reply, unique
from paradesk.testing.chapters.replies import bodies, local_file
from paradesk.testing.recorder import Session


def conversation(session: Session, conversation_id: ConversationId) -> Conversation | None:
    """Return the folded conversation once it is known."""
    thread = session.desk.known(conversation_id)
    return thread.conversation if thread else None


class TicketsChapter(Chapter):
    """What a connector does with tickets."""

    @pytest.mark.parametrize("status", list(Status))
    async def test_status_is_set(self, backend: BackendUnderTest, status: Status) -> None:
        """A declared status is set at the backend and comes back as an event; an undeclared one is refused."""
        connector = backend.connector()
        chat = await backend.open_conversation()
        declared = connector.capabilities.status is Support.NATIVE and status in connector.capabilities.statuses
        async with self.session(backend, connector) as session:
            await session.until(lambda: conversation(session, chat), "the conversation")
            error = await failure(session.perform(SetStatus(chat, status)))
            if not declared:
                assert isinstance(error, Unsupported), f"{error!r} instead of Unsupported"
                return
            assert error is None

            def folded() -> bool:
                found = conversation(session, chat)
                return found is not None and found.status is status

            async def kept() -> bool:
                return (await backend.record(chat)).status is status

            await session.until(folded, f"the status {status} as an event")
            await session.eventually(kept, f"the status {status} at the backend")

    async def test_status_changes_in_a_row_end_in_the_last(self, backend: BackendUnderTest) -> None:
        """After several changes of status the last one stands, also for one who starts afresh."""
        connector = backend.connector()
        need(connector, "status")
        chat = await backend.open_conversation()
        ladder = sorted(connector.capabilities.statuses - {Status.CLOSED}, key=list(Status).index)
        async with self.session(backend, connector) as session:
            for status in [*ladder, ladder[0]]:
                await session.perform(SetStatus(chat, status))
        async with self.session(backend) as session:

            def folded() -> bool:
                found = conversation(session, chat)
                return found is not None and found.status is ladder[0]

            await session.until(folded, f"the status {ladder[0]} after a new start")

    @pytest.mark.parametrize("priority", list(Priority))
    async def test_priority_is_set(self, backend: BackendUnderTest, priority: Priority) -> None:
        """A priority is set at the backend and comes back as an event."""
        need(backend.connector(), "priority")
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            await session.until(lambda: conversation(session, chat), "the conversation")
            await session.perform(SetPriority(chat, priority))

            def folded() -> bool:
                found = conversation(session, chat)
                return found is not None and found.priority is priority

            async def kept() -> bool:
                return (await backend.record(chat)).priority is priority

            await session.until(folded, "the priority as an event")
            await session.eventually(kept, "the priority at the backend")

    async def test_tags_are_added_and_removed(self, backend: BackendUnderTest) -> None:
        """Tags are added and removed one by one; the others stay."""
        need(backend.connector(), "tags")
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            await session.until(lambda: conversation(session, chat), "the conversation")
            await session.perform(ChangeTags(chat, add=frozenset({"contract-a", "contract-b"})))
            await session.perform(
                ChangeTags(chat, add=frozenset({"contract-c"}), remove=frozenset({"contract-a", "never-there"}))
            )
            wanted = {"contract-b", "contract-c"}

            def ours(tags: frozenset[str] | None) -> set[str]:
                return {tag for tag in tags or () if tag.startswith("contract-")}

            def folded() -> bool:
                found = conversation(session, chat)
                return found is not None and ours(found.tags) == wanted

            async def kept() -> bool:
                return ours((await backend.record(chat)).tags) == wanted

            await session.until(folded, "the tags as an event")
            await session.eventually(kept, "the tags at the backend")

    async def test_waiting_conversation_is_joined(self, backend: BackendUnderTest) -> None:
        """A waiting conversation is reported as not joined; after joining it can be answered, with its messages."""
        need(backend.connector(), "join")
        async with self.session(backend) as session:
            chat = await backend.waiting_conversation()
            found = await session.until(lambda: conversation(session, chat), "the waiting conversation")
            assert not found.joined
            await session.perform(Join(chat))
            await session.until(lambda: (c := conversation(session, chat)) is not None and c.joined, "it to be joined")
            text = unique("anyone there?")
            await backend.customer_says(chat, text)
            await session.until(lambda: text in session.desk.said(chat), "its messages")
            send = reply(chat, unique("yes, here"))
            await session.perform(send)

            async def arrived() -> bool:
                return send.body in bodies(await backend.received(chat))

            await session.eventually(arrived, "the reply after joining")

    async def test_left_conversation_is_no_longer_ours(self, backend: BackendUnderTest) -> None:
        """A conversation that the agent leaves is reported as removed or not joined, and takes no replies."""
        need(backend.connector(), "leave")
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            await session.until(lambda: conversation(session, chat), "the conversation")
            await session.perform(Leave(chat))
            await session.until(lambda: gone(session, chat), "it to be gone")
            error = await failure(session.perform(reply(chat, "one more thing")))
            assert isinstance(error, Rejected), f"{error!r} instead of Rejected"

    async def test_ended_chat_is_ended(self, backend: BackendUnderTest) -> None:
        """Ending a chat ends it at the backend and is reported."""
        need(backend.connector(), "end_chat")
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            await session.until(lambda: conversation(session, chat), "the conversation")
            await session.perform(EndChat(chat))

            def ended() -> bool:
                found = conversation(session, chat)
                return gone(session, chat) or (found is not None and found.ended)

            async def kept() -> bool:
                return (await backend.record(chat)).ended is not False

            await session.until(ended, "it to be ended")
            await session.eventually(kept, "it to be ended at the backend")

    async def test_transferred_conversation_changes_hands(self, backend: BackendUnderTest) -> None:
        """A conversation can be handed to someone on the roster, and is then theirs; the note is not the customer's."""
        connector = backend.connector()
        need(connector, "transfer")
        chat = await backend.open_conversation()
        async with self.session(backend, connector) as session:
            await session.until(lambda: conversation(session, chat), "the conversation")
            target = await backend.transfer_target()

            def listed() -> bool:
                rosters = [event for event in session.desk.events if isinstance(event, RosterChanged)]
                return bool(rosters) and target in {agent.id for agent in rosters[-1].agents}

            await session.until(listed, "the target on the roster")
            note = unique("knows about the refund")
            await session.perform(Transfer(chat, target, note))

            def handed_over() -> bool:
                found = conversation(session, chat)
                assignee = found.assignee if found else None
                return gone(session, chat) or (assignee is not None and assignee.id == target)

            if connector.capabilities.offers is Support.NATIVE:
                await session.until(lambda: handed_over() or offered(session, chat), "it to be offered or handed over")
                if not handed_over():
                    await backend.colleague_answers(chat, True)
            await session.until(handed_over, "it to change hands")
            assert all(note not in body for body in bodies(await backend.received(chat)))

    async def test_transfer_to_a_stranger_is_rejected(self, backend: BackendUnderTest) -> None:
        """A transfer to an id that is not on the roster is Rejected, and the conversation stays."""
        need(backend.connector(), "transfer")
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            await session.until(lambda: conversation(session, chat), "the conversation")
            error = await failure(session.perform(Transfer(chat, "nobody-of-that-id")))
            assert isinstance(error, Rejected), f"{error!r} instead of Rejected"
            send = reply(chat, unique("still with me"))
            assert await failure(session.perform(send)) is None

    async def test_new_conversation_is_created(self, backend: BackendUnderTest) -> None:
        """A conversation that the agent begins is reported, joined, with its first message delivered."""
        need(backend.connector(), "create")
        async with self.session(backend) as session:
            body = unique("about your order")
            address = await backend.new_customer()
            outcome = await session.perform(CreateConversation(session.desk.profile, address, "Your order", body))
            chat = outcome.conversation_id
            assert chat is not None
            found = await session.until(lambda: conversation(session, chat), "the new conversation")
            assert found.joined

            async def arrived() -> bool:
                return body in bodies(await backend.received(chat))

            await session.eventually(arrived, "the first message")

    @pytest.mark.parametrize(
        "capability",
        [
            *("notes", "typing_out", "read_out", "attachments_out", "status", "priority", "tags"),
            *("join", "leave", "end_chat", "transfer", "create"),
            *("take_next", "assign", "offers", "presence"),
        ],
    )
    async def test_absent_is_refused_before_any_io(
        self, backend: BackendUnderTest, capability: str, tmp_path: Path
    ) -> None:
        """What is declared absent raises Unsupported even without a connection, and changes nothing."""
        connector = backend.connector()
        if connector.capabilities.support(capability) is not Support.ABSENT:
            pytest.skip(f"{connector.name} declares {capability} as {connector.capabilities.support(capability)}")
        chat = await backend.open_conversation()
        await backend.cut()
        try:
            error = await failure(connector.perform(asking_for(capability, chat, tmp_path)))
        finally:
            await backend.restore()
            await connector.close()
        assert isinstance(error, Unsupported), f"{error!r} instead of Unsupported"
        assert str(error), "the agent reads this reason"
        assert await backend.received(chat) == []

    async def test_unknown_conversation_takes_no_change(self, backend: BackendUnderTest) -> None:
        """Any intent for a conversation that does not exist is Rejected or Unsupported, never silently done."""
        nowhere = ConversationId("no-such-conversation")
        connector = backend.connector()
        async with self.session(backend, connector) as session:
            status = next(iter(sorted(connector.capabilities.statuses)), Status.SOLVED)
            ticket = (SetStatus(nowhere, status), SetPriority(nowhere, Priority.HIGH), Leave(nowhere))
            for intent in (*ticket, Assign(nowhere, None), AcceptTransfer(nowhere), DeclineTransfer(nowhere)):
                error = await failure(session.perform(intent))
                assert isinstance(error, Rejected | Unsupported), f"{error!r} for {intent}"


def gone(session: Session, conversation_id: ConversationId) -> bool:
    """Tell whether the conversation is folded as removed, or as not joined."""
    thread = session.desk.thread(conversation_id)
    return thread is not None and (bool(thread.removed) or not thread.conversation.joined)


def offered(session: Session, conversation_id: ConversationId) -> Offer | None:
    """Return the transfer of a conversation that waits for an answer."""
    thread = session.desk.thread(conversation_id)
    return thread.conversation.offer if thread else None


def asking_for(capability: str, chat: ConversationId, folder: Path) -> Intent:
    """Return an intent that needs this capability."""
    intents: dict[str, Intent] = {
        "notes": reply(chat, "internal", Visibility.NOTE),
        "typing_out": SetTyping(chat, True),
        "read_out": MarkRead(chat, MessageId("1")),
        "attachments_out": reply(chat, "see file", attachments=(local_file(folder, "a.txt", b"a"),)),
        "status": SetStatus(chat, Status.SOLVED),
        "priority": SetPriority(chat, Priority.HIGH),
        "tags": ChangeTags(chat, add=frozenset({"vip"})),
        "join": Join(chat),
        "leave": Leave(chat),
        "end_chat": EndChat(chat),
        "transfer": Transfer(chat, "someone"),
        "take_next": TakeNext("contract"),
        "assign": Assign(chat, None),
        "offers": AcceptTransfer(chat),
        "presence": SetPresence("contract", Presence.AWAY),
        "create": CreateConversation("contract", "someone", "subject", "body"),
    }
    return intents[capability]
