"""What a terminal sends, sorted: pastes stay literal, replies vanish, keys stay keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradesk.ui.input_sieve import (
    MAX_PASTE,
    PASTE_END,
    PASTE_SILENCE,
    PASTE_START,
    SEQUENCE_SILENCE,
    InputSieve,
    Keys,
    Pasted,
    Piece,
    Pressed,
)


class Line:
    """A terminal line with a clock that only moves when nothing is sent."""

    def __init__(self) -> None:
        self.now = 100.0
        self.sieve = InputSieve(lambda: self.now)
        self.pieces: list[Piece] = []

    def send(self, *reads: str) -> "Line":
        for data in reads:
            self.pieces += self.sieve.feed(data)
        return self

    def rest(self, seconds: float = 3.0) -> "Line":
        end = self.now + seconds
        while self.now < end:
            self.now += 0.01
            self.pieces += self.sieve.tick()
        return self

    @property
    def keys(self) -> str:
        return "".join(piece.data for piece in self.pieces if isinstance(piece, Keys))

    @property
    def pastes(self) -> list[str]:
        return [piece.text for piece in self.pieces if isinstance(piece, Pasted)]

    @property
    def pressed(self) -> list[str]:
        return [piece.data for piece in self.pieces if isinstance(piece, Pressed)]


S, E = PASTE_START, PASTE_END


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("hello\nworld", "hello\nworld"),
        ("red \x1b[31m text\r", "red \x1b[31m text\r"),
        (f"hi{E}ISSUE REFUND\r", "hiISSUE REFUND\r"),
        (f"hi{E}\x0b", "hi\x0b"),
        (f"a{S}b", "ab"),
        ("x\x1b[48;5;9;90;90t y", "x\x1b[48;5;9;90;90t y"),
        ("nul\x00", "nul"),
        ("", ""),
    ],
)
def test_a_paste_is_literal(sent: str, text: str) -> None:
    line = Line().send(f"{S}{sent}{E}").rest(0.1)
    assert line.pastes == [text]
    assert line.keys == ""


def test_an_end_mark_that_ends_a_read_does_not_end_the_paste() -> None:
    line = Line().send(f"{S}hi{E}", f"\x18s\r{E}").rest(0.1)
    assert (line.pastes, line.keys) == (["hi\x18s\r"], "")


def test_keys_after_a_paste_are_keys() -> None:
    line = Line().send(f"{S}hi{E}").rest(0.1).send("\r").rest(0.1)
    assert (line.pastes, line.keys) == (["hi"], "\r")
    line = Line().send(f"{S}hi{E}\r").rest(0.1)
    assert line.pieces == [Pasted("hi"), Keys("\r")]


def test_two_pastes_one_after_the_other() -> None:
    line = Line().send(f"{S}one{E}").rest(0.1).send(f"{S}two{E}").rest(0.1)
    assert line.pastes == ["one", "two"]


def test_a_moving_mouse_does_not_hold_back_a_paste() -> None:
    line = Line().send(f"{S}hi{E}")
    for _ in range(200):
        line.now += 0.008
        line.send("\x1b[<35;10;10M")
    assert line.pastes == ["hi"]
    assert line.keys == "\x1b[<35;10;10M" * 200


def test_a_paste_without_end_comes_after_a_silence_and_the_keyboard_lives() -> None:
    line = Line().send(f"{S}half a paste").rest(PASTE_SILENCE - 0.1)
    assert line.pastes == []
    line.rest(0.2).send("x", "\r")
    assert (line.pastes, line.keys) == (["half a paste"], "x\r")


def test_a_paste_that_stalled_goes_on_as_a_paste() -> None:
    line = Line().send(f"{S}first").rest(3).send("second " * 20, f"third\r{E}").rest(0.1)
    assert line.pastes == ["first", "second " * 20 + "third\r"]
    assert line.keys == ""


def test_a_huge_paste_is_cut_and_shows_that_it_was() -> None:
    chunk = "x" * 4096
    line = Line().send(S, *[chunk] * 300, E).rest(0.1)
    assert [len(text) for text in line.pastes] == [MAX_PASTE + 1]
    assert line.keys == ""


@pytest.mark.parametrize(
    "reply",
    [
        "\x1b]52;c;c2VjcmV0\x07",
        "\x1b]11;rgb:0000/0000/0000\x1b\\",
        "\x1b[?1;2c",
        "\x1b[>41;380;0c",
        "\x1bP>|tmux 3.3a\x1b\\",
        "\x1b_Gi=1;OK\x1b\\",
        "\x1b[?1u",
        "\x1b[0n",
        "\x1b[8;50;200t",
    ],
)
@pytest.mark.parametrize("at", [0, 1, 2, 4])
def test_replies_of_the_terminal_are_dropped_even_in_two_reads(reply: str, at: int) -> None:
    line = Line().send("a" + reply[:at], reply[at:] + "b").rest(0.5)
    assert (line.keys, line.pressed) == ("ab", [])


@pytest.mark.parametrize(
    "wanted",
    ["\x1b[?2026;2$y", "\x1b[A", "\x1b[1;5C", "\x1bOP", "\x1b[<0;10;10M", "\x1b[48;50;200;900;1800t", "\x1b[I"],
)
def test_what_textual_wants_comes_through(wanted: str) -> None:
    for at in range(len(wanted)):
        line = Line().send(wanted[:at], wanted[at:])
        assert line.keys == wanted


@pytest.mark.parametrize(
    "absurd",
    [
        "\x1b[99999999;1u",
        "\x1b[55296;1u",
        "\x1b[1;999999A",
        "\x1b[48;99999;99999;1;1t",
        "\x1b[48;0;0;0;0t",
        "\x1b[48;24;0;0;0t",
        "\x1b[" + "9" * 5000 + "u",
    ],
)
def test_absurd_numbers_are_refused(absurd: str) -> None:
    for at in (0, 3, len(absurd) - 1):
        assert Line().send(absurd[:at], absurd[at:]).rest(2).pieces == []


def test_an_emoji_in_the_kitty_protocol_is_not_absurd() -> None:
    for key in ("\x1b[128512;1u", "\x1b[0;;128512u", "\x1b[1114111u"):
        assert Line().send(key).keys == key


def test_escape_alone_and_alt_with_a_key() -> None:
    assert Line().send("\x1b").rest(SEQUENCE_SILENCE + 0.05).pressed == ["\x1b"]
    assert Line().send("\x1b\x1b").rest(SEQUENCE_SILENCE + 0.05).pressed == ["\x1b\x1b"]
    assert Line().send("\x1b]").rest(SEQUENCE_SILENCE + 0.05).pressed == ["\x1b]"]
    assert Line().send("\x1b[").rest(SEQUENCE_SILENCE + 0.05).pressed == ["\x1b["]
    assert Line().send("\x1b", "j").keys == "\x1bj"


def test_a_sequence_that_never_ends_types_nothing() -> None:
    line = Line().send("\x1b[1;5").rest(2).send("x")
    assert line.pieces == [Keys("x")]
    line = Line().send("\x1b]52;" + "A" * 200_000).rest(2).send("x")
    assert line.pieces == [Keys("x")]


def test_a_slow_line_still_delivers_a_key_in_two_parts() -> None:
    assert Line().send("\x1b[1;5").rest(0.5).send("C").keys == "\x1b[1;5C"


text_of_a_paste = st.lists(
    st.sampled_from(["a", "\r", "\x1b", "[", "2", "0", "1", "~", "\x18", E, S, "ü"]), max_size=60
).map("".join)


@given(text_of_a_paste, st.data())
def test_however_a_paste_is_cut_into_reads_no_key_comes_out(text: str, data: st.DataObject) -> None:
    stream = f"{S}{text}{E}"
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=8)) | {0, len(stream)})
    line = Line().send(*(stream[a:b] for a, b in zip(cuts, cuts[1:], strict=False))).rest(3)
    assert line.keys == ""
    assert line.pressed == []
    assert len(line.pastes) == 1
    assert line.pastes[0] == text.replace(E, "").replace(S, "")


@given(st.text(max_size=200), st.data())
def test_any_characters_in_any_reads_raise_nothing_and_lose_no_plain_text(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=5)) | {0, len(text)})
    line = Line().send(*(text[a:b] for a, b in zip(cuts, cuts[1:], strict=False))).rest(3)
    if "\x1b" not in text:
        assert "".join(piece.text if isinstance(piece, Pasted) else piece.data for piece in line.pieces) == text


TEXT = "some words of a customer's long letter"


@pytest.mark.parametrize(
    "sent",
    [
        "k\r",
        "hello\r",
        "\rab",
        "k\rsecond",
        "first\rsecond\r",
        "a\r\nb\r\n",
        "\tx\ry",
        f"{TEXT}\x18s",
        "line\r\x1b[2J\x1b[3J\rline",
        "ab\r\x18s",
        f"{TEXT} \x1b[31m in red\r",
        f"\r{TEXT}",
    ],
)
def test_what_arrives_at_one_moment_with_an_enter_is_a_paste(sent: str) -> None:
    line = Line().send(sent).rest()
    assert (line.keys, line.pastes) == ("", [sent])


@pytest.mark.parametrize(
    "sent",
    [
        "k",
        "\r",
        "\r\r",
        "\x18\rx",
        "\rx",
        "\t\r",
        "a\x1b[A\rb",
        "ab\n",
        "\x18s",
        "abc\x18s",
        TEXT,
        "\x1b[A" * 50 + "\r",
    ],
)
def test_keys_that_a_person_can_press_stay_keys(sent: str) -> None:
    assert Line().send(sent).rest().pastes == []


def test_what_follows_a_paste_without_marks_at_once_is_part_of_it() -> None:
    line = Line().send("first\rsecond", "\r", "\x18s").rest(0.2).send("\r")
    assert (line.pastes, line.keys) == (["first\rsecond", "\r", "\x18s"], "\r")


def test_a_sequence_without_end_in_a_paste_without_marks_takes_nothing_along() -> None:
    line = Line().send("first\rbefore \x1b]52;c;cHdu and more\rlast").rest()
    assert line.pastes == ["first\rbefore \x1b]52;c;cHdu and more\rlast"]


def test_a_moving_mouse_is_no_part_of_a_paste_without_marks() -> None:
    line = Line().send("first\rsecond", "\x1b[<35;10;10M")
    assert (line.pastes, line.keys) == (["first\rsecond"], "\x1b[<35;10;10M")
