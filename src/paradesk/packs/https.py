"""Packs from the web: one zip, over https only, of a bounded size, and exactly the one whose sha256 was given."""

import hashlib
import time

from paradesk.core.text import clean_line
from paradesk.packs.archive import MAX_ARCHIVE
from paradesk.packs.findings import refuse

LIMIT = 60.0
"""Seconds for the whole download."""
MAX_REDIRECTS = 5
MAX_SIGNATURE = 64 * 1024


def download(address: str, sha256: str, *, limit: int = MAX_ARCHIVE) -> bytes:
    """Return the file at an address; raises PackError. An empty `sha256` compares nothing: for signatures only.

    Bytes are counted after decompression, redirects are followed from https to https only.
    """
    import httpx

    deadline = time.monotonic() + LIMIT
    try:
        with httpx.Client(follow_redirects=False, timeout=15.0) as client:
            for _ in range(MAX_REDIRECTS + 1):
                _need_https(httpx.URL(address), address)
                with client.stream("GET", address, headers={"Accept-Encoding": "identity"}) as answer:
                    if answer.next_request is not None:
                        address = str(answer.next_request.url)
                        continue
                    if answer.status_code != 200:
                        raise refuse("P502", address, f"the server answers {answer.status_code}")
                    content = bytearray()
                    for piece in answer.iter_bytes(64 * 1024):
                        content += piece
                        if len(content) > limit:
                            raise refuse("P304", address, f"the file is larger than {limit // 1024:,} KB")
                        if time.monotonic() > deadline:
                            raise refuse("P502", address, f"it took longer than {LIMIT:g} seconds")
                return _same(bytes(content), sha256, address)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        reason = clean_line(str(error) or type(error).__name__, 200)
        raise refuse("P502", address, f"the download failed: {reason}") from error
    raise refuse("P502", address, f"more than {MAX_REDIRECTS} redirects")


def _need_https(url: object, address: str) -> None:
    if getattr(url, "scheme", "") != "https" or not getattr(url, "host", ""):
        raise refuse("P504", address, "packs are downloaded over https only")


def _same(content: bytes, sha256: str, address: str) -> bytes:
    found = hashlib.sha256(content).hexdigest()
    if sha256 and found != sha256.lower():
        raise refuse("P503", address, f"its sha256 is {found}, not {sha256.lower()}")
    return content
