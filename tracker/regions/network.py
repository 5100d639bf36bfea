"""Synthetic roads between the districts of a profile, for the simulator and the first map; real roads replace them.

The graph is the Gabriel graph of the district centres (Gabriel and Sokal, Systematic Zoology 18, 1969): two are joined
when no third lies in the circle over them. It is connected, plane, and looks like a road map. Each road swings gently
to either side, as a function of its ends alone, so that the same profile always gives the same roads.
"""

import itertools
import math
from typing import Any

import msgspec

from tracker.geodesy import distance
from tracker.regions.profile import District, Profile

POINT_SPACING = 150.0
"""Metres between two points of a road, about."""

SWING = 0.04
"""How far a road swings to the side, as a part of its length."""


class Road(msgspec.Struct, frozen=True):
    """A road between two districts, both ways."""

    ends: tuple[int, int]  # positions in `Network.districts`, rising
    points: tuple[tuple[float, float], ...]  # (latitude, longitude) in degrees, from the first end to the second
    length: float  # metres along the points


class Network(msgspec.Struct, frozen=True):
    """Districts and the roads between them."""

    districts: tuple[District, ...]
    roads: tuple[Road, ...]

    def roads_at(self, district: int) -> list[int]:
        """Positions of the roads that end in this district."""
        return [at for at, road in enumerate(self.roads) if district in road.ends]


def network_of(profile: Profile) -> Network:
    """The roads of a profile; a pure function of it."""
    places = [(district.latitude, district.longitude) for district in profile.districts]
    squares = [[distance(*one, *other) ** 2 for other in places] for one in places]  # once: a province has 241 places
    pairs = [(a, b) for a in range(len(places)) for b in range(a + 1, len(places)) if _joined(squares, a, b)]
    return Network(profile.districts, tuple(_road(places, a, b) for a, b in pairs))


def feature_collection(network: Network) -> dict[str, Any]:
    """GeoJSON (RFC 7946): a Point {"kind":"district","name"} per district, a LineString {"kind":"road"} per road."""
    features = [
        _feature("Point", [district.longitude, district.latitude], {"kind": "district", "name": district.name})
        for district in network.districts
    ]
    for road in network.roads:
        line = [[round(longitude, 6), round(latitude, 6)] for latitude, longitude in road.points]
        features.append(_feature("LineString", line, {"kind": "road"}))
    return {"type": "FeatureCollection", "features": features}


def _joined(squares: list[list[float]], a: int, b: int) -> bool:
    """Whether no third place lies in the circle over both, where it would see them at more than a right angle."""
    across = squares[a][b]
    to_both = enumerate(zip(squares[a], squares[b], strict=True))
    return all(one + other >= across for c, (one, other) in to_both if c not in (a, b))


def _road(places: list[tuple[float, float]], a: int, b: int) -> Road:
    (south, west), (north, east) = places[a], places[b]
    straight = distance(*places[a], *places[b])
    steps = max(8, round(straight / POINT_SPACING))
    waves = 1 + (a * 7 + b * 13) % 3  # half waves: one, two or three bends
    side = 1 if (a + b) % 2 else -1
    points = []
    for step in range(steps + 1):
        part = step / steps
        swing = side * SWING / waves * math.sin(math.pi * waves * part)
        points.append(
            (
                south + (north - south) * part - (east - west) * swing,
                west + (east - west) * part + (north - south) * swing,
            )
        )
    points[0], points[-1] = places[a], places[b]
    length = sum(distance(*one, *other) for one, other in itertools.pairwise(points))
    return Road((a, b), tuple(points), length)


def _feature(kind: str, coordinates: list[Any], properties: dict[str, str]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": coordinates}, "properties": properties}
