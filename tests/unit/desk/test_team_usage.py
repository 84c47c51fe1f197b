"""Usage exports of a team: read from a folder that may hold anything, put together, and shown as a page."""

import os
import re
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from paradesk.canned.responses import Response
from paradesk.desk import usage_files, usage_page
from paradesk.desk.team_usage import TeamUsage, merged
from paradesk.desk.usage import ByHand, ResponseUsage, Usage
from paradesk.desk.usage_files import read_exports
from paradesk.desk.usage_page import page

TODAY = date(2026, 11, 28)
HOSTILE = "<script>alert(1)</script>|[x](http://e.example)\n# head\x1b[2J\u202e`&lt;"


def response(name: str, body: str = "Thanks for waiting.", reviewed: date | None = None) -> Response:
    every = timedelta(days=90) if reviewed else None
    return Response(id=name, title=f"Title of {name}", body={"en": body}, reviewed=reviewed, review_every=every)


def one(
    name: str, chosen: int, unchanged: int, likeness: float = 1.0, answered: int = 0, repeat: int = 0
) -> ResponseUsage:
    return ResponseUsage(
        id=name,
        chosen=chosen,
        unchanged=unchanged,
        likeness=likeness,
        answered=answered,
        repeat=repeat,
        last="2026-11-20",
    )


def by_hand(text: str, count: int = 3) -> ByHand:
    return ByHand(count=count, conversations=count, words=len(text.split()), text=text)


ADA = Usage(
    mark="a", since="2026-10-01", until="2026-11-27", choices=14, by_hand_replies=9,
    responses=[one("refund", 8, 0, 0.5), one("hello", 6, 6, answered=5, repeat=2)],
    by_hand=[by_hand("Your parcel … is on its way to you"), by_hand("", 4)],
)  # fmt: skip
BEN = Usage(
    mark="b", since="2026-09-01", until="2026-11-28", choices=5, by_hand_replies=7,
    responses=[one("refund", 2, 0, 1.0), one("hello", 2, 2), one("bens.own", 1, 1)],
    by_hand=[by_hand("your parcel … is on the way to you", 5), by_hand("we close at noon today, sorry", 3)],
)  # fmt: skip
INSTALLED = [
    response("hello", "We close at {{ shop.closing | default: 'noon' }} today, sorry", reviewed=date(2026, 1, 1)),
    response("refund"),
    response("never", reviewed=TODAY),
]


@pytest.fixture
def team() -> TeamUsage:
    return merged([ADA, BEN], INSTALLED, TODAY)


def put(folder: Path, name: str, usage: Usage) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(msgspec.json.encode(usage))


def test_counts_of_all_desks_are_added(team: TeamUsage) -> None:
    assert (team.desks, team.since, team.until, team.choices, team.by_hand_replies) == (
        2,
        "2026-09-01",
        "2026-11-28",
        19,
        16,
    )
    assert [(used.id, used.chosen, used.desks, used.installed) for used in team.used] == [
        ("refund", 10, 2, True),
        ("hello", 8, 2, True),
        ("bens.own", 1, 1, False),
    ]
    assert team.used[0].likeness == pytest.approx(0.6)


def test_what_a_lead_should_look_at_is_told(team: TeamUsage) -> None:
    assert [wrong.id for wrong in team.edited] == ["refund"]
    assert [asked.id for asked in team.repeated] == ["hello"]
    assert [unused.id for unused in team.unused] == ["never"]
    assert [(item.response.id, sent) for item, sent in team.stale] == [("hello", 8)]


def test_replies_by_hand_that_are_alike_count_together_and_what_is_there_already_is_named(team: TeamUsage) -> None:
    parcel, closing = team.missing
    assert (parcel.count, parcel.desks, parcel.text, parcel.there) == (
        8,
        {0, 1},
        "your parcel … is on the way to you",
        "",
    )
    assert (closing.count, closing.there) == (3, "hello")
    assert team.untold == 4


def test_the_order_of_the_files_changes_nothing_on_the_page(team: TeamUsage) -> None:
    other = merged([BEN, ADA], INSTALLED[::-1], TODAY)
    for form in usage_page.FORMS:
        assert page(other, [], TODAY, form) == page(team, [], TODAY, form)


def test_a_few_uses_prove_nothing() -> None:
    few = Usage(responses=[one("refund", 4, 0, 0.1, answered=4, repeat=4)])
    found = merged([few], INSTALLED, TODAY)
    assert (found.edited, found.repeated) == ([], [])


def test_of_two_exports_of_one_desk_the_newer_counts(tmp_path: Path) -> None:
    put(tmp_path, "z-october.json", msgspec.structs.replace(ADA, until="2026-10-31", choices=3))
    put(tmp_path, "ada/november.json", ADA)
    put(tmp_path, "ben.json", BEN)
    put(tmp_path, "nobody.json", Usage())
    put(tmp_path, "nobody-2.json", Usage())
    exports, problems = read_exports(tmp_path)
    assert [export.name for export in exports] == ["ada/november.json", "ben.json", "nobody-2.json", "nobody.json"]
    assert problems == ["z-october.json: not counted; ada/november.json is a newer export of the same desk"]


def test_what_is_no_export_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    put(tmp_path, "good.json", ADA)
    put(tmp_path, ".hidden", BEN)
    put(tmp_path, "other-form.json", Usage(form="paradesk-usage-99"))
    put(tmp_path, "negative.json", Usage(choices=-1))
    put(tmp_path, "vast.json", Usage(choices=10**18))
    put(tmp_path, "parts.json", Usage(responses=[one("x", 1, 5)]))
    put(tmp_path, "likeness.json", Usage(responses=[one("x", 1, 1, 7.0)]))
    put(tmp_path, "day.json", Usage(until="<b>"))
    put(tmp_path, "no-id.json", Usage(responses=[one(" ", 1, 1)]))
    contents = {
        "empty.json": b"", "notes.txt": b"Dear lead,", "latin.json": b'{"form": "\xff"}', "list.json": b"[1]",
        "deep.json": b"[" * 100_000, "unknown.json": b'{"customer": "Sarah"}',
        "digits.json": b'{"choices": 1' + b"0" * 9_000 + b"}",
    }  # fmt: skip
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "link.json").symlink_to(tmp_path / "good.json")
    os.mkfifo(tmp_path / "pipe.json")
    exports, problems = read_exports(tmp_path)
    assert [export.name for export in exports] == ["good.json"]
    names = {path.name for path in tmp_path.iterdir()} - {"good.json", ".hidden"}
    assert {problem.partition(":")[0] for problem in problems} == names
    assert len(problems) == len(names) == 16


def test_number_size_and_depth_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        put(tmp_path, f"{number}.json", Usage())
    put(tmp_path, "5/5/5/5/5/deep.json", Usage())
    monkeypatch.setattr(usage_files, "MOST_BYTES", 2_000)
    put(tmp_path, "1.json", Usage(by_hand=[by_hand("word " * 1_000)]))
    exports, problems = read_exports(tmp_path)
    assert [export.name for export in exports] == ["0.json", "2.json", "3.json"]
    assert [problem.partition(":")[0] for problem in problems] == ["1.json", "5/5/5/5"]
    monkeypatch.setattr(usage_files, "MOST_FILES", 2)
    exports, problems = read_exports(tmp_path)
    assert [export.name for export in exports] == ["0.json"]
    assert "2.json and what follows" in problems[-1]
    monkeypatch.setattr(usage_files, "MOST_ALL_BYTES", 10)
    assert read_exports(tmp_path)[0] == []


def test_the_page_itself_is_passed_over(tmp_path: Path) -> None:
    put(tmp_path, "good.json", ADA)
    (tmp_path / "report.md").write_text("# Page")
    assert read_exports(tmp_path, tmp_path / "report.md")[1] == []


class Tags(HTMLParser):
    """Collects what a browser would make of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile_pages() -> tuple[str, str]:
    usage = Usage(responses=[one(HOSTILE, 9, 0, 0.1, 9, 9)], by_hand=[by_hand(HOSTILE)])
    hostile = Response(id="unused", title=HOSTILE, body={"en": HOSTILE}, owner=HOSTILE, reviewed=date(2020, 1, 1))
    team = merged([usage], [hostile], TODAY)
    assert team.missing[0].there == "unused"
    return page(team, [HOSTILE], TODAY, "html"), page(team, [HOSTILE], TODAY, "markdown")


def test_hostile_texts_do_nothing_in_html() -> None:
    shown, _ = hostile_pages()
    found = Tags()
    found.feed(shown)
    assert found.tags == {
        *(
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "h1",
            "h2",
            "p",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
        )
    }
    assert found.text.count("<script>alert(1)</script>") == 7
    assert "default-src 'none'" in shown
    assert not set("\x1b\u202e") & set(shown)


def test_hostile_texts_do_nothing_in_markdown() -> None:
    _, shown = hostile_pages()
    assert not set("\x1b\u202e") & set(shown)
    rows = [line for line in shown.splitlines() if "alert" in line]
    assert shown.count("\\<script\\>") == 7
    for row in rows:
        bare = re.sub(r"\\[\\`*_{}\[\]()<>#+\-.!|~&:=@$^]", "", row)
        assert not set(bare) & set("<>[]()`&#"), row
        heading = next(
            line for line in reversed(shown[: shown.index(f"\n{row}\n") + 1].splitlines()) if line.startswith("|---")
        )
        assert bare.count("|") == heading.count("|")
    assert [line for line in shown.splitlines() if line.startswith("# ")] == [
        "# Canned responses in use, 2026\\-11\\-28"
    ]


def test_long_lists_say_what_is_left_out(monkeypatch: pytest.MonkeyPatch, team: TeamUsage) -> None:
    monkeypatch.setattr(usage_page, "MOST_ROWS", 1)
    assert "… and 2 more." in page(team, [], TODAY, "markdown")
    assert "<p>… and 2 more.</p>" in page(team, [], TODAY, "html")
