"""`paradesk packs report`: what a whole team uses of its canned responses, as a page for the lead."""

import sys
from pathlib import Path

import click

from paradesk.cli.failure import Failure
from paradesk.cli.packs_report import pack_errors, say


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write the page there.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["markdown", "html"]),
    help="Otherwise html where FILE ends in .html, and markdown elsewhere.",
)
def report(folder: Path, output: Path | None, form: str | None) -> None:
    """Put agents' usage exports together and compare them with the responses that are installed here.

    DIR holds files that `paradesk canned stats --export FILE` wrote, one of each agent, in folders or not. The page
    says which responses are used, unused, stale, edited every time, answered with the same question, and which
    replies agents write by hand again and again. Files that are no exports are named and left out.
    """
    from datetime import date

    from paradesk.config.responses import load_responses
    from paradesk.config.settings import load_settings
    from paradesk.desk.team_usage import merged
    from paradesk.desk.usage_files import read_exports
    from paradesk.desk.usage_page import page
    from paradesk.packs.lock import write_whole

    with pack_errors():
        exports, problems = read_exports(folder, output)
        for problem in problems:
            say(problem, err=True)
        if not exports:
            raise Failure(f"{folder} has no usage export; `paradesk canned stats --export FILE` writes one")
        library, wrong = load_responses(load_settings())
        for line in wrong:
            say(line, err=True)
        today = date.today()
        team = merged([export.usage for export in exports], library, today)
        html = form == "html" or (form is None and output is not None and output.suffix.lower() in (".html", ".htm"))
        content = page(team, problems, today, "html" if html else "markdown").encode()
        if output is None:
            sys.stdout.buffer.write(content)
            return
        write_whole(output.absolute(), content)
        say(f"Wrote {output}: {len(exports)} exports, {team.choices} choices, {len(problems)} files left out")
