"""How the commands of `paradesk packs` speak: cleaned lines, and errors without tracebacks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from paradesk.cli.failure import Failure, readable

if TYPE_CHECKING:
    from paradesk.keymap.keymap import Keymap


def say(text: str, *, err: bool = False) -> None:
    """Print one line; what stands in packs comes from other people."""
    from paradesk.core.text import clean_line

    indent = text[: len(text) - len(text.lstrip(" "))]
    click.echo(indent + clean_line(text, 800), err=err)


@contextmanager
def pack_errors() -> Iterator[None]:
    """Turn what packs, settings and files raise into a Failure, one line a finding."""
    from paradesk.packs.findings import PackError

    with readable():
        try:
            yield
        except PackError as error:
            raise Failure(str(error)) from error


def default_keymap() -> "Keymap":
    """Return the keymap that lies under all others."""
    from paradesk.config.shipped import shipped
    from paradesk.keymap.keymap import Layer
    from paradesk.keymap.loader import load_keymap

    with readable():
        return load_keymap(shipped("keymaps") / "default.toml", Layer.DEFAULT)
