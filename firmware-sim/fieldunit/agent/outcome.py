"""The end of a run: wait for the receipts, then say in one line a unit what became of everything."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence

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
    return Tally(*(sum(column) for column in zip(*tallies, strict=True))) if tallies else Tally(0, 0, 0)


def line(name: str, tally: Tally, remark: str = "", *, bare: bool = False) -> str:
    """`unit=ambulans-01 sent=300 receipted=300 waiting=0 quarantined=0 declined=0`, and a remark.

    A bare device gets no receipts, so nothing is said about what became of its fixes.
    """
    counts = [f"sent={tally.sent}", f"receipted={tally.receipted}", f"waiting={tally.waiting}"]
    if not bare:
        counts += [f"quarantined={tally.quarantined}", f"declined={tally.declined}"]
    if tally.lost:
        counts.append(f"lost={tally.lost}")
    return " ".join([name, *counts, *([remark] if remark else [])])


def quarantine_sentence(tallies: Mapping[str, Tally]) -> str | None:
    """What whoever runs the units should know of fixes that the centre keeps apart; None if there are none.

    Args:
        tallies: by the unit's name.
    """
    count = sum(tally.quarantined for tally in tallies.values())
    if not count:
        return None
    # A receipt gives no reason. A unit that is not enrolled has everything refused, so that is asked first.
    refused = [name for name, each in tallies.items() if each.quarantined and each.quarantined == each.receipted]
    question = ""
    if refused:
        asked = "is the unit enrolled?" if len(refused) == 1 else "are these units enrolled?"
        question = f" ({asked} {', '.join(f'`sigap enrol {name}`' for name in refused)})"
    fixes = "1 fix lies" if count == 1 else f"{count} fixes lie"
    return f"{fixes} in the centre's quarantine and not in its tracks; `sigap quarantine` there says why{question}"
