"""The profile of Bojonegoro loads, and its synthetic roads are a road network."""

import itertools
import json

import msgspec
import networkx as nx  # type: ignore[import-untyped] # it ships no types
import pytest

from tracker import regions
from tracker.geodesy import distance
from tracker.regions.profile import read

PROFILE = regions.load("bojonegoro")


def test_the_facts_of_bojonegoro() -> None:
    """As the design and its sources have them."""
    assert "bojonegoro" in regions.names()
    assert PROFILE.name == "BOOSTER 119 Bojonegoro"
    assert PROFILE.time_zone == "Asia/Jakarta"
    assert (len(PROFILE.districts), PROFILE.puskesmas, PROFILE.hospitals) == (28, 36, 10)
    assert [unit.id for unit in PROFILE.units] == [f"ambulans-{number:02d}" for number in range(1, 13)]
    for district in PROFILE.districts:  # the regency's box, degrees
        assert -7.5 < district.latitude < -7.0
        assert 111.4 < district.longitude < 112.2


def test_an_unknown_profile_is_named_with_those_there_are() -> None:
    """And a name is never a path."""
    for name in ("mars", "../regions/bojonegoro", ""):
        with pytest.raises(regions.ProfileError, match=f"there is: {', '.join(regions.names())}"):
            regions.load(name)


GOOD = """
name = "N"
time_zone = "Asia/Jakarta"
puskesmas = 1
hospitals = 1
districts = [{ name = "A", latitude = -7.0, longitude = 111.0 }]
units = [{ id = "a-1", name = "A 1", kind = "ambulance", home = "A" }]
"""


@pytest.mark.parametrize(
    ("good", "bad", "what"),
    [
        ('"N"', "N", "the profile x is wrong"),
        ('home = "A"', 'home = "B"', "no district of it"),
        ('id = "a-1"', 'id = "A/1"', "is not an id"),
        ("-7.0", "-97.0", "nowhere on Earth"),
        ("Asia/Jakarta", "Asia/Atlantis", "Atlantis"),
        ("puskesmas = 1", "", "puskesmas"),
        ("puskesmas = 1", 'puskesmas = "one"', "puskesmas"),
        ("hospitals = 1", "hospitals = 1\nhospital = 1", "hospital"),
        ("[{ name", '[{ name = "A", latitude = 0.0, longitude = 0.0 }, { name', "twice"),
    ],
)
def test_a_broken_profile_is_refused(good: str, bad: str, what: str) -> None:
    """With our own error, which says where."""
    assert read("x", GOOD).units[0].home == "A"
    with pytest.raises(regions.ProfileError, match=what):
        read("x", GOOD.replace(good, bad))


def test_the_roads_join_all_districts_and_do_not_cross_the_regency_in_one_leap() -> None:
    """Connected; between neighbours; each from the one district to the other."""
    network = regions.network_of(PROFILE)
    graph = nx.Graph([road.ends for road in network.roads])
    assert nx.is_connected(graph)
    assert len(graph) == 28
    assert nx.check_planarity(graph)[0]
    for road in network.roads:
        ends = [(network.districts[end].latitude, network.districts[end].longitude) for end in road.ends]
        assert [road.points[0], road.points[-1]] == ends
        assert 1.0 <= road.length / distance(*ends[0], *ends[1]) < 1.1
        assert max(distance(*one, *other) for one, other in itertools.pairwise(road.points)) < 400
    assert {at for end in range(28) for at in network.roads_at(end)} == set(range(len(network.roads)))


def test_the_roads_are_a_function_of_the_profile() -> None:
    """Computed twice, they are the same."""
    assert regions.network_of(PROFILE) == regions.network_of(regions.load("bojonegoro"))


def test_the_map_is_geojson() -> None:
    """Points of districts, lines of roads, longitude first."""
    network = regions.network_of(PROFILE)
    collection = json.loads(msgspec.json.encode(regions.feature_collection(network)))
    assert collection["type"] == "FeatureCollection"
    points = [f for f in collection["features"] if f["geometry"]["type"] == "Point"]
    lines = [f for f in collection["features"] if f["geometry"]["type"] == "LineString"]
    assert len(points) == 28
    assert len(lines) == len(network.roads)
    assert points[0]["properties"] == {"kind": "district", "name": "Ngraho"}
    assert points[0]["geometry"]["coordinates"] == [111.54, -7.26]
    assert all(line["properties"] == {"kind": "road"} for line in lines)
