"""Responses of other tools into ours and back: one module for each format, one table of placeholders for all."""

from paradesk.canned.exchange.exporting import bracketed
from paradesk.canned.exchange.format import Format
from paradesk.canned.exchange.records import Exported, FollowUp, Imported, PortableResponse, Remark
from paradesk.canned.exchange.registry import FORMATS, detect, named, read
from paradesk.canned.exchange.source import BadSource, Source
from paradesk.canned.exchange.toml_files import from_library, to_files, to_toml, unheld

__all__ = [
    "FORMATS",
    "BadSource",
    "Exported",
    "FollowUp",
    "Format",
    "Imported",
    "PortableResponse",
    "Remark",
    "Source",
    "bracketed",
    "detect",
    "from_library",
    "named",
    "read",
    "to_files",
    "to_toml",
    "unheld",
]
