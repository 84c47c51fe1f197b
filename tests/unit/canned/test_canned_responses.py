"""Languages, review dates, facets and filling."""

from datetime import date, timedelta

import pytest

from paradesk.canned import Library, Response, fill
from paradesk.core.slots import Slot


def response(response_id: str = "a", *languages: str, **tags: str) -> Response:
    body = {language: f"{language} {{{{ order.id }}}}" for language in languages or ("en", "de")}
    return Response(id=response_id, title=response_id, body=body, tags=tags)


@pytest.mark.parametrize(
    ("have", "wanted", "chosen"),
    [
        (("en", "de"), "de", "de"),
        (("en", "de"), "de-AT", "de"),
        (("en", "de"), "DE_at", "de"),
        (("en", "de", "de-AT"), "de-AT", "de-AT"),
        (("en", "zh-Hant"), "zh-Hant-TW", "zh-Hant"),
        (("de", "en"), "fr", "en"),
        (("de", "en-GB"), "fr", "de"),
        (("de", "en"), "", "en"),
        (("de",), "fr", "de"),
        (("en", "de"), "de\x00", "en"),
    ],
)
def test_the_nearest_language_is_taken(have: tuple[str, ...], wanted: str, chosen: str) -> None:
    assert response("a", *have).language_for(wanted) == chosen


def test_filling_says_language_and_blanks() -> None:
    filled = fill(response(), {}, "de-CH")
    assert filled.text == "de ⟦order.id⟧"
    assert filled.language == "de"
    assert filled.slots == (Slot(3, 13, "order.id"),)
    assert filled.response_id == "a"


def test_review_is_due_on_its_day_and_never_without_one() -> None:
    reviewed = Response(id="a", title="a", body={}, reviewed=date(2026, 10, 1), review_every=timedelta(days=90))
    assert reviewed.review_due == date(2026, 12, 30)
    assert not reviewed.overdue(date(2026, 12, 29))
    assert reviewed.overdue(date(2026, 12, 30))
    assert not Response(id="a", title="a", body={}, reviewed=date(2026, 10, 1)).overdue(date(2099, 1, 1))


def test_facets_list_what_occurs_urgency_by_weight() -> None:
    library = Library(
        [
            response("a", topic="refunds", urgency="urgent", customer="vip"),
            response("b", "en", topic="billing", urgency="low"),
            response("c", topic="billing", urgency="normal"),
        ]
    )
    assert dict(library.facets()) == {
        "topic": ("billing", "refunds"),
        "urgency": ("low", "normal", "urgent"),
        "customer": ("vip",),
        "language": ("de", "en"),
    }
    assert library.get("b") is library.responses[1]
    assert library.get("z") is None
