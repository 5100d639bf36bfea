"""Latency is joined from two ends that learn of a fix in any order."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.demo.latency import LatencyMeter

_START = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
_MS = 1_000_000


def _key(second: int) -> tuple[str, str, datetime]:
    return "ambulans-01", "gnss", _START + timedelta(seconds=second)


@given(st.lists(st.booleans(), min_size=20, max_size=20))
def test_the_order_of_learning_does_not_matter(arrival_first: list[bool]) -> None:
    """Publication first or arrival first: the same figures."""
    meter = LatencyMeter()
    for second, early in enumerate(arrival_first):
        if early:
            meter.arrived(_key(second), (second * 1000 + second + 1) * _MS)
        meter.published(_key(second), second * 1000 * _MS)
        if not early:
            meter.arrived(_key(second), (second * 1000 + second + 1) * _MS)
    assert meter.seen == 20
    assert (meter.quantile(0.5), meter.quantile(0.99), meter.quantile(0)) == (10.0, 20.0, 1.0)


def test_nothing_seen_is_unknown_and_not_zero() -> None:
    """Before the first arrival there is no latency."""
    meter = LatencyMeter()
    meter.published(_key(0), 0)
    assert meter.quantile(0.5) is None
    assert meter.recent_median() is None
    assert meter.outstanding == 1


def test_only_the_first_sight_of_a_position_counts() -> None:
    """Other news of a unit carries its old position again."""
    meter = LatencyMeter()
    meter.published(_key(0), 0)
    meter.arrived(_key(0), 5 * _MS)
    meter.arrived(_key(0), 5000 * _MS)
    meter.published(_key(0), 4000 * _MS)
    assert (meter.seen, meter.quantile(1)) == (1, 5.0)


def test_what_was_never_shown_is_counted_and_forgotten() -> None:
    """A newer position may replace one before it is sent. It has no latency, and memory does not grow with
    it.
    """
    meter = LatencyMeter()
    meter.published(_key(0), 0)
    meter.published(_key(1), 200_000 * _MS)
    meter.forget_before(201_000 * _MS)
    assert (meter.unseen, meter.outstanding) == (1, 1)
