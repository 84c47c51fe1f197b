"""Installing, updating and going back. Everything is checked before anything is changed, and changed in one step."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from paradesk.keymap.findings import KeymapError
from paradesk.keymap.keymap import Keymap
from paradesk.keymap.layers import merge
from paradesk.packs.changes import Changes, compare
from paradesk.packs.check import Checked, check
from paradesk.packs.findings import Finding, PackError, finding, refuse
from paradesk.packs.lock import Entry, Lock, Pin, read_lock, write_lock
from paradesk.packs.parsed import ParsedPacks
from paradesk.packs.shelf import Shelf
from paradesk.packs.sources import Bundle
from paradesk.packs.store import Store


class Declined(Exception):
    """The person said no; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Step:
    """What an installation would do, for a person to look at."""

    name: str
    before: Pin | None
    after: Pin
    changes: Changes
    checked: Checked

    @property
    def questions(self) -> list[str]:
        """What the person must agree to."""
        if self.before is not None or self.after.default_keymap:
            return self.changes.grave
        # A keymap that nobody has chosen yet changes no key.
        return [f"the policy allows more: {line}" for line in self.changes.laxer]


Agree = Callable[[Step], bool]


class Installer:
    """Changes what is installed. Each method leaves either the new state or, with an exception, the old one."""

    def __init__(self, lock: Path, store: Store, default: Keymap) -> None:
        self.lock_path, self.store, self.default = lock, store, default

    def add(self, bundle: Bundle, agree: Agree, *, replace_other: bool = False, only: str = "") -> Step | None:
        """Install a pack, or its next state; returns None where it is installed just so. Raises PackError, Declined.

        `only` is the name that the pack must have; `replace_other` takes the place of a pack from another source.
        """
        checked = check(bundle.tree, self.default, bundle.findings)
        if checked.errors or checked.manifest is None:
            raise PackError(checked.errors)
        name = checked.manifest.name
        if only and name != only:
            raise refuse("P401", bundle.source.address, f"the pack is called {name} now, not {only}")
        with self.store.busy():
            lock = read_lock(self.lock_path)
            entry = lock.packs.get(name)
            if entry is not None and not replace_other and not _same_place(entry.pin, bundle):
                message = f"a pack {name} is installed already, from {entry.pin.source}"
                advice = f"`paradesk packs remove {name}`, or add this one with --replace."
                raise refuse("P401", bundle.source.address, message, advice)
            pin = bundle.pin(checked.manifest.version, checked.manifest.default_keymap)
            if entry is not None and entry.pin == pin and self._whole(pin, name):
                return None
            self._with_others(checked, lock)
            step = Step(name, entry.pin if entry else None, pin, self.changes(entry, name, checked), checked)
            if not agree(step):
                raise Declined
            self.store.keep(bundle.tree)
            ParsedPacks(self.store.parsed).keep(pin.content, checked, self.store.files(pin.content))
            fresh = lock.put(name, pin)
            if replace_other and entry is not None:
                fresh = replace(fresh, packs={**fresh.packs, name: replace(fresh.packs[name], pinned=False)})
            self._write(fresh)
            return step

    def _whole(self, pin: Pin, name: str) -> bool:
        try:
            self.store.read(pin.content, name)
        except PackError:
            return False
        return True

    def changes(self, entry: Entry | None, name: str, after: Checked | None) -> Changes:
        """Return what changes from an installed pack to another state of it."""
        return compare(self.state(entry.pin, name) if entry is not None else None, after, self.default)

    def state(self, pin: Pin, name: str) -> Checked | None:
        """Return an installed or kept state of a pack, or None where it is damaged."""
        try:
            tree = self.store.read(pin.content, f"{name}-{pin.version}")
        except PackError:
            return None
        return check(tree, self.default)

    def _with_others(self, checked: Checked, lock: Lock) -> None:
        """Refuse a pack that does not go together with those that are installed; raises PackError."""
        found: list[Finding] = []
        shelf = Shelf(lock, self.store)
        own = {response.id: response for response in checked.responses}
        for name in lock.packs:
            if name == checked.name:
                continue
            for other in shelf.responses(name, self.default):
                if (response := own.get(other.id)) is not None:
                    message = f"the response `{other.id}` is also in {name} ({shelf.shown(other.path)}:{other.line})"
                    found.append(finding("P402", response.path, response.line, message))
        manifest = checked.manifest
        if manifest is not None and manifest.default_keymap:
            layers = [self.default]
            for name, keymap in shelf.default_keymaps():
                if name != checked.name and (layer := shelf.keymap(name, keymap)) is not None:
                    layers.append(layer)
            try:
                merge([*layers, checked.keymaps[manifest.default_keymap]])
            except KeymapError as error:
                found += [finding("P405", item.file, item.line, item.message) for item in error.findings]
        if found:
            raise PackError(found)

    def back(self, name: str, agree: Agree) -> Step:
        """Go back to the state before; it stays until it is unpinned. Raises PackError, Declined."""
        with self.store.busy():
            lock = read_lock(self.lock_path)
            entry = self._entry(lock, name)
            if not entry.earlier:
                raise refuse("P313", name, "nothing is kept to go back to", "Add the version that you want.")
            earlier = entry.earlier[0]
            checked = check(self.store.read(earlier.content, f"{name}-{earlier.version}"), self.default)
            step = Step(name, entry.pin, earlier, self.changes(entry, name, checked), checked)
            if not agree(step):
                raise Declined
            self._write(lock.back(name))
            return step

    def pin(self, name: str, *, pinned: bool) -> None:
        """Keep a pack as it is whatever its source does, or let it be updated again; raises PackError."""
        with self.store.busy():
            lock = read_lock(self.lock_path)
            entry = replace(self._entry(lock, name), pinned=pinned)
            self._write(replace(lock, packs={**lock.packs, name: entry}))

    def remove(self, name: str) -> None:
        """Take a pack away; raises PackError."""
        with self.store.busy():
            lock = read_lock(self.lock_path)
            self._entry(lock, name)
            self._write(lock.without(name))

    @staticmethod
    def _entry(lock: Lock, name: str) -> Entry:
        if name not in lock.packs:
            known = ", ".join(lock.packs) or "none"
            raise refuse("P313", name, "no such pack is installed", f"Installed are: {known}.")
        return lock.packs[name]

    def _write(self, lock: Lock) -> None:
        write_lock(self.lock_path, lock)
        self.store.sweep(lock.contents())


def _same_place(pin: Pin, bundle: Bundle) -> bool:
    return (pin.kind, pin.source) == (bundle.source.kind, bundle.source.address)
