"""What is changed in a ticket together with a reply: waits beside its draft, and is done once the reply was accepted."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from paradesk.canned.follow_up import FollowUp
from paradesk.core.model import ClientId, ConversationId, Visibility

Place = tuple[ConversationId, Visibility]
"""One draft: a chat, and whether it is a reply or a note."""


@dataclass(frozen=True, slots=True)
class _Held:
    place: Place
    follow_up: FollowUp
    timer: asyncio.TimerHandle


class FollowUps:
    """The changes that wait, per draft. `do` carries them out; it is called on the screen's loop."""

    def __init__(self) -> None:
        self._waiting: dict[Place, FollowUp] = {}
        self._held: dict[ClientId, _Held] = {}
        self.do: Callable[[ConversationId, FollowUp], object] = lambda _chat, _follow_up: None

    def of(self, chat: ConversationId, visibility: Visibility) -> FollowUp:
        """Return what waits beside a draft."""
        return self._waiting.get((chat, visibility), FollowUp())

    def add(self, chat: ConversationId, visibility: Visibility, follow_up: FollowUp) -> None:
        """Let this wait beside a draft; where it contradicts what waits already, it holds."""
        if follow_up:
            self._waiting[chat, visibility] = self.of(chat, visibility).then(follow_up)

    def take(self, chat: ConversationId, visibility: Visibility) -> FollowUp:
        """Return what waits beside a draft, and let it wait no longer."""
        return self._waiting.pop((chat, visibility), FollowUp())

    def accepted(self, place: Place, client_id: ClientId, follow_up: FollowUp, hold: float) -> None:
        """A reply was accepted: do what goes with it, after the `hold` in seconds for which it can be taken back."""
        if not follow_up:
            return
        if hold <= 0:
            self.do(place[0], follow_up)
            return
        timer = asyncio.get_running_loop().call_later(hold, self._release, client_id)
        self._held[client_id] = _Held(place, follow_up, timer)

    def _release(self, client_id: ClientId) -> None:
        if (held := self._held.pop(client_id, None)) is not None:
            self.do(held.place[0], held.follow_up)

    def taking_back(self, client_id: ClientId) -> Callable[[bool], None]:
        """Somebody tries to take a reply back: nothing is done until the returned function hears whether it worked."""
        held = self._held.pop(client_id, None)
        if held is not None:
            held.timer.cancel()

        def answered(back: bool) -> None:
            if held is not None and back:
                self.add(*held.place, held.follow_up)
            elif held is not None:
                self.do(held.place[0], held.follow_up)

        return answered

    def release_all(self) -> None:
        """Do what is held now: the screen ends, and the reply is on disk."""
        for client_id in [*self._held]:
            self._held[client_id].timer.cancel()
            self._release(client_id)
