"""What a track says about its own fixes: jumps, swapped coordinates, a frozen receiver, an impossible acceleration.

One fold over the fixes of one source of one unit, in the order of their times. Nothing is thrown away: a fix gets a
flag, and whoever follows the unit passes it over.

A fix is compared with the last one that was believed, the anchor. What cannot be reached from there is a rival. It
takes the anchor's place when three fixes in a row agree among themselves and either nothing has spoken for the anchor
for a minute or too little ever did. So one wild fix moves nothing, a wild spell of less than a minute is flagged from
end to end, a first fix that was wrong is outvoted, and after a tunnel, a ferry or a night in the workshop the track is
taken up again with the third fix, wherever that is: a filter that never forgives would lose the vehicle for good.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from tracker.fix import TRACK_FLAGS, UNUSABLE, Fix, Quality
from tracker.geodesy import distance

FASTEST = 70.0
"""Metres per second between two fixes: 252 km/h, over any ambulance and all but the fastest rescue helicopters."""

ERROR = 150.0
"""Metres by which two fixes together may be off and still be honest: cold starts and street canyons give 50 to 100."""

HARDEST = 12.0
"""Metres per second squared: tyres on dry asphalt hold 10 and a crash is over between two fixes."""

SPEED_ERROR = 4.0
"""Metres per second by which two reported speeds may differ whatever time lies between: receivers smooth and lag."""

FORGIVEN_S = 60.0
"""Seconds without a word for the anchor after which agreeing rivals are believed."""

AGREEING = 3
"""How many fixes in a row must agree to be believed."""

MOVING = 2.0
"""Metres per second from which a receiver's own speed says that the vehicle moves: below, it may be noise."""

UNMISTAKABLE = 5.0
"""Metres that a vehicle must have gone by its own speed before the same place to the last digit is called frozen."""

SETTLED_S = 600.0
"""Seconds of track after which a fold that began there agrees with one that began long before."""

_UNFIT = UNUSABLE & ~TRACK_FLAGS


class TrackJudge:
    """One source of one unit. Feed it the fixes in the order of their times.

    What stands in the fixes' own ``quality`` is heeded, but for the flags given here: judging twice changes nothing.

    Args:
        believed: the last fix of the track that was believed, where the judge takes over from another.
    """

    def __init__(self, believed: Fix | None = None) -> None:
        self._anchor = None if believed is None else _Run(believed, AGREEING)
        self._rival: _Run | None = None
        self._steady: Fix | None = None  # the last one whose speed was believed
        self._unsteady: _Run | None = None  # those whose speed was not, agreeing among themselves
        self._before = believed
        self._gone_m = 0.0  # by its own speed, since it came to the place where it still is

    @property
    def time(self) -> datetime | None:
        """Of the newest fix taken; None before the first."""
        return None if self._before is None else self._before.time

    def feed(self, fix: Fix) -> Quality:
        """Take the next fix.

        Returns:
            Those of `TRACK_FLAGS` that hold for it.

        Raises:
            ValueError: it is not newer than the one before.
        """
        before = self._before
        if before is not None and fix.time <= before.time:
            raise ValueError("fixes of a track are judged in the order of their times")
        if fix.quality & _UNFIT:  # its time or its place is nothing to compare with
            return Quality.GOOD
        self._before = fix
        if self._is_frozen(before, fix):
            return Quality.FROZEN  # and no anchor: when it thaws, the way since it froze counts
        flags = self._displaced(fix)
        if not flags and self._is_jerk(fix):
            flags |= Quality.IMPOSSIBLE_ACCELERATION
        return flags

    def _displaced(self, fix: Fix) -> Quality:
        anchor, rival = self._anchor, self._rival
        if anchor is None or reaches(anchor.last, fix):
            self._anchor = _joined(anchor, fix)
            self._rival = None
            return Quality.GOOD
        self._rival = rival = _joined(rival if rival is not None and reaches(rival.last, fix) else None, fix)
        silent = (fix.time - anchor.last.time).total_seconds()
        if rival.fixes >= AGREEING and (silent > FORGIVEN_S or anchor.fixes < AGREEING):
            self._anchor, self._rival = rival, None
            self._steady = self._unsteady = None
            return Quality.GOOD
        return Quality.SWAPPED if _is_swapped(anchor.last, fix) else Quality.JUMP

    def _is_frozen(self, before: Fix | None, fix: Fix) -> bool:
        """Whether the place is the same to the last digit while the receiver's own speed says otherwise.

        Once it is frozen it stays so until the place changes, also while the vehicle waits at a red light.
        """
        if before is None or (before.latitude, before.longitude) != (fix.latitude, fix.longitude):
            self._gone_m = 0.0
        elif self._gone_m < UNMISTAKABLE:
            slowest = min(before.speed or 0.0, fix.speed or 0.0)
            seconds = (fix.time - before.time).total_seconds()
            self._gone_m = self._gone_m + slowest * seconds if slowest >= MOVING else 0.0
        return self._gone_m >= UNMISTAKABLE

    def _is_jerk(self, fix: Fix) -> bool:
        if fix.speed is None:
            return False
        if self._steady is not None and _is_jerk(self._steady, fix):
            unsteady = self._unsteady
            self._unsteady = _joined(None if unsteady is None or _is_jerk(unsteady.last, fix) else unsteady, fix)
            if self._unsteady.fixes < AGREEING:
                return True
        self._steady, self._unsteady = fix, None
        return False


class _Run(msgspec.Struct, frozen=True):
    """Fixes that agree, each with the one before."""

    last: Fix
    fixes: int


def judged_track(fixes: Iterable[Fix]) -> list[Fix]:
    """The fixes of one source in the order of their times, each with the flags of this module and no old ones of it.

    Raises:
        ValueError: two fixes have one time.
    """
    judge = TrackJudge()
    judged = []
    for fix in sorted(fixes, key=lambda each: each.time):
        flags = judge.feed(fix)
        judged.append(msgspec.structs.replace(fix, quality=fix.quality & ~TRACK_FLAGS | flags))
    return judged


def reaches(earlier: Fix, later: Fix) -> bool:
    """Whether a vehicle can get from one fix to the other, with what both may be off."""
    seconds = (later.time - earlier.time).total_seconds()
    fastest = FASTEST
    if earlier.speed is not None and later.speed is not None:
        fastest = min(fastest, max(earlier.speed, later.speed) + HARDEST * seconds)
    way = distance(earlier.latitude, earlier.longitude, later.latitude, later.longitude)
    return way <= fastest * seconds + ERROR


def _joined(run: _Run | None, fix: Fix) -> _Run:
    return _Run(fix, 1 if run is None else run.fixes + 1)


def _is_swapped(anchor: Fix, fix: Fix) -> bool:
    if abs(fix.longitude) > 90:
        return False
    return reaches(anchor, msgspec.structs.replace(fix, latitude=fix.longitude, longitude=fix.latitude))


def _is_jerk(earlier: Fix, later: Fix) -> bool:
    if earlier.speed is None or later.speed is None:
        return False
    seconds = (later.time - earlier.time).total_seconds()
    return abs(later.speed - earlier.speed) > HARDEST * seconds + SPEED_ERROR
