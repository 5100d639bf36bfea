"""`sigap eta route`: from one street to another over a drawn town, as somebody asks at a terminal."""

import argparse
import re
from pathlib import Path

import pytest

from gateway.roads.osm_import import import_osm
from gateway.roads.region_file import region_path, save
from gateway.roads.streets import NoSuchStreet, place_called
from gateway.services import route_command
from tests.fix_map import write_drawn
from tracker.errors import TrackerError
from tracker.roads.engines import CchEngine

TOWN = """
A-----B-----C-----D
|                 |
E-----------------F
G--H
"""
WAYS = {
    "ABCD": {"highway": "primary", "name": "Jalan Utama"}, "AE": {"name": "Barat"}, "DF": {"name": "Jalan Timur"},
    "EF": {"highway": "tertiary", "name": "Timur Laut"}, "EG": {}, "GH": {"name": "jl. Utama"},
}  # fmt: skip
_LAST = re.compile(
    r"p10_s=(?P<p10>\d+) p50_s=(?P<p50>\d+) p90_s=(?P<p90>\d+) distance_m=(?P<metres>\d+) source=road"
    r" model=[0-9a-f]{12} region=town"
)


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """The file of a region of 1.8 km by 300 m, on the southern half of the globe."""
    write_drawn(tmp_path / "town.osm.pbf", TOWN, WAYS, step=100.0)
    imported = import_osm(tmp_path / "town.osm.pbf", "town")
    save(region_path(tmp_path, "town"), imported, CchEngine(imported.graph))
    return region_path(tmp_path, "town")


def ask(*words: str) -> int:
    """The exit code of `sigap eta route`."""
    parser = argparse.ArgumentParser()
    route_command.add_arguments(parser)
    return route_command.run(parser.parse_args(words))


def test_a_street_to_a_street(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Time with its interval, distance, the streets in order; at night less than by day, with lights and siren less."""
    p50s = []
    for more in (["--at", "2026-11-23T08:00"], ["--at", "2026-11-23T03:00"], ["--at", "2026-11-23T03:00", "--lights"]):
        assert ask("barat", "Jalan Timur", "--roads", str(town), *more) == 0
        told = capsys.readouterr().out
        found = _LAST.fullmatch(told.splitlines()[-1])
        assert found is not None, told
        assert 0 < int(found["p10"]) < int(found["p50"]) < int(found["p90"])
        assert 1600 < int(found["metres"]) < 2200
        p50s.append(int(found["p50"]))
    assert p50s[0] > p50s[1] > p50s[2]
    streets = [line.split()[-1] for line in told.splitlines() if " m " in line]
    assert streets in (["Barat", "Utama", "Timur"], ["Utama"], ["Barat", "Laut", "Timur"], ["Laut"])
    assert "Monday 03:00, lights and siren" in told


def test_places_south_of_the_equator_begin_with_a_minus_sign(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And are no options for that."""
    assert ask("-7.15,111.88", "-7.15, 111.895", "--roads", str(town)) == 0
    assert "from -7.15000, 111.88000\nto   -7.15000, 111.89500" in capsys.readouterr().out


def test_names_are_understood_as_people_write_them(town: Path) -> None:
    """With or without the word for street, whatever the capitals; of several with one name the longest."""
    graph = import_osm(town.with_name("town.osm.pbf"), "town").graph
    for text in ("Jalan Utama", "utama", "JL. UTAMA", "Jl Utama"):
        assert "Utama" in place_called(graph, text).said
    assert place_called(graph, "laut").said.startswith("Timur Laut (")
    assert place_called(graph, "Timur").said.startswith("Jalan Timur ("), "the whole name before a part of another"
    assert place_called(graph, "Jalan Utama").latitude == pytest.approx(-7.15, abs=0.0015), "not the lane in the south"


@pytest.mark.parametrize(
    ("start", "says"),
    [
        ("Nowhere", "no street of town has 'Nowhere' in its name; 5 streets have names"),
        ("t", "'t' could be Barat, .*Jalan Utama: write one of these names whole"),
        ("  ", "name a street"),
        ("Jalan", "name a street"),
        ("91,0", "no place on Earth"),
        ("1,2", "not within 500 m of a road"),
    ],
)
def test_a_place_that_is_not_there_is_told(town: Path, start: str, says: str) -> None:
    """In one sentence, with what there is."""
    with pytest.raises(TrackerError, match=says):
        ask(start, "Barat", "--roads", str(town))


def test_roads_zone_and_model_that_are_not_there_are_told(town: Path, tmp_path: Path) -> None:
    """Each by name; a wrong time is a wrong use."""
    with pytest.raises(TrackerError, match="no such region"):
        ask("Barat", "Timur", "--roads", str(tmp_path / "mars.roads"))
    with pytest.raises(TrackerError, match="no time zone 'Mars'"):
        ask("Barat", "Timur", "--roads", str(town), "--zone", "Mars")
    with pytest.raises(TrackerError, match=r"mars\.model: No such file"):
        ask("Barat", "Timur", "--roads", str(town), "--model", str(tmp_path / "mars.model"))
    with pytest.raises(SystemExit):
        ask("Barat", "Timur", "--roads", str(town), "--at", "noon")
    with pytest.raises(NoSuchStreet):
        place_called(import_osm(town.with_name("town.osm.pbf"), "town").graph, "")
