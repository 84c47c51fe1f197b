"""Chapter five: colleagues. Assigning, the next one in the queue, transfers that are answered, presence, races."""

import asyncio
from collections.abc import Callable
from functools import partial

import pytest

from paradesk.connectors.base import Outcome, Rejected
from paradesk.core.intents import AcceptTransfer, Assign, DeclineTransfer, SetPresence, SetStatus, TakeNext, Transfer
from paradesk.core.model import Conversation, ConversationId, Presence, Status
from paradesk.testing.backend import BackendUnderTest
from paradesk.testing.chapters.chapter import Chapter, arranged, failure, need, reply, unique
from paradesk.testing.chapters.replies import bodies, reaches
from paradesk.testing.chapters.tickets import conversation, gone, offered
from paradesk.testing.recorder import Session


def assigned(session: Session, chat: ConversationId, agent_id: str | None) -> bool:
    """Tell whether a conversation is folded as somebody's, or (None) as nobody's."""
    found = conversation(session, chat)
    return found is not None and (None if found.assignee is None else found.assignee.id) == agent_id


def joined(session: Session, chat: ConversationId) -> Conversation | None:
    """Return the folded conversation once it is the agent's to answer."""
    found = conversation(session, chat)
    return found if found is not None and found.joined and not gone(session, chat) else None


class ColleaguesChapter(Chapter):
    """What a connector does with who answers."""

    async def test_assigned_without_asking(self, backend: BackendUnderTest) -> None:
        """Somebody is made responsible at once, is reported as such, and can be made not to be."""
        need(backend.connector(), "assign")
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            await session.until(lambda: conversation(session, chat), "the conversation")
            target = await backend.colleague_id()
            await session.perform(Assign(chat, target))
            await session.until(lambda: assigned(session, chat, target), "the new assignee as an event")

            async def kept(agent_id: str | None) -> bool:
                return (await backend.record(chat)).assignee_id == agent_id

            await session.eventually(partial(kept, target), "the new assignee at the backend")
            await session.perform(Assign(chat, None))
            await session.until(lambda: assigned(session, chat, None), "nobody as an event")
            await session.eventually(partial(kept, None), "nobody at the backend")

    async def test_stranger_is_not_assigned(self, backend: BackendUnderTest) -> None:
        """Assigning to an id that nobody has is Rejected, and changes nothing."""
        need(backend.connector(), "assign")
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            await session.until(lambda: conversation(session, chat), "the conversation")
            error = await failure(session.perform(Assign(chat, "nobody-of-that-id")))
            assert isinstance(error, Rejected), f"{error!r} instead of Rejected"
            assert (await backend.record(chat)).assignee_id != "nobody-of-that-id"

    async def test_next_in_the_queue_is_taken(self, backend: BackendUnderTest) -> None:
        """The backend hands out whoever has waited longest: joined, named in the outcome, and ready to be answered."""
        need(backend.connector(), "take_next")
        first = await backend.waiting_conversation()
        second = await backend.waiting_conversation()
        async with self.session(backend) as session:
            outcome = await session.perform(TakeNext(session.desk.profile))
            chat = outcome.conversation_id
            assert chat is not None
            assert chat != second, "the one that came later"
            await session.until(lambda: joined(session, chat), "it to be joined")
            await reaches(session, backend, reply(chat, unique("how can I help?")))
            if chat == first:
                assert bodies(await backend.received(second)) == []

    async def test_nobody_waits(self, backend: BackendUnderTest) -> None:
        """Where nobody waits, taking the next one brings none, or is Rejected in words."""
        need(backend.connector(), "take_next")
        async with self.session(backend) as session:
            for _ in range(10):
                taken: list[Outcome] = []

                async def take(into: list[Outcome]) -> None:
                    into.append(await session.perform(TakeNext(session.desk.profile)))

                error = await failure(take(taken))
                if error is not None:
                    assert isinstance(error, Rejected), f"{error!r} instead of Rejected"
                    assert str(error), "the agent reads this reason"
                    return
                if taken[0].conversation_id is None:
                    return
            pytest.skip("this backend has more waiting conversations than this test wants to take")

    async def test_offered_conversation_is_accepted(self, backend: BackendUnderTest) -> None:
        """A transfer that is offered to the agent says by whom; accepted, it is theirs and can be answered."""
        need(backend.connector(), "offers")
        async with self.session(backend) as session:
            chat = await backend.colleague_offers()
            offer = await session.until(lambda: offered(session, chat), "the offer")
            assert offer.mine
            assert offer.by is None or offer.by.name
            await session.perform(AcceptTransfer(chat))
            await session.until(lambda: joined(session, chat) if not offered(session, chat) else None, "it to be ours")
            await reaches(session, backend, reply(chat, unique("I have taken over")))

    async def test_offered_conversation_is_declined(self, backend: BackendUnderTest) -> None:
        """A declined offer is gone, the conversation is not the agent's, and the customer hears nothing of it."""
        need(backend.connector(), "offers")
        async with self.session(backend) as session:
            chat = await backend.colleague_offers()
            await session.until(lambda: offered(session, chat), "the offer")
            reason = unique("too many chats")
            await session.perform(DeclineTransfer(chat, reason))
            await session.until(lambda: gone(session, chat) or not offered(session, chat), "the offer to be gone")
            assert not joined(session, chat)
            assert all(reason not in body for body in bodies(await backend.received(chat)))

    async def test_offer_waits_for_its_answer(self, backend: BackendUnderTest) -> None:
        """What the agent offers stays theirs until the colleague answers, and after a refusal as well."""
        need(backend.connector(), "offers", "transfer")
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            await session.until(lambda: conversation(session, chat), "the conversation")
            await session.perform(Transfer(chat, await backend.colleague_id(), unique("for you")))
            offer = await session.until(lambda: offered(session, chat), "the offer")
            assert not offer.mine
            await reaches(session, backend, reply(chat, unique("a colleague may take over")))
            await backend.colleague_answers(chat, False)
            await session.until(lambda: not offered(session, chat), "the offer to be gone")
            assert not gone(session, chat)
            await reaches(session, backend, reply(chat, unique("I am still with you")))

    async def test_presence_is_set(self, backend: BackendUnderTest) -> None:
        """Each declared presence is set at the backend and comes back as an event; at the start the present one is told."""
        connector = backend.connector()
        need(connector, "presence")
        assert connector.capabilities.presences, "a presence that can be set has to be declared"
        async with self.session(backend, connector) as session:

            def told() -> Presence | None:
                profile = session.desk.state.profiles.get(session.desk.profile)
                return None if profile is None else profile.presence

            async def kept(presence: Presence) -> bool:
                return await backend.agent_presence() is presence

            for presence in sorted(connector.capabilities.presences, key=lambda one: one is Presence.ONLINE):
                await session.perform(SetPresence(session.desk.profile, presence))
                await session.until(partial(_is, told, presence), f"the presence {presence} as an event")
                await session.eventually(partial(kept, presence), f"the presence {presence} at the backend")

    async def test_absent_agent_keeps_their_chats(self, backend: BackendUnderTest) -> None:
        """Away is not disconnected: what is open goes on in both directions."""
        connector = backend.connector()
        need(connector, "presence")
        away = connector.capabilities.presences & {Presence.AWAY, Presence.BUSY}
        if not away:
            pytest.skip(f"{connector.name} has neither away nor busy")
        chat = await backend.open_conversation()
        async with self.session(backend, connector) as session:
            await session.perform(SetPresence(session.desk.profile, min(away)))
            text = unique("still there?")
            await backend.customer_says(chat, text)
            await session.until(lambda: text in session.desk.said(chat), "a message while away")
            await reaches(session, backend, reply(chat, unique("yes, for you")))

    async def test_racing_agents_end_in_one_status(self, backend: BackendUnderTest) -> None:
        """When two agents set a status at the same time, what is shown in the end is what the backend has."""
        connector = backend.connector()
        need(connector, "status")
        usable = sorted(connector.capabilities.statuses - {Status.CLOSED, Status.NEW}, key=list(Status).index)
        if len(usable) < 2:
            pytest.skip(f"{connector.name} has fewer than two statuses to race for")
        chat = await backend.open_conversation()
        ours, theirs = usable[:2]
        async with self.session(backend, connector) as session:
            await session.until(lambda: conversation(session, chat), "the conversation")
            await arranged(backend.colleague_sets_status(chat, theirs))
            for _ in range(4):
                # A ConnectorError says that somebody else was faster.
                await asyncio.gather(
                    failure(session.perform(SetStatus(chat, ours))), backend.colleague_sets_status(chat, theirs)
                )
                ours, theirs = theirs, ours

            async def agreed() -> bool:
                found = conversation(session, chat)
                return found is not None and found.status is (await backend.record(chat)).status

            await session.eventually(agreed, "the status that the backend has")


def _is(look: Callable[[], Presence | None], wanted: Presence) -> bool:
    return look() is wanted
