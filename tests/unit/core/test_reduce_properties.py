"""Property tests of the reducer: whatever the order and however often, the same events make the same state."""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce as fold_left

from hypothesis import given, settings
from hypothesis import strategies as st

from paradesk.core.events import (
    AssigneeChanged,
    ConversationRemoved,
    ConversationUpserted,
    Event,
    HistoryLoaded,
    MessageDeleted,
    MessageEdited,
    MessageUpserted,
    OfferChanged,
    PriorityChanged,
    ReadMarked,
    Seen,
    SendChanged,
    StatusChanged,
    TagsChanged,
    TypingChanged,
)
from paradesk.core.model import (
    Agent,
    ClientId,
    Conversation,
    ConversationId,
    Customer,
    Delivery,
    Message,
    MessageId,
    Offer,
    Priority,
    Role,
    Status,
    Visibility,
)
from paradesk.core.reduce import reduce
from paradesk.core.state import State, Thread
from paradesk.core.waiting import recount, trim

CONVERSATIONS = [ConversationId("acme/1"), ConversationId("acme/2")]
# Few enough that the events of a run meet: number 4 is the server's copy of the reply with client id c4.
NUMBERS = (0, 1, 3, 4)
VERSIONS = st.integers(0, 3)
conversation_ids = st.sampled_from(CONVERSATIONS)
numbers = st.sampled_from(NUMBERS)
replies = st.sampled_from((1, 4))
offers = st.sampled_from(
    [None, Offer(Agent("a", "A"), Agent("me", "Me"), "mine?"), Offer(Agent("me", "Me"), None, mine=False)]
)


def message_id(number: int) -> MessageId:
    return MessageId(f"m{number}")


@st.composite
def messages(draw: st.DrawFn, conversation_id: ConversationId | None = None) -> Message:
    number = draw(numbers)
    return Message(
        id=message_id(number),
        conversation_id=conversation_id or draw(conversation_ids),
        role=Role.AGENT if number in (1, 4) else Role.CUSTOMER,
        sender_id="s",
        sender_name=draw(st.sampled_from(["Ana", "Bo"])),
        body=draw(st.sampled_from(["", "a", "b"])),
        sent_at=1000.0 + number,
        # Equal order keys exist: whole seconds, or two servers.
        order_key=number // 2,
        visibility=draw(st.sampled_from([Visibility.PUBLIC, Visibility.PUBLIC, Visibility.NOTE])),
        version=draw(VERSIONS),
        deleted=draw(st.booleans()) and draw(st.booleans()),
        client_id=draw(st.sampled_from([None, ClientId(f"c{number}")])) if number in (1, 4) else None,
    )


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    return Conversation(
        id=draw(conversation_ids),
        profile="acme",
        customer=Customer(
            id="c", name=draw(st.sampled_from(["Ana", "Bo"])), attributes={"k": draw(st.sampled_from("xy"))}
        ),
        status=draw(st.sampled_from(list(Status))),
        priority=draw(st.sampled_from(list(Priority))),
        tags=draw(st.frozensets(st.sampled_from("pqr"))),
        assignee=draw(st.sampled_from([None, Agent("a", "A"), Agent("b", "B")])),
        joined=draw(st.booleans()),
        offer=draw(offers),
    )


@st.composite
def sends(draw: st.DrawFn) -> SendChanged:
    number = draw(replies)
    conversation_id = draw(conversation_ids)
    delivery = draw(st.sampled_from(list(Delivery)))
    body = Message(
        id=MessageId(f"local:c{number}"),
        conversation_id=conversation_id,
        role=Role.AGENT,
        sender_id="me",
        sender_name="Me",
        body="reply",
        sent_at=2000.0,
        order_key=100 + number,
        client_id=ClientId(f"c{number}"),
    )
    acked = delivery in (Delivery.ACKED, Delivery.CONFIRMED)
    return SendChanged(
        conversation_id,
        ClientId(f"c{number}"),
        delivery,
        message=draw(st.sampled_from([None, body])),
        message_id=message_id(number) if acked else None,
        reason=draw(st.sampled_from(["", "because"])),
        version=draw(VERSIONS),
    )


statements: st.SearchStrategy[Event] = st.one_of(
    st.builds(MessageUpserted, messages()),
    st.builds(ConversationUpserted, conversations(), VERSIONS),
    sends(),
    st.builds(MessageEdited, conversation_ids, st.builds(message_id, numbers), st.sampled_from(["e", "f"]), VERSIONS),
    st.builds(MessageDeleted, conversation_ids, st.builds(message_id, numbers), VERSIONS),
    st.builds(ConversationRemoved, conversation_ids, st.sampled_from(["left", "gone", ""]), VERSIONS),
    st.builds(StatusChanged, conversation_ids, st.sampled_from(list(Status)), VERSIONS),
    st.builds(PriorityChanged, conversation_ids, st.sampled_from(list(Priority)), VERSIONS),
    st.builds(TagsChanged, conversation_ids, st.frozensets(st.sampled_from("pqr")), VERSIONS),
    st.builds(AssigneeChanged, conversation_ids, st.sampled_from([None, Agent("a", "A")]), VERSIONS),
    st.builds(OfferChanged, conversation_ids, offers, VERSIONS),
    st.builds(ReadMarked, conversation_ids, st.builds(message_id, numbers)),
    st.builds(Seen, conversation_ids, st.integers(0, 5)),
    conversation_ids.flatmap(
        lambda conversation_id: st.builds(
            HistoryLoaded,
            st.just(conversation_id),
            st.lists(messages(conversation_id), max_size=4).map(tuple),
            st.booleans(),
        )
    ),
)


def life_of_a_reply() -> list[Event]:
    """Everything that can happen to one reply and the messages around it, so that a short run has events that meet."""
    where, client_id, server_id = CONVERSATIONS[0], ClientId("c4"), message_id(4)
    taken = Message(
        id=server_id, conversation_id=where, role=Role.AGENT, sender_id="me", sender_name="Me", body="reply",
        sent_at=2000.0, order_key=2, version=1,
    )  # fmt: skip
    echo = replace(taken, id=MessageId("local:c4"), order_key=9, client_id=client_id)
    asked = replace(taken, id=message_id(1), role=Role.CUSTOMER, body="?", sent_at=1000.0, order_key=1)
    return [
        SendChanged(where, client_id, Delivery.QUEUED, message=echo),
        SendChanged(where, client_id, Delivery.SENDING, version=1),
        SendChanged(where, client_id, Delivery.UNCERTAIN, version=2, reason="lost"),
        SendChanged(where, client_id, Delivery.QUEUED, version=3),
        SendChanged(where, client_id, Delivery.FAILED, version=4, reason="no"),
        SendChanged(where, client_id, Delivery.CANCELLED, version=5),
        SendChanged(where, client_id, Delivery.ACKED, message_id=server_id, version=6),
        MessageUpserted(taken),
        MessageUpserted(replace(taken, client_id=client_id)),
        MessageUpserted(replace(taken, body="newer", version=3)),
        HistoryLoaded(where, (asked, taken), False),
        MessageEdited(where, server_id, "edited", 2),
        MessageDeleted(where, server_id, 4),
        MessageUpserted(asked),
        MessageUpserted(replace(asked, id=message_id(3), order_key=5, sent_at=3000.0)),
        ReadMarked(where, server_id),
        ReadMarked(where, message_id(1)),
        Seen(where, 3),
    ]


streams = st.one_of(
    st.lists(statements, max_size=14),
    st.lists(st.sampled_from(life_of_a_reply()), max_size=10),
)


def after(events: Sequence[Event], state: State | None = None) -> State:
    return fold_left(reduce, events, state or State())


def comparable(state: State) -> dict[ConversationId, Thread]:
    """Everything but the counters of changes, which count changes and so depend on the order."""
    return {key: replace(thread, version=0) for key, thread in state.threads.items()}


@settings(max_examples=1000, deadline=None)
@given(st.data(), streams)
def test_any_order_with_repeats_converges(data: st.DataObject, events: list[Event]) -> None:
    """Shuffled and repeated statements, also about unknown ids and old versions, end in one state on every field."""
    repeats = data.draw(st.lists(st.sampled_from(events), max_size=6)) if events else []
    shuffled = data.draw(st.permutations([*events, *repeats]))
    assert comparable(after(shuffled)) == comparable(after(events))


@settings(max_examples=200, deadline=None)
@given(streams)
def test_a_second_round_changes_nothing(events: list[Event]) -> None:
    """All events delivered again, in the same order, leave every field as it was."""
    once = after(events)
    assert comparable(after(events, once)) == comparable(once)


@settings(max_examples=300, deadline=None)
@given(streams)
def test_clocks_and_counts_equal_a_fresh_count(events: list[Event]) -> None:
    """What is kept up to date step by step equals what a reading of the whole transcript says."""
    for thread in after(events).threads.values():
        assert (thread.waiting_since, thread.unread) == recount(thread, thread.transcript, thread.seen)
        keys = [(message.order_key, message.id) for message in thread.transcript]
        assert keys == sorted(keys)
        assert [thread.transcript.get(message.id) for message in thread.transcript] == list(thread.transcript)


@settings(max_examples=200, deadline=None)
@given(streams)
def test_a_reply_is_never_shown_twice(events: list[Event]) -> None:
    """No two messages of a transcript carry the same client id: an echo goes once the stream shows its reply."""
    for thread in after(events).threads.values():
        ids = [message.client_id for message in thread.transcript if message.client_id is not None]
        assert len(ids) == len(set(ids))


@settings(max_examples=200, deadline=None)
@given(streams)
def test_snapshots_never_change(events: list[Event]) -> None:
    """A state that someone holds stays what it was while later events are reduced."""
    state, history = State(), []
    for event in events:
        state = reduce(state, event)
        history.append((state, {key: list(thread.transcript) for key, thread in state.threads.items()}))
    for state, transcripts in history:
        assert {key: list(thread.transcript) for key, thread in state.threads.items()} == transcripts


@settings(max_examples=200, deadline=None)
@given(streams, st.integers(0, 6))
def test_trimming_keeps_clock_and_count(events: list[Event], keep: int) -> None:
    """Cutting old messages changes neither how long the customer waits nor what is unread nor any undecided reply."""
    for thread in after(events).threads.values():
        cut = trim(thread, keep)
        assert (cut.waiting_since, cut.unread) == (thread.waiting_since, thread.unread)
        assert recount(cut, cut.transcript, cut.seen) == (thread.waiting_since, thread.unread)
        undecided = [message for message in thread.transcript if message.client_id in thread.sends]
        assert [message for message in cut.transcript if message.client_id in cut.sends] == undecided


def test_typing_ends_with_the_message() -> None:
    """What the customer was typing has arrived."""
    typing = TypingChanged(CONVERSATIONS[0], "Ana", True, until=5.0)
    message = Message(
        id=MessageId("m"), conversation_id=CONVERSATIONS[0], role=Role.CUSTOMER, sender_id="c", sender_name="Ana",
        body="x", sent_at=1.0, order_key=1,
    )  # fmt: skip
    state = after([typing])
    assert state.threads[CONVERSATIONS[0]].typing is not None
    assert after([MessageUpserted(message)], state).threads[CONVERSATIONS[0]].typing is None
