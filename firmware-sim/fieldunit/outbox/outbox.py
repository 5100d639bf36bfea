"""The unit's memory of what the centre has not yet confirmed: one SQLite file a unit, `{state}/{unit}.outbox`.

It promises four things. `append` has returned a number for which `is_safe` holds: the item survives a killed process
and a cut power line (WAL, `synchronous=FULL`: one fsync a commit, https://www.sqlite.org/pragma.html#pragma_synchronous).
A number is given once in the life of the file, even when every row is gone. Nothing but `delete`, which is called with
the ranges of a receipt, takes an item away, or else it is counted as lost under a reason, for good, and then it was old
track. And `append` never fails for the disk's sake: full, read-only or broken, it keeps the item in memory meanwhile.

It knows neither MQTT nor what the lines mean; number and TAG block are written when an item is sent.

Two connections to the one file: the sampling thread appends, and waits for the disk; the uplink's thread reads and
deletes on its own one, which does not wait, because a deletion that a power cut undoes costs a duplicate and no fix.
"""

import contextlib
import json
import os
import secrets
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from fieldunit.outbox import compact, database
from fieldunit.outbox.items import MEMORY_FLOOR, Epoch, Item, Loss, ReportItem, Statistics
from fieldunit.outbox.memory import ITEMS, Ring
from fieldunit.outbox.thinning import every_second
from tracker.wire.receipt import Range
from tracker.wire.topics import checked_id

LIMIT_BYTES = 64 * 1024 * 1024
"""Of the file and its log: some five days at one fix a second."""

SMALLEST_BYTES = 256 * 1024
"""Below, there is no room for a write-ahead log beside the items."""

TRY_AGAIN_S = 1.0
"""While the disk takes nothing, it is asked so often at most."""

_AT_ONCE = 100  # items that go from memory to the disk in one transaction
_SPARE_PAGES = 8  # between the bound and what is in use
_FREE_PAGES = 3  # in the file, for the next item: where the disk is full it can get no others
_SPARE_BYTES = 1024 * 1024  # free on the disk, or an eighth of it: less, and the file does not grow any more
_INDEX_BYTES = 32 * 1024  # of the log's index, a file as well
_STEPS = 64  # of a sacrifice after one append at most; a bound that was lowered is reached by and by
_CHUNK = 1024  # epochs looked at in one step of a sacrifice
_MEMORY_END = 2**52  # so that numbers stay whole in a JSON reader that has only floats
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MAX_SEQUENCE = 2**63 - 1  # SQLite's rowid

_COLUMNS = "seq, kind, source, device_time_us, lines"
_INSERT = f"INSERT INTO item ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)"  # noqa: S608 - our own words
_OLDEST = f"SELECT {_COLUMNS} FROM item WHERE seq > ? AND kind < 2 ORDER BY seq LIMIT ?"  # noqa: S608
_NEWEST = f"SELECT {_COLUMNS} FROM item WHERE seq < ? AND kind < 2 ORDER BY seq DESC LIMIT ?"  # noqa: S608
_REPORTS = f"SELECT {_COLUMNS} FROM item WHERE seq > ? AND kind = 2 ORDER BY seq LIMIT ?"  # noqa: S608
_AMONG = "seq IN (SELECT value FROM json_each(?))"
_NUMBERED = f"SELECT {_COLUMNS} FROM item WHERE {_AMONG} ORDER BY seq"  # noqa: S608
_DELETE_NUMBERED = f"DELETE FROM item WHERE {_AMONG}"  # noqa: S608
_INSERT_ASIDE = f"INSERT OR REPLACE INTO aside SELECT {_COLUMNS}, ? FROM item WHERE {_AMONG}"  # noqa: S608


_Row = tuple[int, int, str, int | None, bytes]  # as _COLUMNS
T = TypeVar("T")


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
        self._clock = clock
        self._closed = False
        self._write_lock = threading.RLock()  # SQLite has one writer at a time; its own waiting is a sleep
        self._read_lock = threading.RLock()  # taken after the other, where both are
        self._lock_file = database.locked(path)
        try:
            self._open(limit_bytes)
        except sqlite3.Error as error:
            self._lock_file.close()
            raise database.sort(error, path) from error
        except BaseException:
            self._lock_file.close()
            raise
        first = MEMORY_FLOOR + secrets.randbelow(_MEMORY_END - MEMORY_FLOOR)
        self._ring = Ring(first, memory_items)
        self._lost_in_memory = 0  # not yet in the file's count
        self._gone: set[int] = set()  # receipted, and still in the file because the disk takes nothing
        self._damaged: set[int] = set()
        self._disk_trouble: str | None = None
        self._asked_at = float("-inf")

    def _open(self, limit_bytes: int) -> None:
        log_bytes = min(database.LOG_BYTES, limit_bytes // 4)
        self._appending = database.connect(self.path, "FULL", log_bytes)
        self._reading = database.connect(self.path, "NORMAL", log_bytes)
        read = self._reading.execute
        self.id = database.identity(self._appending, self.path)
        database.reserve(self._appending, self.path, limit_bytes)
        state = dict(read("SELECT name, value FROM state").fetchall())
        top = read("SELECT max(seq) FROM item WHERE seq < ?", (MEMORY_FLOOR,)).fetchone()[0] or 0
        self._last = max(top, state.get(database.LAST, 0))
        self._thinned_to: int = state.get(database.THINNED_TO, 0)
        self._depth: int = read("SELECT count(*) FROM item").fetchone()[0]
        self._reports: int = read("SELECT count(*) FROM item WHERE kind = 2").fetchone()[0]
        self._aside: int = read("SELECT count(*) FROM aside").fetchone()[0]
        self._lost: Counter[str] = Counter(dict(read("SELECT reason, items FROM loss").fetchall()))
        page = read("PRAGMA page_size").fetchone()[0]
        self._limit_pages = (limit_bytes - log_bytes - _INDEX_BYTES) // page

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
        rows = [_row(Item(0, *epoch)) for epoch in wanted]
        return self._add(rows, lambda: [self._ring.add_epoch(epoch) for epoch in wanted])

    def append_report(self, body: bytes, device_time: datetime | None) -> int:
        """Keep a report, as `append` does an epoch.

        Args:
            body: of `tracker.wire.reports.body`: a JSON object on one line, without its number.
            device_time: aware, UTC: when it happened.
        """
        row = _row(ReportItem(0, device_time, body))
        return self._add([row], lambda: [self._ring.add_report(body, device_time)])[0]

    def _add(self, rows: Sequence[_Row], remember: Callable[[], list[int]]) -> list[int]:
        with self._write_lock:
            if self._disk_trouble is not None:
                self._heal()
            if self._disk_trouble is None:
                numbered = [(self._last + at, *row[1:]) for at, row in enumerate(rows, 1)]
                if self._insert(numbered):
                    self._last += len(rows)
                    self._keep_within_bound()
                    return [row[0] for row in numbered]
            with self._read_lock:
                given = remember()
                self._lost_in_memory += self._ring.make_room()
            return given

    def _insert(self, rows: Sequence[_Row]) -> bool:
        """Whether the disk took them. What can be done to make room is done first."""
        failure: sqlite3.Error | None = None
        for make_room in (None, self._empty_log, lambda: self._sacrifice(Loss.THINNED_DISK_FULL)):
            try:
                if make_room is not None and not make_room():
                    continue
                self._put(rows)
            except (sqlite3.ProgrammingError, sqlite3.IntegrityError):  # not the disk's fault but ours
                raise
            except sqlite3.Error as error:
                failure = error
            else:
                return True
        if failure is not None:
            self._disk_fails(failure)
        return False

    def _put(self, rows: Sequence[_Row]) -> None:
        self._write(self._appending, lambda: self._appending.executemany(_INSERT, rows))
        self._depth += len(rows)
        self._reports += sum(row[1] == compact.REPORT for row in rows)

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
            taken = self._ring.take(bounds)
            try:
                taken += self._delete_on_disk(bounds)
            except sqlite3.Error as error:
                self._disk_fails(error)
                taken += self._note_as_gone(bounds)
            return taken

    def _delete_on_disk(self, bounds: Sequence[Range]) -> int:
        def delete() -> tuple[int, int, int]:
            run = self._reading.execute
            reports = epochs = aside = 0
            for each in bounds:
                reports += run("DELETE FROM item WHERE seq BETWEEN ? AND ? AND kind = 2", each).rowcount
                epochs += run("DELETE FROM item WHERE seq BETWEEN ? AND ?", each).rowcount
                aside += run("DELETE FROM aside WHERE seq BETWEEN ? AND ?", each).rowcount
            self._remember_last(self._reading)
            return reports, epochs, aside

        reports, epochs, aside = self._insist(delete)
        again = {seq for seq in self._gone if any(first <= seq <= last for first, last in bounds)}
        self._gone -= again
        self._depth -= reports + epochs
        self._reports -= reports
        self._aside -= aside
        return reports + epochs + aside - len(again)

    def _note_as_gone(self, bounds: Sequence[Range]) -> int:
        """They are receipted; the disk will hear of it when it listens again. Until then nobody sees them here."""
        noted = len(self._gone)
        try:
            for each in bounds:
                self._gone.update(
                    seq for (seq,) in self._reading.execute("SELECT seq FROM item WHERE seq BETWEEN ? AND ?", each)
                )
        except sqlite3.Error as error:  # it cannot even be read: they are sent again, and receipted again
            self._disk_fails(error)
        return len(self._gone) - noted

    def set_aside(self, seqs: Iterable[int], reason: str) -> int:
        """Take items out of what waits, because they are refused again and again; they are kept, and counted apart.

        Args:
            seqs: their numbers.
            reason: what was said against them.

        Returns:
            How many were there.
        """
        wanted = json.dumps(list(seqs))

        def move() -> tuple[int, int]:
            self._reading.execute(_INSERT_ASIDE, (reason, wanted))
            return self._take_rows(wanted)

        with self._write_lock, self._read_lock:
            try:
                reports, epochs = self._insist(move)
            except sqlite3.Error as error:
                self._disk_fails(error)
                return 0
            self._depth -= reports + epochs
            self._reports -= reports
            self._aside += reports + epochs
            return reports + epochs

    # Reading

    def oldest(self, limit: int, after: int = 0) -> list[Item]:
        """Up to `limit` epochs with sequence numbers above `after`, rising."""
        with self._read_lock:
            found = self._read(_OLDEST, after, limit)
            return _epochs([*found, *self._ring.epochs.after(after, limit - len(found))])

    def newest(self, limit: int) -> list[Item]:
        """Up to `limit` epochs, the newest first."""
        with self._read_lock:
            found: list[Item | ReportItem] = [*self._ring.epochs.last(limit)]
            before = MEMORY_FLOOR
            while len(found) < limit:
                rows = self._rows(_NEWEST, (before, limit - len(found)))
                if not rows:
                    break
                before = rows[-1][0]
                found += self._items(rows)
            return _epochs(found)

    def reports(self, limit: int, after: int = 0) -> list[ReportItem]:
        """Up to `limit` reports with sequence numbers above `after`, rising."""
        with self._read_lock:
            found = [*self._read(_REPORTS, after, limit)]
            found += self._ring.said.after(after, limit - len(found))
            return [each for each in found if isinstance(each, ReportItem)]

    def get(self, seqs: Sequence[int]) -> list[Item | ReportItem]:
        """Those of the numbered items that are there, rising."""
        with self._read_lock:
            return [*self._items(self._rows(_NUMBERED, (json.dumps(list(seqs)),))), *self._ring.get(seqs)]

    @property
    def depth(self) -> int:
        """How many items wait."""
        return self._depth - len(self._gone) + len(self._ring)

    @property
    def lost(self) -> int:
        """How many items are gone without a receipt, since the file was made; `statistics` says why."""
        return sum(self._lost.values()) + self._lost_in_memory

    def statistics(self) -> Statistics:
        """How much waits, and what was lost."""
        with self._write_lock, self._read_lock:
            bounds = self._rows("SELECT (SELECT min(seq) FROM item), (SELECT max(seq) FROM item)", ())
            oldest, newest = bounds[0] if bounds else (None, None)
            if waiting := self._ring.first(1):
                oldest, newest = oldest or waiting[0].seq, max(newest or 0, waiting[0].seq + len(self._ring) - 1)
            lost = Counter(self._lost)
            if self._lost_in_memory:
                lost[Loss.MEMORY_FULL.value] += self._lost_in_memory
            return Statistics(
                self.depth, oldest, newest, self._last, self._reports + len(self._ring.said), self._aside,
                len(self._ring), database.size_on_disk(self.path), dict(lost), self._disk_trouble,
            )  # fmt: skip

    def _read(self, query: str, after: int, limit: int) -> list[Item | ReportItem]:
        found: list[Item | ReportItem] = []
        while len(found) < limit:
            rows = self._rows(query, (after, limit - len(found)))
            if not rows:
                break
            after = rows[-1][0]
            found += self._items(rows)
        return found

    def _rows(self, query: str, arguments: tuple[int | str, ...]) -> list[Any]:
        try:
            return self._reading.execute(query, arguments).fetchall()
        except sqlite3.Error as error:
            self._disk_fails(error)
            return []

    def _items(self, rows: Sequence[_Row]) -> list[Item | ReportItem]:
        """Those of the rows that still wait and can be read."""
        found: list[Item | ReportItem] = []
        for seq, kind, source, time_us, body in rows:
            if seq in self._gone:
                continue
            if kind == compact.REPORT:
                found.append(ReportItem(seq, _from_us(time_us), body))
                continue
            try:
                found.append(Item(seq, source, _from_us(time_us), compact.unpack(kind, body)))
            except ValueError:
                self._damaged.add(seq)
        return found

    # Room

    def _keep_within_bound(self) -> None:
        """Called after each append. A disk that fails here fails the next append as well, which deals with it."""
        try:
            self._put_damaged_aside()
            for _ in range(_STEPS):
                reason = self._too_much()
                if reason is None or not self._sacrifice(reason):
                    return
        except sqlite3.Error as error:
            self._disk_fails(error)

    def _too_much(self) -> Loss | None:
        """Why something must go, if it must. Where the disk is nearly full the file does not grow any more: its free
        pages are used again, and its log lies where it lay, so that it works on a disk without a free byte.
        """
        (pages,) = self._appending.execute("PRAGMA page_count").fetchone()
        (free,) = self._appending.execute("PRAGMA freelist_count").fetchone()
        if pages - free > self._limit_pages - _SPARE_PAGES:
            return Loss.THINNED
        if free >= _FREE_PAGES:
            return None
        try:
            disk = os.statvfs(self.path)
        except OSError:  # the next append finds out
            return None
        tight = disk.f_bavail * disk.f_frsize < min(_SPARE_BYTES, disk.f_blocks * disk.f_frsize // 8)
        return Loss.THINNED_DISK_FULL if tight else None

    def _sacrifice(self, reason: Loss) -> int:
        """Give up some old track, in one transaction; how many items. What was set aside goes before."""
        if self._aside and (dropped := self._write(self._appending, self._drop_aside)):
            self._aside -= dropped
            self._lost[Loss.ASIDE_DROPPED.value] += dropped
            return dropped
        thinned_to, given_up = self._write(self._appending, lambda: self._thin(reason))
        self._thinned_to = thinned_to
        self._depth -= len(given_up)
        if lost := len(given_up - self._gone):
            self._lost[reason.value] += lost
        self._gone -= given_up
        return len(given_up)

    def _drop_aside(self) -> int:
        chosen = "seq IN (SELECT seq FROM aside WHERE kind < 2 ORDER BY seq LIMIT 64)"
        dropped = self._appending.execute(f"DELETE FROM aside WHERE {chosen}").rowcount  # noqa: S608
        return self._count_loss(Loss.ASIDE_DROPPED, dropped)

    def _thin(self, reason: Loss) -> tuple[int, set[int]]:
        """Every second of some of the older three quarters. The rows that stay are written again, side by side:
        otherwise all pages would be half empty, and none free.
        """
        run = self._appending.execute
        epochs = self._depth - self._reports
        newest = run("SELECT seq FROM item WHERE kind < 2 ORDER BY seq DESC LIMIT 1 OFFSET ?", (max(1, epochs // 4),))
        (youngest_old,) = newest.fetchone() or (0,)
        chunk = max(16, min(_CHUNK, epochs // 16))
        query = f"SELECT {_COLUMNS} FROM item WHERE seq > ? AND seq <= ? AND kind < 2 ORDER BY seq LIMIT ?"  # noqa: S608
        rows: list[_Row] = run(query, (self._thinned_to, youngest_old, chunk)).fetchall()
        if len(rows) < 2 and self._thinned_to:  # this round is over: the next one begins at the oldest
            rows = run(query, (0, youngest_old, chunk)).fetchall()
        if len(rows) < 2:
            return 0, set()
        given_up = set(every_second((row[0], row[2]) for row in rows))
        run(_DELETE_NUMBERED, (json.dumps([row[0] for row in rows]),))
        self._appending.executemany(_INSERT, [row for row in rows if row[0] not in given_up])
        run("INSERT OR REPLACE INTO state VALUES (?, ?)", (database.THINNED_TO, rows[-1][0]))
        self._count_loss(reason, len(given_up - self._gone))
        return rows[-1][0], given_up

    def _count_loss(self, reason: Loss, items: int) -> int:
        if items:
            self._appending.execute(
                "INSERT INTO loss VALUES (?, ?) ON CONFLICT (reason) DO UPDATE SET items = items + excluded.items",
                (reason.value, items),
            )
        return items

    def _remember_last(self, connection: sqlite3.Connection) -> None:
        """The row that tells the last number may have gone."""
        connection.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (database.LAST, self._last))

    def _put_damaged_aside(self) -> None:
        if self._damaged:
            damaged, self._damaged = self._damaged, set()
            self.set_aside(damaged, "damaged on the disk")

    # The disk

    def _write(self, connection: sqlite3.Connection, work: Callable[[], T]) -> T:
        """Do it in one transaction: all of it, or nothing."""
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work()
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # some errors of SQLite have ended it already
                with contextlib.suppress(sqlite3.Error):  # the first error is what is told
                    connection.execute("ROLLBACK")
            raise
        return result

    def _insist(self, work: Callable[[], T]) -> T:
        """The same on the reading connection, and once more with an empty log if the first time fails."""
        try:
            return self._write(self._reading, work)
        except sqlite3.Error:
            if not self._empty_log():
                raise
        return self._write(self._reading, work)

    def _empty_log(self) -> bool:
        """Bring what is in the write-ahead log home, so that it is written from its beginning again: that is room which
        it has already, also on a full disk.
        """
        with self._read_lock:
            busy, _, _ = self._appending.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        return not busy

    def _disk_fails(self, error: sqlite3.Error) -> None:
        if self._disk_trouble is None:
            self._asked_at = self._clock()
            self._tell(f"{self.path}: the disk takes no fixes ({error}); they are kept in memory until it does")
        self._disk_trouble = str(error)

    def _heal(self) -> None:
        """See whether the disk takes again, and give it what it has missed, in the order of the numbers."""
        if self._clock() - self._asked_at < TRY_AGAIN_S:
            return
        self._asked_at = self._clock()
        saved = 0
        with self._read_lock:
            try:
                self._delete_gone()
                while waiting := self._ring.first(_AT_ONCE):
                    self._put([_row(item) for item in waiting])
                    self._ring.take((item.seq, item.seq) for item in waiting)
                    saved += len(waiting)
                if lost := self._lost_in_memory:
                    self._write(self._appending, lambda: self._count_loss(Loss.MEMORY_FULL, lost))
                    self._lost[Loss.MEMORY_FULL.value] += lost
                    self._lost_in_memory = 0
            except sqlite3.Error as error:
                self._disk_trouble = str(error)
                self._try_to_make_room()
                return
        self._disk_trouble = None
        self._tell(f"{self.path}: the disk takes fixes again; {saved} that were in memory are safe now")

    def _delete_gone(self) -> None:
        if not self._gone:
            return
        reports, epochs = self._write(self._reading, lambda: self._take_rows(json.dumps(list(self._gone))))
        self._depth -= reports + epochs
        self._reports -= reports
        self._gone.clear()

    def _take_rows(self, numbers: str) -> tuple[int, int]:
        """Delete the rows of these numbers, a JSON list; how many reports and epochs there were."""
        run = self._reading.execute
        reports = run(_DELETE_NUMBERED + " AND kind = 2", (numbers,)).rowcount
        epochs = run(_DELETE_NUMBERED, (numbers,)).rowcount
        self._remember_last(self._reading)
        return reports, epochs

    def _try_to_make_room(self) -> None:
        """For the next time the disk is asked. That it fails now is known already."""
        with contextlib.suppress(sqlite3.Error):
            self._empty_log()
            self._sacrifice(Loss.THINNED_DISK_FULL)

    def close(self) -> None:
        """Give the file free for another process. Closing twice is no mistake. What is in memory has a last chance."""
        if self._closed:
            return
        with self._write_lock, self._read_lock:
            if self._disk_trouble is not None:
                self._asked_at = float("-inf")
                self._heal()
            self._closed = True
            for connection in (self._reading, self._appending):
                with contextlib.suppress(sqlite3.Error):  # a broken disk: what is safe is safe already
                    connection.close()
            self._lock_file.close()
            if unsafe := len(self._ring):
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


def _row(item: Item | ReportItem) -> _Row:
    if isinstance(item, ReportItem):
        return item.seq, compact.REPORT, "", _to_us(item.device_time), item.body
    kind, body = compact.pack(item.lines)
    return item.seq, kind, item.source, _to_us(item.device_time), body


def _epochs(items: Sequence[Item | ReportItem]) -> list[Item]:
    return [item for item in items if isinstance(item, Item)]


def _to_us(time: datetime | None) -> int | None:
    if time is None:
        return None
    if time.tzinfo is None:
        raise ValueError("a device time must be aware")
    return (time - _EPOCH) // _MICROSECOND


def _from_us(time_us: int | None) -> datetime | None:
    return None if time_us is None else _EPOCH + timedelta(microseconds=time_us)
