"""Between Enter and the desk: asks the guard, shows what it asks, and does what the agent decides."""

import asyncio
import importlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from paradesk.core.hotlist import Rank, rank
from paradesk.core.model import ClientId, ConversationId, MessageId, Role, Visibility
from paradesk.core.state import State, Thread
from paradesk.core.text import clean_line
from paradesk.desk.desk import Desk
from paradesk.guard.experience import Experience
from paradesk.guard.explain import WRONG_CUSTOMER, explain
from paradesk.guard.outcome import Decision, Outcome, vanished
from paradesk.guard.verdict import Check, Finding, GuardSettings, Origin, OriginKind, Severity, Verdict
from paradesk.ui.bridge import Bridge
from paradesk.ui.deck import Deck
from paradesk.ui.draft_making import Making, Makings
from paradesk.ui.titles import who
from paradesk.ui.widgets.guarded_composer import Question
from paradesk.ui.widgets.pane import Pane

if TYPE_CHECKING:
    from paradesk.guard.guard import Guard

GRACE = 0.4
"""Seconds for which a question must have stood on the screen before a key can send all the same."""

PREPARE_AFTER = 0.05
"""Seconds after the first key of a draft at which the open chats are read for the guard: the echo comes first."""

_Key = tuple[ConversationId, Visibility]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A reply that may go, with all that is noted once it is accepted."""

    chat: ConversationId
    visibility: Visibility
    text: str
    hold: float
    making: Making
    decisions: tuple[Decision, ...]


@dataclass(slots=True, kw_only=True)
class _Asked:
    """A question that was shown about a draft."""

    text: str
    verdict: Verdict
    finding: Finding
    since: float
    """When it appeared, by the clock of `Guarding`."""
    newest: MessageId | None
    """The customer's newest message when it was shown."""
    again: Callable[[], object]
    """Tries to send once more."""


class Guarding:
    """Keeps what is known of each draft and of each question. Called on the screen's loop only; never waits."""

    def __init__(
        self,
        desk: Desk,
        bridge: Bridge,
        deck: Deck,
        settings: GuardSettings,
        tell: Callable[[str, str], None],
        key: Callable[[str], str],
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`clock` times how long a question has stood on the screen; `now` is in Unix seconds."""
        self._desk, self._bridge, self._deck, self._settings = desk, bridge, deck, settings
        self._tell, self._key, self.clock, self._now = tell, key, clock, now
        self.makings = Makings(desk.save_origins)
        self._asked: dict[_Key, _Asked] = {}
        self._held: dict[ClientId, Passed] = {}

    @cached_property
    def _guard(self) -> "Guard":
        from paradesk.guard.guard import Guard
        from paradesk.guard.learned import Learned

        fresh = Experience(bits=1)

        def experience() -> Experience:
            lessons = self._desk.lessons
            return fresh if lessons is None else lessons.experience

        return Guard(self._settings, Learned(experience))

    def warm(self) -> None:
        """Load the checks now, beside the screen: nobody should wait for them at the first Enter."""
        if self._settings.enabled:
            names = ("paradesk.guard.guard", "paradesk.guard.learned")
            threading.Thread(
                target=lambda: [importlib.import_module(name) for name in names], name="paradesk-guard", daemon=True
            ).start()

    def restore(self) -> None:
        """Bring back how the drafts were made that have come back themselves."""
        for draft in self._desk.saved_origins():
            thread = self._desk.state.threads.get(draft.conversation_id)
            if thread is not None and thread.drafts.get(draft.visibility):
                self.makings.restored(draft)

    # What the composers say

    def typed(self, pane: Pane, text: str) -> None:
        """Keep how the draft of a pane is being made."""
        key = (pane.conversation_id, pane.composer.visibility)
        begun = self.makings.typed(*key, text, self._now(), self._seen(pane))
        if not text and (asked := self._asked.pop(key, None)) is not None:
            self._note(key[0], asked.verdict, Outcome.TAKEN_BACK, asked.text)
        if begun and self._settings.enabled:
            asyncio.get_running_loop().call_later(PREPARE_AFTER, self._prepare)

    def filled(self, pane: Pane, text: str) -> None:
        """A canned response, filled for this pane's customer, is about to be inserted."""
        item = pane.conversation_id
        self.makings.came(item, pane.composer.visibility, Origin(item, OriginKind.CANNED, text))

    def copied(self, pane: Pane, text: str, *, composer: bool) -> None:
        """Text was copied in a pane: in its composer, or in its transcript."""
        self.makings.copied(pane.conversation_id, text, pane.composer.visibility if composer else None)

    def pasted(self, pane: Pane, text: str) -> None:
        """Text is about to be pasted into a pane's composer."""
        self.makings.pasted(pane.conversation_id, pane.composer.visibility, text)

    def flew(self, pane: Pane, character: str, meant: ConversationId) -> None:
        """A character that was on its way to another chat is about to come into a pane's draft."""
        self.makings.flew(pane.conversation_id, pane.composer.visibility, character, meant)

    def _prepare(self) -> None:
        state = self._desk.state
        self._guard.prepare(state, self._open_chats(state))

    def _seen(self, pane: Pane) -> MessageId | None:
        thread = self._bridge.state.threads.get(pane.conversation_id)
        return None if thread is None else _newest(thread, unseen=pane.transcript.new_below)

    # At Enter

    def passes(self, pane: Pane, text: str, visibility: Visibility, again: Callable[[], object]) -> Passed | None:
        """Return the reply where it may go; else None, and the composer asks. `again` tries to send once more."""
        item = pane.conversation_id
        key = (item, visibility)
        asked = self._asked.get(key)
        if asked is not None and asked.finding.check is Check.LATE and self._shows(pane, asked, text):
            if self.clock() - asked.since < GRACE:
                return None
            self.makings.decided(*key, acknowledged=asked.newest)
        state = self._desk.state
        verdict = self._guard.look(
            self.makings.draft(item, visibility, text), state, self._open_chats(state), self._now()
        )
        making = self.makings.of(*key)
        decided = making.decided == text
        questions = [
            finding
            for finding in verdict.findings
            if finding.severity is Severity.ASK and (not decided or finding.check is Check.LATE)
        ]
        if questions:
            self._ask(pane, visibility, text, verdict, questions[0], state, again)
            return None
        pane.composer.question = None
        self._asked.pop(key, None)
        hold = 0.0 if decided else verdict.hold
        if visibility is Visibility.PUBLIC:
            hold = max(hold, self._settings.undo)
        return Passed(
            chat=item, visibility=visibility, text=text, hold=hold, making=making,
            decisions=self._decisions(item, text, asked, verdict),
        )  # fmt: skip

    def sent(self, passed: Passed, client_id: ClientId, left: str) -> None:
        """A reply was accepted; `left` is what stands in the composer besides."""
        key = (passed.chat, passed.visibility)
        thread = self._bridge.state.threads.get(passed.chat)
        self.makings.sent(*key, left, self._now(), None if thread is None else _newest(thread))
        if passed.hold:
            self._held[client_id] = passed
            self._say_why(passed)
        else:
            self._note_all(passed)

    def _say_why(self, passed: Passed) -> None:
        state = self._bridge.state
        verdict = Verdict(tuple(finding for decision in passed.decisions for finding in decision.verdict.findings))
        if (thread := state.threads.get(passed.chat)) is not None and verdict.findings:
            names = {item: _capitals(other) for item, other in state.threads.items()}
            self._tell(f"{who(thread)}: {explain(verdict, names)}", "warning")

    def _open_chats(self, state: State) -> tuple[ConversationId, ...]:
        """Return the chats that the agent could mistake: those in panes, and those that are being answered."""
        answered = (
            item
            for item, thread in state.threads.items()
            if thread.conversation.joined and rank(thread) is not Rank.DONE
        )
        return tuple(dict.fromkeys((*self._deck.panes.order, *answered)))

    def _decisions(
        self, item: ConversationId, text: str, asked: _Asked | None, verdict: Verdict
    ) -> tuple[Decision, ...]:
        if asked is not None and asked.text == text:
            findings = tuple(dict.fromkeys((*asked.verdict.findings, *verdict.findings)))
            whole = Verdict(findings, verdict.hold, verdict.faults)
            return (self._decision(item, whole, Outcome.SENT, text),)
        gone = Verdict() if asked is None else vanished(asked.verdict, verdict)
        found = []
        if gone.findings and asked is not None:
            found.append(self._decision(item, gone, Outcome.EDITED, asked.text))
        if verdict.findings:
            found.append(self._decision(item, verdict, Outcome.SENT, text))
        return tuple(found) or (self._decision(item, verdict, Outcome.CLEAN, text),)

    # The question

    def _ask(
        self,
        pane: Pane,
        visibility: Visibility,
        text: str,
        verdict: Verdict,
        finding: Finding,
        state: State,
        again: Callable[[], object],
    ) -> None:
        key = (pane.conversation_id, visibility)
        before = self._asked.get(key)
        standing = before is not None and before.finding == finding and self._shows(pane, before, text)
        if before is not None and before.text != text and (gone := vanished(before.verdict, verdict)).findings:
            self._note(key[0], gone, Outcome.EDITED, before.text)
        self._asked[key] = _Asked(
            text=text,
            verdict=verdict,
            finding=finding,
            since=before.since if before is not None and standing else self.clock(),
            newest=_newest(state.threads[key[0]]),
            again=again,
        )
        if finding.message_id is not None:
            self._bridge.flush()
            pane.transcript.show_message(finding.message_id)
        pane.composer.question = self._question(finding, len(verdict.findings) - 1, state)
        self._deck.changed()

    def _question(self, finding: Finding, more: int, state: State) -> Question:
        edit, send = "type to edit", self._key("composer.send")
        if finding.check is Check.LATE:
            return Question(
                "the customer wrote meanwhile,", finding.reason, (f"{send} send now", edit), actions=("composer.send",)
            )
        names = {item: clean_line(_capitals(thread), 40) for item, thread in state.threads.items()}
        words, reason = explain(Verdict((finding,)), names), finding.reason
        # The question mark stands in front already, so that what comes before the reason ends in a colon.
        lead = words.removesuffix(f"? {reason}") + ":" if words.endswith(f"? {reason}") else ""
        reason = (reason if lead else words) + (f" (+{more} more)" if more > 0 else "")
        anyway = f"{self._key('guard.send_anyway')} send anyway"
        if self._goal(finding, state) is None:
            return Question(lead or reason, reason if lead else "", (anyway, edit), actions=("guard.send_anyway",))
        move = self._key("guard.move")
        return Question(
            lead or reason,
            reason if lead else "",
            (f"{move} move there", anyway, edit),
            (f"{move} move", anyway),
            actions=("guard.move", "guard.send_anyway"),
        )

    @staticmethod
    def _goal(finding: Finding, state: State) -> Thread | None:
        """Return the chat that the draft can be moved to."""
        if finding.check not in WRONG_CUSTOMER or finding.meant is None:
            return None
        thread = state.threads.get(finding.meant)
        return None if thread is None or thread.removed else thread

    @staticmethod
    def _shows(pane: Pane, asked: _Asked, text: str) -> bool:
        return asked.text == text and pane.composer.question is not None

    def _standing(self, pane: Pane) -> _Asked | None:
        asked = self._asked.get((pane.conversation_id, pane.composer.visibility))
        if asked is None or pane.composer.question is None:
            self._tell("No reply waits for a decision here", "information")
            return None
        return asked

    def send_anyway(self, pane: Pane) -> None:
        """Send what was asked about; nothing happens while the question has only just appeared."""
        asked = self._standing(pane)
        if asked is None or self.clock() - asked.since < GRACE:
            return
        self.makings.decided(pane.conversation_id, pane.composer.visibility, asked.text, asked.newest)
        pane.composer.question = None
        self._deck.changed()
        asked.again()

    async def move(self, pane: Pane) -> None:
        """Take the draft with its files to the chat that it is meant for, below what stands there, and go there."""
        asked = self._standing(pane)
        if asked is None:
            return
        item, visibility = pane.conversation_id, pane.composer.visibility
        state = self._desk.state
        goal = self._goal(asked.finding, state)
        if goal is None or goal.conversation.id == item:
            self._tell("It is not known which chat this is meant for. The text is kept", "warning")
            return
        there = goal.conversation.id
        files = pane.composer.attachments
        del self._asked[item, visibility]
        self._note(item, asked.verdict, Outcome.MOVED, asked.text)
        text = self._deck.move_draft(item, there, visibility, asked.text, pane.composer.text)
        self.makings.moved(item, there, visibility, text, self._now(), _newest(goal))
        pane.composer.set_attachments(())
        await self._deck.open(there)
        if (found := self._deck.pane(there)) is None:
            return
        self._deck.set_visibility(found, visibility)
        if files:
            found.composer.set_attachments(
                (*found.composer.attachments, *files), self._key("composer.remove_attachment")
            )
        self._deck.save()
        self._deck.changed()

    # What came of it

    def settle(self, state: State) -> None:
        """Note the held replies that have left."""
        now = self._now()
        for client_id, passed in [*self._held.items()]:
            thread = state.threads.get(passed.chat)
            sending = None if thread is None else thread.sends.get(client_id)
            if sending is None or sending.held_until is None or sending.held_until <= now:
                del self._held[client_id]
                self._note_all(passed)

    def taken_back(self, client_id: ClientId) -> None:
        """A held reply was taken back: it is the draft again that it was."""
        if (passed := self._held.pop(client_id, None)) is not None:
            self.makings.put_back(passed.chat, passed.visibility, passed.making)
            found = tuple(finding for decision in passed.decisions for finding in decision.verdict.findings)
            self._note(passed.chat, Verdict(found), Outcome.TAKEN_BACK, passed.text)

    def _note_all(self, passed: Passed) -> None:
        if self._settings.enabled:
            for decision in passed.decisions:
                self._desk.note_verdict(decision)

    def _note(self, chat: ConversationId, verdict: Verdict, outcome: Outcome, text: str) -> None:
        self._desk.note_verdict(self._decision(chat, verdict, outcome, text))

    def _decision(self, chat: ConversationId, verdict: Verdict, outcome: Outcome, text: str) -> Decision:
        return Decision(at=self._now(), conversation_id=chat, verdict=verdict, outcome=outcome, text=text)


def _capitals(thread: Thread) -> str:
    return who(thread).upper()


def _newest(thread: Thread, *, unseen: int = 0) -> MessageId | None:
    """Return the customer's newest message, apart from the last `unseen` messages."""
    transcript = thread.transcript
    for place in range(len(transcript) - 1 - unseen, -1, -1):
        if transcript[place].role is Role.CUSTOMER:
            return transcript[place].id
    return None
