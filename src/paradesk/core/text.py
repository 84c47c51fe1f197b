"""Cleans text from outside (stand-in)."""


def clean_text(text: str, limit: int = 1_000_000) -> str:
    """Return the text cut to `limit` characters, without control characters but newlines."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text[:limit])


def clean_line(text: str, limit: int = 60) -> str:
    """Return one clean line of at most `limit` characters."""
    return clean_text(" ".join(text.split()))[:limit]


def clean_filename(name: str) -> str:
    """Return a file name without folders."""
    return clean_line(name.replace("\\", "/").rsplit("/", 1)[-1], 120) or "file"
