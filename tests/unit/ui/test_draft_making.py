"""What the composer knows of a draft's making: begun for whom, what was seen, and where its pieces came from."""

from paradesk.core.model import ConversationId, MessageId, Visibility
from paradesk.guard.verdict import Origin, OriginKind
from paradesk.ui.draft_making import MOST_ORIGINS, READ_AFTER, Makings

SARAH, JONAS = ConversationId("acme/c1"), ConversationId("acme/c2")
PUBLIC, NOTE = Visibility.PUBLIC, Visibility.NOTE
FIRST, SECOND = MessageId("m1"), MessageId("m2")


def test_the_first_keystroke_pins_target_time_and_what_was_seen() -> None:
    makings = Makings()
    assert makings.typed(SARAH, PUBLIC, "h", 10.0, FIRST)
    assert not makings.typed(SARAH, PUBLIC, "hi", 11.0, SECOND)
    draft = makings.draft(SARAH, PUBLIC, "hi")
    assert (draft.target, draft.begun_at, draft.last_seen) == (SARAH, 10.0, FIRST)
    assert draft.read is None


def test_a_line_is_read_when_the_agent_wrote_on_beside_it() -> None:
    makings = Makings()
    makings.typed(SARAH, PUBLIC, "h", 10.0, FIRST)
    makings.typed(SARAH, PUBLIC, "he", 20.0, SECOND)
    assert makings.of(SARAH, PUBLIC).read is None
    makings.typed(SARAH, PUBLIC, "hel", 20.0 + READ_AFTER, SECOND)
    assert makings.of(SARAH, PUBLIC).read == SECOND


def test_an_emptied_draft_is_forgotten() -> None:
    makings = Makings()
    makings.came(SARAH, PUBLIC, Origin(JONAS, OriginKind.COPIED, "7731"))
    makings.typed(SARAH, PUBLIC, "7731", 10.0, FIRST)
    makings.typed(SARAH, PUBLIC, "", 11.0, FIRST)
    draft = makings.draft(SARAH, PUBLIC, "x")
    assert (draft.target, draft.begun_at, draft.origins) == (None, None, ())


def test_reply_and_note_are_two_drafts() -> None:
    makings = Makings()
    makings.typed(SARAH, PUBLIC, "a", 10.0, None)
    assert makings.of(SARAH, NOTE).begun_at is None


def test_what_was_copied_last_is_known_when_it_is_pasted() -> None:
    makings = Makings()
    makings.copied(JONAS, "order 7731\nis late")
    makings.pasted(SARAH, PUBLIC, "order 7731\r\nis late ")
    assert makings.of(SARAH, PUBLIC).origins == (Origin(JONAS, OriginKind.COPIED, "order 7731\nis late"),)
    makings.pasted(SARAH, NOTE, "something else")
    assert makings.of(SARAH, NOTE).origins == ()


def test_a_filled_response_stays_filled_for_whom_it_was_when_it_is_cut_and_pasted() -> None:
    makings = Makings()
    filled = Origin(JONAS, OriginKind.CANNED, "Hi Jonas, thanks")
    makings.came(JONAS, PUBLIC, filled)
    makings.copied(JONAS, "Hi Jonas, thanks", PUBLIC)
    makings.pasted(SARAH, PUBLIC, "Hi Jonas, thanks")
    assert filled in makings.of(SARAH, PUBLIC).origins


def test_a_moved_draft_is_begun_for_the_chat_it_was_moved_to() -> None:
    makings = Makings()
    makings.typed(SARAH, PUBLIC, "your 7731", 10.0, FIRST)
    makings.moved(SARAH, JONAS, PUBLIC, "your 7731", 20.0, SECOND)
    assert makings.of(SARAH, PUBLIC).begun_at is None
    draft = makings.draft(JONAS, PUBLIC, "your 7731")
    assert (draft.target, draft.begun_at, draft.last_seen) == (JONAS, 20.0, SECOND)
    assert draft.origins == (Origin(JONAS, OriginKind.MOVED, "your 7731"),)


def test_what_is_left_after_a_send_is_another_draft() -> None:
    makings = Makings()
    makings.typed(SARAH, PUBLIC, "one two", 10.0, FIRST)
    makings.decided(SARAH, PUBLIC, "one", FIRST)
    makings.sent(SARAH, PUBLIC, "two", 20.0, SECOND)
    making = makings.of(SARAH, PUBLIC)
    assert (making.begun_at, making.last_seen, making.decided, making.acknowledged) == (20.0, SECOND, "", None)
    makings.sent(SARAH, PUBLIC, "", 30.0, SECOND)
    assert makings.of(SARAH, PUBLIC).begun_at is None


def test_only_so_many_pieces_are_remembered() -> None:
    makings = Makings()
    for number in range(2 * MOST_ORIGINS):
        makings.came(SARAH, PUBLIC, Origin(JONAS, OriginKind.COPIED, f"piece {number}"))
    origins = makings.of(SARAH, PUBLIC).origins
    assert len(origins) == MOST_ORIGINS
    assert origins[-1].text == f"piece {2 * MOST_ORIGINS - 1}"
