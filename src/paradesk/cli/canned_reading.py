"""`paradesk canned list`, `search`, `render` and `stale`: reading the canned responses from a shell or a script."""

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paradesk.cli.failure import Failure, readable

if TYPE_CHECKING:
    from paradesk.canned import Library, Response

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object for each response in a list.")


def _library() -> "Library":
    from paradesk.config.responses import load_responses
    from paradesk.config.settings import load_settings

    with readable():
        library, findings = load_responses(load_settings())
    for finding in findings:
        click.echo(_line(finding), err=True)
    return library


@click.command("list")
@click.option("--tag", "tags", multiple=True, metavar="[NAME=]VALUE", help="Only with this tag or label; repeatable.")
@click.option("--folder", default="", help="Only in this folder and below it.")
@click.option("--language", default="", help="Only with a text in this language.")
@_JSON
def list_responses(tags: tuple[str, ...], folder: str, language: str, as_json: bool) -> None:
    """List all canned responses: those that ship, of packs, of your team and your own."""
    from paradesk.canned.responses import Response

    def fits(response: Response) -> bool:
        inside = not folder or f"{response.folder}/".casefold().startswith(f"{folder.strip('/')}/".casefold())
        return inside and (not language or response.speaks(language)) and all(_has(response, tag) for tag in tags)

    _print([response for response in _library() if fits(response)], as_json)


def _has(response: "Response", tag: str) -> bool:
    name, equals, value = tag.casefold().partition("=")
    if equals:
        return response.tags.get(name, "").casefold() == value
    return name in (word.casefold() for word in (*response.tags.values(), *response.labels))


@click.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--language", default="", help="Responses in this language come first.")
@_JSON
@click.pass_context
def search(context: click.Context, words: tuple[str, ...], language: str, as_json: bool) -> None:
    """Search as the picker does, best first. Exit status 1 where nothing is found."""
    from paradesk.canned.search import search as find

    hits = find(_library(), " ".join(words), {}, None, language, date.today())
    _print([hit.response for hit in hits], as_json)
    context.exit(0 if hits else 1)


@click.command()
@click.argument("response_id", metavar="ID")
@click.option(
    "--conversation",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A conversation in TOML or JSON: [customer], [order], …",
)
@click.option("--language", default="", help="Fill it in this language; the customer's own otherwise.")
@click.pass_context
def render(context: click.Context, response_id: str, conversation: Path, language: str) -> None:
    """Fill a response for a conversation that stands in a file.

    The text goes to standard output; open blanks are named on standard error, and make the exit status 1.
    """
    from paradesk.canned import fill
    from paradesk.canned.sample import SampleError, read_sample
    from paradesk.core.text import clean_text

    with readable():
        try:
            values, chat = read_sample(conversation)
        except SampleError as error:
            raise Failure(str(error)) from error
    library = _library()
    response = library.get(response_id)
    if response is None:
        raise Failure(f"there is no response {_line(response_id)}{_near(response_id, library)}")
    wanted = language or chat.customer.language or library.default_language
    filled = fill(response, values, wanted, library.default_language)
    click.echo(clean_text(filled.text))
    if filled.slots:
        names = ", ".join(slot.name for slot in filled.slots)
        click.echo(_line(f"open: {names}"), err=True)
    context.exit(1 if filled.slots else 0)


def _near(response_id: str, library: "Library") -> str:
    from rapidfuzz import fuzz, process

    ids = [response.id for response in library]
    found = process.extractOne(response_id, ids, scorer=fuzz.ratio, score_cutoff=60)
    return f"; did you mean {found[0]}?" if found else "; `paradesk canned list` names all"


@click.command()
@click.option(
    "--days", type=click.IntRange(0, 3650), default=0, help="Also those that are due or end within so many days."
)
@click.option("--owner", default="", help="Only those of this owner.")
@_JSON
@click.pass_context
def stale(context: click.Context, days: int, owner: str, as_json: bool) -> None:
    """List responses whose review is overdue, and those that have ended. Exit status 1 where there are any."""
    from paradesk.canned.review import stale as find

    found = find(_library(), date.today(), days, owner)
    if as_json:
        rows = [_row(item.response) | {"due": item.due.isoformat(), "reason": item.reason} for item in found]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        width = max((len(item.response.id) for item in found), default=0)
        for item in found:
            owned = f" [{item.response.owner}]" if item.response.owner else ""
            click.echo(_line(f"{item.response.id:<{width}}  {item.due}  {item.reason}{owned}"))
    context.exit(1 if found else 0)


def _print(responses: "Iterable[Response]", as_json: bool) -> None:
    rows = list(responses)
    if as_json:
        click.echo(json.dumps([_row(response) for response in rows], ensure_ascii=False, indent=2))
        return
    width = max((len(response.id) for response in rows), default=0)
    for response in rows:
        languages = ", ".join(sorted(response.body))
        click.echo(f"{response.id:<{width}}  {response.title}  [{languages}]")


def _row(response: "Response") -> dict[str, object]:
    return {
        "id": response.id,
        "title": response.title,
        "folder": response.folder,
        "shortcuts": list(response.shortcuts),
        "tags": dict(response.tags),
        "labels": list(response.labels),
        "languages": sorted(response.body),
        "owner": response.owner,
        "reviewed": response.reviewed.isoformat() if response.reviewed else None,
        "review_due": response.review_due.isoformat() if response.review_due else None,
        "active_from": response.active_from.isoformat() if response.active_from else None,
        "active_to": response.active_to.isoformat() if response.active_to else None,
        "channels": list(response.channels),
        "file": f"{response.path}:{response.line}",
    }


def _line(text: str) -> str:
    from paradesk.core.text import clean_line

    return clean_line(text, 400)
