"""What ships in canned_responses/: all of it loads, in both languages, and fills for a customer."""

from pathlib import Path

import pytest

from paradesk.canned import Library, Response, context_for, fill, load_library
from paradesk.canned.responses import URGENCIES
from paradesk.canned.template import compile_template
from paradesk.core.model import Agent, Conversation, ConversationId, Customer
from paradesk.core.state import Thread

DIRECTORY = Path(__file__).parents[3] / "canned_responses"
LIBRARY, FINDINGS = load_library([DIRECTORY])

THREAD = Thread(
    conversation=Conversation(
        id=ConversationId("acme/42"),
        profile="acme",
        number="1245",
        customer=Customer(
            id="c1",
            name="Sarah Chen",
            email="sarah@example.com",
            phone="+49 30 1234567",
            plan="Team",
            company="Chen & Co",
        ),
        assignee=Agent("a2", "Jonas Kühn"),
        order={"id": "A-1007", "item": "Desk lamp", "total": "49.90 €", "status": "shipped", "tracking": "ZX 77"},
    )
)
AGENT = Agent("a1", "Mia Rot")


@pytest.fixture
def library() -> Library:
    return LIBRARY


def test_nothing_to_complain_about() -> None:
    assert [str(finding) for finding in FINDINGS] == []


def test_there_are_enough_over_enough_topics(library: Library) -> None:
    assert len(library) >= 70
    assert len(library.facets()["topic"]) >= 10


@pytest.mark.parametrize("response", LIBRARY.responses, ids=lambda response: response.id)
class TestEach:
    def test_speaks_english_and_german(self, response: Response) -> None:
        assert set(response.body) == {"en", "de"}
        assert response.body["en"] != response.body["de"]

    def test_asks_for_the_same_in_both_languages(self, response: Response) -> None:
        asked = {language: compile_template(body).placeholders for language, body in response.body.items()}
        assert asked["en"] == asked["de"]

    def test_is_filed_owned_and_reviewed(self, response: Response) -> None:
        assert response.tags["topic"] == Path(response.path).parent.name
        assert response.tags["urgency"] in URGENCIES
        assert response.tags["customer"] in {"any", "new", "vip", "business"}
        assert response.owner
        assert response.shortcut
        assert response.reviewed is not None
        assert response.reviewed.year == 2026
        assert response.review_due is not None
        assert response.labels

    @pytest.mark.parametrize("language", ["en", "de"])
    def test_fills_for_a_customer_with_only_what_must_be_asked_left_open(
        self, response: Response, language: str
    ) -> None:
        filled = fill(response, context_for(THREAD, AGENT), language)
        assert filled.language == language
        assert filled.text
        assert "{" not in filled.text
        assert "}" not in filled.text
        assert not [slot.name for slot in filled.slots if "." in slot.name]

    @pytest.mark.parametrize("language", ["en", "de"])
    def test_reads_well_for_somebody_unknown(self, response: Response, language: str) -> None:
        thread = Thread(conversation=Conversation(id=ConversationId("acme/7"), customer=Customer(id="", name="")))
        text = fill(response, context_for(thread, None), language).text
        assert "  " not in text
        assert " ," not in text
        assert " ." not in text

    def test_is_short_enough_for_a_chat(self, response: Response) -> None:
        assert all(len(body) <= 420 for body in response.body.values())
