"""Canned responses, pure: responses, templates, ranking."""

from paradesk.canned.context import context_for
from paradesk.canned.entries import Finding
from paradesk.canned.follow_up import FollowUp
from paradesk.canned.loader import load_library
from paradesk.canned.offering import offered
from paradesk.canned.ranking import Hit, Ranking
from paradesk.canned.responses import FACETS, Filled, Library, Response, fill
from paradesk.canned.search import search
from paradesk.canned.template import TemplateError

__all__ = [
    "FACETS",
    "Filled",
    "Finding",
    "FollowUp",
    "Hit",
    "Library",
    "Ranking",
    "Response",
    "TemplateError",
    "context_for",
    "fill",
    "load_library",
    "offered",
    "search",
]
