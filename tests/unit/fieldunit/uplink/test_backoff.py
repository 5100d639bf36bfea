"""Full jitter: waits from the whole range, growing, bounded, never nothing."""

import random

from fieldunit.uplink.backoff import Backoff


def test_waits_are_drawn_from_a_range_that_doubles_up_to_the_maximum() -> None:
    """From 1 s to 60 s, over the whole range: that is what keeps a fleet from coming back in one instant."""
    ceilings = [1, 2, 4, 8, 16, 32, 60, 60, 60]
    highest = [0.0] * len(ceilings)
    for seed in range(400):
        backoff = Backoff(1, 60, random.Random(seed))
        for at, ceiling in enumerate(ceilings):
            wait = backoff.next_wait()
            assert 0.05 <= wait <= ceiling
            highest[at] = max(highest[at], wait)
    assert all(high > 0.9 * ceiling for high, ceiling in zip(highest, ceilings, strict=True))


def test_a_success_begins_again_from_the_minimum() -> None:
    """After a connection that held."""
    backoff = Backoff(1, 60, random.Random(1))
    for _ in range(1000):
        backoff.next_wait()
    backoff.succeeded()
    assert backoff.next_wait() <= 1
