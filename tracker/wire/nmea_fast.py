"""The fast reader for the hot sentences: the gateway decodes tens of thousands a second, and pynmea2 costs half of it.

A sentence that is all in order matches one pattern and is converted from its groups. Whatever the pattern does not
know goes to `nmea`, which decides and names the reason; so the fast reader can never accept or refuse on its own, and
a pattern may be narrow. `tests/property/test_nmea_readers.py` proves both readers equal on valid, mutated and hostile
sentences.
"""

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache

from tracker.errors import BadInput
from tracker.fix import Mode, Solution
from tracker.measures import KILOMETRE_PER_HOUR, KNOT
from tracker.wire import nmea
from tracker.wire.checksum import xor
from tracker.wire.sentence import LETTERS, MICROSECONDS, Sentence

_ADDRESS = rb"\$([A-OQ-Z0-9][A-Z0-9])"
_TIME = rb"((?:[01]\d|2[0-3])[0-5]\d[0-5]\d(?:\.\d{1,6})?)"
_POSITION = rb"([0-8]\d)([0-5]\d\.\d{1,9}),([NS]),(0\d\d|1[0-7]\d)([0-5]\d\.\d{1,9}),([EW])"
_NUMBER = rb"(\d{1,5}(?:\.\d{0,9})?|)"
_COURSE = rb"((?:[0-2]?\d?\d|3[0-5]\d)(?:\.\d{0,9})?|)"
_END = rb"\*([0-9A-F]{2})[\r\n ]*"

_rmc = re.compile(
    _ADDRESS
    + rb"RMC,%b,A,%b,%b,%b,(\d{6}|)," % (_TIME, _POSITION, _NUMBER, _COURSE)
    + rb"[\x20-\x29\x2b\x2d-\x7e]*,[\x20-\x29\x2b\x2d-\x7e]*(?:,([A-Z]?)(?:,[\x20-\x29\x2b-\x7e]*)?)?"
    + _END
).fullmatch
_gga = re.compile(
    _ADDRESS
    + rb"GGA,%b,%b,([1-8]),(\d{0,4}),%b," % (_TIME, _POSITION, _NUMBER)
    + rb"(-?\d{1,6}(?:\.\d{0,9})?|),M?(?:,[\x20-\x29\x2b-\x7e]*)?"
    + _END
).fullmatch
_gll = re.compile(
    _ADDRESS + rb"GLL,%b,%b,A(?:,([A-Z]?)(?:,[\x20-\x29\x2b-\x7e]*)?)?" % (_POSITION, _TIME) + _END
).fullmatch
_vtg = re.compile(
    _ADDRESS
    + rb"VTG,%b,T?,[\x20-\x29\x2b\x2d-\x7e]*,[\x20-\x29\x2b\x2d-\x7e]*,%b,N?,%b,K?" % (_COURSE, _NUMBER, _NUMBER)
    + rb"(?:,([A-Z]?)(?:,[\x20-\x29\x2b-\x7e]*)?)?"
    + _END
).fullmatch
_gsa = re.compile(
    _ADDRESS
    + rb"GSA,[\x20-\x29\x2b\x2d-\x7e]*,([1-3]?)(?:,[\x20-\x29\x2b\x2d-\x7e]*){13},%b" % _NUMBER
    + rb"(?:,[\x20-\x29\x2b\x2d-\x7e]*){1,2}"
    + _END
).fullmatch

_HEXADECIMAL = [b"%02X" % value for value in range(256)]
_WHOLE_MINUTES = len("59.")  # what stands before the decimals of the minutes
_LETTERS = {letter.encode(): solution for letter, solution in LETTERS.items()}
_MODES = {b"2": Mode.TWO_D, b"3": Mode.THREE_D}
_QUALITIES = {b"%d" % solution: solution for solution in Solution}
_TALKERS = {name.encode(): name for name in ("GP", "GN", "GL", "GA", "GB", "BD", "GQ", "GI", "IN")}


def read(line: bytes) -> Sentence | None:
    """The same as `nmea.read`, in its results and in its errors."""
    reader = _READERS.get(line[3:6])
    if reader is not None:
        sentence = reader(line)
        if sentence is not None:
            return sentence
    return nmea.read(line)


def _read_rmc(line: bytes) -> Sentence | None:
    match = _rmc(line)
    if match is None:
        return None
    talker, clock, south, lat, ns, east, lon, ew, knots, course, day, letter, checksum = match.groups()
    if _HEXADECIMAL[xor(line[1 : match.start(13) - 1])] != checksum or letter == b"N":
        return None
    try:
        known_day = _day(day)
    except BadInput:
        return None
    latitude = int(south) + float(lat) / 60
    longitude = int(east) + float(lon) / 60
    return Sentence(
        "RMC",
        _TALKERS.get(talker) or talker.decode(),
        _time(clock),
        True,
        latitude if ns == b"N" else -latitude,
        longitude if ew == b"E" else -longitude,
        len(lat) - _WHOLE_MINUTES,
        None,
        float(knots) * KNOT if knots else None,
        float(course) if course else None,
        known_day,
        known_day is not None,
        None,
        _LETTERS.get(letter),
    )


def _read_gga(line: bytes) -> Sentence | None:
    match = _gga(line)
    if match is None:
        return None
    (talker, clock, south, lat, ns, east, lon, ew, quality, satellites, hdop, altitude, checksum) = match.groups()
    if _HEXADECIMAL[xor(line[1 : match.start(13) - 1])] != checksum:
        return None
    latitude = int(south) + float(lat) / 60
    longitude = int(east) + float(lon) / 60
    return Sentence(
        "GGA",
        _TALKERS.get(talker) or talker.decode(),
        _time(clock),
        True,
        latitude if ns == b"N" else -latitude,
        longitude if ew == b"E" else -longitude,
        len(lat) - _WHOLE_MINUTES,
        float(altitude) if altitude else None,
        None,
        None,
        None,
        False,
        None,
        _QUALITIES[quality],
        int(satellites) if satellites else None,
        float(hdop) if hdop else None,
    )


def _read_gll(line: bytes) -> Sentence | None:
    match = _gll(line)
    if match is None:
        return None
    talker, south, lat, ns, east, lon, ew, clock, letter, checksum = match.groups()
    if _HEXADECIMAL[xor(line[1 : match.start(10) - 1])] != checksum or letter == b"N":
        return None
    latitude = int(south) + float(lat) / 60
    longitude = int(east) + float(lon) / 60
    return Sentence(
        "GLL",
        _TALKERS.get(talker) or talker.decode(),
        _time(clock),
        True,
        latitude if ns == b"N" else -latitude,
        longitude if ew == b"E" else -longitude,
        len(lat) - _WHOLE_MINUTES,
        solution=_LETTERS.get(letter),
    )


def _read_vtg(line: bytes) -> Sentence | None:
    match = _vtg(line)
    if match is None:
        return None
    talker, course, knots, kilometres, letter, checksum = match.groups()
    if _HEXADECIMAL[xor(line[1 : match.start(6) - 1])] != checksum:
        return None
    speed = None
    if knots:
        speed = float(knots) * KNOT
    elif kilometres:
        speed = float(kilometres) * KILOMETRE_PER_HOUR
    return Sentence(
        "VTG",
        _TALKERS.get(talker) or talker.decode(),
        valid=letter != b"N" if letter else None,
        speed=speed,
        course=float(course) if course else None,
        solution=_LETTERS.get(letter),
    )


def _read_gsa(line: bytes) -> Sentence | None:
    match = _gsa(line)
    if match is None:
        return None
    talker, mode, hdop, checksum = match.groups()
    if _HEXADECIMAL[xor(line[1 : match.start(4) - 1])] != checksum:
        return None
    return Sentence(
        "GSA",
        _TALKERS.get(talker) or talker.decode(),
        valid=mode != b"1" if mode else None,
        mode=_MODES.get(mode),
        hdop=float(hdop) if hdop else None,
    )


_READERS: dict[bytes, Callable[[bytes], Sentence | None]] = {
    b"RMC": _read_rmc,
    b"GGA": _read_gga,
    b"GLL": _read_gll,
    b"VTG": _read_vtg,
    b"GSA": _read_gsa,
}


@lru_cache(maxsize=1024)  # a fleet's messages are of the same few seconds
def _time(clock: bytes) -> int:
    """hhmmss, perhaps with a fraction, as microseconds of the day."""
    seconds = int(clock[:2]) * 3600 + int(clock[2:4]) * 60 + int(clock[4:6])
    return seconds * MICROSECONDS + int(clock[7:].ljust(6, b"0"))


@lru_cache(maxsize=64)
def _day(text: bytes) -> date | None:
    return nmea.two_digit_date(text.decode())
