"""How long a fix takes from the vehicle to a browser's door, measured by both ends on one clock."""

import math
from array import array
from collections import deque
from datetime import datetime

Key = tuple[str, str, datetime]
"""Unit, source, fix time: what one fix is called on every side."""

_FORGET_AFTER_NS = 120_000_000_000
_RECENT = 200  # fixes that the live figure looks at


class LatencyMeter:
    """Joins publications with arrivals, in whichever order they become known.

    Only the newest fix of a unit travels to a browser, so under load some never arrive there. They have no
    latency, and are counted, because a median of the lucky ones would flatter.
    """

    def __init__(self) -> None:
        self.unseen = 0  # published, and replaced by a newer one before it was shown, or not shown in time
        self._published: dict[Key, int] = {}
        self._arrived: dict[Key, int] = {}
        self._last: dict[tuple[str, str], datetime] = {}
        self._all = array("d")  # milliseconds
        self._recent: deque[float] = deque(maxlen=_RECENT)

    def published(self, key: Key, at_ns: int) -> None:
        """A unit published this fix at that time (nanoseconds since 1970)."""
        self._published[key] = at_ns
        self._join(key)

    def arrived(self, key: Key, at_ns: int) -> None:
        """A client received this position at that time. The same position again, with other news of its unit,
        is none.
        """
        unit, source, fix_time = key
        if self._last.get((unit, source)) == fix_time:
            return
        self._last[unit, source] = fix_time
        self._arrived[key] = at_ns
        self._join(key)

    def forget_before(self, now_ns: int) -> None:
        """Give up on what has no counterpart by now: a demo may run for days."""
        self.unseen += _drop_old(self._published, now_ns - _FORGET_AFTER_NS)
        _drop_old(self._arrived, now_ns - _FORGET_AFTER_NS)

    @property
    def outstanding(self) -> int:
        """Fixes published and not yet seen."""
        return len(self._published)

    @property
    def seen(self) -> int:
        """Fixes that arrived."""
        return len(self._all)

    def quantile(self, share: float) -> float | None:
        """Milliseconds within which this share of all fixes seen arrived (nearest rank); None before the
        first.
        """
        return _nearest_rank(sorted(self._all), share)

    def recent_median(self) -> float | None:
        """Milliseconds, of the last fixes seen."""
        return _nearest_rank(sorted(self._recent), 0.5)

    def _join(self, key: Key) -> None:
        if key in self._published and key in self._arrived:
            elapsed_ms = (self._arrived.pop(key) - self._published.pop(key)) / 1e6
            self._all.append(elapsed_ms)
            self._recent.append(elapsed_ms)


def _drop_old(times: dict[Key, int], before_ns: int) -> int:
    """Dicts keep their order and times only rise but for a little, so the old ones are in front."""
    old = []
    for key, at_ns in times.items():
        if at_ns >= before_ns:
            break
        old.append(key)
    for key in old:
        del times[key]
    return len(old)


def _nearest_rank(rising: list[float], share: float) -> float | None:
    return rising[max(0, math.ceil(share * len(rising)) - 1)] if rising else None
