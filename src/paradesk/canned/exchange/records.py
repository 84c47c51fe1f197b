"""What travels between another tool's file and ours: responses in neutral form, and remarks on what did not fit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Level = Literal["note", "changed", "left-out"]
"""How much a remark matters: `note` loses nothing that a customer would read; `changed` means that the text or what
goes with it is not quite the same; `left-out` means that a whole response is missing."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Something that the other tool does to the ticket when the text is used."""

    action: str
    """`status`, `priority`, `add_tag`, `remove_tag` or `set_tags`."""
    value: str
    """In our words: a canonical status (`on_hold`), a priority, or tags with a space between them."""

    def __str__(self) -> str:
        return f"{self.action.replace('_', ' ')} {self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortableResponse:
    """One response in transit. Bodies are our templates; everything else is plain, clean text."""

    id: str
    title: str
    bodies: Mapping[str, str]
    """Language tag → template of ours."""
    shortcut: str = ""
    folder: tuple[str, ...] = ()
    """Outermost first."""
    tags: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    owner: str = ""
    follow_ups: tuple[FollowUp, ...] = ()
    attachments: tuple[str, ...] = ()
    """Names of files; the files themselves do not travel."""
    source: str = ""
    """The address or number by which the other tool knows it."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that did not go over as it was, and where it stands."""

    place: str
    """Where in the file: `line 12`, or a JSON path such as `macros[3].actions[1]`; a response's id when writing."""
    code: str
    """Stable, for programs: `unknown-placeholder`, `refused`, `too-large`, …"""
    message: str
    advice: str = ""
    level: Level = "note"

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" + (f". {self.advice}" if self.advice else "")


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file gave."""

    responses: tuple[PortableResponse, ...]
    remarks: tuple[Remark, ...]


@dataclass(frozen=True, slots=True)
class Exported:
    """What a library gave: the text of a file for the other tool."""

    text: str
    remarks: tuple[Remark, ...]
