"""Invented roads are a road network: connected, near everybody, the same each time, and where the fleet drives."""

import time
from pathlib import Path

import msgspec
import numpy as np
import pytest
import shapely

from gateway.roads.osm_import import Imported, import_osm
from gateway.roads.synthetic import write_osm
from tracker import regions
from tracker.roads.graph import Profile, RoadClass
from tracker.roads.snap import Snapper

PROFILE = regions.load("bojonegoro")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """The region of the demo."""
    path = tmp_path_factory.mktemp("synthetic") / "bojonegoro.osm.pbf"
    begun = time.process_time()
    write_osm(PROFILE, path)
    imported = import_osm(path, "bojonegoro")
    assert time.process_time() - begun < 10, "the first start of a demo waits for it"
    return imported


def places(count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """[count, 2] latitude and longitude, evenly within the hull of the districts' centres."""
    corners = np.array([(district.latitude, district.longitude) for district in PROFILE.districts])
    hull = shapely.MultiPoint(corners).convex_hull
    thrown = np.random.default_rng(7).uniform(corners.min(axis=0), corners.max(axis=0), (4 * count, 2))
    return thrown[shapely.contains_xy(hull, thrown)][:count]


def test_a_click_anywhere_between_the_districts_is_near_a_road(built: Imported) -> None:
    """97 of 100 within the 500 m up to which a place is joined to the network, two in three within 200 m."""
    asked = places(4000)
    assert len(asked) == 4000
    snaps = Snapper(built.graph).snap_many(asked[:, 0], asked[:, 1], tolerance=500.0)
    metres = np.array([np.inf if snap is None else snap.distance for snap in snaps])
    assert np.mean(metres <= 500) > 0.97
    assert np.mean(metres <= 200) > 0.67


def test_nothing_is_cut_off(built: Imported) -> None:
    """Every road can be reached and left again; motorcycles have paths beside."""
    car, motorcycle = built.cut_off
    assert (car.profile, car.nodes, motorcycle.nodes) == (Profile.CAR, 0, 0)
    assert motorcycle.kept_kilometres > car.kept_kilometres + 50


def test_the_roads_that_the_profile_names_are_in_it(built: Imported) -> None:
    """Whoever drives on `network_of` drives on these: each of its points lies on a main road, to a metre."""
    points = np.array([point for road in regions.network_of(PROFILE).roads for point in road.points])
    near = Snapper(built.graph).nearby(points[:, 0], points[:, 1], tolerance=1.0)
    kind = built.graph.way_class[built.graph.edge_way[near.edge]]
    main = np.isin(kind, (RoadClass.PRIMARY, RoadClass.SECONDARY))
    assert set(near.position[main].tolist()) == set(range(len(points)))


def test_there_is_a_road_for_every_purpose(built: Imported) -> None:
    """Main roads, country roads, streets with names and some of one way, tracks and paths."""
    graph = built.graph
    kinds = {RoadClass(kind) for kind in np.unique(graph.way_class)}
    wanted = (RoadClass.PRIMARY, RoadClass.SECONDARY, RoadClass.TERTIARY, RoadClass.UNCLASSIFIED)
    assert kinds >= {*wanted, RoadClass.RESIDENTIAL, RoadClass.TRACK, RoadClass.PATH}
    assert np.count_nonzero(graph.arc_twin < 0) > 200
    assert {"Jalan Raya Kapas–Bojonegoro", "Jalan Bojonegoro"} <= set(graph.names)
    assert len(graph.names) > 200


def test_the_same_profile_gives_the_same_file(tmp_path: Path) -> None:
    """To the byte; and a profile of one district has roads, too."""
    few = msgspec.structs.replace(PROFILE, districts=PROFILE.districts[:4], units=())
    one, two = tmp_path / "one.osm.pbf", tmp_path / "two.osm.pbf"
    assert write_osm(few, one) == write_osm(few, two)
    assert one.read_bytes() == two.read_bytes()

    alone = regions.Profile("alone", "Asia/Jakarta", 1, 1, PROFILE.districts[:1], ())
    write_osm(alone, tmp_path / "alone.osm.pbf")
    assert import_osm(tmp_path / "alone.osm.pbf", "alone").graph.nodes > 100
