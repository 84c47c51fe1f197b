"""Rooms that this desk makes or shares: a ticket with a customer, and the private room for hand-over notes."""

from typing import Final

from paradesk.connectors.base import Rejected
from paradesk.connectors.matrix.client import Json
from paradesk.connectors.matrix.room import Room, Staff
from paradesk.connectors.matrix.session import MatrixSession, room_path, transaction_id
from paradesk.connectors.matrix.stream import MatrixStream
from paradesk.connectors.matrix.ticket import ASSIGNEE, NAMESPACE, STATUS, TYPES
from paradesk.core.model import Status

HANDOVER: Final = f"{NAMESPACE}.handover"
"""The room type of a room between two colleagues; no customer is ever in it."""
AGENT_POWER: Final = 50


def new_ticket_room(staff: Staff, customer: str, subject: str) -> Json:
    """Return what `createRoom` needs for a ticket: the customer may write, and may not touch the ticket's fields."""
    room: dict[str, object] = {
        "preset": "private_chat",
        "visibility": "private",
        "invite": [customer],
        "power_level_content_override": {"events": dict.fromkeys(TYPES, AGENT_POWER), "users_default": 0},
        "initial_state": [
            {"type": STATUS, "state_key": "", "content": {"status": Status.OPEN.value}},
            {"type": ASSIGNEE, "state_key": "", "content": {"user_id": staff.me.id}},
        ],
    }
    if subject:
        room["name"] = subject
    return room


async def invite_agents(session: MatrixSession, room: Room, agents: tuple[str, ...]) -> None:
    """Bring colleagues into a room, with the right to change the ticket where we may grant it."""
    for agent in agents:
        member = room.people.get(agent)
        if member is None or member.membership not in ("join", "invite"):
            await session.post(room_path(room.id, "invite"), {"user_id": agent})
    levels = await session.state(room.id, "m.room.power_levels")
    users = levels.get("users", {}) if levels is not None else None
    if levels is None or not isinstance(users, dict) or not room.may_set("m.room.power_levels"):
        return
    short = [agent for agent in agents if room.level(agent) < AGENT_POWER]
    if short:
        levels["users"] = {**users, **dict.fromkeys(short, AGENT_POWER)}
        try:
            await session.set_state(room.id, "m.room.power_levels", levels)
        except Rejected:
            # They can answer all the same; only the ticket's fields stay closed to them.
            return


async def write_handover_note(session: MatrixSession, stream: MatrixStream, room: Room, target: str, note: str) -> None:
    """Write a note where only the colleague can read it: a room of the two of us, made when there is none yet."""
    me = session.user_id
    place = next(
        (
            other.id
            for other in stream.rooms.values()
            if other.kind == HANDOVER
            and other.joined
            and other.creator in (me, target)
            and not other.encrypted
            and {user for user, member in other.people.items() if member.membership != "leave"} == {me, target}
        ),
        None,
    )
    if place is None:
        place = await session.create_room(
            {
                "preset": "private_chat",
                "visibility": "private",
                "invite": [target],
                "name": "Hand-over notes",
                "creation_content": {"type": HANDOVER},
                "is_direct": True,
            }
        )
    conversation = room.conversation()
    subject = f", {conversation.subject}" if conversation.subject else ""
    text = f"#{conversation.number} {conversation.customer.name}{subject}: {note}"
    await session.send(place, "m.room.message", transaction_id(), {"msgtype": "m.text", "body": text})
