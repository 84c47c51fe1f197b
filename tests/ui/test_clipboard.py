"""What is copied: cleaned, as base64, bounded with a word, and the same when it is pasted back."""

import re
from base64 import b64decode
from pathlib import Path

import pytest

from paradesk.core.text import clean_text
from paradesk.ui.clipboard import MOST_BYTES, sequence
from tests.hostile_corpus import everything
from tests.ui.scripted import ScriptedConnector
from tests.ui.workstation import workstation

WHOLE = re.compile(r"\x1b\]52;c;([A-Za-z0-9+/]*=*)\x07")


def test_any_text_is_handed_over_clean_as_base64_or_not_at_all() -> None:
    for entry in everything():
        written = sequence(entry.text)
        clean = clean_text(entry.text)
        if len(clean.encode()) > MOST_BYTES:
            assert written == "", entry.id
            continue
        found = WHOLE.fullmatch(written)
        assert found is not None, entry.id
        assert b64decode(found[1], validate=True).decode() == clean, entry.id


def test_the_bound_is_in_bytes() -> None:
    assert len(sequence("é" * (MOST_BYTES // 2))) < 100_000
    assert sequence("é" * (MOST_BYTES // 2 + 1)) == ""


@pytest.mark.asyncio
async def test_a_long_text_is_refused_with_a_word_and_can_still_be_pasted_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = ScriptedConnector()
    backend.chat(1)
    async with workstation(tmp_path, backend) as desk:
        await desk.opened("c1")
        written: list[str] = []
        assert desk.app._driver is not None
        monkeypatch.setattr(desk.app._driver, "write", written.append)
        long = "x" * (MOST_BYTES + 1)
        desk.app.copy_to_clipboard(long)
        assert not any("]52;" in data for data in written)
        assert "Too long for the terminal" in desk.app.notices[-1].text
        await desk.press("ctrl+v")
        await desk.until(lambda: desk.composer_text("c1") == long, "the text is pasted")
        desk.app.copy_to_clipboard("short\x1b[31m")
        assert written[-1] == sequence("short\x1b[31m")
        assert desk.app.clipboard == clean_text("short\x1b[31m")
