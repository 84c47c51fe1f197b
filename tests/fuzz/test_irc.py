"""Whatever bytes a server sends, and whatever an agent writes: lines are values, and replies stay what they were."""

from hypothesis import given
from hypothesis import strategies as st

from paradesk.connectors.irc.book import Book, Memory, remembered
from paradesk.connectors.irc.hearing import Hearing
from paradesk.connectors.irc.text import sayable, split
from paradesk.connectors.irc.wire import build, is_word, parse

COMMANDS = st.sampled_from(
    ["PRIVMSG", "NOTICE", "TAGMSG", "JOIN", "PART", "KICK", "QUIT", "NICK", "INVITE", "TOPIC", "332", "005", "FOO"]
)
WORDS = st.sampled_from(["#c", "#d", "me", "sarah", "Sarah", "@#c", "", "*", "\x01ACTION\x01", "ünïcode"]) | st.text(
    max_size=12
)


@given(st.binary(max_size=2_000))
def test_no_bytes_make_parsing_fail(raw: bytes) -> None:
    line = parse(raw)
    assert line is None or line.command


@given(st.lists(st.tuples(COMMANDS, st.lists(WORDS, max_size=4), WORDS, st.dictionaries(WORDS, WORDS, max_size=2))))
def test_no_line_makes_the_book_fail(lines: list[tuple[str, list[str], str, dict[str, str]]]) -> None:
    book = Book(Memory(), frozenset({"bo"}), frozenset())
    book.me = "me"
    hearing = Hearing(book, queries=True)
    for command, params, source, tags in lines:
        text = " ".join(f"{command} {' '.join(params)}".split("\n"))
        head = "@" + ";".join(f"{name}={value}" for name, value in tags.items()) + " " if tags else ""
        line = parse(f"{head}:{source}!u@h {text}".encode("utf-8", "replace"))
        if line is not None:
            hearing.events(line, 1_000.0)
    assert remembered(book.cursor) == book.memory


@given(st.text(max_size=400), st.integers(min_value=20, max_value=390))
def test_parts_fit_lose_no_word_and_come_back_unchanged(body: str, room: int) -> None:
    parts = split(body, room)
    assert all(0 < len(part.encode("utf-8", "replace")) <= room for part in parts)
    assert "".join("".join(parts).split()) == "".join("".join(sayable(body)).split())
    for part in parts:
        assert split(part, room) == [part]


@given(st.lists(st.text(max_size=20), min_size=1, max_size=3))
def test_what_is_built_is_one_line_and_reads_as_it_was_meant(params: list[str]) -> None:
    sound = all(map(is_word, params[:-1])) and not any(character in params[-1] for character in "\r\n\0")
    try:
        raw = build("PRIVMSG", *params)
    except ValueError:
        assert not sound
        return
    assert raw.count(b"\n") == 1
    line = parse(raw.rstrip(b"\r\n"))
    assert line is not None
    assert line.command == "PRIVMSG"
    if params[-1].isprintable() and all(map(str.isprintable, params)):
        assert list(line.params) == params


@given(st.text())
def test_a_damaged_cursor_is_as_good_as_none(cursor: str) -> None:
    assert isinstance(remembered(cursor), Memory)
