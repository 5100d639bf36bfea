"""Receipts waiting to be sent: merged per outbox, at most one a second for each unit."""

from collections.abc import Sequence

import msgspec

from gateway.services.accept_messages import Handled
from tracker.wire.receipt import Range, Receipt, to_ranges

INTERVAL_S = 1.0
"""Seconds between two receipts to the same unit, at the least."""

MAX_RANGES = 350
"""In one message: with numbers of 19 digits that is 15 KiB, below what the broker lets through. Where a receiver has a
fix only now and then, a backlog is stored and declined by turns, and one second of it is thousands of ranges."""


class _Pending(msgspec.Struct):
    stored: set[int] = msgspec.field(default_factory=set)
    quarantined: set[int] = msgspec.field(default_factory=set)
    declined: set[int] = msgspec.field(default_factory=set)

    def add(self, handled: Handled) -> None:
        self.stored.update(handled.stored)
        self.quarantined.update(handled.quarantined)
        self.declined.update(handled.declined)


class Receipts:
    """What was committed and not yet told. In memory only: a unit that is not told sends again and is told then."""

    def __init__(self, interval_s: float = INTERVAL_S) -> None:
        self._interval_s = interval_s
        self._pending: dict[tuple[str, str], _Pending] = {}
        self._sent_at: dict[tuple[str, str], float] = {}

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, handled: dict[tuple[str, str], Handled]) -> None:
        """Note what became of a committed batch. Duplicates are noted like new ones, and so receipted again."""
        for key, value in handled.items():
            if value.stored or value.quarantined or value.declined:
                self._pending.setdefault(key, _Pending()).add(value)

    def due(self, now: float) -> list[tuple[str, str, Receipt]]:
        """Take out what may be sent now, as (unit, outbox, receipt); several where one message cannot hold it all.

        Args:
            now: seconds on a monotonic clock.
        """
        self._sent_at = {key: at for key, at in self._sent_at.items() if now - at < self._interval_s}
        ready = [key for key in self._pending if key not in self._sent_at]
        taken: list[tuple[str, str, Receipt]] = []
        for key in ready:
            pending = self._pending.pop(key)
            self._sent_at[key] = now
            # A number can be under two headings: an epoch with one bad line is stored and that line quarantined.
            named = [("stored", each) for each in to_ranges(pending.stored)]
            named += [("quarantined", each) for each in to_ranges(pending.quarantined - pending.stored)]
            named += [("declined", each) for each in to_ranges(pending.declined - pending.stored)]
            taken += [(*key, _receipt(named[i : i + MAX_RANGES])) for i in range(0, len(named), MAX_RANGES)]
        return taken


def _receipt(named: Sequence[tuple[str, Range]]) -> Receipt:
    stored, quarantined, declined = (
        tuple(each for heading, each in named if heading == wanted) for wanted in ("stored", "quarantined", "declined")
    )
    return Receipt(stored, quarantined, declined)
