"""A chat backend without a server: customers who write, wait, get angry and are helped, all in this process."""

from paradesk.connectors.simulator.connector import SimulatorConnector
from paradesk.connectors.simulator.stage import Stage
from paradesk.connectors.simulator.world import World

__all__ = ["SimulatorConnector", "Stage", "World"]
