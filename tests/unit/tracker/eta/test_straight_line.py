"""Arrival times without roads: the law, its interval, and what must hold for any unit and any point."""

import itertools
import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from tracker.eta.straight_line import (
    ACCELERATION,
    CRUISING_SPEED,
    DETOUR,
    LOG_SPREAD,
    SHORTEST,
    Z_90,
    estimate,
    travel_time,
)
from tracker.fix import Fix
from tracker.geodesy import distance

NOW = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
CHANGE = CRUISING_SPEED**2 / ACCELERATION
"""Metres of road at which a trip first reaches cruising speed."""

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)
points = st.tuples(latitudes, longitudes)
ages = st.floats(-60, 100_000)
road_distances = st.floats(0, 2e7)


def seen(place: tuple[float, float], age: float = 0.0) -> Fix:
    return Fix(time=NOW - timedelta(seconds=age), latitude=place[0], longitude=place[1])


@given(points, points)
def test_distance_is_that_of_the_ellipsoid_within_six_thousandths(
    a: tuple[float, float], b: tuple[float, float]
) -> None:
    """Against geodesics on WGS 84: the sphere costs no more than it says."""
    _, _, exact = Geod(ellps="WGS84").inv(a[1], a[0], b[1], b[0])
    assert distance(*a, *b) == pytest.approx(exact, rel=0.006, abs=0.001)


def test_distance_where_the_units_are() -> None:
    """Bojonegoro's square to its hospital of Padangan, some 33 km, and across the date line."""
    _, _, exact = Geod(ellps="WGS84").inv(111.8817, -7.1502, 111.5986, -7.1594)
    assert distance(-7.1502, 111.8817, -7.1594, 111.5986) == pytest.approx(exact, rel=0.006)
    assert distance(0.0, 179.999, 0.0, -179.999) == pytest.approx(222.4, rel=0.006)


@given(points, points)
def test_distance_is_a_metric(a: tuple[float, float], b: tuple[float, float]) -> None:
    """Never negative, nothing from a point to itself, the same both ways, no farther than half the Earth."""
    there = distance(*a, *b)
    assert 0 <= there <= 20_016_000
    assert there == distance(*b, *a)
    assert distance(*a, *a) == 0


@given(road_distances, road_distances)
def test_a_longer_way_never_takes_less_time(a: float, b: float) -> None:
    """Monotone over both regimes, to the rounding of floats."""
    assert travel_time(min(a, b)) <= travel_time(max(a, b)) * (1 + 1e-12)


def test_both_regimes_meet_without_a_step_or_a_bend() -> None:
    """At the change the times are equal, and so are the speeds (the derivative): 2 v / a, and 1 / v."""
    below, above = math.nextafter(CHANGE, 0), math.nextafter(CHANGE, math.inf)
    assert travel_time(below) == pytest.approx(travel_time(above), rel=1e-12)
    assert travel_time(CHANGE) == pytest.approx(2 * CRUISING_SPEED / ACCELERATION)
    step = 1.0
    slopes = [(travel_time(CHANGE + d + step) - travel_time(CHANGE + d)) / step for d in (-step, 0.0)]
    assert slopes == pytest.approx([1 / CRUISING_SPEED] * 2, rel=1e-3)


def test_a_long_trip_goes_at_cruising_speed_and_a_short_one_by_the_square_root() -> None:
    """Ten more kilometres cost ten kilometres at 42.5 km/h; four times a short way takes twice the time."""
    assert travel_time(60_000) - travel_time(50_000) == pytest.approx(10_000 / CRUISING_SPEED)
    assert travel_time(400.0) == pytest.approx(2 * travel_time(100.0))


@given(points, points, ages)
def test_the_interval_is_in_order_and_never_zero(a: tuple[float, float], b: tuple[float, float], age: float) -> None:
    """For any unit, point and age, the unit that stands on the point among them."""
    for target in (b, a):
        found = estimate(seen(a, age), *target, NOW)
        assert SHORTEST <= found.p10 <= found.p50 <= found.p90 < math.inf


@given(points, points, ages, ages)
def test_the_interval_widens_with_age_and_its_middle_stays(
    a: tuple[float, float], b: tuple[float, float], one: float, other: float
) -> None:
    """An older fix knows less: both ends move outwards, never inwards, and the best guess is the same."""
    young = estimate(seen(a, min(one, other)), *b, NOW)
    old = estimate(seen(a, max(one, other)), *b, NOW)
    assert old.p10 <= young.p10
    assert old.p50 == young.p50
    assert old.p90 >= young.p90


def test_a_fresh_fix_has_the_spread_that_was_measured() -> None:
    """At age 0 the ends are the middle times exp(-z s) and exp(z s): one in ten below, one in ten above."""
    found = estimate(seen((-7.15, 111.88)), -7.25, 111.88, NOW)
    assert found.p50 == pytest.approx(travel_time(DETOUR * distance(-7.15, 111.88, -7.25, 111.88)))
    assert found.p10 / found.p50 == pytest.approx(math.exp(-Z_90 * LOG_SPREAD))
    assert found.p90 / found.p50 == pytest.approx(math.exp(Z_90 * LOG_SPREAD))


def test_a_fix_from_the_near_future_counts_as_fresh() -> None:
    """Clocks differ by seconds: that neither narrows nor breaks the interval."""
    ahead, now = (estimate(seen((-7.15, 111.88), age), -7.25, 111.88, NOW) for age in (-30.0, 0.0))
    assert ahead == now


def test_the_anchors_of_the_fit() -> None:
    """The factors are what the source says: km/min2 and km/min into SI, and a plausible drive of ten kilometres."""
    assert pytest.approx(0.0591667, rel=1e-5) == ACCELERATION
    assert pytest.approx(42.54) == CRUISING_SPEED * 3.6
    minutes = [travel_time(kilometres * 1000) / 60 for kilometres in (1, 2, 5, 10)]
    assert all(a < b for a, b in itertools.pairwise(minutes))
    assert minutes[-1] == pytest.approx(0.709 / 0.213 + 10 / 0.709)
