"""Epochs out of a live receiver's sentences: what the unit publishes, one TAG block each.

Only sentences that say something about position, motion, precision or date are taken along; the satellites in view
(GSV) are the bulk of a receiver's talk and tell nothing about the fix. A line that cannot be read never becomes part
of an epoch: it is counted by reason, for the unit's health message. Such noise arises on the wire between receiver and
unit and is of no use to anybody further away.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from tracker.errors import BadInput, Reason
from tracker.wire import nmea_fast
from tracker.wire.cycle import Item, Splitter
from tracker.wire.dating import TOLERANCE, nearest, read_date, rollovers
from tracker.wire.sentence import PLACING

GPS_EPOCH = datetime(1980, 1, 6, tzinfo=UTC)
"""Where GPS time begins (IS-GPS-200, 3.3.4). A receiver that names an earlier date does not know it yet."""


class RawEpoch(msgspec.Struct, frozen=True):
    """The sentences of one epoch as they came, and its UTC as far as the receiver has told."""

    lines: list[bytes]  # in the order of arrival, without line ends
    time_of_day: int | None  # of the epoch, microseconds; None where no sentence has one
    device_time: datetime | None  # the epoch's own UTC, for the TAG block's `c`; None before any date is known


class EpochReader:
    """Feed it sentences, it gives epochs; it keeps the last date it saw and what it learned of the receiver's cycle.

    An epoch comes out when the first sentence of the next one is fed, or at `flush`. Receivers speak in bursts, so
    whoever hears the line fall quiet may flush and need not wait for the next burst; should the rest of the epoch come
    after that, it comes out as another one with the same time, and the store joins them.

    Args:
        start: the UTC from which a receiver that tells no date is followed, midnight after midnight: the clock of a
            unit that has one. A date from the receiver takes its place at once, unless it is off by a multiple of
            1024 weeks: then the device time goes on by the clock, and is the witness by which the gateway repairs it.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self.refused: Counter[Reason] = Counter()
        """Lines that could not be read, by reason."""
        self._splitter = Splitter()
        self._last = start
        self._has_clock = start is not None

    def feed(self, line: bytes) -> list[RawEpoch]:
        """Take the next sentence, with or without its line end; returns the epochs it completes."""
        line = line.rstrip(b"\r\n ")
        try:
            sentence = nmea_fast.read(line)
        except BadInput as error:
            self.refused[error.reason] += 1
            return []
        if sentence is None:
            return []
        return [self._give(items) for items in self._splitter.push(line, sentence)]

    def flush(self) -> list[RawEpoch]:
        """The epoch under way, at the end of the stream or of a burst."""
        return [self._give(items) for items in self._splitter.flush()]

    def _give(self, items: Sequence[Item]) -> RawEpoch:
        sentences = [sentence for _, sentence in items]
        time = next((s.time for s in sentences if s.kind in PLACING and s.time is not None), None)
        if time is None:
            time = next((s.time for s in sentences if s.time is not None), None)
        at = None
        if time is not None:
            told, _ = read_date(sentences, time)
            at = self._follow(time, told if told is None or told >= GPS_EPOCH else None)
        return RawEpoch([line for line, _ in items], time, at)

    def _follow(self, time: int, told: datetime | None) -> datetime | None:
        """The UTC of an epoch from its time of day, what its sentences tell, and what was known before."""
        expected = nearest(time, self._last) if self._last is not None else None
        if told is None or (expected is not None and self._has_clock and rollovers(expected - told)):
            at = expected
        else:
            at = told
            self._has_clock = self._has_clock and expected is not None and abs(expected - told) <= TOLERANCE
        if at is not None:
            self._last = at
        return at
