"""The day's data: what is sent less often, and when, so that the budget lasts until midnight (UTC).

The order of sacrifice. Of a day's bytes

    above 40 % left   everybody reports as the policy wants
    below 40 %        drives without a mission and parked units are stretched
    below 20 %        missions as well
    below 10 %        drives with lights as well
    below  3 %        fixes end for the day; what is left is for statuses, emergencies and the protocol

Stretched is: so far that the bytes down to the next line last until midnight, but never beyond a fix each 15 minutes
while there is anything above the last line. An emergency and what the crew says are never asked: they go, even beyond
the budget.
"""

from datetime import UTC, date, datetime, time, timedelta

from fieldunit.sampling.situation import Situation

RESERVE = 0.03
"""Share of the day's bytes that fixes never touch."""

HEARTBEAT_S = 900.0
"""The longest a stretched interval becomes."""

_AT_ONCE = 3  # fixes that one fix can release: itself, and the one before it in two epochs

_BEGINS = {Situation.DRIVING: 0.4, Situation.PARKED: 0.4, Situation.ON_CALL: 0.2, Situation.LIGHTS: 0.1}
_ENDS = {Situation.DRIVING: 0.2, Situation.PARKED: 0.2, Situation.ON_CALL: 0.1, Situation.LIGHTS: RESERVE}


class Budget:
    """What was spent of a day.

    Args:
        limit: bytes a day; None: no limit, and everything is only counted.
        day: UTC.
        spent: bytes of that day, from a run before this one.
    """

    def __init__(self, limit: int | None, day: date, spent: int = 0) -> None:
        self.limit = limit
        self._day = day
        self._spent = spent
        self._meter: int | None = None  # of the uplink, when it was read last
        self._metered = spent  # what the uplink's meter adds up to on this day

    @property
    def day(self) -> date:
        """Of which `spent` is."""
        return self._day

    def spent(self, now: datetime) -> int:
        """Bytes of today: reserved for fixes, or measured by the uplink, whichever is more."""
        self._turn(now)
        return max(self._spent, self._metered)

    def reserve(self, size: int, now: datetime) -> None:
        """A fix of so many bytes is reported."""
        self._turn(now)
        self._spent += size

    def measured(self, meter: int, now: datetime) -> None:
        """The uplink's meter, bytes since its start: it knows of resends and of what was received."""
        self._turn(now)
        if self._meter is not None:
            self._metered += max(0, meter - self._meter)
        self._meter = meter

    def allowed_interval(self, situation: Situation, wanted_s: float, cost: float, now: datetime) -> float | None:
        """Seconds between fixes that the budget allows; None: no fix at all.

        Args:
            wanted_s: by the policy.
            cost: bytes of a fix.
        """
        if self.limit is None or situation is Situation.EMERGENCY:
            return wanted_s
        left = self.limit - self.spent(now)
        if left - RESERVE * self.limit < _AT_ONCE * cost:
            return None
        if left >= _BEGINS[situation] * self.limit:
            return wanted_s
        share = left - _ENDS[situation] * self.limit
        if share < cost:
            return max(wanted_s, HEARTBEAT_S)
        return max(wanted_s, min(HEARTBEAT_S, cost * self._seconds_left(now) / share))

    def _seconds_left(self, now: datetime) -> float:
        midnight = datetime.combine(self._day + timedelta(days=1), time(), UTC)
        return max((midnight - now).total_seconds(), 1.0)

    def _turn(self, now: datetime) -> None:
        """A new day begins. A clock that steps back does not bring the old one again: what was spent stays spent."""
        if now.date() > self._day:
            self._day, self._spent, self._metered = now.date(), 0, 0
