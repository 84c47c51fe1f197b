"""`paradesk canned import` and `export`: responses of other tools into ours, and ours into theirs."""

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paradesk.cli.failure import Failure, readable

if TYPE_CHECKING:
    from paradesk.canned.exchange import Format, Imported, PortableResponse, Remark


class _WithFormats(click.Command):
    """A command whose help ends with the formats, which are imported only then."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of formats."""
        from paradesk.canned.exchange import FORMATS

        writes = self.name == "export"
        with formatter.section("Formats"):
            formatter.write_dl([(each.name, each.title) for each in FORMATS.values() if each.write or not writes])


@click.command("import", cls=_WithFormats)
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--from", "source", metavar="FORMAT", help="The format of FILE; else it is recognised.")
@click.option("--to", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Where the files go.")
@click.option("--language", default="en", metavar="TAG", help="Language of texts that do not tell theirs; default en.")
@click.option("--tag", "tags", multiple=True, metavar="NAME=VALUE|WORD", help="Add a tag, or a label, to each.")
@click.option("--dry-run", is_flag=True, help="Only say what would come over.")
@click.option("--force", is_flag=True, help="Write over files of an earlier import.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", help="How to report.")
@click.pass_context
def import_responses(
    context: click.Context,
    file: Path,
    source: str | None,
    folder: Path | None,
    language: str,
    tags: tuple[str, ...],
    dry_run: bool,
    force: bool,
    style: str,
) -> None:
    """Bring in the canned responses of another tool from a file that it exported.

    They are written below DIR (else your first configured folder of canned responses), in a folder named after the
    format. What cannot come over is listed. Exit status 1 where a response was left out.
    """
    from paradesk.canned import exchange
    from paradesk.canned.language import canonical_language

    tag = canonical_language(language)
    if not tag:
        raise Failure(f"--language: {language} is no language tag; use one such as en or de-AT")
    with readable():
        content = _content(file)
    try:
        chosen, imported = exchange.read(content, source or "", tag)
    except exchange.BadSource as error:
        raise Failure(f"{file}: {error}") from error
    responses = [_tagged(response, tags) for response in imported.responses]
    remarks = [*imported.remarks, *(remark for response in responses for remark in exchange.unheld(response))]
    written: list[Path] = []
    if responses and not dry_run:
        with readable():
            written = _write(responses, chosen.name, folder or _configured(), force)
    left_out = any(remark.level == "left-out" for remark in remarks)
    if style == "json":
        click.echo(_as_json(chosen, responses, remarks, written))
    else:
        _as_text(file, chosen, imported, remarks, written, dry_run)
    context.exit(1 if left_out or not responses else 0)


def _content(file: Path) -> bytes:
    from paradesk.canned.exchange.source import MAX_BYTES

    if str(file) == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    if not file.is_file():
        raise Failure(f"{file} is not a file")
    with file.open("rb") as opened:
        return opened.read(MAX_BYTES + 1)


def _configured() -> Path:
    from paradesk.config.settings import load_settings

    folders = load_settings().canned
    if not folders:
        raise Failure('say where the responses go: --to DIR, or configure a folder (canned = ["…"] in config.toml)')
    return folders[0]


def _tagged(response: "PortableResponse", tags: Sequence[str]) -> "PortableResponse":
    named = dict(tag.split("=", 1) for tag in tags if "=" in tag)
    labels = dict.fromkeys((*response.labels, *(tag for tag in tags if "=" not in tag)))
    return replace(response, tags={**response.tags, **named}, labels=tuple(labels)[:40])


def _write(responses: Sequence["PortableResponse"], name: str, folder: Path, force: bool) -> list[Path]:
    """Write the files, all or none: the loader must find nothing wrong with them, alone and beside what is there."""
    from paradesk.canned.exchange import to_files
    from paradesk.canned.exchange.toml_files import SCHEMA
    from paradesk.canned.loader import load_library
    from paradesk.packs.shapes import schemas

    files = to_files(responses, name)
    place = folder / name
    with tempfile.TemporaryDirectory() as staged:
        _put({Path(staged) / name / file: text for file, text in files.items()})
        library, findings = load_library([Path(staged)])
    if findings or len(library) != len(responses):
        reason = findings[0].message if findings else f"{len(library)} of {len(responses)} load"
        raise Failure(f"nothing is written: the files would not load ({reason}); please report this")
    targets = {place / file: text for file, text in files.items()}
    if there := [target for target in targets if target.exists() and not force]:
        raise Failure(f"{there[0]} is already there; --force writes over it, --to takes another folder")
    if folder.is_dir():
        existing, _ = load_library([folder])
        own = {target.resolve() for target in targets}
        for response in responses:
            known = existing.get(response.id)
            if known is not None and Path(known.path).resolve() not in own:
                raise Failure(f"nothing is written: {known.path}:{known.line} has the id {response.id} already")
    _put({place / ".schemas" / SCHEMA: schemas()[SCHEMA], **targets})
    return list(targets)


def _put(texts: Mapping[Path, str]) -> None:
    """Write files: all of them under passing names first, so that a full disk leaves everything as it was."""
    passing = {path: path.with_name(f".{path.name}.{os.getpid()}") for path in texts}
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            passing[path].write_text(text, encoding="utf-8", newline="\n")
        for path, written in passing.items():
            written.replace(path)
    finally:
        for written in passing.values():
            written.unlink(missing_ok=True)


def _as_json(
    chosen: "Format", responses: Sequence["PortableResponse"], remarks: Sequence["Remark"], written: Sequence[Path]
) -> str:
    report = {
        "format": chosen.name,
        "responses": [asdict(response) for response in responses],
        "remarks": [asdict(remark) for remark in remarks],
        "written": [str(path) for path in written],
    }
    return json.dumps(report, ensure_ascii=True, indent=2)


def _as_text(
    file: Path,
    chosen: "Format",
    imported: "Imported",
    remarks: Sequence["Remark"],
    written: Sequence[Path],
    dry_run: bool,
) -> None:
    for remark in remarks:
        click.echo(_line(f"{file}: {remark}"))
    counts = Counter(remark.level for remark in remarks)
    click.echo(
        _line(
            f"{chosen.name}: {len(imported.responses)} responses, {counts['left-out']} left out, "
            f"{counts['changed']} changes, {counts['note']} notes"
        )
    )
    if dry_run:
        click.echo("nothing was written (--dry-run)")
    for path in written:
        click.echo(_line(f"wrote {path}"))


@click.command("export", cls=_WithFormats)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--to", "target", default="csv", metavar="FORMAT", help="The format to write; default csv.")
@click.option(
    "--folder",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Only this folder; can be repeated.",
)
@click.option("--language", default="en", metavar="TAG", help="Which text goes where only one can; default en.")
@click.option("--blanks", is_flag=True, help="Write blanks, and values that the tool does not know, as [text].")
@click.option("--force", is_flag=True, help="Write over FILE.")
@click.pass_context
def export_responses(
    context: click.Context,
    file: Path | None,
    target: str,
    folders: tuple[Path, ...],
    language: str,
    blanks: bool,
    force: bool,
) -> None:
    """Write your canned responses as a file for another tool, to FILE or to standard output.

    Exit status 1 where a response was left out, because the tool has no way to say it.
    """
    from paradesk.canned import exchange
    from paradesk.canned.loader import load_library
    from paradesk.config.settings import load_settings
    from paradesk.config.shipped import shipped

    chosen = exchange.named(target)
    if chosen is None or chosen.write is None:
        able = ", ".join(each.name for each in exchange.FORMATS.values() if each.write)
        why = f"there is no format {target}" if chosen is None else f"{chosen.name} cannot be written"
        raise Failure(f"{why}; these can: {able}")
    if file is not None and file.exists() and not force:
        raise Failure(f"{file} is already there; --force writes over it")
    with readable():
        places = list(folders) or [shipped("canned_responses"), *load_settings().canned]
        library, findings = load_library(places)
    responses: Sequence[PortableResponse] = exchange.from_library(library)
    if blanks:
        responses = exchange.bracketed(responses, chosen.name)
    exported = chosen.write(responses, language)
    for finding in findings:
        click.echo(_line(str(finding)), err=True)
    for remark in exported.remarks:
        click.echo(_line(str(remark)), err=True)
    if file is None:
        click.echo(exported.text.encode(), nl=False)
    else:
        with readable():
            _put({file: exported.text})
        click.echo(_line(f"{chosen.name}: wrote {file}"), err=True)
    context.exit(1 if any(remark.level == "left-out" for remark in exported.remarks) else 0)


def _line(text: str) -> str:
    from paradesk.core.text import clean_line

    return clean_line(text, 500)
