"""The chapters of the connector contract, by theme."""

import pytest

pytest.register_assert_rewrite(
    *(
        f"paradesk.testing.chapters.{chapter}"
        for chapter in ("stream", "replies", "tickets", "connection", "colleagues", "questions", "traps")
    )
)
