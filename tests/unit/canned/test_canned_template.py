"""Templates: what they may be, and that filling one never fails, never repeats and never leaves anything out."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradesk.canned.engine import FILTERS, MAX_VALUE
from paradesk.canned.template import MAX_BODY, TemplateError, _check, _check_marks, compile_template
from paradesk.core.slots import find_slots

EVERYTHING = compile_template(
    "{{ customer.name }}|{{ customer.first_name | default: 'there' }}|{{ customer.attributes.x | upcase }}"
    "|{{ order.date | date: '%e.%-m.%Y' }}|{{ order.item | truncate: 10 }}|{{ order.item | truncate: 3, '.....' }}"
    "|{{ agent.name | strip | capitalize | downcase }}"
    "{% if order.total == '5' and customer.plan contains order.id %}a{% elsif customer.plan != order.id %}b"
    "{% else %}c{% endif %}{% unless conversation.attributes.vip or false %}d{% endunless %}"
)


def fill(source: str, **context: object) -> str:
    return compile_template(source).fill(context)


def faults(source: str) -> TemplateError:
    with pytest.raises(TemplateError) as raised:
        compile_template(source)
    return raised.value


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.dates(),
    st.datetimes(),
    st.binary(),
    st.text(alphabet="{}%|⟦⟧ orderid.'\"\n"),
    st.sampled_from(["{{ order.id }}", "{% if x %}", "⟦order.id⟧", "\ud800", "\x1b[31m", "\u202e", "5"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=6,
)
fields = st.sampled_from(
    ["id", "name", "first_name", "item", "total", "date", "plan", "attributes", "x", "vip", "size"]
)
contexts = st.dictionaries(
    st.sampled_from(["customer", "conversation", "order", "agent", "assignee", "ask", "other"]),
    st.dictionaries(fields, values, max_size=6) | values,
)


@given(contexts)
def test_filling_never_fails_whatever_the_values(context: dict[str, object]) -> None:
    text = EVERYTHING.fill(context)
    assert re.fullmatch(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]*", text)


@given(st.text(alphabet=st.sampled_from("{}%|⟦⟧ab.'\n")) | scalars)
def test_values_are_never_expanded_and_never_pose_as_blanks(value: object) -> None:
    context = {"customer": {"name": value, "plan": "SECRET"}, "order": {"id": "SECRET"}}
    text = compile_template("{{ customer.name }}").fill(context)
    assert "SECRET" not in text
    assert [slot.name for slot in find_slots(text)] in ([], ["customer.name"])


def test_a_value_that_is_a_template_stays_what_it_is() -> None:
    context = {"customer": {"name": "{{ order.id }}{% if order.id %}"}, "order": {"id": "SECRET"}}
    assert compile_template("Hi {{ customer.name }}").fill(context) == "Hi {{ order.id }}{% if order.id %}"


@given(st.text(min_size=1).filter(lambda text: text.strip() and text.isascii() and text.isprintable()))
def test_an_ordinary_value_arrives_as_it_is(value: str) -> None:
    assert fill("<{{ order.id }}>", order={"id": value}) == f"<{' '.join(value.split())[:MAX_VALUE]}>"


@pytest.mark.parametrize("empty", [None, "", "   ", "\n", [], {}, object(), float("nan"), b"x"])
def test_a_missing_or_empty_value_becomes_a_blank(empty: object) -> None:
    assert fill("Order {{ order.id }}.", order={"id": empty}) == "Order ⟦order.id⟧."


def test_blanks_keep_their_name_through_filters() -> None:
    assert fill("{{ customer.first_name | upcase | truncate: 3 | strip }}") == "⟦customer.first_name⟧"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (False, "false"), (True, "true"), (0.0, "0.0"), (date(2026, 10, 1), "2026-10-01"), ("0", "0")],
)
def test_zero_and_false_are_values(value: object, text: str) -> None:
    assert fill("{{ customer.attributes.x | default: 'none' }}", customer={"attributes": {"x": value}}) == text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ customer.first_name | default: 'there' }}", "there"),
        ("{{ customer.first_name | default: customer.name }}", "⟦customer.name⟧"),
        ("{{ customer.first_name | default: '' }}!", "!"),
        ("{% if customer.plan %}x{% else %}y{% endif %}", "y"),
        ("{% unless customer.plan %}x{% endunless %}", "x"),
        ("{{ ask.working_days }}", "⟦working days⟧"),
        ("{{ order.size }} {{ order.first }} {{ order.last }}", "⟦order.size⟧ ⟦order.first⟧ ⟦order.last⟧"),
        ("{{ customer['first_name'] }}", "⟦customer.first_name⟧"),
        ("{{ customer.attributes.x }}", "⟦customer.attributes.x⟧"),
    ],
)
def test_without_any_values(source: str, expected: str) -> None:
    assert fill(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ order.item | upcase }}", "STRASSENLAMPE ÉTÉ"),
        ("{{ order.item | downcase }}", "straßenlampe été"),
        ("{{ order.item | capitalize }}", "Straßenlampe été"),
        ("{{ order.item | truncate: 6 }}", "straß…"),
        ("{{ order.item | truncate: 8, '...' }}", "straß..."),
        ("{{ order.item | truncate: 100 }}", "straßenlampe Été"),
        ("{{ order.date | date: '%d.%m.%Y' }}", "03.10.2026"),
        ("{{ order.date | date: '%e.%-m.%y' }}", "3.10.26"),
        ("{{ order.date | date: '%1900000000s %B' }}", "%1900000000s %B"),
        ("{{ order.item | date: '%Y' }}", "straßenlampe Été"),
        ("{% if order.item contains 'lampe' %}yes{% endif %}", "yes"),
        ("{% if order.item == 'x' or order.date %}yes{% endif %}", "yes"),
    ],
)
def test_filters_and_conditions(source: str, expected: str) -> None:
    assert fill(source, order={"item": "straßenlampe Été", "date": "2026-10-03"}) == expected


def test_what_a_template_asks_for_is_known_before_it_is_filled() -> None:
    template = compile_template(
        "{% if order.id %}{{ customer.name | upcase }}{% endif %}{{ ask.x | default: agent.name }}"
    )
    assert template.placeholders == {"order.id", "customer.name", "ask.x", "agent.name"}
    assert template.filters == {"upcase", "default"}


@pytest.mark.parametrize(
    ("source", "code", "line"),
    [
        ("{{ customer.firstname }}", "unknown-placeholder", 1),
        ("{{ customer }}", "unknown-placeholder", 1),
        ("{{ customer.attributes }}", "unknown-placeholder", 1),
        ("{{ customer.name.size }}", "unknown-placeholder", 1),
        ("{{ customer[order.id] }}", "unknown-placeholder", 1),
        ("{{ user.name }}", "unknown-placeholder", 1),
        ("a\nb {{ name }}", "unknown-placeholder", 2),
        ("{% if foo %}x{% endif %}", "unknown-placeholder", 1),
        ("{{ order.id | default: nothing.here }}", "unknown-placeholder", 1),
        ("\n\n{{ order.id | replace: 'a', 'b' }}", "unknown-filter", 3),
        ("{{ order.id | append: order.id }}", "unknown-filter", 1),
        ("{% raw %}{{ a }}{% endraw %}", "unknown-tag", 1),
        ("x\n{%- raw -%}{%- endraw -%}", "unknown-tag", 2),
        ("{% for x in (1..3000) %}{% endfor %}", "unknown-tag", 1),
        ("{% assign a = 1 %}", "unknown-tag", 1),
        ("{% include 'x' %}", "unknown-tag", 1),
        ("{%%}", "unknown-tag", 1),
        ("Hi {{ customer.name", "unclosed", 1),
        ("Hi {{ customer.name }\n{{ order.id }}", "unclosed", 1),
        ("{{ 'a {{ b' }}", "unclosed", 1),
        ("x\n{% if order.id", "unclosed", 2),
        ("a }} b", "unopened", 1),
        ("a %} b", "unopened", 1),
        ("{{ }}", "bad-template", 1),
        ("{{ order.id order.item }}", "bad-template", 1),
        ("{% if order.id %}x", "bad-template", 1),
        ("{% endif %}", "bad-template", 1),
        ("{% if order.total > 5 %}x{% endif %}", "bad-expression", 1),
        ("{{ (1..99999999) }}", "bad-expression", 1),
        ("{{ order.id | default }}", "bad-expression", 1),
        ("{{ order.id | upcase: 1 }}", "bad-expression", 1),
        ("{% if order.id == 'x' %}{{ order.id | truncate: 1, 2, 3 }}{% endif %}", "bad-expression", 1),
        ("{{ order.id | default: x: 1 }}", "bad-expression", 1),
        ("x" * (MAX_BODY + 1), "too-large", 1),
        ("{" * 4000, "unclosed", 1),
        ("{{" * 2000, "unclosed", 1),
        ("{% if order.id %}" * 200, "bad-template", 1),
        ("{{ " + "[" * 3000 + " }}", "bad-template", 1),
        ("{{ 'x' | " + "upcase | " * 300 + " }}", "bad-template", 1),
    ],
)
def test_faults_are_named_with_their_line_and_what_to_do(source: str, code: str, line: int) -> None:
    fault = faults(source)
    assert (fault.code, fault.line) == (code, line)
    assert fault.message
    assert fault.advice


@pytest.mark.parametrize(
    "body", ["order.id == order.id and " * 150 + "order.id", "order.id or " * 300 + "order.id", "not order.id"]
)
def test_long_conditions_either_work_or_are_refused(body: str) -> None:
    try:
        compile_template(f"{{% if {body} %}}x{{% endif %}}"[:MAX_BODY]).fill({})
    except TemplateError as fault:
        assert fault.advice


def test_a_misspelt_name_is_answered_with_the_right_one() -> None:
    assert "customer.first_name" in faults("{{ customer.firstname }}").advice


@given(st.text(alphabet=st.sampled_from("{}%|.:,'\"[]() -=if endorsu1\n"), max_size=120))
def test_any_source_is_either_refused_or_fills(source: str) -> None:
    try:
        template = compile_template(source)
    except TemplateError:
        return
    assert isinstance(template.fill({}), str)


def test_no_filter_multiplies_its_input() -> None:
    for name in FILTERS:
        argument = ": '" + "x" * 200 + "'" if name in ("default", "date") else ""
        text = fill(f"{{{{ order.id | {name}{argument} }}}}", order={"id": "y" * MAX_VALUE})
        assert len(text) <= MAX_VALUE


PIECES = st.sampled_from(
    [
        *("{{ order.id }}", "{{- order.item -}}", "{{ customer.name | upcase }}", "{{ customer.plan | default: 'a' }}"),
        *("{{{ order.id }}", "{{ order.id }}}", "{{ '}}' }}", "{{ 'a' }}", "{{}}", "{{ ask.x | truncate: 3 }}"),
        *(
            "{% if order.id %}",
            "{%- if customer.plan == 'x' -%}",
            "{% elsif agent.name %}",
            "{% else %}",
            "{% endif %}",
        ),
        *(
            "{% unless order.item contains 'x' %}",
            "{% endunless %}",
            "{% if order.id < 3 %}",
            "{% if %}",
            "{% endif x %}",
        ),
        *("{{ nobody.id }}", "{{ order.id | shout }}", "{{ order.id | default }}", "{{ order", "{% for a in b %}"),
        *("{", "}", "%", "{#", "#}", " ", "\n", "Hello"),
    ]
)


@given(st.lists(PIECES, max_size=10))
def test_a_body_is_judged_as_its_whole_text_is(pieces: list[str]) -> None:
    source = "".join(pieces)
    try:
        _check_marks(source)
        whole: object = _check(source)
    except TemplateError as error:
        whole = (error.code, error.message, error.line)
    try:
        found = compile_template(source)
        judged: object = (found.placeholders, found.filters)
    except TemplateError as error:
        judged = (error.code, error.message, error.line)
    assert judged == whole
