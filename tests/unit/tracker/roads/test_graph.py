"""A graph is read-only and contradicts itself nowhere; geodesy agrees with itself and with the ellipsoid."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pyproj
import pytest

from tests.fix_map import draw
from tracker.geodesy import LocalPlane, bearing, distance, distances, turn
from tracker.roads.graph import BrokenGraph, Profile, RoadClass, RoadGraph

ROADS = draw(
    """
    A---B---C
        |
        D
    """,
    {"ABC": {"name": "Jalan Satu", "maxspeed": "40"}, "DB": {"highway": "service"}},
)
GRAPH = ROADS.graph


def test_arcs_edges_and_ways_hang_together() -> None:
    """Twins, the arcs out of a node, names and classes, of a drawn junction."""
    assert (GRAPH.nodes, GRAPH.edges, GRAPH.arcs) == (4, 3, 6)
    ab, ba, db = (ROADS.arc(ends) for ends in ("AB", "BA", "DB"))
    assert ab is not None
    assert ba is not None
    assert db is not None
    assert GRAPH.arc_twin[ab] == ba
    assert GRAPH.arc_twin[ba] == ab
    (b,) = ROADS.nodes("B")
    assert set(range(GRAPH.first_out[b], GRAPH.first_out[b + 1])) == {ROADS.arc(e) for e in ("BA", "BC", "BD")}
    assert (GRAPH.name_of(ab), GRAPH.name_of(db)) == ("Jalan Satu", "")
    assert GRAPH.arc_class[db] == RoadClass.SERVICE
    assert GRAPH.way_speed[GRAPH.arc_way[ab]] == pytest.approx(40 / 3.6)
    assert GRAPH.open_to(Profile.CAR).all()
    latitude, longitude = GRAPH.shape_of(ba)
    assert (latitude[0], longitude[0]) == pytest.approx(ROADS.at("B"))
    assert (latitude[-1], longitude[-1]) == pytest.approx(ROADS.at("A"))
    assert GRAPH.shape_offset[GRAPH.edge_first[1:] - 1] == pytest.approx(GRAPH.edge_length)


def test_arrays_cannot_be_changed() -> None:
    """What one router sees another sees."""
    for field in fields(GRAPH):
        value = getattr(GRAPH, field.name)
        if isinstance(value, np.ndarray):
            with pytest.raises(ValueError, match="read-only"):
                value[0] = value[0]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("arc_head", GRAPH.arc_head + 9, "arc_head points outside"),
        ("arc_edge", -1 - GRAPH.arc_edge, "arc_edge points outside"),
        ("arc_head", GRAPH.arc_head[:-1], "arc_head has 5 values, not 6"),
        ("arc_tail", GRAPH.arc_tail[::-1].copy(), "order of their tails"),
        ("arc_forward", np.ones(6, bool), "two arcs in one direction"),
        ("edge_first", GRAPH.edge_first * 0, "does not cut the shape"),
        ("edge_length", -GRAPH.edge_length, "negative"),
        ("edge_length", GRAPH.edge_length * np.nan, "unknown length"),
        ("shape_latitude", GRAPH.shape_latitude * np.nan, "no position"),
        ("way_class", GRAPH.way_class + 100, "way_class points outside"),
        ("names", (), "way_name points outside"),
    ],
)
def test_arrays_that_contradict_each_other_are_no_graph(name: str, value: Any, says: str) -> None:
    """The error names the array."""
    with pytest.raises(BrokenGraph, match=says):
        replace(GRAPH, **{name: value})


def test_no_roads_are_no_graph() -> None:
    """Empty arrays do not go further."""
    none: dict[str, Any] = {
        field.name: getattr(GRAPH, field.name)[:0]
        for field in fields(RoadGraph)
        if isinstance(getattr(GRAPH, field.name), np.ndarray)
    }
    with pytest.raises(BrokenGraph, match="at least one arc"):
        replace(GRAPH, **none | {"edge_first": np.zeros(1, np.int64)})


def test_distances_and_bearings_agree_with_the_ellipsoid() -> None:
    """Within 0.6 % and 0.3 degrees of WGS 84, for 500 pairs all over the Earth up to 200 km apart."""
    chance = np.random.default_rng(1)
    lat1, lon1 = chance.uniform(-70, 70, 500), chance.uniform(-179, 179, 500)
    lat2, lon2 = lat1 + chance.uniform(-1, 1, 500), lon1 + chance.uniform(-1, 1, 500)
    course, _, metres = pyproj.Geod(ellps="WGS84").inv(lon1, lat1, lon2, lat2)
    ours = distances(lat1, lon1, lat2, lon2)
    assert np.abs(ours / metres - 1).max() < 0.006
    for k in range(500):
        assert distance(lat1[k], lon1[k], lat2[k], lon2[k]) == pytest.approx(float(ours[k]), rel=1e-12)
        assert turn(bearing(lat1[k], lon1[k], lat2[k], lon2[k]), float(course[k])) < 0.3


def test_turns_are_the_short_way() -> None:
    """Over north, and whatever the winding."""
    assert [turn(*pair) for pair in ((350, 10), (10, 350), (0, 180), (90, 90), (-90, 270), (0, 720))] == [
        20, 20, 180, 0, 0, 0,
    ]  # fmt: skip
    assert bearing(1.0, 1.0, 1.0, 1.0) == 0


def test_the_local_plane_is_true_near_its_origin() -> None:
    """There and back exactly; lengths within 0.1 % over 20 km near the equator."""
    plane = LocalPlane(-7.15, 111.88)
    chance = np.random.default_rng(2)
    east, north = chance.uniform(-20e3, 20e3, (2, 300))
    latitude, longitude = plane.to_degrees(east, north)
    back = plane.to_metres(latitude, longitude)
    assert np.allclose(back, (east, north), atol=1e-6)
    metres = distances(np.full(300, plane.latitude), np.full(300, plane.longitude), latitude, longitude)
    assert np.abs(np.hypot(east, north) / metres - 1).max() < 0.001
