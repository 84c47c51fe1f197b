"""`paradesk canned`: what canned responses there are, and whether they are right."""

from pathlib import Path

import click

from paradesk.cli import canned_reading
from paradesk.cli.canned_exchange import export_responses, import_responses
from paradesk.cli.canned_stats import stats
from paradesk.cli.failure import Failure, readable


@click.group()
def canned() -> None:
    """List, check, import and export canned responses, and see how they are used."""


canned.add_command(stats)
canned.add_command(import_responses)
canned.add_command(export_responses)


@canned.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_context
def check(context: click.Context, folders: tuple[Path, ...]) -> None:
    """Check folders of canned responses. Exit status 2 where something is wrong."""
    from paradesk.canned.loader import load_library

    with readable():
        for folder in folders:
            if not folder.is_dir():
                raise Failure(f"{folder} is not a folder")
        library, findings = load_library(list(folders))
    for finding in findings:
        click.echo(_line(str(finding)))
    click.echo(f"{len(library.responses)} responses, {len(findings)} findings")
    context.exit(2 if findings else 0)


def _line(text: str) -> str:
    from paradesk.core.text import clean_line

    return clean_line(text, 400)


for command in (canned_reading.list_responses, canned_reading.search, canned_reading.render, canned_reading.stale):
    canned.add_command(command)
