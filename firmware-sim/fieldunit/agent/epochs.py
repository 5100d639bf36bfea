"""From a receiver's epoch to the report of it: dated, and judged by the centre's own reader.

An epoch in which the centre will find a fix is reported, and so is one whose sentences contradict each other, because
judging that is the centre's business. One without a fix is not: it is most of a cold start and tells nothing.

Epochs before a receiver's first date wait for it a little, and are dated by what comes after them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from fieldunit.agent.clock import DeviceClock
from fieldunit.agent.unit import Report
from fieldunit.outbox import Epoch
from tracker.fix import Fix
from tracker.wire.dating import nearest
from tracker.wire.payload import Reading, decode, encode_epoch
from tracker.wire.stream import RawEpoch
from tracker.wire.topics import MAX_PAYLOAD

EARLIEST_CLOCK = datetime(1980, 1, 1, tzinfo=UTC)
"""Before it no GPS clock can be, and no TAG block says so."""

_MOST_WAITING = 2000  # epochs for a first date; more, and the oldest go on without one
_NUMBER = 32  # bytes for which the sequence number and its checksum can still grow


class Sighting(NamedTuple):
    """A report, with what was found in it."""

    report: Report
    fix: Fix | None  # None: its sentences contradict each other
    size: int  # bytes on the wire


def sight(raw: RawEpoch, source: str, device_time: datetime | None) -> Sighting | None:
    """What the unit reports of an epoch; None where there is no fix in it, or it is too large for a message.

    Args:
        raw: the sentences.
        source: for the TAG block.
        device_time: the epoch's UTC by the unit's best knowledge; one before 1980 is none.
    """
    clock = device_time if device_time is not None and device_time >= EARLIEST_CLOCK else None
    epoch = Epoch(source, clock, tuple(raw.lines))
    payload = encode_epoch(epoch.source, 1, epoch.device_time, epoch.lines)
    if len(payload) > MAX_PAYLOAD - _NUMBER:
        return None
    fix = None
    for reading in decode(payload, clock or EARLIEST_CLOCK):
        if isinstance(reading, Reading):
            if reading.fix is None:
                return None
            fix = reading.fix
    return Sighting(Report(epoch, None if fix is None else fix.time), fix, len(payload))


def dated_backwards(epochs: Sequence[RawEpoch]) -> list[RawEpoch]:
    """Epochs before the first date get theirs from the epoch after them."""
    dated: list[RawEpoch] = []
    after: datetime | None = None
    for epoch in reversed(epochs):
        if epoch.device_time is not None:
            after = epoch.device_time
        elif epoch.time_of_day is not None and after is not None:
            after = nearest(epoch.time_of_day, after)
            epoch = RawEpoch(epoch.lines, epoch.time_of_day, after)
        dated.append(epoch)
    return dated[::-1]


class Dater:
    """Holds the epochs of one receiver until it has told a date, or the patience is over.

    Args:
        clock: the unit's.
        patience_s: seconds.
    """

    def __init__(self, clock: DeviceClock, patience_s: float) -> None:
        self._clock = clock
        self._patience_s = patience_s
        self._waiting: list[RawEpoch] = []
        self._since: float | None = None
        self._follows: datetime | None = None  # last time given to an epoch without a date of the receiver's

    def take(self, epoch: RawEpoch, monotonic: float) -> list[RawEpoch]:
        """Take the next epoch; returns those that need not wait any more."""
        if epoch.device_time is None and epoch.time_of_day is not None and not self._is_over(monotonic):
            self._since = monotonic if self._since is None else self._since
            self._waiting.append(epoch)
            return [self._waiting.pop(0)] if len(self._waiting) > _MOST_WAITING else []
        return self.release(epoch)

    def release(self, *last: RawEpoch) -> list[RawEpoch]:
        """Everything that waits, dated by the last, if that has a date."""
        epochs, self._waiting = dated_backwards([*self._waiting, *last]), []
        if any(epoch.device_time is not None for epoch in last):
            self._since = None
        return epochs

    def due(self, monotonic: float) -> list[RawEpoch]:
        """What has waited long enough."""
        return self.release() if self._waiting and self._is_over(monotonic) else []

    def device_time(self, epoch: RawEpoch, monotonic: float, system: float) -> datetime | None:
        """The UTC of an epoch, by the receiver's date or else by the unit's clock."""
        witness = self._clock.witness(monotonic, system)
        if epoch.device_time is not None:
            return self._clock.device_time(epoch.device_time, witness)
        if epoch.time_of_day is None or witness is None:
            return None
        return nearest(epoch.time_of_day, witness)

    def _is_over(self, monotonic: float) -> bool:
        return self._since is not None and monotonic - self._since > self._patience_s
