"""When to try again: exponential back-off with full jitter, so that a fleet does not come back in one instant.

After AWS Architecture Blog, "Exponential Backoff And Jitter" (2015): the wait is drawn from the whole of
0..ceiling. paho's own reconnect doubles without jitter, so it is not used.
"""

import random


class Backoff:
    """Waits for one thing that is tried again and again.

    Args:
        minimum: ceiling of the first wait, seconds.
        maximum: ceiling of any wait, seconds.
        chance: source of randomness; an argument so that tests can know the waits.
    """

    def __init__(self, minimum: float = 1.0, maximum: float = 60.0, chance: random.Random | None = None) -> None:
        self.minimum = minimum
        self._maximum = maximum
        self._chance = chance or random.Random()  # noqa: S311 - spreads load, guards nothing
        self._failures = 0

    def next_wait(self) -> float:
        """Seconds to wait before the next try; at least a twentieth of the minimum, so that nothing ever spins."""
        ceiling = min(self._maximum, self.minimum * 2 ** min(self._failures, 30))
        self._failures += 1
        return max(self._chance.uniform(0, ceiling), self.minimum / 20)

    def succeeded(self) -> None:
        """Begin again from the minimum."""
        self._failures = 0
