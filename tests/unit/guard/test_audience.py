"""Notes that are about to go to the customer."""

import pytest

from paradesk.core.model import Visibility
from paradesk.guard.verdict import Check, GuardSettings, Severity
from tests.unit.guard.chats import look, only, silent, thread

INTERNAL = GuardSettings(internal_links=("wiki.example.com", "jira.example.com"))


@pytest.mark.parametrize(
    "text",
    [
        "customer is lying about the parcel",
        "The customer claims that nothing arrived, please check the photo",
        "this client wants a refund again",
        "Cust wants a callback",
        "cx says she never got it",
        "Looked at it. Customer still has the old firmware",
        "Don't tell the customer, but the lamp is discontinued",
        "do not refund him, third time this year",
        "Kunde behauptet, das Paket sei nie angekommen",
        "Kundin will ihr Geld zurück",
        "Der Kunde lügt doch",
        "die Kundin droht mit dem Anwalt",
        "Kd. will Rückruf",
        "Bitte dem Kunden nicht sagen, dass es ein bekannter Fehler ist",
        "esc to L2 pls",
        "dup of #1251",
        "very difficult customer, be careful",
        "schwieriger Kunde, bitte übernehmen",
        "internal: waiting for the warehouse",
        "[internal] waiting for the warehouse",
        "Interne Notiz: wartet auf das Lager",
        "intern: wartet auf das Lager",
        "Note to self: call back on Monday",
        "Notiz an das Team: ruft wieder an",
        "He says it never arrived",
        "She's lying, the photo shows it",
        "Er behauptet, es sei kaputt angekommen",
        "nur intern, nicht weitergeben",
        "churn risk, offer the discount",
    ],
)
def test_what_is_said_about_a_customer_is_not_said_to_one(text: str) -> None:
    assert only(look(text), Check.AUDIENCE).severity is Severity.ASK
    assert silent(look(text, visibility=Visibility.NOTE))


@pytest.mark.parametrize(
    "text",
    [
        "Our customer service is open until 8 pm.",
        "Thank you for being a loyal customer!",
        "As a customer you have 14 days to send it back.",
        "Please have your customer number ready.",
        "Dear customer, your parcel has arrived.",
        "The customer is always right :)",
        "Sehr geehrter Kunde, Ihr Paket ist da.",
        "Sehr geehrte Kundin, Ihr Paket ist da.",
        "Als Kunde haben Sie 14 Tage Zeit.",
        "Der Kunde ist König!",
        "Unser Kundenservice hat bis 20 Uhr geöffnet.",
        "Ihre Kundennummer ist 4410.",
        "Note: our shop is closed on Monday.",
        "Notiz: am Montag geschlossen.",
        "I will escalate this to our second level right away.",
        "My colleague looked at it; she says it leaves tomorrow.",
        "Sie sagten, dass es nicht geht?",
        "International shipping takes a week: 5 to 7 days.",
        "Internet: please restart the router.",
        "Your new driver's name is Bo.",
        "Write to ana.l@desk.example or support@team.example.",
        "You find us at @paradesk on all networks.",
        "It costs 5 EUR @ 3 pieces.",
        "The doctor says you should rest.",
        "The driver is lost if I don't tell him how to go.",
    ],
)
def test_what_is_said_to_customers_is_fine(text: str) -> None:
    assert silent(look(text, settings=INTERNAL))


@pytest.mark.parametrize(
    "text",
    ["FYI our office is closed on Monday", "fyi: sent it yesterday", "z.K.: ist raus", "She said it never arrived"],
)
def test_what_may_be_either_is_only_held(text: str) -> None:
    assert only(look(text), Check.AUDIENCE).severity is Severity.HOLD


@pytest.mark.parametrize(
    "text",
    ["@ana can you look?", "please look, @Ana.Lopez", "@ana.l?", "@bo: übernimmst du?", "@analopez", "@here", "@team"],
)
def test_a_colleague_who_is_called_is_found(text: str) -> None:
    assert only(look(text), Check.AUDIENCE).reason.startswith("calls a colleague: “@")


@pytest.mark.parametrize("text", ["@sarah thank you", "x@ana.example", "https://chat.example/@ana", "@nobody"])
def test_the_customer_and_strangers_are_no_colleagues(text: str) -> None:
    assert silent(look(text, thread("acme/1", name="Sarah Lopez")))


@pytest.mark.parametrize(
    "text",
    ["see https://wiki.example.com/refunds", "it is on WIKI.example.com/x", "http://a.jira.example.com:80/1?x=1"],
)
def test_internal_pages_are_not_for_customers(text: str) -> None:
    assert "which is internal" in only(look(text, settings=INTERNAL), Check.AUDIENCE).reason
    assert silent(look(text))


@pytest.mark.parametrize(
    "text", ["https://example.com/wiki", "notwiki.example.com", "me@wiki.example.com", "wiki.example.community"]
)
def test_other_pages_are(text: str) -> None:
    assert silent(look(text, settings=INTERNAL))
