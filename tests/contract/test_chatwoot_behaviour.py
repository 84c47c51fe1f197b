"""What Chatwoot does by itself, and what a desk makes of it: traps, races, absences."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from paradesk.connectors.base import Conflict, Rejected, Unsupported
from paradesk.connectors.chatwoot import ChatwootConnector
from paradesk.connectors.chatwoot.account import TEAM
from paradesk.core.events import PresenceChanged
from paradesk.core.intents import (
    Assign,
    ChangeTags,
    CreateConversation,
    EndChat,
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
from paradesk.core.model import ConversationId, Delivery, LocalFile, MessageId, Presence, Priority, Role, Status
from paradesk.testing.recorder import Recorder, Session
from tests.contract.chatwoot.described import DESCRIPTION
from tests.contract.chatwoot.undocumented import UNDOCUMENTED
from tests.contract.chatwoot.web import Asked, Told
from tests.contract.chatwoot.world import OUTGOING, TEMPLATE, Blob
from tests.contract.chatwoot_desk import by_body, kept, played, removed, reply, session, shown
from tests.published import needs


async def test_every_request_is_as_described_or_listed_by_name(tmp_path: Path) -> None:
    """Makes the connector do all that it can, and asks the server what was asked for that is not described."""
    needs(DESCRIPTION)
    async with played() as (backend, _):
        server = backend.server
        server.world.canned.append((1, "hello", "Hello {{contact.name}}"))
        server.world.macros.append({"id": 5, "name": "Greet", "actions": []})
        team = server.world.team("Billing")
        chat, other = await backend.open_conversation(), await backend.open_conversation()
        for number in range(25):
            await backend.customer_says(chat, f"line {number}")
        path = tmp_path / "label.pdf"
        path.write_bytes(b"%PDF")
        connector = backend.connector()
        async with session(backend, connector=connector) as desk:
            await desk.until(lambda: desk.desk.commits and shown(desk, chat), "the conversation, and a place")
            await desk.perform(reply(chat, "public"))
            await desk.perform(reply(chat, "note", "client-2", note=True))
            file = LocalFile(str(path), "label.pdf", "application/pdf", 4)
            for note in (False, True):
                send = reply(chat, "see file", f"client-{3 + note}", note=note)
                await desk.perform(replace(send, attachments=(file,)))
            for status in (Status.PENDING, Status.ON_HOLD, Status.SOLVED, Status.OPEN):
                await desk.perform(SetStatus(chat, status))
            await desk.perform(SetStatus(chat, Status.ON_HOLD, time.time() + 3600))
            for priority in Priority:
                await desk.perform(SetPriority(chat, priority))
            await desk.perform(ChangeTags(chat, frozenset({"vip", "refund"})))
            await desk.perform(SetTyping(chat, True))
            await desk.perform(MarkRead(chat, desk.desk.messages(chat)[-1].id))
            await desk.perform(Leave(chat))
            await desk.perform(Join(chat))
            await desk.perform(Assign(other, f"{TEAM}{team.id}"))
            await desk.perform(Transfer(other, str(backend.colleague.id), "over to you"))
            for presence in (Presence.BUSY, Presence.INVISIBLE, Presence.ONLINE):
                await desk.perform(SetPresence("contract", presence))
            await connector.history(chat, None, 50)
            await connector.customer(chat)
            await connector.canned()
            await connector.search("line 3", 5)
            # An absence of more than a page.
            await backend.cut()
            await desk.notice_cut(5)
            for number in range(130):
                await backend.customer_says(chat, f"absent {number}")
            await backend.restore()
            absent = [f"absent {number}" for number in range(130)]
            await desk.until(lambda: desk.desk.said(chat)[-130:] == absent, "all of it, in order")
        assert server.problems == []
        # No name is listed for nothing.
        assert server.undescribed == UNDOCUMENTED


async def test_opening_assigns_and_the_desk_is_told() -> None:
    async with played() as (backend, _):
        chat = await backend.waiting_conversation()
        async with session(backend) as desk:
            await desk.until(lambda: (now := shown(desk, chat)) and not now.joined, "the conversation in the queue")
            await desk.perform(SetStatus(chat, Status.PENDING))
            assert (now := shown(desk, chat)) is not None
            assert (now.status, now.assignee) == (Status.PENDING, None)
            await desk.perform(SetStatus(chat, Status.OPEN))
            assert (now := shown(desk, chat)) is not None
            assert now.joined
            assert now.assignee is not None
            assert now.assignee.name == "Ada"


async def test_incoming_message_reopens_what_was_resolved_or_snoozed() -> None:
    async with played() as (backend, _):
        chat = await backend.open_conversation()
        async with session(backend) as desk:
            await desk.until(lambda: shown(desk, chat), "the conversation")
            for status, until in ((Status.SOLVED, None), (Status.ON_HOLD, time.time() + 3600)):
                await desk.perform(SetStatus(chat, status, until))
                assert (now := shown(desk, chat)) is not None
                assert now.status is status
                await backend.customer_says(chat, f"still here after {status}")
                await desk.until(
                    lambda: (now := shown(desk, chat)) and now.status is Status.OPEN and now.snoozed_until is None,
                    "it to be open again",
                )


async def test_snooze_carries_its_end() -> None:
    async with played() as (backend, _):
        chat = await backend.open_conversation()
        until = time.time() + 7200
        async with session(backend) as desk:
            await desk.until(lambda: shown(desk, chat), "the conversation")
            await desk.perform(SetStatus(chat, Status.OPEN, until))
            assert (now := shown(desk, chat)) is not None
            assert (now.status, now.status_label, now.snoozed_until) == (Status.ON_HOLD, "snoozed", int(until))
        assert kept(backend, chat).snoozed_until == int(until)


@pytest.mark.parametrize("restart", [False, True], ids=["at work", "over a restart"])
async def test_conversation_of_a_colleague_comes_back_with_what_was_missed(restart: bool) -> None:
    async with played() as (backend, _):
        chat, other = await backend.open_conversation(), await backend.open_conversation()
        world = backend.server.world
        to_ben = [f"to Ben {number}" for number in range(30)]

        async def come_back(desk: Session) -> None:
            world.assign(kept(backend, chat), backend.agent, backend.colleague)
            await desk.until(lambda: not removed(desk, chat), "it to be back")
            await desk.until(lambda: desk.desk.said(chat) == ["to Ada", *to_ben], "what was said meanwhile")

        async with session(backend) as desk:
            await backend.customer_says(chat, "to Ada")
            await desk.until(lambda: desk.desk.said(chat) == ["to Ada"], "the first message")
            world.assign(kept(backend, chat), backend.colleague, backend.colleague)
            await desk.until(lambda: removed(desk, chat) == "assigned to Ben", "it to be gone")
            # Long enough for the place in the stream to have moved on.
            world.wrong_by = 300.0
            for text in to_ben:
                await backend.customer_says(chat, text)
            world.wrong_by = 600.0
            await backend.customer_says(other, "later")
            await desk.until(lambda: "later" in desk.desk.said(other), "what comes after")
            await desk.until(lambda: desk.desk.commits[-1].state.threads[other].transcript.last, "its commit")
            if not restart:
                await come_back(desk)
        if restart:
            async with session(backend, Recorder(start=desk.desk.commits[-1])) as again:
                await come_back(again)


async def test_transfer_to_a_team_leaves_it_to_the_team() -> None:
    async with played() as (backend, _):
        chat = await backend.open_conversation()
        team = backend.server.world.team("Billing")
        team.members.add(backend.agent.id)
        async with session(backend) as desk:
            await desk.until(lambda: shown(desk, chat), "the conversation")
            await desk.perform(Transfer(chat, f"{TEAM}{team.id}", "knows about the refund"))
            assert (now := shown(desk, chat)) is not None
            assert (now.queue, now.joined, now.assignee) == ("Billing", False, None)
            await desk.until(lambda: by_body(desk, chat, "knows about the refund"), "the note")
        assert (kept(backend, chat).team, kept(backend, chat).assignee) == (team, None)
        assert all("refund" not in message.body for message in await backend.received(chat))


async def test_assigning_takes_agents_teams_and_nobody() -> None:
    async with played() as (backend, _):
        chat = await backend.waiting_conversation()
        team = backend.server.world.team("Billing")
        async with session(backend) as desk:
            await desk.until(lambda: shown(desk, chat), "the conversation")
            await desk.perform(Assign(chat, str(backend.agent.id)))
            assert kept(backend, chat).assignee is backend.agent
            await desk.perform(Assign(chat, f"{TEAM}{team.id}"))
            assert kept(backend, chat).team is team
            await desk.perform(Assign(chat, None))
            assert kept(backend, chat).assignee is None
            with pytest.raises(Rejected):
                await desk.perform(Assign(chat, "4711"))


async def test_labels_that_two_agents_change_at_once_are_all_kept() -> None:
    async with played() as (backend, _):
        chat = await backend.open_conversation()
        conversation = kept(backend, chat)
        async with session(backend) as desk:
            await desk.until(lambda: shown(desk, chat), "the conversation")
            wrote = 0

            def overwrite(asked: Asked) -> Told | None:
                """Let a colleague write over ours, once, between our writing and our reading."""
                nonlocal wrote
                if asked.path.endswith("/labels") and asked.method == "GET":
                    wrote += 1
                    if wrote == 2:
                        conversation.labels = ["theirs"]
                return None

            backend.server.override = overwrite
            await desk.perform(ChangeTags(chat, add=frozenset({"ours"})))
            assert sorted(conversation.labels) == ["ours", "theirs"]

            def always(asked: Asked) -> Told | None:
                if asked.path.endswith("/labels") and asked.method == "GET":
                    conversation.labels = ["theirs"]
                return None

            backend.server.override = always
            with pytest.raises(Conflict):
                await desk.perform(ChangeTags(chat, add=frozenset({"ours"})))
            with pytest.raises(Rejected, match="comma"):
                await desk.perform(ChangeTags(chat, add=frozenset({"one,two"})))


async def test_own_changes_of_labels_do_not_overwrite_each_other() -> None:
    async with played() as (backend, _):
        chat = await backend.open_conversation()
        async with session(backend) as desk:
            await desk.until(lambda: shown(desk, chat), "the conversation")
            tags = [f"tag-{number}" for number in range(6)]
            await asyncio.gather(*(desk.perform(ChangeTags(chat, add=frozenset({tag}))) for tag in tags))
        assert sorted(kept(backend, chat).labels) == tags


async def test_status_that_somebody_else_changed_meanwhile_is_a_conflict() -> None:
    async with played() as (backend, _):
        chat = await backend.open_conversation()

        def race(asked: Asked) -> Told | None:
            if not asked.path.endswith("toggle_status"):
                return None
            payload = {"success": True, "conversation_id": int(chat), "current_status": "resolved"}
            return Told({"meta": {}, "payload": payload})

        async with session(backend) as desk:
            await desk.until(lambda: shown(desk, chat), "the conversation")
            backend.server.override = race
            with pytest.raises(Conflict, match="resolved"):
                await desk.perform(SetStatus(chat, Status.PENDING))


async def test_chat_that_cannot_be_answered_says_so_and_still_takes_notes() -> None:
    async with played() as (backend, _):
        chat = await backend.open_conversation()
        kept(backend, chat).can_reply = False
        async with session(backend) as desk:
            now = await desk.until(lambda: shown(desk, chat), "the conversation")
            assert now.absent["send"]
            with pytest.raises(Unsupported):
                await desk.perform(reply(chat, "too late"))
            await desk.perform(reply(chat, "ask by mail", "client-2", note=True))
            await desk.until(lambda: by_body(desk, chat, "ask by mail"), "the note")
        assert await backend.received(chat) == []


async def test_reply_that_its_channel_did_not_take_shows_as_failed() -> None:
    async with played() as (backend, _):
        chat = await backend.open_conversation()
        async with session(backend) as desk:
            await desk.until(lambda: shown(desk, chat), "the conversation")
            await desk.perform(reply(chat, "to a dead number"))
            await desk.until(lambda: by_body(desk, chat, "to a dead number"), "the reply")
            message = kept(backend, chat).messages[-1]
            message.status, message.updated_at = "failed", time.time() + 1
            message.attributes["external_error"] = "63016: outside the window"
            backend.server._tell("message.updated", kept(backend, chat), message)

            def failed() -> bool:
                found = by_body(desk, chat, "to a dead number")
                return found is not None and found.delivery is Delivery.FAILED and "63016" in found.delivery_reason

            await desk.until(failed, "the failure")


async def test_bots_templates_and_activity_do_not_end_the_wait() -> None:
    async with played() as (backend, _):
        chat = await backend.open_conversation()
        async with session(backend) as desk:
            await backend.customer_says(chat, "anyone?")
            backend.server.world.say(kept(backend, chat), TEMPLATE, "We typically reply in a few minutes.", None)
            backend.server.world.say(kept(backend, chat), OUTGOING, "I am a bot", None)
            backend.server.world.note_activity(kept(backend, chat), "Ben added vip")
            await desk.until(lambda: by_body(desk, chat, "Ben added vip"), "all of it")
            roles = {message.body: message.role for message in desk.desk.messages(chat)}
            assert roles["We typically reply in a few minutes."] is Role.BOT
            assert roles["I am a bot"] is Role.BOT
            assert roles["Ben added vip"] is Role.SYSTEM
            thread = desk.desk.thread(chat)
            assert thread is not None
            assert thread.waiting_since is not None


async def test_customer_comes_with_attributes_and_earlier_conversations() -> None:
    async with played() as (backend, _):
        world = backend.server.world
        contact = world.contact("Dana", "dana@example.org")
        contact.phone_number = "+49 30 1234"
        contact.custom_attributes = {"plan": "gold", "orders": 3, "vip": True}
        contact.additional_attributes = {"company_name": "Acme", "city": "Berlin"}
        earlier = world.begin(contact)
        world.say(earlier, 0, "where is my parcel?", contact)
        world.set_status(earlier, "resolved", None)
        now = world.begin(contact)
        connector = backend.connector()
        async with session(backend, connector=connector):
            customer = await connector.customer(ConversationId(str(now.id)))
        assert (customer.name, customer.email, customer.phone) == ("Dana", "dana@example.org", "+49 30 1234")
        assert (customer.plan, customer.company) == ("gold", "Acme")
        assert customer.attributes == {"orders": "3", "vip": "yes", "city": "Berlin"}
        assert [(line.id, line.subject, line.status) for line in customer.earlier] == [
            (str(earlier.id), "where is my parcel?", "resolved")
        ]


async def test_canned_responses_and_the_texts_of_macros_are_listed() -> None:
    async with played() as (backend, _):
        backend.server.world.canned.append((1, "hello", "Hello {{contact.name}}"))
        steps = [
            {"action_name": "send_message", "action_params": ["All done."]},
            {"action_name": "resolve_conversation", "action_params": []},
        ]
        backend.server.world.macros += [
            {"id": 5, "name": "Close", "actions": steps},
            {"id": 6, "name": "Silent", "actions": steps[1:]},
        ]
        connector = backend.connector()
        async with session(backend, connector=connector):
            listed = {one.id: (one.title, one.body, one.shortcut) for one in await connector.canned()}
            without = Told({"error": "You are not authorized to do this action"}, 401)
            backend.server.override = lambda asked: without if asked.path.endswith("/macros") else None
            assert [one.id for one in await connector.canned()] == ["1"]
        assert listed == {"1": ("hello", "Hello {{contact.name}}", "hello"), "macro:5": ("Close", "All done.", "")}


async def test_search_finds_conversations_that_are_not_on_the_desk() -> None:
    async with played() as (backend, _):
        chat, other = await backend.open_conversation(), await backend.open_conversation()
        await backend.customer_says(chat, "the zebra crossing was closed")
        await backend.customer_says(chat, "and nobody said why")
        await backend.customer_says(other, "nothing of that")
        backend.server.world.set_status(kept(backend, chat), "resolved", None)
        connector = backend.connector()
        async with session(backend, connector=connector):
            found = await connector.search("Zebra", 10)
            assert [one.conversation_id for one in found] == [chat]
            assert "zebra" in found[0].excerpt
            assert await connector.search("  ", 10) == ()


async def test_only_the_wanted_inboxes_are_shown() -> None:
    async with played() as (backend, _):
        world = backend.server.world
        world.inboxes[7] = "Wholesale"
        web, wholesale = world.begin(world.contact("Web")), world.begin(world.contact("Wholesale"), 7)
        connector = ChatwootConnector(backend.settings(inboxes="wholesale"))
        async with session(backend, connector=connector) as desk:
            await desk.until(lambda: shown(desk, ConversationId(str(wholesale.id))), "what is wanted")
            world.say(web, 0, "not here", web.contact)
            world.say(wholesale, 0, "but here", wholesale.contact)
            await desk.until(lambda: desk.desk.said(ConversationId(str(wholesale.id))), "its message")
            assert desk.desk.thread(ConversationId(str(web.id))) is None


async def test_many_conversations_are_all_listed() -> None:
    async with played() as (backend, _):
        world = backend.server.world
        for number in range(60):
            conversation = world.begin(world.contact(f"Customer {number}"))
            conversation.assignee = backend.agent if number % 2 else None
            conversation.status = ("open", "pending", "snoozed")[number % 3]
        async with session(backend) as desk:
            await desk.until(
                lambda: sum(thread.known for thread in desk.desk.state.threads.values()) == 60, "all of them"
            )
            await desk.until(lambda: desk.desk.commits, "a place")


async def test_presence_is_set_and_told() -> None:
    async with played() as (backend, _):
        async with session(backend) as desk:
            await desk.perform(SetPresence("contract", Presence.BUSY))
            mine = [event.presence for event in desk.desk.events if isinstance(event, PresenceChanged)]
            assert mine[-1] is Presence.BUSY
            with pytest.raises(Unsupported):
                await desk.perform(SetPresence("contract", Presence.AWAY))
        assert backend.agent.availability == "busy"


async def test_files_at_another_host_are_fetched_without_the_token() -> None:
    async with played() as (backend, _):
        chat = await backend.open_conversation()
        seen: list[dict[str, str]] = []

        def notice(asked: Asked) -> Told | None:
            if asked.path.startswith("/rails/"):
                seen.append(asked.headers)
            return None

        backend.server.override = notice
        connector = backend.connector()
        async with session(backend, connector=connector) as desk:
            blob = Blob(1, "receipt.txt", "text/plain", b"42")
            backend.server.world.blobs[1] = blob
            message = backend.server.world.say(kept(backend, chat), 0, None, kept(backend, chat).contact, files=[blob])
            found = await desk.until(lambda: desk.desk.message(chat, MessageId(str(message.id))), "the file")
            # The connector's own origin is the proxy's; the file lies at another port.
            assert await connector.fetch(found.attachments[0]) == b"42"
        assert seen
        assert all("api_access_token" not in headers for headers in seen)


async def test_what_chatwoot_has_not_is_refused_in_words() -> None:
    async with played() as (backend, _):
        connector = backend.connector()
        chat = await backend.open_conversation()
        for intent in (EndChat(chat), TakeNext("contract"), CreateConversation("contract", "x", "y")):
            with pytest.raises(Unsupported, match="."):
                await connector.perform(intent)
        await connector.close()


async def test_note_that_comes_back_public_is_told() -> None:
    async with played() as (backend, _):
        chat = await backend.open_conversation()

        def publish(asked: Asked) -> Told | None:
            if asked.method == "POST" and asked.path.endswith("/messages"):
                return Told({"id": 1, "message_type": 1, "conversation_id": int(chat), "private": False})
            return None

        async with session(backend) as desk:
            await desk.until(lambda: shown(desk, chat), "the conversation")
            backend.server.override = publish
            with pytest.raises(Exception, match="public"):
                await desk.perform(reply(chat, "internal", note=True))


@pytest.mark.parametrize(
    "text",
    [
        "Dear {{ contact.name }}",
        "{{ unknown }} and {% if x %}",
        "100 % {sure}",
        "use `{{ name }}` in your template, not {{ name }}",
        "{{ '{{' }}",
        "`open {{ code",
        "{% raw %}{{ x }}{% endraw %}",
    ],
    ids=["known name", "unknown name", "no template", "in code", "written out", "half a code", "raw"],
)
async def test_reply_is_no_template(text: str) -> None:
    async with played() as (backend, _):
        chat = await backend.open_conversation()
        connector = backend.connector()
        async with session(backend, connector=connector) as desk:
            await desk.until(lambda: shown(desk, chat), "the conversation")
            prepared = connector.prepare(reply(chat, text))
            (part,) = prepared.parts
            assert connector.prepare(reply(chat, part)).parts == (part,)
            assert (part != text) == bool(prepared.remarks and "fill it in" in prepared.remarks[0])
            await desk.perform(reply(chat, part))
            expected = "{{" if text == "{{ '{{' }}" else text
            await desk.until(lambda: by_body(desk, chat, expected), "the text as it was written")


@pytest.mark.parametrize("text", ["# Refund", "this is *important*", "see [here](https://x.example)", "run `top`"])
def test_markdown_is_remarked(text: str) -> None:
    connector = ChatwootConnector({"url": "https://chat.example.org", "account": "1", "token": "x"})
    (remark,) = connector.prepare(reply(ConversationId("1"), text)).remarks
    assert "Markdown" in remark
    for plain in ("5 * 3 * 2", "snake_case_name", "#1245", "a - b"):
        assert not connector.prepare(reply(ConversationId("1"), plain)).remarks
