"""What a pane asks of the rest: to keep what is typed, to send it, to fetch what was said before."""

from collections.abc import Awaitable, Callable
from functools import partial

from paradesk.core.model import ConversationId, LocalFile, Visibility
from paradesk.desk.desk import Desk
from paradesk.guard.verdict import GuardSettings
from paradesk.ui.bridge import Bridge
from paradesk.ui.choosing import Choosing
from paradesk.ui.deck import Deck
from paradesk.ui.follow_ups import FollowUps
from paradesk.ui.guarding import Guarding
from paradesk.ui.previewing import LOOK_AFTER, Previewing
from paradesk.ui.sending import failure_text, refusal, send
from paradesk.ui.titles import who
from paradesk.ui.widgets.pane import Pane


async def _nothing(_pane: Pane) -> None:
    return


class Sender:
    """Takes what is typed in panes to the desk. Each call names its conversation: there is no "active" one here."""

    def __init__(
        self,
        desk: Desk,
        bridge: Bridge,
        deck: Deck,
        tell: Callable[[str, str], None],
        key: Callable[[str], str],
        guard: GuardSettings,
        choosing: Choosing,
    ) -> None:
        self._desk, self._bridge, self._deck, self._tell, self._key = desk, bridge, deck, tell, key
        self._choosing = choosing
        self.guarding = Guarding(desk, bridge, deck, guard, tell, key)
        """What stands between Enter and the desk."""
        self.previewing = Previewing(desk)
        """What drafts become at their backends."""
        self.follow_ups = FollowUps()
        """What is changed in tickets together with replies."""
        self.show_links: Callable[[Pane], Awaitable[None]] = _nothing
        """Shows the links and files of the chosen message of a pane."""
        self.unseen: Callable[[ConversationId], bool] = lambda _id: False
        """Whether a pane is not on the screen: nothing is sent to a customer whom nobody can see."""

    def typed(self, pane: Pane, text: str) -> None:
        """Keep what stands in a composer."""
        self._deck.typed(pane, text)
        self.guarding.typed(pane, text)
        pane.set_timer(LOOK_AFTER, partial(self.show_preview, pane))
        if not text:
            self._choosing.cleared(pane.conversation_id, pane.composer.visibility)
            self.leave_out(pane)

    def leave_out(self, pane: Pane) -> bool:
        """Let nothing be changed together with the draft of a pane; returns whether something would have been."""
        left = self.follow_ups.take(pane.conversation_id, pane.composer.visibility)
        self.show_follow_up(pane)
        return bool(left)

    def show_follow_up(self, pane: Pane) -> None:
        """Show in a composer what will be changed together with its draft."""
        words = self.follow_ups.of(pane.conversation_id, pane.composer.visibility).words()
        pane.composer.show_follow_up(words, self._key("canned.leave_out") if words else "")

    def show_preview(self, pane: Pane) -> None:
        """Show in a composer what its text becomes at the backend, where that is not the text itself."""
        composer = pane.composer
        words = self.previewing.of(pane.conversation_id, composer.visibility, composer.text).words
        composer.show_preview(words, self._key("chat.preview") if words else "")

    def copied(self, pane: Pane, text: str, *, composer: bool) -> None:
        """Remember from which chat text was copied."""
        self.guarding.copied(pane, text, composer=composer)

    def pasted(self, pane: Pane, text: str) -> None:
        """Remember that text is about to be pasted."""
        self.guarding.pasted(pane, text)

    def typing(self, conversation_id: ConversationId, typing: bool) -> None:
        """Tell the customer that somebody writes, where the backend can."""
        self._desk.typing(conversation_id, typing)

    def send(
        self,
        pane: Pane,
        text: str,
        visibility: Visibility,
        attachments: tuple[LocalFile, ...],
        *,
        claim: Callable[[], None] | None = None,
        then: Callable[[], object] | None = None,
    ) -> bool:
        """Send to the pane's customer, or say why not; the composer keeps the text until it is accepted."""
        item = pane.conversation_id
        thread = self._bridge.state.threads.get(item)
        if thread is None:
            self._tell("This chat is not known any more. The text is kept", "error")
            pane.composer.release_sent(text)
            return False
        if self.unseen(item):
            self._tell("The terminal is too small to show who gets this. The text is kept", "warning")
            pane.composer.release_sent(text)
            return False
        reason = refusal(thread, text, visibility, attachments, self._desk, self._key("chat.join"))
        if reason:
            self._tell(f"{who(thread)}: {reason}", "warning")
            pane.composer.release_sent(text)
            return False
        again: Callable[[], object] = pane.composer.submit
        if then is not None:
            again = partial(self.send, pane, text, visibility, attachments, claim=claim, then=then)
        passed = self.guarding.passes(pane, text, visibility, again)
        if passed is None:
            pane.composer.release_sent(text)
            return False
        if claim is not None:
            claim()
        self._deck.save_drafts()
        name, client_id = who(thread), self._desk.new_client_id()
        follow_up = self.follow_ups.take(item, visibility)

        def accepted(_outcome: object) -> None:
            if pane.is_attached:
                kept = tuple(file for file in pane.composer.attachments if file not in attachments)
                if attachments:
                    pane.composer.set_attachments(kept, self._key("composer.remove_attachment"))
                pane.composer.accept_sent(text)
            else:
                self._deck.forget(item, visibility, text, attachments)
            here = pane.is_attached and pane.composer.visibility is visibility
            left = pane.composer.text if here else self._deck.draft(item, visibility)
            self.guarding.sent(passed, client_id, left)
            self._choosing.sent(item, visibility, text, client_id)
            self._deck.keep_places()
            self.follow_ups.accepted((item, visibility), client_id, follow_up, passed.hold)
            if then is not None:
                then()

        def failed(error: BaseException) -> None:
            if pane.is_attached:
                pane.composer.release_sent(text)
            self.follow_ups.add(item, visibility, follow_up)
            self._tell(failure_text(name, "sending", error) + " The text is kept", "error")

        sending = send(self._desk, item, text, visibility, attachments, client_id, passed.hold)
        self._bridge.when_done(sending, accepted, failed)
        return True

    def history(self, pane: Pane) -> None:
        """Fetch what was said before the first message that is shown."""
        thread = self._bridge.state.threads.get(pane.conversation_id)
        if thread is None or thread.history_complete:
            pane.transcript.history_settled()
            return
        name = who(thread)

        def failed(error: BaseException) -> None:
            pane.transcript.history_settled(str(error))
            self._tell(failure_text(name, "fetching older messages", error), "warning")

        def done(_more: bool) -> None:
            pane.transcript.history_settled()

        self._bridge.when_done(self._desk.load_history(pane.conversation_id), done, failed)

    async def links(self, pane: Pane) -> None:
        """Show the links and files of the chosen message."""
        await self.show_links(pane)

    def tell(self, text: str, severity: str) -> None:
        """Tell the agent something about a pane."""
        self._tell(text, severity)
