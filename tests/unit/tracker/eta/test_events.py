"""Events of a drive on a virtual clock: each is raised once, clears, and is not raised by noise."""

import random
from datetime import UTC, datetime, timedelta

import msgspec

from tracker.eta.events import THRESHOLDS, Change, DriveWatch, Kind, Seen

START = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
METRE = 1 / 111_195.0
"""Degrees of latitude."""


def seen(second: float, north: float = 0.0, **values: float | bool | None) -> Seen:
    """A fix so many metres north of the start."""
    made = Seen(START + timedelta(seconds=second), -7.15 + north * METRE, 111.88)
    return msgspec.structs.replace(made, **values)


def told(watch: DriveWatch, fixes: list[Seen]) -> list[tuple[Kind, float, bool]]:
    """(kind, second, whether cleared) of every change."""
    changes = [(each, change) for each in fixes for change in watch.see(each)]
    return [
        (change.kind, (each.time - START).total_seconds(), change.cleared_at is not None) for each, change in changes
    ]


def test_off_route_is_raised_beyond_500_m_and_cleared_within_300() -> None:
    """Once each, and nothing in between, though the distance wanders over 500 m again and again."""
    away = [0, 200, 450, 520, 480, 530, 510, 600, 520, 480, 510, 400, 301, 299, 100, 0]
    fixes = [seen(10 * n, 20 * n * 10, from_route=float(metres)) for n, metres in enumerate(away)]
    assert told(DriveWatch(), fixes) == [(Kind.OFF_ROUTE, 60, False), (Kind.OFF_ROUTE, 130, True)]


def test_one_wild_fix_raises_nothing() -> None:
    """It must hold for ten seconds."""
    fixes = [seen(n, 20 * n, from_route=2000.0 if n == 30 else 5.0) for n in range(60)]
    assert told(DriveWatch(), fixes) == []


def test_who_follows_the_new_route_is_on_route_again() -> None:
    """A unit that knows a better way never comes back to the first: 300 m on the new one, and it is followed."""
    to_go = [5000.0] * 5 + [6000.0 - 20 * n for n in range(60)]
    watch = DriveWatch()
    fixes = [seen(n, 20 * n, from_route=900.0, to_go=metres) for n, metres in enumerate(to_go)]
    assert told(watch, fixes[:27]) == [(Kind.OFF_ROUTE, 10, False), (Kind.OFF_ROUTE, 26, True)]
    announced_anew = [msgspec.structs.replace(each, from_route=0.0) for each in fixes[27:]]
    assert told(watch, announced_anew) == []


def test_driving_away_from_the_goal_is_the_wrong_way_until_it_has_turned() -> None:
    """300 m away, net; cleared when it has come back by 150 m. 20 m/s, so each step of road is a step driven."""
    north = [20.0 * n for n in range(40)] + [800.0 - 20 * n for n in range(40)]
    fixes = [seen(n, metres, to_go=5000 + metres) for n, metres in enumerate(north)]
    changes = told(DriveWatch(), fixes)
    assert [(kind, cleared) for kind, _, cleared in changes] == [(Kind.WRONG_WAY, False), (Kind.WRONG_WAY, True)]
    (_, raised, _), (_, cleared, _) = changes
    assert raised == 26  # 300 m are passed with the 16th fix, and ten seconds more
    assert 40 + 150 / 20 <= cleared < 80


def test_a_way_that_becomes_longer_at_once_is_not_the_wrong_way() -> None:
    """A turn was missed, or a road was closed: the driver drives on, and the road to go is 3 km more."""
    fixes = [seen(n, 20 * n, to_go=(5000.0 if n < 10 else 8000.0) - 20 * n) for n in range(60)]
    assert told(DriveWatch(), fixes) == []
    closed = [seen(n, 0, to_go=5000.0 + 500 * n, comparable=False, near=True) for n in range(60)]
    assert told(DriveWatch(), closed) == []


def test_standing_still_for_two_minutes_is_stalled_until_it_moves() -> None:
    """A receiver that stands wanders by metres; 50 m are a move."""
    rng = random.Random(5)
    fixes = [seen(n, rng.uniform(-20, 20)) for n in range(200)] + [seen(200 + n, 15.0 * n) for n in range(20)]
    changes = told(DriveWatch(), fixes)
    assert [(kind, cleared) for kind, _, cleared in changes] == [(Kind.STALLED, False), (Kind.STALLED, True)]
    assert changes[0][1] == 121
    assert 202 < changes[1][1] < 208


def test_standing_at_the_goal_is_arriving() -> None:
    """No alarm for the ambulance that waits for its patient."""
    assert told(DriveWatch(), [seen(n, near=True) for n in range(400)]) == []


def test_silence_is_neither_standing_nor_off_route() -> None:
    """An hour in a tunnel and 3 km on: nothing is raised, for nothing was seen."""
    assert told(DriveWatch(), [seen(0, from_route=0.0), seen(3600, 3000, from_route=0.0)]) == []


def test_a_later_and_later_arrival_slips_once() -> None:
    """Beyond two minutes or a fifth of the time first told; cleared below half of that."""
    late = [30.0, 90, 119, 121, 125, 200, 130, 100, 61, 59, 20]
    fixes = [seen(10 * n, 200.0 * n, late=seconds, promised=300.0) for n, seconds in enumerate(late)]
    assert told(DriveWatch(), fixes) == [(Kind.SLIPPING, 40, False), (Kind.SLIPPING, 90, True)]
    long_drive = [seen(10 * n, 200.0 * n, late=seconds, promised=3600.0) for n, seconds in enumerate(late)]
    assert told(DriveWatch(), long_drive) == []


def test_the_value_that_is_kept_is_in_seconds_or_metres() -> None:
    """Of slipping the seconds, though the threshold is a part."""
    watch = DriveWatch()
    changes = [change for n in range(3) for change in watch.see(seen(10 * n, 200.0 * n, late=300.0, promised=60.0))]
    assert changes == [Change(Kind.SLIPPING, START + timedelta(seconds=10), 300.0)]
    assert watch.raised == changes


def test_what_holds_at_the_end_of_a_leg_is_cleared() -> None:
    """And only that."""
    watch = DriveWatch()
    for n in range(30):
        watch.see(seen(10 * n, from_route=900.0))
    end = START + timedelta(hours=1)
    cleared = watch.end(end)
    assert {(change.kind, change.cleared_at) for change in cleared} == {(Kind.OFF_ROUTE, end), (Kind.STALLED, end)}
    assert watch.raised == watch.end(end) == []


def test_every_threshold_clears_below_where_it_is_raised() -> None:
    """Otherwise a value between the two would raise and clear for ever."""
    assert all(each.clear_below < each.raise_above for each in THRESHOLDS.values())
    assert THRESHOLDS.keys() == set(Kind)
