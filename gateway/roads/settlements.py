"""Where the invented people of a profile live: towns round the centres of districts, hamlets between them, and the
streets of both.

Metres east and north throughout. Hamlets stand on a bent hexagonal lattice, as evenly as the rice fields of a plain let
them; neighbours among them are those of the Gabriel graph, as districts are in `tracker.regions.network`.
"""

import itertools
import math
import random
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix  # type: ignore[import-untyped] # it ships no types
from scipy.sparse.csgraph import dijkstra  # type: ignore[import-untyped] # it ships no types
from scipy.spatial import Delaunay  # type: ignore[import-untyped] # it ships no types

BLOCK = 120.0
"""Metres between two streets of a town."""

APART = 1350.0
"""Metres between two hamlets, about."""

MARGIN = 3000.0
"""Metres that people live beyond the outermost centres of districts."""

_STREETS = (
    "Melati", "Mawar", "Kenanga", "Cempaka", "Anggrek", "Teratai", "Dahlia", "Flamboyan", "Kamboja", "Seruni",
    "Rajawali", "Merpati", "Kutilang", "Garuda", "Cendrawasih", "Mangga", "Rambutan", "Durian", "Jambu", "Salak",
)  # fmt: skip
_BEGINNINGS = ("Sumber", "Karang", "Kedung", "Banjar", "Tanjung", "Wono", "Sido", "Tambak", "Ngemplak", "Jati",
               "Suko", "Mojo", "Kali", "Purwo", "Ringin", "Pilang")  # fmt: skip
_ENDINGS = ("agung", "mulyo", "rejo", "dadi", "asri", "tani", "lor", "kidul", "wetan", "kulon", "anyar", "sari")
_CAPITAL = 21
_TOWNS = (9, 11, 13)
"""Streets of a town in either direction."""
_GENTLE = 0.06
"""How far a lane swings to the side, as a part of its length."""

_FIFTHS = np.linspace(0, 1, 6)[:, None]

Points = NDArray[np.float64]
"""[k, 2] metres east and north."""


@dataclass(frozen=True)
class Way:
    """A street and its tags, as OpenStreetMap has them."""

    points: Points
    tags: dict[str, str]


@dataclass(frozen=True)
class Town:
    """The streets of a town, and how far it reaches."""

    ways: tuple[Way, ...]
    outline: shapely.Polygon


def dice(seed: str) -> random.Random:
    """Chance that falls the same each time, for a plausible map."""
    return random.Random(seed)  # noqa: S311 # nothing secret


def town_at(centre: Points, name: str, capital: bool) -> Town:
    """A bent grid of streets, turned; every sixth is wider, and in all but the small towns some go one way.

    Args:
        centre: [2], where its two main streets cross.
        name: of the town and its main streets.
        capital: it is the largest.
    """
    chance = dice(name)
    size = _CAPITAL if capital else chance.choice(_TOWNS)
    turned = chance.uniform(0, math.pi / 2)
    turn = np.array([[math.cos(turned), -math.sin(turned)], [math.sin(turned), math.cos(turned)]])
    middle = size // 2
    grid = np.array([[(i - middle, j - middle) for j in range(size)] for i in range(size)], float)
    grid += np.array([[[chance.uniform(-0.15, 0.15) for _ in range(2)] for _ in range(size)] for _ in range(size)])
    grid[middle, middle] = 0.0
    corners = grid * BLOCK @ turn.T + centre
    ways = []
    for along, line in itertools.product((0, 1), range(size)):
        wide = (line - middle) % 6 == 0
        street = name if line == middle else _STREETS[(line * 2 + along) % len(_STREETS)]
        number = f" {line // len(_STREETS) * 2 + along + 1}" if not wide else ""
        tags = {"highway": "tertiary" if wide else "residential", "name": f"Jalan {street}{number}"}
        if size > _TOWNS[0] and abs(line - middle) in (1, 2):
            tags["oneway"] = "yes" if line % 2 else "-1"
        ways.append(Way(corners[line] if along else corners[:, line], tags))
    rim = np.concatenate((corners[0], corners[:, -1], corners[-1, ::-1], corners[::-1, 0]))
    return Town(tuple(ways), shapely.Polygon(rim))


def country(towns: list[Town], centres: Points, main_roads: list[Points]) -> list[Way]:
    """All that lies between the towns: hamlets, lanes from each to its neighbours, dykes in the fields.

    The more hamlets a lane serves on the shortest ways to the towns, the better it is.

    Args:
        towns: lanes end at their rims.
        centres: [k, 2] of the towns, in the same order.
        main_roads: hamlets keep a little off them.
    """
    spots = _hamlets(towns, centres, main_roads)
    places = np.concatenate((centres, spots))
    pairs, fields = _neighbours(places)
    served = _served(places, pairs, len(centres))
    # Lanes end a little within the outer streets, so that they meet.
    built_up = shapely.union_all([town.outline for town in towns]).buffer(-15.0, quad_segs=1)
    shapely.prepare(built_up)
    names = ["", *(_name(at) for at in range(len(places)))]
    ways = []
    for (one, other), load in zip(pairs.tolist(), served.tolist(), strict=True):
        kind = "tertiary" if load >= 12 else "unclassified" if load >= 2 else "residential"
        tags = {"highway": kind, "name": f"Jalan {names[max(one, other)]}"}
        ways += _outside(_swung(places[one], places[other], one * 7 + other * 13), built_up, tags)
    for at, (one, other) in enumerate(fields.tolist()):
        if at % 3 == 0:  # a dyke that motorcycles use
            tags = {"highway": "path"} if at % 2 else {"highway": "track", "tracktype": "grade2"}
            ways += _outside(_swung(places[one], places[other], one + other), built_up, tags)
    for at, spot in enumerate(spots):
        ways += _lanes(spot, dice(f"hamlet {at}"), names[len(centres) + at])
    return ways


def _hamlets(towns: list[Town], centres: Points, main_roads: list[Points]) -> Points:
    """[k, 2]: the lattice, where people live, without towns."""
    home = shapely.MultiPoint(centres).convex_hull.buffer(MARGIN)
    west, south, east, north = home.bounds
    rows = np.arange(south, north, APART * math.sqrt(3) / 2)
    lattice = [
        (x + (APART / 2 if row % 2 else 0.0), y) for row, y in enumerate(rows) for x in np.arange(west, east, APART)
    ]
    chance = dice("hamlets")
    bent = np.array(
        [(x + chance.uniform(-0.3, 0.3) * APART, y + chance.uniform(-0.3, 0.3) * APART) for x, y in lattice]
    )
    streets = shapely.union_all([shapely.LineString(road) for road in main_roads])
    built_up = shapely.union_all([town.outline for town in towns]).buffer(APART / 4)
    shapely.prepare([home, streets, built_up])
    points = shapely.points(bent)
    free = shapely.contains(home, points) & ~shapely.contains(built_up, points)
    return np.asarray(bent[free & ~shapely.dwithin(streets, points, 120.0)], np.float64)


def _neighbours(places: Points) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of the Gabriel graph, and the other pairs of the Delaunay triangulation that it is a part of; rising."""
    triangles = Delaunay(places).simplices
    sides = np.concatenate([triangles[:, [0, 1, 2]], triangles[:, [1, 2, 0]], triangles[:, [2, 0, 1]]])
    a, b, across = np.sort(sides[:, :2], axis=1).T[0], np.sort(sides[:, :2], axis=1).T[1], sides[:, 2]
    towards = ((places[a] - places[across]) * (places[b] - places[across])).sum(axis=1)
    pairs, which = np.unique(np.stack((a, b), axis=1), axis=0, return_inverse=True)
    seen = np.zeros(len(pairs), bool)  # by a third place at more than a right angle
    seen[which.reshape(-1)[towards < 0]] = True
    length = np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T)
    return pairs[~seen], pairs[seen & (length < 2 * APART)]


def _served(places: Points, pairs: NDArray[np.int64], towns: int) -> NDArray[np.int64]:
    """How many places take each pair's lane on their shortest way to the nearest town."""
    length = np.hypot(*(places[pairs[:, 0]] - places[pairs[:, 1]]).T)
    graph = coo_matrix((length, (pairs[:, 0], pairs[:, 1])), shape=(len(places), len(places))).tocsr()
    reach, before, _ = dijkstra(
        graph, directed=False, indices=np.arange(towns), return_predecessors=True, min_only=True
    )
    number = {pair: at for at, pair in enumerate(map(tuple, pairs.tolist()))}
    load = np.ones(len(places), np.int64)
    served = np.zeros(len(pairs), np.int64)
    for place in np.argsort(-reach, kind="stable").tolist():  # the farthest first, and each after all behind it
        step = int(before[place])
        if step >= 0:
            load[step] += load[place]
            served[number[min(place, step), max(place, step)]] += load[place]
    return served


def _swung(one: Points, other: Points, seed: int) -> Points:
    """A line that bends once or twice on its way."""
    part = _FIFTHS
    waves = 1 + seed % 2
    side = np.array([-(other - one)[1], (other - one)[0]]) * (_GENTLE if seed % 3 else -_GENTLE) / waves
    return one + (other - one) * part + side * np.sin(math.pi * waves * part)


def _outside(line: Points, built_up: shapely.Geometry, tags: dict[str, str]) -> list[Way]:
    """What of a lane lies outside of the towns, as their outlines are given."""
    whole = shapely.LineString(line)
    if not shapely.intersects(built_up, whole):
        return [Way(line, tags)]
    cut = shapely.difference(whole, built_up)
    parts = [shapely.get_coordinates(part) for part in shapely.get_parts(cut) if part.length > 50.0]
    return [Way(part, tags) for part in parts]


def _lanes(spot: Points, chance: random.Random, name: str) -> list[Way]:
    """The lanes of a hamlet: a block round its middle, a street through it, yards behind."""
    turned = chance.uniform(0, math.pi)
    ahead = np.array([math.cos(turned), math.sin(turned)])
    aside = np.array([-ahead[1], ahead[0]])
    long, wide = chance.uniform(140, 260), chance.uniform(60, 130)
    corners = [spot + ahead * x * long + aside * y * wide for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    through = [spot - ahead * (long + chance.uniform(30, 150)), spot, spot + ahead * (long + chance.uniform(30, 150))]
    yard = spot + ahead * long * chance.uniform(-0.6, 0.6)
    across = [yard - aside * (wide + 60), yard + aside * (wide + 60)]
    street = chance.choice(_STREETS)
    return [
        Way(np.array([*corners, corners[0]]), {"highway": "residential", "name": f"Jalan {street}"}),
        Way(np.array(through), {"highway": "residential", "name": f"Jalan {name}"}),
        Way(np.array(across), {"highway": "service"}),
    ]


def _name(at: int) -> str:
    """Of the at-th place: an invented one, made as names of villages are made there."""
    chance = dice(f"name {at}")
    return chance.choice(_BEGINNINGS) + chance.choice(_ENDINGS)
