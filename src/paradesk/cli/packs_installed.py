"""The commands of `paradesk packs` that change what is installed."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paradesk.cli.failure import Failure
from paradesk.cli.packs_diff import show_changes
from paradesk.cli.packs_report import default_keymap, pack_errors, say

if TYPE_CHECKING:
    from paradesk.config.settings import Settings
    from paradesk.packs.install import Agree, Installer, Step

YES = click.option("--yes", is_flag=True, help="Agree to everything that would be asked, for scripts.")


def settings_and_installer() -> "tuple[Settings, Installer]":
    """Return the settings and what changes the installed packs."""
    from paradesk.config.places import packs_directory
    from paradesk.config.settings import load_settings
    from paradesk.packs.install import Installer
    from paradesk.packs.shelf import LOCK
    from paradesk.packs.store import Store

    settings = load_settings()
    return settings, Installer(settings.path.parent / LOCK, Store(packs_directory()), default_keymap())


def _signers(settings: "Settings") -> Path | None:
    if not settings.require_signature:
        return None
    if not settings.allowed_signers:
        raise Failure("packs.require_signature is set, but packs.allowed_signers names no file; nothing was installed")
    return settings.path.parent / Path(settings.allowed_signers).expanduser()


def _asking(yes: bool) -> "Agree":
    """Return what shows a step and gets the answer of whoever sits there; without a terminal the answer is no."""

    def agree(step: "Step") -> bool:
        before = f"{step.before.version} → " if step.before is not None else ""
        say(f"{step.name} {before}{step.after.version} from {step.after.source}{_exactly(step)}")
        show_changes(step.changes)
        if not step.questions:
            return True
        for question in step.questions[:20]:
            say(f"! {question}")
        if yes:
            return True
        if not sys.stdin.isatty():
            raise Failure("this must be agreed to; run it in a terminal, or with --yes. Nothing was changed")
        return click.confirm(f"Install {step.name} {step.after.version} all the same?", default=False)

    return agree


def _exactly(step: "Step") -> str:
    pin = step.after
    parts = [f"commit {pin.commit[:12]}"] if pin.commit else []
    parts += [f"sha256 {pin.sha256}"] if pin.sha256 else []
    parts += [f"signed by {pin.signer}"] if pin.signer else []
    return f" ({', '.join(parts)})" if parts else ""


@click.command()
@click.argument("source")
@click.option("--ref", default="", help="For git: a branch, a tag or a commit.")
@click.option("--sha256", default="", help="For a zip from the web: what `paradesk packs build` printed.")
@click.option(
    "--replace", "replace_other", is_flag=True, help="Take the place of the pack of this name from elsewhere."
)
@YES
def add(source: str, ref: str, sha256: str, replace_other: bool, yes: bool) -> None:
    """Install the pack at SOURCE: a folder, a zip, a git repository, or an https address of a zip.

    \b
    paradesk packs add ./acme
    paradesk packs add acme-1.2.0.zip
    paradesk packs add https://git.example.com/acme.git --ref v1.2.0
    paradesk packs add https://example.com/acme-1.2.0.zip --sha256 …

    It is checked first, copied, and pinned to its content in packs.lock.
    """
    from paradesk.packs.install import Declined
    from paradesk.packs.sources import fetch, understand

    with pack_errors():
        settings, installer = settings_and_installer()
        bundle = fetch(understand(source, ref, sha256), signers=_signers(settings))
        try:
            step = installer.add(bundle, _asking(yes), replace_other=replace_other)
        except Declined:
            raise Failure("nothing was changed") from None
    if step is None:
        say("It is installed just so already.")
        return
    say(f"Installed {step.name} {step.after.version}.")
    for name in step.checked.keymaps:
        used = name == step.after.default_keymap
        say(
            f"  keymap {step.name}/{name}"
            + (" (in use)" if used else f': keymap = "{step.name}/{name}" in config.toml')
        )


@click.command()
@click.argument("names", nargs=-1)
@YES
@click.pass_context
def update(context: click.Context, names: tuple[str, ...], yes: bool) -> None:
    """Fetch packs again from where they came, show what changes, and install it. Without NAMES: all of them.

    A pinned pack stays as it is. A zip from the web is pinned by its sha256: add the new one with --replace.
    """
    from paradesk.packs.findings import PackError
    from paradesk.packs.install import Declined
    from paradesk.packs.lock import read_lock
    from paradesk.packs.sources import fetch, of_pin

    failed = False
    with pack_errors():
        settings, installer = settings_and_installer()
        lock = read_lock(installer.lock_path)
        for name in names or tuple(lock.packs):
            if name not in lock.packs:
                raise Failure(f"no pack is called {name}; installed are {', '.join(lock.packs) or 'none'}")
            entry = lock.packs[name]
            if entry.pinned:
                say(f"{name} {entry.pin.version} is pinned; `paradesk packs pin --off {name}` lets it go on")
                continue
            try:
                bundle = fetch(of_pin(entry.pin), signers=_signers(settings))
                step = installer.add(bundle, _asking(yes), only=name)
                say(f"Updated {name} to {step.after.version}." if step else f"{name} {entry.pin.version} is current")
            except (PackError, Declined, Failure) as error:
                # One pack that cannot be had must not keep the others back.
                failed = True
                for line in (str(error) or "nothing was changed").splitlines():
                    say(f"paradesk: {name}: {line}", err=True)
    context.exit(2 if failed else 0)


@click.command()
@click.argument("name")
@click.option("--off", is_flag=True, help="Let it be updated again.")
def pin(name: str, off: bool) -> None:
    """Keep a pack as it is, whatever its source does."""
    with pack_errors():
        _, installer = settings_and_installer()
        installer.pin(name, pinned=not off)
    say(f"{name} is {'not pinned any more' if off else 'pinned'}.")


@click.command()
@click.argument("name")
def remove(name: str) -> None:
    """Take a pack away, with its keymaps, responses and policy."""
    with pack_errors():
        settings, installer = settings_and_installer()
        installer.remove(name)
    say(f"Removed {name}.")
    for option in ("keymap", "team_keymap", "team"):
        if getattr(settings, option).partition("/")[0] == name:
            say(f"`{option}` in {settings.origins[option]} still names it; change that line", err=True)


@click.command()
@click.argument("name")
@YES
def rollback(name: str, yes: bool) -> None:
    """Go back to what a pack was before its last change. It is pinned then."""
    from paradesk.packs.install import Declined

    with pack_errors():
        _, installer = settings_and_installer()
        try:
            step = installer.back(name, _asking(yes))
        except Declined:
            raise Failure("nothing was changed") from None
    say(f"{name} is {step.after.version} again, and pinned; `paradesk packs pin --off {name}` lets it go on.")
