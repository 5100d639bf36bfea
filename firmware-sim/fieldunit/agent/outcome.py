"""The end of a run: wait for the receipts, then say in one line a unit what became of everything."""

import threading
import time
from collections.abc import Callable, Sequence

from fieldunit.agent.unit import ReportingUnit
from fieldunit.uplink.delivery import Tally

_LOOK_EVERY_S = 0.1


def drain(
    units: Sequence[ReportingUnit], seconds: float, stop: threading.Event, look: Callable[[], None] = lambda: None
) -> bool:
    """Wait until nothing waits.

    Args:
        units: those that have coverage.
        seconds: to wait at most.
        stop: set by whoever will not wait.
        look: called every tenth of a second.

    Returns:
        Whether nothing waits.
    """
    deadline = time.monotonic() + seconds
    while any(unit.tally().waiting for unit in units):
        look()
        if stop.wait(min(_LOOK_EVERY_S, max(0.0, deadline - time.monotonic()))) or time.monotonic() >= deadline:
            return not any(unit.tally().waiting for unit in units)
    return True


def total(tallies: Sequence[Tally]) -> Tally:
    """All units together."""
    return Tally(*(sum(column) for column in zip(*tallies, strict=True))) if tallies else Tally(0, 0, 0, 0)


def line(name: str, tally: Tally, remark: str = "") -> str:
    """`unit=ambulans-01 sent=300 receipted=300 waiting=0`, and a remark."""
    counts = [f"sent={tally.sent}", f"receipted={tally.receipted}", f"waiting={tally.waiting}"]
    if tally.lost:
        counts.append(f"lost={tally.lost}")
    return " ".join([name, *counts, *([remark] if remark else [])])
