"""A point against the polygon of its district: inside, at its edge, far off, and the mistakes that can be read."""

import pytest
import shapely

from gateway.roads.districts import Districts
from gateway.services.facility_check import NoPoint, check, elsewhere
from gateway.services.facility_list import Row
from tracker.register.points import Finding

KANOR = shapely.box(111.80, -7.20, 111.90, -7.10)
BAURENO = shapely.box(111.90, -7.20, 112.00, -7.10)
DISTRICTS = Districts(["Kanor", "Baureno"], [KANOR, BAURENO], ["35.22.15", "35.22.14"])


def row(latitude: float | None, longitude: float | None, district: str | None = "Kanor", decimals: int = 6) -> Row:
    """A row with this point."""
    return Row(2, "x", "X", "puskesmas", latitude, longitude, decimals, district, None, None, ())


@pytest.mark.parametrize(
    ("given", "finding", "point", "says"),
    [
        (row(-7.15, 111.85), Finding.INSIDE, (-7.15, 111.85), "inside Kanor"),
        (row(-7.15, 111.85, "kanor "), Finding.INSIDE, (-7.15, 111.85), "inside"),
        (row(-7.15, 111.85, "35.22.15"), Finding.INSIDE, (-7.15, 111.85), "inside"),
        (row(-7.15, 111.95, "35.22"), Finding.INSIDE, (-7.15, 111.95), "inside"),
        (row(-7.15, 111.95, None), Finding.INSIDE, (-7.15, 111.95), "inside a district"),
        (row(-7.15, 111.85, decimals=2), Finding.COARSE, (-7.15, 111.85), "0.01 degree"),
        (row(-7.15, 111.92), Finding.EDGE, (-7.15, 111.92), "2207 m outside of Kanor"),
        (row(-7.15, 111.95), Finding.OUTSIDE, (-7.15, 111.95), "5.5 km outside of Kanor, in Baureno"),
        (row(1.64, 116.42), Finding.OUTSIDE, (1.64, 116.42), "km outside of Kanor"),
        (row(111.85, -7.15), Finding.SWAPPED, (-7.15, 111.85), "exchanged"),
        (row(111.85, 7.15), Finding.SWAPPED, (-7.15, 111.85), "exchanged, and the minus is missing"),
        (row(7.15, 111.85), Finding.NO_SIGN, (-7.15, 111.85), "lacks its minus"),
        (row(-7.15, 111.85, "Sekar"), Finding.UNCHECKED, (-7.15, 111.85), "no district 'Sekar'"),
        (row(-7.15, 111.85, "35.2"), Finding.UNCHECKED, (-7.15, 111.85), "no district '35.2'"),
    ],
)  # fmt: skip
def test_what_is_found_and_said(given: Row, finding: Finding, point: tuple[float, float], says: str) -> None:
    """The district by name, by code, by what a code begins with, or any of the file; a mistake is read and named."""
    found = check(given, DISTRICTS)
    assert found is not None
    assert (found.finding, (found.latitude, found.longitude)) == (finding, point)
    assert says in found.detail


def test_two_numbers_that_are_no_point_however_they_are_read() -> None:
    """They are refused; with no districts at all nothing is checked, and no reading is taken."""
    for districts, given in ((DISTRICTS, row(111.85, -9.0)), (None, row(111.85, -7.15)), (DISTRICTS, row(7.0, 200.0))):
        with pytest.raises(NoPoint, match="no point on Earth"):
            check(given, districts)
    unchecked = check(row(-7.15, 111.85), None)
    assert unchecked is not None
    assert unchecked.finding is Finding.UNCHECKED
    assert check(row(None, None), DISTRICTS) is None


@pytest.mark.parametrize(
    ("latitude", "longitude", "middles", "says"),
    [
        (-7.15, 111.85, [], None),
        (-7.15, 111.85, [(-7.15, 111.88)], None),
        (-7.26, 112.75, [(-7.15, 111.88)], None),
        (111.85, -7.15, [], "exchanged, it seems: so read it lies in Indonesia"),
        (111.85, -7.15, [(-7.15, 111.88)], "exchanged, it seems: so read it lies in the centre's region"),
        (7.15, 111.85, [], "lacks its minus, it seems"),
        (3.0, 104.75, [], None),
        (3.0, 104.75, [(-3.0, 104.75)], "lacks its minus, it seems"),
        (111.85, 7.15, [], "exchanged, and the minus is missing"),
        (-3.3, 114.6, [(-7.15, 111.88)], "it does not lie in the centre's region"),
        (51.5, -0.1, [], "it does not lie in Indonesia"),
    ],
)
def test_without_districts_there_is_the_region_to_hold_a_point_against(
    latitude: float, longitude: float, middles: list[tuple[float, float]], says: str | None
) -> None:
    """Exchanged columns are told of, with or without a region; what lies a town further is nobody's mistake."""
    why = elsewhere(latitude, longitude, middles)
    assert why is None if says is None else says in (why or "")
