"""The simulated fleet: the same seed gives the same drives, and what its receivers say is believable."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from fieldunit.agent.unit import Report
from fieldunit.simulator.car import Car
from fieldunit.simulator.fleet import due_times, fleet_of, tick_time
from fieldunit.simulator.motion import BRISKEST, FASTEST, HARDEST
from fieldunit.simulator.names import unit_names
from tracker import regions
from tracker.fix import Quality
from tracker.geodesy import distance
from tracker.wire.payload import Reading, decode, encode_epoch

PROFILE = regions.load("bojonegoro")
SECOND = 1_795_230_000
"""UNIX time of the first tick: in November 2026."""
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def drive(car: Car, ticks: int, rate: float = 5.0) -> list[Report]:
    return [
        report
        for tick in range(ticks)
        for report in car.reports(tick_time(round(SECOND * rate) + tick, rate))
    ]  # fmt: skip


def test_a_seed_is_a_drive() -> None:
    """To the byte, and however many other vehicles there are."""
    one, other, another = (
        drive(fleet_of(PROFILE, count, 5.0, seed)[2], 500) for count, seed in ((3, 7), (9, 7), (3, 8))
    )
    assert one == other
    assert one != another


@pytest.mark.parametrize("rate", [0.1, 1.0, 3.0, 5.0, 10.0, 20.0])
def test_fix_times_are_distinct_and_what_the_sentences_say(rate: float) -> None:
    """Unit and fix time are the key of a fix; at 5 Hz they are exact multiples of a fifth of a second."""
    times = []
    [car] = fleet_of(PROFILE, 1, rate, 1)
    for report in drive(car, 50, rate):
        payload = encode_epoch(report.epoch.source, 1, report.epoch.device_time, report.epoch.lines)
        [reading] = decode(payload, NOW)
        assert isinstance(reading, Reading)
        assert reading.fix is not None
        assert reading.fix.time == report.fix_time
        assert reading.fix.quality is Quality.GOOD
        times.append(reading.fix.time)
    assert len(set(times)) == 50
    if rate == 5.0:
        assert all(time.microsecond % 200_000 == 0 for time in times)


def test_a_drive_is_believable() -> None:
    """An hour of it: it moves, keeps its limits, pauses, and the fixes stay near the truth."""
    [car] = fleet_of(PROFILE, 1, 1.0, 3)
    speeds, offs = [], []
    for tick in range(3600):
        [report] = car.reports(tick_time(SECOND + tick, 1.0))
        truth = car.vehicle.state
        speeds.append(truth.speed)
        [reading] = decode(encode_epoch("gnss", 1, report.epoch.device_time, report.epoch.lines), NOW)
        assert isinstance(reading, Reading)
        assert reading.fix is not None
        offs.append(distance(truth.latitude, truth.longitude, reading.fix.latitude, reading.fix.longitude))
    changes = [after - before for before, after in itertools.pairwise(speeds)]
    assert 40 / 3.6 < max(speeds) <= FASTEST
    assert max(changes) <= BRISKEST + 1e-9
    assert min(changes) >= -HARDEST - 1e-9
    assert sum(speed == 0 for speed in speeds) >= 20
    assert sum(speeds) > 20_000
    assert max(offs) < 10
    assert sum(offs) / len(offs) > 0.5


def test_the_error_of_a_standing_receiver_wanders_and_does_not_jump() -> None:
    """Neighbouring fixes share their error."""
    reports = drive(fleet_of(PROFILE, 1, 5.0, 1)[0], 2)
    places = []
    for report in reports:
        [reading] = decode(encode_epoch("gnss", 1, report.fix_time, report.epoch.lines), NOW)
        assert isinstance(reading, Reading)
        assert reading.fix is not None
        assert reading.fix.speed == 0
        assert reading.fix.course is None
        places.append((reading.fix.latitude, reading.fix.longitude))
    assert 0 < distance(*places[0], *places[1]) < 1.5


def test_units_begin_at_home() -> None:
    """The profile's in the district where they wait; there may be more vehicles than it has."""
    cars = fleet_of(PROFILE, 30, 1.0, 1)
    places = {district.name: (district.latitude, district.longitude) for district in PROFILE.districts}
    for car, unit in zip(cars, PROFILE.units, strict=False):
        state = car.vehicle.state
        assert distance(state.latitude, state.longitude, *places[unit.home]) < 1
    assert [car.name for car in cars] == unit_names(30)


def test_ticks_are_hundredths_of_a_second() -> None:
    """Three a second cannot be exact thirds: each is the nearest hundredth."""
    assert [tick_time(tick, 3.0) - tick_time(0, 3.0) for tick in range(4)] == [
        timedelta(seconds=seconds) for seconds in (0, 0.33, 0.67, 1)
    ]


def test_slow_reporters_do_not_speak_as_one() -> None:
    """Every second of the interval gets its share of a fleet, and each keeps its own second whenever it starts."""
    seconds = [next(due_times(name, 10.0, NOW)).second % 10 for name in unit_names(500)]
    assert min(seconds.count(second) for second in range(10)) > 25
    first = next(due_times("ambulans-07", 10.0, NOW))
    later = next(due_times("ambulans-07", 10.0, NOW + timedelta(seconds=73)))
    assert NOW <= first < NOW + timedelta(seconds=10)
    assert (later - first).total_seconds() % 10 == 0
    fast = itertools.islice(due_times("ambulans-07", 1.0, NOW), 3)
    assert [time - NOW for time in fast] == [timedelta(seconds=second) for second in range(3)]
