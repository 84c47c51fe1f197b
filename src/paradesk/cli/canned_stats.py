"""`paradesk canned stats`: how your canned responses were used, for you and, as a file, for your team lead."""

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paradesk.cli.failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paradesk.desk.usage import Usage

_HEADINGS = ("response", "sent", "suggested", "unchanged", "rewritten", "likeness", "thanks", "asked again", "last")
_LONGEST = 60


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as the export is written.")
@click.option("--export", "target", type=click.Path(path_type=Path), metavar="FILE", help="Write a file for your lead.")
@click.option("--with-texts", is_flag=True, help="Add the wording of replies that you write by hand again and again.")
@click.option("--forget", is_flag=True, help="Delete it all from this machine, and what the ranking has learnt.")
def stats(as_json: bool, target: Path | None, with_texts: bool, forget: bool) -> None:
    """Print how often each canned response was sent, how much of it was edited, and how customers took it.

    It is kept on this machine only. The export has counts and ids, no customer, no conversation and no message; with
    --with-texts also the wordings of your own replies that recur, their numbers, addresses and links taken out, but
    not names: read it before you hand it out.
    """
    if forget:
        if as_json or target is not None or with_texts:
            raise click.UsageError("--forget goes alone")
        _forget()
        return
    usage = _usage(with_texts)
    if target is not None:
        _write(usage, target)
        click.echo(f"Wrote {_line(str(target), 300)}: {usage.choices} choices of {len(usage.responses)} responses")
    elif as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(usage), indent=2).decode())
    else:
        _print(usage)


def _usage(with_texts: bool) -> "Usage":
    from paradesk.desk.choices import read_only
    from paradesk.desk.usage import Usage, usage_of

    with _journal_errors(), read_only(_journal()) as connection:
        return Usage() if connection is None else usage_of(connection, texts=with_texts)


def _print(usage: "Usage") -> None:
    if not usage.choices:
        click.echo("No canned response has been sent yet.")
    else:
        click.echo(
            f"{usage.choices} canned responses sent since {usage.since}, {usage.by_hand_replies} replies by hand"
        )
        click.echo()
        rows: list[tuple[str, ...]] = [_HEADINGS]
        for one in usage.responses:
            counts = (one.chosen, one.suggested, one.unchanged, one.rewritten)
            taken = (f"{one.thanks} of {one.answered}", f"{one.repeat} of {one.answered}")
            rows.append((_line(one.id), *map(str, counts), f"{one.likeness:.2f}", *taken, one.last))
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
        for row in rows:
            pieces = (f"{text:>{width}}" for text, width in zip(row[1:], widths[1:], strict=True))
            click.echo("  ".join((f"{row[0]:<{widths[0]}}", *pieces)))
    if usage.by_hand:
        click.echo()
        click.echo("Written by hand again and again; a canned response could say it:")
        for group in usage.by_hand:
            what = f": {_line(group.text, 120)}" if group.text else f", {group.words} words (--with-texts shows them)"
            click.echo(f"  {group.count} times in {group.conversations} chats{what}")


def _write(usage: "Usage", target: Path) -> None:
    import msgspec

    content = msgspec.json.format(msgspec.json.encode(usage), indent=2) + b"\n"
    fresh = target.with_name(f".{target.name}.new")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(content)
        fresh.replace(target)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise Failure(f"{_line(str(target), 300)} cannot be written: {error.strerror or error}") from error


def _forget() -> None:
    from paradesk.desk.choices import Choices
    from paradesk.desk.journal import DeskBusy, Journal

    count = 0
    if _journal().exists():
        with _journal_errors():
            try:
                journal = Journal(_journal().parent)
            except DeskBusy as error:
                raise Failure(f"{error}; then say `paradesk canned stats --forget` again") from error
            try:
                count = Choices(journal).forget()
            finally:
                journal.close()
    click.echo(f"Forgot {count} choice{'' if count == 1 else 's'}.")


def _journal() -> Path:
    from paradesk.config.places import journal_directory

    return journal_directory() / "desk.sqlite3"


@contextmanager
def _journal_errors() -> "Iterator[None]":
    from paradesk.desk.journal import JournalError

    try:
        yield
    except JournalError as error:
        raise Failure(_line(str(error), 400)) from error


def _line(text: str, limit: int = _LONGEST) -> str:
    from paradesk.core.text import clean_line

    return clean_line(text, limit)
