"""What the gateway judges about a fix, and how long a fix stays worth looking at.

Flags of the message alone (0, 0; before 2000; rollover) are set where it is read, in ``tracker.wire``. One named
predicate per check; every threshold is a constant with its reason.
"""

from datetime import datetime, timedelta

import msgspec

from tracker.fix import Fix, Quality

AHEAD_TOLERANCE = timedelta(seconds=60)
"""How far a fix may lie ahead of the gateway's clock. GNSS time is right to the microsecond; a modem's or phone's
clock, and the gateway's own without a time server, may be seconds off; a minute is a fault (or 2080)."""

FASTEST = 100.0
"""Metres per second that a unit may claim: rescue helicopters reach 85, ambulances half of that."""

STALE_FLOOR = 60.0
"""Seconds; a fix younger than this is never called stale, however often the unit means to report."""

LOST_FACTOR = 3.0
"""A unit is lost when its fix is this many times older than stale: 180 s for a unit that reports every second."""


def is_ahead(fix_time: datetime, received_at: datetime) -> bool:
    """Whether the fix claims a time that had not come yet when it was received."""
    return fix_time - received_at > AHEAD_TOLERANCE


def is_too_fast(speed: float | None) -> bool:
    """Whether a speed over ground, m/s, is none that a unit can have."""
    return speed is not None and speed > FASTEST


def judged(fix: Fix, received_at: datetime) -> Fix:
    """The fix with the flags of this module added."""
    doubts = Quality.GOOD
    if is_ahead(fix.time, received_at):
        doubts |= Quality.FUTURE
    if is_too_fast(fix.speed):
        doubts |= Quality.IMPOSSIBLE_SPEED
    return msgspec.structs.replace(fix, quality=fix.quality | doubts) if doubts else fix


def stale_after(report_interval: float | None) -> float:
    """Age in seconds at which a fix is stale: max(60, twice the announced interval + 10).

    Args:
        report_interval: what the unit announced, seconds; None when it never did, judged like a second.
    """
    return STALE_FLOOR if report_interval is None else max(STALE_FLOOR, 2 * report_interval + 10)


def lost_after(report_interval: float | None) -> float:
    """Age in seconds at which a position says nothing about where the unit is now."""
    return LOST_FACTOR * stale_after(report_interval)
