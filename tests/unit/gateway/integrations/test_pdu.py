"""Messages as modems take them, against known ones and by reading them back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.integrations.reach.pdu import MOST_PARTS, Delivery, Submit, delivery, submits
from tests.modem_double import report


def read(message: Submit) -> tuple[str, int, int, bytes]:
    """Number, part, of how many, and the text's octets or septets: by the standard, not by the code that is tested."""
    octets = bytes.fromhex(message.pdu)
    assert octets[0] == 0
    assert message.length == len(octets) - 1
    first, digits, kind = octets[1], octets[3], octets[4]
    end = 5 + (digits + 1) // 2
    number = "".join(f"{octet & 15:X}{octet >> 4:X}" for octet in octets[5:end])[:digits]
    coding, length, body = octets[end + 1], octets[end + 3], octets[end + 4 :]
    header = body[: body[0] + 1] if first & 0x40 else b""
    part, parts = (header[5], header[4]) if header else (1, 1)
    if coding == 8:
        assert length == len(body) <= 140
        text = body[len(header) :]
    else:
        assert len(body) == (length * 7 + 7) // 8 <= 140
        bits = int.from_bytes(body, "little")
        begin = (len(header) * 8 + 6) // 7
        text = bytes(bits >> (7 * at) & 0x7F for at in range(begin, length))
    return ("+" if kind == 0x91 else "") + number, part, parts, text


def test_a_known_message_is_made_as_others_make_it() -> None:
    """ "hellohello" in seven bits is E8329BFD4697D9EC37, as every description of the packing has it."""
    (message,) = submits("+6281234567890", "hellohello", 7)
    assert message.pdu == "0031000D91261832547698F000000B0AE8329BFD4697D9EC37"
    assert message.length == len(message.pdu) // 2 - 1


def test_the_alphabet_s_own_and_its_escapes() -> None:
    """Codes 0 and up; a euro and a brace are two septets."""
    (message,) = submits("119", "@£é{€", 0)
    assert read(message) == ("119", 1, 1, bytes((0, 1, 5, 0x1B, 0x28, 0x1B, 0x65)))


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("a" * 160, [160]),
        ("a" * 161, [153, 8]),
        ("a" * 152 + "{" + "b" * 20, [152, 22]),  # an escape is not torn
        ("я" * 70, [140]),
        ("я" * 71, [134, 8]),
        ("я" * 66 + "🚑" + "я" * 4, [132, 12]),  # nor a surrogate pair
        ("", [0]),
    ],
)
def test_what_is_too_long_goes_in_parts_and_nothing_is_torn(text: str, sizes: list[int]) -> None:
    """160 or 70 characters alone, 153 or 67 in a part."""
    parts = [read(message) for message in submits("+62811", text, 9)]
    assert [len(each[3]) for each in parts] == sizes
    assert [each[1:3] for each in parts] == [(at, len(sizes)) for at in range(1, len(sizes) + 1)]


def test_what_is_far_too_long_is_cut() -> None:
    """Six parts are as much as anybody reads."""
    assert len(submits("+62811", "a" * 5000, 1)) == MOST_PARTS


@given(st.text(st.characters(codec="utf-16"), min_size=0, max_size=400))
def test_every_text_comes_out_as_it_went_in(text: str) -> None:
    """Read back by the standard; nothing raises, and no part is longer than a message may be."""
    parts = submits("+6281234567890", text, 200)
    read_back = [read(message) for message in parts]
    assert {each[0] for each in read_back} == {"+6281234567890"}
    octets = b"".join(each[3] for each in read_back)
    if bytes.fromhex(parts[0].pdu)[13] == 8 and len(text.encode("utf-16-be")) <= 134 * MOST_PARTS - 12:
        assert octets.decode("utf-16-be") == text


@pytest.mark.parametrize("number", ["", "+", "12", "nobody", "+62 811", "1" * 21, "+٣٤٥٦"])
def test_what_is_no_number_is_refused(number: str) -> None:
    """Before it is anywhere near a modem."""
    with pytest.raises(ValueError, match="no telephone number"):
        submits(number, "x", 0)


@pytest.mark.parametrize(
    ("status", "expected"),
    [(0x00, Delivery(7, True, True)), (0x30, Delivery(7, False, False)), (0x41, Delivery(7, True, False))],
)
def test_a_report_says_delivered_still_trying_or_given_up(status: int, expected: Delivery) -> None:
    """By the ranges of the standard."""
    assert delivery(report(7, status)) == expected


@given(st.binary(max_size=40))
def test_what_is_no_report_is_none(octets: bytes) -> None:
    """Whatever comes over the wire, nothing raises."""
    delivery(octets.hex())
    assert delivery("RING") is None
