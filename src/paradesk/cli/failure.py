"""How a command fails: lines that name the place and say what to do, exit status 2, no traceback."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click


class Failure(click.ClickException):
    """An error for people: wrong input, a place that cannot be read, something missing."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message to standard error, each line as it stands."""
        from paradesk.core.text import clean_text

        for line in clean_text(self.format_message()).splitlines():
            click.echo(f"paradesk: {line}", file=file, err=True)


@contextmanager
def readable() -> Iterator[None]:
    """Turn the errors of configuration, keymaps, credentials and files into a Failure."""
    from paradesk.config.credentials import CredentialError
    from paradesk.config.errors import ConfigError
    from paradesk.core.text import clean_line
    from paradesk.keymap.findings import KeymapError

    try:
        yield
    except (ConfigError, KeymapError, CredentialError) as error:
        raise Failure("\n".join(clean_line(line, 400) for line in str(error).splitlines())) from error
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        raise Failure(clean_line(f"{place}{error.strerror or error}", 400)) from error
