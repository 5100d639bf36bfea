"""An SMS as a modem takes it (3GPP TS 23.040), and what it says later of its delivery.

Text of the GSM alphabet goes as seven bits a character, all other as UCS-2; what is longer than one message goes in
parts that the telephone puts together. In PDU mode nothing depends on how a modem is set.
"""

from typing import NamedTuple

from gateway.services.addresses import telephone

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_SEPTETS: dict[str, tuple[int, ...]] = {
    character: (code,) for code, character in enumerate(_BASIC) if character != "\x1b"
}
_SEPTETS |= {
    character: (0x1B, code)
    for character, code in zip(
        "\f^{}\\[~]|€", (0x0A, 0x14, 0x28, 0x29, 0x2F, 0x3C, 0x3D, 0x3E, 0x40, 0x65), strict=True
    )
}

SEPTETS_ALONE, SEPTETS_A_PART = 160, 153
UNITS_ALONE, UNITS_A_PART = 70, 67
"""Septets, or UTF-16 units, that one message holds; and each of several, beside the header that joins them."""

MOST_PARTS = 6
"""What is longer is cut: on a small screen nobody reads on."""

_SUBMIT, _RELATIVE_VALIDITY, _REPORT, _HEADER = 0x01, 0x10, 0x20, 0x40
_AN_HOUR = 0x0B
"""An alarm that comes later than in an hour is none; in units of five minutes, less one."""


class Submit(NamedTuple):
    """A message for `AT+CMGS`."""

    length: int  # that the command wants: octets without the service centre's
    pdu: str  # hexadecimal


class Delivery(NamedTuple):
    """What the network says of a message."""

    reference: int  # 0 to 255, as the modem gave it
    done: bool  # whether this is the last word
    delivered: bool


def submits(number: str, text: str, reference: int) -> list[Submit]:
    """The messages that a text makes.

    Args:
        number: digits, with a plus before an international one.
        text: what is longer than `MOST_PARTS` messages is cut.
        reference: by which a telephone knows parts that belong together; 0 to 255.

    Raises:
        ValueError: the number is none.
    """
    address = _address(number)
    units: list[tuple[int, ...]] = [_SEPTETS.get(character, ()) for character in text]
    septets = all(units)
    if not septets:
        units = [tuple(character.encode("utf-16-be", "replace")) for character in text]
    alone, a_part = (SEPTETS_ALONE, SEPTETS_A_PART) if septets else (2 * UNITS_ALONE, 2 * UNITS_A_PART)
    parts = [units] if sum(map(len, units)) <= alone else _parts(units, a_part)
    found = []
    for number_of, part in enumerate(parts, 1):
        header = bytes((5, 0, 3, reference, len(parts), number_of)) if len(parts) > 1 else b""
        data = [code for unit in part for code in unit]
        first = _SUBMIT | _RELATIVE_VALIDITY | _REPORT | (_HEADER if header else 0)
        if septets:
            fill = -8 * len(header) % 7  # bits, so that the text begins with a septet
            length, body = (8 * len(header) + fill) // 7 + len(data), header + _packed(data, fill)
        else:
            length, body = len(header) + len(data), header + bytes(data)
        tpdu = bytes((first, 0)) + address + bytes((0, 0 if septets else 8, _AN_HOUR, length)) + body
        found.append(Submit(len(tpdu), "00" + tpdu.hex().upper()))
    return found


def _parts(units: list[tuple[int, ...]], size: int) -> list[list[tuple[int, ...]]]:
    """No character is torn: neither an escaped one nor a surrogate pair."""
    parts: list[list[tuple[int, ...]]] = [[]]
    filled = 0
    for unit in units:
        if filled + len(unit) > size:
            parts.append([])
            filled = 0
        parts[-1].append(unit)
        filled += len(unit)
    return parts[:MOST_PARTS]


def _packed(septets: list[int], fill: int) -> bytes:
    bits = sum(septet << (fill + 7 * at) for at, septet in enumerate(septets))
    return bits.to_bytes((fill + 7 * len(septets) + 7) // 8, "little")


def _address(number: str) -> bytes:
    digits = telephone(number).removeprefix("+")
    kind = 0x91 if number.startswith("+") else 0x81
    swapped = "".join(b + a for a, b in zip(digits[::2], f"{digits[1::2]}F", strict=False))
    return bytes((len(digits), kind)) + bytes.fromhex(swapped)


def delivery(pdu: str) -> Delivery | None:
    """What a status report says; None: it is none, or is cut."""
    try:
        octets = bytes.fromhex(pdu)
        at = 1 + octets[0]  # behind the service centre's address
        if octets[at] & 0x03 != 0x02:
            return None
        reference = octets[at + 1]
        status = octets[at + 4 + (octets[at + 2] + 1) // 2 + 14]  # behind recipient and two times
    except (ValueError, IndexError):
        return None
    return Delivery(reference, done=not 0x20 <= status < 0x40, delivered=status < 0x20)
