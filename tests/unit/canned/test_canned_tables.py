"""Changing one table of a file by its text: nothing else in the file may change, and what cannot be done is refused."""

import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradesk.canned.proposing import patch
from paradesk.canned.tables import TableError, appended, changed_table, new_table, replaced, spans, table_text

FILE = '''# Refunds, by the billing team.
default_language = "de"

# Approved ones.
[[response]] # first
id = "a"   # never change it
title = "A"
labels = [
  "money",  # what they call it
  "back",
]
[response.body] # all languages
en = """
Hello
[[response]]
id = "not a table"
"""
de = 'Hallo # kein Kommentar'

# The second one.

[[ response ]]
id = "b"
title = "B"
body = { en = "x", de = "y" }
[response.then]
status = "pending"

# The end.
'''


def document(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


def test_tables_end_before_the_comments_of_the_next() -> None:
    first, second = (FILE[start:end] for start, end in spans(FILE))
    assert first.startswith("[[response]] # first")
    assert first.endswith("# kein Kommentar'\n")
    assert second.startswith("[[ response ]]")
    assert second.endswith('status = "pending"\n')
    assert table_text(FILE, "b") == second


def test_a_change_keeps_everything_else_to_the_letter() -> None:
    table = changed_table(
        table_text(FILE, "a"),
        {"title": "New", "body": {"en": "Bye\nnow", "de": "Hallo # kein Kommentar", "fr": "Adieu"}},
    )
    text = replaced(FILE, "a", table)
    before, after = document(FILE), document(text)
    assert after["response"][0]["title"] == "New"
    assert after["response"][0]["body"] == {"en": "Bye\nnow", "de": "Hallo # kein Kommentar", "fr": "Adieu"}
    assert after["response"][1] == before["response"][1]
    for kept in ("# never change it", "# what they call it", "# all languages", "# first", "# The second one."):
        assert kept in text
    start, _ = spans(FILE)[1]
    assert text.endswith(FILE[start:])
    assert text.startswith(FILE[: spans(FILE)[0][0]])


def test_what_is_empty_goes_and_what_is_not_named_stays() -> None:
    table = changed_table(table_text(FILE, "a"), {"labels": (), "title": "A"})
    assert "labels" not in document(table)["response"][0]
    assert document(table)["response"][0]["id"] == "a"


def test_inline_bodies_and_inner_tables() -> None:
    table = changed_table(table_text(FILE, "b"), {"body": {"en": 'two\n"""lines\\'}, "tags": {"topic": "t"}})
    entry = document(replaced(FILE, "b", table))["response"][1]
    assert entry["body"] == {"en": 'two\n"""lines\\'}
    assert entry["tags"] == {"topic": "t"}
    assert entry["then"] == {"status": "pending"}


def test_a_new_table_goes_below_all_that_stands_there() -> None:
    table = new_table({"id": "c", "title": "C", "labels": ("x",), "tags": {}, "body": {"en": "1\n2", "de-AT": "3"}})
    text = appended(FILE, table)
    assert text.startswith(FILE)
    assert document(text)["response"][2] == {
        "id": "c", "title": "C", "labels": ["x"], "body": {"en": "1\n2", "de-AT": "3"},
    }  # fmt: skip
    assert document(appended("", table))["response"][0]["id"] == "c"
    assert document(appended("# mine", table))["response"][0]["id"] == "c"


@pytest.mark.parametrize(
    "text",
    [
        "response = [{ id = 'a', title = 'A' }]",
        "[[response]]\nid = 'a'\n[[response.x]]\n[[response]\n",
        "[[response]]\nid = 'z'\n",
        "x = 1",
        "'''",
        "",
    ],
)
def test_a_file_that_cannot_be_changed_safely_is_refused(text: str) -> None:
    with pytest.raises(TableError):
        table_text(text, "a")
    with pytest.raises(TableError):
        replaced(text, "a", "[[response]]\nid = 'a'\n")


def test_a_table_that_would_change_another_is_refused() -> None:
    for table in ("[[response]]\nid='a'\n[[response]]\nid='c'", "[[response]]\nid='a'\n[other]\nx=1", "x"):
        with pytest.raises(TableError):
            replaced(FILE, "a", table)
    with pytest.raises(TableError):
        appended("response = []\n", new_table({"id": "a"}))


texts = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=40)


@given(st.dictionaries(st.sampled_from(["en", "de", "de-AT"]), texts.filter(bool), min_size=1), texts)
def test_any_text_comes_back_as_it_was(body: dict[str, str], title: str) -> None:
    table = changed_table(table_text(FILE, "a"), {"title": title, "body": body})
    entry = document(replaced(FILE, "a", table))["response"][0]
    assert entry["body"] == body
    assert entry.get("title", "") == title


def test_windows_line_ends_and_no_last_newline_are_no_reason_to_refuse() -> None:
    text = FILE.replace("\n", "\r\n")
    result = replaced(text, "b", changed_table(table_text(text, "b"), {"title": "New"}))
    assert [entry["title"] for entry in document(result)["response"]] == ["A", "New"]
    bare = FILE[: FILE.index("\n# The end.")].rstrip("\n")
    assert (
        document(replaced(bare, "b", changed_table(table_text(bare, "b"), {"title": "N"})))["response"][1]["title"]
        == "N"
    )


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed: no patch is applied")
@pytest.mark.parametrize("before", [FILE, FILE.rstrip("\n"), None])
def test_git_applies_the_patch(tmp_path: Path, before: str | None) -> None:
    after = appended(before or "", new_table({"id": "c", "title": "C", "body": {"en": "z"}}))
    if before is not None:
        (tmp_path / "refunds").mkdir()
        (tmp_path / "refunds" / "all.toml").write_text(before)
    difference = patch("refunds/all.toml", before, after)
    subprocess.run(["git", "apply", "-"], input=difference.encode(), cwd=tmp_path, check=True)
    assert (tmp_path / "refunds" / "all.toml").read_text() == after
    assert patch("x.toml", after, after) == ""
