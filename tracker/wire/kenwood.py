"""What a Kenwood base radio says at its serial port: positions and status codes of the radios it hears.

FleetSync     $PKLDS  time,A/V/D,lat,N/S,lon,E/W,knots,course,ddmmyy,variation,E/W+version,fleet,unit,status,extension,
              $PKLSH  lat,N/S,lon,E/W,time,A/V/D,fleet,unit,
              $PKLID  version,fleet,unit,status,extension,
NEXEDGE, DMR  $PKNDS  as $PKLDS, with one unit (U00002) in the place of fleet and unit
              $PKNSH  as $PKLSH, likewise       $PKNID  version,unit,status,extension,
              $PKWDWPL  a waypoint: a place somebody marked, no radio; recognised and passed over

Most firmware puts a comma before ``*hh``, some does not; both are read. Date, course, status and version come empty
from radios that do not know them, and a position can lack a half while the radio calls it good. The format is not
published; this follows recordings. A wrong hemisphere or a field that is no number makes the sentence unreadable, never
zero.
"""

import re
from collections.abc import Callable, Sequence

import msgspec

from tracker.errors import BadInput, Reason
from tracker.measures import KNOT
from tracker.wire.checksum import xor
from tracker.wire.nmea import read_coordinate, read_course, read_speed, read_time_of_day, two_digit_date
from tracker.wire.sentence import LETTERS, Sentence

FLEETSYNC = "fs"
"""First part of a FleetSync radio's name: fs-100-1001 is unit 1001 of fleet 100."""

NEXEDGE = "nx"
"""First part of a NEXEDGE or DMR radio's name: nx-2 is U00002, and U00000002."""

_frame = re.compile(rb"\$PK([LN](?:DS|SH|ID)|WDWPL),([\x20-\x29\x2b-\x7e]*)\*([0-9A-Fa-f]{2})").fullmatch
_fleet = re.compile(r"[0-9]{1,3}").fullmatch
_unit = re.compile(r"[0-9]{1,4}").fullmatch
_digital_unit = re.compile(r"U?([0-9]{1,9})").fullmatch
_code = re.compile(r"[0-9]{1,4}").fullmatch
_version = re.compile(r"([EW]?)([0-9]{0,2})").fullmatch
_number = re.compile(r"[0-9]{0,3}(?:\.[0-9]{0,3})?").fullmatch


class Heard(msgspec.Struct, frozen=True):
    """What one sentence of a radio tells."""

    radio: str | None  # the name of who spoke: fs-100-1001, nx-2, taip-1234; None where the sentence does not tell
    sentence: Sentence | None  # its position, as if a receiver had said it; None: it only gave its name or a status
    status: int | None = None  # code, as the radio's programming defines it
    three_d: bool | None = None  # dimension of the solution, where told


def is_kenwood(line: bytes) -> bool:
    """Whether a line is for this reader."""
    return line[:4] in (b"$PKL", b"$PKN", b"$PKW")


def read(line: bytes) -> Heard | None:
    """Read one sentence, without its line end; None for a waypoint.

    Raises:
        BadInput: TRUNCATED, CHECKSUM, FIELD or OUT_OF_RANGE.
    """
    frame = _frame(line)
    if frame is None:
        raise BadInput(Reason.TRUNCATED, f"no whole Kenwood sentence: {line[:100]!r}")
    if xor(line[1:-3]) != int(frame[3], 16):
        raise BadInput(Reason.CHECKSUM, f"the checksum of {line[:100]!r} does not match")
    kind = frame[1].decode()
    fields = frame[2].decode("ascii").split(",")
    if fields[-1] == "":  # the comma before the asterisk
        fields.pop()
    reader = _READERS.get(kind)
    if reader is None:
        return None
    try:
        return reader(fields)
    except BadInput as error:
        raise BadInput(error.reason, f"{error.detail} in {line[:120]!r}") from None


def _analogue_position(fields: Sequence[str]) -> Heard:
    _expect(fields, 14, 15)
    return Heard(_fleetsync(fields[11], fields[12]), _dated(fields), _status(fields, 13))


def _digital_position(fields: Sequence[str]) -> Heard:
    _expect(fields, 12, 14)  # empty status and extension may be missing at the end
    return Heard(_nexedge(fields[11]), _dated(fields), _status(fields, 12))


def _analogue_short(fields: Sequence[str]) -> Heard:
    _expect(fields, 8, 8)
    return Heard(_fleetsync(fields[6], fields[7]), _short(fields))


def _digital_short(fields: Sequence[str]) -> Heard:
    _expect(fields, 7, 7)
    return Heard(_nexedge(fields[6]), _short(fields))


def _analogue_name(fields: Sequence[str]) -> Heard:
    _expect(fields, 3, 5)
    return Heard(_fleetsync(fields[1], fields[2]), None, _status(fields, 3))


def _digital_name(fields: Sequence[str]) -> Heard:
    _expect(fields, 2, 4)
    return Heard(_nexedge(fields[1]), None, _status(fields, 2))


_READERS: dict[str, Callable[[Sequence[str]], Heard]] = {
    "LDS": _analogue_position,
    "NDS": _digital_position,
    "LSH": _analogue_short,
    "NSH": _digital_short,
    "LID": _analogue_name,
    "NID": _digital_name,
}


def _expect(fields: Sequence[str], least: int, most: int) -> None:
    if not least <= len(fields) <= most:
        raise BadInput(Reason.FIELD, f"{len(fields)} fields, not {least}{'' if least == most else f' to {most}'}")


def _dated(fields: Sequence[str]) -> Sentence:
    """The position of $PKLDS and $PKNDS: what an RMC says."""
    valid, letter = _valid(fields[1])
    latitude, longitude, digits = _position(fields[2:6], valid)
    if _number(fields[9]) is None or _version(fields[10]) is None:
        raise BadInput(Reason.FIELD, f"variation {fields[9][:20]!r}, {fields[10][:20]!r}")
    day = two_digit_date(fields[8])
    return Sentence(
        "RMC",
        "PK",
        time=read_time_of_day(fields[0]),
        valid=valid,
        latitude=latitude,
        longitude=longitude,
        digits=digits,
        speed=read_speed(fields[6], KNOT),
        course=read_course(fields[7]),
        day=day,
        short_year=day is not None,
        solution=LETTERS.get(letter),
    )


def _short(fields: Sequence[str]) -> Sentence:
    """The position of $PKLSH and $PKNSH: what a GLL says; no date."""
    valid, letter = _valid(fields[5])
    latitude, longitude, digits = _position(fields[:4], valid)
    return Sentence(
        "GLL",
        "PK",
        time=read_time_of_day(fields[4]),
        valid=valid,
        latitude=latitude,
        longitude=longitude,
        digits=digits,
        solution=LETTERS.get(letter),
    )


def _valid(text: str) -> tuple[bool, str]:
    """Status A, or D for a differential fix; V is void: the radio then repeats an old place, or the maker's own."""
    if text not in ("A", "D", "V"):
        raise BadInput(Reason.FIELD, f"status {text[:20]!r}")
    return text != "V", text


def _position(fields: Sequence[str], valid: bool) -> tuple[float | None, float | None, int]:
    if not valid:
        return None, None, 0
    latitude, digits = read_coordinate(fields[0], fields[1], "NS", 90)
    longitude, _ = read_coordinate(fields[2], fields[3], "EW", 180)
    return latitude, longitude, digits


def _fleetsync(fleet: str, unit: str) -> str:
    if _fleet(fleet) is None or _unit(unit) is None:
        raise BadInput(Reason.FIELD, f"fleet {fleet[:20]!r}, unit {unit[:20]!r}")
    if not (100 <= int(fleet) <= 349 and 1000 <= int(unit) <= 4999):
        raise BadInput(Reason.OUT_OF_RANGE, f"fleet {fleet}, unit {unit}: FleetSync has 100-349 and 1000-4999")
    return f"{FLEETSYNC}-{int(fleet)}-{int(unit)}"


def _nexedge(unit: str) -> str:
    match = _digital_unit(unit)
    if match is None:
        raise BadInput(Reason.FIELD, f"unit {unit[:20]!r}")
    if not 1 <= int(match[1]) <= 16_776_415:
        raise BadInput(Reason.OUT_OF_RANGE, f"unit {unit}: NXDN has U00001-U65519, DMR U00000001-U16776415")
    return f"{NEXEDGE}-{int(match[1])}"


def _status(fields: Sequence[str], index: int) -> int | None:
    text = fields[index] if index < len(fields) else ""
    if not text:
        return None
    if _code(text) is None:
        raise BadInput(Reason.FIELD, f"status code {text[:20]!r}")
    return int(text)
