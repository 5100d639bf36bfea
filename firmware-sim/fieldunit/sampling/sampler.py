"""Which fixes of one source are reported. Pure: the clock is the fixes' own.

- A fix that is due by time, distance, turn or change of speed is reported at once.
- The *corridor*: no fix that is left out lies farther from the line between its reported neighbours than
  `corridor_m`. When the newest fix would break that, the one before it is reported, too, though it is a fix old by
  then; so a corner is never cut, whatever the interval (an opening window, as in line simplification).
- A unit whose fixes stay within a radius, and which claims no speed, is parked after a while. Then time alone counts.
  When it leaves, its last fix there and its first elsewhere are reported at once.
- A second epoch of the same instant goes where the first went: the store joins them.

Distances are on a local plane: over the few hundred metres between two reports it is within millimetres of the sphere.
(`tracker.geodesy` would do; it loads numpy, a third of the unit's memory again.)
"""

import math
from typing import Generic, NamedTuple, TypeVar

from fieldunit.sampling.policy import Rule
from tracker.measures import EARTH_RADIUS

MOVING_MPS = 2.5
"""A receiver at rest claims no such speed; its position wanders, its Doppler hardly does."""

COURSE_MPS = 2.0
"""Below it a course over ground is noise."""

MOST_LEFT_OUT = 600
"""Fixes in a row, for whose corridor something is remembered; then one is reported."""

_EARLY, _EARLY_S = 0.05, 0.5  # of the interval, and seconds at most: a receiver's seconds are not all of one length
_PER_DEGREE = math.radians(1) * EARTH_RADIUS

T = TypeVar("T")


class Point(NamedTuple, Generic[T]):
    """A fix, and whatever is reported if it is."""

    at: float  # fix time, seconds
    latitude: float
    longitude: float
    speed: float | None  # m/s
    course: float | None  # degrees
    cargo: T


class Sampler(Generic[T]):
    """Of one source.

    Args:
        parked_radius_m, parked_after_s: as in the settings.
    """

    def __init__(self, parked_radius_m: float, parked_after_s: float) -> None:
        self.parked_radius_m = parked_radius_m
        self.parked_after_s = parked_after_s
        self.parked = False
        """Whether the unit has been standing for a while, by the fixes seen so far."""
        self._last: Point[T] | None = None  # reported
        self._left_out: list[Point[T]] = []  # since then; while parked the newest only
        self._anchor: Point[T] | None = None
        self._same: list[T] = []  # further cargo of the newest fix left out

    def see(self, point: Point[T]) -> bool:
        """Take a look at the next fix, before the rule for it is known; returns whether the unit has left its place."""
        left = False
        anchor = self._anchor
        moving = point.speed is not None and point.speed > MOVING_MPS
        if anchor is None or point.at < anchor.at or moving or _apart(anchor, point) > self.parked_radius_m:
            left = self.parked
            self._anchor, self.parked = point, False
        elif point.at - anchor.at >= self.parked_after_s:
            self.parked = True
        return left

    def offer(self, point: Point[T], rule: Rule) -> list[T]:
        """Take the next fix, which `see` has seen; returns what is to be reported now, in order."""
        last = self._last
        if last is not None and point.at == last.at:
            return [point.cargo]
        if self._left_out and point.at == self._left_out[-1].at:
            self._same.append(point.cargo)
            return []
        if rule.interval_s is None:
            self._left_out.clear()
            self._same.clear()
            return []
        due: list[T] = []
        if last is not None and self._left_out and point.at > last.at and self._breaks_corridor(last, point, rule):
            due = self._report_previous()
            last = self._last
        if last is None or self._is_due(last, point, rule):
            self._report(point)
            return [*due, point.cargo]
        if rule.corridor_m is None and len(self._left_out) > 1:
            due += self._report_previous()  # the way into the place is held by its corridor
        self._same.clear()
        if rule.corridor_m is None:
            self._left_out.clear()
        self._left_out.append(point)
        return due

    def leave(self, point: Point[T]) -> list[T]:
        """Report the last fix at the place that is left, and this one, the first elsewhere."""
        due = self._report_previous() if self._left_out else []
        self._report(point)
        return [*due, point.cargo]

    def forget(self) -> None:
        """Begin anew: another source was reported meanwhile."""
        self._last = None
        self._left_out.clear()
        self._same.clear()

    def _report(self, point: Point[T]) -> None:
        self._last = point
        self._left_out.clear()
        self._same.clear()

    def _report_previous(self) -> list[T]:
        previous = self._left_out[-1]
        due = [previous.cargo, *self._same]
        self._report(previous)
        return due

    def _is_due(self, last: Point[T], point: Point[T], rule: Rule) -> bool:
        passed = point.at - last.at
        if passed < 0 or rule.interval_s is None or passed >= rule.interval_s - min(_EARLY * rule.interval_s, _EARLY_S):
            return rule.interval_s is not None
        if rule.distance_m is not None and _apart(last, point) >= rule.distance_m:
            return True
        if _differ(last.speed, point.speed, rule.speed_change_mps):
            return True
        return (
            rule.turn_deg is not None
            and last.course is not None
            and point.course is not None
            and min(last.speed or 0.0, point.speed or 0.0) >= COURSE_MPS
            and abs((point.course - last.course + 180) % 360 - 180) >= rule.turn_deg
        )

    def _breaks_corridor(self, last: Point[T], point: Point[T], rule: Rule) -> bool:
        if rule.corridor_m is None:
            return False
        if len(self._left_out) >= MOST_LEFT_OUT:
            return True
        end = _plane(last, point)
        return any(_beside(_plane(last, between), end) > rule.corridor_m for between in self._left_out)


def _differ(one: float | None, other: float | None, limit: float | None) -> bool:
    return one is not None and other is not None and limit is not None and abs(one - other) >= limit


def _plane(origin: Point[T], point: Point[T]) -> tuple[float, float]:
    """Metres east and north of the origin; the date line is no edge."""
    east = (point.longitude - origin.longitude + 180) % 360 - 180
    return east * _PER_DEGREE * math.cos(math.radians(origin.latitude)), (
        point.latitude - origin.latitude
    ) * _PER_DEGREE


def _apart(one: Point[T], other: Point[T]) -> float:
    return math.hypot(*_plane(one, other))


def _beside(place: tuple[float, float], end: tuple[float, float]) -> float:
    """Metres from a place to the line from the origin to an end."""
    length = end[0] ** 2 + end[1] ** 2
    along = 0.0 if not length else max(0.0, min(1.0, (place[0] * end[0] + place[1] * end[1]) / length))
    return math.hypot(place[0] - along * end[0], place[1] - along * end[1])
