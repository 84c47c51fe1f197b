"""What the picker says about a response: the facts in its row, and all that stands above its filled text."""

from collections.abc import Sequence
from datetime import date

from textual.content import Content

from paradesk.canned import FACETS, Filled, Library, Response
from paradesk.canned.ranking import in_folder
from paradesk.canned.review import age_words, ending_words
from paradesk.core.model import Conversation
from paradesk.core.text import clean_line
from paradesk.ui.content import Part, assemble
from paradesk.ui.widgets.composer_rows import size_words
from paradesk.ui.widgets.response_list import ResponseRow

FOLDER = "folder:"
"""What begins the id of a row that stands for a folder; no response's id has a colon."""

_UNREMARKABLE = {"urgency": "normal", "customer": "any"}


def response_row(response: Response, today: date) -> ResponseRow:
    """Return the row of a response; how old an overdue one is, and that one ends, goes last where room is short."""
    due = f"review due, {age_words(response, today)}" if response.overdue(today) else ""
    tags = [
        response.tags[facet]
        for facet in FACETS
        if facet in response.tags and response.tags[facet] != _UNREMARKABLE.get(facet)
    ]
    review = "" if due else _short_age(response, today)
    facts = (due, ending_words(response, today), " · ".join(tags), " ".join(sorted(response.body)), review)
    return ResponseRow(response.id, response.title, tuple(filter(None, (*facts, response.shortcut))))


def folder_rows(library: Library, query: str) -> list[ResponseRow]:
    """Return the rows of the folders whose names contain what was typed; first the one that stands for all."""
    words = query.casefold().split()
    rows = [
        ResponseRow(FOLDER + name, "  " * name.count("/") + name, (str(count),))
        for name, count in library.folders().items()
        if all(word in name.casefold() for word in words)
    ]
    return rows if words else [ResponseRow(FOLDER, "all folders", (str(len(library)),)), *rows]


def about_folder(library: Library, folder: str) -> tuple[Content, Content]:
    """Return a heading, and the titles of what lies in a folder."""
    titles = [response.title for response in library if in_folder(response, folder)]
    return assemble((folder or "all folders", "bold"), f" · {len(titles)}\n"), assemble("\n".join(titles[:200]))


def about_response(response: Response, filled: Filled, conversation: Conversation, today: date) -> Content:
    """Return for whom it is filled, in which language, where it comes from, and what goes with it."""
    number = f" #{clean_line(conversation.number, 20)}" if conversation.number else ""
    name = clean_line(conversation.customer.name, 40).upper() or "UNKNOWN CUSTOMER"
    count = len(filled.slots)
    blanks = f" · {count} blank{'' if count == 1 else 's'} to fill in" if count else ""
    others = [language for language in sorted(response.body) if language != filled.language]
    also = f" · also {', '.join(others)}" if others else ""
    parts: list[Part] = [(f"for {name}{number}", "bold"), f" · {filled.language}{blanks}{also}\n"]
    tags = " · ".join(dict.fromkeys(filter(None, (response.folder, *response.tags.values()))))
    parts.append((f"{tags}{_review(response, today)}\n", "dim"))
    if ending := ending_words(response, today):
        parts.append((f"{ending} ({response.active_to})\n", "bold"))
    if response.follow_up:
        parts.append((f"then: {' · '.join(response.follow_up.words())}\n", "bold"))
    if response.attachments:
        files = ", ".join(f"{file.name} {size_words(file.size)}" for file in response.attachments)
        parts.append((f"with: {files}\n", "bold"))
    parts += [(f"see: {link.title + ' ' if link.title else ''}{link.url}\n", "dim") for link in response.links]
    return assemble(*parts)


def with_blanks(filled: Filled) -> Content:
    """Return the filled text with its blanks marked."""
    parts: list[Part] = []
    end = 0
    for blank in filled.slots:
        parts.append(filled.text[end : blank.start])
        parts.append((filled.text[blank.start : blank.end], "bold reverse"))
        end = blank.end
    return assemble(*parts, filled.text[end:])


def next_of(values: Sequence[str], present: str) -> str:
    """Return the value after the present one, in a circle; the first where it is none of them."""
    return values[(values.index(present) + 1) % len(values)] if present in values else values[0]


def _short_age(response: Response, today: date) -> str:
    if response.reviewed is None:
        return ""
    days = max(0, (today - response.reviewed).days)
    return f"{days}d" if days < 100 else f"{days // 30}mo" if days < 720 else f"{days // 365}y"


def _review(response: Response, today: date) -> str:
    owner = f" by {response.owner}" if response.owner else ""
    if response.reviewed is None:
        return f" · never reviewed{f', owner {response.owner}' if response.owner else ''}"
    due = f", due since {response.review_due}" if response.overdue(today) else ""
    return f" · {age_words(response, today)}{owner}{due}"
