"""The commands of `paradesk packs` that tell what is installed, and change nothing."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from paradesk.cli.failure import Failure
from paradesk.cli.packs_diff import show_changes
from paradesk.cli.packs_installed import settings_and_installer
from paradesk.cli.packs_report import default_keymap, pack_errors, say

if TYPE_CHECKING:
    from paradesk.config.settings import Settings


@click.command("list")
def list_packs() -> None:
    """List the installed packs, lowest layer first."""
    from paradesk.packs.lock import read_lock

    with pack_errors():
        settings, installer = settings_and_installer()
        lock = read_lock(installer.lock_path)
    if not lock.packs:
        say("No pack is installed. `paradesk packs add SOURCE` installs one.")
        return
    rows = []
    for name, entry in lock.packs.items():
        marks = [mark for mark, holds in (("pinned", entry.pinned), ("team", settings.team == name)) if holds]
        at = f"@{entry.pin.ref or 'HEAD'} {entry.pin.commit[:12]}" if entry.pin.commit else ""
        rows.append((name, entry.pin.version, " ".join(marks) or "-", f"{entry.pin.kind} {entry.pin.source}{at}"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        say("  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[3]]))


@click.command()
@click.argument("which", metavar="NAME|PATH")
@click.argument("other", metavar="[PATH]", required=False, type=click.Path(path_type=Path))
@click.option("--all", "everything", is_flag=True, help="Show long lists to their end.")
def diff(which: str, other: Path | None, everything: bool) -> None:
    """Show what changes between two states of a pack, without changing anything.

    \b
    paradesk packs diff acme          what the last update of an installed pack changed
    paradesk packs diff acme ./acme   from the installed one to a folder or zip
    paradesk packs diff old.zip new/  between two folders or zips
    """
    from paradesk.packs.changes import compare
    from paradesk.packs.check import Checked, check
    from paradesk.packs.findings import PackError
    from paradesk.packs.local import read_path
    from paradesk.packs.lock import Pin, read_lock

    default = default_keymap()

    def of_path(path: Path) -> Checked:
        tree, found = read_path(path)
        checked = check(tree, default, found)
        if checked.errors:
            raise PackError(checked.errors)
        return checked

    with pack_errors():
        _, installer = settings_and_installer()
        lock = read_lock(installer.lock_path)
        entry = lock.packs.get(which)

        def of_pin(pin: Pin) -> Checked:
            state = installer.state(pin, which)
            if state is None:
                raise Failure(f"{which} {pin.version} is damaged; `paradesk packs verify` says more")
            return state

        if other is not None:
            before = of_pin(entry.pin) if entry is not None else of_path(Path(which))
            show_changes(compare(before, of_path(other), default), everything=everything)
        elif entry is None:
            raise Failure(f"no pack is called {which}; for two folders or zips name both")
        elif not entry.earlier:
            say(f"{which} {entry.pin.version} is the first state that is known here; nothing to compare it with")
        else:
            say(f"{which} {entry.earlier[0].version} → {entry.pin.version}")
            changes = compare(of_pin(entry.earlier[0]), of_pin(entry.pin), default)
            show_changes(changes, everything=everything)


@click.command()
@click.argument("names", nargs=-1)
@click.pass_context
def verify(context: click.Context, names: tuple[str, ...]) -> None:
    """Compare every file of the installed packs with packs.lock. Exit status 2 where one differs."""
    from paradesk.packs.findings import PackError
    from paradesk.packs.lock import read_lock

    bad = 0
    with pack_errors():
        _, installer = settings_and_installer()
        lock = read_lock(installer.lock_path)
        for name in names or tuple(lock.packs):
            if name not in lock.packs:
                raise Failure(f"no pack is called {name}; installed are {', '.join(lock.packs) or 'none'}")
            pin = lock.packs[name].pin
            try:
                tree = installer.store.read(pin.content, f"{name}-{pin.version}")
                say(f"{name} {pin.version}: {len(tree.files)} files are as they were installed ({pin.content[:12]})")
            except PackError as error:
                bad += 1
                say(str(error))
    context.exit(2 if bad else 0)


@click.command()
@click.argument("identity", metavar="ACTION|RESPONSE|SETTING")
@click.pass_context
def why(context: click.Context, identity: str) -> None:
    """Say where the keys of an action, a response or a setting come from, through all layers.

    The layers are default < pack < team < user: what stands higher wins.
    """
    from paradesk.config.settings import OPTIONS
    from paradesk.keymap.actions import ACTIONS

    with pack_errors():
        settings, _ = settings_and_installer()
        found = False
        if identity in ACTIONS:
            found = _why_keys(settings, identity)
        found = _why_response(settings, identity) or found
        for option in OPTIONS:
            if option.name == identity:
                say(f"{identity} = {getattr(settings, option.attribute)}: {settings.origins[identity]}")
                found = True
    if not found:
        say(f"{identity} is no action, no response and no setting here")
    context.exit(0 if found else 2)


def _why_keys(settings: "Settings", action_id: str) -> bool:
    from paradesk.config.keymaps import load_keymaps
    from paradesk.keymap.layers import merge

    keymaps = load_keymaps(settings)
    merged = merge(keymaps)
    for keymap in keymaps:
        for binding in keymap.bindings:
            if binding.action_id != action_id:
                continue
            context = merged.contexts[binding.context]
            winner = context.bound.get(binding.keys) or context.unbound.get(binding.keys)
            if winner is binding:
                state = "holds"
            elif winner is not None:
                state = f"replaced by {winner.action_id or 'nothing'} ({winner.place})"
            else:
                state = "unbound, with everything that begins like it"
            say(f"{keymap.layer.name.lower():<8} {binding}  {binding.place}  {state}")
    unbound = not any(binding.action_id == action_id for keymap in keymaps for binding in keymap.bindings)
    if unbound:
        say(f"{action_id} has no key in any layer")
    for notice in settings.notices:
        say(notice, err=True)
    return True


def _why_response(settings: "Settings", identity: str) -> bool:
    from paradesk.config.responses import response_layers

    problems: list[str] = []
    places = [
        (layer, response)
        for layer, responses in response_layers(settings, problems)
        for response in responses
        if response.id == identity
    ]
    for number, (layer, response) in enumerate(places):
        state = "holds" if number == len(places) - 1 else f"replaced by {places[number + 1][0]}"
        say(f"{layer:<16} {settings.shelf.shown(response.path)}:{response.line}  “{response.title}”  {state}")
    return bool(places)
