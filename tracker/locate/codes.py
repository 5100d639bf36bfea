"""Points that are written as codes: plus codes, the short links of OpenStreetMap, geohashes. All of them hold the point
itself, so nobody has to be asked.
"""

import re

from openlocationcode import openlocationcode as plus  # type: ignore[import-untyped] # it ships no types

_DIGITS = "23456789CFGHJMPQRVWX"
PLUS_CODE = re.compile(
    rf"(?<![\w+])([{_DIGITS}]{{4}}|[{_DIGITS}]{{6}}|[{_DIGITS}]{{8}})\+([{_DIGITS}]{{2,7}})(?![\w+])",
    re.IGNORECASE,
)
_OSM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_~"
_GEOHASH = "0123456789bcdefghjkmnpqrstuvwxyz"


def plus_code(code: str, near: tuple[float, float] | None) -> tuple[float, float] | None:
    """The middle of a plus code's cell, degrees; a short code means the cell of that name that is nearest to a point.

    Args:
        code: full or short.
        near: latitude and longitude; None: not known, and then a short code means nothing.
    """
    code = code.upper()
    if plus.isShort(code):
        if near is None:
            return None
        code = plus.recoverNearest(code, *near)
    if not plus.isFull(code):
        return None
    area = plus.decode(code)
    return float(area.latitudeCenter), float(area.longitudeCenter)


def osm_short(code: str) -> tuple[float, float] | None:
    """The middle of the map that a link osm.org/go/CODE shows, degrees; None if it is none."""
    code = code.rstrip("-=").replace("@", "~")
    if not code or len(code) > 10 or any(each not in _OSM for each in code):
        return None
    x = y = 0
    for each in code:
        bits = _OSM.index(each)
        for at in (5, 3, 1):
            x, y = x << 1 | bits >> at & 1, y << 1 | bits >> at - 1 & 1
    cells = 1 << 3 * len(code)
    return (y + 0.5) / cells * 180 - 90, (x + 0.5) / cells * 360 - 180


def geohash(code: str) -> tuple[float, float] | None:
    """The middle of a geohash's cell, degrees; None if it is none."""
    code = code.casefold()
    if not code or len(code) > 12 or any(each not in _GEOHASH for each in code):
        return None
    limits = [(-180.0, 180.0), (-90.0, 90.0)]
    axis = 0
    for each in code:
        for at in (4, 3, 2, 1, 0):
            low, high = limits[axis]
            middle = (low + high) / 2
            limits[axis] = (middle, high) if _GEOHASH.index(each) >> at & 1 else (low, middle)
            axis = 1 - axis
    return sum(limits[1]) / 2, sum(limits[0]) / 2
