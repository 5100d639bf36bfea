"""Coming and leaving: not for a jump of the receiver, not all day for somebody at the border."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tracker.register import Geofence
from tracker.register.geofences import Area, Passage

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DEGREE_M = 111_195
YARD = Geofence("yard", "Yard", "station", ((-7.151, 111.880), (-7.151, 111.882), (-7.149, 111.882), (-7.149, 111.880)))


def walked(*steps: tuple[float, bool | None], inside: bool = False) -> list[tuple[float, bool]]:
    """What is settled as fixes come, (second, inside or not) each; the second of the settling and where."""
    passage, settled = Passage(inside), []
    for second, says in steps:
        passage, at = passage.seen(says, NOON + timedelta(seconds=second))
        if at is not None:
            settled.append(((at - NOON).total_seconds(), passage.inside))
    return settled


@pytest.mark.parametrize(
    ("steps", "settled"),
    [
        ([(0, True), (5, True), (10, True), (15, True)], [(0.0, True)]),
        ([(0, True), (9, True)], []),
        ([(0, True), (5, False), (6, True), (15, True)], []),  # a jump starts the count anew
        ([(0, True), (5, None), (10, True)], [(0.0, True)]),  # what speaks for neither does not
        ([(10, True), (0, True), (9, True)], []),  # older ones say nothing any more
        ([(0, True), (10, True), (20, False), (25, None), (30, False)], [(0.0, True), (20.0, False)]),
    ],
)
def test_what_later_fixes_bear_out_is_settled_with_the_time_of_the_first(
    steps: list[tuple[float, bool | None]], settled: list[tuple[float, bool]]
) -> None:
    """Ten seconds of one opinion."""
    assert walked(*steps) == settled


def test_a_unit_that_stands_on_the_border_came_once() -> None:
    """An hour of fixes 20 m to either side of it, one a second."""
    area, passage, settled = Area(YARD), Passage(), 0
    for second in range(3600):
        latitude = -7.149 + (20 if (second // 15) % 2 else -20) / DEGREE_M
        within = bool(area.holds(np.array([latitude]), np.array([111.881]))[0])
        says = True if within else False if not passage.inside or area.far(latitude, 111.881) else None
        passage, at = passage.seen(says, NOON + timedelta(seconds=second))
        settled += at is not None
    assert (passage.inside, settled) == (True, 1)


def test_inside_and_far_outside_are_measured_in_metres() -> None:
    """Thirty behind the border is far, ten is not; inside is not."""
    area = Area(YARD)
    north = [-7.149 + metres / DEGREE_M for metres in (-10, 10, 29, 31)]
    assert area.holds(np.array(north), np.full(4, 111.881)).tolist() == [True, False, False, False]
    assert [area.far(latitude, 111.881) for latitude in north] == [False, False, False, True]


def test_it_is_for_the_units_that_it_names_for_those_of_its_agencies_or_for_all() -> None:
    """Named either way is enough."""
    named = Area(Geofence("f", "F", "flood", YARD.polygon, units=("a",), agencies=("pmi",)))
    assert [named.watches(*each) for each in (("a", None), ("b", "pmi"), ("b", "dinkes"), ("b", None))] == [
        True, True, False, False,
    ]  # fmt: skip
    assert Area(YARD).watches("b", None)
