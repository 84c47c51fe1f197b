"""What the whole program writes to its terminal while every field of its backend is hostile."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.e2e.hostile.walk import CHATS, SCREENS, Walk, chunks
from tests.e2e.test_transcript_bytes import shapes
from tests.hostile_corpus import COLLECTION, MISSING, everything

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

EVERY = 3
"""A walk through all screens comes behind as many servings; the transcripts, the hotlist and the title see them all."""


def walked(directory: Path, texts: Sequence[str], every: int) -> tuple[set[str], set[str]]:
    """Return the kinds of sequences that were written while these texts were shown, and the screens that were seen."""
    with Walk(directory, texts) as walk:
        for place, some in enumerate(chunks(texts)):
            walk.serve(some)
            if place % every == 0:
                walk.through()
        state = walk.ask()
        assert state["intents"] == [], "hostile text has acted"
        assert not any(state["composers"]), "something was typed into a composer"
        assert not walk.reports()
        return shapes(bytes(walk.output).decode("utf-8", "replace")), walk.screens


def foreign(texts: Sequence[str], every: int = EVERY) -> set[str]:
    """Return the sequences that these texts caused and honest ones do not."""
    with tempfile.TemporaryDirectory() as honest, tempfile.TemporaryDirectory() as hostile:
        usual, _ = walked(Path(honest), ["an honest text", "another one"] * CHATS, 1)
        found, screens = walked(Path(hostile), texts, every)
    assert screens == {*SCREENS, "LinksScreen"}
    return found - usual


def test_no_text_reaches_the_terminal_as_a_command() -> None:
    assert foreign([entry.text for entry in everything()]) == set()


def test_the_large_collection_was_there() -> None:
    if not COLLECTION.exists():
        pytest.skip(MISSING)
