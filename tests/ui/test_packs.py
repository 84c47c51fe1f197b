"""What installed packs mean on the screen: a line about what changed, and a policy that holds."""

from dataclasses import replace
from pathlib import Path

import pytest

from paradesk.config.settings import Settings
from paradesk.core.intents import ChangeTags, SetStatus
from paradesk.ui.app import ParadeskApp
from paradesk.ui.opening import Opening
from tests.ui.scripted import ScriptedConnector
from tests.ui.workstation import Workstation, workstation


def one_chat() -> ScriptedConnector:
    backend = ScriptedConnector()
    backend.chat(1)
    return backend


def said(desk: Workstation) -> list[str]:
    return [notice.text for notice in desk.app.notices]


async def change_tags(desk: Workstation, tag: str) -> None:
    await desk.press("ctrl+x", "b")
    await desk.until(lambda: len(desk.app.screen_stack) == 2, "the dialog")
    await desk.type(tag)
    await desk.press("enter")
    await desk.until(lambda: len(desk.app.screen_stack) == 1, "no dialog")


async def test_what_changed_is_told_once_the_panes_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = "Packs since your last start: acme 1.0.0 → 1.1.0"
    before = ParadeskApp._put_together

    def with_notices(app: ParadeskApp, opening: Opening) -> None:
        before(app, replace(opening, notices=((line, "information"), ("[b]x\x1b[2J", "warning"), ("c", "warning"))))

    monkeypatch.setattr(ParadeskApp, "_put_together", with_notices)
    async with workstation(tmp_path, one_chat()) as desk:
        await desk.until(lambda: len(said(desk)) >= 3, "the notices")
        assert said(desk)[:2] == [line, "[b]x␛[2J"]
        assert "and 1 more about packs" in said(desk)[2]


async def test_a_policy_names_the_statuses_that_there_are(tmp_path: Path) -> None:
    backend = one_chat()
    settings = Settings(policies=({"statuses": ["open", "on_hold"]}, {"statuses": ["solved"], "chat_limit": "wrong"}))
    async with workstation(tmp_path, backend, settings=settings) as desk:
        await desk.until(lambda: len(desk.order) == 1, "a pane")
        await desk.type("almost there")
        for action in ("status.solved", "ticket.solve"):
            desk.app._command(action)
        await desk.until(lambda: len(said(desk)) == 2, "two refusals")
        assert all("policy has no status “solved” (it has: open, on hold)" in text for text in said(desk))
        assert desk.composer_text("c1") == "almost there"
        desk.app._command("status.on_hold")
        await desk.until(lambda: any(isinstance(item, SetStatus) for item in backend.intents), "the status")
        assert [type(item) for item in backend.intents if isinstance(item, SetStatus | ChangeTags)] == [SetStatus]


async def test_a_policy_names_the_tags_that_there_are(tmp_path: Path) -> None:
    backend = one_chat()
    async with workstation(tmp_path, backend, settings=Settings(policies=({"tags": ["vip"]},))) as desk:
        await desk.until(lambda: len(desk.order) == 1, "a pane")
        await change_tags(desk, "other")
        await desk.until(lambda: bool(said(desk)), "the refusal")
        assert not any(isinstance(item, ChangeTags) for item in backend.intents)
        await change_tags(desk, "vip")
        await desk.until(lambda: any(isinstance(item, ChangeTags) for item in backend.intents), "the change")
        assert "policy has no tag other" in said(desk)[0]
