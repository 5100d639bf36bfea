"""Faults of receivers, each injected exactly as told, so that what the centre makes of it can be held to the truth.

A fault begins so many seconds after the vehicle's start and lasts so long. It changes what the receiver believes, never
where the vehicle is. Seen in the field: (0, 0) after a restart, latitude and longitude exchanged by a decoder, a
position that stands while the time runs, 4,300 km in five seconds, dates 1,024 weeks back, clocks that begin in 1980.
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec

from fieldunit.simulator.sentences import Observation
from tracker.measures import EARTH_RADIUS

ROLLOVER = timedelta(weeks=1024)
"""The GPS week number has ten bits (IS-GPS-200, 20.3.3.3.1.1)."""

BEGINNING = datetime(1980, 1, 6, tzinfo=UTC)
"""Where GPS time begins, and where a receiver's clock stands that has heard no satellite."""


class Kind(StrEnum):
    """What goes wrong."""

    NULL_ISLAND = "null-island"  # latitude 0, longitude 0, and said to be a fix
    SWAPPED = "swapped"  # latitude and longitude exchanged
    FROZEN = "frozen"  # the position stands, while time and speed go on
    JUMP = "jump"  # the position is `metres` away, towards `bearing`
    ACCELERATION = "acceleration"  # it runs ahead of the vehicle, `rate` m/s² more than the truth, in place and speed
    ROLLOVER = "rollover"  # the date is 1,024 weeks back
    FROM_1980 = "from-1980"  # the date begins on 6 January 1980 when the fault does
    NO_FIX = "no-fix"  # the time is known and the place is not
    SILENT = "silent"  # nothing is said at all


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One fault of one receiver."""

    kind: Kind
    at_s: float  # seconds after the vehicle's start
    for_s: float = 5.0  # seconds; it holds from `at_s` up to, not including, the end
    metres: float = 4_300_000.0  # of a jump
    bearing: float = 70.0  # degrees, of a jump
    rate: float = 30.0  # m/s², of an acceleration

    def holds(self, elapsed: float) -> bool:
        """Whether it holds so many seconds after the start."""
        return self.at_s <= elapsed < self.at_s + self.for_s


class Injector:
    """Injects the faults of one receiver, in the order given."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._faults = tuple(faults)
        self._frozen: dict[Fault, tuple[float, float]] = {}
        self._first: dict[Fault, datetime] = {}

    def holding(self, elapsed: float) -> tuple[Fault, ...]:
        """The faults that hold so many seconds after the start."""
        return tuple(fault for fault in self._faults if fault.holds(elapsed))

    def applied(self, seen: Observation, elapsed: float) -> Observation | None:
        """What the receiver believes instead; None where it says nothing."""
        for fault in self.holding(elapsed):
            changed = self._applied(fault, seen, elapsed)
            if changed is None:
                return None
            seen = changed
        return seen

    def _applied(self, fault: Fault, seen: Observation, elapsed: float) -> Observation | None:
        match fault.kind:
            case Kind.SILENT:
                return None
            case Kind.NO_FIX:
                return Observation(seen.time, seen.dated)
            case Kind.ROLLOVER:
                return seen._replace(time=None if seen.time is None else seen.time - ROLLOVER)
            case Kind.FROM_1980:
                if seen.time is None:
                    return seen
                first = self._first.setdefault(fault, seen.time)
                return seen._replace(time=BEGINNING + (seen.time - first))
        if not seen.fix:
            return seen
        match fault.kind:
            case Kind.NULL_ISLAND:
                return seen._replace(latitude=0.0, longitude=0.0)
            case Kind.SWAPPED:
                return seen._replace(latitude=seen.longitude, longitude=seen.latitude)
            case Kind.FROZEN:
                latitude, longitude = self._frozen.setdefault(fault, (seen.latitude, seen.longitude))
                return seen._replace(latitude=latitude, longitude=longitude)
            case Kind.ACCELERATION:
                since = elapsed - fault.at_s
                ahead = fault.rate * since**2 / 2
                return _moved(seen, ahead, seen.course or 0.0)._replace(speed=seen.speed + fault.rate * since)
            case _:
                return _moved(seen, fault.metres, fault.bearing)


def _moved(seen: Observation, metres: float, towards: float) -> Observation:
    """The same, so far away on a great circle."""
    angle, course = metres / EARTH_RADIUS, math.radians(towards)
    latitude, longitude = math.radians(seen.latitude), math.radians(seen.longitude)
    there = math.asin(math.sin(latitude) * math.cos(angle) + math.cos(latitude) * math.sin(angle) * math.cos(course))
    turned = math.atan2(
        math.sin(course) * math.sin(angle) * math.cos(latitude),
        math.cos(angle) - math.sin(latitude) * math.sin(there),
    )
    east = (math.degrees(longitude + turned) + 180) % 360 - 180
    return seen._replace(latitude=math.degrees(there), longitude=east)
