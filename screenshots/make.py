"""Makes the pictures of README.md from the running application on a seeded simulator: python -m screenshots.make

The simulated world stands still unless the script lets time pass, and the screen's clock is the world's, so that the
same sources give the same pictures. Fonts are the viewer's: nothing in the pictures is fetched from elsewhere.
"""

import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

os.environ |= {"TZ": "UTC", "COLORTERM": "truecolor", "TERM": "xterm-256color"}
if len(sys.argv) > 1:  # one picture per process: Textual reads NO_COLOR when it is imported
    os.environ.pop("NO_COLOR", None)
    if sys.argv[1].startswith("monochrome"):
        os.environ["NO_COLOR"] = "1"
time.tzset()

HERE = Path(__file__).parent
START = 1_795_183_200.0
"""Friday 20 November 2026, 14:00 UTC."""

SIZES = {
    "workspace": (160, 44),
    "picker": (140, 40),
    "which-key": (120, 34),
    "monochrome": (120, 34),
    "small": (80, 24),
    "guard": (120, 34),
}


class Shoot:
    """The application on a simulated world, with keys to press and time to pass."""

    def __init__(self, name: str, directory: Path) -> None:
        from paradesk.canned import load_library
        from paradesk.config.settings import Settings
        from paradesk.config.shipped import shipped
        from paradesk.connectors.simulator import SimulatorConnector
        from paradesk.connectors.simulator.stage import Stage
        from paradesk.desk.desk import Desk, Profile
        from paradesk.keymap.keymap import Layer
        from paradesk.keymap.loader import load_keymap
        from paradesk.ui.app import ParadeskApp
        from paradesk.ui.opening import Opening

        self.name = name
        self.passed = 0.0
        self.world = Stage(seed=3, size=5, start=START, realtime=False).world()
        connector = SimulatorConnector
        self.desk = Desk(
            [Profile("acme", lambda: connector({}, self.world))], directory, clock=lambda: START + self.passed
        )
        library, findings = load_library([shipped("canned_responses")])
        assert not findings
        keymaps = [load_keymap(shipped("keymaps") / "default.toml", Layer.DEFAULT)]
        self.app = ParadeskApp(
            Opening(self.desk, directory, Settings(), keymaps, library, "acme"),
            clock=lambda: START + self.passed,
            question_grace=0.0,
        )

    async def run(self, script: Callable[["Shoot"], Awaitable[None]]) -> None:
        """Carry out a script and save the picture."""
        self.desk.start()
        try:
            async with self.app.run_test(size=SIZES[self.name], notifications=True) as self.pilot:
                await self.settle()
                await script(self)
                await self.settle()
                picture = self.app.export_screenshot(title="Paradesk")
        finally:
            self.desk.stop()
        picture = re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL)
        picture = re.sub(r"terminal-\d+", f"terminal-{self.name}", picture)
        target = HERE / f"{self.name}.svg"
        target.write_text("\n".join(line.rstrip() for line in picture.splitlines()) + "\n", encoding="utf-8")
        print(f"{target.name}: {target.stat().st_size // 1000} kB")

    async def settle(self, seconds: float = 0.5) -> None:
        """Let what is under way arrive on the screen."""
        for _ in range(int(seconds / 0.05)):
            await self.pilot.pause()
            await asyncio.sleep(0.05)

    async def wait(self, seconds: float) -> None:
        """Let customers live for so many seconds."""
        for _ in range(int(seconds)):
            self.world.advance(1.0)
            self.passed += 1.0
            await asyncio.sleep(0.01)
        await self.settle()

    async def press(self, *keys: str) -> None:
        """Press keys."""
        for key in keys:
            await self.pilot.press(key)
        await self.settle(0.2)

    async def type(self, text: str) -> None:
        """Type a text."""
        names = {
            " ": "space",
            ",": "comma",
            ".": "full_stop",
            "'": "apostrophe",
            "?": "question_mark",
            "!": "exclamation_mark",
            "-": "minus",
        }
        await self.press(*(names.get(letter, letter) for letter in text))


async def four_panes(shoot: Shoot) -> None:
    """Four chats, two of them answered, one with a note, one solved soon."""
    await shoot.wait(40)
    for _ in range(3):
        if len(shoot.app.deck.panes.order) >= 4:
            break
        await shoot.press("f3", "end")
        rows = [row for row in shoot.app.view.rows if row.conversation_id not in shoot.app.deck.panes.order]
        if not rows:
            await shoot.wait(20)
            continue
        await shoot.app.deck.open(rows[0].conversation_id)
        await shoot.settle()
        await shoot.press("ctrl+x", "g")


async def answer(shoot: Shoot, pane: str, query: str) -> None:
    """Answer a pane with a canned response."""
    await shoot.press("ctrl+x", pane, "f2")
    await shoot.type(query)
    await shoot.press("enter")


async def workspace(shoot: Shoot) -> None:
    """Four panes at work."""
    await four_panes(shoot)
    await answer(shoot, "1", "delivered")
    await shoot.press("enter")
    await shoot.wait(12)
    await shoot.press("ctrl+x", "p")
    await answer(shoot, "2", "password")
    await shoot.press("enter", "f9")
    await shoot.type("reset link sent, second time this week")
    await shoot.press("enter", "f9")
    await shoot.wait(6)
    await shoot.press("ctrl+x", "1")
    await shoot.type("Thank you, Sarah. I have opened")
    await shoot.wait(3)


async def picker(shoot: Shoot) -> None:
    """The picker with a filled preview."""
    await shoot.wait(6)
    await shoot.press("ctrl+x", "1", "f2")
    await shoot.type("investigation")


async def which_key(shoot: Shoot) -> None:
    """What can follow ctrl+x."""
    await shoot.wait(6)
    await shoot.press("ctrl+x", "1")
    await shoot.pilot.press("ctrl+x")
    await shoot.settle(1.2)


async def plain(shoot: Shoot) -> None:
    """Two panes, nothing said by colour."""
    await shoot.wait(8)
    await shoot.press("ctrl+x", "2")
    await shoot.type("Guten Tag, ich sehe sofort nach")


async def guard(shoot: Shoot) -> None:
    """An answer for one customer, stopped in the chat of another."""
    await shoot.wait(8)
    orders = shoot.app.deck.panes.order
    there = next(
        number for number, item in enumerate(orders, 1) if shoot.app.state.threads[item].conversation.order.get("id")
    )
    order = shoot.app.state.threads[orders[there - 1]].conversation.order["id"]
    await shoot.press("ctrl+x", "2" if there == 1 else "1")
    await shoot.type(f"I have found it, order {order} arrives tomorrow")
    await shoot.press("enter")


SCRIPTS: dict[str, Callable[[Shoot], Awaitable[None]]] = {
    "workspace": workspace,
    "picker": picker,
    "which-key": which_key,
    "monochrome": plain,
    "small": plain,
    "guard": guard,
}


def main() -> None:
    """Make the picture that is named, or all of them, each in a process of its own."""
    if len(sys.argv) > 1:
        with tempfile.TemporaryDirectory(prefix="paradesk-shot-") as folder:
            os.environ["PARADESK_STATE_DIR"] = os.environ["PARADESK_CONFIG_DIR"] = folder
            from paradesk.config.state import mark_first_run_done

            mark_first_run_done()
            directory = Path(folder) / "desk"
            directory.mkdir()
            shoot = Shoot(sys.argv[1], directory)
            asyncio.run(shoot.run(SCRIPTS[sys.argv[1]]))
        return
    import subprocess

    for name in SCRIPTS:
        subprocess.run([sys.executable, "-m", "screenshots.make", name], check=True)


if __name__ == "__main__":
    main()
