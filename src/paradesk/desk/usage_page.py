"""The usage of a team as one page, Markdown or HTML, for its lead. Pure.

Ids and wordings come from other people's files: whatever they hold is shown as it stands, and never acts in the page.
"""

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from paradesk.canned.responses import Response
from paradesk.core.text import clean_line
from paradesk.desk.export import markdown_escaped
from paradesk.desk.team_usage import EDITED, LEAST, REPEATED, TeamResponse, TeamUsage

MOST_ROWS = 2_000
"""Rows of one list; what is longer says how many are left out."""


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    says: str
    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def page(team: TeamUsage, problems: Sequence[str], today: date, form: str) -> str:
    """Return the page; `form` is one of `FORMS`, `problems` are the files that were left out, a line each."""
    title = f"Canned responses in use, {today.isoformat()}"
    since = f" from {team.since} to {team.until}" if team.since else ""
    summary = (
        f"{_count(team.desks, 'agent')}{since}: {_count(team.choices, 'canned response')} sent, "
        f"{_count(team.by_hand_replies, 'reply', 'replies')} written by hand."
    )
    return FORMS[form](title, summary, _sections(team, problems, today))


def _sections(team: TeamUsage, problems: Sequence[str], today: date) -> list[_Section]:
    sections = [
        _Section(
            "Edited every time",
            f"Sent {LEAST} times or more, and changed before sending in {EDITED:.0%} of these or more: the text is "
            "probably wrong, or says too much.",
            ("response", "title", "sent", "agents", "edited", "rewritten", "of it sent"),
            [
                (
                    *_named(one),
                    str(one.chosen),
                    str(one.desks),
                    _share(one.edited),
                    str(one.rewritten),
                    _share(one.likeness),
                )
                for one in team.edited
            ],
        ),
        _Section(
            "Answered with the same question",
            f"Of {LEAST} answers or more, {REPEATED:.0%} or more asked again. This is told by lists of everyday "
            "phrases, and is a hint.",
            ("response", "title", "sent", "answered", "asked again", "thanks"),
            [(*_named(one), *map(str, (one.chosen, one.answered, one.repeat, one.thanks))) for one in team.repeated],
        ),
        _Section(
            "Asked for but missing",
            "Written by hand again and again, and alike. Where a response says it already, agents do not find it."
            + (
                f" {_count(team.untold, 'more reply', 'more replies')} by hand recur, but the exports have no wording "
                "of them: `paradesk canned stats --export FILE --with-texts` adds it."
                if team.untold
                else ""
            ),
            ("reply", "times", "chats", "agents", "says it already"),
            [
                (clean_line(one.text, 500), str(one.count), str(one.conversations), str(len(one.desks)), _id(one.there))
                for one in team.missing
            ],
        ),
        _Section(
            "Stale",
            "To be reviewed, or at its end; the longest due first.",
            ("response", "title", "owner", "due", "why", "sent"),
            [
                (*_of(item.response), clean_line(item.response.owner), item.due.isoformat(), item.reason, str(sent))
                for item, sent in team.stale
            ],
        ),
        _Section(
            "Used",
            "The most frequent first.",
            (
                "response",
                "title",
                "sent",
                "agents",
                "suggested",
                "edited",
                "of it sent",
                "thanks",
                "asked again",
                "last",
            ),
            [_used(one) for one in team.used],
        ),
        _Section(
            "Unused",
            "Installed here, and sent by nobody.",
            ("response", "title", "owner", "offered"),
            [(*_of(one), clean_line(one.owner), "yes" if one.active(today) else "not today") for one in team.unused],
        ),
    ]
    if problems:
        lines = [(clean_line(line, 500),) for line in problems]
        sections.append(_Section("Left out", "Not counted here, and why.", ("file",), lines))
    return sections


def _used(one: TeamResponse) -> tuple[str, ...]:
    taken = (f"{one.thanks} of {one.answered}", f"{one.repeat} of {one.answered}")
    counts = (str(one.chosen), str(one.desks), str(one.suggested))
    return (*_named(one), *counts, _share(one.edited), _share(one.likeness), *taken, one.last)


def _named(one: TeamResponse) -> tuple[str, str]:
    return _id(one.id), one.title if one.installed else "(not installed here)"


def _of(response: Response) -> tuple[str, str]:
    return _id(response.id), clean_line(response.title, 80)


def _id(text: str) -> str:
    return clean_line(text, 120)


def _share(part: float) -> str:
    return f"{part:.0%}"


def _count(number: int, one: str, more: str = "") -> str:
    return f"{number} {one if number == 1 else more or one + 's'}"


def _left(section: _Section) -> str:
    return f"… and {len(section.rows) - MOST_ROWS} more." if len(section.rows) > MOST_ROWS else ""


def _markdown(title: str, summary: str, sections: Sequence[_Section]) -> str:
    lines = [f"# {markdown_escaped(title)}", "", markdown_escaped(summary), ""]
    for section in sections:
        lines += [f"## {section.title}", "", section.says, ""]
        if section.rows:
            lines.append(f"| {' | '.join(section.headings)} |")
            lines.append("|---" * len(section.headings) + "|")
            lines += [f"| {' | '.join(map(markdown_escaped, row))} |" for row in section.rows[:MOST_ROWS]]
            lines.append("")
        else:
            lines += ["None.", ""]
        if left := _left(section):
            lines += [left, ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _html(title: str, summary: str, sections: Sequence[_Section]) -> str:
    lines = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>",
        f"<body><h1>{html.escape(title)}</h1><p>{html.escape(summary)}</p>",
    ]
    for section in sections:
        lines.append(f"<h2>{html.escape(section.title)}</h2><p>{html.escape(section.says)}</p>")
        if section.rows:
            lines.append(f"<table><thead>{_row('th', section.headings)}</thead><tbody>")
            lines += [_row("td", row) for row in section.rows[:MOST_ROWS]]
            lines.append("</tbody></table>")
        else:
            lines.append("<p>None.</p>")
        if left := _left(section):
            lines.append(f"<p>{left}</p>")
    return "\n".join(lines) + "\n</body></html>\n"


def _row(tag: str, cells: Sequence[str]) -> str:
    shown = "".join(f'<{tag} dir="auto">{html.escape(cell)}</{tag}>' for cell in cells)
    return f"<tr>{shown}</tr>"


_STYLE = (
    "body { font-family: sans-serif; margin: 2em } table { border-collapse: collapse } "
    "th, td { border: 1px solid #999; padding: 0.2em 0.5em; text-align: start; vertical-align: top; "
    "overflow-wrap: anywhere }"
)

FORMS: dict[str, Callable[[str, str, Sequence[_Section]], str]] = {"markdown": _markdown, "html": _html}
"""The forms of the page, by name."""
