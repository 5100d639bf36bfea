"""Distances, bearings and a local plane on the Earth, for points given in degrees; one value or many at once.

Everything is on the sphere of the mean radius, so lengths of roads, offsets of fixes and distances of places agree
with each other to the last digit. Against the ellipsoid a length is off by 0.6 % at most.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.measures import EARTH_RADIUS

Floats = NDArray[np.float64]


def distance(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great-circle distance in metres between two points in degrees (haversine: within 0.6 % of WGS 84)."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half_dphi, half_dlambda = (phi2 - phi1) / 2, math.radians(lon2 - lon1) / 2
    h = math.sin(half_dphi) ** 2 + math.cos(phi1) * math.cos(phi2) * math.sin(half_dlambda) ** 2
    return 2 * EARTH_RADIUS * math.asin(min(1.0, math.sqrt(h)))


def distances(lat1: Floats, lon1: Floats, lat2: Floats, lon2: Floats) -> Floats:
    """`distance` for arrays of degrees that broadcast against each other; metres, same shape."""
    phi1, phi2 = np.radians(lat1), np.radians(lat2)
    half_dphi, half_dlambda = (phi2 - phi1) / 2, np.radians(lon2 - lon1) / 2
    h = np.sin(half_dphi) ** 2 + np.cos(phi1) * np.cos(phi2) * np.sin(half_dlambda) ** 2
    metres: Floats = 2 * EARTH_RADIUS * np.arcsin(np.minimum(1.0, np.sqrt(h)))
    return metres


def bearing(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Direction in which one leaves the first point for the second: degrees clockwise from true north, [0, 360).

    Of two equal points it is 0: there is no direction between them, and the caller who minds knows the distance.
    """
    phi1, phi2, dlambda = math.radians(lat1), math.radians(lat2), math.radians(lon2 - lon1)
    east = math.sin(dlambda) * math.cos(phi2)
    north = math.cos(phi1) * math.sin(phi2) - math.sin(phi1) * math.cos(phi2) * math.cos(dlambda)
    return math.degrees(math.atan2(east, north)) % 360


def turn(course1: float, course2: float) -> float:
    """Smallest angle between two courses in degrees: [0, 180]."""
    return abs((course2 - course1 + 180) % 360 - 180)


@dataclass(frozen=True)
class LocalPlane:
    """A plane in metres, east and north of an origin in degrees (equirectangular).

    Within 50 km of the origin and 60 degrees of the equator a length on it is within 1 % of the sphere's; near the
    equator, where this service lives, within 0.1 %. It is for shapes and nearness; lengths of roads are `distance`.
    """

    latitude: float
    longitude: float

    @property
    def _per_degree(self) -> tuple[float, float]:
        north = math.radians(1) * EARTH_RADIUS
        return north * math.cos(math.radians(self.latitude)), north

    def to_metres(self, latitude: Floats, longitude: Floats) -> tuple[Floats, Floats]:
        """Degrees to metres: (east, north), of the arrays' shape."""
        east, north = self._per_degree
        return (longitude - self.longitude) * east, (latitude - self.latitude) * north

    def to_degrees(self, east: Floats, north: Floats) -> tuple[Floats, Floats]:
        """Metres to degrees: (latitude, longitude), of the arrays' shape."""
        per_east, per_north = self._per_degree
        return self.latitude + north / per_north, self.longitude + east / per_east
