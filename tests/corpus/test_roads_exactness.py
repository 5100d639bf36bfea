"""Routes on real networks are the cheapest there are, and legal.

2,000 pairs of places on each extract. The truth is scipy's Dijkstra on a network in which every place is a node of its
own, made here without the router's code; and the extract itself, read again, says what may be driven in which
direction. The extracts are not part of the project; the invented roads of a profile always are.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import osmium
import pytest
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix  # type: ignore[import-untyped] # it ships no types
from scipy.sparse.csgraph import dijkstra  # type: ignore[import-untyped] # it ships no types

from gateway.roads.osm_import import import_osm
from gateway.roads.synthetic import write_osm
from tracker import regions
from tracker.geodesy import LocalPlane, distance, distances
from tracker.roads.engines import INFINITE
from tracker.roads.graph import Profile, RoadGraph
from tracker.roads.router import Route, Router
from tracker.roads.snap import TOLERANCE, Snap, Snapper
from tracker.roads.weights import free_flow

EXTRACTS = Path(__file__).parents[3] / "shared" / "data" / "osm"
PAIRS = 2000
SOURCES = 200  # each with ten targets of its own: Dijkstra runs once a source

KNOWN = {
    "andorra-latest", "de-rhein-neckar-rnv", "id-balikpapan-kota", "id-banyuwangi-pancer", "id-jakarta-2012-inasafe",
    "id-semarang-genuk", "id-surabaya-selatan", "pt-porto-2022-union",
}  # fmt: skip
NAMES = sorted(KNOWN | {path.name.removesuffix(".osm.pbf") for path in EXTRACTS.glob("*.osm.pbf")})

Step = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Pairs:
    """Places on a network: pair k leads from sources[owner[k]] to targets[k]."""

    asked: NDArray[np.float64]  # [SOURCES + PAIRS, 2] degrees, of the positions that were snapped
    sources: list[Snap]
    targets: list[Snap]
    owner: NDArray[np.int64]


def extract(name: str, folder: Path) -> Path:
    """The file of a network; skips where it is not on this machine."""
    if name == "invented":
        path = folder / "invented.osm.pbf"
        write_osm(_small_profile(), path)
        return path
    path = EXTRACTS / f"{name}.osm.pbf"
    if not path.exists():
        pytest.skip(f"{path.name} is not here: real extracts lie beside the project, in ../shared/data/osm")
    return path


def _small_profile() -> regions.Profile:
    """The capital's surroundings: a network of a few thousand nodes, as large as the extracts of cities."""
    profile = regions.load("bojonegoro")
    (home,) = [each for each in profile.districts if each.name == profile.units[0].home]
    here = (home.latitude, home.longitude)
    near = [each for each in profile.districts if distance(*here, each.latitude, each.longitude) < 12_000]
    return msgspec.structs.replace(profile, districts=tuple(near), units=profile.units[:1])


def random_pairs(graph: RoadGraph, profile: Profile, seed: int) -> Pairs:
    """Positions up to 40 m beside random points of random roads, snapped; some pairs lie on one edge."""
    chance = np.random.default_rng(seed)
    arcs = chance.choice(np.flatnonzero(graph.open_to(profile) & (graph.arc_length > 0)), SOURCES + PAIRS)
    owner = np.arange(PAIRS) % SOURCES
    arcs[SOURCES : SOURCES + 200] = arcs[owner[:200]]  # the same street: the cases around a place's own arc
    point = graph.edge_first[graph.arc_edge[arcs]]
    point += (chance.random(len(arcs)) * (graph.edge_first[graph.arc_edge[arcs] + 1] - point)).astype(int)
    plane = LocalPlane(float(graph.node_latitude[0]), float(graph.node_longitude[0]))
    east, north = plane.to_metres(graph.shape_latitude[point], graph.shape_longitude[point])
    beside = chance.uniform(-28, 28, (2, len(arcs)))
    latitude, longitude = plane.to_degrees(east + beside[0], north + beside[1])
    course, still = chance.uniform(0, 360, len(arcs)), chance.random(len(arcs)) < 0.5
    courses = [None if none else float(value) for none, value in zip(still, course, strict=True)]
    snaps = Snapper(graph, profile).snap_many(latitude, longitude, courses)
    found = [snap for snap in snaps if snap is not None]
    assert len(found) == len(snaps), "a position some metres beside a road was not snapped"
    return Pairs(np.stack((latitude, longitude), axis=1), found[:SOURCES], found[SOURCES:], owner)


def true_costs(graph: RoadGraph, weights: NDArray[np.uint32], pairs: Pairs) -> NDArray[np.float64]:
    """Cost of each pair in milliseconds by Dijkstra, infinite where there is no way; places are nodes of their own."""
    n = graph.nodes
    links: dict[tuple[int, int], int] = {}

    def link(tail: int, head: int, cost: int) -> None:
        links[tail, head] = min(cost, links.get((tail, head), INFINITE))

    for tail, head, weight in zip(graph.arc_tail.tolist(), graph.arc_head.tolist(), weights.tolist(), strict=True):
        if weight < INFINITE:
            link(tail, head, weight)

    def sides(place: Snap) -> list[tuple[int, float]]:
        arcs = np.flatnonzero(graph.arc_edge == graph.arc_edge[place.arc]).tolist()
        return [(a, place.fraction if a == place.arc else 1 - place.fraction) for a in arcs if weights[a] < INFINITE]

    arrivals = [sides(target) for target in pairs.targets]
    for number, source in enumerate(pairs.sources):
        for arc, at in sides(source):
            link(n + number, int(graph.arc_head[arc]), round(int(weights[arc]) * (1 - at)))
            for k in np.flatnonzero(pairs.owner == number).tolist():
                for other, to in arrivals[k]:
                    if other == arc and to >= at:
                        link(n + number, n + SOURCES + k, round(int(weights[arc]) * (to - at)))
    for k, arrival in enumerate(arrivals):
        for arc, at in arrival:
            link(int(graph.arc_tail[arc]), n + SOURCES + k, round(int(weights[arc]) * at))

    ends = np.array(list(links))
    # Dijkstra takes a stored zero for no link: a place at the very end of an arc costs a thousandth instead.
    cost = np.maximum(np.array(list(links.values()), float), 1e-3)
    size = n + SOURCES + len(arrivals)
    network = coo_matrix((cost, (ends[:, 0], ends[:, 1])), shape=(size, size)).tocsr()
    found = np.empty(len(arrivals))
    for begin in range(0, SOURCES, 50):
        rows = dijkstra(network, indices=n + np.arange(begin, begin + 50))
        for k in np.flatnonzero((pairs.owner >= begin) & (pairs.owner < begin + 50)).tolist():
            found[k] = rows[pairs.owner[k] - begin, n + SOURCES + k]
    return np.round(found)


def check_route(graph: RoadGraph, route: Route, source: Snap, target: Snap) -> None:
    """The route is one piece from place to place, and its geometry is as long as it says."""
    edges = graph.arc_edge
    assert edges[route.arcs[0]] == edges[source.arc]
    assert edges[route.arcs[-1]] == edges[target.arc]
    assert (graph.arc_head[route.arcs[:-1]] == graph.arc_tail[route.arcs[1:]]).all()
    assert route.cost == route.costs.sum()
    assert route.length == pytest.approx(float((route.parts * graph.arc_length[route.arcs]).sum()))
    assert sum(street.length for street in route.streets) == pytest.approx(route.length, abs=1e-6)
    lat, lon = route.latitude, route.longitude
    for end, place in ((0, source), (-1, target)):
        assert abs(lat[end] - place.latitude) + abs(lon[end] - place.longitude) < 1e-7
    drawn = float(distances(lat[:-1], lon[:-1], lat[1:], lon[1:]).sum())
    assert drawn == pytest.approx(route.length, rel=1e-6, abs=0.01)


def driven_steps(graph: RoadGraph, arcs: NDArray[np.int64]) -> dict[int, set[Step]]:
    """Of each way the steps, from point to point, in which arcs drive it."""
    steps: dict[int, set[Step]] = {}
    for arc in arcs.tolist():
        points = list(zip(*(values.round(7).tolist() for values in graph.shape_of(arc)), strict=True))
        way = int(graph.way_id[graph.edge_way[graph.arc_edge[arc]]])
        steps.setdefault(way, set()).update(itertools.pairwise(points))
    return steps


def illegal_steps(path: Path, steps: dict[int, set[Step]]) -> list[str]:
    """What an ambulance drove against the extract's own words, as sentences."""
    wrong = []
    everything = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations()
    for way in everything.with_filter(osmium.filter.KeyFilter("highway", "route")):
        if not isinstance(way, osmium.osm.Way) or way.id not in steps:
            continue
        tags = dict(way.tags)
        nodes = [(round(node.lat, 7), round(node.lon, 7)) for node in way.nodes if node.location.valid()]
        ahead = set(itertools.pairwise(nodes))
        back = {(b, a) for a, b in ahead}
        still = {(node, node) for node in nodes}  # a barrier's pieces
        driven = steps[way.id] - still
        if not driven <= ahead | back:
            wrong.append(f"way {way.id} was driven where it does not lie")
        implied = tags.get("junction") in ("roundabout", "circular") or tags.get("highway") == "motorway"
        oneway = tags.get("oneway", "yes" if implied else "no")
        exempt = any(key.startswith("oneway:") or "busway" in key for key in tags)
        if oneway in ("yes", "1", "true") and not exempt and not driven <= ahead:
            wrong.append(f"way {way.id} is one-way and was driven against it")
        if oneway in ("-1", "reverse") and not exempt and not driven <= back:
            wrong.append(f"way {way.id} is one-way in reverse and was driven along it")
        words = words_for_cars(tags)
        if words[:1] in (["no"], ["private"]) and tags.get("service") != "emergency_access":
            wrong.append(f"way {way.id} is closed: {tags}")
        if tags.get("highway") in ("footway", "steps", "cycleway", "construction") and not words:
            wrong.append(f"way {way.id} is a {tags['highway']}")
    return wrong


def words_for_cars(tags: dict[str, str]) -> list[str]:
    """What a mapper said of an ambulance, the most specific first; nothing is said where a bus is named beside it."""
    if "bus" in tags or "psv" in tags:
        return ["yes"]
    return [tags[key] for key in ("emergency", "motorcar", "motor_vehicle", "vehicle", "access") if key in tags]


def passed_barriers(path: Path, passed: set[tuple[float, float]]) -> list[str]:
    """Posts, walls and private gates of the extract among the places that routes passed, as sentences."""
    wrong = []
    for node in osmium.FileProcessor(str(path), osmium.osm.NODE).with_filter(osmium.filter.KeyFilter("barrier")):
        if not isinstance(node, osmium.osm.Node) or (round(node.lat, 7), round(node.lon, 7)) not in passed:
            continue
        tags = dict(node.tags)
        words = words_for_cars(tags)
        solid = tags.get("barrier") in ("bollard", "block", "wall", "fence", "chain", "cycle_barrier", "jersey_barrier")
        if "barrier" in tags and (words[:1] in (["no"], ["private"]) or (solid and not words)):
            wrong.append(f"node {node.id} cannot be passed: {tags}")
    return wrong


def check_network(path: Path, profile: Profile, make: Callable[[RoadGraph], Router]) -> None:
    """All that is promised of 2,000 routes on a network."""
    graph = import_osm(path, "exactness").graph
    weights = free_flow(graph, profile)
    pairs = random_pairs(graph, profile, seed=len(path.name))
    router = make(graph)
    truth = true_costs(graph, weights, pairs)
    arcs: set[int] = set()
    nodes: set[int] = set()
    for k, target in enumerate(pairs.targets):
        source = pairs.sources[pairs.owner[k]]
        route = router.route(source, target)
        assert (route.cost if route else np.inf) == truth[k], f"pair {k}: {source} -> {target}"
        if route:
            check_route(graph, route, source, target)
            arcs.update(route.arcs.tolist())
            edges = graph.arc_edge[route.arcs]
            nodes.update(graph.arc_head[route.arcs[:-1]][edges[1:] != edges[:-1]].tolist())  # not where one turned
    assert np.isfinite(truth).all(), "in one strongly connected component everything can be reached"
    for number, source in enumerate(pairs.sources):
        own = np.flatnonzero(pairs.owner == number).tolist()
        assert np.array_equal(router.one_to_many(source, [pairs.targets[k] for k in own]), truth[own])
    several = router.many_to_many(pairs.sources[:50], pairs.targets[:50])
    assert np.array_equal(several.diagonal(), truth[:50])

    driven = np.array(sorted(arcs))
    assert graph.open_to(profile)[driven].all()
    if profile is Profile.CAR:
        assert illegal_steps(path, driven_steps(graph, driven)) == []
        at = sorted(nodes)
        there = np.stack((graph.node_latitude[at], graph.node_longitude[at]), axis=1).round(7)
        assert passed_barriers(path, {(latitude, longitude) for latitude, longitude in there.tolist()}) == []

    snaps = [*pairs.sources, *pairs.targets]
    assert max(snap.distance for snap in snaps) <= TOLERANCE
    found = np.array([(snap.latitude, snap.longitude) for snap in snaps])
    away = distances(pairs.asked[:, 0], pairs.asked[:, 1], found[:, 0], found[:, 1])
    assert np.abs(away - [snap.distance for snap in snaps]).max() < 0.05


@pytest.mark.parametrize("name", ["invented", *NAMES])
def test_routes_cost_what_dijkstra_says_and_keep_the_law(name: str, tmp_path: Path) -> None:
    """2,000 routes of an ambulance: cost to the millisecond, in one piece, along one-way streets, within tolerance."""
    check_network(extract(name, tmp_path), Profile.CAR, Router)


@pytest.mark.parametrize("name", ["invented", "id-surabaya-selatan"])
def test_a_motor_ambulance_has_routes_as_exact(name: str, tmp_path: Path) -> None:
    """The same on the arcs that its own access opens."""
    check_network(
        extract(name, tmp_path),
        Profile.MOTORCYCLE,
        lambda graph: Router(graph, free_flow(graph, Profile.MOTORCYCLE)),
    )


def test_a_snap_is_the_nearest_road(tmp_path: Path) -> None:
    """Of 300 positions, against the distance to every road that it may drive, one by one."""
    graph = import_osm(extract("invented", tmp_path), "exactness").graph
    pairs = random_pairs(graph, Profile.CAR, seed=5)
    still = Snapper(graph).snap_many(pairs.asked[:300, 0], pairs.asked[:300, 1])
    owner = np.repeat(np.arange(graph.edges), np.diff(graph.edge_first))
    driven = np.isin(np.arange(graph.edges), graph.arc_edge[graph.open_to(Profile.CAR)])
    for (latitude, longitude), snap in zip(pairs.asked[:300], still, strict=True):
        plane = LocalPlane(latitude, longitude)
        points = np.stack(plane.to_metres(graph.shape_latitude, graph.shape_longitude), axis=1)
        away = np.atleast_1d(shapely.distance(shapely.linestrings(points, indices=owner), shapely.Point(0, 0)))
        assert snap is not None
        assert snap.distance == pytest.approx(away[driven].min(), abs=0.02)


class _AFewArcsDearer(Router):
    """A router that believes forty long arcs to be a millisecond dearer than they are."""

    def __init__(self, graph: RoadGraph) -> None:
        weights = free_flow(graph).copy()
        weights[np.argsort(-graph.arc_length)[:40]] += 1
        super().__init__(graph, weights)


class _BlindToOneWays(Router):
    """A router that leaves a place on a one-way street in either direction."""

    def _sides(self, place: Snap) -> list[tuple[int, float, int]]:
        sides = super()._sides(place)
        return sides if len(sides) != 1 else [*sides, (sides[0][0], 1 - sides[0][1], sides[0][2])]


class _BlindMatrix(Router):
    """The same mistake in matrices only."""

    def _both(self, places: Sequence[Snap]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        arcs, along = super()._both(places)
        return np.where(arcs < 0, arcs[:, :1], arcs), along


class _ForgetsTheOffset(Router):
    """A router that starts at the end of the arc it is on."""

    def route(self, source: Snap, target: Snap) -> Route | None:
        return super().route(Snap(source.arc, 1.0, source.latitude, source.longitude, 0.0), target)


@pytest.mark.parametrize("wrong", [_AFewArcsDearer, _BlindToOneWays, _BlindMatrix, _ForgetsTheOffset])
def test_the_check_bites(wrong: type[Router], tmp_path: Path) -> None:
    """A router that is wrong by a millisecond on a few arcs, or by part of one arc, does not pass."""
    with pytest.raises(AssertionError):
        check_network(extract("invented", tmp_path), Profile.CAR, wrong)


def test_the_reading_of_the_extract_bites(tmp_path: Path) -> None:
    """Every one-way street that is driven against its direction is named."""
    path = extract("invented", tmp_path)
    graph = import_osm(path, "exactness").graph
    against = {
        way: {(b, a) for a, b in steps}
        for way, steps in driven_steps(graph, np.flatnonzero(graph.arc_twin < 0)).items()
    }
    assert len(against) > 10
    assert len(illegal_steps(path, against)) == len(against)
