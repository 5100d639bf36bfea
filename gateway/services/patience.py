"""How long what came late waits for more of its kind before it is looked at: longer each time, while more keeps coming.

A unit that sends its backlog makes the same track, or the same mission, late again and again; each look reads it whole.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

FIRST_S = 3.0
MOST_S = 60.0
"""Twice as long each time up to this; from the beginning again when nothing was late for as long."""

Key = TypeVar("Key", bound=Hashable)


class Patience(Generic[Key]):
    """Of things that each have a name."""

    def __init__(self) -> None:
        self._last: dict[Key, tuple[float, float]] = {}  # when it was due last, and the wait before that
        self._cleared = float("-inf")

    def due(self, key: Key, now: float) -> float:
        """When a thing that has just become late is looked at, in seconds of the clock that ``now`` is of."""
        if now - self._cleared >= MOST_S:  # once in a while: this stands before receipts
            self._last = {each: last for each, last in self._last.items() if now - last[0] < MOST_S}
            self._cleared = now
        last, before = self._last.get(key, (0.0, 0.0))
        wait = min(MOST_S, 2 * before) if before and now - last < MOST_S else FIRST_S
        self._last[key] = now + wait, wait
        return now + wait
