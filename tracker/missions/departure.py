"""When the wheels turn: the moment that a unit sets out, from its fixes alone.

Who stood when it was sent has set out once it is further from there than a standing receiver wanders; what is told then
is when it began to roll, and not when that was beyond doubt. Who was rolling already may be on its way home and not
have heard: it has set out once it is much nearer to where it was sent, or has stood for a while and goes on.

A fold over fixes in rising order; late ones make it start anew.
"""

from datetime import datetime, timedelta

from tracker.fix import Fix
from tracker.geodesy import distance
from tracker.missions.arrival import STANDING
from tracker.missions.mission import Place

MOVED = 50.0
"""Metres from where it stood; a standing receiver wanders less."""

NEARER = 1000.0
"""Metres nearer to its goal than it was; a street that leads elsewhere comes near by less."""

STOOD = timedelta(seconds=60)
"""So long it has stood, and was not merely held up at a crossing."""


class Departure:
    """Folds fixes, in rising order of time, until the unit has set out."""

    def __init__(self, since: datetime, goal: Place) -> None:
        """
        Args:
            since: fixes from before, and of that moment, say nothing: it was assigned then.
            goal: where it was sent.
        """
        self._since = since
        self._goal = goal
        self._first: Fix | None = None
        self._post: Fix | None = None  # where it stood; None: it was rolling, and still is
        self._halted: Fix | None = None  # of one that was rolling: since when it stands
        self._rolling: datetime | None = None  # since when it has not stood still
        self.at: datetime | None = None

    def feed(self, fix: Fix) -> bool:
        """Take one more fix; whether it has set out with it."""
        if self.at is not None or fix.time <= self._since:
            return False
        rolls = fix.speed is not None and fix.speed >= STANDING
        if self._first is None:
            self._first, self._post = fix, None if rolls else fix
        if self._post is None:
            self._halt(fix, rolls)
        if self._post is None:
            if self._to_go(self._first) - self._to_go(fix) >= NEARER:
                self.at = self._first.time
            return self.at is not None
        away = distance(self._post.latitude, self._post.longitude, fix.latitude, fix.longitude) > MOVED
        self._rolling = (self._rolling or fix.time) if away or rolls else None
        if away:
            self.at = self._rolling
        return away

    def _halt(self, fix: Fix, rolls: bool) -> None:
        """One that was rolling stands; after a while it is as if it had stood there all the time."""
        if rolls:
            self._halted = None
            return
        self._halted = self._halted or fix
        if fix.time - self._halted.time >= STOOD:
            self._post = self._halted

    def _to_go(self, fix: Fix) -> float:
        return distance(fix.latitude, fix.longitude, self._goal.latitude, self._goal.longitude)
