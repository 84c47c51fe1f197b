"""What each check looks for, in words for the agent and the team lead."""

from collections.abc import Mapping

from paradesk.guard.outcome import Outcome
from paradesk.guard.verdict import Check

CHECKS: Mapping[Check, str] = {
    Check.TARGET: "the draft was begun for another chat",
    Check.PROVENANCE: "a response filled for another customer, or text copied from another chat",
    Check.LEAK: "a name, number or other detail of another open chat",
    Check.FIT: "it answers another open chat far better, as your own past replies say",
    Check.SWITCHED: "something was typed right after the chat changed",
    Check.LATE: "the customer wrote after you began; their line is shown first",
    Check.REPEAT: "this, or nearly this, was sent here already",
    Check.AUDIENCE: "it reads like a note: about the customer, to a colleague, with an internal link",
    Check.SECRET: "a card number, bank account, password, key or token",
}

OUTCOMES: Mapping[Outcome, str] = {
    Outcome.CLEAN: "clean",
    Outcome.SENT: "sent anyway",
    Outcome.MOVED: "moved",
    Outcome.EDITED: "edited",
    Outcome.TAKEN_BACK: "taken back",
}
