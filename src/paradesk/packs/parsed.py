"""The responses of a pack without parsing it again: a copy by the hash of its content, which can be lost at any time."""

import dataclasses
import hashlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from paradesk import __version__
from paradesk.canned.follow_up import FollowUp
from paradesk.canned.responses import Attached, Response, Source
from paradesk.packs.lock import write_whole

if TYPE_CHECKING:
    from paradesk.packs.check import Checked

MAX_BYTES = 64 * 1024 * 1024
FORMAT = 2
_KINDS = (Response, Attached, Source, FollowUp)


def _fingerprint(folder: Path) -> str:
    """Return what changes with the form of a response, and with its place: a copy of another form or place is not read.

    Responses name the files beside them by their whole path, which does not survive that the folder is moved.
    """
    form = [f"{kind.__name__}.{field.name}:{field.type}" for kind in _KINDS for field in dataclasses.fields(kind)]
    return hashlib.sha256(f"{FORMAT} {__version__} {form} {folder.absolute()}".encode()).hexdigest()[:16]


class ParsedPacks:
    """Copies in one folder. Reading and writing never fail: without a copy a pack is parsed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._form = _fingerprint(folder)
        self._decoder: msgspec.msgpack.Decoder[tuple[Response, ...]] | None = None

    def _path(self, content: str) -> Path:
        return self.folder / f"{content}.{self._form}.msgpack"

    def read(self, content: str) -> tuple[Response, ...] | None:
        """Return the responses of a pack with this content, or None."""
        try:
            path = self._path(content)
            if path.stat().st_size > MAX_BYTES:
                return None
            if self._decoder is None:
                self._decoder = msgspec.msgpack.Decoder(tuple[Response, ...])
            return self._decoder.decode(path.read_bytes())
        except (OSError, msgspec.MsgspecError, ValueError, TypeError, RecursionError):
            return None

    def keep(self, content: str, checked: "Checked", files: Path) -> tuple[Response, ...]:
        """Keep the responses of a checked pack as everyone gets them, and return them.

        `files` is the folder in which the pack lies now: their places, and the files that they send along, are there.
        """
        responses = tuple(_moved(response, checked.tree.origin, files) for response in checked.responses)
        self._write(content, responses)
        return responses

    def _write(self, content: str, responses: tuple[Response, ...]) -> None:
        with suppress(OSError, msgspec.MsgspecError, TypeError, ValueError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self._path(content), msgspec.msgpack.encode(responses))


def _moved(response: Response, origin: str, files: Path) -> Response:
    """Return a response with the places of a pack's folder instead of those that a check tells."""

    def at(place: str) -> str:
        return f"{files}/{place.removeprefix(origin.rstrip('/')).lstrip('/')}"

    attached = tuple(replace(file, path=at(file.path)) for file in response.attachments)
    return replace(response, path=at(response.path), root=at(response.root), attachments=attached)
