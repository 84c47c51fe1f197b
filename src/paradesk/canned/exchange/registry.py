"""All formats, by name, and which of them a file is in."""

from collections.abc import Sequence

from paradesk.canned.exchange import (
    chatwoot,
    espanso,
    gorgias,
    helpscout,
    intercom,
    livechat,
    livehelperchat,
    plain_csv,
    rocketchat,
    zendesk,
)
from paradesk.canned.exchange.format import Format
from paradesk.canned.exchange.records import Imported, Remark
from paradesk.canned.exchange.source import BadSource, Source
from paradesk.canned.responses import DEFAULT_LANGUAGE

FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        zendesk.FORMAT,
        chatwoot.FORMAT,
        chatwoot.MACROS,
        intercom.FORMAT,
        livechat.FORMAT,
        rocketchat.FORMAT,
        livehelperchat.FORMAT,
        gorgias.FORMAT,
        helpscout.FORMAT,
        espanso.FORMAT,
        plain_csv.FORMAT,
    )
}
"""Name → format, in the order in which a file is tried: the narrow ones first."""

_OTHER_NAMES = {"freescout": "helpscout", "rocket.chat": "rocketchat", "lhc": "livehelperchat"}


def named(name: str) -> Format | None:
    """Return the format of a name, whatever its case, or None."""
    name = name.casefold()
    return FORMATS.get(_OTHER_NAMES.get(name, name))


def detect(source: Source) -> Format:
    """Return the format that a file is in. Raises `BadSource` where it is none, or cannot be read."""
    first_error: BadSource | None = None
    for each in FORMATS.values():
        try:
            if each.recognises(source):
                return each
        except BadSource as error:
            first_error = first_error or error
    if source.looks_like_json:
        _ = source.json  # raises what is wrong with it
    if first_error is not None:
        raise first_error
    raise BadSource(
        "", "unknown-format", "this is no format that is known", f"Name it with --from: {', '.join(FORMATS)}."
    )


def read(content: bytes, name: str = "", language: str = DEFAULT_LANGUAGE) -> tuple[Format, Imported]:
    """Read a file in a format, or in the one that it looks like. Raises `BadSource`."""
    source = Source.of(content)
    chosen = named(name) if name else detect(source)
    if chosen is None:
        raise BadSource("", "unknown-format", f"there is no format `{name}`", f"Known are {', '.join(FORMATS)}.")
    imported = chosen.read(source, language)
    twice: Sequence[str] = tuple(source.duplicate_keys)
    if not twice:
        return chosen, imported
    remarks = tuple(
        Remark("$", "duplicate-key", f"the key `{key[:60]}` stands twice in one object; the last counts")
        for key in twice
    )
    return chosen, Imported(imported.responses, imported.remarks + remarks)
