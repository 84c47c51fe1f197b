"""`paradesk keys`: what the keys do, and whether a keymap is right."""

import sys
from pathlib import Path

import click

from paradesk.cli.failure import readable
from paradesk.cli.names import KEYMAP

_LAYOUT_NAMES = ("be", "ch", "ch-fr", "de", "es", "fr", "gb", "gr", "it", "pl", "ru", "se", "ua", "us")
"""Those of `keymap.layouts`, which help is not to import."""


@click.group(invoke_without_command=True)
@click.option("--keymap", type=KEYMAP, metavar="NAME|PATH", help="Ask for the keys of this keymap.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the report goes (default: a new file here).",
)
@click.pass_context
def keys(context: click.Context, keymap: str | None, output: Path | None) -> None:
    """Press every key of your keymap and see what really arrives; or list and check keys.

    At the end a report is written, with other keys for those that do not arrive.
    """
    if context.invoked_subcommand is None:
        _capture(keymap, output)
    elif keymap is not None or output is not None:
        raise click.UsageError("--keymap and --output stand behind the command that they are for")


@keys.command("list")
@click.option("--keymap", type=KEYMAP, metavar="NAME|PATH", help="Show this keymap on top of the default one.")
@click.option("--markdown", is_flag=True, help="Write Markdown; without --keymap, the whole of docs/keys.md.")
def list_keys(keymap: str | None, markdown: bool) -> None:
    """List every action and its keys, as they are configured."""
    from paradesk.config.keymaps import load_keymaps
    from paradesk.config.settings import load_settings
    from paradesk.keymap.describe import cheat_sheet, help_sections
    from paradesk.keymap.dispatch import Dispatcher

    with readable():
        if markdown and keymap is None:
            click.echo(shipped_document(), nl=False)
            return
        settings = load_settings(arguments={"keymap": keymap})
        keymaps = load_keymaps(settings)
        dispatcher = Dispatcher(keymaps)
    if markdown:
        click.echo(cheat_sheet(keymaps[-1].name, keymaps[-1].description, dispatcher), nl=False)
        return
    sections = help_sections(dispatcher)
    width = max(len(", ".join(row.keys)) for section in sections for row in section.rows)
    for section in sections:
        click.echo(section.title)
        for row in section.rows:
            click.echo(f"  {', '.join(row.keys):<{width}}  {row.action.title} ({row.action.id})")
        click.echo()


def _capture(keymap: str | None, output: Path | None) -> None:
    from paradesk.config.keymaps import load_keymaps
    from paradesk.config.settings import load_settings
    from paradesk.keymap.dispatch import Dispatcher

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.ClickException("keys are pressed in a terminal: run it in one, without a pipe")
    with readable():
        keymaps = load_keymaps(load_settings(arguments={"keymap": keymap}))
        Dispatcher(keymaps)
    from paradesk import __version__
    from paradesk.keymap.capture import Capture
    from paradesk.ui.input_guard import guarded_driver
    from paradesk.ui.key_capture import KeyCaptureApp, terminal_of

    capture = Capture(tuple(keymaps), terminal_of())
    wanted = KeyCaptureApp(capture, guarded_driver()).run()
    if not wanted:
        click.echo("no report was written")
        return
    path = _write(capture.markdown(__version__), output)
    bad = [pressed for pressed in capture.pressed.values() if not pressed.good]
    click.echo(f"{len(capture.pressed)} keys pressed, {len(bad)} do not arrive as they are; the report is {path}")
    for pressed in bad:
        click.echo(f"  {pressed.wanted.shown}: {pressed}")
    if snippet := capture.snippet():
        click.echo(f"\nFor your keymap.toml:\n\n{snippet}", nl=False)


def _write(report: str, output: Path | None) -> Path:
    """Write a report into a file that was not there before, or the one that was named."""
    candidates = [output] if output else [Path(f"paradesk-keys{f'-{n}' if n else ''}.md") for n in range(100)]
    for path in candidates:
        try:
            with path.open("w" if output else "x", encoding="utf-8") as file:
                file.write(report)
        except FileExistsError:
            continue
        except OSError as error:
            message = f"{path} cannot be written: {error.strerror}; choose another with --output"
            raise click.ClickException(message) from error
        return path
    raise click.ClickException("there are a hundred reports here already; choose a name with --output")


@keys.command()
@click.option("--layout", type=click.Choice(_LAYOUT_NAMES), help="Also say what this keyboard cannot type.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_context
def check(context: click.Context, files: tuple[Path, ...], layout: str | None) -> None:
    """Check keymap files: names, actions, clashes, hidden and lost keys, and what terminals and keyboards deliver.

    Exit status 2 where one is wrong.
    """
    from paradesk.config.shipped import shipped
    from paradesk.core.text import clean_line
    from paradesk.keymap.checks import check_keymap
    from paradesk.keymap.findings import Finding, KeymapError, Level
    from paradesk.keymap.keymap import Layer
    from paradesk.keymap.layouts import LAYOUTS
    from paradesk.keymap.loader import load_keymap

    wrong = False
    with readable():
        default = load_keymap(shipped("keymaps") / "default.toml", Layer.DEFAULT)
        for file in files:
            findings: list[Finding]
            try:
                keymap = load_keymap(file)
                findings = check_keymap([default, keymap], LAYOUTS[layout] if layout else None)
                bound = sum(binding.action_id is not None for binding in keymap.bindings)
                click.echo(f"{clean_line(str(file), 200)}: {keymap.name}, {bound} bindings")
            except KeymapError as error:
                findings = list(error.findings)
            for finding in findings:
                place = f"{finding.file}:{finding.line}" if finding.line else finding.file
                click.echo(f"{clean_line(place, 200)}: {finding.level}: {clean_line(finding.message, 400)}")
                wrong = wrong or finding.level is Level.ERROR
    context.exit(2 if wrong else 0)


def shipped_document() -> str:
    """Return docs/keys.md, made of the keymaps that ship."""
    from paradesk.config.shipped import shipped
    from paradesk.keymap.describe import keys_document
    from paradesk.keymap.keymap import Layer
    from paradesk.keymap.loader import load_keymap

    folder = shipped("keymaps")
    default = load_keymap(folder / "default.toml", Layer.DEFAULT)
    packs = [load_keymap(path) for path in sorted(folder.glob("*.toml")) if path.stem != "default"]
    return keys_document(default, packs)
