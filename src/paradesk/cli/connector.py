"""`paradesk connector`: write, check and list connectors."""

from pathlib import Path

import click

from paradesk.cli.failure import Failure, readable
from paradesk.cli.names import CONNECTOR, KEYMAP, PROFILE
from paradesk.cli.packs_report import say


@click.group()
def connector() -> None:
    """Write, check and list connectors to chat backends."""


@connector.command("new")
@click.argument("name")
@click.option(
    "--directory", type=click.Path(path_type=Path), default=Path(), help="Make the folder in there, not here."
)
@click.option("--title", default="", help="What people call the backend; otherwise NAME.")
def new(name: str, directory: Path, title: str) -> None:
    """Write an installable package for a connector called NAME.

    It keeps the connector contract as it stands, with a chat server in memory where your backend will be.
    """
    from paradesk.cli.connector_new import CannotWrite, new_connector
    from paradesk.connectors.registry import connector_names

    if name in connector_names():
        raise Failure(f"a connector {name} is installed already; choose another name")
    with readable():
        try:
            written = new_connector(directory, name, title)
        except CannotWrite as error:
            raise Failure(str(error)) from error
    for path in written:
        say(str(path))
    say(f"Install it with `pip install -e '{written[0].parent}[test]'`, then `paradesk connector check {name}`.")


@connector.command("check")
@click.argument("what", metavar="PACKAGE|NAME|MODULE:CLASS")
@click.option("--only", default="", metavar="TEST", help="Only tests whose names match, such as test_run_ends.")
@click.option("--trace", is_flag=True, help="Show where each failed test failed.")
@click.option("--json", "in_json", is_flag=True, help="Write the results for programs.")
@click.option("--badge", is_flag=True, help="Print one more line: a badge in Markdown for a README.")
@click.pass_context
def check(context: click.Context, what: str, only: str, trace: bool, in_json: bool, badge: bool) -> None:
    """Run the connector contract, and say for each of its sentences whether it is kept.

    WHAT is the name of an installed connector, a package, or the class of a backend under test as module:Class. What a
    connector does not declare is skipped. Exit status 0 where the contract is kept, 1 where not, 2 where it cannot be run.
    """
    from paradesk.cli.connector_check import as_json, found_backends, lines, run_check

    reports = [run_check(make, name, only) for name, make in found_backends(what).items()]
    if in_json:
        click.echo(as_json(reports))
    for report in reports:
        if only and not report.results:
            raise Failure(f"no test matches {only!r}; docs/connectors.md names them all")
        if not in_json:
            for line in lines(report, trace=trace):
                say(line)
        if badge:
            click.echo(report.badge, err=in_json)
    context.exit(0 if all(report.kept for report in reports) else 1)


@connector.command("list")
@click.option("--json", "in_json", is_flag=True, help="Write the list for programs.")
def list_connectors(in_json: bool) -> None:
    """List the installed connectors: name, title, package, and what is wrong or missing."""
    import json

    from paradesk.connectors.registry import Offered, UnknownConnector, load_connector, offered_connectors

    def look(found: Offered) -> tuple[str, str]:
        if found.missing:
            return "", f"needs {', '.join(found.missing)}: {found.remedy}"
        try:
            return load_connector(found.name).title, "installed"
        except UnknownConnector as error:
            return "", f"BROKEN: {error}"

    rows = []
    for found in offered_connectors():
        title, state = look(found)
        rows.append((found.name, title or "-", f"{found.package} {found.version}".strip() or found.place, state))
    if in_json:
        keys = ("name", "title", "package", "state")
        click.echo(json.dumps([dict(zip(keys, row, strict=True)) for row in rows], indent=2, ensure_ascii=False))
        return
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for name, title, package, state in rows:
        say(f"{name:<{widths[0]}}  {title:<{widths[1]}}  {package:<{widths[2]}}  {state}")


@connector.command("record")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--profile", "profiles", type=PROFILE, multiple=True, metavar="NAME", help="Open this profile only.")
@click.option("--texts", is_flag=True, help="Keep what people wrote, and their names. Otherwise only shapes are kept.")
@click.pass_context
def record(context: click.Context, file: Path, profiles: tuple[str, ...], texts: bool) -> None:
    """Open Paradesk as usual, and write what the backends tell into FILE, for a bug report or a demonstration.

    Secrets, e-mail addresses and ids never stand in it, texts only with --texts. It ends at 64 MB.
    """
    from paradesk.cli.run import run
    from paradesk.connectors.base import Connector
    from paradesk.connectors.recording import Recorded, RecordingError, RecordingFile

    with readable():
        try:
            recording = RecordingFile(file, texts=texts)
        except RecordingError as error:
            raise Failure(str(error)) from error

    def wrap(profile: str, inner: Connector) -> Connector:
        return Recorded(inner, recording, profile)

    try:
        status = run(profiles, wrap=wrap)
    finally:
        recording.close()
    if recording.full:
        say(f"{file}: the recording ended before you did: it had reached its limit, or the disk was full", err=True)
    say(f"Play it with `paradesk connector replay {file}`")
    context.exit(status)


@connector.command("replay")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--speed", type=click.FloatRange(min=0.01, max=10_000), default=1.0, show_default=True, help="2: twice as fast."
)
@click.option(
    "--longest-pause",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Wait no longer than this between two events.",
)
@click.option("--keymap", type=KEYMAP, metavar="NAME|PATH", help="Use this keymap, such as zendesk.")
@click.option("--theme", metavar="NAME", help="dark, light or contrast.")
@click.pass_context
def replay(
    context: click.Context, file: Path, speed: float, longest_pause: float, keymap: str | None, theme: str | None
) -> None:
    """Play what `connector record` wrote, in Paradesk. Nothing leaves this machine, and nothing is kept."""
    import shutil

    from paradesk.cli import demo_folder
    from paradesk.cli.run import open_desk
    from paradesk.config.settings import load_settings
    from paradesk.connectors.recording import RecordingError, ReplayConnector, read_recording
    from paradesk.desk.desk import Profile

    def one(name: str) -> Profile:
        return Profile(name, lambda: ReplayConnector(recording, name, speed=speed, longest_pause=longest_pause))

    with readable():
        try:
            recording = read_recording(file)
        except RecordingError as error:
            raise Failure(str(error)) from error
        if not recording.profiles:
            raise Failure(f"{file}: nothing happened in this recording")
        settings = load_settings(arguments={"keymap": keymap, "theme": theme})
        demo_folder.sweep()
        directory = demo_folder.new_folder()
        try:
            profiles = [one(name) for name in recording.profiles]
            status = open_desk(lambda: profiles, directory=directory, settings=settings, title="recording")
        finally:
            shutil.rmtree(directory, ignore_errors=True)
    context.exit(status)


@connector.command("contract")
def contract() -> None:
    """Print the connector contract, one sentence for each test, as Markdown."""
    try:
        from paradesk.testing.specification import document
    except ImportError as error:
        raise Failure("the contract suite needs pytest: pip install 'paradesk[testing]'") from error
    click.echo(document(), nl=False)


@connector.command("capabilities")
@click.argument("names", nargs=-1, type=CONNECTOR, metavar="[NAME]...")
@click.option("--document", "as_document", is_flag=True, help="Write docs/connector-capabilities.md.")
def capabilities(names: tuple[str, ...], as_document: bool) -> None:
    """Print what connectors can do as a table in Markdown: those that ship, or those that are named."""
    from paradesk.connectors.registry import UnknownConnector, load_connector, offered_connectors
    from paradesk.connectors.tables import capability_table

    chosen = names or [found.name for found in offered_connectors() if found.package == "paradesk"]
    try:
        table = capability_table([load_connector(name) for name in chosen])
    except UnknownConnector as error:
        raise Failure(str(error)) from error
    heading = "# What the connectors that ship can do\n\n" + _MADE if as_document else ""
    click.echo(heading + table, nl=False)


_MADE = """\
<!-- Made by `paradesk connector capabilities --document > docs/connector-capabilities.md` from what each declares. -->

*Local only* is kept by the desk and not told to the backend. A single conversation can have less than its backend: the
screen then says why.

"""
