"""What room events become, without a homeserver: order keys, trust, edits, files, and content that lies about itself."""

import json
from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paradesk.connectors.matrix.cursor import Cursor, Mark, decode_cursor
from paradesk.connectors.matrix.fold import (
    edit_targets,
    fold_departure,
    fold_ephemeral,
    fold_invite,
    fold_timeline,
    upserted,
)
from paradesk.connectors.matrix.messages import DELETED_VERSION, media_address, message_of
from paradesk.connectors.matrix.room import Room, Staff, short_number
from paradesk.connectors.matrix.ticket import ASSIGNEE, PRIORITY, STATUS, TAGS
from paradesk.connectors.matrix.wire import (
    BareEvent,
    InvitedRoom,
    LeftRoom,
    MessagesPage,
    RoomEvent,
    Sync,
    decode_events,
    decode_raw,
)
from paradesk.core.events import (
    AssigneeChanged,
    ConversationRemoved,
    ConversationUpserted,
    Event,
    MessageDeleted,
    MessageEdited,
    MessageUpserted,
    PriorityChanged,
    ReadMarked,
    StatusChanged,
    TagsChanged,
    TypingChanged,
)
from paradesk.core.model import Agent, Message, Priority, Role, Status

ME, COLLEAGUE, BOT, SARAH, MALLORY = "@anna:x", "@ben:x", "@bot:x", "@sarah:x", "@mallory:x"
STAFF = Staff(Agent(ME, "Anna"), frozenset({COLLEAGUE}), frozenset({BOT}))
_numbers = count(1)


def raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


def event(kind: str, sender: str, content: object, **more: Any) -> RoomEvent | BareEvent | None:
    number = next(_numbers)
    fields = {
        "type": kind,
        "sender": sender,
        "event_id": f"$e{number}",
        "origin_server_ts": 1_700_000_000_000 + number,
        "content": content,
    }
    return next(decode_events([raw(fields | more)]))


def says(sender: str, body: str, msgtype: str = "m.text", **more: Any) -> RoomEvent | BareEvent | None:
    return event("m.room.message", sender, {"msgtype": msgtype, "body": body} | more)


def state(kind: str, sender: str, content: object, key: str = "", **more: Any) -> RoomEvent | BareEvent | None:
    return event(kind, sender, content, state_key=key, **more)


def edits(sender: str, target: str, body: str) -> RoomEvent | BareEvent | None:
    relation = {"rel_type": "m.replace", "event_id": target}
    new = {"msgtype": "m.text", "body": body}
    content = {"msgtype": "m.text", "body": f"* {body}", "m.new_content": new, "m.relates_to": relation}
    return event("m.room.message", sender, content)


def id_of(some: RoomEvent | BareEvent | None) -> str:
    assert some is not None
    return some.event_id


def fold(room: Room, *events: RoomEvent | BareEvent | None) -> list[Event]:
    return fold_timeline(room, events, {})


def messages(folded: list[Event]) -> list[Message]:
    return [each.message for each in folded if isinstance(each, MessageUpserted)]


@pytest.fixture
def room() -> Room:
    """A ticket room that Anna made for Sarah."""
    made = Room("!room", STAFF, Mark())
    fold(
        made,
        state("m.room.create", ME, {"room_version": "12"}),
        state("m.room.member", ME, {"membership": "join", "displayname": "Anna"}, ME),
        state("m.room.power_levels", ME, {"users": {COLLEAGUE: 50}, "events": {STATUS: 50}}),
        state("m.room.member", SARAH, {"membership": "join", "displayname": "Sarah"}, SARAH),
    )
    return made


def test_every_event_takes_the_next_order_key_whether_it_is_shown_or_not(room: Room) -> None:
    first = room.mark.high
    stretch = [says(SARAH, "a"), event("m.reaction", SARAH, {}), None, says(SARAH, "b")]
    assert [message.order_key for message in messages(fold(room, *stretch))] == [first, first + 3]
    assert room.mark.high == first + 4
    assert room.mark.last == id_of(stretch[-1])


def test_roles_follow_the_list_of_agents_and_nothing_else(room: Room) -> None:
    fold(room, state("m.room.power_levels", ME, {"users": {SARAH: 100}}))
    folded = fold(
        room,
        says(ME, "1"),
        says(COLLEAGUE, "2"),
        says(BOT, "3"),
        says(COLLEAGUE, "4", "m.notice"),
        says(SARAH, "5"),
        says(SARAH, "6", "m.notice"),
        says(MALLORY, "7"),
    )
    roles = [message.role for message in messages(folded)]
    assert roles == [Role.AGENT, Role.AGENT, Role.BOT, Role.BOT, Role.CUSTOMER, Role.CUSTOMER, Role.CUSTOMER]


def test_client_id_is_taken_from_our_own_echo_only(room: Room) -> None:
    ours = event("m.room.message", ME, {"body": "x"}, unsigned={"transaction_id": "c1"})
    part = event("m.room.message", ME, {"body": "x"}, unsigned={"transaction_id": "c1~1"})
    theirs = event("m.room.message", SARAH, {"body": "x"}, unsigned={"transaction_id": "c1"})
    assert [message.client_id for message in messages(fold(room, ours, part, theirs))] == ["c1", None, None]


def test_edit_by_the_author_is_an_edit_and_never_a_message(room: Room) -> None:
    said = says(SARAH, "wrong")
    fold(room, said)
    (edit,) = fold(room, edits(SARAH, id_of(said), "right"))
    assert isinstance(edit, MessageEdited)
    assert (edit.message_id, edit.body) == (id_of(said), "right")
    assert edit.version > 0


def test_edit_of_somebody_elses_words_is_nothing(room: Room) -> None:
    ours = says(ME, "5 euros")
    fold(room, ours)
    assert fold(room, edits(SARAH, id_of(ours), "5000 euros")) == []
    assert fold(room, edits(ME, "$unknown", "x")) == [], "nobody knows whose it was"
    assert len(fold_timeline(room, [edits(ME, "$unknown", "x")], {"$unknown": ME})) == 1


def test_later_edit_has_the_larger_version_whatever_its_clock_says(room: Room) -> None:
    said = says(SARAH, "a")
    fold(room, said)
    late, early = edits(SARAH, id_of(said), "b"), edits(SARAH, id_of(said), "c")
    assert isinstance(late, RoomEvent)
    late.origin_server_ts = 10**18
    one, two = [*fold(room, late), *fold(room, early)]
    assert isinstance(one, MessageEdited)
    assert isinstance(two, MessageEdited)
    assert one.version < two.version < DELETED_VERSION


def test_edit_that_the_server_bundled_is_applied_if_it_is_the_authors(room: Room) -> None:
    for author, body, edited in ((SARAH, "new", True), (MALLORY, "old", False)):
        new = {"body": "* new", "m.new_content": {"body": "new", "msgtype": "m.text"}}
        bundled = {"type": "m.room.message", "sender": author, "content": new, "origin_server_ts": 5}
        unsigned = {"m.relations": {"m.replace": bundled}}
        (message,) = messages(fold(room, event("m.room.message", SARAH, {"body": "old"}, unsigned=unsigned)))
        assert (message.body, message.edited) == (body, edited)


def test_edit_targets_are_looked_for_in_messages_only() -> None:
    assert edit_targets([edits(SARAH, "$a", "x"), says(SARAH, "y"), None, event("m.reaction", SARAH, {})]) == {"$a"}


@pytest.mark.parametrize("where", ["content", "top"])
def test_redaction_withdraws_for_good(room: Room, where: str) -> None:
    said = says(SARAH, "secret")
    fold(room, said)
    content, top = ({"redacts": id_of(said)}, {}) if where == "content" else ({}, {"redacts": id_of(said)})
    (deleted,) = fold(room, event("m.room.redaction", SARAH, content, **top))
    assert isinstance(deleted, MessageDeleted)
    assert (deleted.message_id, deleted.version) == (id_of(said), DELETED_VERSION)


def test_redaction_of_what_was_no_message_is_nothing(room: Room) -> None:
    reaction = event("m.reaction", SARAH, {})
    fold(room, reaction)
    assert fold(room, event("m.room.redaction", SARAH, {"redacts": id_of(reaction)})) == []
    assert fold(room, event("m.room.redaction", SARAH, {})) == []


def test_redacted_message_keeps_its_place_without_its_text(room: Room) -> None:
    unsigned = {"redacted_because": {"type": "m.room.redaction"}}
    (message,) = messages(fold(room, event("m.room.message", SARAH, {}, unsigned=unsigned)))
    assert (message.body, message.deleted, message.role) == ("", True, Role.CUSTOMER)


def test_encrypted_message_is_a_line_not_a_blank(room: Room) -> None:
    (message,) = messages(fold(room, event("m.room.encrypted", SARAH, {"ciphertext": "x"})))
    assert message.role is Role.SYSTEM
    assert message.body == "Sarah: encrypted message: cannot be read here"
    assert "send" not in room.absent(), "one encrypted message does not make the room encrypted"


def test_encryption_closes_the_room_for_us_and_stays(room: Room) -> None:
    fold(room, state("m.room.encryption", SARAH, {"algorithm": "m.megolm.v1.aes-sha2"}))
    fold(room, state("m.room.encryption", SARAH, {}))
    assert {"send", "attachments_out"} <= room.absent().keys()


def test_files_come_with_name_type_size_and_caption(room: Room) -> None:
    info = {"mimetype": "image/png", "size": 12}
    picture = says(SARAH, "see the crack", "m.image", filename="crack.png", url="mxc://x/abc", info=info)
    bare = says(SARAH, "log.txt", "m.file", url="mxc://x/def")
    with_caption, without = messages(fold(room, picture, bare))
    (attachment,) = with_caption.attachments
    assert (with_caption.body, attachment.name, attachment.media_type, attachment.size, attachment.id) == (
        "see the crack",
        "crack.png",
        "image/png",
        12,
        "mxc://x/abc",
    )
    assert (without.body, without.attachments[0].name) == ("", "log.txt")
    assert without.attachments[0].media_type == "application/octet-stream"


@pytest.mark.parametrize(
    "url", [None, "", "https://evil.example/x", "mxc://", "mxc://x", "mxc://x/../y", "mxc://../..", "mxc://x/a?b", 5]
)
def test_file_that_is_not_at_the_homeserver_is_named_and_never_fetched(room: Room, url: object) -> None:
    (message,) = messages(fold(room, says(SARAH, "photo.png", "m.image", url=url)))
    assert not message.attachments
    assert "photo.png" in message.body


def test_media_address_takes_servers_with_ports() -> None:
    assert media_address("mxc://[::1]:8448/a_B-9") == ("[::1]:8448", "a_B-9")


@pytest.mark.parametrize(
    ("content", "before", "sender", "line"),
    [
        ({"membership": "join", "displayname": "Zoe"}, {}, "@z:x", "Zoe joined"),
        ({"membership": "invite", "displayname": "Zoe"}, {}, ME, "Zoe was invited by Anna"),
        ({"membership": "leave"}, {"membership": "join", "displayname": "Zoe"}, "@z:x", "Zoe left"),
        ({"membership": "leave"}, {"membership": "invite"}, "@z:x", "z declined the invitation"),
        ({"membership": "leave", "reason": "spam"}, {"membership": "join"}, ME, "z was removed by Anna: spam"),
        ({"membership": "ban"}, {"membership": "join"}, ME, "z was banned by Anna"),
        (
            {"membership": "join", "displayname": "Paradesk Support"},
            {"membership": "join", "displayname": "Zoe"},
            "@z:x",
            "Zoe is now called Paradesk Support",
        ),
        ({"membership": "join", "displayname": "Zoe"}, {"membership": "join", "displayname": "Zoe"}, "@z:x", None),
    ],
)
def test_comings_and_goings_are_lines(
    room: Room, content: object, before: object, sender: str, line: str | None
) -> None:
    folded = fold(room, state("m.room.member", sender, content, "@z:x", unsigned={"prev_content": before}))
    lines = messages(folded)
    assert [message.body for message in lines] == ([] if line is None else [line])
    assert all(message.role is Role.SYSTEM for message in lines)


def test_ticket_fields_from_staff_are_taken_one_by_one(room: Room) -> None:
    folded = fold(
        room,
        state(STATUS, COLLEAGUE, {"status": "on_hold", "snoozed_until": 1.8e9}),
        state(PRIORITY, ME, {"priority": "high"}),
        state(TAGS, BOT, {"tags": ["vip", "vip", "refund"]}),
        state(ASSIGNEE, ME, {"user_id": ME}),
    )
    status, priority, tags, assignee = folded
    assert isinstance(status, StatusChanged)
    assert (status.status, status.snoozed_until) == (Status.ON_HOLD, 1.8e9)
    assert isinstance(priority, PriorityChanged)
    assert priority.priority is Priority.HIGH
    assert isinstance(tags, TagsChanged)
    assert tags.tags == {"vip", "refund"}
    assert isinstance(assignee, AssigneeChanged)
    assert assignee.assignee == STAFF.me
    assert status.version < priority.version < tags.version < assignee.version
    conversation = room.conversation()
    assert (conversation.status, conversation.priority, conversation.assignee) == (
        Status.ON_HOLD,
        Priority.HIGH,
        STAFF.me,
    )


@pytest.mark.parametrize("sender", [SARAH, MALLORY])
def test_ticket_fields_from_customers_are_ignored_and_shown(room: Room, sender: str) -> None:
    fold(room, state("m.room.power_levels", ME, {"users": {sender: 100}}))
    folded = fold(room, state(STATUS, sender, {"status": "solved"}), state(ASSIGNEE, sender, {"user_id": sender}))
    assert [message.role for message in messages(folded)] == [Role.SYSTEM, Role.SYSTEM]
    assert len(folded) == 2
    assert room.status is Status.OPEN
    assert room.assignee() is None


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (STATUS, {"status": "exploded"}),
        (STATUS, {"status": 5}),
        (STATUS, {}),
        (STATUS, {"status": "open", "snoozed_until": "soon"}),
        (PRIORITY, {"priority": None}),
        (TAGS, {"tags": "vip"}),
        (TAGS, {"tags": [1]}),
        (ASSIGNEE, {"user_id": []}),
    ],
)
def test_ticket_fields_that_make_no_sense_change_nothing(room: Room, kind: str, content: object) -> None:
    before = room.conversation()
    assert fold(room, state(kind, ME, content)) == []
    assert room.conversation() == before


def test_closing_and_opening_again_shows_in_the_conversation(room: Room) -> None:
    closed = fold(room, state(STATUS, ME, {"status": "closed"}))
    assert [each.conversation.ended for each in closed if isinstance(each, ConversationUpserted)] == [True]
    opened = fold(room, state(STATUS, ME, {"status": "open"}))
    assert [each.conversation.ended for each in opened if isinstance(each, ConversationUpserted)] == [False]


def test_rights_decide_what_is_absent(room: Room) -> None:
    assert room.absent() == {}
    guest = Room("!other", STAFF, Mark())
    fold(
        guest,
        state("m.room.create", SARAH, {"room_version": "10"}),
        state("m.room.power_levels", SARAH, {"users": {SARAH: "100"}, "events_default": 0, "invite": 50}),
    )
    assert guest.absent().keys() == {"status", "end_chat", "priority", "tags", "assign", "transfer"}
    fold(guest, state("m.room.power_levels", SARAH, {"users": {ME: 50}, "events": {TAGS: 75}, "events_default": 60}))
    assert guest.absent().keys() == {"tags", "send", "attachments_out"}


def test_customer_is_who_made_the_room_else_who_was_there_first() -> None:
    made_by_sarah = Room("!a", STAFF, Mark())
    fold(
        made_by_sarah,
        state("m.room.member", MALLORY, {"membership": "join"}, MALLORY),
        state("m.room.create", SARAH, {}),
        state("m.room.member", SARAH, {"membership": "join"}, SARAH),
    )
    fresh = Room("!b", STAFF, Mark())
    for each in (
        state("m.room.create", BOT, {}),
        state("m.room.member", SARAH, {"membership": "invite"}, SARAH),
        state("m.room.member", MALLORY, {"membership": "join"}, MALLORY),
    ):
        assert isinstance(each, RoomEvent)
        fresh.take_state(each)
    fresh.settle_customer()
    assert (made_by_sarah.customer_id, fresh.customer_id) == (SARAH, SARAH)
    fold(made_by_sarah, state("m.room.member", SARAH, {"membership": "leave"}, SARAH))
    assert made_by_sarah.customer_id == MALLORY
    fold(made_by_sarah, state("m.room.member", SARAH, {"membership": "join"}, SARAH))
    assert made_by_sarah.customer_id == MALLORY, "whoever has become the customer stays it while present"


def test_last_customer_leaving_ends_the_chat(room: Room) -> None:
    fold(room, state("m.room.member", SARAH, {"membership": "leave"}, SARAH))
    conversation = room.conversation()
    assert conversation.ended
    assert conversation.customer.id == SARAH


def test_typing_lapses_and_names_who_types(room: Room) -> None:
    def typing(*users: str) -> list[Event]:
        return fold_ephemeral(room, [raw({"type": "m.typing", "content": {"user_ids": list(users)}})], 100.0)

    (started,) = typing(SARAH, ME)
    assert started == TypingChanged(upserted(room).conversation.id, "Sarah", True, 130.0, True)
    stopped, colleague = typing(COLLEAGUE)
    assert isinstance(stopped, TypingChanged)
    assert (stopped.name, stopped.typing) == ("Sarah", False)
    assert isinstance(colleague, TypingChanged)
    assert not colleague.customer


def test_read_marks_are_the_customers_and_point_at_something_on_screen(room: Room) -> None:
    shown, hidden = says(ME, "hello"), event("m.reaction", SARAH, {})
    fold(room, shown, hidden)

    def receipt(user: str, event_id: str) -> list[Event]:
        content = {event_id: {"m.read": {user: {"ts": 1}}, "m.read.private": {}}}
        return fold_ephemeral(room, [raw({"type": "m.receipt", "content": content})], 0.0)

    for event_id in (id_of(shown), id_of(hidden)):
        (mark,) = receipt(SARAH, event_id)
        assert isinstance(mark, ReadMarked)
        assert mark.message_id == id_of(shown)
    assert receipt(COLLEAGUE, id_of(shown)) == []


def test_invitation_waits_with_the_customers_name_and_without_their_ticket() -> None:
    def stripped(kind: str, sender: str, content: object, key: str = "") -> msgspec.Raw:
        return raw({"type": kind, "sender": sender, "state_key": key, "content": content})

    invited = InvitedRoom()
    invited.invite_state.events = [
        stripped("m.room.create", SARAH, {"room_version": "12"}),
        stripped("m.room.name", SARAH, {"name": "Parcel"}),
        stripped("m.room.member", SARAH, {"membership": "join", "displayname": "Sarah"}, SARAH),
        stripped("m.room.member", SARAH, {"membership": "invite"}, ME),
        stripped(STATUS, ME, {"status": "solved"}),
        raw("nonsense"),
    ]
    room = Room("!new", STAFF, Mark(), joined=False)
    (event,) = fold_invite(room, invited, 1234.0)
    assert isinstance(event, ConversationUpserted)
    found = event.conversation
    assert (found.customer.name, found.subject, found.status, found.joined) == ("Sarah", "Parcel", Status.NEW, False)
    assert found.created_at == 1234.0
    fold_invite(room, invited, 9999.0)
    assert room.conversation().created_at == 1234.0, "it has been waiting since then"


def test_invitation_by_a_colleague_says_who_hands_over() -> None:
    room = Room("!new", STAFF, Mark(), joined=False)
    invited = InvitedRoom()
    invited.invite_state.events = [
        raw({"type": "m.room.member", "sender": COLLEAGUE, "state_key": ME, "content": {"membership": "invite"}})
    ]
    (event,) = fold_invite(room, invited, 1.0)
    assert isinstance(event, ConversationUpserted)
    assert event.conversation.customer.name == "handed over by ben"


def test_space_is_no_chat() -> None:
    room = Room("!space", STAFF, Mark(), joined=False)
    invited = InvitedRoom()
    invited.invite_state.events = [
        raw({"type": "m.room.create", "sender": SARAH, "state_key": "", "content": {"type": "m.space"}})
    ]
    assert fold_invite(room, invited, 1.0) == []


def test_departure_has_a_reason_and_a_newer_version(room: Room) -> None:
    version = upserted(room).version
    left = LeftRoom()
    (own,) = fold_departure(room, left)
    assert own == ConversationRemoved(room.conversation().id, "you left the chat", own_version(own))
    assert own_version(own) > version
    assert room.mark.gone


def own_version(event: Event) -> int:
    assert isinstance(event, ConversationRemoved)
    return event.version


def test_bare_event_is_told_without_its_content(room: Room) -> None:
    broken = next(
        decode_events(
            [raw({"type": "m.room.message", "sender": SARAH, "event_id": "$x", "origin_server_ts": "yesterday"})]
        )
    )
    assert isinstance(broken, BareEvent)
    (message,) = messages(fold(room, broken))
    assert message.role is Role.SYSTEM
    assert "Sarah" in message.body


def test_cursor_survives_being_written_down() -> None:
    cursor = Cursor("s1", ME, {"!a": Mark(5, "$x", 77, 1.5, True)})
    assert decode_cursor(cursor.encode(), ME) == cursor
    assert decode_cursor(cursor.encode(), SARAH) == Cursor(user=SARAH), "another account starts afresh"
    for damaged in ("", "{", "[]", '{"since":5}', '{"rooms":{"!a":[1]}}', "null"):
        assert decode_cursor(damaged, ME) == Cursor(user=ME)


def test_numbers_are_short_and_stable() -> None:
    assert short_number("!a:b") == short_number("!a:b")
    assert len({short_number(f"!{number}") for number in range(500)}) > 490
    assert len(short_number("!a:b")) == 4


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
FIELDS = (
    *("body", "msgtype", "url", "info", "filename", "file", "geo_uri", "m.new_content", "m.relates_to", "redacts"),
    *("membership", "displayname", "reason", "name", "users", "events", "users_default", "state_default", "type"),
    *("room_version", "status", "priority", "tags", "user_id", "user_ids", "additional_creators"),
)
CONTENT = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6) | JSON
KINDS = st.sampled_from(
    [
        *("m.room.message", "m.sticker", "m.room.encrypted", "m.room.redaction", "m.reaction", "m.room.member"),
        *("m.room.create", "m.room.power_levels", "m.room.name", "m.room.encryption", "m.room.tombstone"),
        *(STATUS, PRIORITY, TAGS, ASSIGNEE),
    ]
)
EVENTS = st.fixed_dictionaries(
    {"type": KINDS, "sender": st.sampled_from([ME, COLLEAGUE, SARAH, MALLORY]), "content": CONTENT},
    optional={
        "event_id": st.text(min_size=1, max_size=5) | JSON,
        "origin_server_ts": st.integers() | JSON,
        "state_key": st.sampled_from(["", ME, SARAH]) | JSON,
        "unsigned": JSON
        | st.fixed_dictionaries({}, optional={"transaction_id": JSON, "m.relations": JSON, "prev_content": CONTENT}),
        "redacts": JSON,
    },
)


@settings(max_examples=200, deadline=None)
@given(st.lists(EVENTS, max_size=6))
def test_no_content_whatsoever_breaks_the_stream(hostile: list[dict[str, object]]) -> None:
    room = Room("!room", STAFF, Mark())
    events = list(decode_events(raw(each) for each in hostile))
    folded = fold_timeline(room, events, {})
    folded += fold_ephemeral(room, [raw({"type": "m.typing", "content": each["content"]}) for each in hostile], 1.0)
    folded += fold_ephemeral(room, [raw({"type": "m.receipt", "content": each["content"]}) for each in hostile], 1.0)
    upserted(room)
    good = says(SARAH, "and a good one")
    folded += fold(room, good)
    assert room.mark.last == id_of(good)
    assert room.mark.high == len(hostile) + 1
    for message in messages(folded):
        assert isinstance(message.body, str)
        assert 0 <= message.sent_at < 200_000_000_000
        assert message_of(room, good, 0) is not None


@given(JSON)
def test_answers_of_wrong_shape_are_no_answers(value: object) -> None:
    for kind in (Sync, MessagesPage):
        decoded = decode_raw(raw(value), kind)
        assert decoded is None or isinstance(decoded, kind)
