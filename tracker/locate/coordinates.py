"""Coordinates in running text, as people write them here: decimal with points or commas, degrees with minutes and
seconds, and the letters of two languages (LS and LU are south and north, BT and BB east and west).
"""

import re
from collections.abc import Iterator
from enum import Enum

import msgspec


class Axis(Enum):
    """Which of the two an angle is."""

    LATITUDE = 0
    LONGITUDE = 1


class Pair(msgspec.Struct, frozen=True):
    """Two angles beside each other, in their order or, where it was said which is which, latitude first."""

    first: float  # degrees
    second: float  # degrees
    known: bool  # somebody wrote which is which, and on which side of the equator
    coarse: bool  # written to a kilometre at best
    start: int  # in the text
    end: int


_SAME = str.maketrans({
    "’": "'", "‘": "'", "′": "'", "´": "'", "`": "'", "″": '"', "”": '"', "“": '"', "º": "°", "˚": "°",
    "−": "-", "–": "-", "—": "-", "\u00a0": " ", "\u200e": " ", "\u202f": " ",
})  # fmt: skip
"""One character for another, so that positions in the text stay."""

_NUMBER = r"\d{1,3}(?:[.,]\d+)?"
_LETTERS = (
    r"lintang\s+(?:utara|selatan)|bujur\s+(?:timur|barat)|lu|ls|bt|bb|"
    r"north|south|east|west|utara|selatan|timur|barat|[nsewutb]"
)
_DEGREES = rf"""
    (?P<degrees>{_NUMBER})(?!\d|\.\d)\s*(?P<mark>°|derajat|deg)?
    (?:\s*(?P<minutes>{_NUMBER})\s*(?:'(?!')|menit|min\b)
       (?:\s*(?P<seconds>{_NUMBER})\s*(?:"|''|detik|dtk|sec)?)?
    )?
"""
_ANGLE = re.compile(
    rf"""(?<![\w°'".])
    (?:(?P<label>latitude|lat|lintang|longitude|long|lon|lng|bujur)\s*[:=]?\s*)?
    (?:(?P<before>{_LETTERS})(?:\s*[:=.])?\s*(?=[-+]?\d))?
    (?P<sign>[-+])?\s?{_DEGREES}
    (?:(?(before)(?!)|\s*(?P<after>{_LETTERS})(?![a-z])))?""",
    re.IGNORECASE | re.VERBOSE,
)
_SPACED = re.compile(
    rf"""(?<![\w.])(?P<degrees>\d{{1,3}})[\s-]+(?P<minutes>{_NUMBER})(?:[\s-]+(?P<seconds>{_NUMBER}))?
    \s*(?P<after>{_LETTERS})(?![a-z])""",
    re.IGNORECASE | re.VERBOSE,
)
"""Minutes and seconds without their marks: only the letter behind them shows what they are."""

_BETWEEN = re.compile(r"\s*(?:[,;/|~&]|dan|and)?\s*", re.IGNORECASE)
_HEADING = re.compile(r"(?:lat\w*|lintang)\s*[/,&-]?\s*(?:lon\w*|lng|bujur)|lon\w*\s*[/,&-]\s*lat\w*", re.IGNORECASE)
_COARSE = 2
"""Digits behind the point: so many are a kilometre."""


class _Angle(msgspec.Struct, frozen=True):
    degrees: float
    axis: Axis | None
    side: bool  # its hemisphere was written, as a letter or a minus
    plain: bool  # nothing but a number
    digits: int  # behind the point, or more where minutes are written
    start: int
    end: int


def pairs(text: str) -> Iterator[Pair]:
    """The coordinates that a text has, in order."""
    text = text.translate(_SAME)
    text = _HEADING.sub(lambda found: " " * len(found[0]), text)
    before: _Angle | None = None
    for angle in _angles(text):
        if before is not None and _BETWEEN.fullmatch(text, before.end, angle.start) and (pair := _pair(before, angle)):
            yield pair
            before = None
        else:
            before = angle


def _angles(text: str) -> Iterator[_Angle]:
    found = [*_ANGLE.finditer(text), *_SPACED.finditer(text)]
    taken = -1
    for match in sorted(found, key=lambda each: (each.start(), -each.end())):
        if match.start() >= taken and (angle := _angle(match)) is not None:
            taken = match.end()
            yield angle


def _angle(match: re.Match[str]) -> _Angle | None:
    groups = match.groupdict()
    values = [float((groups[name] or "0").replace(",", ".")) for name in ("degrees", "minutes", "seconds")]
    if values[1] >= 60 or values[2] >= 60:
        return None
    axis, south = _side((groups.get("before") or groups.get("after") or "").casefold())
    label = (groups.get("label") or "").casefold()
    if label:
        axis = Axis.LATITUDE if label[:2] in ("la", "li") else Axis.LONGITUDE
    negative = groups.get("sign") == "-"
    degrees = values[0] + values[1] / 60 + values[2] / 3600
    fraction = re.search(r"[.,](\d+)$", groups["degrees"])
    has_minutes = groups["minutes"] is not None
    return _Angle(
        -degrees if negative or south else degrees,
        axis,
        side=negative or south is not None,
        plain=axis is None and not has_minutes and groups.get("mark") is None,
        digits=6 if has_minutes else len(fraction[1]) if fraction else 0,
        start=match.start(),
        end=match.end(),
    )


def _side(letter: str) -> tuple[Axis | None, bool | None]:
    """The axis that a letter or word says, and whether it is south or west; None: it says nothing."""
    last = letter.split()[-1] if letter else ""
    if last in ("n", "u", "lu", "north", "utara"):
        return Axis.LATITUDE, False
    if last in ("s", "ls", "south", "selatan"):
        return Axis.LATITUDE, True
    if last in ("e", "t", "bt", "east", "timur"):
        return Axis.LONGITUDE, False
    if last in ("w", "b", "bb", "west", "barat"):
        return Axis.LONGITUDE, True
    return None, None


def _pair(one: _Angle, other: _Angle) -> Pair | None:
    if one.axis is not None and one.axis is other.axis:
        return None
    if (one.plain or other.plain) and not (one.digits and other.digits):
        return None  # two whole numbers beside each other are a house and its street
    if one.axis is Axis.LONGITUDE or other.axis is Axis.LATITUDE:
        one, other = other, one
    axes = one.axis is not None or other.axis is not None
    coarse = min(one.digits, other.digits) <= _COARSE
    start, end = min(one.start, other.start), max(one.end, other.end)
    return Pair(one.degrees, other.degrees, axes and one.side, coarse, start, end)
