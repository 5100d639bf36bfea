"""One NMEA 0183 sentence as values: what both readers (`nmea`, `nmea_fast`) give and what `epoch` puts together.

One class for all eight sentences of interest and not eight classes: an epoch is the union of its sentences, and every
field means the same wherever it comes from. What a sentence does not carry, or carries empty, is None.
"""

from datetime import date

import msgspec

from tracker.fix import Mode, Solution

MICROSECONDS = 1_000_000
"""In one second; times of day are counted in microseconds."""

DAY = 86_400 * MICROSECONDS
"""Microseconds in one day without a leap second."""

KINDS = frozenset({"RMC", "GGA", "GNS", "GLL", "VTG", "GSA", "GST", "ZDA"})
"""The sentences of interest. All others are recognised and passed over."""

PLACING = frozenset({"RMC", "GGA", "GNS", "GLL"})
"""The sentences that carry a position: their time of day is the fix's."""

LETTERS = {
    "A": Solution.AUTONOMOUS,
    "D": Solution.DIFFERENTIAL,
    "P": Solution.PRECISE,
    "R": Solution.RTK_FIXED,
    "F": Solution.RTK_FLOAT,
    "E": Solution.ESTIMATED,
    "M": Solution.MANUAL,
    "S": Solution.SIMULATED,
}
"""Mode letters of RMC, GLL, GNS and VTG (NMEA 2.3 and later). N, "not valid", is no solution and is not here."""

BEST_FIRST = "RFPDAEMS"
"""Mode letters by what the position is worth; a GNS sentence has one letter for each constellation."""


class Sentence(msgspec.Struct, frozen=True):
    """The values of one sentence, SI, None where it does not tell."""

    kind: str  # one of KINDS
    talker: str  # two letters: GP, GN, IN
    time: int | None = None  # of day, UTC, microseconds; second 60 of a leap second gives DAY or more
    valid: bool | None = None  # whether the receiver claims a position: status, quality, mode letters
    latitude: float | None = None  # degrees, north positive
    longitude: float | None = None  # degrees, east positive; None exactly when latitude is
    digits: int = 0  # decimals of the minutes of latitude; receivers print longitude alike
    altitude: float | None = None  # metres above mean sea level
    speed: float | None = None  # m/s over ground
    course: float | None = None  # degrees true, 0 <= course < 360
    day: date | None = None  # UTC, of this sentence's own time of day
    short_year: bool = False  # `day` comes from a two-digit year
    mode: Mode | None = None
    solution: Solution | None = None
    satellites: int | None = None  # used
    hdop: float | None = None
    deviation_north: float | None = None  # standard deviation of latitude, metres
    deviation_east: float | None = None  # standard deviation of longitude, metres
