"""What a contact says of themselves (XEP-0054), as a customer. Pure."""

from dataclasses import replace
from typing import Final
from xml.etree.ElementTree import Element

from paradesk.core.model import Customer

VCARD: Final = "{vcard-temp}"
_FIELDS: Final = {
    "FN": "full name",
    "NICKNAME": "nickname",
    "TITLE": "title",
    "ROLE": "role",
    "URL": "web",
    "BDAY": "birthday",
    "TZ": "time zone",
}
MAX_FIELD: Final = 300


def customer_of(answer: Element, known: Customer) -> Customer:
    """Return a customer with what is in the vCard of an answer; what is missing stays as it is known."""
    card = answer.find(f"{VCARD}vCard")
    if card is None:
        return known
    texts = {path: _text(card, path) for path in ("EMAIL/USERID", "TEL/NUMBER", "ORG/ORGNAME", *_FIELDS)}
    attributes = {label: texts[tag] for tag, label in _FIELDS.items() if texts[tag]}
    place = ", ".join(part for tag in ("LOCALITY", "CTRY") if (part := _text(card, f"ADR/{tag}")))
    if place:
        attributes["place"] = place
    return replace(
        known,
        email=texts["EMAIL/USERID"],
        phone=texts["TEL/NUMBER"],
        company=texts["ORG/ORGNAME"],
        attributes={**known.attributes, **attributes},
    )


def _text(card: Element, path: str) -> str:
    return (card.findtext("/".join(f"{VCARD}{part}" for part in path.split("/"))) or "").strip()[:MAX_FIELD]
