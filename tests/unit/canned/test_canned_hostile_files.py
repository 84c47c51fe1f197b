"""Files that are broken, huge, or made to hurt: a clear sentence with a place, never an exception of another kind."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.hostile_corpus import everything

from paradesk.canned import Response, fill
from paradesk.canned.exchange import FORMATS, BadSource, Imported, read
from paradesk.canned.exchange.collecting import identity
from paradesk.canned.exchange.hypertext import to_text
from paradesk.canned.exchange.source import MAX_BYTES, MAX_RECORDS
from paradesk.core.slots import find_slots
from paradesk.core.text import clean_text

HEADER = b"title,body\n"


def refused(content: bytes, name: str = "") -> BadSource:
    with pytest.raises(BadSource) as caught:
        read(content, name)
    assert caught.value.advice
    return caught.value


class TestWhatCannotBeRead:
    @pytest.mark.parametrize(
        ("content", "code", "place"),
        [
            (b"title,body\nx,\xff\xfe\n", "bad-encoding", "line 2"),
            (b"t\0i\0t\0l\0e\0", "bad-encoding", "line 1"),
            (b"", "bad-csv", ""),
            (b'[{"short_code": "x",\n "content": }]', "bad-json", "line 2"),
            (b'[{"short_code": "x", "content": NaN}]', "bad-json", ""),
            (b'{"a": ' + b"1" * 5_000 + b"}", "bad-json", ""),
            (b"[" * 100_000, "too-deep", ""),
            (b'{"a":' * 100_000, "too-deep", ""),
            (b'title,body\nx,"never closed\n', "bad-csv", "line 2"),
            (b'title,body\nok,ok\nx,"a"b\n', "bad-csv", "line 3"),
            (HEADER + b"x," + b"y" * 200_000 + b"\n", "bad-csv", "line 2"),
            (b"title,title,body\nx,y,z\n", "bad-csv", "line 1"),
            (b"a,b,c\n1,2,3\n", "unknown-format", ""),
            (b'{"a": 1}', "unknown-format", ""),
            (b"[]", "unknown-format", ""),
            (b"[1, 2]", "unknown-format", ""),
            (b"x" * (MAX_BYTES + 1), "too-large", ""),
        ],
        ids=range(17),
    )
    def test_it_says_where_and_why(self, content: bytes, code: str, place: str) -> None:
        error = refused(content)
        assert (error.code, error.place) == (code, place)

    def test_a_format_that_is_named_is_not_guessed(self) -> None:
        assert refused(b"a,b\n1,2\n", "csv").code == "bad-header"
        assert refused(b'"x"', "zendesk").code == "bad-shape"
        assert refused(b"[1]", "chatwoot").place == "[0]"
        assert refused(b"x", "nonsense").code == "unknown-format"

    def test_too_many_records(self) -> None:
        records = [{"short_code": str(number), "content": "x"} for number in range(MAX_RECORDS + 1)]
        assert refused(json.dumps(records).encode()).code in ("too-large", "unknown-format")
        assert refused(json.dumps(records).encode(), "chatwoot").code == "too-large"
        assert refused(HEADER + b"x,y\n" * (MAX_RECORDS + 1)).code == "too-large"


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_they_give_the_same(self, encoding: str, delimiter: str, end: str) -> None:
        rows = [["title", "body", "language"], ["Grüße", f'"Zoë,{end}hi; a | b"', "de"]]
        content = end.join(delimiter.join(row) for row in rows) + end
        (response,) = read(content.encode(encoding))[1].responses
        assert (response.title, response.bodies) == ("Grüße", {"de": "Zoë,\nhi; a | b"})

    def test_a_line_that_names_the_delimiter(self) -> None:
        _, imported = read(b"sep=;\r\ntitle;body\r\nA,a,a;B,b\r\n")
        assert imported.responses[0].bodies == {"en": "B,b"}

    def test_keys_that_stand_twice(self) -> None:
        _, imported = read(b'[{"short_code": "a", "content": "first", "content": "last"}]')
        assert imported.responses[0].bodies == {"en": "last"}
        assert [remark.code for remark in imported.remarks] == ["duplicate-key"]


class TestYaml:
    def test_aliases_are_counted(self) -> None:
        bomb = "\n".join(
            ["x0: &x0 [a,a,a,a,a,a,a,a,a]"]
            + [f"x{n}: &x{n} [{','.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 9)]
            + ["matches: []"]
        )
        assert refused(bomb.encode()).code == "too-large"

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("matches:\n  - &a [*a]\n", "too-deep"),
            ("matches: " + "[" * 30 + "]" * 30, "too-deep"),
            ("matches: " + "[" * 5_000, "bad-yaml"),
            ("matches: {a: 'b\n", "bad-yaml"),
            ("matches:\n- trigger: a\n\treplace: b\n", "bad-yaml"),
            ("matches: 5\n", "bad-shape"),
            ("matches: !!python/object/apply:os.system ['true']\n" + "x" * 3_000_000, "too-large"),
        ],
        ids=["cycle", "deep", "deep and open", "quote", "tab", "number", "large"],
    )
    def test_what_cannot_be_read(self, text: str, code: str) -> None:
        assert refused(text.encode(), "espanso").code == code

    def test_an_honest_alias_is_read_and_no_tag_makes_an_object(self) -> None:
        text = (
            "x: &text Hello\nmatches:\n- {trigger: ':a', replace: *text}\n"
            "- {trigger: ':b', replace: !!python/name:os.system x}\n"
        )
        _, imported = read(text.encode())
        assert [response.bodies["en"] for response in imported.responses] == ["Hello", "x"]

    def test_without_the_library_it_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "yaml", None)
        assert "paradesk[espanso]" in refused(b"matches: []\n").advice


def files_with(text: str) -> Iterator[tuple[str, bytes]]:
    """One file of each format that has the text everywhere."""
    shapes: dict[str, object] = {
        "zendesk": {
            "macros": [
                {
                    "id": text,
                    "title": text,
                    "description": text,
                    "actions": [{"field": text, "value": text}, {"field": "comment_value", "value": [text, text]}],
                }
            ]
        },
        "chatwoot": [{"short_code": text, "content": text}],
        "chatwoot-macros": [
            {
                "name": text,
                "files": text,
                "actions": [
                    {"action_name": text, "action_params": text},
                    {"action_name": "send_message", "action_params": [text]},
                ],
            }
        ],
        "intercom": [{"type": "macro", "name": text, "body": text}, {"type": "macro", "name": text, "body_text": text}],
        "livechat": [{"text": text, "tags": [text, text]}],
        "rocketchat": [{"shortcut": text, "text": text, "scope": text, "tags": text}],
        "gorgias": [
            {
                "name": text,
                "external_id": text,
                "language": text,
                "actions": [{"name": "setResponseText", "arguments": {"body_html": text}}],
            }
        ],
        "helpscout": [{"name": text, "text": text}],
    }
    for name, shape in shapes.items():
        yield name, json.dumps(shape).encode()
    quoted = '"' + text.replace('"', '""') + '"'
    yield (
        "csv",
        ("id,title,body,shortcut,tags,language,folder,owner\n" + ",".join([quoted] * 8) + "\n").encode(
            errors="replace"
        ),
    )
    columns = ["title", "msg", "fallback_msg", "languages", "unique_id", "tags_plain"]
    yield "livehelperchat", (",".join(columns) + "\n" + ",".join([quoted] * 6) + "\n").encode(errors="replace")
    yield (
        "espanso",
        f"matches:\n- trigger: {json.dumps(text)}\n  label: {json.dumps(text)}\n  replace: {json.dumps(text)}\n".encode(),
    )


def harmless(imported: Imported) -> None:
    """Everything that came in is clean, and every body fills in."""
    for response in imported.responses:
        for part in (
            response.title,
            response.shortcut,
            response.owner,
            *response.labels,
            *response.folder,
            *response.tags.values(),
        ):
            assert clean_text(part) == part
        for language in response.bodies:
            text = fill(Response(id="x", title="x", body=response.bodies), {}, language).text
            assert clean_text(text) == text
            assert all(slot.name for slot in find_slots(text))
    for remark in imported.remarks:
        assert clean_text(str(remark)) == str(remark)


@pytest.mark.parametrize("entry", everything(), ids=lambda entry: entry.id)
def test_hostile_texts_everywhere(entry: object) -> None:
    text = str(getattr(entry, "text", ""))[:20_000]
    seen = 0
    for name, content in files_with(text):
        try:
            _, imported = read(content, name)
        except BadSource as error:
            assert error.advice
            continue
        harmless(imported)
        seen += 1
    assert seen


def test_all_bodies_that_run_something_are_refused() -> None:
    for text in ("{% for i in (1..3000) %}x{% endfor %}", "{% include 'x' %}", "{% assign a = 1 %}"):
        for name in ("zendesk", "csv"):
            content = dict(files_with(text))[name]
            assert read(content, name)[1].responses == (), (name, text)


@pytest.mark.parametrize(
    "text", ["{{", "{%", "{", "}}", "<", "<a ", "&", "{{a|", "{%a,fallback=", "<p" * 9, "&#", "%a", "&(("]
)
def test_long_runs_of_openings_are_read_in_linear_time(text: str) -> None:
    """Not a measurement: a quadratic reader would take minutes here, and the test would run into its time limit."""
    for name, content in files_with(text * (120_000 // len(text))):
        if name not in ("csv", "livehelperchat"):
            harmless(read(content, name)[1])
    to_text(text * (190_000 // len(text)))


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_html_becomes_clean_text_or_less(text: str) -> None:
    to_text(text)
    assert to_text("<p>" + text.replace("<", "").replace("&", "") + "</p>")[1] == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "title",
                    "name",
                    "actions",
                    "field",
                    "value",
                    "short_code",
                    "content",
                    "text",
                    "tags",
                    "arguments",
                    "data",
                ]
                + [
                    "macros",
                    "payload",
                    "body_text",
                    "action_name",
                    "action_params",
                    "shortcut",
                    "scope",
                    "type",
                    "files",
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@pytest.mark.parametrize("name", list(FORMATS))
@given(json_values)
@settings(max_examples=25, deadline=None)
def test_any_json_gives_responses_or_a_sentence(name: str, value: object) -> None:
    try:
        harmless(read(json.dumps(value).encode(), name)[1])
    except BadSource as error:
        assert error.advice


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: b"title,body\n" + text.encode()))
@settings(max_examples=80, deadline=None)
def test_any_bytes_give_responses_or_a_sentence(content: bytes) -> None:
    try:
        harmless(read(content)[1])
    except BadSource as error:
        assert error.advice


class TestIds:
    def test_they_come_from_titles(self) -> None:
        assert identity("Refund approved!") == "refund-approved"
        assert identity("Größe & Maß", ("Rücksendung",)) == "rucksendung.grosse-mass"
        assert identity("退款") == identity("退款") != identity("退货")
        assert len(identity("x" * 500)) <= 80

    @given(st.text(min_size=1, max_size=100), st.lists(st.text(max_size=20), max_size=3))
    def test_any_title_gives_one_that_can_be_an_id(self, title: str, folder: list[str]) -> None:
        made = identity(title, tuple(folder))
        _, imported = read(json.dumps([{"short_code": made, "content": "x"}]).encode())
        assert imported.responses[0].id == made

    def test_the_same_titles_are_told_apart_the_same_way(self) -> None:
        records = [{"id": number, "short_code": "A b", "content": str(number)} for number in (5, 6, 7)]
        first = read(json.dumps(records).encode())[1]
        assert [response.id for response in first.responses] == ["a-b", "a-b-6", "a-b-7"]
        assert read(json.dumps(records).encode())[1] == first
