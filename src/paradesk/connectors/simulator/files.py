"""The files that customers send, generated: nothing binary is kept in the package."""

import random
import struct
import zlib
from collections.abc import Mapping

from paradesk.connectors.simulator.chat import StoredFile


def make_file(name: str, values: Mapping[str, str], rng: random.Random) -> StoredFile:
    """Return one of `scenario.FILES` with content that belongs to this customer."""
    if name.endswith(".png"):
        # Cameras and phones number their pictures.
        shown = f"IMG_{rng.randrange(1000, 9999)}.png" if name == "photo.png" else "screenshot.png"
        return StoredFile(shown, "image/png", png(96, 64, rng))
    if name.endswith(".csv"):
        rows = [f"{day:02d}.03.,{values['order.id']},{values['order.total']}" for day in (3, 3)]
        return StoredFile(name, "text/csv", "\r\n".join(["date,reference,amount", *rows, ""]).encode())
    if name == "log.txt":
        lines = [f"08:1{n}:0{n} E{rng.randrange(400, 599)} gateway did not answer" for n in range(6)]
        return StoredFile(name, "text/plain", "\n".join([*lines, ""]).encode())
    text = f"{values['customer.name']}\n{values['customer.email']}\n\n{values['order.id']}: {values['order.item']}\n"
    return StoredFile(name, "text/plain", text.encode())


def png(width: int, height: int, rng: random.Random) -> bytes:
    """Return a small, valid picture: a shaded box on a plain ground."""
    ground, box = (rng.randrange(180, 240) for _ in "ab")
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            inside = width // 4 < x < width * 3 // 4 and height // 4 < y < height * 3 // 4
            rows += bytes((box - y, box // 2, 60)) if inside else bytes((ground, ground, ground))

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")
    )
