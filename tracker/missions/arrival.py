"""Whether and when a unit arrived somewhere and left again, from its fixes alone.

Two circles and a dwell time: one comes by entering the inner circle and not leaving the outer one for a while, and
leaves likewise by being outside the outer circle and not coming back into the inner one. What was true is told when
the while is over, with the time when it began. So a unit that drives past has not arrived, and one whose fixes wander
at the edge arrives once (peers raise an event for each crossing).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

ENTER = 80.0
"""Metres. Addresses and map clicks are tens of metres off, and the crew parks where it can."""

EXIT = 160.0
"""Metres; twice the inner circle, more than a standing receiver wanders between houses."""

DWELL = timedelta(seconds=30)
"""Passing through the middle at 30 km/h takes less, from the inner circle to the outer one."""

STANDING = 2.0
"""Metres per second; slower is standing. The arrival is when the wheels stop, not when the circle is entered."""


class Sample(msgspec.Struct, frozen=True):
    """A fix as seen from a place."""

    time: datetime
    distance: float  # metres from the place
    speed: float | None  # m/s


class Visit(msgspec.Struct, frozen=True):
    """A unit was there."""

    arrived_at: datetime
    left_at: datetime | None = None  # None: it is still there


class Presence:
    """Folds samples, in rising order of time, into the first visit. Samples that are not newer are ignored."""

    def __init__(self, arrived_at: datetime | None = None, *, seen: bool = True) -> None:
        """
        Args:
            arrived_at: it is known to be there since then; only its leaving is looked for.
            seen: a receiver saw it there. Somebody's word alone does not make it so: an address may be wrong by more
                than the outer circle, or the word early. Then it cannot leave a place that it was never seen at.
        """
        self._there = seen
        self.visit = None if arrived_at is None else Visit(arrived_at)
        self._last: datetime | None = arrived_at
        self._since: datetime | None = None  # of what is about to be true: that it came, or that it left
        self._stood: datetime | None = None  # when, of a coming

    def feed(self, sample: Sample) -> bool:
        """Take one more sample; whether the visit changed."""
        if (self._last is not None and sample.time <= self._last) or (self.visit and self.visit.left_at):
            return False
        self._last = sample.time
        return self._leaving(sample) if self.visit else self._coming(sample)

    def _coming(self, sample: Sample) -> bool:
        if sample.distance > EXIT:
            self._since = self._stood = None
            return False
        if self._since is None:
            if sample.distance > ENTER:
                return False
            self._since = sample.time
        standing = sample.speed is not None and sample.speed < STANDING and sample.distance <= ENTER
        if standing and self._stood is None and sample.time - self._since <= DWELL:
            self._stood = sample.time
        if sample.time - self._since < DWELL:
            return False
        self.visit = Visit(self._stood or self._since)
        self._since = self._stood = None
        return True

    def _leaving(self, sample: Sample) -> bool:
        if not self._there:
            self._there = sample.distance <= EXIT
            return False
        if self.visit is None or sample.distance <= ENTER:
            self._since = None
            return False
        if self._since is None:
            if sample.distance <= EXIT:
                return False
            self._since = sample.time
        if sample.time - self._since < DWELL:
            return False
        self.visit = Visit(self.visit.arrived_at, self._since)
        return True


def visit(samples: Iterable[Sample]) -> Visit | None:
    """The first visit that these samples, given in any order, tell of."""
    presence = Presence()
    for sample in sorted(samples, key=lambda each: each.time):
        presence.feed(sample)
    return presence.visit
