"""Cleaning of text from outside: what must never come through, and what must come through unchanged."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paradesk.core.text import (
    MAX_FILENAME_BYTES,
    MAX_MARKS,
    cell_width,
    clean_filename,
    clean_line,
    clean_text,
    find_links,
)
from tests.unit.core.hostile import HOSTILE

FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)

LEGITIMATE = [
    "Grüße! 你好 👋 — “quotes” … naïve café №5 ½ ©",
    "שלום, order #A-17 ב-₪250",
    "क्षि नि ที่ கி ក្ក",
    "می‌خواهم",  # Persian, with a zero-width non-joiner
    "👨‍👩‍👧‍👦🏳️‍🌈👩🏽‍🚒🏴‍☠️ 👍🏽❤️1️⃣☎️",
    "Việt Nam — Tiếng Việt đầy đủ dấu".encode().decode(),
    unicodedata.normalize("NFD", "Tiếng Việt: ệ ử ỗ"),
    "İIıi ß ſ Å",
    "\tindented\n\n  twice\n",
    "[/nope] {{ x }} %s $name \\ C:\\[bold]x",
    "±§°×÷①Ω→│█",
    "   ",
    "",
]

text_from_outside = st.one_of(
    st.text(alphabet=st.characters(codec=None), max_size=60),
    st.lists(
        st.one_of(
            st.sampled_from([*HOSTILE.values(), *LEGITIMATE]),
            st.sampled_from("\x1b\r\n\t \u0301\u0302\u200d\u200c\ufe0f\u202e\u200b漢a👍\U000e0041\ud800\u0e34/.\\-"),
            st.text(alphabet=st.characters(codec=None), max_size=5),
        ),
        max_size=12,
    ).map("".join),
)


def longest_run_of_marks(text: str) -> int:
    longest = run = 0
    for char in text:
        if unicodedata.category(char) in ("Mn", "Me"):
            run += 1
            longest = max(longest, run)
        elif char not in "\u200c\u200d":
            run = 0
    return longest


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_comes_out_harmless(text: str) -> None:
    clean = clean_text(text)
    assert not FORBIDDEN.search(clean)
    assert longest_run_of_marks(clean) <= MAX_MARKS
    assert len(clean) <= len(text)


@pytest.mark.parametrize("text", LEGITIMATE)
def test_honest_text_is_left_alone(text: str) -> None:
    assert clean_text(text) == text


def test_escape_sequences_stay_readable() -> None:
    assert clean_text("\x1b]52;c;UFdORUQ=\x07") == "␛]52;c;UFdORUQ=␇"
    assert clean_text("a\x00\x7f") == "a␀␡"
    assert clean_text("\x9b31m") == "�31m"


def test_every_kind_of_line_end_becomes_a_newline() -> None:
    assert clean_text("a\rb\r\nc\x85d\u2028e\u2029f") == "a\nb\nc\nd\ne\nf"


def test_reordering_is_shown_and_right_to_left_letters_stay() -> None:
    assert clean_text("\u202eשלום\u202c") == "␦שלום␦"


def test_hidden_characters_go_and_joiners_stay() -> None:
    assert clean_text("re\u200bfu\xadnd\U000e0041") == "refund"
    assert clean_text("می\u200cخواهم") == "می\u200cخواهم"


def test_no_line_begins_with_a_mark() -> None:
    assert clean_text("\u0301a\n\u200d\u0302b") == "◌a\n◌b"


def test_limit_counts_characters() -> None:
    assert clean_text("abcdef", 3) == "abc"
    assert clean_text("äöüabc", 2) == "äö"


@given(text_from_outside)
def test_cleaning_is_complete_idempotent_and_never_longer(text: str) -> None:
    clean = clean_text(text)
    assert not FORBIDDEN.search(clean)
    assert longest_run_of_marks(clean) <= MAX_MARKS
    assert clean_text(clean) == clean
    assert len(clean) <= len(text)
    clean.encode()  # no lone surrogate is left


@given(text_from_outside, text_from_outside)
def test_two_clean_fields_join_without_a_control(one: str, two: str) -> None:
    assert not FORBIDDEN.search(clean_text(one) + clean_text(two))


@example("\t\u200c 0", 2)
@given(text_from_outside, st.integers(0, 40))
def test_a_line_is_one_line_that_fits(text: str, limit: int) -> None:
    line = clean_line(text, limit)
    assert not re.search("[\n\t]", line)
    assert not FORBIDDEN.search(line)
    assert cell_width(line) <= limit
    assert clean_line(line, limit) == line
    assert len(line) <= len(text)


def test_a_line_says_that_it_was_cut() -> None:
    assert clean_line("abcdef", 4) == "abc…"
    assert clean_line("abcd", 4) == "abcd"
    assert clean_line("漢字漢字", 5) == "漢字…"
    assert clean_line("漢字漢字", 8) == "漢字漢字"
    assert clean_line("x" * 100_000, 10) == "x" * 9 + "…"
    assert clean_line("a" + "\u0301" * 100_000 + "bc", 10) == "a" + "\u0301" * MAX_MARKS + "bc"


def test_a_line_has_no_breaks_and_no_blank_ends() -> None:
    assert clean_line("  Re:\tyour\n\n order \r\n") == "Re: your order"
    assert clean_line("\u3164\u2800 \xa0\u3000") == ""


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("report.pdf", "report.pdf"),
        ("Rechnung März – 2 (final).pdf", "Rechnung März – 2 (final).pdf"),
        ("../../.ssh/authorized_keys", "authorized_keys"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/etc/cron.d/x", "x"),
        ("--help -rf", "help -rf"),
        (".bashrc", "bashrc"),
        ("invoice_\u202efdp.exe", "invoice__fdp.exe"),
        ("CON.txt:ads|<>?*", "_CON.txt_ads_____"),
        ("nul", "_nul"),
        ("com1 .txt", "_com1 .txt"),
        ("a\x1b]0;x\x07b", "a_]0;x_b"),
        ("name. ", "name"),
        ("", "file"),
        ("...", "file"),
        ("folder/", "file"),
        ("\u3164", "_"),
    ],
)
def test_file_names(name: str, clean: str) -> None:
    assert clean_filename(name) == clean


def test_a_long_file_name_keeps_its_ending() -> None:
    name = clean_filename("漢" * 500 + ".pdf")
    assert name.endswith(".pdf")
    assert len(name.encode()) <= MAX_FILENAME_BYTES


@given(text_from_outside)
def test_a_file_name_stays_in_its_folder(name: str) -> None:
    clean = clean_filename(name)
    assert clean
    assert not re.search(r"[/\\:\x00-\x1f]", clean)
    assert clean[0] not in "-."
    assert len(clean.encode()) <= MAX_FILENAME_BYTES + 1
    assert clean_filename(clean) == clean
    assert not FORBIDDEN.search(clean)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://shop.example/track?id=7&x=a_b.", ["https://shop.example/track?id=7&x=a_b"]),
        ("(http://a.example/b_(c)) and HTTPS://B.example!", ["http://a.example/b_(c)", "HTTPS://B.example"]),
        ("[https://bank.example](https://evil.example)", ["https://bank.example", "https://evil.example"]),
        ("https://evil.example/\u2426moc.knab", ["https://evil.example/"]),
        ("https://bank.example@evil.example/x", ["https://bank.example@evil.example/x"]),
        ("https://münchen.example/straße", ["https://münchen.example/straße"]),
        ("链接https://a.example/b，谢谢", []),
        ("链接 https://a.example/b，谢谢", ["https://a.example/b"]),
        ("javascript:alert(1) file:///etc/passwd vscode://x --x=http:// https://", []),
        ("xhttps://a.example", []),
        ("http://[::1]/x", ["http://[::1]/x"]),
        ("https://" + "a" * 5000, []),
    ],
)
def test_links(text: str, links: list[str]) -> None:
    found = find_links(text)
    assert [address for _, _, address in found] == links
    assert [text[start:end] for start, end, _ in found] == links


@given(text_from_outside)
def test_links_are_ordered_and_plain(text: str) -> None:
    clean = clean_text(text + " https://a.example/" + text)
    end = 0
    for start, stop, address in find_links(clean):
        assert end <= start < stop
        assert address == clean[start:stop]
        assert re.match("https?://", address, re.I)
        assert not re.search(r"\s", address)
        end = stop
