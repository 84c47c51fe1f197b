"""Card numbers, accounts, passwords and tokens: found, and masked."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradesk.core.model import ConversationId, Visibility
from paradesk.guard.secret import SecretKind, masked, secrets_in
from paradesk.guard.verdict import Check, Origin, OriginKind, Severity
from tests.unit.guard.chats import look, only, silent

CARD, IBAN, KEY, TOKEN, PASSWORD = SecretKind


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("my card is 4242 4242 4242 4242 ok", CARD, "my card is •••• 4242 ok"),
        ("5105-1051-0510-5100", CARD, "•••• 5100"),
        ("Karte 378282246310005.", CARD, "Karte •••• 0005."),
        ("3782 822463 10005", CARD, "•••• 0005"),
        ("Kartennummer: 4222222222222", CARD, "Kartennummer: •••• 2222"),
        ("６０１１１１１１１１１１１１１７", CARD, "•••• １１１７"),
        ("IBAN DE89 3704 0044 0532 0130 00 bitte", IBAN, "IBAN DE•••• 3000 bitte"),
        ("gb82west12345698765432", IBAN, "gb•••• 5432"),
        ("AKIAIOSFODNN7EXAMPLE", TOKEN, "••••"),
        ("use ghp_abcdefghijklmnopqrstuvwxyz0123456789.", TOKEN, "use ••••."),
        ("xoxb-1234567890-abcdef", TOKEN, "••••"),
        ("sk_live_51Habcdefgh", TOKEN, "••••"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0", TOKEN, "••••"),
        ("key aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW", TOKEN, "key ••••"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\nok", KEY, "••••\nok"),
        ("Your password is Hunter22!", PASSWORD, "Your password is ••••"),
        ("password: hunter2", PASSWORD, "password: ••••"),
        ("Passwort: geheim", PASSWORD, "Passwort: ••••"),
        ("Ihr Kennwort lautet: Sommer-26.", PASSWORD, "Ihr Kennwort lautet: ••••"),
        ("The password for the portal is tr0ub4dor&3", PASSWORD, "The password for the portal is ••••"),
        ("PIN: 4711", PASSWORD, "PIN: ••••"),
    ],
)
def test_secrets_are_found_and_masked(text: str, kind: SecretKind, shown: str) -> None:
    assert [span.kind for span in secrets_in(text)] == [kind]
    assert masked(text) == shown
    assert only(look(text), Check.SECRET).severity is Severity.ASK


@pytest.mark.parametrize(
    "text",
    [
        "4242 4242 4242 4243",
        "1234 5678 9012 3452",
        "order 4242424242424242",
        "Sendungsnummer: 4242 4242 4242 4242",
        "call +4942424242424242",
        "IMEI 356938035643809",
        "EAN 4006381333931",
        "4006381333931",
        "0000 0000 0000 0000",
        "4242.4242.4242.4242",
        "1735689600000",
        "DE88 3704 0044 0532 0130 00",
        "DE12 is the room",
        "550e8400-e29b-41d4-a716-446655440000",
        "https://shop.example/track/aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW",
        "d41d8cd98f00b204e9800998ecf8427e",
        "Ihr Passwort ist abgelaufen",
        "Your password is wrong.",
        "password: must contain 8 characters",
        "The password is 8-16 characters long",
        "Passwort: bitte nicht weitergeben",
        "Reset your password here: https://shop.example/reset?t=abc1",
        "Passwort zurücksetzen: https://shop.example/reset",
        "I have sent the password to mia22@example.org",
        "Donaudampfschifffahrtsgesellschaftskapitaen",
    ],
)
def test_what_only_looks_like_a_secret_is_left_alone(text: str) -> None:
    assert secrets_in(text) == ()
    assert masked(text) == text


def test_the_finding_does_not_repeat_the_secret() -> None:
    finding = only(look("pay with 4242 4242 4242 4242, password: hunter2"), Check.SECRET)
    assert finding.reason == "holds a card number and password •••• 4242"
    assert "hunter2" not in str(finding)
    assert "4242 4242" not in str(finding)


def test_an_account_of_the_teams_own_response_is_meant_to_be_sent() -> None:
    text = "Please pay to DE89 3704 0044 0532 0130 00."
    here = ConversationId("acme/1")
    assert silent(look(text, origins=(Origin(here, OriginKind.CANNED, text),)))
    assert only(look(text, origins=(Origin(here, OriginKind.CANNED, "Please pay to"),)), Check.SECRET)


def test_a_note_may_hold_one() -> None:
    assert silent(look("password: hunter2", visibility=Visibility.NOTE))


def test_the_end_of_a_long_text_is_masked_and_kept() -> None:
    text = "so it goes. " * 20_000
    assert masked(f"{text}4242 4242 4242 4242") == f"{text}•••• 4242"


def test_only_some_kinds_can_be_masked() -> None:
    text = "4242 4242 4242 4242, password: hunter2"
    assert masked(text, {CARD}) == "•••• 4242, password: hunter2"


@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("0123456789 -:=eyJ.DEpw"), max_size=300))
def test_any_text_can_be_masked(text: str) -> None:
    spans = secrets_in(text)
    assert all(0 <= one.start < one.end <= len(text) for one in spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    once = masked(text)
    assert spans or once == text


@pytest.mark.parametrize(
    "piece",
    [
        "4 ",
        "1-",
        "DE12a",
        "DE12 ",
        "pin ",
        "password for ",
        "-----BEGIN PRIVATE KEY-----",
        "eyJaaaaaaaaa.",
        "aA1",
        "a.",
        "@a",
        "Kunde ",
        "http://a.b/c aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW ",
    ],
)
def test_long_texts_of_any_kind_end(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    masked(text)
    assert look(text).faults == ()
