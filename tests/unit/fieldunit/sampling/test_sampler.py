"""Which fixes are reported, on a virtual clock: what is promised of time, corners and parked units, for any drive."""

import math
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from fieldunit.sampling.policy import Rule, rule_for, wanted_interval
from fieldunit.sampling.sampler import MOVING_MPS, Point, Sampler
from fieldunit.sampling.settings import SamplingSettings
from fieldunit.sampling.situation import Situation
from tracker.quality import stale_after

DEFAULTS = SamplingSettings()
_METRE = 1 / 111_195.08  # degrees of latitude


def point(
    at: float, east: float = 0.0, north: float = 0.0, speed: float | None = None, course: float | None = None
) -> Point[float]:
    """A fix so many metres from a place on the equator; its cargo is its time."""
    return Point(at, north * _METRE, 111.0 + east * _METRE, speed, course, at)


def run(points: list[Point[float]], settings: SamplingSettings = DEFAULTS, on_call: bool = False) -> list[float]:
    """The times of the fixes that an agent would report: each is seen, the rule is taken, then it is offered."""
    sampler: Sampler[float] = Sampler(settings.parked_radius_m, settings.parked_after_s)
    reported = []
    for each in points:
        left = sampler.see(each)
        situation = Situation.ON_CALL if on_call else Situation.PARKED if sampler.parked else Situation.DRIVING
        wanted = wanted_interval(settings, situation, None)
        rule = rule_for(settings, situation, wanted, wanted)
        reported += sampler.leave(each) if left else sampler.offer(each, rule)
    return reported


def straight(seconds: int, speed: float = 5.0) -> list[Point[float]]:
    """A drive to the east."""
    return [point(float(at), at * speed, 0.0, speed, 90.0) for at in range(seconds)]


def gaps_of(times: list[float]) -> list[int]:
    """Whole seconds between them."""
    return [round(later - earlier) for earlier, later in pairwise(times)]


def test_on_a_straight_road_time_alone_counts() -> None:
    """Every ten seconds when driving, every five on a call, each of a receiver's seconds with lights."""
    assert run(straight(31)) == [0, 10, 20, 30]
    assert run(straight(11), on_call=True) == [0, 5, 10]
    assert run(straight(4), SamplingSettings(driving_s=1)) == [0, 1, 2, 3]


def test_seconds_of_a_receiver_are_not_all_of_one_length() -> None:
    """A fix 30 ms before its time is in time; waiting for the next would make six seconds of five."""
    points = [point(at * 1.0 + (0.03 if at % 2 else 0.0), at * 5.0, 0.0, 5.0, 90.0) for at in range(21)]
    assert gaps_of(run(points, on_call=True)) == [5, 5, 5, 5]


def test_distance_turn_and_speed_do_not_wait() -> None:
    """Each is reported at the fix that shows it."""
    fast = [point(float(at), at * 40.0, 0.0, 40.0, 90.0) for at in range(10)]
    assert run(fast) == [0, 7]  # 280 m
    turning = [
        *straight(4),
        point(4.0, 20.0, -1.0, 5.0, 120.0),
        *(point(float(at), 20.0, -5.0 * (at - 4), 5.0, 120.0) for at in (5, 6)),
    ]
    assert 4.0 in run(turning)
    braking = [*straight(4, 12.0), point(4.0, 45.0, 0.0, 5.0, 90.0)]
    assert run(braking) == [0, 4]


def test_a_course_at_walking_pace_is_noise() -> None:
    """A receiver at a red light turns round and round."""
    points = [point(float(at), 0.5 * at, 0.0, 0.5, at * 90.0 % 360) for at in range(10)]
    assert run(points) == [0]


def test_a_second_epoch_of_an_instant_goes_where_the_first_went() -> None:
    """The burst was cut in two: the store joins them, if both come."""
    sampler: Sampler[str] = Sampler(30, 60)
    rule = Rule(10.0)
    found = []
    for at, cargo in ((0, "rmc0"), (0, "gga0"), (1, "rmc1"), (1, "gga1"), (10, "rmc10"), (10, "gga10")):
        each = Point(float(at), 0.0, 111.0, 0.0, None, cargo)
        sampler.see(each)
        found += sampler.offer(each, rule)
    assert found == ["rmc0", "gga0", "rmc10", "gga10"]


def test_a_clock_that_steps_back_begins_anew() -> None:
    """A receiver that had a wrong date tells its track from then on; nothing waits for the future to come again."""
    points = [point(1e9), point(1e9 + 1), *(point(float(at)) for at in range(3))]
    assert run(points) == [1e9, 0.0]


def test_a_parked_unit_reports_where_it_left_and_where_it_is() -> None:
    """Its last fix at the place and its first elsewhere, at once: the time of leaving is known to the second."""
    standing = [point(float(at), math.sin(at) * 5, math.cos(at) * 5, 0.3) for at in range(200)]
    leaving = [point(200.0, 10.0, 0.0, 4.0, 90.0), point(201.0, 16.0, 0.0, 6.0, 90.0)]
    reported = run([*standing, *leaving])
    assert reported[-2:] == [199, 200]
    assert gaps_of([at for at in reported if 60 < at < 199]) == [60]


class Leg(NamedTuple):
    """A stretch of a drive."""

    seconds: int
    speed: float  # m/s
    turn: float  # degrees a second


drives = st.lists(
    st.builds(Leg, st.integers(1, 90), st.sampled_from([0.0, 0.4, 3.0, 8.0, 15.0, 33.0]), st.floats(-45, 45)),
    min_size=1,
    max_size=8,
)
noises = st.lists(st.tuples(st.floats(-4, 4), st.floats(-4, 4)), min_size=1, max_size=40)


def driven(legs: list[Leg], noise: list[tuple[float, float]]) -> list[Point[float]]:
    """A drive, each second a fix with its receiver's error."""
    east = north = course = 0.0
    points: list[Point[float]] = []
    for leg in legs:
        for _ in range(leg.seconds):
            course = (course + leg.turn) % 360
            east += leg.speed * math.sin(math.radians(course))
            north += leg.speed * math.cos(math.radians(course))
            off = noise[len(points) % len(noise)]
            points.append(point(float(len(points)), east + off[0], north + off[1], leg.speed, course))
    return points


def beside(place: Point[float], begin: Point[float], end: Point[float]) -> float:
    """Metres from a fix to the straight line between two others."""

    def plane(each: Point[float]) -> tuple[float, float]:
        return (each.longitude - begin.longitude) / _METRE, (each.latitude - begin.latitude) / _METRE

    (x, y), (ex, ey) = plane(place), plane(end)
    length = ex * ex + ey * ey
    along = 0.0 if not length else max(0.0, min(1.0, (x * ex + y * ey) / length))
    return math.hypot(x - along * ex, y - along * ey)


@given(drives, noises, st.sampled_from([5.0, 15.0, 40.0]), st.sampled_from([5.0, 30.0, 3600.0]))
def test_no_corner_is_cut(legs: list[Leg], noise: list[tuple[float, float]], corridor: float, interval: float) -> None:
    """However long the interval: no fix that is left out lies farther beside the reported track than the corridor, or,
    of a parked unit, than across the place where it stands."""
    settings = SamplingSettings(
        driving_s=interval, corridor_m=corridor, turn_deg=180, distance_m=100_000, speed_change_mps=100
    )
    points = driven(legs, noise)
    reported = sorted(run(points, settings))
    by_time = {each.at: each for each in points}
    limit = max(corridor, 2 * settings.parked_radius_m) + 0.1
    if max(leg.speed for leg in legs) > 0 and min(leg.speed for leg in legs) > MOVING_MPS:
        limit = corridor + 0.1  # it never stands
    for begin, end in pairwise(reported):
        worst = max(
            (beside(each, by_time[begin], by_time[end]) for each in points if begin < each.at < end), default=0.0
        )
        assert worst <= limit


@given(drives, noises, st.booleans())
def test_a_unit_that_has_fixes_never_goes_stale(
    legs: list[Leg], noise: list[tuple[float, float]], on_call: bool
) -> None:
    """Parked, driving or in between: whenever the centre looks, the newest reported fix is younger than what it calls
    stale for the interval that was announced with it."""
    settings = DEFAULTS
    sampler: Sampler[float] = Sampler(settings.parked_radius_m, settings.parked_after_s)
    newest, announced = None, settings.driving_s
    for each in driven([*legs, Leg(400, 0.0, 0.0), *legs], noise):
        left = sampler.see(each)
        situation = Situation.ON_CALL if on_call else Situation.PARKED if sampler.parked else Situation.DRIVING
        announced = wanted_interval(settings, situation, None)
        rule = rule_for(settings, situation, announced, announced)
        for at in sampler.leave(each) if left else sampler.offer(each, rule):
            newest = at
        assert newest is not None
        assert each.at - newest <= announced + 1 < stale_after(announced)


@given(drives, noises)
def test_what_is_reported_is_in_order_and_once(legs: list[Leg], noise: list[tuple[float, float]]) -> None:
    """A late report of a corner comes before the fix that showed it."""
    reported = run(driven(legs, noise))
    assert reported == sorted(set(reported))
