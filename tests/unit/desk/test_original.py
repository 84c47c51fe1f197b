"""What was hidden in a message stays with it: through intake, edits, the journal, and a restart."""

from dataclasses import replace
from pathlib import Path

from paradesk.core.events import MessageEdited, MessageUpserted
from paradesk.core.fold import amended, join_amendments, shown
from paradesk.core.model import ConversationId, Message, MessageId, Role
from paradesk.core.state import Amendment
from paradesk.desk.archive import Archive
from paradesk.desk.intake import incoming
from paradesk.desk.journal import Journal

HIDING = "pay \u202e001"
SHOWN = "pay \\u202e001"


def said(body: str, **changes: object) -> Message:
    message = Message(
        id=MessageId("m"),
        conversation_id=ConversationId("1"),
        role=Role.CUSTOMER,
        sender_id="u",
        sender_name="Sarah",
        body=body,
        sent_at=1.0,
        order_key=1,
    )
    return replace(message, **changes)  # type: ignore[arg-type]


def taken_in(message: Message) -> Message:
    event = incoming("acme", MessageUpserted(message))
    assert isinstance(event, MessageUpserted)
    return event.message


def test_intake_keeps_what_it_takes_out() -> None:
    message = taken_in(said(HIDING))
    assert (message.body, message.original) == ("pay ␦001", SHOWN)


def test_a_connector_cannot_say_what_was_hidden() -> None:
    assert taken_in(said("harmless", original="\x1b[2J")).original == ""


def test_an_edit_brings_its_own() -> None:
    event = incoming("acme", MessageEdited(ConversationId("1"), MessageId("m"), HIDING, 2))
    assert isinstance(event, MessageEdited)
    assert event.original == SHOWN
    first = Amendment(base=said("x"), edit=(2, event.body), original=event.original)
    assert shown(said("x"), first).original == SHOWN
    later = join_amendments(first, Amendment(edit=(3, "harmless")))
    assert (later.edit, later.original) == ((3, "harmless"), "")
    assert join_amendments(Amendment(edit=(1, "before")), first).original == SHOWN
    overtaken = amended(replace(first, base=said("new", version=5)))
    assert overtaken is None
    gone = shown(said("x"), replace(first, deleted=4))
    assert (gone.body, gone.original) == ("", "")


def test_the_journal_keeps_it(tmp_path: Path) -> None:
    where = ConversationId("acme/1")
    kept = Amendment(base=taken_in(said(HIDING)), edit=(2, "pay ␦002"), original="pay \\u202e002")
    journal = Journal(tmp_path)
    with journal.transaction():
        Archive(journal.connection).write_message(where, MessageId("m"), kept)
    journal.close()
    journal = Journal(tmp_path)
    assert Archive(journal.connection).message(where, MessageId("m")) == kept
    # As it was written before there was such a field.
    with journal.transaction():
        journal.connection.execute(
            "update messages set base = json_remove(base, '$.original'), amendment = '{\"edit\":[2,\"x\"]}'"
        )
    before = Archive(journal.connection).message(where, MessageId("m"))
    assert before is not None
    assert before.base is not None
    assert (before.base.original, before.edit, before.original) == ("", (2, "x"), "")
    journal.close()
