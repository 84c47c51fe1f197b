"""The transcript: immutable, though appending shares storage."""

from paradesk.core.model import ClientId, ConversationId, Message, MessageId, Role
from paradesk.core.transcript import Transcript, sort_key


def message(number: int, body: str = "", client_id: str | None = None, key: int | None = None) -> Message:
    return Message(
        id=MessageId(f"m{number}"), conversation_id=ConversationId("c"), role=Role.AGENT, sender_id="s",
        sender_name="S", body=body, sent_at=0.0, order_key=number if key is None else key,
        client_id=None if client_id is None else ClientId(client_id),
    )  # fmt: skip


def ids(transcript: Transcript) -> list[str]:
    return [item.id for item in transcript]


def test_branches_from_one_snapshot_do_not_see_each_other() -> None:
    """Two appends to the same snapshot, and a change in place beside an append."""
    base = Transcript([message(1), message(2)])
    left, right = base.put(message(3)), base.put(message(4, client_id="c"))
    changed = base.put(message(2, "edited"))
    grown = changed.put(message(5))
    assert (ids(base), ids(left), ids(right)) == (["m1", "m2"], ["m1", "m2", "m3"], ["m1", "m2", "m4"])
    assert ids(grown) == ["m1", "m2", "m5"]
    assert (base.get("m3"), left.get("m4"), right.get("m3"), grown.get("m3")) == (None, None, None, None)
    assert left.by_client(ClientId("c")) is None
    assert [item.body for item in base] == ["", ""]
    assert base.get("m2") == message(2)
    assert changed.get("m2") == message(2, "edited")


def test_lookups_follow_every_change() -> None:
    """By id, by client id and by place, after moves, removals and pages in front."""
    transcript = Transcript([message(5), message(1)]).put(message(9, client_id="x"))
    transcript = transcript.put(message(5, key=10)).put_all([message(0), message(2)])
    assert ids(transcript) == ["m0", "m1", "m2", "m9", "m5"]
    assert ids(Transcript(reversed(transcript))) == ids(transcript)
    assert [transcript.position(item.id) for item in transcript] == [0, 1, 2, 3, 4]
    assert transcript.by_client(ClientId("x")) == message(9, client_id="x")
    shorter = transcript.without("m9")
    assert shorter.by_client(ClientId("x")) is None
    assert shorter.without("m9") is shorter
    assert transcript.after(sort_key(message(2))) == 3
    assert (transcript[-1].id, [item.id for item in transcript[1:3]]) == ("m5", ["m1", "m2"])
    assert ids(transcript.only([message(7)])) == ["m7"]


def test_versions_grow_with_each_change() -> None:
    """A view compares one integer."""
    first = Transcript()
    second = first.put(message(1))
    third = second.put(message(1, "edited"))
    assert first.version < second.version < third.version < third.without("m1").version
