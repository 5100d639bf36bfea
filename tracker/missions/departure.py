"""When the wheels turn: the moment that a unit sets out, from its fixes alone.

A unit has set out once it is further from where it stood than a standing receiver wanders. What is told then is when it
began to roll, and not when that was beyond doubt. A fold over fixes in rising order; late ones make it start anew.
"""

from datetime import datetime

from tracker.fix import Fix
from tracker.geodesy import distance
from tracker.missions.arrival import STANDING

MOVED = 50.0
"""Metres from where it stood; a standing receiver wanders less."""


class Departure:
    """Folds fixes, in rising order of time, until the unit has set out."""

    def __init__(self, since: datetime) -> None:
        """
        Args:
            since: fixes from before, and of that moment, say nothing: it was assigned then.
        """
        self._since = since
        self._stood: Fix | None = None  # the first fix
        self._rolling: datetime | None = None  # since when it has not stood still
        self.at: datetime | None = None

    def feed(self, fix: Fix) -> bool:
        """Take one more fix; whether it has set out with it."""
        if self.at is not None or fix.time <= self._since:
            return False
        self._stood = self._stood or fix
        away = distance(self._stood.latitude, self._stood.longitude, fix.latitude, fix.longitude) > MOVED
        if away or (fix.speed is not None and fix.speed >= STANDING):
            self._rolling = self._rolling or fix.time
        else:
            self._rolling = None
        if away:
            self.at = self._rolling
        return away
