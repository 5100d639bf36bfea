"""What the dispatcher should know about a drive: off the route, the wrong way, standing still, later and later.

Each is a number that is held against two thresholds, one to raise and a lower one to clear, and must lie above the
first for a while: one wild fix raises nothing, and a value that wanders at the threshold raises once. The only clock is
the time of the fixes. A unit whose fixes stop is neither off its route nor standing: it is unknown, and these stay as
they were.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from tracker.geodesy import distance


class Kind(StrEnum):
    """The events there are."""

    OFF_ROUTE = "off-route"
    WRONG_WAY = "wrong-way"
    STALLED = "stalled"
    SLIPPING = "slipping"


class Threshold(msgspec.Struct, frozen=True):
    """When to raise and when to clear."""

    raise_above: float
    clear_below: float
    hold: timedelta


THRESHOLDS = {
    Kind.OFF_ROUTE: Threshold(500.0, 300.0, timedelta(seconds=10)),
    Kind.WRONG_WAY: Threshold(300.0, 150.0, timedelta(seconds=10)),
    Kind.STALLED: Threshold(120.0, 1.0, timedelta(0)),
    Kind.SLIPPING: Threshold(1.0, 0.5, timedelta(seconds=10)),
}
"""Off route: metres from the announced route, as Namma Yatri's location service has them. Wrong way: metres of driving
that took the unit farther from its goal, net. Stalled: seconds since it last moved on. Slipping: how late, in parts of
what is tolerated."""

FOLLOWED = 300.0
"""Metres of progress on the new route after which a unit that left the announced one is on route again."""

MOVED = 50.0
"""Metres from where it stood that are a move; a standing receiver wanders less."""

WINDING = 1.5
"""Metres of road per metre between two fixes, at most. More is not driving: the way there became longer at once (a turn
was missed, a road closed), and a unit is not driving the wrong way because of that."""

LATE_S = 120.0
LATE_PART = 0.2
"""Tolerated lateness: two minutes, or a fifth of the time first told where that is more."""


class Seen(msgspec.Struct, frozen=True):
    """A fix on a leg, with what the route says about it. Unknown values raise and clear nothing."""

    time: datetime
    latitude: float
    longitude: float
    from_route: float | None = None  # metres from the announced route
    to_go: float | None = None  # metres by road
    comparable: bool = True  # whether `to_go` is by the same weights as that of the fix before
    late: float | None = None  # seconds later than first told
    promised: float = 0.0  # seconds that were first told
    near: bool = False  # so close to the goal that standing is arriving


class Change(msgspec.Struct, frozen=True):
    """An event was raised, or cleared."""

    kind: Kind
    raised_at: datetime
    value: float  # metres or seconds, when raised; of slipping the seconds
    cleared_at: datetime | None = None


class _Alarm:
    __slots__ = ("above_since", "change", "threshold")

    def __init__(self, kind: Kind) -> None:
        self.threshold = THRESHOLDS[kind]
        self.above_since: datetime | None = None
        self.change: Change | None = None

    def update(self, kind: Kind, time: datetime, value: float, shown: float) -> Change | None:
        """The change that this value makes, if it makes one."""
        if self.change is not None:
            if value > self.threshold.clear_below:
                return None
            return self.clear(time)
        if value <= self.threshold.raise_above:
            self.above_since = None
            return None
        self.above_since = self.above_since or time
        if time - self.above_since < self.threshold.hold:
            return None
        self.change = Change(kind, time, shown)
        return self.change

    def clear(self, time: datetime) -> Change | None:
        raised, self.change, self.above_since = self.change, None, None
        return None if raised is None else msgspec.structs.replace(raised, cleared_at=time)


class DriveWatch:
    """Watches one leg. Feed it fixes with rising times."""

    def __init__(self) -> None:
        self._alarms = {kind: _Alarm(kind) for kind in Kind}
        self._before: Seen | None = None
        self._anchor: Seen | None = None  # where and when it last moved on
        self._gained = 0.0  # metres of driving away, net
        self._farthest: float | None = None  # to go, since the route was left

    @property
    def raised(self) -> list[Change]:
        """What holds now."""
        return [alarm.change for alarm in self._alarms.values() if alarm.change is not None]

    def see(self, seen: Seen) -> list[Change]:
        """Take one more fix; what it raised and cleared."""
        values = {
            Kind.OFF_ROUTE: self._off_route(seen),
            Kind.WRONG_WAY: self._wrong_way(seen),
            Kind.STALLED: self._standing(seen),
            Kind.SLIPPING: None if seen.late is None else seen.late / max(LATE_S, LATE_PART * seen.promised),
        }
        self._before = seen
        changes = []
        for kind, value in values.items():
            if value is None:
                continue
            shown = seen.late if kind is Kind.SLIPPING and seen.late is not None else value
            if change := self._alarms[kind].update(kind, seen.time, value, shown):
                changes.append(change)
        return changes

    def end(self, time: datetime) -> list[Change]:
        """The leg is over: whatever holds is cleared."""
        return [change for alarm in self._alarms.values() if (change := alarm.clear(time))]

    def _off_route(self, seen: Seen) -> float | None:
        if self._alarms[Kind.OFF_ROUTE].change is None:
            self._farthest = None
        elif seen.to_go is not None:
            self._farthest = max(self._farthest or 0.0, seen.to_go) if seen.comparable else seen.to_go
            if self._farthest - seen.to_go >= FOLLOWED:
                return 0.0
        return seen.from_route

    def _wrong_way(self, seen: Seen) -> float | None:
        before = self._before
        if seen.to_go is None:
            return None
        if before is not None and before.to_go is not None and seen.comparable:
            moved = WINDING * distance(before.latitude, before.longitude, seen.latitude, seen.longitude)
            self._gained = max(0.0, self._gained + max(-moved, min(moved, seen.to_go - before.to_go)))
        return self._gained

    def _standing(self, seen: Seen) -> float:
        anchor = self._anchor
        if (
            anchor is None
            or seen.near
            or distance(anchor.latitude, anchor.longitude, seen.latitude, seen.longitude) > MOVED
        ):
            self._anchor = seen
            return 0.0
        return (seen.time - anchor.time).total_seconds()
