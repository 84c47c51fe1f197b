"""`paradesk canned`: what canned responses there are, and whether they are right."""

from pathlib import Path

import click

from paradesk.cli.canned_stats import stats
from paradesk.cli.failure import Failure, readable


@click.group()
def canned() -> None:
    """List and check canned responses, and see how they are used."""


canned.add_command(stats)


@canned.command("list")
def list_responses() -> None:
    """List the canned responses that ship and those of your configured folders."""
    from paradesk.canned.loader import load_library
    from paradesk.config.settings import load_settings
    from paradesk.config.shipped import shipped

    with readable():
        settings = load_settings()
        library, findings = load_library([shipped("canned_responses"), *settings.canned])
    responses = sorted(library.responses, key=lambda response: response.id)
    width = max((len(response.id) for response in responses), default=0)
    for response in responses:
        languages = ", ".join(sorted(response.body))
        click.echo(f"{response.id:<{width}}  {response.title}  [{languages}]")
    for finding in findings:
        click.echo(_line(str(finding)), err=True)


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
