"""The responses of a pack without parsing it again: a copy by the hash of its content, which can be lost at any time."""

import dataclasses
import hashlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from paradesk import __version__
from paradesk.canned.responses import Response
from paradesk.packs.lock import write_whole
from paradesk.packs.manifest import stand_ins

if TYPE_CHECKING:
    from paradesk.packs.check import Checked

MAX_BYTES = 64 * 1024 * 1024
FORMAT = 1


def _fingerprint() -> str:
    """Return what changes with the form of a response, so that a copy of another form is not read."""
    form = [f"{field.name}:{field.type}" for field in dataclasses.fields(Response)]
    return hashlib.sha256(f"{FORMAT} {__version__} {form}".encode()).hexdigest()[:16]


class ParsedPacks:
    """Copies in one folder. Reading and writing never fail: without a copy a pack is parsed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._form = _fingerprint()
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

    def keep(self, content: str, checked: "Checked", origin: str) -> tuple[Response, ...]:
        """Keep the responses of a checked pack as everyone gets them, and return them.

        Their places are told from `origin`, such as `acme-1.2.0`; languages that another one stands in for are there.
        """
        came_from = checked.tree.origin.rstrip("/")
        responses = tuple(
            replace(response, path=f"{origin}/{response.path.removeprefix(f'{came_from}/')}")
            for response in checked.responses
        )
        if checked.manifest is not None:
            spoken = {tag for response in responses for tag in response.body}
            responses = _with_stand_ins(responses, stand_ins(checked.manifest, spoken))
        self._write(content, responses)
        return responses

    def _write(self, content: str, responses: tuple[Response, ...]) -> None:
        with suppress(OSError, msgspec.MsgspecError, TypeError, ValueError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self._path(content), msgspec.msgpack.encode(responses))


def _with_stand_ins(responses: tuple[Response, ...], stand_ins: dict[str, str]) -> tuple[Response, ...]:
    """Return responses that also answer in the languages for which another one stands in (`gsw` → `de`)."""
    if not stand_ins:
        return responses
    spoken = []
    for response in responses:
        more = {tag: response.body[other] for tag, other in stand_ins.items() if other in response.body}
        spoken.append(replace(response, body={**more, **response.body}) if more else response)
    return tuple(spoken)
