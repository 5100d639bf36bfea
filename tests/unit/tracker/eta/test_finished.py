"""Finished drives become legs to learn from, or are left out with the reason."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tests.fix_map import draw
from tracker.eta.finished import LeftOut, LegReader
from tracker.eta.learning import Leg
from tracker.eta.speeds import Driving
from tracker.fix import Fix
from tracker.roads.graph import Profile
from tracker.roads.matching import Matcher
from tracker.roads.snap import Snapper

START = datetime(2026, 3, 1, 5, tzinfo=UTC)
STREET = draw("A---------B---------C", {"ABC": {"highway": "primary"}}, step=100.0)
CARS = {Profile.CAR: Snapper(STREET.graph)}
READER = LegReader(STREET.graph, {Profile.CAR: Matcher(STREET.graph, snapper=CARS[Profile.CAR])}, CARS)


def at(second: float, east: float, north: float = 0.0) -> Fix:
    """A fix so many metres east of A."""
    latitude, longitude = STREET.at("A", east, north)
    return Fix(time=START + timedelta(seconds=second), latitude=latitude, longitude=longitude)


def drive(
    begin: float = 0.0, end: float = 1500.0, pace: float = 10.0, every: float = 5.0, since: float = 0.0
) -> list[Fix]:
    """An even drive along the street."""
    return [
        at(since + second, begin + pace * second, (-1) ** round(second / every) * 3.0)
        for second in np.arange(0.0, (end - begin) / pace + 0.1, every).tolist()
    ]


def read(fixes: list[Fix], arrived: float | None = None) -> Leg | LeftOut:
    """What becomes of it; it arrived with its last fix unless given."""
    last = max(fix.time for fix in fixes)
    return READER.read(fixes, last if arrived is None else START + timedelta(seconds=arrived), Driving.LIGHTS)


def test_a_drive_is_a_leg_from_its_setting_out_to_its_arrival() -> None:
    """Ten minutes of standing at the base before it, and of standing at the goal after it, are no part of it."""
    waiting = [at(second, (-1) ** second * 4.0) for second in range(0, 600, 10)]
    moving = drive(since=600.0)
    after = [at(second, 1500.0) for second in range(760, 1300, 10)]
    leg = read([*waiting, *moving, *after], arrived=755.0)
    assert isinstance(leg, Leg)
    assert leg.start == START + timedelta(seconds=605)  # the last fix within 50 m of where it stood
    assert leg.duration == 150.0
    assert leg.driving is Driving.LIGHTS
    assert float(leg.match.along[-1] - leg.match.along[0]) == pytest.approx(1450, abs=10)
    assert min(end[0].distance for end in (leg.sources, leg.targets)) < 5


def test_the_order_of_the_fixes_and_repetitions_do_not_matter() -> None:
    """As they come out of a database with several receivers' times."""
    fixes = drive()
    leg, again = read(fixes), read([*fixes[::-1], *fixes[::3]])
    assert isinstance(leg, Leg)
    assert isinstance(again, Leg)
    assert (leg.start, leg.duration) == (again.start, again.duration)
    assert leg.match.arcs.tolist() == again.match.arcs.tolist()


@pytest.mark.parametrize(
    ("fixes", "arrived", "reason"),
    [
        ([at(second, 3.0) for second in range(600)], 600.0, LeftOut.FEW_FIXES),  # it never drove
        (drive(every=30.0), None, LeftOut.FEW_FIXES),
        ([*drive(end=700.0), *drive(begin=1000.0, end=1500.0, since=250.0)], None, LeftOut.GAP),
        (drive(), 300.0, LeftOut.GAP),
        (drive(end=350.0), None, LeftOut.SHORT),
        ([*drive(), *drive(begin=1500.0, end=600.0, pace=-10.0, since=160.0)], None, LeftOut.TOUR),
        ([at(5.0 * step, 60.0 * step, 200.0) for step in range(30)], None, LeftOut.OFF_ROADS),
        (drive(pace=60.0, every=2.0), None, LeftOut.TOO_FAST),
    ],
)
def test_what_teaches_wrong_speeds_is_left_out(fixes: list[Fix], arrived: float | None, reason: LeftOut) -> None:
    """Each with its reason."""
    assert read(fixes, arrived) is reason


def test_a_hospital_s_yard_off_the_roads_is_no_reason() -> None:
    """The last three of seventy fixes lie off the network: it is a leg, to the last place on the road."""
    fixes = [*drive(end=1400.0, every=2.0), *[at(142.0 + 2 * step, 1400.0, 60.0 + 10.0 * step) for step in range(3)]]
    leg = read(fixes)
    assert isinstance(leg, Leg)
    assert leg.targets
