"""How far an arrival time may be off: split-conformal intervals from what earlier trips did.

The errors of travel times are multiplicative and nearly log-normal (Aladdini 2010; Budge, Ingolfsson and Zerom 2010),
and their spread falls with the length of the trip. So the residual is log(actual / predicted), and its quantiles are
taken in horizons of the predicted time. Split-conformal (Vovk et al.; Papadopoulos et al., 2002): the quantile of n
residuals of trips the model has not learned from, at rank ceil((n + 1) q), holds for the next trip whatever
the distribution, as long as that trip is of the same kind.
"""

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.eta.straight_line import SHORTEST, Z_90, Estimate

FALLBACK_SPREAD = 0.30
"""Standard deviation of log(actual / predicted) before anything is known. Measured on taxis: 0.29 with learned speeds
in Porto, 0.25 in Jakarta."""

FEWEST = 60
"""Residuals that a horizon needs for quantiles of its own: with fewer, the outer tenth is a handful of trips."""

HORIZONS = (240.0, 480.0)
"""Seconds of predicted time at which a new horizon begins: about the thirds of urban trips."""

TAILS = (0.1, 0.9)


class Horizon(msgspec.Struct, frozen=True):
    """Quantiles of log(actual / predicted) for predictions of at least this many seconds."""

    begins: float
    p10: float
    p50: float
    p90: float
    residuals: int  # that they are from; 0 for the fallback


class Intervals(msgspec.Struct, frozen=True):
    """From a predicted time to an estimate. Horizons rise; the first begins at 0."""

    horizons: tuple[Horizon, ...] = (Horizon(0.0, -Z_90 * FALLBACK_SPREAD, 0.0, Z_90 * FALLBACK_SPREAD, 0),)

    def around(self, seconds: float) -> Estimate:
        """The estimate for a prediction of so many seconds; never below `SHORTEST`.

        Between the middles of two horizons their quantiles are mixed, so that an interval does not jump while a unit
        comes nearer.
        """
        return Estimate(*self.spread(seconds).tolist())

    def spread(self, seconds: ArrayLike) -> NDArray[np.float64]:
        """`around` for many predictions: p10, p50 and p90 of each in seconds, float64[3, ...]; NaN stays NaN."""
        given = np.asarray(seconds, np.float64)
        middles = self._middles
        quantiles = [
            np.interp(given, middles, [getattr(horizon, name) for horizon in self.horizons])
            for name in ("p10", "p50", "p90")
        ]
        found: NDArray[np.float64] = np.maximum(SHORTEST, given * np.exp(quantiles))
        return found

    @property
    def _middles(self) -> list[float]:
        begins = [horizon.begins for horizon in self.horizons]
        ends = [*begins[1:], begins[-1] * 2.0 or 1.0]
        return [(begin + end) / 2 for begin, end in zip(begins, ends, strict=True)]


def conformal(
    predicted: ArrayLike, actual: ArrayLike, horizons: Sequence[float] = HORIZONS, median: float | None = None
) -> Intervals:
    """Intervals from predictions, in seconds, for trips that were not learned from, and how long those took.

    A horizon with fewer than `FEWEST` of them takes the quantiles of all; if all are fewer, the fallback stands.

    Args:
        predicted: [k] seconds.
        actual: [k] seconds.
        horizons: seconds of predicted time, rising.
        median: of log(actual / predicted), where it is known from elsewhere. Else that of all residuals: a third of
            them would give each horizon a middle of its own, at the price of as much noise as there is to be won.
    """
    predicted, actual = np.asarray(predicted, np.float64), np.asarray(actual, np.float64)
    residuals = np.log(actual / predicted)
    if len(residuals) < FEWEST:
        return Intervals()
    middle = float(np.median(residuals)) if median is None else median
    begins = [0.0, *horizons]
    which = np.searchsorted(begins, predicted, side="right") - 1
    found = []
    for number, begin in enumerate(begins):
        own = residuals[which == number]
        sample = own if len(own) >= FEWEST else residuals
        low, high = (_quantile(sample, quantile) for quantile in TAILS)
        found.append(Horizon(begin, min(low, middle), middle, max(high, middle), len(sample)))
    return Intervals(tuple(found))


def _quantile(sample: NDArray[np.float64], quantile: float) -> float:
    """The conformal quantile: for the lower half the mirrored rank, so that both tails are covered alike."""
    if quantile < 0.5:
        return -_quantile(-sample, 1.0 - quantile)
    rank = min(len(sample), math.ceil((len(sample) + 1) * quantile))
    return float(np.sort(sample)[rank - 1])
