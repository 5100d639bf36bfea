"""The map matcher on real networks: drives whose path is known, and trips of taxis."""

import statistics
import time
from collections.abc import Sequence

import numpy as np
import pytest

from gateway.roads.osm_import import import_osm
from tests.bench import taxi_trips
from tests.corpus.drives import Drive, drives, overlap
from tracker.roads.graph import RoadGraph
from tracker.roads.matching import Match, Matcher, Settings
from tracker.roads.snap import Snapper

RHEIN_NECKAR = taxi_trips.SHARED / "osm" / "de-rhein-neckar-rnv.osm.pbf"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rhein_neckar() -> RoadGraph:
    if not RHEIN_NECKAR.exists():
        pytest.skip(f"{RHEIN_NECKAR.name} is not here: real extracts lie beside the project, in ../shared/data/osm")
    return import_osm(RHEIN_NECKAR, "rhein-neckar").graph


@pytest.fixture(scope="module")
def known(rhein_neckar: RoadGraph) -> Sequence[Drive]:
    return drives(rhein_neckar, 100, seed=20)


def matched(matcher: Matcher, drive: Drive) -> Match:
    """The match; a drive on the network has one."""
    match = matcher.match(drive.latitude, drive.longitude, drive.seconds)
    assert match is not None
    return match


@pytest.mark.parametrize("interval", [1, 5, 15])
def test_the_path_of_a_drive_is_found(interval: int, rhein_neckar: RoadGraph, known: Sequence[Drive]) -> None:
    """100 drives, a receiver drifting by 8 m: 95 % of the length is that of the true path, without a gap."""
    matcher = Matcher(rhein_neckar)
    shares, points, begun = [], 0, time.process_time()
    for drive in (drive.every(interval) for drive in known):
        match = matched(matcher, drive)
        assert is_connected(rhein_neckar, match)
        shares.append(overlap(rhein_neckar, match.arcs, drive.arcs))
        points += len(drive.seconds)
    spent = (time.process_time() - begun) / points * 1000
    print(f"every {interval} s: overlap {np.mean(shares):.4f}, worst {min(shares):.3f}, {spent:.3f} ms a point")
    assert np.mean(shares) >= 0.95
    assert np.quantile(shares, 0.05) >= 0.9


def test_arcs_are_entered_when_they_were_driven(rhein_neckar: RoadGraph, known: Sequence[Drive]) -> None:
    """Times at the arcs' borders never fall, begin with the drive and end with it."""
    matcher = Matcher(rhein_neckar)
    for drive in known[:20]:
        match = matched(matcher, drive)
        entered = match.entered(rhein_neckar)
        assert (np.diff(entered) >= 0).all()
        assert entered[0] == drive.seconds[0]
        assert entered[-1] == drive.seconds[-1]


def test_without_the_way_by_road_paths_are_lost(rhein_neckar: RoadGraph, known: Sequence[Drive]) -> None:
    """The check bites: a matcher that hardly minds detours is not good enough at one position a second."""
    careless = Matcher(rhein_neckar, settings=Settings(detour=2000.0))
    shares = [overlap(rhein_neckar, matched(careless, drive).arcs, drive.arcs) for drive in known[:30]]
    assert np.mean(shares) < 0.95


def test_taxi_trips_lie_on_their_path() -> None:
    """200 trips in Porto, a position every 15 seconds: median offset within 8 m, no gap in any path."""
    if not (taxi_trips.TRIPS.exists() and taxi_trips.ROADS.exists()):
        pytest.skip("the taxi trips are not here: they lie beside the project, in ../shared/data")
    graph = import_osm(taxi_trips.ROADS, "porto").graph
    trips = taxi_trips.select(taxi_trips.read(taxi_trips.TRIPS), Snapper(graph)).trips[:200]
    matcher = Matcher(graph)
    offsets = []
    for trip in trips:
        match = matcher.match(trip.latitude, trip.longitude, trip.seconds)
        assert match is not None
        assert is_connected(graph, match)
        offsets.extend(match.offset.tolist())
    print(f"{len(trips)} trips: median offset {statistics.median(offsets):.2f} m")
    assert len(trips) == 200
    assert statistics.median(offsets) <= 8.0


def is_connected(graph: RoadGraph, match: Match) -> bool:
    """Whether each arc begins where the one before ends."""
    return bool((graph.arc_head[match.arcs[:-1]] == graph.arc_tail[match.arcs[1:]]).all())
