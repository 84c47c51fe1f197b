"""Where an address leads, and what is odd about it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradesk.core.addresses import mixed_scripts, target


def test_an_ordinary_address_has_no_warnings() -> None:
    found = target("https://shop.example/orders?id=1")
    assert (found.host, found.warnings, found.openable) == ("shop.example", (), True)


@pytest.mark.parametrize(
    ("address", "host", "words"),
    [
        ("https://paypal.example@evil.example/", "evil.example", "before @"),
        ("https://p\u0430ypal.com/", "xn--pypal-4ve.com", "mixes"),
        ("https://münchen.example/", "xn--mnchen-3ya.example", "really"),
        ("http://127.0.0.1/", "127.0.0.1", "number"),
        ("http://[::1]/", "::1", "number"),
        ("http://0x7f000001/", "0x7f000001", "number"),
        ("http://2130706433/", "2130706433", "number"),
        ("https://shop.example:8443/", "shop.example", "port 8443"),
        ("https://xn--pypal-4ve.com/", "xn--pypal-4ve.com", "beyond"),
    ],
)
def test_what_is_odd_is_said(address: str, host: str, words: str) -> None:
    found = target(address)
    assert found.host == host
    assert any(words in warning for warning in found.warnings), found


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "file:///etc/passwd", "-x", "--help", "http://", "http://[x/", "https://a b/"]
)
def test_what_is_no_web_address_is_never_opened(address: str) -> None:
    assert not target(address).openable


@given(st.text(alphabet=st.characters(codec=None), max_size=60))
def test_any_text_has_an_answer(text: str) -> None:
    found = target(f"https://{text}")
    assert found.host.isascii()


@pytest.mark.parametrize(
    "name", ["Zoë Ünal", "Анна", "李 Wei", "李Wei", "カタカナ漢字ひらがな", "שלום", "Anna Анна", "ª"]
)
def test_honest_names_are_not_mixed(name: str) -> None:
    assert not mixed_scripts(name)


@pytest.mark.parametrize("name", ["S\u0430rah", "Robi\u03bf", "\u0420obin"])
def test_lookalike_names_are_mixed(name: str) -> None:
    assert mixed_scripts(name)
