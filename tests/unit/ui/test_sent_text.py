"""What is on its way is removed exactly, whatever is typed around and inside of it meanwhile."""

from hypothesis import given, settings
from hypothesis import strategies as st

from paradesk.ui.key_burst import BURST_SECONDS, KeyBurst
from paradesk.ui.sent_text import SentText
from paradesk.ui.text_buffer import TextBuffer

lower = st.text("abc \n", max_size=10)
upper = st.text("ABC \n", max_size=4)


@settings(max_examples=300)
@given(st.text("abc\n", min_size=1, max_size=15), st.data())
def test_exactly_what_was_sent_goes(text: str, data: st.DataObject) -> None:
    """What was sent is lower case, what is typed afterwards upper case: only that may stay, and all of it."""
    buffer = TextBuffer()
    sent = SentText(buffer)
    buffer.insert(text)
    sent.hand_over(text)
    model = [(character, True) for character in text]
    for _ in range(data.draw(st.integers(0, 6))):
        start = data.draw(st.integers(0, len(model)))
        end = data.draw(st.integers(start, min(len(model), start + 4)))
        new = data.draw(upper)
        buffer.replace(buffer.position_at(start), buffer.position_at(end), new)
        model[start:end] = [(character, False) for character in new]
        assert sent.unsent() == "".join(character for character, gone in model if not gone)
    assert sent.accept(text)
    assert buffer.text == "".join(character for character, gone in model if not gone)
    assert not sent


def test_two_on_their_way_are_accepted_in_any_order() -> None:
    for order in (("one", "two"), ("two", "one")):
        buffer = TextBuffer()
        sent = SentText(buffer)
        buffer.insert("one")
        sent.hand_over("one")
        buffer.insert("two")
        assert sent.unsent() == "two"
        sent.hand_over("two")
        buffer.insert("three")
        for text in order:
            assert sent.accept(text)
        assert buffer.text == "three"


def test_what_was_refused_stays() -> None:
    buffer = TextBuffer("hello")
    sent = SentText(buffer)
    sent.hand_over("hello")
    assert sent.release("hello")
    assert sent.unsent() == "hello"
    assert not sent.release("hello")
    assert not sent.accept("hello")
    assert buffer.text == "hello"


def test_the_cursor_stays_with_what_was_typed_since() -> None:
    buffer = TextBuffer()
    sent = SentText(buffer)
    buffer.insert("hello\nworld")
    sent.hand_over("hello\nworld")
    buffer.insert("next")
    buffer.move_to(buffer.left_of(buffer.cursor))
    sent.accept("hello\nworld")
    assert (buffer.text, buffer.cursor.column) == ("next", 3)


def test_a_burst_is_two_characters_at_once_and_enter_right_behind() -> None:
    now = 100.0

    def clock() -> float:
        return now

    burst = KeyBurst(clock)
    burst.typed(100.0)
    assert not burst.goes_on(100.001)  # one character and a quick Enter: a person
    burst.typed(100.001)
    assert burst.goes_on(100.002)
    assert burst.goes_on()
    assert not burst.goes_on(100.001 + BURST_SECONDS * 2)
    now = 101.0
    assert not burst.goes_on()


def test_a_stalled_screen_does_not_make_typing_a_burst() -> None:
    """Keys were typed 100 ms apart and are looked at all at once."""
    burst = KeyBurst(lambda: 200.0)
    for arrived in (100.0, 100.1, 100.2, 100.3):
        burst.typed(arrived)
    assert not burst.goes_on()
    assert not burst.goes_on(100.4)
