"""One position of one vehicle at one instant, and how far it can be trusted.

Unknown is None, never zero. Field meanings follow NMEA 0183 (GGA, GNS, GSA, GST) and gpsd's gps.h.
"""

from datetime import datetime
from enum import IntEnum, IntFlag

import msgspec


class Mode(IntEnum):
    """Dimension of the solution (GSA field 2)."""

    TWO_D = 2
    THREE_D = 3


class Solution(IntEnum):
    """How the position came about (GGA field 6; GNS and RMC letters map to the same numbers)."""

    AUTONOMOUS = 1  # A
    DIFFERENTIAL = 2  # D
    PRECISE = 3  # P, PPS
    RTK_FIXED = 4  # R
    RTK_FLOAT = 5  # F
    ESTIMATED = 6  # E, dead reckoning
    MANUAL = 7  # M
    SIMULATED = 8  # S


class Quality(IntFlag):
    """What is known against a fix; zero is good. Stored as an integer: never renumber, only append."""

    GOOD = 0
    NULL_ISLAND = 1  # within a hundred metres of 0, 0: a receiver's empty memory
    FUTURE = 2  # the fix time is ahead of the receive time by more than a clock can be wrong
    PAST = 4  # before 2000: a receiver that has not yet learned the date
    DATED_ON_RECEIPT = 8  # the message held no date at all; ours is the gateway's day
    ROLLOVER_REPAIRED = 16  # the date was off by a multiple of 1024 weeks, and was put right
    DATE_DISPUTED = 32  # the sentences' date and the device's clock differ by over a day, and not by a rollover
    NOT_MEASURED = 64  # dead reckoning, manual or simulator mode
    IMPOSSIBLE_SPEED = 128  # no road vehicle and no helicopter is that fast; the place may still be right
    JUMP = 256  # nothing gets there from where the unit was (tracker.track)
    SWAPPED = 512  # a jump that is none with latitude and longitude exchanged
    FROZEN = 1024  # the same place to the last digit, while the receiver itself says that it moves
    IMPOSSIBLE_ACCELERATION = 2048  # no vehicle gains or loses speed so fast; the place may still be right

    @property
    def usable(self) -> bool:
        """Whether the fix may move a live marker: what is merely repaired or noted still may."""
        return not self & UNUSABLE

    @property
    def reasons(self) -> list[str]:
        """Names of all flags set, as the API shows them: ``["null-island"]``; empty when good."""
        return [flag.name.lower().replace("_", "-") for flag in type(self) if flag in self and flag.name]


TRACK_FLAGS = Quality.JUMP | Quality.SWAPPED | Quality.FROZEN | Quality.IMPOSSIBLE_ACCELERATION
"""Flags that only the fixes before and behind can tell: they come after the fix was stored, and may go again."""

UNUSABLE = (
    Quality.NULL_ISLAND
    | Quality.FUTURE
    | Quality.PAST
    | Quality.DATE_DISPUTED
    | Quality.JUMP
    | Quality.SWAPPED
    | Quality.FROZEN
)
"""Flags that keep a fix from moving a live marker."""


class Fix(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A position with its instant. A struct, not a dataclass: the gateway makes tens of thousands a second."""

    time: datetime  # of the fix, aware, UTC; to the microsecond
    latitude: float  # degrees, WGS 84, north positive, -90..90
    longitude: float  # degrees, WGS 84, east positive, -180..180
    altitude: float | None = None  # metres above mean sea level
    speed: float | None = None  # over ground, m/s, never negative
    course: float | None = None  # over ground, degrees from true north, 0 <= course < 360
    mode: Mode | None = None
    solution: Solution | None = None
    satellites: int | None = None  # used in the solution
    hdop: float | None = None  # horizontal dilution of precision, dimensionless
    error: float | None = None  # horizontal, metres, 95 % confidence; only where the receiver estimates it (GST)
    quality: Quality = Quality.GOOD
