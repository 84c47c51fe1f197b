"""`paradesk demo`: simulated customers, nothing configured, nothing kept."""

import shutil

import click

from paradesk.cli import demo_folder
from paradesk.cli.failure import readable
from paradesk.cli.names import KEYMAP


@click.command(short_help="Try Paradesk with simulated customers; needs no set-up.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed brings the same customers.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0.01, max=1000),
    default=1.0,
    show_default=True,
    help="How fast customers live: 2 is twice as fast.",
)
@click.option(
    "--size",
    type=click.IntRange(1, 12),
    default=4,
    show_default=True,
    help="How many customers chat at the same time.",
)
@click.option("--keymap", type=KEYMAP, metavar="NAME|PATH", help="Use this keymap, such as zendesk.")
@click.option("--theme", metavar="NAME", help="dark, light or contrast.")
@click.pass_context
def demo(context: click.Context, seed: int, speed: float, size: int, keymap: str | None, theme: str | None) -> None:
    """Try Paradesk with simulated customers.

    Nothing leaves this machine, and nothing is kept: what you write is gone when you quit.
    """
    from paradesk.cli.run import open_desk
    from paradesk.config.settings import load_settings
    from paradesk.connectors.simulator import SimulatorConnector
    from paradesk.connectors.simulator.stage import Stage
    from paradesk.desk.desk import Profile

    with readable():
        settings = load_settings(arguments={"keymap": keymap, "theme": theme})
        # One world for the whole demo: a connector that is built again finds the same customers.
        world = Stage(seed=seed, speed=speed, size=size).world()
        demo_folder.sweep()
        directory = demo_folder.new_folder()
        try:
            profile = Profile("demo", lambda: SimulatorConnector({}, world))
            status = open_desk(lambda: [profile], directory=directory, settings=settings, title="demo")
        finally:
            shutil.rmtree(directory, ignore_errors=True)
    context.exit(status)
