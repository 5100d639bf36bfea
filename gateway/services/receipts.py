"""Receipts waiting to be sent: merged per outbox, at most one a second for each unit."""

import msgspec

from gateway.services.accept_messages import Handled
from tracker.wire.receipt import Receipt, to_ranges

INTERVAL_S = 1.0
"""Seconds between two receipts to the same unit, at the least."""


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

    def __init__(self) -> None:
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
        """Take out what may be sent now, as (unit, outbox, receipt).

        Args:
            now: seconds on a monotonic clock.
        """
        ready = [key for key in self._pending if now - self._sent_at.get(key, -INTERVAL_S) >= INTERVAL_S]
        taken = []
        for key in ready:
            pending = self._pending.pop(key)
            self._sent_at[key] = now
            # A number can be under two headings: an epoch with one bad line is stored and that line quarantined.
            receipt = Receipt(
                stored=to_ranges(pending.stored),
                quarantined=to_ranges(pending.quarantined - pending.stored),
                declined=to_ranges(pending.declined - pending.stored),
            )
            taken.append((*key, receipt))
        return taken
