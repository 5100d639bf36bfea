"""The unit's memory of what the centre has not yet confirmed: one SQLite file a unit, `{state}/{unit}.outbox`.

It promises four things. `append` has returned a number for which `is_safe` holds: the item survives a killed process
and a cut power line (WAL, `synchronous=FULL`: one fsync a commit, https://www.sqlite.org/pragma.html#pragma_synchronous).
A number is given once in the life of the file, even when every row is gone. Nothing but `delete`, which is called with
the ranges of a receipt, takes an item away, or else it is counted as lost under a reason, for good, and then it was old
track. And `append` never fails for the disk's sake: full, read-only or broken, it keeps the item in memory meanwhile.

It knows neither MQTT nor what the lines mean; number and TAG block are written when an item is sent.

Its parts: `table` has the items on the disk and fails as the disk does, `bound` says what must go when there is no
room, `spill` has what the disk does not take. Here they come together, under two locks, and no failure of the disk
gets past here.
"""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from fieldunit.outbox import database, rows
from fieldunit.outbox.bound import Bound
from fieldunit.outbox.items import MEMORY_FLOOR, Epoch, Item, Loss, ReportItem, Statistics
from fieldunit.outbox.memory import ITEMS
from fieldunit.outbox.rows import Row, row_of
from fieldunit.outbox.spill import Spill
from fieldunit.outbox.table import Table
from tracker.wire.receipt import Range
from tracker.wire.topics import checked_id

LIMIT_BYTES = 64 * 1024 * 1024
"""Of the file and its log: some five days at one fix a second."""

SMALLEST_BYTES = 256 * 1024
"""Below, there is no room for a write-ahead log beside the items."""

_MAX_SEQUENCE = 2**63 - 1  # SQLite's rowid


class Outbox:
    """The items of one unit that have no receipt yet. Any thread may call any method. See `items.Store`.

    Args:
        path: the file; made, with its random id, when it is not there. Its folder must exist.
        limit_bytes: bound of the file with its log. Where it is reached, the old track is thinned: every second fix of
            its older three quarters, from the oldest on, then every second of what is left, and so on; each is counted.
            A report is never given up, nor the newest fix; reports alone may exceed the bound.
        memory_items: kept in memory while the disk takes nothing.
        trouble: told in a sentence when the disk takes nothing, and when it does again.
        clock: seconds that never run backwards.

    Raises:
        DiskError: the disk does not let it be opened now.
        DamagedError: the file is no outbox, or none any more.
        OutboxError: it is in use by another process, or was written by a newer version.
    """

    def __init__(
        self,
        path: Path,
        *,
        limit_bytes: int = LIMIT_BYTES,
        memory_items: int = ITEMS,
        trouble: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if limit_bytes < SMALLEST_BYTES:
            raise ValueError(f"an outbox of {limit_bytes} bytes is too small: {SMALLEST_BYTES} at least")
        self.path = path
        self._tell = trouble
        self._closed = False
        self._write_lock = threading.RLock()  # SQLite has one writer at a time; its own waiting is a sleep
        self._read_lock = threading.RLock()  # of the reading connection; taken after the other, where both are
        self._lock_file = database.locked(path)
        try:
            self._table = Table(path, limit_bytes)
            self._bound = Bound(self._table, path, limit_bytes)
        except sqlite3.Error as error:
            self._lock_file.close()
            raise database.sort(error, path) from error
        except BaseException:
            self._lock_file.close()
            raise
        self._spill = Spill(path, memory_items, trouble, clock)
        self.id = self._table.id

    # In

    def append(self, source: str, device_time: datetime | None, lines: Sequence[bytes]) -> int:
        """Keep one epoch. It is on the disk when this returns a number that `is_safe`; otherwise it is in memory."""
        return self.append_many([Epoch(source, device_time, tuple(lines))])[0]

    def append_many(self, epochs: Iterable[Epoch]) -> list[int]:
        """Keep several epochs in one transaction: all of them are on the disk when this returns, or all in memory.

        Returns:
            Their sequence numbers, rising, in the order given.
        """
        wanted = list(epochs)
        return self._add([row_of(Item(0, *epoch)) for epoch in wanted], lambda: self._spill.add_epochs(wanted))

    def append_report(self, body: bytes, device_time: datetime | None) -> int:
        """Keep a report, as `append` does an epoch.

        Args:
            body: of `tracker.wire.reports.body`: a JSON object on one line, without its number.
            device_time: aware, UTC: when it happened.
        """
        row = row_of(ReportItem(0, device_time, body))
        return self._add([row], lambda: [self._spill.add_report(body, device_time)])[0]

    def _add(self, unnumbered: Sequence[Row], remember: Callable[[], list[int]]) -> list[int]:
        with self._write_lock:
            if self._spill.is_due():
                self._heal()
            given = self._append(unnumbered) if self._spill.trouble is None else None
            if given is not None:
                self._keep_within_bound()
                return given
            with self._read_lock:
                return remember()

    def _append(self, unnumbered: Sequence[Row]) -> list[int] | None:
        """Their numbers, if the disk takes them. What can be done to make room is done first."""
        failure: sqlite3.Error | None = None
        for make_room in (None, self._empty_log, lambda: self._bound.sacrifice(Loss.THINNED_DISK_FULL)):
            try:
                if make_room is None or make_room():
                    return self._table.append(unnumbered)
            except (sqlite3.ProgrammingError, sqlite3.IntegrityError):  # not the disk's fault but ours
                raise
            except sqlite3.Error as error:
                failure = error
        if failure is not None:
            self._spill.begin(failure)
        return None

    # Out

    def delete(self, ranges: Iterable[Range]) -> int:
        """Forget what a receipt names. Numbers that are not there, or were never given, do nothing.

        Args:
            ranges: inclusive, of sequence numbers.

        Returns:
            How many items were there and are no more.
        """
        bounds = [(max(first, 0), min(last, _MAX_SEQUENCE)) for first, last in ranges]
        bounds = [each for each in bounds if each[0] <= each[1]]
        with self._write_lock, self._read_lock:
            taken = self._spill.ring.take(bounds)
            try:
                return taken + self._table.delete(bounds)
            except sqlite3.Error as error:
                self._spill.begin(error)
                return taken + self._hide(bounds)

    def _hide(self, bounds: Sequence[Range]) -> int:
        """They are receipted; the disk will hear of it when it listens again. Until then nobody sees them here."""
        waiting = self._table.depth
        try:
            self._table.hide(bounds)
        except sqlite3.Error as error:  # it cannot even be read: they are sent again, and receipted again
            self._spill.begin(error)
        return waiting - self._table.depth

    def set_aside(self, seqs: Iterable[int], reason: str) -> int:
        """Take items out of what waits, because they are refused again and again; they are kept, and counted apart.

        Args:
            seqs: their numbers.
            reason: what was said against them.

        Returns:
            How many were there.
        """
        with self._write_lock, self._read_lock:
            try:
                return self._table.set_aside(seqs, reason)
            except sqlite3.Error as error:
                self._spill.begin(error)
                return 0

    # Reading

    def oldest(self, limit: int, after: int = 0) -> list[Item]:
        """Up to `limit` epochs with sequence numbers above `after`, rising."""
        with self._read_lock:
            found = self._read(self._table.walk(rows.OLDEST, after, limit))
            return _epochs([*found, *self._spill.ring.epochs.after(after, limit - len(found))])

    def newest(self, limit: int) -> list[Item]:
        """Up to `limit` epochs, the newest first."""
        with self._read_lock:
            found = self._spill.ring.epochs.last(limit)
            return found + _epochs(self._read(self._table.walk(rows.NEWEST, MEMORY_FLOOR, limit - len(found))))

    def reports(self, limit: int, after: int = 0) -> list[ReportItem]:
        """Up to `limit` reports with sequence numbers above `after`, rising."""
        with self._read_lock:
            found = self._read(self._table.walk(rows.REPORTS, after, limit))
            found += self._spill.ring.said.after(after, limit - len(found))
            return [each for each in found if isinstance(each, ReportItem)]

    def get(self, seqs: Sequence[int]) -> list[Item | ReportItem]:
        """Those of the numbered items that are there, rising."""
        with self._read_lock:
            return [*self._read(self._table.numbered(seqs)), *self._spill.ring.get(seqs)]

    @property
    def depth(self) -> int:
        """How many items wait."""
        return self._table.depth + len(self._spill.ring)

    @property
    def lost(self) -> int:
        """How many items are gone without a receipt, since the file was made; `statistics` says why."""
        return sum(self._table.lost.values()) + self._spill.lost

    def statistics(self) -> Statistics:
        """How much waits, and what was lost."""
        with self._write_lock, self._read_lock:
            table, ring = self._table, self._spill.ring
            oldest = newest = None
            try:
                oldest, newest = table.ends()
            except sqlite3.Error as error:
                self._spill.begin(error)
            if waiting := ring.first(1):
                oldest, newest = oldest or waiting[0].seq, max(newest or 0, waiting[0].seq + len(ring) - 1)
            lost = table.lost.copy()
            lost[Loss.MEMORY_FULL.value] += self._spill.lost
            return Statistics(
                self.depth, oldest, newest, table.last, table.reports + len(ring.said), table.aside,
                len(ring), database.size_on_disk(self.path), dict(+lost), self._spill.trouble,
            )  # fmt: skip

    def _read(self, items: Iterator[Item | ReportItem]) -> list[Item | ReportItem]:
        """Those of the items that come before the disk fails."""
        found: list[Item | ReportItem] = []
        try:
            found.extend(items)
        except sqlite3.Error as error:
            self._spill.begin(error)
        return found

    # The disk

    def _keep_within_bound(self) -> None:
        """Called after each append. A disk that fails here fails the next append as well, which deals with it."""
        if self._table.damaged:
            damaged, self._table.damaged = self._table.damaged, set()
            self.set_aside(damaged, "damaged on the disk")
        try:
            self._bound.keep()
        except sqlite3.Error as error:
            self._spill.begin(error)

    def _heal(self) -> None:
        """See whether the disk takes again what it has missed."""
        with self._read_lock:
            try:
                saved = self._spill.empty_into(self._table)
            except sqlite3.Error as error:
                self._spill.begin(error)
                self._try_to_make_room()
                return
        self._spill.end(saved)

    def _try_to_make_room(self) -> None:
        """For the next time the disk is asked. That it fails now is known already."""
        with contextlib.suppress(sqlite3.Error):
            self._empty_log()
            self._bound.sacrifice(Loss.THINNED_DISK_FULL)

    def _empty_log(self) -> bool:
        with self._read_lock:
            return self._table.empty_log()

    def close(self) -> None:
        """Give the file free for another process. Closing twice is no mistake. What is in memory has a last chance."""
        if self._closed:
            return
        with self._write_lock, self._read_lock:
            if self._spill.trouble is not None:
                self._heal()
            self._closed = True
            self._table.close()
            self._lock_file.close()
            if unsafe := len(self._spill.ring):
                self._tell(f"{self.path}: {unsafe} items were in memory only, and end with this process")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def outbox_path(state: Path, unit: str) -> Path:
    """Where the outbox of a unit lies.

    Raises:
        tracker.errors.BadInput: UNIT_ID, if the unit's id is outside the pattern (an id makes a file name here).
    """
    return state / f"{checked_id(unit)}.outbox"


def _epochs(items: Sequence[Item | ReportItem]) -> list[Item]:
    return [item for item in items if isinstance(item, Item)]
