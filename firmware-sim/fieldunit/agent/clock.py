"""What time it is in the vehicle: GNSS time is the truth; the system's clock is measured against it and never set.

A fix's time is believed once three in a row agree with each other and with the seconds between them, on a day that can
be: one wrong date of a receiver that starts moves nothing. From then on the time goes by the monotonic clock, which
knows no step and no time server, and each further fix puts it right again.

Pure: the readings of the clocks are arguments.
"""

from collections import deque
from datetime import UTC, date, datetime, timedelta

from tracker.measures import GPS_ROLLOVER_DAYS
from tracker.wire.dating import is_power_on_date, rolled_forward, rollovers
from tracker.wire.reports import Clock

AGREEING = 3
"""Fixes in a row that make a time believed."""

TOLERANCE_S = 2.0
"""By which they may differ from the seconds between their arrivals: a receiver says a second late what it measured."""

BUILT = date(2026, 1, 1)
"""No clock of a unit that runs this program can rightly stand before it."""

WINDOW = timedelta(days=GPS_ROLLOVER_DAYS)

LATEST = datetime(BUILT.year, BUILT.month, BUILT.day, tzinfo=UTC) + WINDOW
"""From here on a date is as impossible as before `BUILT`: within these 19 years a week number means one week."""

_SAMPLES = 60


class DeviceClock:
    """The best UTC of the unit.

    Args:
        earliest: no true time is before it.
        trust_system: whether the system's clock may stand in while there is no GNSS time.
    """

    def __init__(self, earliest: datetime, *, trust_system: bool = True) -> None:
        self._earliest = earliest
        self._trust_system = trust_system
        self._zero: datetime | None = None  # GNSS time at monotonic zero
        self._candidate: datetime | None = None
        self._agreeing = 0
        self._skews: deque[float] = deque(maxlen=_SAMPLES)

    def fix(self, at: datetime, monotonic: float, system: float) -> None:
        """A fix of `at` (aware, UTC) was heard.

        Args:
            monotonic: reading of the monotonic clock when its first sentence began to come, seconds.
            system: of the system's clock at the same moment, seconds since 1970.
        """
        if not self._can_be(at):
            return
        zero = at - timedelta(seconds=monotonic)
        if self._candidate is not None and abs((zero - self._candidate).total_seconds()) <= TOLERANCE_S:
            self._agreeing += 1
        else:
            self._agreeing = 1
        self._candidate = zero
        if self._agreeing < AGREEING:
            return
        if self._zero is not None and abs((zero - self._zero).total_seconds()) > TOLERANCE_S:
            self._skews.clear()
        self._zero = zero
        self._skews.append(system - at.timestamp())

    def now(self, monotonic: float, system: float) -> tuple[datetime, Clock]:
        """The best UTC, and which clock told it. Without a GNSS time it is the system's, right or wrong."""
        if self._zero is not None:
            return self._zero + timedelta(seconds=monotonic), Clock.GNSS
        return _from_posix(system), Clock.SYSTEM

    def witness(self, monotonic: float, system: float) -> datetime | None:
        """What may contradict a receiver's date, or stand in for it: GNSS time once believed, else the system's, if it
        is trusted and can be."""
        if self._zero is not None:
            return self._zero + timedelta(seconds=monotonic)
        told = _from_posix(system)
        return told if self._trust_system and self._can_be(told) else None

    @property
    def skew_s(self) -> float | None:
        """By how many seconds the system's clock is ahead of GNSS; None before there is GNSS time.

        A receiver needs part of a second to say what it measured, which looks as if the system were ahead. The smallest
        of the last minute's readings has the least of it, so what is left is below the receiver's own delay.
        """
        return min(self._skews, key=abs, default=None)

    def device_time(self, at: datetime, witness: datetime | None) -> datetime | None:
        """What the TAG block of an epoch says, from the date that the receiver told.

        Args:
            at: the epoch's time by the receiver's date.
            witness: as `witness` gives it.

        Returns:
            The same, if it can be; put right by weeks, if the witness contradicts it by a multiple of 1,024, or nothing
            else is known and it lies before the earliest day; else what the witness says, or None.
        """
        if witness is not None and (weeks := rollovers(witness - at)):
            return at + weeks * WINDOW
        if self._can_be(at):
            return at
        if witness is not None:
            return witness
        if at < self._earliest and not is_power_on_date(at):
            return rolled_forward(at, self._earliest)
        return None

    def _can_be(self, at: datetime) -> bool:
        return self._earliest <= at < LATEST


def _from_posix(seconds: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
