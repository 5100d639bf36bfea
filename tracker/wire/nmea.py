"""NMEA 0183 through pynmea2, the reference reader: strict, and atomic (a sentence gives all its values, or an error).

pynmea2 takes the sentence apart and knows the names of its fields. Its values are not taken as they come, because it
is lenient where we may not be: fields are read lazily, and one that cannot be converted comes back as text; a wrong or
missing hemisphere makes the coordinate 0.0; NaN and infinity are numbers; minutes above 60 pass; fractions of a second
lose a microsecond to rounding; ``is_valid`` of an RMC is false on the many receivers whose navigational status
(NMEA 4.1) is always V. So each field's text is checked against its grammar here before it becomes a value.

Leap second: second 60 is legal and gives a time of day of 24 h or more; as a date it is midnight of the next day, as
in UNIX time.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pynmea2
from pynmea2.nmea_utils import dm_to_sd

from tracker.errors import BadInput, Reason
from tracker.fix import Mode, Solution
from tracker.measures import KILOMETRE_PER_HOUR, KNOT
from tracker.wire.checksum import xor
from tracker.wire.sentence import BEST_FIRST, KINDS, LETTERS, MICROSECONDS, Sentence

YEARS = range(1900, 3000)
"""Years a ZDA may name. Beyond these it is no date of ours, and days could not be added and taken away safely."""

_frame = re.compile(
    rb"[$!]([\x21-\x29\x2b\x2d-\x7e]{1,10})(?:,[\x20-\x29\x2b-\x7e]*)?(?:\*([0-9A-Fa-f]{2}))?"
).fullmatch
_own_address = re.compile(rb"[A-OQ-Z0-9][A-Z0-9]([A-Z]{3})").fullmatch  # P.. is a maker's own sentence
_number = re.compile(r"-?(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})").fullmatch
_whole = re.compile(r"\d{1,4}").fullmatch
_clock = re.compile(r"(\d\d)(\d\d)(\d\d)(?:\.(\d{0,9}))?").fullmatch
_short_date = re.compile(r"(\d\d)(\d\d)(\d\d)").fullmatch
_degrees_minutes = re.compile(r"(\d{1,3})(\d\d)(?:\.(\d{0,12}))?").fullmatch
_letters = re.compile(r"[A-Z]*").fullmatch


def read(line: bytes) -> Sentence | None:
    """Read one line, with or without its line end.

    Returns:
        The values, or None for a well-formed sentence of another kind (GSV, TXT, a maker's own, AIS).

    Raises:
        BadInput: NOT_NMEA, TRUNCATED (no checksum at the end), CHECKSUM, FIELD or OUT_OF_RANGE.
    """
    line = line.rstrip(b"\r\n ")
    frame = _frame(line)
    if frame is None:
        raise BadInput(*_why_not_framed(line))
    if frame[2] is None:
        raise BadInput(Reason.TRUNCATED, f"no checksum at the end of {line[:80]!r}")
    if xor(line[1:-3]) != int(frame[2], 16):
        raise BadInput(Reason.CHECKSUM, f"the checksum of {line[:80]!r} does not match")
    address = _own_address(frame[1])
    if line[:1] != b"$" or address is None or address[1].decode() not in KINDS:
        return None
    try:
        message = pynmea2.parse(line.decode("ascii"), check=True)
    except pynmea2.ParseError:
        raise BadInput(Reason.FIELD, f"no fields in {line[:100]!r}") from None
    try:
        return _READERS[message.sentence_type](message)
    except BadInput as error:
        raise BadInput(error.reason, f"{error.detail} in {line[:100]!r}") from None


def _why_not_framed(line: bytes) -> tuple[Reason, str]:
    """A line that begins like a sentence and is printable was cut in the middle of its address or checksum."""
    if line[:1] in (b"$", b"!") and line.isascii() and line.decode("ascii").isprintable():
        return Reason.TRUNCATED, f"no whole sentence: {line[:80]!r}"
    return Reason.NOT_NMEA, f"no NMEA sentence: {line[:80]!r}"


def _rmc(message: Any) -> Sentence:
    letter = _mode_letters(message.mode_indicator)
    valid = _status(message.status) and letter != "N"
    latitude, longitude, digits = _position(message, valid)
    day = two_digit_date(_text(message.data, 8))
    return Sentence(
        "RMC",
        message.talker,
        time=_time_of_day(message.data, 0),
        valid=valid,
        latitude=latitude,
        longitude=longitude,
        digits=digits,
        speed=_speed(message.data, 6, KNOT),
        course=_course(message.data, 7),
        day=day,
        short_year=day is not None,
        solution=LETTERS.get(letter),
    )


def _gga(message: Any) -> Sentence:
    quality = _integer(message.data, 5)
    if quality is not None and quality > Solution.SIMULATED:
        raise BadInput(Reason.OUT_OF_RANGE, f"GGA quality {quality}")
    if message.altitude_units not in ("", "M"):
        raise BadInput(Reason.FIELD, f"altitude in {message.altitude_units[:20]!r}, not in metres")
    valid = bool(quality)  # left empty: no claim
    latitude, longitude, digits = _position(message, valid)
    return Sentence(
        "GGA",
        message.talker,
        time=_time_of_day(message.data, 0),
        valid=valid,
        latitude=latitude,
        longitude=longitude,
        digits=digits,
        altitude=_float(message.data, 8),
        solution=Solution(quality) if quality else None,
        satellites=_integer(message.data, 6),
        hdop=_not_negative(message.data, 7),
    )


def _gns(message: Any) -> Sentence:
    letter = _mode_letters(message.mode_indicator)
    valid = letter not in ("", "N")
    latitude, longitude, digits = _position(message, valid)
    return Sentence(
        "GNS",
        message.talker,
        time=_time_of_day(message.data, 0),
        valid=valid,
        latitude=latitude,
        longitude=longitude,
        digits=digits,
        altitude=_float(message.data, 8),
        solution=LETTERS.get(letter),
        satellites=_integer(message.data, 6),
        hdop=_not_negative(message.data, 7),
    )


def _gll(message: Any) -> Sentence:
    letter = _mode_letters(message.faa_mode)
    # NMEA before 2.0 had no status: there the position itself is the claim.
    valid = _status(message.status) and letter != "N" if len(message.data) > 5 else bool(message.lat)
    latitude, longitude, digits = _position(message, valid)
    return Sentence(
        "GLL",
        message.talker,
        time=_time_of_day(message.data, 4),
        valid=valid,
        latitude=latitude,
        longitude=longitude,
        digits=digits,
        solution=LETTERS.get(letter),
    )


def _vtg(message: Any) -> Sentence:
    symbols = (message.true_track_sym, message.spd_over_grnd_kts_sym, message.spd_over_grnd_kmph_sym)
    if any(symbol not in ("", unit) for symbol, unit in zip(symbols, "TNK", strict=True)):
        raise BadInput(Reason.FIELD, f"units {symbols} where T, N and K belong")
    speed = _speed(message.data, 4, KNOT)
    in_kilometres = _speed(message.data, 6, KILOMETRE_PER_HOUR)
    letter = _mode_letters(message.faa_mode)
    return Sentence(
        "VTG",
        message.talker,
        valid=letter != "N" if letter else None,
        speed=in_kilometres if speed is None else speed,
        course=_course(message.data, 0),
        solution=LETTERS.get(letter),
    )


def _gsa(message: Any) -> Sentence:
    mode = _integer(message.data, 1)
    if mode not in (None, 1, 2, 3):
        raise BadInput(Reason.OUT_OF_RANGE, f"GSA mode {mode}")
    return Sentence(
        "GSA",
        message.talker,
        valid=None if mode is None else mode > 1,
        mode=Mode(mode) if mode is not None and mode > 1 else None,
        # Receivers with more or fewer than twelve satellite fields move the dilutions; then they are not read.
        hdop=_not_negative(message.data, 15) if len(message.data) in (17, 18) else None,
    )


def _gst(message: Any) -> Sentence:
    for index in (1, 2, 3, 4, 7):
        _float(message.data, index)
    return Sentence(
        "GST",
        message.talker,
        time=_time_of_day(message.data, 0),
        deviation_north=_not_negative(message.data, 5),
        deviation_east=_not_negative(message.data, 6),
    )


def _zda(message: Any) -> Sentence:
    day, month, year = (_integer(message.data, index) for index in (1, 2, 3))
    full = None
    if day or month or year:  # zeros and empty fields: not known yet
        if day is None or month is None or year is None:
            raise BadInput(Reason.FIELD, "half a date")
        if year not in YEARS:
            raise BadInput(Reason.OUT_OF_RANGE, f"year {year}")
        full = _date(year, month, day)
    return Sentence("ZDA", message.talker, time=_time_of_day(message.data, 0), day=full)


_READERS: dict[str, Callable[[Any], Sentence]] = {
    "RMC": _rmc,
    "GGA": _gga,
    "GNS": _gns,
    "GLL": _gll,
    "VTG": _vtg,
    "GSA": _gsa,
    "GST": _gst,
    "ZDA": _zda,
}


def _text(data: list[str], index: int) -> str:
    return data[index] if index < len(data) else ""


def _float(data: list[str], index: int) -> float | None:
    text = _text(data, index)
    if not text:
        return None
    if _number(text) is None:
        raise BadInput(Reason.FIELD, f"{text[:30]!r} is no number")
    return float(text)


def _not_negative(data: list[str], index: int) -> float | None:
    value = _float(data, index)
    if value is not None and value < 0:
        raise BadInput(Reason.OUT_OF_RANGE, f"{value} is negative")
    return value


def _integer(data: list[str], index: int) -> int | None:
    text = _text(data, index)
    if not text:
        return None
    if _whole(text) is None:
        raise BadInput(Reason.FIELD, f"{text[:30]!r} is no whole number")
    return int(text)


def _speed(data: list[str], index: int, unit: float) -> float | None:
    return read_speed(_text(data, index), unit)


def read_speed(text: str, unit: float) -> float | None:
    """A speed in m/s from a field in ``unit`` m/s; None where it is empty.

    Raises:
        BadInput: FIELD or OUT_OF_RANGE.
    """
    value = _not_negative([text], 0)
    return None if value is None else value * unit


def _course(data: list[str], index: int) -> float | None:
    return read_course(_text(data, index))


def read_course(text: str) -> float | None:
    """Degrees, 0 <= course < 360; None where the field is empty.

    Raises:
        BadInput: FIELD or OUT_OF_RANGE.
    """
    value = _not_negative([text], 0)
    if value is not None and value > 360:
        raise BadInput(Reason.OUT_OF_RANGE, f"course {value}")
    return value if value != 360 else 0.0


def _status(text: str) -> bool:
    """A is valid; so is D, with which a few receivers tell of differential corrections here already."""
    if text not in ("A", "D", "V", ""):
        raise BadInput(Reason.FIELD, f"status {text[:20]!r}")
    return text in ("A", "D")


def _mode_letters(text: str) -> str:
    """The best of the letters; a letter that NMEA does not know says nothing, which is not an error."""
    if _letters(text) is None:
        raise BadInput(Reason.FIELD, f"mode {text[:20]!r}")
    for letter in BEST_FIRST:
        if letter in text:
            return letter
    return text[:1]


def _time_of_day(data: list[str], index: int) -> int | None:
    return read_time_of_day(_text(data, index))


def read_time_of_day(text: str) -> int | None:
    """Microseconds of the day from hhmmss, perhaps with a fraction; None where the field is empty.

    Raises:
        BadInput: FIELD or OUT_OF_RANGE.
    """
    if not text:
        return None
    match = _clock(text)
    if match is None:
        raise BadInput(Reason.FIELD, f"{text[:30]!r} is no time of day")
    hour, minute, second = int(match[1]), int(match[2]), int(match[3])
    if hour > 23 or minute > 59 or second > 60:
        raise BadInput(Reason.OUT_OF_RANGE, f"time of day {text[:30]}")
    return (hour * 3600 + minute * 60 + second) * MICROSECONDS + int((match[4] or "").ljust(6, "0")[:6])


def two_digit_date(text: str) -> date | None:
    """The date of an RMC, ddmmyy; years 80 to 99 are of the last century.

    Raises:
        BadInput: FIELD or OUT_OF_RANGE.
    """
    if text in ("", "000000"):  # zeros: how receivers say "not known yet"
        return None
    match = _short_date(text)
    if match is None:
        raise BadInput(Reason.FIELD, f"{text[:30]!r} is no date")
    year = int(match[3])
    return _date(year + (1900 if year >= 80 else 2000), int(match[2]), int(match[1]))


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise BadInput(Reason.OUT_OF_RANGE, f"there is no {year:04}-{month:02}-{day:02}") from None


def _position(message: Any, valid: bool) -> tuple[float | None, float | None, int]:
    """Latitude, longitude (both or neither) and the decimals of the minutes of latitude.

    Where the receiver calls the position void it is not read: several fill it then with what is no place at all
    (90 degrees 60 minutes, 360 degrees), and that is their way to say "no fix", not a broken sentence.
    """
    if not valid or not (message.lat or message.lon):
        return None, None, 0
    latitude, digits = read_coordinate(message.lat, message.lat_dir, "NS", 90)
    longitude, _ = read_coordinate(message.lon, message.lon_dir, "EW", 180)
    return latitude, longitude, digits


def read_coordinate(text: str, hemisphere: str, hemispheres: str, limit: int) -> tuple[float, int]:
    """Degrees, north and east positive, and the decimals of the minutes, from ddmm.mmmm and its hemisphere.

    Args:
        hemispheres: the two letters, the positive one first: ``NS`` or ``EW``.
        limit: the most degrees there are, 90 or 180.

    Raises:
        BadInput: FIELD (also where the hemisphere is missing) or OUT_OF_RANGE.
    """
    match = _degrees_minutes(text)
    if match is None:
        raise BadInput(Reason.FIELD, f"{text[:30]!r} is no coordinate")
    if len(hemisphere) != 1 or hemisphere not in hemispheres:
        raise BadInput(Reason.FIELD, f"hemisphere {hemisphere[:20]!r}")
    if int(match[2]) > 59:
        raise BadInput(Reason.OUT_OF_RANGE, f"{match[2]} minutes of arc")
    value: float = dm_to_sd(f"{match[1]}{match[2]}.{match[3] or '0'}")
    if value > limit:
        raise BadInput(Reason.OUT_OF_RANGE, f"{value} degrees")
    return (value if hemisphere == hemispheres[0] else -value), len(match[3] or "")
