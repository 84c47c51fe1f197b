"""Makes packs for tests: a sound one to begin with, and whatever is done to it."""

import io
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from paradesk.config.shipped import shipped
from paradesk.keymap.keymap import Keymap, Layer
from paradesk.keymap.loader import load_keymap
from paradesk.packs.check import Checked, check
from paradesk.packs.tree import Tree


@cache
def default_keymap() -> Keymap:
    """The keymap under all others."""
    return load_keymap(shipped("keymaps") / "default.toml", Layer.DEFAULT)


def manifest(name: str = "acme", version: str = "1.0.0", *, more: str = "", contains: str = "") -> str:
    """A pack.toml; `more` goes above its tables, `contains` into [contains]."""
    said = contains or 'keymaps = ["desk"]\ncanned_responses = true\npolicy = true'
    return (
        f'name = "{name}"\nversion = "{version}"\ntitle = "For tests"\nauthors = ["A lead"]\nlicence = "CC0-1.0"\n'
        f'languages = ["en", "de"]\nparadesk = "0.1.0"\n{more}\n[contains]\n{said}\n'
    )


def response(identity: str, english: str = "Hello", german: str = "Hallo", *, more: str = "") -> str:
    """One canned response."""
    return (
        f'[[response]]\nid = "{identity}"\ntitle = "About {identity}"\n{more}[response.body]\n'
        f'en = "{english}"\nde = "{german}"\n'
    )


def sound(name: str = "acme", version: str = "1.0.0", /, **changes: str | None) -> dict[str, bytes]:
    """The files of a sound pack. `changes` replace files, `__` for `/` and `_toml` for `.toml`; None removes one."""
    files: dict[str, str] = {
        "pack.toml": manifest(name, version),
        "policy.toml": "response_target = 45\n",
        "keymaps/desk.toml": '[keymap]\nname = "desk"\n\n[bindings.global]\n"ctrl+x f" = "transcript.find"\n',
        "canned_responses/hello.toml": response(f"{name}.hello"),
        "README.md": "# For tests\n",
    }
    for key, text in changes.items():
        path = key.replace("__", "/").replace("_toml", ".toml")
        if text is None:
            del files[path]
        else:
            files[path] = text
    return {path: text.encode() for path, text in files.items()}


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write a pack as a folder, replacing what is there."""
    for old in sorted(folder.rglob("*"), reverse=True) if folder.exists() else ():
        if ".git" not in old.parts:
            old.rmdir() if old.is_dir() else old.unlink()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def zipped(files: Mapping[str, bytes], **more: bytes) -> bytes:
    """A zip as any program would make it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**files, **more}.items():
            archive.writestr(name, content)
    return stream.getvalue()


def checked(files: Mapping[str, bytes]) -> Checked:
    """A pack in memory, checked."""
    return check(Tree(files, "pack"), default_keymap())


def codes(found: Checked) -> list[tuple[str, int, str]]:
    """What was found, as file, line and code."""
    return [(item.file.removeprefix("pack/"), item.line, item.code) for item in found.findings]
