r"""NMEA 4.10 TAG blocks, read and written: ``\s:gnss,n:10234,c:1763750000*hh\`` before the first sentence of a group.

We use three parameters: ``s`` the source in the vehicle, ``n`` the sequence number in the outbox, ``c`` the device's
UTC. Others (``d``, ``g``, ``r``, ``t``, ``x``) are legal and passed over. NMEA writes ``c`` as whole seconds of UNIX
time or as whole milliseconds; a value of 1e11 or more is milliseconds (as seconds it would be the year 5138). A
fraction, ``1763750000.2``, is read too, since devices send it. We write seconds where the time is whole and
milliseconds otherwise: the shorter of the two forms of the standard, never the fraction.
"""

import re
from datetime import UTC, datetime, timedelta

import msgspec

from tracker.errors import BadInput, Reason
from tracker.wire.checksum import xor
from tracker.wire.topics import checked_id

DEFAULT_SOURCE = "gnss"
"""The source where nothing names one: bare NMEA, or a block without ``s``."""

_MILLISECONDS_FROM = 100_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = 253_370_764_800  # 9999-01-01: later a day's correction would leave the calendar
_MAX_SEQUENCE = 2**63 - 1  # what the database's integer holds

_ours = re.compile(rb"\\s:([a-z0-9][a-z0-9-]{0,31}),n:(\d{1,18}),c:(\d{1,15})\*([0-9A-Fa-f]{2})\\").match
_any = re.compile(rb"\\([\x20-\x5b\x5d-\x7e]*?)\*([0-9A-Fa-f]{2})\\").match
_time = re.compile(r"(\d{1,15})(?:\.(\d{1,9}))?").fullmatch
_sequence = re.compile(r"\d{1,19}").fullmatch


class TagBlock(msgspec.Struct, frozen=True):
    """What a TAG block tells about the group of sentences it leads."""

    source: str = DEFAULT_SOURCE  # an id: gnss, modem, phone
    sequence: int | None = None  # in the outbox, 0 or more
    device_time: datetime | None = None  # aware, UTC


def encode(block: TagBlock) -> bytes:
    """The block as it travels; the device time is cut to milliseconds.

    Raises:
        BadInput: UNIT_ID, if the source is not an id.
        ValueError: for a sequence below 0, or a device time before 1970, or one with a fraction before March 1973
            (its milliseconds would read as seconds).
    """
    parts = [f"s:{checked_id(block.source)}"]
    if block.sequence is not None:
        if not 0 <= block.sequence <= _MAX_SEQUENCE:
            raise ValueError(f"{block.sequence} is no sequence number")
        parts.append(f"n:{block.sequence}")
    if block.device_time is not None:
        milliseconds = (block.device_time - _EPOCH) // timedelta(milliseconds=1)
        seconds, fraction = divmod(milliseconds, 1000)
        if seconds < 0 or (fraction and milliseconds < _MILLISECONDS_FROM):
            raise ValueError(f"a TAG block cannot hold the time {block.device_time}")
        parts.append(f"c:{milliseconds if fraction else seconds}")
    body = ",".join(parts).encode("ascii")
    return b"\\%b*%02X\\" % (body, xor(body))


def split(line: bytes) -> tuple[TagBlock | None, bytes]:
    """Take the TAG block, if there is one, off the head of a line; the rest is the sentence, perhaps empty.

    Raises:
        BadInput: TAG_BLOCK, if the line begins with a backslash and no block with a matching checksum stands there,
            or a parameter of ours is given twice or is not of its type.
    """
    if line[:1] != b"\\":
        return None, line
    match = _ours(line)  # the form we write, read without taking it apart twice
    if match is not None:
        if xor(line[1 : match.end() - 4]) != int(match[4], 16):
            raise BadInput(Reason.TAG_BLOCK, f"the checksum of {line[: match.end()][:80]!r} does not match")
        return TagBlock(match[1].decode(), int(match[2]), _time_of(int(match[3]))), line[match.end() :]
    match = _any(line)
    if match is None:
        raise BadInput(Reason.TAG_BLOCK, f"no TAG block with a checksum: {line[:80]!r}")
    body = match[1]
    if xor(body) != int(match[2], 16):
        raise BadInput(Reason.TAG_BLOCK, f"the checksum of {match[0][:80]!r} does not match")
    return _read(body.decode("ascii")), line[match.end() :]


def _read(body: str) -> TagBlock:
    values: dict[str, str] = {}
    for part in body.split(","):
        key, colon, value = part.partition(":")
        if not colon or key in values:
            raise BadInput(Reason.TAG_BLOCK, f"{part[:40]!r} is no parameter, or stands twice")
        values[key] = value
    source = values.get("s", DEFAULT_SOURCE)
    try:
        checked_id(source)
    except BadInput as error:
        raise BadInput(Reason.TAG_BLOCK, f"the source {error.detail}") from None
    sequence = None
    if "n" in values:
        if _sequence(values["n"]) is None or int(values["n"]) > _MAX_SEQUENCE:
            raise BadInput(Reason.TAG_BLOCK, f"n:{values['n'][:40]} is no sequence number")
        sequence = int(values["n"])
    return TagBlock(source, sequence, _read_time(values["c"]) if "c" in values else None)


def _read_time(text: str) -> datetime:
    match = _time(text)
    if match is None:
        raise BadInput(Reason.TAG_BLOCK, f"c:{text[:40]} is no UNIX time")
    at = _time_of(int(match[1]))
    if match[2] is None or int(match[1]) >= _MILLISECONDS_FROM:  # a fraction of a millisecond is dropped
        return at
    return at + timedelta(microseconds=int(match[2].ljust(6, "0")[:6]))


def _time_of(clock: int) -> datetime:
    """Whole seconds or milliseconds of UNIX time."""
    milliseconds = clock if clock >= _MILLISECONDS_FROM else clock * 1000
    if milliseconds >= _LAST_SECOND * 1000:
        raise BadInput(Reason.TAG_BLOCK, f"c:{clock} is no UNIX time")
    return _EPOCH + timedelta(milliseconds=milliseconds)
