"""The gateway's receipt: which sequence numbers of an outbox the unit may now forget.

Sent after the database commit and at no other time. Ranges are inclusive and in rising order. A number stands under
``stored`` (in the database, now or before), ``quarantined`` (kept with its bytes and a reason) or ``declined``
(read well, and there is nothing to store: the receiver had no fix).
"""

from collections.abc import Iterable

import msgspec

from tracker.errors import BadInput, Reason

Range = tuple[int, int]


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """JSON: ``{"stored":[[1,50]],"quarantined":[[51,51]]}``; an absent list is empty."""

    stored: tuple[Range, ...] = ()
    quarantined: tuple[Range, ...] = ()
    declined: tuple[Range, ...] = ()

    @property
    def ranges(self) -> tuple[Range, ...]:
        """Everything the unit may forget."""
        return self.stored + self.quarantined + self.declined


_decoder = msgspec.json.Decoder(Receipt)
_encoder = msgspec.json.Encoder()


def encode(receipt: Receipt) -> bytes:
    """The receipt as it travels."""
    return _encoder.encode(receipt)


def decode(payload: bytes) -> Receipt:
    """Read a receipt.

    Raises:
        BadInput: PAYLOAD, if it is not one, or a range runs backwards.
    """
    try:
        receipt = _decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(Reason.PAYLOAD, f"not a receipt: {error}") from None
    if any(first < 0 or last < first for first, last in receipt.ranges):
        raise BadInput(Reason.PAYLOAD, "not a receipt: a range runs backwards or below zero")
    return receipt


def to_ranges(numbers: Iterable[int]) -> tuple[Range, ...]:
    """Inclusive ranges, rising, that hold exactly these numbers: ``{1, 2, 3, 7} -> ((1, 3), (7, 7))``."""
    ranges: list[Range] = []
    for number in sorted(set(numbers)):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return tuple(ranges)
