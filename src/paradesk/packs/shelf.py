"""What is installed, as the running program uses it. Nothing that differs from `packs.lock` is ever handed out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from paradesk.core.toml import Document, TomlError, read_toml
from paradesk.keymap.findings import KeymapError
from paradesk.keymap.keymap import Keymap, Layer
from paradesk.keymap.loader import parse_keymap
from paradesk.packs.findings import Finding, PackError, finding
from paradesk.packs.lock import Lock, read_lock
from paradesk.packs.store import Store

if TYPE_CHECKING:
    from paradesk.canned.responses import Response

LOCK = "packs.lock"
"""The file beside `config.toml`."""


@dataclass(slots=True)
class Shelf:
    """The installed packs. `findings` says what could not be used, and grows as packs are asked for."""

    lock: Lock
    store: Store
    findings: list[Finding] = field(default_factory=list)
    _listings: dict[str, dict[str, str] | None] = field(default_factory=dict)

    def origin(self, name: str) -> str:
        """Return how findings and provenance call a pack: `acme-1.2.0`."""
        return f"{name}-{self.lock.packs[name].pin.version}"

    def listing(self, name: str) -> dict[str, str]:
        """Return the files of a pack with their hashes; empty where it is not what the lock says."""
        if name not in self._listings:
            try:
                self._listings[name] = self.store.listing(self.lock.packs[name].pin.content, self.origin(name))
            except PackError as error:
                self._listings[name] = None
                self.findings += error.findings
        return self._listings[name] or {}

    def file(self, name: str, file: str) -> bytes | None:
        """Return one file of a pack, or None where it has none or where it was changed."""
        listing = self.listing(name)
        if file not in listing:
            return None
        try:
            return self.store.read_file(self.lock.packs[name].pin.content, listing, file, self.origin(name))
        except PackError as error:
            # A pack is used as a whole or not at all.
            self._listings[name] = None
            self.findings += error.findings
            return None

    def keymaps(self) -> Iterator[tuple[str, str]]:
        """Yield pack and name of every keymap that can be chosen."""
        for name in self.lock.packs:
            for file in self.listing(name):
                if file.startswith("keymaps/") and file.endswith(".toml"):
                    yield name, file.removeprefix("keymaps/").removesuffix(".toml")

    def keymap(self, name: str, keymap: str, layer: Layer = Layer.PACK) -> Keymap | None:
        """Return a keymap of a pack, or None, which `findings` explains."""
        file = f"keymaps/{keymap}.toml"
        content = self.file(name, file)
        if content is None:
            if self.listing(name):
                self.findings.append(finding("P113", self.origin(name), 0, f"it has no keymap {keymap}"))
            return None
        try:
            return parse_keymap(content, f"{self.origin(name)}/{file}", layer, name=keymap)
        except KeymapError as error:
            # It was sound when it was installed; an action may have gone since.
            self.findings += [
                Finding(item.file, item.line, f"keymap/{item.code}", item.message) for item in error.findings
            ]
            return None

    def default_keymaps(self) -> Iterator[tuple[str, str]]:
        """Yield pack and keymap of the packs whose keymap everyone gets."""
        for name, entry in self.lock.packs.items():
            if entry.pin.default_keymap:
                yield name, entry.pin.default_keymap

    def policy(self, name: str) -> tuple[Document, str] | None:
        """Return the parsed policy of a pack and how its file is called, or None."""
        content = self.file(name, "policy.toml")
        if content is None:
            return None
        try:
            return read_toml(content), f"{self.origin(name)}/policy.toml"
        except TomlError as error:
            self.findings.append(finding("P102", f"{self.origin(name)}/policy.toml", error.line, str(error)))
            return None

    def responses(self, name: str, default: Keymap) -> "tuple[Response, ...]":
        """Return the responses of a pack; none where anything in it was changed."""
        from paradesk.packs.parsed import ParsedPacks

        content = self.lock.packs[name].pin.content
        try:
            tree = self.store.read(content, self.origin(name))
        except PackError as error:
            if name not in self._listings or self._listings[name] is not None:
                self.findings += error.findings
            self._listings[name] = None
            return ()
        parsed = ParsedPacks(self.store.parsed)
        responses = parsed.read(content)
        if responses is None:
            from paradesk.packs.check import check

            responses = parsed.keep(content, check(tree, default), self.store.files(content))
        return responses

    def shown(self, place: str) -> str:
        """Return how a place inside an installed pack is told: `acme-1.2.0/canned_responses/…`; others as they are."""
        for name, entry in self.lock.packs.items():
            if place.startswith(within := f"{self.store.files(entry.pin.content)}/"):
                return f"{self.origin(name)}/{place.removeprefix(within)}"
        return place

    def versions(self) -> Mapping[str, str]:
        """Return version and content of each pack, to see at the next start what has changed."""
        return {name: f"{entry.pin.version} {entry.pin.content}" for name, entry in self.lock.packs.items()}


def empty_shelf() -> Shelf:
    """Return a shelf without packs."""
    return Shelf(Lock(), Store(Path()))


def open_shelf(config: Path, store: Path) -> Shelf:
    """Return what is installed for the settings in the folder `config`. Never raises: a bad lock is an empty shelf."""
    place = config / LOCK
    try:
        return Shelf(read_lock(place), Store(store))
    except PackError as error:
        return Shelf(Lock(), Store(store), list(error.findings))


def find_keymap(shelf: Shelf, name: str) -> tuple[str, str] | None:
    """Return pack and keymap that `pack/keymap` names, or None where no such pack is installed."""
    pack, slash, keymap = name.partition("/")
    return (pack, keymap) if slash and pack in shelf.lock.packs and "/" not in keymap else None


def changed_since(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Return, in one line, which packs came, went or changed between two starts; empty where none did."""

    def version(text: str) -> str:
        return text.partition(" ")[0]

    parts = [f"{name} {version(state)} is new" for name, state in now.items() if name not in before]
    for name, state in now.items():
        if name in before and before[name] != state:
            old, new = version(before[name]), version(state)
            parts.append(f"{name} {old} → {new}" if old != new else f"{name} {new} has other content")
    parts += [f"{name} is gone" for name in before if name not in now]
    if not parts:
        return ""
    shown = ", ".join(parts[:4]) + (f" and {len(parts) - 4} more" if len(parts) > 4 else "")
    return f"Packs since your last start: {shown}. `paradesk packs list` shows them, `packs diff NAME` what changed"
