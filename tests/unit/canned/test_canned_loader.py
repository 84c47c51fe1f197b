"""Loading: what is good loads, what is bad is named with file, line and what to do."""

import os
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paradesk.canned import Finding, Library, load_library
from paradesk.canned.loader import MAX_FILE, MAX_FOLDERS, MAX_RESPONSES

GOOD = """
[[response]]
id = "refund.approved"
title = "Refund approved"
tags = { urgency = "normal", topic = "refunds", customer = "any" }
labels = ["money back"]
shortcut = "RFA"
owner = "billing-team"
reviewed = 2026-10-01
review_every = "90d"
[response.body]
en = "Hi {{ customer.first_name | default: 'there' }}, your refund for order {{ order.id }} is on its way."
de-at = "Guten Tag, Ihre Erstattung zu Bestellung {{ order.id }} ist unterwegs. {{ customer.first_name }}"
"""


def one(**keys: str) -> str:
    """Return a good response with some keys replaced; an empty value leaves the key out."""
    lines = {"id": '"a"', "title": '"A"', "body": '{ en = "Hello" }'} | keys
    return "[[response]]\n" + "\n".join(f"{key} = {value}" for key, value in lines.items() if value)


def load(root: Path, **files: str) -> tuple[Library, list[Finding]]:
    for name, text in files.items():
        (root / f"{name}.toml").write_text(text, encoding="utf-8")
    return load_library([root])


def test_a_whole_response(tmp_path: Path) -> None:
    library, findings = load(tmp_path, good=GOOD)
    assert findings == []
    [response] = library.responses
    assert response.id == "refund.approved"
    assert set(response.body) == {"en", "de-AT"}
    assert response.tags == {"urgency": "normal", "topic": "refunds", "customer": "any"}
    assert response.labels == ("money back",)
    assert response.shortcut == "rfa"
    assert response.owner == "billing-team"
    assert response.reviewed == date(2026, 10, 1)
    assert response.review_every == timedelta(days=90)
    assert Path(response.path) == tmp_path / "good.toml"
    assert response.line == 2


def test_the_folder_is_the_topic_where_none_is_given(tmp_path: Path) -> None:
    (tmp_path / "Returns").mkdir()
    (tmp_path / "Returns" / "x.toml").write_text(one())
    library, findings = load(tmp_path, loose=one(id='"b"'))
    assert findings == []
    assert {response.id: response.tags["topic"] for response in library} == {"a": "returns", "b": "loose"}


@pytest.mark.parametrize(
    ("text", "code", "line", "loads"),
    [
        ("[[response]\n", "bad-toml", 1, False),
        (one() + "\nowner = 'x\n", "bad-toml", 5, False),
        ("x = 1\n" + one(), "unknown-key", 1, True),
        (one(titel='"x"'), "unknown-key", 5, True),
        ("response = 3", "bad-response", 1, False),
        ("response = [3]", "bad-response", 1, False),
        ("[response]\nid = 'a'", "bad-response", 1, False),
        (one(id=""), "missing-id", 1, False),
        (one(id='"Has Spaces"'), "bad-id", 2, False),
        (one(id="7"), "bad-value", 2, False),
        (one(title=""), "missing-title", 1, False),
        (one(title='"  "'), "missing-title", 1, False),
        (one(title='"' + "x" * 61 + '"'), "too-large", 3, True),
        (one(body=""), "missing-body", 1, False),
        (one(body='"Hello"'), "missing-body", 4, False),
        (one(body="{}"), "missing-body", 4, False),
        (one(body='{ en = "" }'), "missing-body", 4, False),
        (one(body='{ english = "x" }'), "bad-language", 4, False),
        (one(body='{ en = "x", "de_AT" = "x" }'), "bad-language", 4, False),
        (one(body='{ en = "{{ customer.nme }}" }'), "unknown-placeholder", 4, False),
        (one(body='{ en = "{{ order.id | append: 1 }}" }'), "unknown-filter", 4, False),
        (one(body='{ en = "{{ order.id" }'), "unclosed", 4, False),
        (one(body='{ en = "' + "x" * 5000 + '" }'), "too-large", 4, False),
        (one(tags="3"), "bad-value", 5, True),
        (one(tags="{ topic = 3 }"), "bad-value", 5, True),
        (one(tags='{ urgency = "asap" }'), "bad-urgency", 5, True),
        (one(labels='"x"'), "bad-value", 5, True),
        (one(shortcut='"a b"'), "bad-value", 5, True),
        (one(reviewed='"soon"'), "bad-date", 5, True),
        (one(reviewed="2026-10-01T10:00:00Z"), "bad-date", 5, True),
        (one(reviewed="2026-13-01"), "bad-toml", 5, False),
        (one(review_every='"sometimes"'), "bad-date", 5, True),
        (one(review_every="90"), "bad-date", 5, True),
        (one() + "\n\n" + one(title='"B"'), "duplicate-id", 7, True),
        (one(shortcut='"s"') + "\n" + one(id='"b"', shortcut='"S"'), "duplicate-shortcut", 10, True),
        ("x = " + "[" * 5000, "too-deep", 0, False),
        ("a" + ".a" * 400 + " = 1", "too-deep", 1, False),
        ("x = " + "9" * 5000, "bad-toml", 1, False),
    ],
)
def test_faults(tmp_path: Path, text: str, code: str, line: int, loads: bool) -> None:
    library, findings = load(tmp_path, bad=text, good=one(id='"good"'))
    assert [(finding.code, finding.line) for finding in findings] == [(code, line)]
    [finding] = findings
    assert finding.file == str(tmp_path / "bad.toml")
    assert finding.message
    assert finding.advice
    assert str(finding).startswith(finding.file)
    assert library.get("good") is not None
    assert (library.get("a") is not None) is loads


def test_a_fault_in_a_text_of_several_lines_names_its_line(tmp_path: Path) -> None:
    text = '[[response]]\nid = "a"\ntitle = "A"\n[response.body]\nen = "x"\nde = """\nGuten Tag,\n{{ customer.nme }}\n"""\n'
    _, [finding] = load(tmp_path, bad=text)
    assert (finding.code, finding.line) == ("unknown-placeholder", 8)


def test_a_key_inside_a_text_is_not_taken_for_a_place(tmp_path: Path) -> None:
    text = '[[response]]\nid = "a"\ntitle = "A"\n[response.body]\nen = """\nowner = 3\n[[response]]\n"""\n\n' + one(
        id='"b"', owner="3"
    )
    _, [finding] = load(tmp_path, bad=text)
    assert (finding.code, finding.line) == ("bad-value", 14)


def test_all_faults_of_a_file_are_reported_in_order(tmp_path: Path) -> None:
    _, findings = load(tmp_path, bad=one(titel="1", reviewed="1") + "\n" + one(id='"B!"', title=""))
    assert [finding.line for finding in findings] == [5, 6, 7, 8]


def test_a_response_wrong_in_one_language_is_not_offered_in_another(tmp_path: Path) -> None:
    library, [finding] = load(tmp_path, bad=one(body='{ en = "fine", de = "{{ x }}" }'))
    assert finding.code == "unknown-placeholder"
    assert len(library) == 0


def test_files_that_are_no_text_too_large_or_out_of_reach(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside.toml"
    root.mkdir()
    outside.write_text(one(id='"outside"'))
    (root / "binary.toml").write_bytes(b'# \n"\xff"')
    (root / "large.toml").write_bytes(b"#" * (MAX_FILE + 1))
    (root / "link.toml").symlink_to(outside)
    (root / "loop").symlink_to(root)
    (root / ".hidden.toml").write_text(one(id='"hidden"'))
    (root / "notes.txt").write_text("not ours")
    (root / "folder.toml").mkdir()
    os.mkfifo(root / "pipe.toml")
    deep = root.joinpath(*["d"] * (MAX_FOLDERS + 1))
    deep.mkdir(parents=True)
    (deep / "x.toml").write_text(one(id='"deep"'))
    library, findings = load(root, good=one(id='"good"'))
    assert [response.id for response in library] == ["good"]
    assert {(Path(finding.file).name, finding.code) for finding in findings} == {
        ("binary.toml", "bad-encoding"),
        ("large.toml", "too-large"),
        ("link.toml", "outside"),
        ("pipe.toml", "unreadable"),
        ("d", "too-deep"),
    }


def test_too_many_responses(tmp_path: Path) -> None:
    text = "\n".join(one(id=f'"r{number}"') for number in range(MAX_RESPONSES + 1))
    library, findings = load(tmp_path, many=text)
    assert len(library) == MAX_RESPONSES
    assert [finding.code for finding in findings] == ["too-large"]


def test_a_missing_directory_is_a_finding(tmp_path: Path) -> None:
    library, [finding] = load_library([tmp_path / "nowhere"])
    assert len(library) == 0
    assert finding.code == "missing-directory"


def test_a_later_directory_replaces_by_id_and_takes_shortcuts_over(tmp_path: Path) -> None:
    shipped, team = tmp_path / "shipped", tmp_path / "team"
    for folder, text in ((shipped, one(shortcut='"s"') + "\n" + one(id='"b"', shortcut='"t"')), (team, "")):
        folder.mkdir()
        (folder / "x.toml").write_text(text)
    (team / "x.toml").write_text(one(title='"Ours"', shortcut='"t"'))
    library, findings = load_library([shipped, team])
    assert findings == []
    assert [(r.id, r.title, r.shortcut) for r in library] == [("a", "Ours", "t"), ("b", "A", "")]


def test_text_of_packs_is_cleaned_before_anything_quotes_it(tmp_path: Path) -> None:
    text = one(title='"A\\u001b]52;c;x\\u0007\\u202e"', body='{ en = "Hi\\u001b[31m" }') + '\n"\\u001bx" = 1'
    library, [finding] = load(tmp_path, bad=text)
    assert finding.code == "unknown-key"
    [response] = library.responses
    for shown in (response.title, response.body["en"], str(finding)):
        assert "\x1b" not in shown
        assert "\u202e" not in shown


def test_windows_line_ends_and_a_byte_order_mark_are_fine(tmp_path: Path) -> None:
    (tmp_path / "w.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    library, findings = load_library([tmp_path])
    assert findings == []
    assert len(library) == 1


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60, deadline=None
)
@given(
    st.lists(
        st.sampled_from(
            ["[[response]]\n", "[response.body]\n", 'id = "a"\n', 'title = "', '"\n', 'en = "{{ order.id }}"\n', '"""']
        )
        | st.text(max_size=12),
        max_size=14,
    ).map("".join)
)
def test_no_file_keeps_the_good_ones_from_loading(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    (tmp_path / "good.toml").write_text(one(id='"good"'))
    library, findings = load_library([tmp_path])
    assert library.get("good") is not None
    assert all(finding.code and finding.advice for finding in findings)
