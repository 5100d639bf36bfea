"""Recorded taxi trips: what of a trip counts, and what is said of a file that holds none."""

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.bench import eta_accuracy
from tests.bench.taxi_trips import INTERVAL, Trip, UnusableTrips, read, trimmed

METRES = 111_195.0  # in a degree of latitude
START = datetime(2013, 7, 1, tzinfo=UTC)


def trip(*metres: float) -> Trip:
    """A trip to the north: metres from its first point, every 15 s."""
    north = 41.0 + np.array(metres) / METRES
    return Trip(START, north, np.full(len(north), -8.6))


def test_standing_is_trimmed_at_both_ends() -> None:
    """It begins at the last point within 20 m of the first, and ends at the first point within 20 m of the last."""
    moving = trimmed(trip(0, 5, 12, 300, 700, 1000, 1010, 1005))
    assert moving is not None
    assert moving.start == START + timedelta(seconds=2 * INTERVAL)
    assert moving.duration == 3 * INTERVAL
    assert moving.straight == pytest.approx(988, abs=1)


def test_standing_on_the_way_stays() -> None:
    """A red light or a fare that waits is part of the trip, half a minute of it here."""
    moving = trimmed(trip(0, 300, 300, 300, 700))
    assert moving is not None
    assert moving.duration == 4 * INTERVAL


@pytest.mark.parametrize("metres", [(), (0,), (0, 5, 10)])
def test_nothing_is_left_of_a_taxi_that_stood(metres: tuple[float, ...]) -> None:
    """No trip, not one without time."""
    assert trimmed(trip(*metres)) is None


def test_trips_are_read_as_they_were_recorded(tmp_path: Path) -> None:
    """Packed or not, with other columns around, longitude first; a trip without points is a trip."""
    text = 'A,TIMESTAMP,POLYLINE\nx,1372636800,"[[-8.6,41.1],[-8.7,41.2]]"\ny,1372636801,[]\n'
    plain, packed = tmp_path / "t.csv", tmp_path / "t.csv.gz"
    plain.write_text(text)
    packed.write_bytes(gzip.compress(text.encode()))
    for path in (plain, packed):
        first, second = read(path)
        assert first.start == START
        assert first.latitude.tolist() == [41.1, 41.2]
        assert first.longitude.tolist() == [-8.6, -8.7]
        assert len(second.latitude) == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column TIMESTAMP and no column POLYLINE"),
        ("TIMESTAMP,PATH\n1,[]\n", "no column POLYLINE"),
        ("TIMESTAMP,POLYLINE\n", "no trip in it"),
        ("TIMESTAMP,POLYLINE\nsoon,[]\n", "line 2: no trip"),
        ("TIMESTAMP,POLYLINE\n1,[]\n2\n", "line 3: no trip"),
        ('TIMESTAMP,POLYLINE\n1,"[[-8.6,41.1],[-8.7"\n', "line 2: no trip"),
        ('TIMESTAMP,POLYLINE\n1,"[[-8.6,41.1,3]]"\n', "line 2: no trip"),
        ('TIMESTAMP,POLYLINE\n1,"[[-8.6,null]]"\n', "line 2: no trip"),
        ('TIMESTAMP,POLYLINE\n1,"[[41.1,-98.6]]"\n', "longitude, latitude"),
    ],
)
def test_a_file_without_trips_is_refused_in_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    """It names the file, and the line where there is one."""
    path = tmp_path / "trips.csv"
    path.write_text(text)
    with pytest.raises(UnusableTrips, match=said) as refused:
        read(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_or_not_packed_is_refused(tmp_path: Path) -> None:
    """As is one that breaks off."""
    whole = gzip.compress(b"TIMESTAMP,POLYLINE\n" + b"1,[]\n" * 100)
    (tmp_path / "plain.csv.gz").write_text("TIMESTAMP,POLYLINE\n1,[]\n")
    (tmp_path / "half.csv.gz").write_bytes(whole[: len(whole) // 2])
    for name in ("none.csv", "plain.csv.gz", "half.csv.gz"):
        with pytest.raises(UnusableTrips, match=name):
            read(tmp_path / name)


def test_the_bench_says_what_is_wrong_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence for a road file that is none, and exit code 2."""
    empty = tmp_path / "roads.osm.pbf"
    empty.write_bytes(b"")
    assert eta_accuracy.main([str(tmp_path / "trips.csv"), str(empty)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "the file is empty" in said.err
    assert len(said.err.strip().splitlines()) == 1
