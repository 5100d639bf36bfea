"""What a unit leaves behind, against taking each one away and looking."""

import numpy as np
import pytest

from tracker.recommend.coverage import UNREACHED_S, losses


def by_hand(times: np.ndarray, weights: np.ndarray) -> list[float]:
    """The mean time of the nearest unit, with all and without each."""

    def mean(left: np.ndarray) -> float:
        known = np.where(np.isnan(left), UNREACHED_S, np.minimum(left, UNREACHED_S))
        nearest = known.min(axis=0) if len(known) else np.full(times.shape[1], UNREACHED_S)
        return float((nearest * weights).sum() / weights.sum())

    return [mean(np.delete(times, unit, axis=0)) - mean(times) for unit in range(len(times))]


@pytest.mark.parametrize("units", [1, 2, 3, 40])
def test_each_loss_is_that_of_a_region_without_the_unit(units: int) -> None:
    """With unknown times, times beyond the hour, and units at one and the same place."""
    chance = np.random.default_rng(units)
    for _ in range(50):
        times = chance.uniform(0, 4500, (units, 28))
        times[chance.random(times.shape) < 0.1] = np.nan
        times[:, chance.integers(28)] = 700.0
        weights = chance.uniform(0, 5, 28)
        assert losses(times, weights).tolist() == pytest.approx(by_hand(times, weights), abs=1e-6)


def test_without_units_there_is_nothing_to_lose() -> None:
    """And no mistake."""
    assert losses(np.zeros((0, 3)), np.ones(3)).shape == (0,)
