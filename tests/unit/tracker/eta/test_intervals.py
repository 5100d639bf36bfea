"""Conformal intervals: they cover what they promise, whatever the distribution."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from tracker.eta.intervals import FALLBACK_SPREAD, FEWEST, Horizon, Intervals, conformal
from tracker.eta.straight_line import SHORTEST, Z_90


def test_before_anything_is_known_the_fallback_stands() -> None:
    """Ten minutes become a log-normal interval of the stated spread, and so they stay with too few residuals."""
    for intervals in (Intervals(), conformal([100.0] * (FEWEST - 1), [900.0] * (FEWEST - 1))):
        eta = intervals.around(600)
        assert eta.p50 == pytest.approx(600)
        assert eta.p90 / 600 == pytest.approx(math.exp(Z_90 * FALLBACK_SPREAD))
        assert eta.p10 * eta.p90 == pytest.approx(600**2)


@pytest.mark.parametrize("kind", ["normal", "skew", "heavy"])
def test_four_of_five_new_trips_lie_within(kind: str) -> None:
    """Calibrated on 300 trips, tried on 20,000 of the same kind: 80 % within, 10 % on each side, to 3 points."""
    chance = np.random.default_rng(11)

    def draw(size: int) -> NDArray[np.float64]:
        if kind == "normal":
            return chance.normal(0.05, 0.3, size)
        return chance.exponential(0.3, size) if kind == "skew" else 0.15 * chance.standard_t(3, size)

    below = above = 0.0
    for _ in range(10):
        predicted = chance.uniform(100, 1500, 300)
        intervals = conformal(predicted, predicted * np.exp(draw(300)))
        new = chance.uniform(100, 1500, 2000)
        actual = new * np.exp(draw(2000))
        etas = [intervals.around(seconds) for seconds in new.tolist()]
        below += float(np.mean([seconds < eta.p10 for seconds, eta in zip(actual, etas, strict=True)])) / 10
        above += float(np.mean([seconds > eta.p90 for seconds, eta in zip(actual, etas, strict=True)])) / 10
    assert below == pytest.approx(0.1, abs=0.03)
    assert above == pytest.approx(0.1, abs=0.03)


def test_short_and_long_trips_have_spreads_of_their_own() -> None:
    """Short trips that err by half and long ones by a tenth: so do their intervals."""
    chance = np.random.default_rng(5)
    predicted = np.concatenate((np.full(200, 120.0), np.full(200, 1200.0)))
    spread = np.where(predicted < 500, 0.5, 0.1)
    intervals = conformal(predicted, predicted * np.exp(chance.normal(0, spread)))
    short, long = intervals.around(100), intervals.around(1500)
    assert math.log(short.p90 / short.p10) > 3 * math.log(long.p90 / long.p10)


def test_all_horizons_have_one_middle() -> None:
    """The median of all, or the one that is given; the ends lie on its two sides even where all erred to one."""
    chance = np.random.default_rng(6)
    predicted = chance.uniform(60, 1500, 600)
    actual = predicted * np.exp(chance.normal(0.2, 0.1, 600))
    own, given = conformal(predicted, actual), conformal(predicted, actual, median=0.0)
    assert [horizon.p50 for horizon in given.horizons] == [0.0] * len(given.horizons)
    assert own.horizons[0].p50 == pytest.approx(0.2, abs=0.02)
    assert len({horizon.p50 for horizon in own.horizons}) == 1
    for horizon, other in zip(own.horizons, given.horizons, strict=True):
        assert other.p10 <= 0.0 < horizon.p50 < horizon.p90 == other.p90


def test_an_interval_does_not_jump_while_a_unit_comes_nearer() -> None:
    """From one second of predicted time to the next no quantile moves by more than 2 %."""
    intervals = Intervals(
        (Horizon(0, -0.5, 0.1, 0.6, 90), Horizon(240, -0.3, 0, 0.4, 90), Horizon(480, -0.2, 0, 0.2, 90))
    )
    for seconds in range(60, 1500):
        one, next_ = intervals.around(seconds), intervals.around(seconds + 1)
        for name in ("p10", "p50", "p90"):
            assert abs(getattr(next_, name) / getattr(one, name) - 1) < 0.02


def test_an_arrival_is_never_zero() -> None:
    """Also of no time at all: the shortest estimate, in order."""
    eta = Intervals().around(0.0)
    assert SHORTEST == eta.p10 == eta.p50 == eta.p90
