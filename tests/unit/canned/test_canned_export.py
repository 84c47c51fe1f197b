"""Out to another tool and back: ids, texts, tags, and nothing that a spreadsheet or a tool would run."""

import csv
import io
import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.hostile_corpus import everything
from tests.unit.canned.exchange_tools import CONTEXT

from paradesk.canned import Response, fill, load_library
from paradesk.canned.exchange import (
    FORMATS,
    FollowUp,
    PortableResponse,
    bracketed,
    from_library,
    read,
    to_files,
    to_toml,
    unheld,
)
from paradesk.canned.exchange.dialects import parse, write
from paradesk.canned.exchange.liquid import Blank, Text, Unwritable, Value, compose, decompose, joined, plain
from paradesk.canned.exchange.plain_csv import safe_cell, true_cell
from paradesk.canned.template import compile_template
from paradesk.config.shipped import shipped

WRITABLE = [each.name for each in FORMATS.values() if each.write]

PLAIN = PortableResponse(
    id="refund-approved",
    title="Refund approved",
    bodies={"en": "It is { approved }, 100% {- sure}.\n\nBye"},
    tags={"urgency": "high"},
    labels=("money back",),
)
NAMED = replace(PLAIN, bodies={"en": "Hi {{ customer.name }}, all is well."})
FALLBACK = replace(PLAIN, bodies={"en": "Hi {{ customer.first_name | default: 'there' }}!"})

KEEPS_TAGS = {"csv", "livechat", "rocketchat", "livehelperchat", "espanso"}
KEEPS_FALLBACKS = {"csv", "zendesk", "chatwoot", "chatwoot-macros", "gorgias", "helpscout"}


def there_and_back(name: str, *responses: PortableResponse) -> tuple[PortableResponse, ...]:
    write_it = FORMATS[name].write
    assert write_it is not None
    chosen, imported = read(write_it(responses, "en").text.encode())
    assert chosen.name == name, "our own export is recognised"
    return imported.responses


@pytest.mark.parametrize("name", WRITABLE)
def test_a_plain_text_comes_back_with_its_id_and_tags(name: str) -> None:
    (back,) = there_and_back(name, PLAIN)
    assert back.id == PLAIN.id
    assert back.bodies == PLAIN.bodies
    if name in KEEPS_TAGS:
        assert (back.tags, back.labels) == (PLAIN.tags, PLAIN.labels)


@pytest.mark.parametrize("name", [name for name in WRITABLE if name != "espanso"])
def test_a_placeholder_comes_back(name: str) -> None:
    (back,) = there_and_back(name, NAMED)
    assert back.bodies == NAMED.bodies


@pytest.mark.parametrize("name", WRITABLE)
def test_a_fallback_comes_back_or_the_response_stays_here(name: str) -> None:
    write_it = FORMATS[name].write
    assert write_it is not None
    exported = write_it([FALLBACK], "en")
    back = read(exported.text.encode(), name)[1].responses
    if name in KEEPS_FALLBACKS:
        assert back[0].bodies == FALLBACK.bodies
    else:
        assert back == ()
        assert [(remark.place, remark.level) for remark in exported.remarks] == [("refund-approved", "left-out")]


@pytest.mark.parametrize("name", ["zendesk", "gorgias", "livehelperchat", "csv", "chatwoot", "rocketchat", "livechat"])
def test_an_id_that_the_title_does_not_give_comes_back(name: str) -> None:
    (back,) = there_and_back(name, replace(PLAIN, id="billing.refund_approved"))
    assert back.id == "billing.refund_approved"


@pytest.mark.parametrize("name", ["csv", "gorgias", "livehelperchat"])
def test_all_languages_come_back(name: str) -> None:
    both = replace(PLAIN, bodies={"en": "Yes", "de-AT": "Ja"})
    (back,) = there_and_back(name, both)
    assert back.bodies == both.bodies


def test_one_language_goes_where_only_one_can_and_that_is_said() -> None:
    both = replace(PLAIN, bodies={"en": "Yes", "de": "Ja"})
    write_it = FORMATS["zendesk"].write
    assert write_it is not None
    exported = write_it([both], "de")
    assert [remark.message for remark in exported.remarks if remark.code == "lost-languages"] == [
        "only `de` goes; not en"
    ]
    assert read(exported.text.encode())[1].responses[0].bodies == {"en": "Ja"}


def test_follow_ups_come_back_from_macros() -> None:
    done = (FollowUp("status", "solved"), FollowUp("add_tag", "done"), FollowUp("priority", "high"))
    for name in ("zendesk", "chatwoot-macros"):
        (back,) = there_and_back(name, replace(PLAIN, follow_ups=done))
        assert back.follow_ups == done


def test_a_message_with_a_fallback_message_comes_back() -> None:
    body = "{% if customer.name and agent.name %}{{ customer.name }}, {{ agent.name }}{% else %}Hello{% endif %}"
    (back,) = there_and_back("livehelperchat", replace(PLAIN, bodies={"en": body}))
    assert back.bodies == {"en": body}


@pytest.mark.parametrize("name", [name for name in WRITABLE if name not in ("csv", "zendesk")])
def test_what_a_tool_has_no_word_for_stays_here(name: str) -> None:
    write_it = FORMATS[name].write
    assert write_it is not None
    for body in (
        "{{ ask.days }}",
        "{{ order.id }}",
        "{% if customer.plan %}a{% endif %}",
        "{{ customer.name | upcase }}",
    ):
        exported = write_it([replace(PLAIN, bodies={"en": body})], "en")
        assert [remark.level for remark in exported.remarks] == ["left-out"], body
        assert read(exported.text.encode(), name)[1].responses == ()


def test_text_that_the_tool_would_fill_in_stays_here() -> None:
    for dialect, text in (
        ("zendesk", "{{ticket.id}}"),
        ("chatwoot", "{{x}}"),
        ("helpscout", "{%subject%}"),
        ("livehelperchat", "{nick}"),
        ("livechat", "%name%"),
    ):
        with pytest.raises(Unwritable):
            write(dialect, [Text(text)])


def test_blanks_can_go_as_brackets() -> None:
    asked = replace(
        PLAIN, bodies={"en": "In {{ ask.working_days }} days, {{ order.id }}, {{ order.item | default: 'x' }}"}
    )
    (bare,) = bracketed([asked], "chatwoot")
    assert bare.bodies == {"en": "In [working days] days, [order.id], x"}


def test_the_shipped_library_survives_a_spreadsheet() -> None:
    library, findings = load_library([shipped("canned_responses")])
    assert not findings
    before = from_library(library)
    after = {response.id: response for response in there_and_back("csv", *before)}
    assert len(after) == len(before) > 50
    for response in before:
        back = after[response.id]
        assert (back.title, back.bodies, back.shortcut) == (response.title, response.bodies, response.shortcut)
        assert (back.tags, back.labels, back.owner) == (response.tags, response.labels, response.owner)


class TestFiles:
    def test_they_load_and_hold_the_same(self, tmp_path: Path) -> None:
        responses = [
            replace(
                PLAIN,
                shortcut="rfa",
                owner="billing",
                folder=("Billing", "Refunds"),
                tags={"a = b": 'c "d', "urgency": "high"},
            ),
            replace(PLAIN, id="other", title='Quotes " and \\ back', bodies={"en": 'a """ b\n\\ c', "de": "ä"}),
            replace(PLAIN, id="many", labels=tuple(f"label number {number}" for number in range(40))),
        ]
        files = to_files(responses, "zendesk")
        assert set(files) == {"billing.toml", "zendesk.toml"}
        for name, text in files.items():
            (tmp_path / "zendesk").mkdir(exist_ok=True)
            (tmp_path / "zendesk" / name).write_text(text, encoding="utf-8")
        library, findings = load_library([tmp_path])
        assert findings == []
        for response in responses:
            loaded = library.get(response.id)
            assert loaded is not None
            assert dict(loaded.body) == response.bodies
            assert (loaded.title, loaded.shortcut, loaded.labels) == (
                response.title,
                response.shortcut,
                response.labels,
            )
        first = library.get(PLAIN.id)
        assert first is not None
        assert first.tags == {"topic": "refunds", "a = b": 'c "d', "urgency": "high"}

    def test_a_large_import_is_split(self, tmp_path: Path) -> None:
        responses = [replace(PLAIN, id=f"r-{number}", bodies={"en": "x" * 4_000}) for number in range(150)]
        files = to_files(responses, "chatwoot")
        assert len(files) > 2
        for name, text in files.items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        library, findings = load_library([tmp_path])
        assert findings == []
        assert len(library) == 150

    def test_what_is_done_afterwards_and_the_place_come_back(self, tmp_path: Path) -> None:
        done = (
            FollowUp("status", "solved"),
            FollowUp("priority", "high"),
            FollowUp("add_tag", "a b"),
            FollowUp("add_tag", "c"),
            FollowUp("remove_tag", "d"),
        )
        address = "https://example.com/macros/7"
        response = replace(PLAIN, follow_ups=done, folder=("Billing", "Refunds / late"), source=address)
        assert not unheld(response)
        (text,) = to_files([response], "zendesk").values()
        (tmp_path / "a.toml").write_text(text, encoding="utf-8")
        library, findings = load_library([tmp_path])
        assert findings == []
        (loaded,) = library
        assert loaded.follow_up.words() == ("set solved", "add tags a, b, c", "remove tag d", "priority high")
        assert (loaded.folder, [link.url for link in loaded.links]) == ("Billing/Refunds - late", [address])
        (back,) = from_library(library)
        assert back.follow_ups == (*done[:2], FollowUp("add_tag", "a b c"), done[4])
        assert (back.folder, back.source) == (("Billing", "Refunds - late"), address)
        (again,) = there_and_back("zendesk", back)
        assert set(again.follow_ups) == set(back.follow_ups)

    def test_what_has_no_place_is_told(self) -> None:
        many = " ".join(f"tag{number}" for number in range(30))
        for what in (("set_tags", "a b"), ("status", "new"), ("status", "snoozed"), ("add_tag", many)):
            response = replace(PLAIN, follow_ups=(FollowUp(*what),), attachments=("a.pdf",), folder=("A",) * 9)
            codes = {remark.code for remark in unheld(response)}
            assert codes == {"unheld-follow-up", "unheld-attachment", "unheld-folder"}
            (text,) = to_files([response], "zendesk").values()
            assert tomllib.loads(text)["response"][0].get("then", {}).keys() <= {"add_tags"}
        assert not unheld(PLAIN)
        assert "links" not in to_toml(replace(PLAIN, source="macro 7"))

    @pytest.mark.parametrize("name", ["chatwoot", "csv", "livechat", "rocketchat", "helpscout", "livehelperchat"])
    def test_what_a_tool_cannot_do_is_told(self, name: str) -> None:
        write_it = FORMATS[name].write
        assert write_it is not None
        response = replace(PLAIN, follow_ups=(FollowUp("status", "solved"),), attachments=("a.pdf",))
        codes = {remark.code for remark in write_it([response], "en").remarks}
        assert {"lost-follow-ups", "lost-attachments"} <= codes


class TestSpreadsheets:
    @pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "'=", "''@"])
    def test_nothing_begins_like_a_formula(self, start: str) -> None:
        text = f"{start}HYPERLINK(1)"
        assert safe_cell(text).startswith("'")
        assert true_cell(safe_cell(text)) == text

    @given(st.text(max_size=30))
    def test_every_cell_comes_back(self, text: str) -> None:
        assert true_cell(safe_cell(text)) == text
        assert safe_cell(text)[:1] not in ("=", "+", "-", "@", "\t", "\r")

    def test_hostile_texts_in_a_spreadsheet(self) -> None:
        bodies = [compose([Text(plain(entry.text).strip()[:2_000])]) for entry in everything()]
        responses = [
            replace(PLAIN, id=f"r-{number}", bodies={"en": body}) for number, body in enumerate(bodies) if body.strip()
        ]
        write_it = FORMATS["csv"].write
        assert write_it is not None
        text = write_it(responses, "en").text
        for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")):
            assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


texts = st.text(st.sampled_from("ab {}%'\"|$\\!.\n⟦⟧ü") | st.characters(codec="utf-8"), max_size=60)
segments = st.lists(
    st.one_of(
        texts.map(lambda text: Text(plain(text))),
        st.builds(Value, st.sampled_from(["customer.name", "agent.email", "customer.attributes.a b"])),
        st.builds(Value, st.just("customer.first_name"), texts.map(plain)),
        st.builds(Blank, st.sampled_from(["working_days", "ticket.brand.name", "x y"])),
    ),
    max_size=5,
)


@given(segments)
@settings(max_examples=120, deadline=None)
def test_a_template_comes_apart_into_what_it_was_made_of(parts: list[Text | Value | Blank]) -> None:
    template = compose(parts)
    compile_template(template)
    again = decompose(template)
    assert compose(again) == template
    kept = [part for part in again if isinstance(part, Value)]
    assert [part.name for part in kept] == [part.name for part in parts if isinstance(part, Value)]


@given(texts)
@settings(max_examples=120, deadline=None)
def test_any_text_comes_out_of_a_template_as_it_went_in(text: str) -> None:
    text = plain(text)
    response = Response(id="x", title="x", body={"en": compose([Text(text)])})
    assert fill(response, CONTEXT, "en").text == text.strip()


@pytest.mark.parametrize(
    "dialect", ["zendesk", "chatwoot", "intercom", "gorgias", "rocketchat", "livechat", "helpscout"]
)
@given(st.lists(st.one_of(texts.map(lambda text: Text(plain(text))), st.just(Value("customer.name"))), max_size=4))
@settings(max_examples=40, deadline=None)
def test_what_is_written_reads_the_same(dialect: str, parts: list[Text | Value]) -> None:
    try:
        written = write(dialect, parts)
    except Unwritable:
        return
    assert parse(dialect, written, lambda code, message: None) == joined(parts)


@given(
    st.dictionaries(st.sampled_from(["en", "de"]), texts.map(lambda text: plain(text).strip()).filter(bool), min_size=1)
)
@settings(max_examples=40, deadline=None)
def test_any_text_survives_a_spreadsheet(bodies: dict[str, str]) -> None:
    response = replace(PLAIN, bodies={tag: compose([Text(text)]).strip() for tag, text in bodies.items()})
    (back,) = there_and_back("csv", response)
    for tag, text in bodies.items():
        filled = fill(Response(id="x", title="x", body=back.bodies), {}, tag).text
        assert filled == text


def test_the_json_is_what_the_tools_publish() -> None:
    made = {}
    for name in ("zendesk", "chatwoot", "chatwoot-macros", "rocketchat", "livechat", "gorgias", "helpscout"):
        write_it = FORMATS[name].write
        assert write_it is not None
        made[name] = json.loads(write_it([NAMED], "en").text)
    assert made["zendesk"]["macros"][0]["actions"][0] == {
        "field": "comment_value",
        "value": ["channel:all", "Hi {{ ticket.requester.name }}, all is well."],
    }
    assert made["chatwoot"] == [{"short_code": "refund-approved", "content": "Hi {{ contact.name }}, all is well."}]
    assert made["chatwoot-macros"]["payload"][0]["actions"][0]["action_name"] == "send_message"
    assert made["rocketchat"]["cannedResponses"][0]["text"] == "Hi {{contact.name}}, all is well."
    assert made["livechat"][0]["text"] == "Hi %customer%, all is well."
    assert made["gorgias"]["data"][0]["actions"][0]["name"] == "setResponseText"
    assert made["helpscout"][0]["chatText"] == "Hi {%customer.fullName%}, all is well."
