"""`paradesk keys`: what the keys do, and whether a keymap is right."""

from pathlib import Path

import click

from paradesk.cli.failure import readable
from paradesk.cli.names import KEYMAP


@click.group()
def keys() -> None:
    """List and check keys."""


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


@keys.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_context
def check(context: click.Context, files: tuple[Path, ...]) -> None:
    """Check keymap files: names, actions, clashes, and what terminals deliver. Exit status 2 where one is wrong."""
    from paradesk.config.shipped import shipped
    from paradesk.core.text import clean_line
    from paradesk.keymap.findings import Finding, KeymapError, Level
    from paradesk.keymap.keymap import Layer
    from paradesk.keymap.loader import load_keymap
    from paradesk.keymap.portability import check_portability

    wrong = False
    with readable():
        default = load_keymap(shipped("keymaps") / "default.toml", Layer.DEFAULT)
        for file in files:
            findings: list[Finding]
            try:
                keymap = load_keymap(file)
                findings = check_portability([default, keymap])
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
