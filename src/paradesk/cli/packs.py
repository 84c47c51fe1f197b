"""`paradesk packs`: keymaps, canned responses and policy that a team lead hands out."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paradesk.cli.failure import Failure
from paradesk.cli.packs_report import default_keymap, pack_errors, say

if TYPE_CHECKING:
    from paradesk.keymap.keymap import Keymap
    from paradesk.packs.check import Checked
    from paradesk.packs.findings import Finding


@click.group()
def packs() -> None:
    """Write, check, hand out and install packs.

    A pack is a folder, or one zip of it: pack.toml, keymaps, canned responses, policy.toml. Nothing in it is ever run.

    \b
    For a lead:   new, check, build, diff, report
    For an agent: add, update, list, why, diff, pin, rollback, remove, verify
    """


@packs.command()
@click.argument("name")
@click.option("--in", "parent", type=click.Path(path_type=Path), default=Path(), help="Make the folder in there.")
@click.option("--author", default="", help="Who writes it; otherwise the name that git knows.")
def new(name: str, parent: Path, author: str) -> None:
    """Write a small pack into a new folder NAME. It checks clean; go on from there."""
    from paradesk.packs.template import new_pack

    with pack_errors():
        files = new_pack(parent / name, name, author=author or _author(), schemas=all_schemas())
    for file in files:
        say(f"{parent / name}/{file}")
    say(f"Check it with `paradesk packs check {parent / name}`")


@packs.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="json is for programs, github for annotations of a workflow.",
)
@click.option("--strict", is_flag=True, help="Fail for warnings too.")
@click.pass_context
def check(context: click.Context, paths: tuple[Path, ...], form: str, strict: bool) -> None:
    """Check packs, folders or zips, and say everything that is wrong, with file and line.

    Exit status 0 where all is well, 2 where there are errors. docs/packs.md explains the codes.
    """
    from paradesk.keymap.findings import Level

    default = default_keymap()
    found: list[Finding] = []
    for path in paths:
        checked = _checked(path, default)
        found += checked.findings
        if form == "text":
            for item in checked.findings:
                say(str(item))
            if checked.manifest is not None:
                what = f"{checked.name} {checked.manifest.version}"
                say(f"{path}: {what}: {len(checked.keymaps)} keymaps, {len(checked.responses)} responses")
    if form == "json":
        click.echo(json.dumps([_record(item) for item in found], indent=2, ensure_ascii=False))
    elif form == "github":
        for item in found:
            click.echo(_annotation(item))
    else:
        say(f"{len(found)} findings")
    wrong = [item for item in found if item.level is Level.ERROR or strict]
    context.exit(2 if wrong else 0)


@packs.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), help="The zip; otherwise NAME-VERSION.zip here.")
@click.option("--sign", "key", type=click.Path(path_type=Path), metavar="KEY", help="Sign it with this SSH key.")
def build(folder: Path, output: Path | None, key: Path | None) -> None:
    """Check a pack and write it as one zip. The same files give the same zip, byte for byte.

    Prints the sha256 that `paradesk packs add URL --sha256` wants. With --sign, ssh-keygen writes a signature beside it.
    """
    import hashlib

    from paradesk.packs.archive import write_zip
    from paradesk.packs.lock import write_whole
    from paradesk.packs.signing import sign

    with pack_errors():
        checked = _checked(folder, default_keymap())
        if checked.errors or checked.manifest is None:
            for item in checked.errors:
                say(str(item), err=True)
            raise Failure(f"{folder} has {len(checked.errors)} errors; nothing was built")
        content = write_zip(checked.tree)
        path = output or Path(f"{checked.manifest.name}-{checked.manifest.version}.zip")
        write_whole(path.absolute(), content)
        path.chmod(0o644)
        say(f"{hashlib.sha256(content).hexdigest()}  {path}")
        if key is not None:
            say(f"signed: {sign(path, key)}")


@packs.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
def schemas(folder: Path | None) -> None:
    """Write the JSON Schemas of all files into FOLDER, or list their names."""
    with pack_errors():
        for name, text in sorted(all_schemas().items()):
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(text, encoding="utf-8")
            say(str(folder / name) if folder is not None else name)


@packs.command()
def codes() -> None:
    """Print every code that a finding may have, as Markdown."""
    from paradesk.packs.findings import codes_table

    click.echo(codes_table(), nl=False)


def all_schemas() -> dict[str, str]:
    """Return the schemas of packs and of the configuration, by file name."""
    from paradesk.cli.config_schema import config_schema, shipped_connectors
    from paradesk.packs.shapes import schemas as of_packs

    return {**of_packs(), "config.schema.json": config_schema(shipped_connectors())}


def _checked(path: Path, default: "Keymap") -> "Checked":
    from paradesk.packs.check import check as check_pack
    from paradesk.packs.local import read_path

    tree, found = read_path(path)
    return check_pack(tree, default, found)


def _author() -> str:
    import subprocess

    try:
        done = subprocess.run(
            ["git", "config", "user.name"], capture_output=True, text=True, errors="replace", check=False, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return os.environ.get("USER", "") or "the team"
    from paradesk.core.text import clean_line

    return clean_line(done.stdout, 70) or os.environ.get("USER", "") or "the team"


def _record(item: "Finding") -> dict[str, object]:
    return {
        "file": item.file,
        "line": item.line,
        "code": item.code,
        "level": str(item.level),
        "message": item.message,
        "advice": item.advice,
    }


def _annotation(item: "Finding") -> str:
    def escaped(text: str, *, value: bool = False) -> str:
        for char, code in (
            ("%", "%25"),
            ("\r", "%0D"),
            ("\n", "%0A"),
            *(((":", "%3A"), (",", "%2C")) if value else ()),
        ):
            text = text.replace(char, code)
        return text

    level = {"error": "error", "warning": "warning"}.get(str(item.level), "notice")
    line = f",line={item.line}" if item.line else ""
    advice = f". {item.advice}" if item.advice else ""
    place = f"file={escaped(item.file, value=True)}{line},title={escaped(item.code, value=True)}"
    return f"::{level} {place}::{escaped(item.message + advice)}"


def _add_commands() -> None:
    from paradesk.cli import packs_installed, packs_shown, packs_usage

    for command in (
        *(packs_installed.add, packs_installed.update, packs_installed.pin, packs_installed.remove),
        *(packs_installed.rollback, packs_shown.list_packs, packs_shown.diff, packs_shown.verify, packs_shown.why),
        packs_usage.report,
    ):
        packs.add_command(command)


_add_commands()
