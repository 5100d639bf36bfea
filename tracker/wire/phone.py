"""What a phone's position says, whichever of the apps it comes from.

A phone mixes satellites, Wi-Fi and cells and says how sure it is: the radius of a circle that holds the true place with
68 % (Android, Location.getAccuracy). Ours is for 95 %: for errors normal and alike in both directions that is 1.62
times as much, sqrt(ln 0.05 / ln 0.32). Apple does not publish its percentage; the same factor is used.
"""

import math
from datetime import UTC, datetime, timedelta

from tracker.errors import BadInput, Reason
from tracker.fix import Fix, Quality, Solution
from tracker.wire.epoch import is_null_island

SOURCE = "phone"
"""The source of every fix of a phone; a track of its own beside the vehicle's receivers."""

TO_95 = math.sqrt(math.log(0.05) / math.log(0.32))
"""From the radius that holds 68 % to the one that holds 95 %; 1.6215. Exact for a circular normal distribution."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = 4_102_444_800  # 2100-01-01, seconds
_MILLISECONDS_FROM = 100_000_000_000  # as seconds that would be the year 5138


def instant(number: float) -> datetime:
    """UTC from UNIX time in seconds or milliseconds.

    Raises:
        BadInput: OUT_OF_RANGE, if it is before 1970 or after 2099.
    """
    seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
    if not 0 <= seconds < _LAST:  # false for NaN, too
        raise BadInput(Reason.OUT_OF_RANGE, f"the time {number!r} is none of a phone's")
    return _EPOCH + timedelta(microseconds=round(seconds * 1e6))


def fix(
    at: datetime,
    latitude: float,
    longitude: float,
    *,
    accuracy: float | None = None,
    speed: float | None = None,
    course: float | None = None,
    altitude: float | None = None,
    hdop: float | None = None,
    simulated: bool = False,
    quality: Quality = Quality.GOOD,
) -> Fix:
    """The fix of a phone's values. Negative speed, course and accuracy are how phones say that they do not know.

    Args:
        accuracy: radius that holds 68 %, metres.
        speed: m/s.
        altitude: metres above mean sea level.
        simulated: an app on the phone invents places.

    Raises:
        BadInput: OUT_OF_RANGE, for what is no place on Earth.
    """
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise BadInput(Reason.OUT_OF_RANGE, f"{latitude!r}, {longitude!r} is no place")
    if at.year < 2000:
        quality |= Quality.PAST
    if simulated:
        quality |= Quality.NOT_MEASURED
    if is_null_island(latitude, longitude):
        quality |= Quality.NULL_ISLAND
    known_course = _known(course)
    known_accuracy = _known(accuracy)
    return Fix(
        time=at,
        latitude=latitude,
        longitude=longitude,
        altitude=altitude if altitude is not None and math.isfinite(altitude) else None,
        speed=_known(speed),
        course=None if known_course is None or known_course > 360 else known_course % 360,
        hdop=_known(hdop),
        solution=Solution.SIMULATED if simulated else None,
        error=known_accuracy * TO_95 if known_accuracy else None,
        quality=quality,
    )


def _known(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) and value >= 0 else None
