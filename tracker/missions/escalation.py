"""An assignment that nobody acknowledges does not wait for somebody to notice: what happens, and when.

A crew may be asleep, out of coverage or off guard. The steps follow from the time since the assignment alone, so a
gateway that was away does what it missed, each once and in order.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

import msgspec


class Step(StrEnum):
    """What is done."""

    AGAIN = "again"  # send the assignment again, and sound on the board
    NEXT_UNIT = "next-unit"  # propose the next unit; assign it, if the centre's profile says so
    SUPERVISOR = "supervisor"  # reach somebody who is not looking


class Ladder(msgspec.Struct, frozen=True):
    """After how many seconds without an acknowledgement each step comes; rising."""

    again_s: float = 30.0
    next_unit_s: float = 60.0
    supervisor_s: float = 120.0

    def __post_init__(self) -> None:
        seconds = [0.0, *(after for _, after in self._rungs())]
        if any(later <= earlier for earlier, later in pairwise(seconds)):
            raise ValueError("the steps of an escalation come one after the other")

    def _rungs(self) -> Iterator[tuple[Step, float]]:
        yield Step.AGAIN, self.again_s
        yield Step.NEXT_UNIT, self.next_unit_s
        yield Step.SUPERVISOR, self.supervisor_s

    def due(self, assigned_at: datetime, done: int, now: datetime) -> list[tuple[Step, datetime]]:
        """The steps that are due and not done, each with when it became due.

        Args:
            assigned_at: of the assignment that nobody has acknowledged.
            done: how many steps were done already.
            now: the time.
        """
        rungs = [(step, assigned_at + timedelta(seconds=after)) for step, after in self._rungs()]
        return [(step, at) for step, at in rungs[done:] if at <= now]

    def next_due(self, assigned_at: datetime, done: int) -> datetime | None:
        """When to look again; None when all steps were done."""
        rest = list(self._rungs())[done:]
        return assigned_at + timedelta(seconds=rest[0][1]) if rest else None
