"""What a format of another tool is to us: how it is recognised, read and, where it can be, written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from paradesk.canned.exchange.records import Exported, Imported, PortableResponse
from paradesk.canned.exchange.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One format: `read(source, language)` and `write(responses, language)` never run anything that a file says."""

    name: str
    """As it is typed: `zendesk`."""
    title: str
    suffixes: tuple[str, ...]
    """Endings of file names, with the dot."""
    recognises: Callable[[Source], bool]
    """Tells whether a file looks like this format. May raise `BadSource`."""
    read: Callable[[Source, str], Imported]
    """Raises `BadSource` where nothing can be read; the language is that of texts which do not tell theirs."""
    write: Callable[[Sequence[PortableResponse], str], Exported] | None = None
    """None where the tool has no way to take responses in."""
