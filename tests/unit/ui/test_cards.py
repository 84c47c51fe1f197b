"""Card numbers are shown by their last four digits, wherever text of a chat is shown."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradesk.core.model import Attachment, Conversation, ConversationId, Customer, Delivery, Message, MessageId, Role
from paradesk.desk.export import FORMS, document
from paradesk.guard.secret import cards_hidden
from paradesk.ui import content
from paradesk.ui.cards import CARDS
from paradesk.ui.transcript_rows import CAP_CHARACTERS, Look, build_block, shown_body
from paradesk.ui.widgets.lines import strip_of

CARD = "4111 1111 1111 1111"
HIDDEN = "•••• •••• •••• 1111"


@pytest.fixture(autouse=True)
def masked() -> Iterator[None]:
    before, CARDS.masked = CARDS.masked, True
    yield
    CARDS.masked = before


def said(body: str) -> Message:
    return Message(
        id=MessageId("m"),
        conversation_id=ConversationId("acme/1"),
        role=Role.CUSTOMER,
        sender_id="u",
        sender_name="Sarah",
        body=body,
        sent_at=1.0,
        order_key=1,
    )


def digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


@pytest.mark.parametrize("number", [CARD, "4111111111111111", "4111-1111-1111-1111", "3782 822463 10005"])
def test_the_last_four_digits_stay_and_no_place_moves(number: str) -> None:
    text = f"it is {number}, thanks"
    shown = cards_hidden(text)
    assert len(shown) == len(text)
    assert digits(shown) == digits(number)[-4:]
    assert (shown[:6], shown[-8:]) == ("it is ", ", thanks")


@pytest.mark.parametrize("text", ["order 4111 1111 1111 1112", "call +49 30 123456", "tracking 1Z999AA10123456784", ""])
def test_other_numbers_are_shown(text: str) -> None:
    assert cards_hidden(text) == text


@given(st.text())
def test_nothing_grows_or_shrinks_and_once_is_enough(text: str) -> None:
    shown = cards_hidden(text)
    assert len(shown) == len(text)
    assert cards_hidden(shown) == shown


@pytest.mark.parametrize("width", [12, 24, 80])
def test_a_transcript_shows_it_nowhere_however_it_is_wrapped(width: int) -> None:
    message = replace(
        said(f"my card: {CARD}."),
        attachments=(Attachment(id="f", name=f"{CARD}.pdf"),),
        delivery=Delivery.FAILED,
        delivery_reason=f"refused {CARD}",
        sender_name=CARD,
    )
    for own in (False, True):
        block = build_block(message, Look(width=width, own=own))
        row_texts = [
            "".join([*(part.text for part in row.prefix), row.text, *(part.text for part in row.suffix)])
            for row in block.rows
        ]
        assert "4" not in digits("".join(row_texts))
        assert HIDDEN in block.text
    assert HIDDEN in shown_body(message)


def test_a_number_that_the_cap_cuts_in_two_is_hidden() -> None:
    message = said("x" * (CAP_CHARACTERS - 11) + f" {CARD}")
    block = build_block(message, Look(width=80))
    assert block.capped
    assert digits(block.text) == ""


def test_every_way_to_a_widget_hides_it() -> None:
    text = f"pay {CARD}"
    shown = [
        content.plain(text),
        content.one_line(text),
        content.styled(text, "bold"),
        content.assemble(text, (text, "dim")),
    ]
    assert all("4111" not in piece.plain for piece in shown)
    assert "4111" not in content.cell(text).plain
    style = content.segment("").style
    assert style is None
    from rich.style import Style

    assert "4111" not in strip_of([(text, Style())], 40, Style()).text


@pytest.mark.parametrize("form", sorted(FORMS))
def test_a_document_hides_it_unless_the_setting_says_otherwise(form: str) -> None:
    conversation = Conversation(id=ConversationId("acme/1"), customer=Customer(id="u", name="Sarah"))
    message = replace(said(f"it is {CARD}"), attachments=(Attachment(id="f", name=f"{CARD}.pdf"),))
    assert "41111111" not in digits(document(conversation, [message], form))
    assert CARD in document(conversation, [message], form, mask_cards=False)


def test_the_setting_turns_it_off() -> None:
    CARDS.masked = False
    assert CARD in build_block(said(CARD), Look(width=80)).text
    assert CARD in content.plain(CARD).plain
