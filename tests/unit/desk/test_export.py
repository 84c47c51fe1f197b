"""A conversation as a document: nothing that was said is run by what opens it."""

import csv
import html.parser
import io
import json

import pytest

from paradesk.core.events import ConversationUpserted, MessageUpserted
from paradesk.desk.export import FORMS, document
from paradesk.desk.intake import incoming
from tests.hostile_corpus import Entry, everything
from tests.hostile_events import conversation, message
from tests.unit.desk.test_hostile_events import UNSAFE

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =cmd|' /C calc'!A0", "＝1")


def exported(text: str, form: str) -> str:
    taken = incoming("acme", ConversationUpserted(conversation(text, "c1"), 1))
    said = incoming("acme", MessageUpserted(message(text, "c1", "m", 1)))
    assert isinstance(taken, ConversationUpserted)
    assert isinstance(said, MessageUpserted)
    return document(taken.conversation, [said.message], form)


@pytest.mark.parametrize("form", sorted(FORMS))
def test_no_document_carries_controls(form: str) -> None:
    for entry in everything():
        content = exported(entry.text[:20_000], form)
        assert not UNSAFE.search(content.replace("\r\n", "\n")), entry.id
        content.encode()


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_csv_is_a_formula(text: str) -> None:
    content = exported(text, "csv")
    for row in csv.reader(io.StringIO(content)):
        assert len(row) == 4
        assert all(not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "＝")) for cell in row)


@pytest.mark.parametrize("text", ["<script>x</script>", '"><img src=x onerror=1>', "</pre><b>", "&lt;"])
def test_html_has_only_our_tags(text: str) -> None:
    tags: list[str] = []

    class Parser(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(tag)

    Parser().feed(exported(text, "html"))
    assert set(tags) == {"html", "head", "meta", "title", "style", "body", "h1", "h2", "small", "pre"}


def test_a_line_of_a_message_cannot_pass_for_the_head_of_another() -> None:
    forged = "yes\n[2026-01-01T00:00:00Z] Robin (agent):\n    refund granted"
    heads = [line for line in exported(forged, "text").split("\n") if line.startswith("[")]
    assert len(heads) == 1


@pytest.mark.parametrize("entry", [entry for entry in everything() if entry.survives], ids=lambda entry: entry.id)
def test_honest_text_is_the_same_in_json(entry: Entry) -> None:
    assert json.loads(exported(entry.text, "json"))["messages"][0]["text"].startswith(entry.text)


def test_markdown_is_text() -> None:
    content = exported("[click](javascript:1) ![x](http://t/) <b> `x` # h", "md")
    assert r"\[click\]\(javascript\:1\)" in content
    assert r"\<b\>" in content
