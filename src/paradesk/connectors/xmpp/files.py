"""Files: uploaded to a slot of the server (XEP-0363), and fetched from the addresses that messages carry."""

import asyncio
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

import httpx
import msgspec

from paradesk.connectors.base import NotSent, Rejected, Uncertain, Unsupported
from paradesk.connectors.http import Downloader, OriginClient, checked_origin, is_loopback
from paradesk.connectors.xmpp.account import Account
from paradesk.connectors.xmpp.compose import slot_request
from paradesk.connectors.xmpp.jids import domain
from paradesk.connectors.xmpp.line import Line
from paradesk.core.model import LocalFile
from paradesk.core.secret import Secret

UPLOAD: Final = "urn:xmpp:http:upload:0"
MAX_FILE: Final = 25_000_000
_HEADERS: Final = ("authorization", "cookie", "expires")
"""What a slot may put on the request (XEP-0363, 5)."""


class Uploaded(msgspec.Struct):
    """A file that lies at the server: what `Send.uploads` carries as JSON."""

    url: str
    name: str
    media_type: str
    size: int


class Files:
    """Uploads and downloads for one account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._downloader: Downloader | None = None
        self._service: tuple[str, int] | None = None
        """Address of the upload service and its limit in bytes, once it has been found."""

    async def close(self) -> None:
        """Close all connections."""
        if self._downloader is not None:
            await self._downloader.close()
            self._downloader = None

    async def fetch(self, url: str) -> bytes:
        """Return a file of at most `MAX_FILE` bytes."""
        if self._downloader is None:
            self._downloader = Downloader(self._account.private_origins, ca_file=self._account.ca_file)
        return await self._downloader.fetch(url, MAX_FILE)

    async def upload(self, line: Line, file: LocalFile) -> Uploaded:
        """Bring a file to the server; raises Rejected, Unsupported, or NotSent: a file alone has reached nobody."""
        content = await asyncio.to_thread(_read, file)
        try:
            service, limit = await self._find_service(line)
            if len(content) > limit:
                raise Rejected(f"the file {file.name!r} is larger than the server's limit of {limit / 1e6:.1f} MB")
            answer = await line.ask("get", slot_request(file.name, len(content), file.media_type), service)
            slot = answer.find(f"{{{UPLOAD}}}slot")
            put = None if slot is None else slot.find(f"{{{UPLOAD}}}put")
            got = None if slot is None else slot.find(f"{{{UPLOAD}}}get")
            if put is None or got is None or not got.get("url"):
                raise Uncertain("the server gave no place to upload to")
            await self._put(put, content, file.media_type)
        except Uncertain as error:
            raise NotSent(f"the file {file.name!r} could not be uploaded: {error}") from None
        return Uploaded(got.get("url", ""), file.name, file.media_type, len(content))

    async def _put(self, put: Element, content: bytes, media_type: str) -> None:
        try:
            url = httpx.URL(put.get("url", ""))
        except httpx.InvalidURL:
            raise Rejected("the server gave no address to upload to") from None
        here = self._account.server is not None and is_loopback(self._account.server.host)
        if url.scheme != "https" and not here:
            raise Rejected("the server wants files unencrypted; nothing was uploaded")
        headers: dict[str, str | Secret] = {"Content-Type": media_type or "application/octet-stream"}
        for header in put.findall(f"{{{UPLOAD}}}header"):
            name, value = header.get("name", "").strip(), (header.text or "").strip()
            if name.lower() in _HEADERS and "\n" not in value and "\r" not in value:
                headers[name] = Secret(value)
        origin = checked_origin(str(url.copy_with(path="/", query=None, fragment=None)), "upload")
        client = OriginClient(origin, ca_file=self._account.ca_file, connections=2)
        try:
            path = url.raw_path.decode("ascii")
            answer = await client.ask("PUT", path, limit=10_000, content=content, headers=headers, deadline=120.0)
        finally:
            await client.close()
        if answer.status not in (200, 201, 204):
            raise Rejected(f"the server refused the upload ({answer.status})")

    async def _find_service(self, line: Line) -> tuple[str, int]:
        if self._service is None:
            home = domain(self._account.jid)
            items = await line.ask("get", Element("{http://jabber.org/protocol/disco#items}query"), home)
            places = [item.get("jid", "") for item in items.iter("{http://jabber.org/protocol/disco#items}item")]
            for place in [home, *places][:30]:
                limit = await self._limit_of(line, place) if place else None
                if limit is not None:
                    self._service = (place, limit)
                    break
            else:
                raise Unsupported("this server takes no uploads (XEP-0363)")
        return self._service

    async def _limit_of(self, line: Line, place: str) -> int | None:
        """Return how large an upload may be at a place, or None when it takes none."""
        try:
            answer = await line.ask("get", Element("{http://jabber.org/protocol/disco#info}query"), place, 10.0)
        except (Rejected, Unsupported, Uncertain):
            return None
        features = {found.get("var") for found in answer.iter("{http://jabber.org/protocol/disco#info}feature")}
        if UPLOAD not in features:
            return None
        for field in answer.iter("{jabber:x:data}field"):
            value = (field.findtext("{jabber:x:data}value") or "").strip()
            if field.get("var") == "max-file-size" and value.isascii() and value.isdigit() and len(value) < 16:
                return min(int(value), MAX_FILE)
        return MAX_FILE


def _read(file: LocalFile) -> bytes:
    try:
        with Path(file.path).open("rb") as opened:
            content = opened.read(MAX_FILE + 1)
    except OSError as error:
        raise Rejected(f"the file {file.name!r} cannot be read: {error.strerror or type(error).__name__}") from None
    if len(content) > MAX_FILE:
        raise Rejected(f"the file {file.name!r} is larger than the limit of {MAX_FILE / 1e6:.0f} MB")
    return content
