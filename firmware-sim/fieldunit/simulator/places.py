"""Parts of the region where something is different: no coverage, high houses, a jammer."""

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import shapely

from fieldunit.simulator.receiver import OPEN, Sky
from tracker.measures import EARTH_RADIUS

_DEGREE = math.radians(1) * EARTH_RADIUS  # metres, of latitude


class Area(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A circle, or a polygon.

    Raises:
        ValueError: on creation, if it is neither, both, or no area.
    """

    centre: tuple[float, float] | None = None  # latitude, longitude in degrees
    radius_m: float | None = None
    corners: tuple[tuple[float, float], ...] = ()  # latitude, longitude in degrees

    def __post_init__(self) -> None:
        circle = self.centre is not None and self.radius_m is not None
        if circle == bool(self.corners) or (self.centre is None) != (self.radius_m is None):
            raise ValueError("give either centre and radius_m, or corners")
        if self.radius_m is not None and not self.radius_m > 0:
            raise ValueError("radius_m is a number of metres above 0")
        if self.corners and (len(self.corners) < 3 or not self.polygon.is_valid or self.polygon.area == 0):
            raise ValueError("corners make no area: three or more, and its border does not cross itself")
        for latitude, longitude in (self.centre,) if self.centre else self.corners:
            if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
                raise ValueError(f"{latitude}, {longitude} lies nowhere on Earth: latitude comes first")

    @property
    def polygon(self) -> shapely.Polygon:
        """The corners as (longitude, latitude)."""
        return shapely.Polygon([(longitude, latitude) for latitude, longitude in self.corners])

    @property
    def outline(self) -> tuple[tuple[float, float], ...]:
        """Corners (latitude, longitude), of a circle 24 of them."""
        if self.centre is None or self.radius_m is None:
            return self.corners
        latitude, longitude = self.centre
        wide = _DEGREE * math.cos(math.radians(latitude))
        angles = [2 * math.pi * step / 24 for step in range(24)]
        return tuple(
            (latitude + self.radius_m * math.sin(a) / _DEGREE, longitude + self.radius_m * math.cos(a) / wide)
            for a in angles
        )


class Zone:
    """An area with its times, quick to ask."""

    def __init__(self, area: Area | None, from_s: float = 0.0, to_s: float = math.inf) -> None:
        """
        Args:
            area: where; None: everywhere.
            from_s, to_s: when, seconds after the start.
        """
        self._area = area
        self._from, self._to = from_s, to_s
        self._shape: Any = None
        if area is not None and area.corners:
            self._shape = area.polygon
            shapely.prepare(self._shape)

    def holds(self, latitude: float, longitude: float, elapsed: float) -> bool:
        """Whether this place, in degrees, lies in it so many seconds after the start."""
        if not self._from <= elapsed < self._to:
            return False
        if self._area is None:
            return True
        if self._shape is not None:
            return bool(shapely.contains_xy(self._shape, longitude, latitude))
        if self._area.centre is None or self._area.radius_m is None:
            return False
        north = (latitude - self._area.centre[0]) * _DEGREE
        if abs(north) > self._area.radius_m:
            return False
        east = (longitude - self._area.centre[1]) * _DEGREE * math.cos(math.radians(latitude))
        return math.hypot(north, east) <= self._area.radius_m


class Skies:
    """The sky over each place: that of the first zone that holds, else an open one."""

    def __init__(self, zones: Sequence[tuple[Zone, Sky]] = (), usual: Sky = OPEN) -> None:
        self._zones = tuple(zones)
        self._usual = usual

    def over(self, latitude: float, longitude: float, elapsed: float) -> Sky:
        """What a receiver there sees."""
        for zone, sky in self._zones:
            if zone.holds(latitude, longitude, elapsed):
                return sky
        return self._usual


EVERYWHERE_OPEN = Skies()
