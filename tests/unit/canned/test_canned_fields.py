"""The further keys of a response: what they mean, and what is said about wrong ones."""

from datetime import date
from pathlib import Path

import pytest

from paradesk.canned import Finding, Library, load_library
from paradesk.canned.fields import MAX_ATTACHMENT
from paradesk.canned.follow_up import FollowUp
from paradesk.canned.language import find_cycle
from paradesk.canned.offering import offered
from paradesk.canned.responses import Response, Source
from paradesk.canned.review import age_words, ending_words, stale
from paradesk.canned.search import search
from paradesk.core.model import Priority, Status

TODAY = date(2026, 11, 22)


def one(**keys: str) -> str:
    lines = {"id": '"a"', "title": '"A"', "body": '{ en = "Hello" }'} | keys
    return "[[response]]\n" + "\n".join(f"{key} = {value}" for key, value in lines.items() if value)


def load(root: Path, text: str, name: str = "x.toml") -> tuple[Library, list[Finding]]:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return load_library([root])


def the(library: Library) -> Response:
    [response] = library.responses
    return response


def test_every_further_key(tmp_path: Path) -> None:
    (tmp_path / "billing" / "forms").mkdir(parents=True)
    (tmp_path / "billing" / "forms" / "claim.pdf").write_bytes(b"%PDF-")
    library, findings = load(
        tmp_path,
        """
default_language = "de"
[fallback]
nds = "de"
[[response]]
id = "claim"
title = "Claim form"
shortcut = "CLM"
shortcuts = ["form", "clm"]
active_from = 2026-11-01
active_to = 2026-11-30
channels = ["web", "E-Mail"]
links = ["https://example.com/claims", { title = "Policy", url = "https://example.com/policy" }]
attachments = ["forms/claim.pdf"]
then = { status = "pending", add_tags = ["claim"], remove_tags = ["new"], priority = "high" }
fallback = { "en-GB" = "en" }
[response.body]
de = "Anbei das Formular."
en = "Here is the form."
""",
        "billing/claims.toml",
    )
    assert findings == []
    response = the(library)
    assert response.shortcuts == ("clm", "form")
    assert response.folder == "billing"
    assert (response.active_from, response.active_to) == (date(2026, 11, 1), date(2026, 11, 30))
    assert response.channels == ("web", "E-Mail")
    assert response.links == (
        Source("https://example.com/claims"),
        Source("https://example.com/policy", "Policy"),
    )
    [file] = response.attachments
    assert (file.name, file.size) == ("claim.pdf", 5)
    assert Path(file.path).read_bytes() == b"%PDF-"
    assert response.follow_up.words() == ("set pending", "add tag claim", "remove tag new", "priority high")
    assert response.root == str(tmp_path)
    assert [response.language_for(tag) for tag in ("nds", "en-GB", "en-US", "fr")] == ["de", "en", "en", "de"]


def test_a_fallback_comes_before_the_shorter_tag(tmp_path: Path) -> None:
    library, findings = load(
        tmp_path, one(body='{ en = "x", de = "y", de-CH = "z" }', fallback='{ "de-AT" = "de-CH", fr = "en" }')
    )
    assert findings == []
    response = the(library)
    tags = ("de-AT", "de-at-1996", "de-LI", "fr-CA", "it")
    assert [response.language_for(tag, "de") for tag in tags] == ["de-CH", "de-CH", "de", "en", "de"]


def test_the_default_language_of_a_directory_comes_before_that_of_the_desk(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(one(body='{ en = "x", pl = "y" }'))
    library, _ = load_library([tmp_path], "en", {tmp_path: "pl"})
    assert the(library).language_for("fr", library.default_language) == "pl"


def test_a_circle_is_named_and_one_by_shortening_is_none() -> None:
    assert find_cycle({"fr": "de", "de": "nl", "nl": "de"}) == ("de", "nl", "de")
    assert find_cycle({"de": "de"}) == ("de", "de")
    assert find_cycle({"de": "de-AT"}) == ()
    response = Response(id="a", title="A", body={"fr": "x"}, fallback={"de": "de-AT"})
    assert response.language_for("de-AT") == "fr"


@pytest.mark.parametrize(
    ("text", "code", "line", "advice", "loads"),
    [
        (one(folder='"a//b"'), "bad-folder", 5, "billing/invoices", True),
        (one(folder='"../x"'), "bad-folder", 5, "", True),
        (one(folder="3"), "bad-folder", 5, "", True),
        (one(shortcuts='["a b"]'), "bad-value", 5, "-", True),
        (one(active_from='"soon"'), "bad-date", 5, "2026-10-01", True),
        (one(active_from="2026-02-01", active_to="2026-01-01"), "bad-period", 6, "Exchange", True),
        (one(channels='"web"'), "bad-value", 5, "[", True),
        (one(links='["javascript:alert(1)"]'), "bad-link", 5, "https", True),
        (one(links='[{ url = "https://e.com", titel = "x" }]'), "unknown-key", 5, "title", True),
        (one(attachments='["gone.pdf"]'), "missing-attachment", 5, "beside x.toml", False),
        (one(attachments='["/etc/passwd"]'), "outside", 5, "beside", False),
        (one(attachments='["../x.toml"]'), "missing-attachment", 5, "", False),
        (one(attachments='["."]'), "missing-attachment", 5, "file", False),
        (one(then='"pending"'), "bad-value", 5, "status", True),
        (one(then='{ statsu = "pending" }'), "unknown-key", 5, "`status`", True),
        (one(then='{ status = "new" }'), "bad-status", 5, "pending", True),
        (one(then='{ priority = "huge" }'), "bad-priority", 5, "urgent", True),
        (one(then='{ add_tags = "x" }'), "bad-value", 5, "[", True),
        (one(activ_to="2026-01-01"), "unknown-key", 5, "`active_to`", True),
        (one(fallback='{ xx = "english" }'), "bad-language", 5, "de-AT", True),
        (one(fallback='{ fr = "it" }'), "fallback-nowhere", 5, "en", True),
        (one() + '\n[response.fallback]\nfr = "en"\nde = "nl"\nnl = "de"', "fallback-cycle", 7, "out", True),
        ('[fallback]\nfr = "en"\nde = "nl"\nnl = "de"\n' + one(), "fallback-cycle", 3, "out", True),
        ('default_language = "english"\n' + one(), "bad-language", 1, "de-AT", True),
        ('default_langage = "en"\n' + one(), "unknown-key", 1, "`default_language`", True),
    ],
)
def test_faults(tmp_path: Path, text: str, code: str, line: int, advice: str, loads: bool) -> None:
    library, findings = load(tmp_path, text)
    assert [(finding.code, finding.line) for finding in findings] == [(code, line)]
    assert advice in findings[0].advice
    assert (library.get("a") is not None) is loads


def test_attachments_stay_inside_whatever_they_are_called(tmp_path: Path) -> None:
    pack, secret = tmp_path / "pack", tmp_path / "secret.txt"
    secret.write_text("s")
    (pack / "in").mkdir(parents=True)
    (pack / "in" / "link.txt").symlink_to(secret)
    (pack / "beside.txt").write_text("b")
    with (pack / "in" / "big.bin").open("wb") as file:
        file.truncate(MAX_ATTACHMENT + 1)
    for name, code in {
        "link.txt": "outside",
        "../../secret.txt": "outside",
        "../beside.txt": "outside",
        "big.bin": "too-large",
        "a\\u0000b": "missing-attachment",
        "x" * 300: "missing-attachment",
    }.items():
        library, findings = load(pack, one(attachments=f'["{name}"]'), "in/x.toml")
        here = [finding.code for finding in findings if finding.line]
        assert here == [code], name
        assert len(library) == 0


def test_a_shortcut_of_a_later_directory_is_taken_from_the_earlier(tmp_path: Path) -> None:
    for name, identity in (("low", "a"), ("high", "b")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.toml").write_text(one(id=f'"{identity}"', shortcuts=f'["both", "{name}"]'))
    library, findings = load_library([tmp_path / "low", tmp_path / "high"])
    assert findings == []
    assert {response.id: response.shortcuts for response in library} == {"a": ("low",), "b": ("both", "high")}
    assert search(library, "high", {}, None)[0].response.id == "b"


def test_only_what_holds_today_and_is_meant_for_the_channel_is_offered() -> None:
    def made(name: str, **keys: object) -> Response:
        return Response(id=name, title=name, body={"en": "x"}, **keys)  # type: ignore[arg-type]

    library = Library(
        [
            made("always"),
            made("over", active_to=date(2026, 11, 21)),
            made("last", active_to=TODAY),
            made("later", active_from=date(2026, 11, 23)),
            made("mail", channels=("E-Mail",)),
            made("web", channels=("web", "whatsapp")),
        ]
    )
    assert [response.id for response in offered(library, "email", TODAY)] == ["always", "last", "mail"]
    assert [response.id for response in offered(library, "chat", TODAY)] == ["always", "last", "web"]
    assert offered(library, "chat", TODAY) is offered(library, "chat", TODAY)
    plain = Library([made("always")])
    assert offered(plain, "web", TODAY) is plain
    assert library.folders() == {}


def test_folders_count_what_lies_below_them() -> None:
    responses = [
        Response(id=str(number), title="x", body={"en": "x"}, folder=folder)
        for number, folder in enumerate(("b/c", "b", "a", "b/c"))
    ]
    assert dict(Library(responses).folders()) == {"a": 1, "b": 3, "b/c": 2}


def test_age_and_end_in_words() -> None:
    response = Response(id="a", title="A", body={"en": "x"}, reviewed=date(2026, 3, 10), active_to=date(2026, 11, 25))
    assert age_words(response, TODAY) == "reviewed 8 months ago"
    assert ending_words(response, TODAY) == "ends in 3 days"
    assert ending_words(response, date(2026, 11, 25)) == "ends today"
    assert ending_words(response, date(2026, 11, 26)) == ""
    assert ending_words(response, date(2026, 11, 1)) == ""
    assert age_words(Response(id="a", title="A", body={}), TODAY) == "never reviewed"
    for day, words in (
        (date(2026, 11, 22), "today"),
        (date(2026, 11, 21), "1 day ago"),
        (date(2023, 1, 1), "3 years ago"),
    ):
        assert age_words(Response(id="a", title="A", body={}, reviewed=day), TODAY) == f"reviewed {words}"


def test_stale_lists_what_is_due_or_ends_longest_due_first(tmp_path: Path) -> None:
    library, findings = load(
        tmp_path,
        "\n".join(
            one(id=f'"{name}"', **keys)
            for name, keys in {
                "due": {"reviewed": "2026-08-01", "review_every": '"90d"', "owner": '"Billing"'},
                "older": {"reviewed": "2026-01-01", "review_every": '"90d"'},
                "soon": {"reviewed": "2026-11-01", "review_every": '"4w"'},
                "fine": {"reviewed": "2026-11-01", "review_every": '"1y"'},
                "ended": {"active_to": "2026-11-01"},
                "ends": {"active_to": "2026-11-30"},
                "nobody": {},
            }.items()
        ),
    )
    assert findings == []
    assert [item.response.id for item in stale(library, TODAY)] == ["older", "due", "ended"]
    assert [item.response.id for item in stale(library, TODAY, 10)] == ["older", "due", "ended", "soon", "ends"]
    assert [item.response.id for item in stale(library, TODAY, owner="billing")] == ["due"]
    assert stale(library, TODAY)[0].reason == "reviewed 10 months ago, overdue"
    assert stale(library, TODAY, 10**12)


def test_overdue_ones_sink(tmp_path: Path) -> None:
    due = {"reviewed": "2026-01-01", "review_every": '"30d"'}
    library, _ = load(tmp_path, one(id='"a"', title='"A"', **due) + "\n" + one(id='"b"', title='"B"'))
    assert [hit.response.id for hit in search(library, "", {}, None, today=TODAY)] == ["b", "a"]
    assert [hit.response.id for hit in search(library, "", {}, None, today=date(2026, 1, 2))] == ["a", "b"]


def test_follow_ups_add_up_and_the_later_one_holds() -> None:
    first = FollowUp(status=Status.PENDING, add_tags=("a", "b"), priority=Priority.LOW)
    later = FollowUp(status=Status.SOLVED, add_tags=("c",), remove_tags=("a",))
    both = first.then(later)
    assert both == FollowUp(status=Status.SOLVED, add_tags=("b", "c"), remove_tags=("a",), priority=Priority.LOW)
    assert both
    assert not FollowUp()
    assert FollowUp().words() == ()
