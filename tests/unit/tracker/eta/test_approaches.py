"""What places take beyond the road: found where drives end, drawn to nothing where few do, gone at some distance."""

import numpy as np
import pytest

from tracker.eta.approaches import CELL, CREDIT, NEAR, Approaches, smoothed

METRES = 111_195.0  # in a degree of latitude
PLACE = (-7.151, 111.881)  # the middle of a cell


def learned(drives: int, seconds: float, weight: float = 1.0, place: tuple[float, float] = PLACE) -> Approaches:
    """What so many drives to one place leave behind."""
    one = np.ones(drives)
    return Approaches(smoothed(place[0] * one, place[1] * one, seconds * one, weight * one))


def test_nothing_is_known_before_a_drive() -> None:
    """0, everywhere."""
    assert smoothed([], [], [], []) == ()
    assert Approaches(()).at(*PLACE) == 0.0


@pytest.mark.parametrize("drives", [1, 4, 40])
def test_few_drives_say_little_and_many_what_they_took(drives: int) -> None:
    """Each place is credited with some that took nothing extra."""
    expected = 60.0 * drives / (drives + CREDIT)
    assert learned(drives, 60.0).at(*PLACE) == pytest.approx(expected, abs=0.1)
    assert learned(drives, -60.0).at(*PLACE) == pytest.approx(-expected, abs=0.1)


def test_older_drives_count_less() -> None:
    """Eight that count half are four."""
    assert learned(8, 60.0, weight=0.5).at(*PLACE) == learned(4, 60.0).at(*PLACE)


@pytest.mark.parametrize("place", [PLACE, (41.151, -8.611), (0.0, 0.0), (-0.0004, 179.9)])
def test_it_is_spread_round_the_place(place: tuple[float, float]) -> None:
    """The same to the north as to the east; still some at 150 m, and nothing at 700 m, on every side of the earth."""
    found = learned(40, 60.0, place=place)
    north, east = (step / METRES / scale for step, scale in ((1, 1), (1, np.cos(np.radians(place[0])))))
    centre = round(place[0] * CELL) / CELL, round(place[1] * CELL) / CELL
    for bearing in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        at = [
            found.at(centre[0] + metres * bearing[0] * north, centre[1] + metres * bearing[1] * east)
            for metres in (0.0, 0.75 * NEAR, 3.5 * NEAR)
        ]
        assert at[0] == pytest.approx(60 * 40 / 44, rel=0.05)
        assert 40 < at[1] <= at[0]
        assert at[2] == 0.0


def test_drives_of_different_opinion_meet_in_the_middle() -> None:
    """A slow place and a quick one 200 m apart: each keeps its sign, and between them there is nearly nothing."""
    away = 200.0 / METRES
    latitude = np.repeat([PLACE[0], PLACE[0] + 2 * away], 20)
    found = Approaches(smoothed(latitude, np.full(40, PLACE[1]), np.repeat([60.0, -60.0], 20), np.ones(40)))
    assert found.at(*PLACE) > 20
    assert found.at(PLACE[0] + 2 * away, PLACE[1]) < -20
    assert abs(found.at(PLACE[0] + away, PLACE[1])) < 15
