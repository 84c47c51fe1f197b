"""The reducer, case by case."""

from functools import reduce as fold_left
from typing import Any

from paradesk.core.events import (
    AgentIdentified,
    ConnectionChanged,
    ConversationRemoved,
    ConversationUpserted,
    DraftChanged,
    Event,
    Gap,
    HistoryLoaded,
    MessageDeleted,
    MessageEdited,
    MessageUpserted,
    OfferChanged,
    PresenceChanged,
    ReadMarked,
    RosterChanged,
    Seen,
    SendChanged,
    StatusChanged,
    TypingChanged,
)
from paradesk.core.fold import local_id
from paradesk.core.model import (
    Agent,
    Attachment,
    ClientId,
    Conversation,
    ConversationId,
    Customer,
    Delivery,
    Link,
    Message,
    MessageId,
    Offer,
    Presence,
    Role,
    Status,
    Visibility,
)
from paradesk.core.reduce import reduce
from paradesk.core.state import State, Thread

ONE = ConversationId("acme/1")
C = ClientId("c1")


def message(number: int, role: Role = Role.CUSTOMER, **changes: Any) -> Message:
    fields: dict[str, Any] = {
        "id": MessageId(f"m{number}"), "conversation_id": ONE, "role": role, "sender_id": "s", "sender_name": "S",
        "body": f"text {number}", "sent_at": 1000.0 + number, "order_key": number,
    } | changes  # fmt: skip
    return Message(**fields)


def after(*events: Event) -> Thread:
    return fold_left(reduce, events, State()).threads[ONE]


def said(number: int, role: Role = Role.CUSTOMER, **changes: Any) -> MessageUpserted:
    return MessageUpserted(message(number, role, **changes))


def queued() -> SendChanged:
    return SendChanged(ONE, C, Delivery.QUEUED, message=message(9, Role.AGENT, id=local_id(C), client_id=C))


def test_an_unknown_conversation_is_kept_for_and_completed_later() -> None:
    """What arrives first is not lost; the conversation fills in the rest, and the newer status stays."""
    thread = after(said(1), StatusChanged(ONE, Status.PENDING, 5))
    assert not thread.known
    assert thread.conversation.profile == "acme"
    whole = Conversation(id=ONE, profile="acme", customer=Customer(id="c", name="Sarah"), status=Status.OPEN)
    thread = after(said(1), StatusChanged(ONE, Status.PENDING, 5), ConversationUpserted(whole, 3))
    assert thread.known
    assert thread.conversation.customer.name == "Sarah"
    assert thread.conversation.status is Status.PENDING
    assert len(thread.transcript) == 1


def test_nothing_new_is_the_same_object() -> None:
    """A screen compares identities: duplicates and old versions change nothing at all."""
    events: list[Event] = [said(1, version=3), ConnectionChanged("acme", Link.ONLINE)]
    state = fold_left(reduce, events, State())
    for event in (said(1, version=3), said(1, version=2, body="old"), ConnectionChanged("acme", Link.ONLINE)):
        assert reduce(state, event) is state


def test_edits_and_deletions_may_come_first() -> None:
    """Remembered and folded when their message comes; a deletion takes text and attachments, the place stays."""
    attached = said(1, attachments=(Attachment(id="f", name="f"),))
    edited = after(MessageEdited(ONE, MessageId("m1"), "new", 2), attached).transcript[0]
    assert (edited.body, edited.edited, edited.version) == ("new", True, 2)
    deleted = after(MessageDeleted(ONE, MessageId("m1"), 2), attached, MessageEdited(ONE, MessageId("m1"), "x", 9))
    gone = deleted.transcript[0]
    assert (gone.body, gone.deleted, gone.attachments) == ("", True, ())


def test_messages_are_ordered_by_key_and_id() -> None:
    """Late ones find their place, equal keys are ordered by id."""
    thread = after(said(5), said(1), said(3, order_key=5, id=MessageId("a")), HistoryLoaded(ONE, (message(0),), True))
    assert [m.id for m in thread.transcript] == ["m0", "m1", "a", "m5"]
    assert thread.history_complete


def test_a_reply_is_shown_at_once_and_replaced_by_its_echo() -> None:
    """Local id, then the server's id, then the stream's own message: one entry all the way."""
    events: list[Event] = [said(1), queued()]
    assert [m.id for m in after(*events).transcript] == ["m1", "local:c1"]
    events.append(SendChanged(ONE, C, Delivery.ACKED, message_id=MessageId("m2"), version=2))
    thread = after(*events)
    assert [(m.id, m.delivery) for m in thread.transcript][1:] == [("m2", Delivery.ACKED)]
    events.append(said(2, Role.AGENT))
    thread = after(*events)
    assert [(m.id, m.delivery, m.client_id) for m in thread.transcript][1:] == [("m2", Delivery.CONFIRMED, C)]
    assert thread.sends == {}


def test_delivery_never_goes_back() -> None:
    """After an acknowledgement nothing but the stream counts; after a failure a later step does."""
    acked = SendChanged(ONE, C, Delivery.ACKED, message_id=MessageId("m2"), version=2)
    for late in (Delivery.QUEUED, Delivery.SENDING, Delivery.UNCERTAIN, Delivery.FAILED, Delivery.CANCELLED):
        assert after(queued(), acked, SendChanged(ONE, C, late, version=9)).transcript[0].delivery is Delivery.ACKED
    failed = SendChanged(ONE, C, Delivery.FAILED, reason="no", version=2)
    thread = after(queued(), failed)
    assert (thread.transcript[0].delivery, thread.transcript[0].delivery_reason) == (Delivery.FAILED, "no")
    again = after(queued(), failed, SendChanged(ONE, C, Delivery.QUEUED, version=3), failed)
    assert again.transcript[0].delivery is Delivery.QUEUED


def test_a_late_echo_confirms_whatever_was_thought() -> None:
    """Uncertain, failed or given up: the stream shows that it arrived."""
    for thought in (Delivery.UNCERTAIN, Delivery.FAILED, Delivery.CANCELLED):
        thread = after(queued(), SendChanged(ONE, C, thought, version=4), said(2, Role.AGENT, client_id=C))
        assert [(m.id, m.delivery) for m in thread.transcript] == [("m2", Delivery.CONFIRMED)]


def test_a_reply_that_was_taken_back_is_not_shown() -> None:
    """Its text is in the draft again."""
    assert len(after(queued(), SendChanged(ONE, C, Delivery.CANCELLED, version=1)).transcript) == 0


def test_the_wait_begins_with_the_first_unanswered_message() -> None:
    """It is kept by further messages, notes, bots and systems, and ended by a public reply of any agent."""
    asked: list[Event] = [said(1), said(2)]
    assert after(*asked).waiting_since == 1001.0
    for role in (Role.BOT, Role.SYSTEM):
        assert after(*asked, said(3, role)).waiting_since == 1001.0
    assert after(*asked, said(3, Role.AGENT, visibility=Visibility.NOTE)).waiting_since == 1001.0
    assert after(*asked, said(3, Role.AGENT)).waiting_since is None
    assert after(*asked, said(3, Role.AGENT), said(4)).waiting_since == 1004.0
    assert after(said(2), said(3, Role.AGENT), said(1)).waiting_since is None


def test_the_wait_follows_late_changes() -> None:
    """A withdrawn question waits for nobody; a withdrawn answer leaves the customer waiting; so does a failed one."""
    assert after(said(1), MessageDeleted(ONE, MessageId("m1"), 1)).waiting_since is None
    answered: list[Event] = [said(1), said(2, Role.AGENT)]
    assert after(*answered, MessageDeleted(ONE, MessageId("m2"), 1)).waiting_since == 1001.0
    assert after(said(1), queued()).waiting_since is None
    assert after(said(1), queued(), SendChanged(ONE, C, Delivery.FAILED, version=1)).waiting_since == 1001.0
    assert after(said(2), said(1)).waiting_since == 1001.0


def test_unread_counts_what_nobody_has_seen_or_answered() -> None:
    """Looking and answering empty it; an older mark does not fill it again."""
    assert after(said(1), said(2), said(3, Role.BOT)).unread == 2
    assert after(said(1), said(2), Seen(ONE, 1)).unread == 1
    assert after(said(1), said(2), Seen(ONE, 2), Seen(ONE, 1)).unread == 0
    assert after(said(1), said(2, Role.AGENT), said(3)).unread == 1


def test_read_marks_move_forward_only() -> None:
    """The newest of them holds, also one whose message arrives later."""
    marks: list[Event] = [ReadMarked(ONE, MessageId("m2")), ReadMarked(ONE, MessageId("m1"))]
    assert after(said(1), said(2), *marks).read_by_customer == "m2"
    assert after(*marks, said(1), said(2)).read_by_customer == "m2"


def test_typing_stops_by_event_or_message() -> None:
    """Of the same person, that is: a colleague who stops does not stop the customer."""
    typing = TypingChanged(ONE, "Sarah", True, until=9.0)
    assert after(typing).typing is not None
    assert after(typing, TypingChanged(ONE, "Sarah", False, until=0.0)).typing is None
    assert after(typing, TypingChanged(ONE, "Bo", False, until=0.0, customer=False)).typing is not None
    assert after(typing, said(1, Role.AGENT)).typing is not None
    assert after(typing, HistoryLoaded(ONE, (message(1),), False)).typing is not None
    assert after(typing, said(1)).typing is None


def test_removal_is_taken_back_by_a_newer_word() -> None:
    """Left, then invited again; and the other way round."""
    whole = Conversation(id=ONE, customer=Customer(id="c", name="Sarah"))
    removed = ConversationRemoved(ONE, "", 5)
    assert after(ConversationUpserted(whole, 4), removed).removed == "no longer available"
    assert after(removed, ConversationUpserted(whole, 6)).removed == ""
    assert after(ConversationUpserted(whole, 6), removed).removed == ""


def test_moments_of_conversations_and_profiles() -> None:
    """Gaps open and close, drafts come and go, connections, names and rosters are kept per profile."""
    assert after(Gap("acme", ONE)).gap
    assert not after(Gap("acme", ONE), Gap("acme", ONE, closed=True)).gap
    draft = DraftChanged(ONE, Visibility.PUBLIC, "x")
    assert after(draft, DraftChanged(ONE, Visibility.NOTE, "y")).drafts == {
        Visibility.PUBLIC: "x", Visibility.NOTE: "y",
    }  # fmt: skip
    assert after(draft, DraftChanged(ONE, Visibility.PUBLIC, "")).drafts == {}
    me = Agent("a", "Ana")
    events: list[Event] = [
        ConnectionChanged("acme", Link.WAITING, "no route", 5.0),
        AgentIdentified("acme", me),
        RosterChanged("acme", (me,)),
        Gap("acme", None),
    ]
    profile = fold_left(reduce, events, State()).profiles["acme"]
    assert (profile.link, profile.reason, profile.retry_at) == (Link.WAITING, "no route", 5.0)
    assert (profile.agent, profile.roster, profile.gap) == (me, (me,), True)


def test_presence_and_an_offer_are_shown_until_they_change() -> None:
    """What the backend holds the agent for, and who waits for an answer: set, and taken back by a newer word only."""
    where, offer = ConversationId("acme/1"), Offer(Agent("lena", "Lena"), None, "please")
    state = State()
    for event in (
        PresenceChanged("acme", Presence.AWAY, "lunch"),
        OfferChanged(where, offer, 2),
        OfferChanged(where, None, 1),
    ):
        state = reduce(state, event)
    assert (state.profiles["acme"].presence, state.profiles["acme"].presence_text) == (Presence.AWAY, "lunch")
    assert state.threads[where].conversation.offer == offer
    assert reduce(state, PresenceChanged("acme", Presence.AWAY, "lunch")) is state
    answered = reduce(state, OfferChanged(where, None, 3))
    assert answered.threads[where].conversation.offer is None


def test_typing_shows_what_is_typed_where_the_backend_tells() -> None:
    """The newest words, until it stops."""
    where = ConversationId("acme/1")
    state = reduce(State(), TypingChanged(where, "Sarah", True, 50.0, preview="I wo"))
    state = reduce(state, TypingChanged(where, "Sarah", True, 51.0, preview="I would like"))
    typing = state.threads[where].typing
    assert typing is not None
    assert (typing.preview, typing.until) == ("I would like", 51.0)
    assert reduce(state, TypingChanged(where, "Sarah", False, 51.0)).threads[where].typing is None
