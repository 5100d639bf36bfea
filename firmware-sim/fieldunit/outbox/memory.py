"""Items in memory: the ring that stands in while the disk takes nothing, and an outbox for those who need no disk."""

import secrets
import threading
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from fieldunit.outbox.items import Epoch, Item, Loss, OutboxError, ReportItem, Statistics
from fieldunit.outbox.thinning import every_second
from tracker.wire.receipt import Range

ITEMS = 5_000
"""In memory at most: 83 minutes at one a second, some 4 MB."""

_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"  # base32 of RFC 4648, lower case: 12 letters are 60 random bits


def random_id() -> str:
    """The name of a new outbox."""
    return "".join(secrets.choice(_ID_ALPHABET) for _ in range(12))


class _Numbered(Protocol):
    @property
    def seq(self) -> int: ...


N = TypeVar("N", bound=_Numbered)


class _Shelf(Generic[N]):
    """Numbered things in rising order, from which any may be taken."""

    def __init__(self) -> None:
        self.by_number: dict[int, N] = {}
        self._order: list[int] = []  # rising; numbers that are gone stay until they are half of it

    def __len__(self) -> int:
        return len(self.by_number)

    def add(self, thing: N) -> None:
        self.by_number[thing.seq] = thing
        self._order.append(thing.seq)

    def take(self, seq: int) -> N | None:
        thing = self.by_number.pop(seq, None)
        if len(self._order) > 2 * len(self.by_number) + 16:
            self._order = list(self.by_number)
        return thing

    def numbers(self, first: int, last: int) -> list[int]:
        if last - first < len(self.by_number):
            return [seq for seq in range(first, last + 1) if seq in self.by_number]
        return [seq for seq in self.by_number if first <= seq <= last]

    def after(self, number: int, limit: int) -> list[N]:
        found: list[N] = []
        for at in range(bisect_right(self._order, number), len(self._order)):
            if len(found) >= limit:
                break
            if (thing := self.by_number.get(self._order[at])) is not None:
                found.append(thing)
        return found

    def last(self, limit: int) -> list[N]:
        found: list[N] = []
        for seq in reversed(self._order):
            if len(found) >= limit:
                break
            if (thing := self.by_number.get(seq)) is not None:
                found.append(thing)
        return found


class Ring:
    """A bounded number of items. When it is full the older three quarters of the track lose every second fix; a report
    is never given up, nor the newest fix. Not thread-safe.

    Args:
        first: the number of the first item.
        limit: items at most, reports not counted against fixes' room but within it.
    """

    def __init__(self, first: int, limit: int = ITEMS) -> None:
        self.epochs: _Shelf[Item] = _Shelf()
        self.said: _Shelf[ReportItem] = _Shelf()
        self._next = first
        self._limit = max(limit, 8)

    def __len__(self) -> int:
        return len(self.epochs) + len(self.said)

    def add_epoch(self, epoch: Epoch) -> int:
        """Keep an epoch; its number."""
        self.epochs.add(Item(self._next, *epoch))
        self._next += 1
        return self._next - 1

    def add_report(self, body: bytes, device_time: datetime | None) -> int:
        """Keep a report; its number."""
        self.said.add(ReportItem(self._next, device_time, body))
        self._next += 1
        return self._next - 1

    def make_room(self) -> int:
        """Give up what is too much; how many items that were."""
        given_up = 0
        while len(self) > self._limit and len(self.epochs) > 1:
            old = list(self.epochs.by_number.values())[: max(1, len(self.epochs) * 3 // 4)]
            for seq in every_second((item.seq, item.source) for item in old):
                self.epochs.take(seq)
                given_up += 1
        return given_up

    def take(self, ranges: Iterable[Range]) -> int:
        """Forget what these name; how many there were."""
        taken = 0
        for first, last in ranges:
            for shelf in (self.epochs, self.said):
                for seq in shelf.numbers(first, last):
                    shelf.take(seq)
                    taken += 1
        return taken

    def first(self, limit: int) -> list[Item | ReportItem]:
        """Up to so many items, in the order of their numbers."""
        merged: list[Item | ReportItem] = [*self.epochs.after(0, limit), *self.said.after(0, limit)]
        return sorted(merged, key=lambda each: each.seq)[:limit]

    def get(self, seqs: Iterable[int]) -> list[Item | ReportItem]:
        """Those of the numbered items that are there, rising."""
        found = (self.epochs.by_number.get(seq) or self.said.by_number.get(seq) for seq in sorted(set(seqs)))
        return [each for each in found if each is not None]


class MemoryOutbox:
    """An outbox without a file: for a simulated mass of units, and for one whose disk cannot be used at all.

    It keeps to the rules of the other but one: what it holds ends with the process. See `items.Store`.

    Args:
        name: its id on the wire; None for a random one, as it must be wherever a gateway may know an older one.
        limit: items at most; beyond, old track is thinned and counted.
    """

    def __init__(self, name: str | None = None, limit: int = ITEMS) -> None:
        self.id = name or random_id()
        self._ring = Ring(1, limit)
        self._aside: dict[int, tuple[Item | ReportItem, str]] = {}
        self._lost: Counter[str] = Counter()
        self._last = 0
        self._lock = threading.Lock()

    def append(self, source: str, device_time: datetime | None, lines: Sequence[bytes]) -> int:
        """Keep one epoch; its number."""
        return self.append_many([Epoch(source, device_time, tuple(lines))])[0]

    def append_many(self, epochs: Iterable[Epoch]) -> list[int]:
        """Keep several epochs; their numbers."""
        wanted = [_checked(epoch) for epoch in epochs]
        with self._lock:
            given = [self._ring.add_epoch(epoch) for epoch in wanted]
            return self._given(given)

    def append_report(self, body: bytes, device_time: datetime | None) -> int:
        """Keep a report; its number."""
        _check_aware(device_time)
        with self._lock:
            return self._given([self._ring.add_report(body, device_time)])[0]

    def delete(self, ranges: Iterable[Range]) -> int:
        """Forget what a receipt names; how many there were."""
        named = [each for each in ranges if each[0] <= each[1]]
        with self._lock:
            taken = self._ring.take(named)
            for seq in [seq for seq in self._aside if any(first <= seq <= last for first, last in named)]:
                del self._aside[seq]
                taken += 1
            return taken

    def set_aside(self, seqs: Iterable[int], reason: str) -> int:
        """Take items out of what waits, and keep them; how many there were."""
        with self._lock:
            found = self._ring.get(seqs)
            for item in found:
                self._ring.take([(item.seq, item.seq)])
                self._aside[item.seq] = item, reason
            return len(found)

    def oldest(self, limit: int, after: int = 0) -> list[Item]:
        """Up to `limit` epochs with numbers above `after`, rising."""
        with self._lock:
            return self._ring.epochs.after(after, limit)

    def newest(self, limit: int) -> list[Item]:
        """Up to `limit` epochs, the newest first."""
        with self._lock:
            return self._ring.epochs.last(limit)

    def reports(self, limit: int, after: int = 0) -> list[ReportItem]:
        """Up to `limit` reports with numbers above `after`, rising."""
        with self._lock:
            return self._ring.said.after(after, limit)

    def get(self, seqs: Sequence[int]) -> list[Item | ReportItem]:
        """Those of the numbered items that are there, rising."""
        with self._lock:
            return self._ring.get(seqs)

    @property
    def depth(self) -> int:
        """How many items wait."""
        return len(self._ring)

    @property
    def lost(self) -> int:
        """How many items are gone without a receipt."""
        return sum(self._lost.values())

    def statistics(self) -> Statistics:
        """How much waits, and what was lost."""
        with self._lock:
            first = self._ring.first(1)
            ends: list[Item | ReportItem] = [*self._ring.epochs.last(1), *self._ring.said.last(1)]
            newest = max((each.seq for each in ends), default=None)
            return Statistics(
                len(self._ring), first[0].seq if first else None, newest, self._last, len(self._ring.said),
                len(self._aside), len(self._ring), 0, dict(self._lost), None,
            )  # fmt: skip

    def close(self) -> None:
        """Nothing has to be given free."""

    def _given(self, given: list[int]) -> list[int]:
        self._last = given[-1] if given else self._last
        if lost := self._ring.make_room():
            self._lost[Loss.MEMORY_FULL.value] += lost
        return given


def _checked(epoch: Epoch) -> Epoch:
    _check_aware(epoch.device_time)
    return epoch


def _check_aware(time: datetime | None) -> None:
    if time is not None and time.tzinfo is None:
        raise ValueError("a device time must be aware")


__all__ = ["ITEMS", "MemoryOutbox", "OutboxError", "Ring", "random_id"]
