"""The simulator, prepared for the contract suite: an empty world in which the test plays every customer."""

from paradesk.connectors.base import Connector
from paradesk.connectors.simulator import SimulatorConnector, World
from paradesk.connectors.simulator.agent import AgentSide
from paradesk.connectors.simulator.chat import StoredFile
from paradesk.connectors.simulator.office import Office
from paradesk.connectors.simulator.people import COLLEAGUES, TEAMS
from paradesk.core.model import ConversationId, Customer, MessageId, Presence, Role, Status
from paradesk.testing.backend import BackendUnderTest, Received, TicketRecord


class SimulatedBackend(BackendUnderTest):
    """A world of its own per test. A subclass may put another connector class in front of it."""

    patience = 5.0
    crowd = 10_000
    connector_class: type[SimulatorConnector] = SimulatorConnector

    def __init__(self) -> None:
        self.world = World(seed=7, retention=20)
        self.agent = AgentSide(self.world)
        self.office = Office(self.world, self.agent)
        self._customers = 0

    def connector(self) -> Connector:
        return self.connector_class({}, self.world)

    def impostor(self) -> Connector:
        return self.connector_class({"fail": "auth"}, self.world)

    def _customer(self) -> Customer:
        self._customers += 1
        return Customer(
            id=f"c{self._customers}", name=f"Zoë {self._customers}", email=f"zoe{self._customers}@x.example"
        )

    async def open_conversation(self) -> ConversationId:
        return self.world.begin(self._customer())

    async def waiting_conversation(self) -> ConversationId:
        return self.world.begin(self._customer(), joined=False)

    async def transfer_target(self) -> str:
        return TEAMS[0].id

    async def new_customer(self) -> str:
        return "new.customer@mail.example"

    async def customer_says(self, conversation_id: ConversationId, text: str) -> MessageId:
        return self.world.customer_says(conversation_id, text)

    async def customer_attaches(
        self, conversation_id: ConversationId, name: str, media_type: str, content: bytes
    ) -> MessageId:
        return self.world.customer_says(conversation_id, "", [StoredFile(name, media_type, content)])

    async def customer_edits(self, conversation_id: ConversationId, message_id: MessageId, text: str) -> None:
        self.world.customer_edits(conversation_id, message_id, text)

    async def customer_deletes(self, conversation_id: ConversationId, message_id: MessageId) -> None:
        self.world.customer_deletes(conversation_id, message_id)

    async def customer_types(self, conversation_id: ConversationId, typing: bool) -> None:
        self.world.customer_types(conversation_id, typing)

    async def customer_reads(self, conversation_id: ConversationId, message_id: MessageId) -> None:
        self.world.customer_reads(conversation_id, message_id)

    async def received(self, conversation_id: ConversationId) -> list[Received]:
        chat = self.world.chat(conversation_id)
        return [
            Received(message.body, tuple((a.name, chat.files[a.id].content) for a in message.attachments))
            for message in self.world.customer_view(conversation_id)
            if message.role is Role.AGENT
        ]

    async def sees_agent_typing(self, conversation_id: ConversationId) -> bool:
        return self.world.chat(conversation_id).agent_typing_until > self.world.timeline.now

    async def sees_read_up_to(self, conversation_id: ConversationId) -> MessageId | None:
        return self.world.chat(conversation_id).read_by_agent

    async def record(self, conversation_id: ConversationId) -> TicketRecord:
        kept = self.world.chat(conversation_id).conversation
        return TicketRecord(
            status=kept.status,
            priority=kept.priority,
            tags=kept.tags,
            joined=kept.joined,
            ended=kept.ended,
            assignee_id=kept.assignee.id if kept.assignee else None,
        )

    async def cut(self) -> None:
        self.world.cut()

    async def restore(self) -> None:
        self.world.restore()

    async def colleague_id(self) -> str:
        return COLLEAGUES[1].id

    async def colleague_offers(self) -> ConversationId:
        return self.office.offer(self._customer(), COLLEAGUES[1], "can you take this one?")

    async def colleague_answers(self, conversation_id: ConversationId, accepts: bool) -> None:
        self.office.colleague_answers(conversation_id, accepts)

    async def colleague_sets_status(self, conversation_id: ConversationId, status: Status) -> None:
        self.agent.set_status(conversation_id, status, None)

    async def agent_presence(self) -> Presence | None:
        return self.world.presence

    async def canned_response(self) -> tuple[str, str]:
        kept = self.office.canned()[0]
        return kept.title, kept.body

    async def earlier_conversation(self, conversation_id: ConversationId) -> str:
        customer = self.world.chat(conversation_id).conversation.customer
        return self.world.begin(customer, subject="an earlier question")

    async def blank_next_answer(self) -> None:
        self.world.faults.blank_answers = 1

    async def spoil_next_download(self) -> None:
        self.world.faults.spoil_downloads = 1

    async def expire_credentials(self) -> None:
        self.world.revoke()

    async def system_line_with_later_id(self, conversation_id: ConversationId, text: str) -> str:
        return self.world.greets_late(conversation_id, text)

    async def set_clock_wrong(self, seconds: float) -> None:
        self.world.faults.clock_skew = seconds

    async def lose_next_answer(self) -> None:
        self.world.faults.lose_answers = 1

    async def limit_next_send(self) -> None:
        self.world.faults.limit_sends = 1

    async def disturb_stream(self) -> None:
        self.world.faults.disturb = True
