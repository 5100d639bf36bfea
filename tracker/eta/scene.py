"""How long a unit stays at a scene: a log-normal time, from the centre's own history or, without it, from elsewhere."""

import math
from statistics import NormalDist

import msgspec

from tracker.eta.straight_line import SHORTEST, Z_90, Estimate

DEFAULT_MEDIAN = 18.0 * 60
DEFAULT_P90 = 30.8 * 60
"""Seconds: medic units of San Francisco's fire department, from arrival to leaving for the hospital; its open records
of calls for service, 2,208 arrivals at hospitals, public domain."""

ENOUGH = 30
"""Stays from which on a centre's own history counts for more than another city's."""

LONGEST_SHARE = 0.999
"""Of all stays; a unit that has stayed longer is taken to leave as one at this point would."""

_NORMAL = NormalDist()


class SceneTime(msgspec.Struct, frozen=True):
    """Stays at scenes, in seconds."""

    median: float = DEFAULT_MEDIAN
    p90: float = DEFAULT_P90

    @property
    def spread(self) -> float:
        """Standard deviation of the logarithm."""
        return math.log(self.p90 / self.median) / Z_90

    def left(self, stayed: float = 0.0) -> Estimate:
        """How much longer a unit stays that has stayed for so long; of one that is yet to come, all of it."""
        gone = 0.0
        if stayed > 0:
            gone = min(LONGEST_SHARE, _NORMAL.cdf(math.log(stayed / self.median) / self.spread))
        times = (self._at(gone + part * (1 - gone)) - stayed for part in (0.1, 0.5, 0.9))
        return Estimate(*(max(SHORTEST, time) for time in times))

    def _at(self, share: float) -> float:
        return self.median * math.exp(self.spread * _NORMAL.inv_cdf(share))


def from_history(count: int, median: float | None, p90: float | None) -> SceneTime:
    """What to expect after so many stays of this centre with this median and 90th percentile (seconds)."""
    if count < ENOUGH or median is None or p90 is None or not 0 < median < p90:
        return SceneTime()
    return SceneTime(median, p90)
