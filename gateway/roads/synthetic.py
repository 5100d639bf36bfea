"""Roads invented from the places of a profile, as an OpenStreetMap file that the importer reads like any other.

For demonstrations and tests where no extract is at hand. Towns are bent grids round the centres of districts, main
roads join them as in the simulator's network, villages hang on the main roads, lanes join neighbouring villages. No
real road is among them, and the same profile always gives the same file.
"""

import itertools
import math
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import osmium
import shapely
from numpy.typing import NDArray

from tracker.geodesy import LocalPlane
from tracker.regions import Profile, network_of

BLOCK = 130.0
"""Metres between two streets of a town."""

VILLAGE_EVERY = 1400.0
"""Metres along a main road between two villages, about."""

_STREETS = (
    "Melati", "Mawar", "Kenanga", "Cempaka", "Anggrek", "Teratai", "Dahlia", "Flamboyan", "Kamboja", "Seruni",
    "Rajawali", "Merpati", "Kutilang", "Garuda", "Cendrawasih", "Mangga", "Rambutan", "Durian", "Jambu", "Salak",
)  # fmt: skip


@dataclass(frozen=True)
class _Way:
    points: NDArray[np.float64]  # [k, 2] metres east and north
    tags: dict[str, str]


def write_osm(profile: Profile, out: Path) -> int:
    """Write the invented roads of a profile; the suffix chooses the format (.osm.pbf, .osm, .osm.gz). Returns the ways.

    Raises:
        OSError: the file cannot be written; what was there before still is.
    """
    latitudes = [district.latitude for district in profile.districts]
    longitudes = [district.longitude for district in profile.districts]
    plane = LocalPlane(sum(latitudes) / len(latitudes), sum(longitudes) / len(longitudes))
    ways = _crossed(_ways(profile, plane))
    temporary = out.with_name(f".new.{out.name}")
    try:
        _write(ways, plane, temporary)
        temporary.replace(out)
    except RuntimeError as error:  # what libosmium raises for every trouble with a file
        raise OSError(None, str(error)) from error
    finally:
        temporary.unlink(missing_ok=True)
    return len(ways)


def _ways(profile: Profile, plane: LocalPlane) -> list[_Way]:
    network = network_of(profile)
    capital = max(range(len(network.districts)), key=lambda at: (len(network.roads_at(at)), -at))
    ways, villages = [], []
    for number, road in enumerate(network.roads):
        one, other = (network.districts[end].name for end in road.ends)
        degrees = np.array(road.points)
        points = np.stack(plane.to_metres(degrees[:, 0], degrees[:, 1]), axis=1)
        kind = "primary" if capital in road.ends else "secondary"
        ways.append(_Way(points, {"highway": kind, "name": f"Jalan Raya {one}–{other}"}))
        villages += _villages(points, _dice(f"villages {number}"), ways)
    _lanes(villages, ways)
    for at, district in enumerate(network.districts):
        east, north = plane.to_metres(np.array([district.latitude]), np.array([district.longitude]))
        centre = np.array([east[0], north[0]])
        _town(centre, 9 if at == capital else 5 + at % 3, district.name, _dice(district.name), ways)
    return ways


def _dice(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311 # a plausible map, the same each time; nothing secret


def _town(centre: NDArray[np.float64], size: int, name: str, chance: random.Random, ways: list[_Way]) -> None:
    """A grid of streets, turned and bent; the middle ones wider, some of the others one-way in turn."""
    turned = chance.uniform(0, math.pi / 2)
    turn = np.array([[math.cos(turned), -math.sin(turned)], [math.sin(turned), math.cos(turned)]])
    grid = np.array([[(i - size // 2, j - size // 2) for j in range(size)] for i in range(size)], float)
    grid += np.array([[[chance.uniform(-0.15, 0.15) for _ in range(2)] for _ in range(size)] for _ in range(size)])
    grid[size // 2, size // 2] = 0.0
    corners = grid * BLOCK @ turn.T + centre
    for along, line in itertools.product((0, 1), range(size)):
        middle = line == size // 2
        points = corners[line] if along else corners[:, line]
        kind = "tertiary" if middle else "residential"
        street = name if middle else _STREETS[(line * 2 + along) % len(_STREETS)]
        tags = {"highway": kind, "name": f"Jalan {street}"}
        if size >= 7 and abs(line - size // 2) == 1:
            tags["oneway"] = "yes" if line > size // 2 else "-1"
        ways.append(_Way(points, tags))


def _villages(road: NDArray[np.float64], chance: random.Random, ways: list[_Way]) -> list[NDArray[np.float64]]:
    """Villages to both sides of a main road: a street away from it and a loop of lanes; returns their far ends."""
    line = shapely.LineString(road)
    far = []
    for begin in np.arange(VILLAGE_EVERY, line.length - VILLAGE_EVERY / 2, VILLAGE_EVERY):
        at = begin + chance.uniform(-300, 300)
        foot, ahead = (np.array(line.interpolate(offset).coords[0]) for offset in (at, at + 10))
        heading = (ahead - foot) / np.hypot(*(ahead - foot))
        aside = np.array([-heading[1], heading[0]]) * chance.choice((-1, 1))
        depth, width = chance.uniform(350, 900), chance.uniform(150, 350)
        bend = foot + aside * depth / 2 + heading * chance.uniform(-60, 60)
        end = foot + aside * depth + heading * chance.uniform(-120, 120)
        street = {"highway": "unclassified", "name": f"Jalan Desa {chance.choice(_STREETS)}"}
        ways.append(_Way(np.array([foot - aside * 15, bend, end]), street))
        one, other = heading * width, -heading * width / 2
        ring = np.array([bend, bend + one, end + one, end, end + other, bend + other, bend])
        ways.append(_Way(ring, {"highway": "residential"}))
        field = np.array([end, end + aside * chance.uniform(150, 400)])
        ways.append(_Way(field, {"highway": "track", "tracktype": "grade2"}))
        far.append(end)
    return far


def _lanes(villages: list[NDArray[np.float64]], ways: list[_Way]) -> None:
    """Lanes between villages that are near each other, so that there is more than one way round."""
    if not villages:
        return
    tree = shapely.STRtree([shapely.Point(village) for village in villages])
    joined = set()
    for at, village in enumerate(villages):
        near = tree.query(shapely.Point(village), predicate="dwithin", distance=2200.0)
        others = sorted((float(np.hypot(*(villages[k] - village))), int(k)) for k in near if k != at)
        for _, other in others[:2]:
            pair = (min(at, other), max(at, other))
            if pair not in joined:
                joined.add(pair)
                swing = np.array([-(villages[other] - village)[1], (villages[other] - village)[0]]) * 0.08
                middle = (village + villages[other]) / 2 + swing
                ways.append(_Way(np.array([village, middle, villages[other]]), {"highway": "unclassified"}))


def _crossed(ways: list[_Way]) -> list[_Way]:
    """The ways with a point of both wherever two of them cross, so that one can turn there."""
    begin = np.concatenate([way.points[:-1] for way in ways])
    end = np.concatenate([way.points[1:] for way in ways])
    owner = np.repeat(np.arange(len(ways)), [len(way.points) - 1 for way in ways])
    segments = np.asarray(shapely.linestrings(np.stack((begin, end), axis=1)))
    one, other = shapely.STRtree(segments).query(segments, predicate="crosses")
    one, other = one[one < other], other[one < other]
    points = shapely.get_coordinates(shapely.intersection(segments[one], segments[other]))
    extra: dict[int, list[tuple[float, NDArray[np.float64]]]] = {}
    for a, b, point in zip(one.tolist(), other.tolist(), points, strict=True):
        for segment in (a, b):
            extra.setdefault(segment, []).append((float(np.hypot(*(point - begin[segment]))), point))
    crossed, first = [], 0
    for at, way in enumerate(ways):
        count = int(np.count_nonzero(owner == at))
        line = []
        for segment in range(first, first + count):
            line.append(begin[segment])
            line += [point for _, point in sorted(extra.get(segment, []), key=lambda pair: pair[0])]
        first += count
        crossed.append(_Way(np.array([*line, way.points[-1]]), way.tags))
    return crossed


def _write(ways: list[_Way], plane: LocalPlane, out: Path) -> None:
    header = osmium.io.Header()
    header.set("generator", "sigap, invented roads")
    ids: dict[tuple[int, int], int] = {}
    lines = []
    for way in ways:
        latitude, longitude = plane.to_degrees(way.points[:, 0], way.points[:, 1])
        grid = np.rint(np.stack((latitude, longitude), axis=1) * 1e6).astype(int)  # a tenth of a metre is one point
        lines.append([ids.setdefault((y, x), len(ids) + 1) for y, x in grid.tolist()])
    with osmium.SimpleWriter(str(out), overwrite=True, header=header) as writer:
        for (y, x), number in ids.items():
            writer.add_node(osmium.osm.mutable.Node(id=number, version=1, location=(x / 1e6, y / 1e6)))
        for number, (way, nodes) in enumerate(zip(ways, lines, strict=True), start=1):
            once = [node for node, _ in itertools.groupby(nodes)]
            writer.add_way(osmium.osm.mutable.Way(id=number, version=1, nodes=once, tags=way.tags))
