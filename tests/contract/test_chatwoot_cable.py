"""The Chatwoot connector on Rails' real ActionCable: every documented event, reconnecting, what was missed, the echo."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Final

import pytest
import pytest_asyncio

from paradesk.connectors.base import AuthError, NotSent, Uncertain
from paradesk.connectors.chatwoot import cable as cable_module
from paradesk.connectors.chatwoot.cable import open_cable
from paradesk.connectors.chatwoot.happenings import MEANINGS
from paradesk.connectors.http import trust
from paradesk.core.events import Gap, PresenceChanged, RosterChanged
from paradesk.core.intents import Join
from paradesk.core.model import ConversationId, Presence, Priority, Status
from paradesk.core.secret import Secret
from paradesk.testing.recorder import Session
from tests.contract.chatwoot import shapes
from tests.contract.chatwoot.cables import Puma, PumaCable, missing_for_puma
from tests.contract.chatwoot.world import OUTGOING
from tests.contract.chatwoot_backend import ChatwootBackend
from tests.contract.chatwoot_desk import by_body, kept, removed, reply, session, shown

DOCUMENTED: Final = (
    "message.created",
    "message.updated",
    "first.reply.created",
    "conversation.created",
    "conversation.updated",
    "conversation.read",
    "conversation.status_changed",
    "conversation.typing_on",
    "conversation.typing_off",
    "conversation.contact_changed",
    "conversation.mentioned",
    "assignee.changed",
    "team.changed",
    "contact.created",
    "contact.updated",
    "contact.merged",
    "contact.deleted",
    "notification.created",
    "notification.updated",
    "notification.deleted",
    "presence.update",
    "account.cache_invalidated",
    "user:logout",
    "page:reload",
)
"""Every event that Chatwoot's own clients listen to."""


@pytest.fixture(scope="module")
def puma(request: pytest.FixtureRequest) -> Iterator[Puma]:
    if missing := missing_for_puma():
        pytest.skip(f"NOT TESTED: Chatwoot's websocket on the real ActionCable ({missing})")
    server = Puma()
    yield server
    server.stop()


@pytest_asyncio.fixture
async def backend(puma: Puma) -> AsyncIterator[ChatwootBackend]:
    async with PumaCable(puma) as cable, ChatwootBackend(cable) as backend:
        yield backend


def test_every_documented_event_has_a_meaning() -> None:
    assert set(MEANINGS) == set(DOCUMENTED)


class Stage:
    """A desk with one conversation on it, and hands to change the world without its telling anybody."""

    def __init__(self, backend: ChatwootBackend, desk: Session, chat: ConversationId) -> None:
        self.backend, self.desk, self.chat = backend, desk, chat
        self.world = backend.server.world
        self.conversation = kept(backend, chat)

    def tell(self, event: str, **changes: Any) -> None:
        """Change the conversation and broadcast exactly one event of it."""
        for name, value in changes.items():
            setattr(self.conversation, name, value)
        self.conversation.updated_at = time.time() + 1
        content = shapes.conversation_push(self.conversation, self.world, self.backend.server.base)
        self.backend.server.broadcast(event, content)

    def tell_message(self, event: str, **changes: Any) -> str:
        """Write a message that nobody is told of but by this one event."""
        quiet, self.world.tell = self.world.tell, lambda *_args, **_more: None
        message = self.world.say(self.conversation, OUTGOING, f"by {event}", self.backend.colleague)
        self.world.tell = quiet
        for name, value in changes.items():
            setattr(message, name, value)
        self.backend.server.broadcast(
            event, shapes.message_push(message, self.conversation, self.world, self.backend.server.base)
        )
        return str(message.id)

    @property
    def now(self) -> Any:
        """The conversation on the desk."""
        return shown(self.desk, self.chat)


def _message_created(stage: Stage) -> Callable[[], object]:
    stage.tell_message("message.created")
    return lambda: by_body(stage.desk, stage.chat, "by message.created")


def _message_updated(stage: Stage) -> Callable[[], object]:
    number = stage.tell_message("message.updated", attributes={"deleted": True}, content="This message was deleted")
    return lambda: any(message.id == number and message.deleted for message in stage.desk.desk.messages(stage.chat))


def _first_reply(stage: Stage) -> Callable[[], object]:
    stage.tell_message("first.reply.created")
    return lambda: by_body(stage.desk, stage.chat, "by first.reply.created")


def _created(stage: Stage) -> Callable[[], object]:
    contact = stage.world.contact("Newcomer")
    begun = ConversationId(str(stage.world.begin(contact).id))
    return lambda: shown(stage.desk, begun)


def _updated(stage: Stage) -> Callable[[], object]:
    stage.tell("conversation.updated", priority="urgent", labels=["vip"], custom_attributes={"order": 7})
    return lambda: (
        stage.now.priority is Priority.URGENT
        and stage.now.tags == frozenset({"vip"})
        and stage.now.attributes["order"] == "7"
    )


def _read(stage: Stage) -> Callable[[], object]:
    number = stage.tell_message("message.created")
    stage.tell("conversation.read", contact_last_seen_at=time.time() + 2)

    def marked() -> bool:
        thread = stage.desk.desk.thread(stage.chat)
        return thread is not None and thread.read_by_customer == number

    return marked


def _status(stage: Stage) -> Callable[[], object]:
    until = time.time() + 3600
    stage.tell("conversation.status_changed", status="snoozed", snoozed_until=until)
    return lambda: (
        stage.now.status is Status.ON_HOLD
        and stage.now.status_label == "snoozed"
        and stage.now.snoozed_until == int(until)
    )


def _typing(stage: Stage, on: bool) -> None:
    word = "on" if on else "off"
    content = {
        "conversation": shapes.conversation_push(stage.conversation, stage.world, stage.backend.server.base),
        "user": shapes.contact_of(stage.conversation.contact),
        "is_private": False,
    }
    stage.backend.server.broadcast(f"conversation.typing_{word}", content)


def _types(stage: Stage) -> bool:
    thread = stage.desk.desk.thread(stage.chat)
    return thread is not None and thread.typing is not None and thread.typing.customer


def _typing_on(stage: Stage) -> Callable[[], object]:
    _typing(stage, True)
    return lambda: _types(stage)


def _typing_off(stage: Stage) -> Callable[[], object]:
    _typing(stage, True)
    _typing(stage, False)
    stage.tell_message("message.created")
    return lambda: by_body(stage.desk, stage.chat, "by message.created") and not _types(stage)


def _contact_changed(stage: Stage) -> Callable[[], object]:
    stage.tell("conversation.contact_changed", contact=stage.world.contact("Somebody Else"))
    return lambda: stage.now.customer.name == "Somebody Else"


def _mentioned(stage: Stage) -> Callable[[], object]:
    stage.tell("conversation.mentioned", priority="high")
    return lambda: stage.now.priority is Priority.HIGH


def _assignee(stage: Stage) -> Callable[[], object]:
    stage.tell("assignee.changed", assignee=stage.backend.colleague)
    return lambda: removed(stage.desk, stage.chat) == "assigned to Ben"


def _team(stage: Stage) -> Callable[[], object]:
    stage.tell("team.changed", team=stage.world.team("Billing"))
    return lambda: stage.now.queue == "Billing"


def _contact_updated(stage: Stage) -> Callable[[], object]:
    contact = stage.conversation.contact
    contact.name = "New Name"
    stage.backend.server.broadcast("contact.updated", shapes.contact_of(contact))
    return lambda: stage.now.customer.name == "New Name"


def _contact_merged(stage: Stage) -> Callable[[], object]:
    contact = stage.conversation.contact
    contact.name = "Merged Name"
    stage.backend.server.broadcast("contact.merged", shapes.contact_of(contact) | {"tokens": []})
    return lambda: stage.now.customer.name == "Merged Name"


def _presence(stage: Stage) -> Callable[[], object]:
    users = {str(stage.backend.agent.id): "busy", str(stage.backend.colleague.id): "offline"}
    stage.backend.server.broadcast("presence.update", {"users": users, "contacts": {}})

    def there() -> bool:
        rosters = [event for event in stage.desk.desk.events if isinstance(event, RosterChanged)]
        mine = [event for event in stage.desk.desk.events if isinstance(event, PresenceChanged)]
        return not rosters[-1].agents[0].online and mine[-1].presence is Presence.BUSY

    return there


def _cache(stage: Stage) -> Callable[[], object]:
    stage.world.team("Returns")
    stage.backend.server.broadcast("account.cache_invalidated", {"cache_keys": {"team": "1"}})

    def listed() -> bool:
        rosters = [event for event in stage.desk.desk.events if isinstance(event, RosterChanged)]
        return "Returns" in {agent.name for agent in rosters[-1].agents}

    return listed


def _logout(stage: Stage) -> Callable[[], object]:
    stage.backend.server.broadcast("user:logout", {})
    return lambda: stage.desk.losses and stage.desk.desk.went_online > 1


def _nothing(event: str) -> Callable[[Stage], Callable[[], object]]:
    def arrange(stage: Stage) -> Callable[[], object]:
        stage.backend.server.broadcast(event, {"id": 1})
        stage.tell_message("message.created")
        # What comes after it arrives, and the connection stands.
        return lambda: by_body(stage.desk, stage.chat, "by message.created") and not stage.desk.losses

    return arrange


CASES: Final[dict[str, Callable[[Stage], Callable[[], object]]]] = {
    "message.created": _message_created,
    "message.updated": _message_updated,
    "first.reply.created": _first_reply,
    "conversation.created": _created,
    "conversation.updated": _updated,
    "conversation.read": _read,
    "conversation.status_changed": _status,
    "conversation.typing_on": _typing_on,
    "conversation.typing_off": _typing_off,
    "conversation.contact_changed": _contact_changed,
    "conversation.mentioned": _mentioned,
    "assignee.changed": _assignee,
    "team.changed": _team,
    "contact.updated": _contact_updated,
    "contact.merged": _contact_merged,
    "presence.update": _presence,
    "account.cache_invalidated": _cache,
    "user:logout": _logout,
}


@pytest.mark.parametrize("event", DOCUMENTED)
async def test_documented_event_is_consumed(backend: ChatwootBackend, event: str) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as desk:
        await desk.until(lambda: shown(desk, chat), "the conversation")
        consequence = CASES.get(event, _nothing(event))(Stage(backend, desk, chat))
        await desk.until(lambda: consequence() or None, f"what {event} means")


async def test_restart_of_the_server_is_survived_and_what_was_missed_is_read(backend: ChatwootBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as desk:
        await desk.until(lambda: shown(desk, chat), "the conversation")
        await backend.customer_says(chat, "before")
        await desk.until(lambda: "before" in desk.desk.said(chat), "the first message")
        # Nobody is told of these: the websocket has no replay.
        tell, backend.server.world.tell = backend.server.world.tell, lambda *_args, **_more: None
        missed = [f"missed {number}" for number in range(3)]
        for text in missed:
            await backend.customer_says(chat, text)
        kept(backend, chat).priority = "urgent"
        backend.server.world.changed(kept(backend, chat))
        backend.server.world.tell = tell
        await backend.cable.restart()
        await desk.until(lambda: desk.losses, "the farewell to be noticed")
        assert isinstance(desk.losses[0], NotSent)
        await desk.until(lambda: desk.desk.said(chat) == ["before", *missed], "what was missed, in order, once")
        await desk.until(lambda: (now := shown(desk, chat)) and now.priority is Priority.URGENT, "what was changed")
        await desk.until(lambda: [e.closed for e in desk.desk.events if isinstance(e, Gap)] == [False, True], "the gap")
        await backend.customer_says(chat, "after")
        await desk.until(lambda: desk.desk.said(chat) == ["before", *missed, "after"], "what comes afterwards")


async def test_deletion_during_an_absence_is_seen(backend: ChatwootBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as desk:
        secret = await backend.customer_says(chat, "my password is hunter2")
        await desk.until(lambda: desk.desk.said(chat), "the message")
        tell, backend.server.world.tell = backend.server.world.tell, lambda *_args, **_more: None
        await backend.customer_deletes(chat, secret)
        backend.server.world.changed(kept(backend, chat))
        backend.server.world.tell = tell
        await backend.cable.restart()
        await desk.until(lambda: not desk.desk.said(chat), "the deletion")


async def test_echo_comes_with_the_first_broadcast_only_and_the_client_id_stays(backend: ChatwootBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as desk:
        await desk.until(lambda: shown(desk, chat), "the conversation")
        outcome = await desk.perform(reply(chat, "hello", "client-17"))
        message = await desk.until(lambda: by_body(desk, chat, "hello"), "the echo")
        assert (message.id, message.client_id) == (outcome.message_id, "client-17")
        written = next(one for one in kept(backend, chat).messages if one.content == "hello")
        assert written.echo_id is None, "Chatwoot keeps no echo id"
        backend.server.world.delete(kept(backend, chat), written)
        await desk.until(lambda: not by_body(desk, chat, "hello"), "a later broadcast of it")
        assert [m.client_id for m in desk.desk.messages(chat) if m.id == outcome.message_id] == ["client-17"]


async def test_unclear_reply_is_found_when_the_conversation_is_read_after_a_restart(backend: ChatwootBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as desk:
        await desk.until(lambda: shown(desk, chat), "the conversation")
        backend.server.lose_next_send = True
        with pytest.raises(Uncertain):
            await desk.perform(reply(chat, "did it arrive?", "client-18"))
    async with session(backend) as again:
        page = await again.connector.history(chat, None, 20)
        assert [m.client_id for m in page.messages if m.body == "did it arrive?"] == ["client-18"]


async def test_unknown_credential_is_given_up(backend: ChatwootBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither confirmed nor rejected, as ActionCable does when a subscription raises."""
    monkeypatch.setattr(cable_module, "SUBSCRIBE", 3.0)
    with pytest.raises(NotSent, match="did not answer"):
        async with open_cable(backend.connector()._account.client.origin, trust(""), Secret("nobody's"), 1, "7"):
            raise AssertionError("subscribed with a credential that nobody has")


async def test_rejected_subscription_is_an_auth_error(backend: ChatwootBackend) -> None:
    token = Secret(backend.agent.pubsub_token)
    with pytest.raises(AuthError, match="does not let this agent in"):
        async with open_cable(backend.connector()._account.client.origin, trust(""), token, 1, "-1"):
            raise AssertionError("subscribed though it was rejected")


async def test_presence_is_said_again_and_again(backend: ChatwootBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cable_module, "HEARTBEAT", 0.1)
    origin, token = backend.connector()._account.client.origin, Secret(backend.agent.pubsub_token)
    async with open_cable(origin, trust(""), token, 1, str(backend.agent.id)) as cable:
        beats = asyncio.create_task(cable.beat())
        try:
            heard = 0
            async for broadcast in cable.broadcasts():
                heard += broadcast.event == "presence.update"
                # One comes with the subscription; each other answers a word of ours.
                if heard == 4:
                    break
        finally:
            beats.cancel()
            await asyncio.gather(beats, return_exceptions=True)


async def test_event_of_another_account_is_left_away(backend: ChatwootBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as desk:
        await desk.until(lambda: shown(desk, chat), "the conversation")
        stage = Stage(backend, desk, chat)
        content = shapes.conversation_push(stage.conversation, stage.world, "") | {
            "account_id": 99,
            "priority": "urgent",
        }
        backend.server.broadcast("conversation.updated", content)
        message = {
            "id": 4711,
            "message_type": 0,
            "content": "not yours",
            "conversation_id": int(chat),
            "account_id": 99,
        }
        backend.server.broadcast("message.created", message)
        await backend.customer_says(chat, "after")
        await desk.until(lambda: desk.desk.said(chat) == ["after"], "the message after it, and only that")
        assert stage.now.priority is Priority.NORMAL


async def test_older_word_on_a_conversation_changes_nothing(backend: ChatwootBackend) -> None:
    chat = await backend.waiting_conversation()
    async with session(backend) as desk:
        await desk.until(lambda: shown(desk, chat), "the conversation")
        stage = Stage(backend, desk, chat)
        old = shapes.conversation_push(stage.conversation, stage.world, "")
        await desk.perform(Join(chat))
        await desk.until(lambda: stage.now.joined, "the newer word")
        backend.server.broadcast("conversation.updated", old)
        await backend.customer_says(chat, "after")
        await desk.until(lambda: desk.desk.said(chat) == ["after"], "what comes after the older word")
        assert stage.now.joined
        await desk.perform(reply(chat, "still yours"))
