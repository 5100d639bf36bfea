"""Checks a point of a list against the polygon of the district that the facility is of.

The mistakes are always the same: latitude and longitude exchanged, a south without its minus, a point of the town where
somebody sat who wrote the list. The first two are recognised, for then another reading of the same two numbers lies
inside; nobody takes it for true before somebody has looked. Without polygons there is only the centre's region, or
Indonesia, to hold a point against: enough to see that columns are exchanged.
"""

from collections.abc import Iterator, Sequence

import msgspec
import shapely

from gateway.roads.districts import Districts
from gateway.services.facility_list import Row
from tracker.geodesy import distance
from tracker.register.points import EDGE_M, Finding

INDONESIA = (-11.1, 94.9, 6.1, 141.1)
"""South, west, north and east of it, in degrees: Rote, Weh, Miangas, Papua."""

REGION_M = 300_000.0
"""From the middle of the nearest district: hospitals that a centre sends to are nearer."""


class NoPoint(ValueError):
    """The two numbers are no point, however they are read."""


class Checked(msgspec.Struct, frozen=True):
    """A point, and what was found."""

    latitude: float
    longitude: float
    finding: Finding
    detail: str


def check(row: Row, districts: Districts | None, middles: Sequence[tuple[float, float]] = ()) -> Checked | None:
    """What is to be said of a row's point; None if it has none.

    Args:
        row: of a list.
        districts: to check against; None: there are none.
        middles: then, of the districts of the centre's region, in degrees; none: it has none of its own.

    Raises:
        NoPoint: it lies nowhere.
    """
    if row.latitude is None or row.longitude is None:
        return None
    latitude, longitude = row.latitude, row.longitude
    area = None if districts is None else districts.area(row.district)
    where = row.district or "every district"
    if area is None:
        unlikely = elsewhere(latitude, longitude, middles) if districts is None else None
        if not _possible(latitude, longitude):
            raise NoPoint(_nowhere(latitude, longitude, unlikely))
        why = "there are no districts to check it against" if districts is None else f"no district {row.district!r}"
        return Checked(latitude, longitude, Finding.UNCHECKED, why if unlikely is None else f"{why}; {unlikely}")
    if _possible(latitude, longitude) and _inside(area, latitude, longitude):
        if row.decimals <= 2:
            return Checked(latitude, longitude, Finding.COARSE, f"inside {where}, and given to 0.01 degree only")
        return Checked(latitude, longitude, Finding.INSIDE, f"inside {row.district or 'a district'}")
    for north, east, finding, what in _readings(latitude, longitude):
        if _possible(north, east) and _inside(area, north, east):
            return Checked(north, east, finding, f"{what}: read as {north:g}, {east:g} it lies inside {where}")
    if not _possible(latitude, longitude):
        raise NoPoint(_nowhere(latitude, longitude))
    metres = _metres(area, latitude, longitude)
    if metres <= EDGE_M:
        return Checked(latitude, longitude, Finding.EDGE, f"{metres:.0f} m outside of {where}")
    there = None if districts is None else districts.of([latitude], [longitude])[0]
    told = f"{metres / 1000:.1f} km outside of {where}" + ("" if there is None else f", in {there}")
    return Checked(latitude, longitude, Finding.OUTSIDE, told)


def elsewhere(latitude: float, longitude: float, middles: Sequence[tuple[float, float]]) -> str | None:
    """Why a point is hardly where it was meant to be, as far as that is known without districts; None: it may be."""
    if _near(latitude, longitude, middles):
        return None
    where = "in the centre's region" if middles else "in Indonesia"
    for north, east, _, what in _readings(latitude, longitude):
        if _near(north, east, middles):
            return f"{what}, it seems: so read it lies {where}"
    return f"it does not lie {where}"


def _near(latitude: float, longitude: float, middles: Sequence[tuple[float, float]]) -> bool:
    if not _possible(latitude, longitude):
        return False
    if middles:
        return min(distance(latitude, longitude, *middle) for middle in middles) <= REGION_M
    south, west, north, east = INDONESIA
    return south <= latitude <= north and west <= longitude <= east


def _readings(latitude: float, longitude: float) -> Iterator[tuple[float, float, Finding, str]]:
    """What else the same two numbers may mean, and by which mistake."""
    yield longitude, latitude, Finding.SWAPPED, "latitude and longitude are exchanged"
    yield -latitude, longitude, Finding.NO_SIGN, "the latitude lacks its minus"
    yield -longitude, latitude, Finding.SWAPPED, "latitude and longitude are exchanged, and the minus is missing"


def _possible(latitude: float, longitude: float) -> bool:
    return -90 <= latitude <= 90 and -180 <= longitude <= 180


def _nowhere(latitude: float, longitude: float, unlikely: str | None = None) -> str:
    why = unlikely or "exchanged it is not where it should be either"
    return f"{latitude:g}, {longitude:g} is no point on Earth: {why}"


def _inside(area: shapely.Geometry, latitude: float, longitude: float) -> bool:
    return bool(shapely.intersects_xy(area, longitude, latitude))


def _metres(area: shapely.Geometry, latitude: float, longitude: float) -> float:
    line = shapely.shortest_line(area, shapely.Point(longitude, latitude))
    east, north = shapely.get_coordinates(line)[0]
    return distance(latitude, longitude, float(north), float(east))
