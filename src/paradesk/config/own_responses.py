"""The agent's own canned responses on disk: written as a whole, added to and changed without touching what stands there."""

import os
import re
import shutil
from datetime import date
from pathlib import Path

from paradesk.canned.fields import MAX_ATTACHMENT
from paradesk.canned.language import chain
from paradesk.canned.loader import MAX_FILE, load_library
from paradesk.canned.proposing import patch
from paradesk.canned.responses import Library, Response
from paradesk.canned.tables import TableError, appended, changed_table, new_table, replaced, table_text
from paradesk.canned.writing import Writing
from paradesk.config.edit import write_private
from paradesk.config.places import config_directory
from paradesk.core.text import clean_line

_SCHEMA = "canned_responses.schema.json"
_PLAIN = re.compile(r"[^A-Za-z0-9._-]")


class ResponseError(Exception):
    """A response could not be written; nothing was changed. Says where, what was wrong and what to do."""


def own_directory() -> Path:
    """Return the folder of the agent's own responses, the last and highest layer; it need not exist."""
    return config_directory() / "canned_responses"


def proposals_directory() -> Path:
    """Return the folder into which proposals for the team lead are written."""
    return config_directory() / "proposals"


def is_own(response: Response) -> bool:
    """Tell whether a response stands in a file of the agent's own layer."""
    return bool(response.root) and Path(response.root) == own_directory()


def save(writing: Writing, original: Response | None) -> Path:
    """Add a response to the agent's own, or change it there; returns the file. Raises ResponseError.

    `original` is what is being edited. One that is not the agent's own is copied with everything that it has, its files
    included, and stays as it is.
    """
    try:
        if original is not None and is_own(original):
            return _change(writing, original)
        return _add(writing, original)
    except TableError as error:
        where = original.path if original is not None else str(own_directory())
        raise ResponseError(f"{where}: {error}") from error
    except OSError as error:
        where = str(error.filename or own_directory())
        raise ResponseError(f"{where}: cannot be written: {error.strerror or error}") from error


def _change(writing: Writing, original: Response) -> Path:
    path = Path(original.path)
    text = _read(path)
    table = changed_table(table_text(text, original.id), _changes(writing, original))
    _write(path, replaced(text, original.id, table))
    return path


def _changes(writing: Writing, original: Response) -> dict[str, object]:
    """Return the values that differ from the original; what the file does not say of itself stays unsaid."""
    values = writing.values()
    same = {
        "folder": writing.folder == original.folder,
        "tags": dict(writing.tags) == dict(original.tags),
        "labels": writing.labels == original.labels,
        "shortcut": writing.shortcut == original.shortcut,
        "title": writing.title == original.title,
        "body": writing.bodies == dict(original.body),
    }
    return {key: value for key, value in values.items() if not same.get(key, False)}


def _add(writing: Writing, original: Response | None) -> Path:
    language = original.default_language if original is not None else ""
    path = own_directory() / (f"mine-{language}.toml" if language else "mine.toml")
    text = _read(path) if path.exists() else ""
    if not text:
        text = f"#:schema ./.schemas/{_SCHEMA}\n"
        text += "# Canned responses of your own. Each stands in for the one with the same id that came with a pack.\n"
        text += f'default_language = "{language}"\n' if language else ""
        _write_schema()
    if original is None:
        _write(path, appended(text, new_table(writing.values())))
        return path
    # Where it stood said some of this by its place; here it has to be written down.
    values = writing.values()
    if original.fallback:
        have = {tag.casefold() for tag in writing.bodies}
        leads = original.fallback
        values["fallback"] = {tag: goal for tag, goal in leads.items() if have.intersection(chain(goal, leads))}
    if original.attachments:
        values["attachments"] = _copy_files(original)
    _write(path, appended(text, changed_table(table_text(_read(Path(original.path)), original.id), values)))
    return path


def _write_schema() -> None:
    """Put what editors complete by beside the file; the loader does not look into it."""
    from paradesk.packs.shapes import schemas

    write_private(own_directory() / ".schemas" / _SCHEMA, schemas()[_SCHEMA].encode())


def _copy_files(original: Response) -> list[str]:
    folder = Path("files") / original.id
    names = []
    for file in original.attachments:
        source, name = Path(file.path), str(folder / file.name)
        if source.stat().st_size > MAX_ATTACHMENT:
            raise ResponseError(f"{source}: is too large by now; send a link instead")
        goal = own_directory() / name
        goal.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = goal.with_name(f".{goal.name}.fresh")
        shutil.copyfile(source, fresh, follow_symlinks=False)
        fresh.replace(goal)
        names.append(name)
    return names


def _read(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        raise ResponseError(f"{path}: the file is larger than {MAX_FILE // 1024} KB; split it")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ResponseError(f"{path}: is not UTF-8 text; save it as UTF-8") from error


def _write(path: Path, text: str) -> None:
    content = text.encode()
    if len(content) > MAX_FILE:
        advice = "move some of its responses to another file in this folder"
        raise ResponseError(f"{path}: would be larger than {MAX_FILE // 1024} KB; {advice}")
    write_private(path, content)


def propose(writing: Writing, original: Response | None, today: date) -> Path:
    """Write a patch against the pack's file and the response's own TOML for the team lead; returns their folder.

    `original` is the pack's or team's response, None where there is none yet. Raises ResponseError.
    """
    try:
        if original is None:
            name = f"{_PLAIN.sub('_', writing.folder or writing.tags.get('topic', '') or 'new')}/{writing.id}.toml"
            table = new_table(writing.values())
            difference = patch(name, None, table)
        else:
            path = Path(original.path)
            name = path.relative_to(original.root).as_posix()
            before = _read(path)
            table = changed_table(table_text(before, original.id), _changes(writing, original))
            difference = patch(name, before, replaced(before, original.id, table))
        if not difference:
            raise ResponseError("nothing was changed, so that there is nothing to propose")
        folder = _fresh_folder(f"{today}-{writing.id}")
        write_private(folder / f"{writing.id}.patch", difference.encode())
        write_private(folder / f"{writing.id}.toml", (table.strip() + "\n").encode())
    except (TableError, ValueError) as error:
        where = original.path if original is not None else clean_line(writing.id)
        raise ResponseError(f"{where}: {error}") from error
    except OSError as error:
        where = str(error.filename or proposals_directory())
        raise ResponseError(f"{where}: cannot be written: {error.strerror or error}") from error
    return folder


def _fresh_folder(name: str) -> Path:
    for attempt in range(1, 1000):
        folder = proposals_directory() / (name if attempt == 1 else f"{name}-{attempt}")
        try:
            folder.mkdir(mode=0o700, parents=True)
        except FileExistsError:
            continue
        return folder
    raise OSError(0, f"there are too many proposals called {name}", os.fspath(proposals_directory()))


def with_own(library: Library) -> tuple[Library, list[str]]:
    """Return a library with the agent's own responses laid over it as they are on disk now, and what is wrong there."""
    own = own_directory()
    if not own.is_dir():
        return library, []
    found, findings = load_library([own], library.default_language)
    kept = {response.id: response for response in library if not is_own(response)}
    kept.update({response.id: response for response in found})
    return Library(kept.values(), library.default_language), [str(finding) for finding in findings]
