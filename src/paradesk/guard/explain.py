"""Puts a verdict into the one line that the agent reads."""

from collections.abc import Mapping

from paradesk.core.model import ConversationId
from paradesk.core.text import clean_line
from paradesk.guard.verdict import Check, Finding, Severity, Verdict

_NAME = 40
_REASON = 70
WRONG_CUSTOMER = (Check.TARGET, Check.PROVENANCE, Check.LEAK, Check.SWITCHED, Check.FIT)
"""Checks that say which chat is meant, the strongest evidence first."""


def explain(verdict: Verdict, names: Mapping[ConversationId, str]) -> str:
    """Return which chat the draft seems to be meant for, and why: `meant for JONAS KÜHN #1251? names order 7731`.

    `names` says how each chat is called on the screen. One line, clean, below 130 cells; empty for a clean draft.
    """
    first = verdict.first
    if first is None:
        return ""
    more = len(verdict.findings) - 1
    return line(first, names) + (f" (+{more} more)" if more else "")


def line(finding: Finding, names: Mapping[ConversationId, str]) -> str:
    """Return one finding in words for the agent."""
    reason = clean_line(finding.reason, _REASON)
    if finding.check not in WRONG_CUSTOMER:
        return reason
    name = "another chat" if finding.meant is None else clean_line(names.get(finding.meant, ""), _NAME)
    maybe = "perhaps meant" if finding.severity is Severity.HOLD else "meant"
    return f"{maybe} for {name or 'another chat'}? {reason}"
