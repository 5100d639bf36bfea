"""What all JSON messages of the wire have in common: whatever a sender does to one, `BadInput` says it in a line."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from tracker.errors import BadInput, Reason
from tracker.wire.topics import MAX_PAYLOAD

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are not the message: bad JSON or shape, bad UTF-8, brackets without end."""

Shape = TypeVar("Shape")


def parse(decoder: "msgspec.json.Decoder[Shape]", text: bytes, what: str) -> Shape:
    """Read a message, or a part of one.

    Raises:
        BadInput: PAYLOAD, naming `what` it should have been.
    """
    try:
        return decoder.decode(text)
    except UNREADABLE as error:
        raise BadInput(Reason.PAYLOAD, f"not a {what}: {one_line(error)}") from None


def read(decoder: "msgspec.json.Decoder[Shape]", payload: bytes, what: str) -> Shape:
    """Read a whole payload.

    Raises:
        BadInput: as in `parse`, and OVERSIZE.
    """
    if len(payload) > MAX_PAYLOAD:
        raise BadInput(Reason.OVERSIZE, f"{len(payload)} bytes, {MAX_PAYLOAD} are allowed")
    return parse(decoder, payload, what)


def readable(made: bytes, decode: Callable[[bytes], object]) -> bytes:
    """The bytes themselves, once `decode` has taken them: what cannot be read is not sent.

    Raises:
        ValueError: `decode` refuses them.
    """
    try:
        decode(made)
    except BadInput as error:
        raise ValueError(error.detail) from None
    return made


def in_utc(at: datetime) -> datetime:
    """The same instant in UTC.

    Raises:
        BadInput: OUT_OF_RANGE, if it is none that a device can mean.
    """
    try:
        at = at.astimezone(UTC)
    except OverflowError:
        raise BadInput(Reason.OUT_OF_RANGE, f"the time {at.isoformat()} lies outside all years") from None
    if not EARLIEST <= at < LATEST:
        raise BadInput(Reason.OUT_OF_RANGE, f"the time {at.isoformat()} is none of a device's")
    return at


def one_line(error: Exception) -> str:
    """What an error says, short and without line ends."""
    return " ".join(str(error).split())[:200]
