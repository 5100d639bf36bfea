"""Lists of facilities from import to confirmation: each source kept, doubt held out of rankings, nothing of the
centre's own overwritten. The real lists, where they are at hand, show what copying coordinates for years comes to."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.roads.districts import load_districts
from gateway.services import facility_import, facility_list
from gateway.services.facility_import import Imported
from tests.fix_centre import Centre
from tests.fix_gateway import CENTRE
from tests.gateway_traffic import MORNING
from tracker.register import Point

REAL = Path(__file__).parents[3] / "shared/data/indonesia"

HEADER = "id,name,kind,latitude,longitude,district,class,beds\n"


def square(name: str, west: float, south: float) -> dict[str, Any]:
    """A district of a tenth of a degree."""
    east, north = west + 0.1, south + 0.1
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Feature", "properties": {"nama": name}, "geometry": {"type": "Polygon", "coordinates": [ring]}}


@pytest.fixture
def districts_file(tmp_path: Path) -> Path:
    """Kanor, and Baureno to the east of it."""
    path = tmp_path / "districts.geojson"
    features = [square("Kanor", 111.8, -7.2), square("Baureno", 111.9, -7.2)]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


async def take_in(centre: Centre, tmp_path: Path, source: str, text: str, *, checked: bool = True) -> Imported:
    """A list of this text, as `sigap facilities import` takes it in."""
    path = tmp_path / f"{source}.csv"
    path.write_text(text)
    read = facility_list.read(path, {}, {}, "puskesmas")
    districts = load_districts(tmp_path / "districts.geojson") if checked else None
    async with centre.world.pool.connection() as connection:
        return await facility_import.take_in(connection, CENTRE, source, read.rows, districts, MORNING)


@pytest.mark.usefixtures("districts_file")
async def test_two_lists_that_disagree_are_both_kept_and_wait_for_somebody(centre: Centre, tmp_path: Path) -> None:
    """8 km apart: doubtful, shown with both, in no ranking; the operator decides, and a third list changes nothing."""
    first = await take_in(centre, tmp_path, "kemenkes", HEADER + "k1,Kanor,puskesmas,-7.1101,111.85001,Kanor,,\n")
    assert (first.new, first.points, first.findings) == (1, {"unconfirmed": 1}, {"inside": 1})
    await centre.world.register.load()
    assert [each.id for each in centre.world.register.usable("puskesmas")] == ["k1"]

    second = await take_in(centre, tmp_path, "bpjs", HEADER + "k1,PKM Kanor,puskesmas,-7.1821,111.85001,Kanor,,\n")
    assert (second.new, second.points) == (0, {"doubtful": 1})
    (compared,) = second.compared
    assert (compared.source, compared.both, compared.far, round(compared.farthest_m)) == ("kemenkes", 1, 1, 8006)
    assert [each.point_because for each in second.doubtful] == ["bpjs and kemenkes are 8.0 km apart"]
    await centre.world.register.load()
    assert centre.world.register.usable("puskesmas") == []
    told = await centre.ask("GET", "facilities/k1/points")
    assert (told["facility"]["name"], told["facility"]["point"]) == ("Kanor", "doubtful")
    assert [(each["source"], each["latitude"], each["finding"]) for each in told["points"]] == [
        ("bpjs", -7.1821, "inside"), ("kemenkes", -7.1101, "inside"),
    ]  # fmt: skip

    await centre.ask("POST", "facilities/k1/confirm", {"source": "kemenkes"})
    third = await take_in(centre, tmp_path, "novra", HEADER + "k1,Kanor,puskesmas,-7.1831,111.85001,Kanor,,\n")
    assert (third.points, third.doubtful) == ({"confirmed": 1}, [])
    kept = await centre.ask("GET", "facilities/k1")
    assert (kept["latitude"], kept["point"]) == (-7.1101, "confirmed")
    assert len((await centre.ask("GET", "facilities/k1/points"))["points"]) == 4


@pytest.mark.usefixtures("districts_file")
async def test_a_second_list_that_agrees_makes_good_what_one_alone_could_not(centre: Centre, tmp_path: Path) -> None:
    """A point in the wrong district waits, and so does the other list's that contradicts it, until a third bears one
    of them out. What lists know besides fills gaps and replaces nothing."""
    await take_in(centre, tmp_path, "a", HEADER + "h1,RSUD,hospital,-7.1501,111.97001,Kanor,,100\n")
    assert (await centre.ask("GET", "facilities/h1"))["point"] == "doubtful"
    await take_in(centre, tmp_path, "b", HEADER + "h1,RS Umum Daerah,hospital,-7.1501,111.85001,Kanor,B,200\n")
    alone = await centre.ask("GET", "facilities/h1")
    assert (alone["point"], alone["longitude"], alone["name"]) == ("doubtful", 111.85001, "RSUD")
    assert (alone["grade"], alone["capacity"], alone["beds"]) == ("B", 100, None)  # what it has is not what is free
    assert "a: 7.7 km outside of Kanor, in Baureno" in alone["point_because"]
    done = await take_in(centre, tmp_path, "c", HEADER + "h1,RSUD,hospital,-7.1521,111.851001,Kanor,C,\n")
    assert done.points == {"agreed": 1}
    assert (await centre.ask("GET", "facilities/h1"))["grade"] == "B"
    again = await take_in(centre, tmp_path, "c", HEADER + "h1,RSUD,hospital,-7.1521,111.851001,Kanor,C,\n")
    assert again.new == 0
    assert (await centre.ask("GET", "facilities/h1"))["version"] == 3  # the same list again is no change


@pytest.mark.usefixtures("districts_file")
async def test_mistakes_are_recognised_and_said(centre: Centre, tmp_path: Path) -> None:
    """Exchanged coordinates are read as they were meant and wait; a point twice in a list is nobody's; what lies
    nowhere is refused with its row; a facility without any point is left out and named."""
    done = await take_in(
        centre,
        tmp_path,
        "a",
        HEADER + "s1,Tertukar,puskesmas,111.85,-7.15,Kanor,,\n"
        "d1,Kembar Satu,puskesmas,-7.151234,111.861234,Kanor,,\nd2,Kembar Dua,puskesmas,-7.151234,111.861234,Kanor,,\n"
        "n1,Entah,puskesmas,200,300,Kanor,,\ne1,Kosong,puskesmas,,,Kanor,,\n",
    )
    assert done.findings == {"swapped": 1, "shared": 2}
    assert [(each.number, "no point on Earth" in each.because) for each in done.refused] == [(5, True)]
    assert (done.rows, done.new, done.without_point) == (5, 3, ["Kosong"])
    swapped = await centre.ask("GET", "facilities/s1")
    assert (swapped["latitude"], swapped["longitude"], swapped["point"]) == (-7.15, 111.85, "doubtful")
    assert "exchanged" in swapped["point_because"]
    twin = await centre.ask("GET", "facilities/d1")
    assert (twin["point"], "the same point to Kembar Dua" in twin["point_because"]) == ("doubtful", True)


@pytest.mark.usefixtures("districts_file")
async def test_a_list_without_ids_goes_by_names_where_they_are_sure(centre: Centre, tmp_path: Path) -> None:
    """One facility of that kind and name on both sides is the same; two of a name are told apart by ids of their own.
    A point that nobody can check counts for nothing alone."""
    await take_in(centre, tmp_path, "a", HEADER + "h1,RS Umum Daerah Kanor,hospital,-7.1501,111.85001,Kanor,,\n")
    done = await take_in(
        centre, tmp_path, "b",
        HEADER + ",RSUD Kanor,hospital,-7.1511,111.85001,,,\n,Melati,puskesmas,-7.1201,111.85001,,,\n"
        ",Melati,puskesmas,-7.1801,111.95001,,,\n",
        checked=False,
    )  # fmt: skip
    assert (done.new, done.points) == (2, {"agreed": 1, "doubtful": 2})
    listed = (await centre.ask("GET", "facilities"))["facilities"]
    assert [each["id"] for each in listed] == ["h1", "puskesmas-melati", "puskesmas-melati-2"]


@pytest.mark.usefixtures("districts_file")
async def test_what_the_centre_entered_stays_and_listeners_hear_what_changed(centre: Centre, tmp_path: Path) -> None:
    """A place that somebody entered is confirmed, and a list 5 km off is only noted."""
    entered = {"kind": "hospital", "name": "RSUD Kanor", "latitude": -7.15, "longitude": 111.85}
    await centre.ask("PUT", "facilities/h1", entered)
    await take_in(centre, tmp_path, "a", HEADER + "h1,X,hospital,-7.1901,111.85001,Kanor,B,\n")
    kept = await centre.ask("GET", "facilities/h1")
    assert (kept["name"], kept["latitude"], kept["point"], kept["grade"]) == ("RSUD Kanor", -7.15, "confirmed", "B")
    async with centre.world.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT subject, data ->> 'version' FROM events WHERE kind = 'facility.changed'"
        )
        assert sorted(await cursor.fetchall()) == [("facilities/h1", "1"), ("facilities/h1", "2")]


def sigap(url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The program, as an operator runs it."""
    environment = {**os.environ, "SIGAP_DATABASE_URL": url, "SIGAP_CENTRE": CENTRE, "COLUMNS": "200"}
    command = [sys.executable, "-m", "gateway", "facilities", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_an_operator_takes_a_list_in_looks_and_confirms(
    enrolled_url: str, tmp_path: Path, districts_file: Path
) -> None:
    """The three actions of the program; what is wrong is told in words and by the exit code."""
    path = tmp_path / "list.csv"
    path.write_text(HEADER + "k1,Kanor,puskesmas,-7.1501,111.97001,Kanor,,\nk2,Salah,puskesmas,-7.x,111.85,Kanor,,\n")
    taken = sigap(enrolled_url, "import", str(path), "--source", "kemenkes", "--districts", str(districts_file))
    assert taken.returncode == 1
    assert "list.csv row 3 left out: latitude '-7.x'" in taken.stderr
    assert "kemenkes: 1 rows; points: 1 outside; 1 facilities are new; 1 rows left out" in taken.stdout
    assert "k1  Kanor: kemenkes: 7.7 km outside of Kanor, in Baureno" in taken.stdout
    assert "7.7 km" in sigap(enrolled_url, "list", "--doubtful").stdout
    done = sigap(enrolled_url, "confirm", "k1", "--at=-7.15,111.85")
    assert (done.returncode, done.stdout) == (0, "k1 Kanor is confirmed at -7.150000, 111.850000\n")
    with psycopg.connect(enrolled_url) as connection:
        assert connection.execute("SELECT point, version FROM places").fetchall() == [("confirmed", 2)]


def test_columns_that_are_exchanged_are_told_of_without_districts_too(enrolled_url: str, tmp_path: Path) -> None:
    """With the region that the centre's profile knows; one row that is far off is another matter."""
    path = tmp_path / "list.csv"
    rows = ["k1,Kanor,puskesmas,111.85001,-7.1501,Kanor,,", "k2,Baureno,puskesmas,111.95001,-7.1501,Baureno,,"]
    path.write_text(HEADER + "\n".join([*rows, "k3,Medan,hospital,3.59001,98.67001,,,"]) + "\n")
    taken = sigap(enrolled_url, "import", str(path), "--source", "kemenkes")
    assert taken.returncode == 1
    assert "row 2 left out: 111.85, -7.1501 is no point on Earth: latitude and longitude are exchanged" in taken.stderr
    assert "2 of 3 points cannot be meant so: latitude and longitude are exchanged, it seems" in taken.stdout
    assert "1 of 3 points cannot be meant so: it does not lie in the centre's region" in taken.stdout
    right = ("--column", "latitude=longitude", "--column", "longitude=latitude")
    assert "--column latitude=HEADER --column longitude=HEADER" in taken.stdout
    again = sigap(enrolled_url, "import", str(path), "--source", "kemenkes", *right)
    assert "2 facilities are new" in again.stdout


@pytest.mark.skipif(not REAL.exists(), reason="needs the shared reference data")
async def test_the_real_lists_of_a_regency_are_as_bad_as_they_are_said_to_be(centre: Centre) -> None:
    """Penajam Paser Utara: 12 rows; both lists put its only hospital outside of it, one of them over 250 km; 7 of 11
    pairs differ by over 3 km. None of that is used before somebody has looked."""
    districts = load_districts(REAL / "kabupaten.geojson")
    for source in ("kemenkes", "bpjs"):
        columns = {"district": "kab", "latitude": f"{source}_lat", "longitude": f"{source}_lon"}
        read = facility_list.read(REAL / "facilities_5regions.csv", columns, {"profile": "ppu"}, None)
        assert read.refused == []
        async with centre.world.pool.connection() as connection:
            done = await facility_import.take_in(connection, CENTRE, source, read.rows, districts, MORNING)
    (compared,) = done.compared
    assert (done.rows, compared.both, compared.far) == (12, 11, 7)
    assert 300_000 < compared.farthest_m < 350_000
    hospital = await centre.ask("GET", "facilities/6409036")
    assert (hospital["point"], "272.8 km outside of 64.09" in hospital["point_because"]) == ("doubtful", True)
    await centre.world.register.load()
    assert centre.world.register.usable("hospital") == []
    assert done.points[Point.DOUBTFUL.value] >= 6
