"""Roads invented from the places of a profile, as an OpenStreetMap file that the importer reads like any other.

For demonstrations and tests where no extract is at hand. Towns are bent grids round the centres of districts, main
roads join them as in `tracker.regions.network`, and the country between is full of hamlets (`settlements`), so that a
road is seldom farther than 500 m. No real road is among them, and the same profile always gives the same file.
"""

import itertools
from collections import Counter
from pathlib import Path

import numpy as np
import osmium
import shapely
from numpy.typing import NDArray

from gateway.roads.settlements import Way, country, town_at
from tracker.geodesy import LocalPlane
from tracker.regions import Profile, network_of

STUB = 40.0
"""Metres of a dead end up to which it is taken away: what stands out where a lane met a street."""

_FINENESS = 1e6  # steps in a degree: a tenth of a metre is one point


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
        written = _write(ways, plane, temporary)
        temporary.replace(out)
    except RuntimeError as error:  # what libosmium raises for every trouble with a file
        raise OSError(None, str(error)) from error
    finally:
        temporary.unlink(missing_ok=True)
    return written


def _ways(profile: Profile, plane: LocalPlane) -> list[Way]:
    network = network_of(profile)
    homes = Counter(unit.home for unit in profile.units)
    capital = max(
        range(len(network.districts)),
        key=lambda at: (homes[network.districts[at].name], len(network.roads_at(at)), -at),
    )  # most units wait there
    ways = []
    for road in network.roads:
        one, other = (network.districts[end].name for end in road.ends)
        degrees = np.array(road.points)
        points = np.stack(plane.to_metres(degrees[:, 0], degrees[:, 1]), axis=1)
        kind = "primary" if capital in road.ends else "secondary"
        ways.append(Way(points, {"highway": kind, "name": f"Jalan Raya {one}–{other}"}))
    degrees = np.array([(district.latitude, district.longitude) for district in network.districts])
    centres = np.stack(plane.to_metres(degrees[:, 0], degrees[:, 1]), axis=1)
    towns = [
        town_at(centre, district.name, at == capital)
        for at, (centre, district) in enumerate(zip(centres, network.districts, strict=True))
    ]
    ways += country(towns, centres, [way.points for way in ways])
    return ways + [way for town in towns for way in town.ways]


def _crossed(ways: list[Way]) -> list[Way]:
    """The ways with a point of both wherever two of them cross, so that one can turn there."""
    begin = np.concatenate([way.points[:-1] for way in ways])
    end = np.concatenate([way.points[1:] for way in ways])
    segments = np.asarray(shapely.linestrings(np.stack((begin, end), axis=1)))
    one, other = shapely.STRtree(segments).query(segments, predicate="crosses")
    one, other = one[one < other], other[one < other]
    points = shapely.get_coordinates(shapely.intersection(segments[one], segments[other]))
    extra: dict[int, list[tuple[float, NDArray[np.float64]]]] = {}
    for a, b, point in zip(one.tolist(), other.tolist(), points, strict=True):
        for segment in (a, b):
            extra.setdefault(segment, []).append((float(np.hypot(*(point - begin[segment]))), point))
    crossed, first = [], 0
    for way in ways:
        line = []
        for segment in range(first, first + len(way.points) - 1):
            line.append(begin[segment])
            line += [point for _, point in sorted(extra.get(segment, []), key=lambda pair: pair[0])]
        first += len(way.points) - 1
        crossed.append(Way(np.array([*line, way.points[-1]]), way.tags))
    return crossed


def _write(ways: list[Way], plane: LocalPlane, out: Path) -> int:
    header = osmium.io.Header()
    header.set("generator", "sigap, invented roads")
    lines = []
    for way in ways:
        latitude, longitude = plane.to_degrees(way.points[:, 0], way.points[:, 1])
        grid = np.rint(np.stack((latitude, longitude), axis=1) * _FINENESS).astype(int)
        lines.append([point for point, _ in itertools.groupby(map(tuple, grid.tolist()))])
    used = Counter(point for line in lines for point in line)
    kept = [(_without_stubs(line, used), way.tags) for line, way in zip(lines, ways, strict=True)]
    kept = [(line, tags) for line, tags in kept if len(line) > 1]
    ids = {point: number for number, point in enumerate(dict.fromkeys(p for line, _ in kept for p in line), start=1)}
    with osmium.SimpleWriter(str(out), overwrite=True, header=header) as writer:
        for (y, x), number in ids.items():
            location = (x / _FINENESS, y / _FINENESS)
            writer.add_node(osmium.osm.mutable.Node(id=number, version=1, location=location))
        for number, (line, tags) in enumerate(kept, start=1):
            nodes = [ids[point] for point in line]
            writer.add_way(osmium.osm.mutable.Way(id=number, version=1, nodes=nodes, tags=tags))
    return len(kept)


def _without_stubs(line: list[tuple[int, ...]], used: Counter[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The line without a last piece at either end that is short and leads nowhere."""
    for _ in range(2):
        if len(line) > 1 and used[line[-1]] == 1 and used[line[-2]] > 1 and _steps(line[-2], line[-1]) < STUB:
            line = line[:-1]
        line = line[::-1]
    return line


def _steps(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Metres, near the equator."""
    return float(np.hypot(one[0] - other[0], one[1] - other[1])) / _FINENESS * 111_195
