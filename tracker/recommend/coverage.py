"""What a unit leaves behind: how much longer the next call waits when it is gone.

For each place where calls come from, the time of the nearest free unit counts, weighted by how many come from there.
Source: the p-median measure of coverage (Hakimi 1964), for one more call.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

UNREACHED_S = 3600.0
"""What a place counts that no unit can reach, or none within an hour: it is bad, and no worse than that."""


def losses(times: Floats, weights: Floats) -> Floats:
    """Seconds that the next call waits longer on the average without a unit, for each unit.

    Args:
        times: [units, places] seconds from each free unit to each place; NaN where unknown.
        weights: [places] how many calls come from each; not all zero.

    Returns:
        [units] seconds, 0 or more.
    """
    if times.shape[0] == 0:
        return np.zeros(0)
    known = np.where(np.isnan(times), UNREACHED_S, np.minimum(times, UNREACHED_S))
    nearest, second = np.partition(np.vstack([known, np.full(times.shape[1], UNREACHED_S)]), 1, axis=0)[:2]
    later = (second - nearest) * weights / weights.sum()
    return np.bincount(known.argmin(axis=0), weights=later, minlength=times.shape[0]).astype(np.float64)
