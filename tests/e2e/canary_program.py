"""The real program with a backend that puts secrets into everything it says; the first argument names a leak."""

import asyncio
import itertools
import logging
import os
import sys
import threading
import time
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, ClassVar

from paradesk.connectors.base import AuthError, Connector, ConnectorContext, NotSent, Option, Outcome, Page, Rejected
from paradesk.connectors.capabilities import Capabilities, Idempotency, Support
from paradesk.core.events import ConversationUpserted, Event, MessageUpserted
from paradesk.core.intents import Intent, Send, SetStatus
from paradesk.core.model import Conversation, ConversationId, Customer, Message, MessageId, Role, Status
from paradesk.parent import session

EMAIL = "sarah.chen@canary.example"
CARD = "4111 1111 1111 1111"
LINK = "https://shop.example.org/help"


class CanaryConnector(Connector):
    """Says what it knows wherever it can say something."""

    name: ClassVar[str] = "canary"
    title: ClassVar[str] = "Canary"
    options: ClassVar[tuple[Option, ...]] = (
        Option("token", "Access token", secret=True),
        Option("password", "Password", secret=True),
    )
    capabilities = Capabilities(
        idempotency=Idempotency.EXACT,
        exact_window=3600.0,
        status=Support.NATIVE,
        statuses=frozenset({Status.OPEN, Status.PENDING, Status.ON_HOLD, Status.SOLVED}),
    )
    leak: ClassVar[str] = ""

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(settings)
        self._number = itertools.count(1)
        self._tried = False

    @property
    def everything(self) -> str:
        """All canaries in one sentence."""
        return f"token {self.settings['token']}, {self.settings['password']}, of {EMAIL}, paid with {CARD}"

    def _message(self, item: str, text: str) -> MessageUpserted:
        number = next(self._number)
        return MessageUpserted(
            Message(
                id=MessageId(f"m{number}"),
                conversation_id=ConversationId(item),
                role=Role.CUSTOMER,
                sender_id=f"u{item}",
                sender_name=f"Sarah {EMAIL}",
                body=text,
                sent_at=time.time(),
                order_key=number,
            )
        )

    async def run(self, desk: ConnectorContext) -> None:
        """Fail once with everything; then come online and let two customers write."""
        if not self._tried:
            self._tried = True
            raise NotSent(f"first: {self.everything}")
        await desk.emit(*self._chat("1"))
        await desk.online()
        logging.getLogger("third.party").error("it said %s", self.everything)
        logging.getLogger("paradesk.connectors.canary").error("it said %s", self.everything)
        raising = threading.Thread(target=self._raise)
        raising.start()
        background = asyncio.create_task(self._raise_later())
        # Others write while the test says so: who comes while the window is not looked at is notified.
        go = Path(os.environ["CANARY_OUT"]).parent / "go"
        for number in itertools.count(2):
            await asyncio.sleep(0.5)
            if go.exists():
                await desk.emit(*self._chat(str(number)))
        await background

    def _chat(self, item: str) -> tuple[Event, ...]:
        name = f"Sarah {self.settings['token']}" if self.leak == "screen" else f"Sarah {item}"
        customer = Customer(id=f"u{item}", name=name, email=EMAIL, attributes={"card": CARD, "mail": EMAIL})
        chat = Conversation(id=ConversationId(item), customer=customer, status=Status.OPEN, subject=f"about {CARD}")
        return ConversationUpserted(chat), self._message(item, f"my card is {CARD}, my mail {EMAIL}, see {LINK}")

    def _raise(self) -> None:
        raise RuntimeError(self.everything)

    async def _raise_later(self) -> None:
        self._raise()

    async def perform(self, intent: Intent) -> Outcome:
        """Refuse, with everything in the reason."""
        if isinstance(intent, Send):
            raise Rejected(f"refused: {self.everything}")
        if isinstance(intent, SetStatus) and intent.status is Status.PENDING:
            self._raise()
        raise AuthError(f"signed out: {self.everything}")

    async def history(self, conversation_id: ConversationId, before: Message | None, limit: int) -> Page:
        """There is nothing older."""
        return Page((), True)


def main() -> None:
    """Run `paradesk` as its entry point does it."""
    leak, sys.argv[1:] = sys.argv[1], sys.argv[2:]
    session(sys.argv[1:])
    from paradesk.cli.main import cli
    from paradesk.connectors import registry
    from paradesk.desk.redaction import Redaction
    from paradesk.desk.snapshots import Snapshots
    from paradesk.ui.commands import workspace

    CanaryConnector.leak = leak
    sys.modules["canary_program"] = sys.modules["__main__"]
    entry = EntryPoint("canary", "canary_program:CanaryConnector", registry.GROUP)
    setattr(registry, "_entries", lambda: {"canary": entry})  # noqa: B010
    named = Snapshots.__init__.__kwdefaults__
    assert named is not None
    named["first"] = 0.1
    if leak == "log":
        setattr(Redaction, "text", lambda _redaction, text: text)  # noqa: B010
    if leak == "report":
        from paradesk.ui import crash

        setattr(crash, "report_text", lambda error, _at: repr(error))  # noqa: B010

    def crash_now(app: Any) -> None:
        connector = next(iter(app.desk._lanes.values())).connector
        raise RuntimeError(connector.everything)

    workspace.COMMANDS["customer.panel"] = crash_now
    cli()


if __name__ == "__main__":
    main()
