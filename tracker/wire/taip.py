"""Trimble ASCII Interface Protocol (TAIP): the position that many radios and modems of public safety speak.

    >RPV15714+3739438-1220384601512612;ID=1234;*7F<

    AAAAA    GPS time of day of the fix, seconds; taken as UTC (receivers that run on leap seconds differ by 18 s)
    BBCCCCC  latitude, degrees and their hundred-thousandth parts, with sign      DDDEEEEE  longitude, likewise
    FFF      mph        GGG  degrees        H  0 two-dimensional, 1 three-dimensional, 9 no fix
    I        age: 2 below ten seconds, 1 ten seconds or more, 0 not available: then nothing in it is of now
    ;ID=     who speaks, where that is switched on      ;*hh  exclusive or of everything from '>' to '*', both included

There is no date in it: the time of day goes with the clock of whoever received it, a day back or ahead where that is
nearer. The degrees are decimal; reading them as degrees and minutes is a known error of others.

Source: Trimble, Lassen LP GPS system designer reference manual, appendix on TAIP.
"""

import re

from tracker.errors import BadInput, Reason
from tracker.fix import Solution
from tracker.measures import MILE_PER_HOUR
from tracker.wire.checksum import xor
from tracker.wire.kenwood import Heard
from tracker.wire.sentence import MICROSECONDS, Sentence

TAIP = "taip"
"""First part of the radio's name: taip-1234; `taip` alone where the message names nobody."""

DIGITS = 5
"""Decimals of its degrees; what `Sentence.digits` counts of minutes is finer by a third of that."""

_frame = re.compile(rb">([\x20-\x3b\x3d\x3f-\x7e]*)<").fullmatch
_checksum = re.compile(rb";\*([0-9A-Fa-f]{2})$").search
_position = re.compile(r"RPV(\d{5})([+-]\d{7})([+-]\d{8})(\d{3})(\d{3})([0-9])([012])").fullmatch
_name = re.compile(r"ID=([0-9A-Za-z]{1,16})").fullmatch


def read(line: bytes) -> Heard | None:
    """Read one message from '>' to '<'; None for another one than a position.

    Raises:
        BadInput: TRUNCATED, CHECKSUM, FIELD or OUT_OF_RANGE.
    """
    frame = _frame(line)
    if frame is None:
        raise BadInput(Reason.TRUNCATED, f"no whole TAIP message: {line[:100]!r}")
    body = frame[1]
    told = _checksum(body)
    if told is not None:
        covered = line[: 1 + told.start() + 2]  # from '>' to '*'
        if xor(covered) != int(told[1], 16):
            raise BadInput(Reason.CHECKSUM, f"the checksum of {line[:100]!r} does not match")
        body = body[: told.start()]
    message, *qualifiers = body.decode("ascii").split(";")
    if not message.startswith("RPV"):
        return None
    match = _position(message)
    if match is None:
        raise BadInput(Reason.FIELD, f"no RPV of 33 characters: {line[:100]!r}")
    return Heard(_radio(qualifiers, line), *_sentence(match, line))


def _radio(qualifiers: list[str], line: bytes) -> str:
    for qualifier in qualifiers:
        named = _name(qualifier)
        if named is not None:
            return f"{TAIP}-{named[1].lower()}"
        if qualifier.startswith("ID"):
            raise BadInput(Reason.FIELD, f"the id in {line[:100]!r}")
    return TAIP


def _sentence(match: re.Match[str], line: bytes) -> tuple[Sentence, None, bool | None]:
    second, latitude, longitude = int(match[1]), int(match[2]) / 1e5, int(match[3]) / 1e5
    speed, course, source, age = int(match[4]), int(match[5]), match[6], match[7]
    if second >= 86_400 or abs(latitude) > 90 or abs(longitude) > 180 or course > 360:
        raise BadInput(Reason.OUT_OF_RANGE, f"no such time, place or course: {line[:100]!r}")
    valid = source != "9" and age != "0"
    sentence = Sentence(
        "RMC",
        "TA",
        time=second * MICROSECONDS,
        valid=valid,
        latitude=latitude if valid else None,
        longitude=longitude if valid else None,
        digits=DIGITS,
        speed=speed * MILE_PER_HOUR,
        course=float(course % 360),
        solution=_SOLUTIONS.get(source) if valid else None,
    )
    return sentence, None, _THREE_D.get(source)


_THREE_D = {"0": False, "1": True, "2": False, "3": True}
_SOLUTIONS = {
    "0": Solution.AUTONOMOUS,
    "1": Solution.AUTONOMOUS,
    "2": Solution.DIFFERENTIAL,  # 2D DGPS
    "3": Solution.DIFFERENTIAL,  # 3D DGPS
    "6": Solution.ESTIMATED,  # dead reckoning
    "8": Solution.ESTIMATED,  # degraded dead reckoning
}
