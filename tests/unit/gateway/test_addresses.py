"""Addresses as people enter them, and as nobody should."""

import pytest

from gateway.services.addresses import CHECKS, NoAddress


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("sms", "118"), ("sms", "081234567890"), ("sms", "+6281234567890"),
        ("mail", "jaga@dinkes.example"), ("mail", "a.b+c@localhost"), ("mail", "x@1-2.id"),
        ("webhook", "https://receiver.example/path?x=1"), ("webhook", "http://[::1]:8080/"),
    ],
)  # fmt: skip
def test_an_address_stays_as_it_is(kind: str, text: str) -> None:
    """What is one is taken, letter by letter."""
    assert CHECKS[kind](text) == text


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("sms", ""), ("sms", "12"), ("sms", "0812 3456"), ("sms", "+"), ("sms", "٠٨١٢٣٤"), ("sms", "1" * 21),
        ("mail", ""), ("mail", "jaga"), ("mail", "@x"), ("mail", "a@"), ("mail", "a@b..c"), ("mail", "a@-b"),
        ("mail", "a@b\nBcc: c@d"), ("mail", "a@" + "b" * 64), ("mail", "a@b."),
        ("webhook", "receiver"), ("webhook", "ftp://x/"), ("webhook", "https:///x"), ("webhook", "https://x:0/"),
        ("webhook", "https://a b/"), ("webhook", "https://user@x/"), ("webhook", "https://[x/"),
    ],
)  # fmt: skip
def test_what_is_none_is_refused_with_what_one_looks_like(kind: str, text: str) -> None:
    """The sentence shows what was entered."""
    with pytest.raises(NoAddress, match=r"is|has|holds"):
        CHECKS[kind](text)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", sorted(CHECKS))
@pytest.mark.parametrize("text", ["a@" + "a" * 200 + "!", "a@" + "a-" * 100, "https://" + "a." * 5000 + " ", "+" * 200])
def test_no_text_keeps_it_thinking(kind: str, text: str) -> None:
    """One that was written to be looked at for hours is looked at at once."""
    with pytest.raises(NoAddress):
        CHECKS[kind](text)
