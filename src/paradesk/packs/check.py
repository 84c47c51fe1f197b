"""Checks a pack as a whole and says everything that is wrong with it. Nothing is run, and nothing is installed."""

import posixpath
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from paradesk.canned.entries import Finding as CannedFinding
from paradesk.canned.language import canonical_language, find_cycle
from paradesk.canned.loader import load_library
from paradesk.canned.responses import Response
from paradesk.core.toml import Document
from paradesk.keymap.checks import check_keymap
from paradesk.keymap.findings import Finding as KeymapFinding
from paradesk.keymap.findings import Level
from paradesk.keymap.keymap import Keymap, Layer
from paradesk.keymap.loader import read_keymap
from paradesk.packs.findings import Finding, finding
from paradesk.packs.manifest import Contains, Manifest, read_manifest
from paradesk.packs.policy import Policy, read_policy
from paradesk.packs.tree import Tree
from paradesk.packs.typed import read_document

T = TypeVar("T")


@dataclass(slots=True)
class Checked:
    """A pack that was looked at. Where there are errors, the parts are those that could be read."""

    tree: Tree
    manifest: Manifest | None = None
    policy: Policy | None = None
    keymaps: dict[str, Keymap] = field(default_factory=dict)
    responses: tuple[Response, ...] = ()
    findings: list[Finding] = field(default_factory=list)

    @property
    def errors(self) -> list[Finding]:
        """The findings that keep it from being installed."""
        return [item for item in self.findings if item.level is Level.ERROR]

    @property
    def name(self) -> str:
        """Its name, or an empty string where it has none."""
        return self.manifest.name if self.manifest is not None else ""


def check(tree: Tree, default: Keymap, findings: list[Finding] | None = None) -> Checked:
    """Look at every file of a pack. `default` is the keymap under its own ones, `findings` what reading it found."""
    checked = Checked(tree, findings=[*(findings or ())])
    document = _manifest(checked)
    values: Mapping[str, object] = document.values if document is not None else {}
    _policy(checked)
    for name in tree.below("keymaps"):
        if name.endswith(".toml"):
            _keymap(checked, name, default)
    _responses(checked)
    contains = _part(values.get("contains", {}), Contains)
    if document is not None and contains is not None:
        _contents(checked, contains, document)
    languages = _part(values.get("languages", ()), tuple[str, ...])
    if document is not None and languages is not None:
        _languages(checked, languages, document)
    _owners(checked)
    if not any(name.startswith("README") for name in tree.files):
        checked.findings.append(finding("P312", tree.origin, 0, "there is no README", level=Level.WARNING))
    checked.findings = sorted(set(checked.findings))
    return checked


def _manifest(checked: Checked) -> Document | None:
    tree = checked.tree
    content = tree.files.get("pack.toml")
    if content is None:
        if not any(item.file.endswith("/pack.toml") for item in checked.findings):
            checked.findings.append(finding("P101", tree.origin, 0, "there is no pack.toml"))
        return None
    document, found = read_document(content, tree.shown("pack.toml"))
    if document is not None:
        checked.manifest, found = read_manifest(document, tree.shown("pack.toml"))
    checked.findings += found
    return document


def _policy(checked: Checked) -> None:
    content = checked.tree.files.get("policy.toml")
    if content is None:
        return
    document, found = read_document(content, checked.tree.shown("policy.toml"))
    if document is not None:
        checked.policy, found = read_policy(document, checked.tree.shown("policy.toml"))
    checked.findings += found


def _keymap(checked: Checked, name: str, default: Keymap) -> None:
    file = checked.tree.shown(name)
    stem = Path(name).stem
    keymap, found = read_keymap(checked.tree.files[name], file, Layer.PACK, stem)
    if keymap is not None:
        checked.keymaps[stem] = replace(keymap, name=stem)
    # What clashes is taken away, so that the rest is looked at as well.
    while keymap is not None:
        together = check_keymap([default, keymap])
        clashes = _first_by_line(_here(item, file) for item in together if item.code == "prefix")
        found += clashes or together
        lines = {item.line for item in clashes}
        kept = tuple(binding for binding in keymap.bindings if binding.line not in lines)
        keymap = replace(keymap, bindings=kept) if len(kept) < len(keymap.bindings) else None
    for item in found:
        if item.level is not Level.NOTE:
            code = f"keymap/{item.code}"
            checked.findings.append(Finding(item.file, item.line, code, item.message, "", item.level))


def _here(item: KeymapFinding, file: str) -> KeymapFinding:
    """Return a finding about two bindings with the place of the one that stands in this file."""
    if item.file != file and (at := re.search(rf"{re.escape(file)}:(\d+)", item.message)):
        return replace(item, file=file, line=int(at[1]))
    return item


def _first_by_line(found: Iterable[KeymapFinding]) -> list[KeymapFinding]:
    """Return one clash a line, and how many more there are: `ctrl+x` is the beginning of dozens of bindings."""
    by_line: dict[int, list[KeymapFinding]] = {}
    for item in found:
        by_line.setdefault(item.line, []).append(item)
    return [
        replace(first, message=f"{first.message} (and {len(others)} more like it)" if others else first.message)
        for first, *others in by_line.values()
    ]


def _responses(checked: Checked) -> None:
    files = checked.tree.below("canned_responses")
    if not files:
        return
    manifest = checked.manifest
    with tempfile.TemporaryDirectory(prefix="paradesk-pack-") as folder:
        root = Path(folder).resolve()
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        place = root / "canned_responses"
        defaults = {place: manifest.default_language} if manifest is not None else {}
        library, found = load_library([place], defaults=defaults)
    origin = checked.tree.origin.rstrip("/")

    def named(text: str) -> str:
        return text.replace(str(root), origin)

    checked.responses = tuple(
        replace(
            response,
            path=named(response.path),
            root=named(response.root),
            attachments=tuple(replace(file, path=named(file.path)) for file in response.attachments),
        )
        for response in library
    )
    refused = {item.file for item in checked.findings}
    checked.findings += [
        from_canned(item, named(item.file), named(item.message))
        for item in found
        if item.code != "missing-attachment" or not _names_one_of(item, named(item.file), refused)
    ]
    if manifest is not None:
        _fallbacks(checked, manifest.fallbacks)


def _names_one_of(item: CannedFinding, file: str, refused: set[str]) -> bool:
    """Tell whether a file that is said to be missing is one about which something else is said already."""
    found = re.match(r"the file `(.+)` ", item.message)
    return found is not None and posixpath.normpath(f"{posixpath.dirname(file)}/{found[1]}") in refused


def _fallbacks(checked: Checked, fallbacks: Mapping[str, str]) -> None:
    """Put the pack's fallbacks of languages under those of each response; where both go in a circle, that is told."""
    common = {canonical_language(tag): canonical_language(goal) for tag, goal in fallbacks.items()}
    responses = []
    told: set[tuple[str, tuple[str, ...]]] = set()
    for response in checked.responses:
        together = {**common, **response.fallback}
        if together and (circle := find_cycle(together)):
            # What a file says of all its responses is one fault.
            if (response.path, circle) not in told:
                message = f"its fallbacks and those of pack.toml go in a circle: {' → '.join(circle)}"
                checked.findings.append(finding("P111", response.path, response.line, message))
            told.add((response.path, circle))
            together = dict(response.fallback)
        responses.append(replace(response, fallback=together) if together != response.fallback else response)
    checked.responses = tuple(responses)


def from_canned(item: CannedFinding, file: str, message: str) -> Finding:
    """Return a finding about a response as one about a pack."""
    return Finding(file, item.line, f"canned/{item.code}", message, item.advice)


def _part(value: object, kind: type[T]) -> T | None:
    """Return a part of `pack.toml` where it is sound by itself, though another part may not be."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return None


def _contents(checked: Checked, contains: Contains, document: Document) -> None:
    tree, file = checked.tree, checked.tree.shown("pack.toml")

    def report(key: str, message: str) -> None:
        line = document.line("contains", key) or document.line("contains") or 1
        checked.findings.append(finding("P109", file, line, message))

    present = {Path(name).stem for name in tree.below("keymaps") if name.endswith(".toml")}
    for name in contains.keymaps:
        if name not in present:
            report("keymaps", f"there is no keymaps/{name}.toml")
    for name in sorted(present - set(contains.keymaps)):
        report("keymaps", f"keymaps/{name}.toml is not listed")
    parts: tuple[tuple[str, bool, bool], ...] = (
        (
            "canned_responses",
            contains.canned_responses,
            any(n.endswith(".toml") for n in tree.below("canned_responses")),
        ),
        ("policy", contains.policy, "policy.toml" in tree.files),
    )
    for key, said, there in parts:
        if said != there:
            report(key, f"{key} is {str(said).lower()}, but there is {'one' if there else 'none'}")


def _languages(checked: Checked, languages: tuple[str, ...], document: Document) -> None:
    listed = set(map(str.casefold, languages))
    used: set[str] = set()
    for response in checked.responses:
        spoken = {tag.casefold(): tag for tag in response.body}
        used |= spoken.keys()
        for tag in sorted(spoken.keys() - listed):
            message = f"`{response.id}` has a text in {spoken[tag]}, which is not in `languages`"
            checked.findings.append(finding("P110", response.path, response.line, message))
    if checked.responses:
        line = document.line("", "languages") or 1
        for tag in languages:
            if tag.casefold() not in used:
                message = f"no response has a text in {tag}"
                checked.findings.append(finding("P110", checked.tree.shown("pack.toml"), line, message))


def _owners(checked: Checked) -> None:
    topics: dict[str, Any] = checked.policy.topics if checked.policy is not None else {}
    for response in checked.responses:
        topic = response.tags.get("topic", "")
        if topic in topics and response.owner and response.owner != topics[topic]:
            message = f"`{response.id}` belongs to {response.owner}; the policy gives {topic} to {topics[topic]}"
            checked.findings.append(finding("P201", response.path, response.line, message))
