"""Plays Chatwoot until interrupted, with a few customers, to look at a desk by hand or to try the live tests.

python -m tests.contract.chatwoot [--customers N] [--quiet]
"""

import argparse
import asyncio
import itertools
import random
import signal

from tests.contract.chatwoot.cables import CableServer, Puma, PumaCable, StandInCable, missing_for_puma
from tests.contract.chatwoot.server import ChatwootServer
from tests.contract.chatwoot.world import INCOMING, TEMPLATE, Conversation

NAMES = ("Dana Weiss", "Jonas Kühn", "Ana Pereira", "Li Wei", "Mia Rossi", "Tom O'Brien")
LINES = (
    "Hello, my parcel has not arrived yet.",
    "The tracking page says delivered, but it is not here.",
    "Can I still change the address?",
    "I was charged twice for my order.",
    "Thank you, that helped!",
)


async def write(server: ChatwootServer, conversations: list[Conversation]) -> None:
    """Let the customers write something now and then."""
    for line in itertools.cycle(LINES):
        await asyncio.sleep(random.uniform(3, 8))
        conversation = random.choice(conversations)
        server.world.say(conversation, INCOMING, line, conversation.contact)


async def play(cable: CableServer, customers: int, *, quiet: bool) -> None:
    """Set the stage, say where it is, and play."""
    async with cable, ChatwootServer(cable, "played") as server:
        world = server.world
        agent, colleague = await server.new_agent("Ada"), await server.new_agent("Ben")
        world.team("Billing")
        world.canned.append((1, "hello", "Hello {{contact.name}}, how can I help you?"))
        conversations = []
        for number, name in zip(range(customers), itertools.cycle(NAMES), strict=False):
            contact = world.contact(name, f"customer{number}@example.org")
            contact.custom_attributes = {"plan": "gold"} if number % 2 else {}
            conversation = world.begin(contact)
            world.say(conversation, INCOMING, LINES[number % len(LINES)], contact)
            world.say(conversation, TEMPLATE, "We typically reply in a few minutes.", None)
            if number % 3 != 2:
                world.assign(conversation, agent, colleague)
            conversations.append(conversation)
        print(
            f"CHATWOOT_URL={server.base} CHATWOOT_ACCOUNT={world.account_id} CHATWOOT_TOKEN={agent.token}", flush=True
        )
        print(f"CHATWOOT_INBOX=web  # the websocket is {type(cable).__name__}", flush=True)
        await (asyncio.Event().wait() if quiet or not conversations else write(server, conversations))


def main() -> None:
    """Play until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=5)
    parser.add_argument("--quiet", action="store_true", help="the customers write nothing more")
    given = parser.parse_args()
    puma = None if missing_for_puma() else Puma()
    # An end by a signal ends the other server, too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        asyncio.run(play(PumaCable(puma) if puma else StandInCable(), given.customers, quiet=given.quiet))
    except KeyboardInterrupt:
        pass
    finally:
        if puma is not None:
            puma.stop()


if __name__ == "__main__":
    main()
