"""The items on the disk: the file's rows, how many there are, and each change to them in one transaction.

Two connections to the one file. The appending one waits for the disk at each commit. The reading one deletes as well,
and does not wait: a deletion that a power cut undoes costs a duplicate and no fix.

What the disk refuses comes out as `sqlite3.Error`, and then nothing has changed, here or there; what to do about it is
`outbox`'s to know.
"""

import contextlib
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from fieldunit.outbox import compact, database, rows
from fieldunit.outbox.items import MEMORY_FLOOR, Item, Loss, ReportItem
from fieldunit.outbox.rows import Row
from tracker.wire.receipt import Range

T = TypeVar("T")


class Table:
    """Not thread-safe: `Outbox` has a lock for changes, and one for the reading connection, which changes take as well
    where they use it.

    Args:
        path: the file; made when it is not there.
        limit_bytes: bound of the file with its log.

    Raises:
        sqlite3.Error: it cannot be opened; `database.sort` makes a sentence of it.
        OutboxError: see `database.identity`.
    """

    def __init__(self, path: Path, limit_bytes: int) -> None:
        log_bytes = database.log_bytes(limit_bytes)
        self.appending = database.connect(path, "FULL", log_bytes)
        self.reading = database.connect(path, "NORMAL", log_bytes)
        read = self.reading.execute
        self.id = database.identity(self.appending, path)
        database.reserve(self.appending, path, limit_bytes)
        state = dict(read("SELECT name, value FROM state").fetchall())
        top = read("SELECT max(seq) FROM item WHERE seq < ?", (MEMORY_FLOOR,)).fetchone()[0] or 0
        self.last: int = max(top, state.get(database.LAST, 0))  # number given
        self.thinned_to: int = state.get(database.THINNED_TO, 0)
        self.stored: int = read("SELECT count(*) FROM item").fetchone()[0]
        self.reports: int = read("SELECT count(*) FROM item WHERE kind = 2").fetchone()[0]  # of stored
        self.aside: int = read("SELECT count(*) FROM aside").fetchone()[0]
        self.lost: Counter[str] = Counter(dict(read("SELECT reason, items FROM loss").fetchall()))
        self.hidden: set[int] = set()  # of stored: they have their receipts, and the disk did not take the deletion
        self.damaged: set[int] = set()  # of stored: found unreadable

    @property
    def depth(self) -> int:
        """How many items wait here."""
        return self.stored - len(self.hidden)

    # In

    def append(self, unnumbered: Sequence[Row]) -> list[int]:
        """Keep rows under the next numbers, which are returned."""
        numbered = [(self.last + at, *row[1:]) for at, row in enumerate(unnumbered, 1)]
        self.put(numbered)
        self.last += len(numbered)
        return [row[0] for row in numbered]

    def put(self, numbered: Sequence[Row]) -> None:
        """Keep rows under the numbers that they have."""
        with database.transaction(self.appending):
            self.appending.executemany(rows.INSERT, numbered)
        self.stored += len(numbered)
        self.reports += sum(row[1] == compact.REPORT for row in numbered)

    # Out

    def delete(self, bounds: Sequence[Range]) -> int:
        """Delete what a receipt names, set aside or not; how many items were there that nobody had deleted yet."""

        def work() -> tuple[int, int, int]:
            run = self.reading.execute
            reports = epochs = aside = 0
            for each in bounds:
                reports += run("DELETE FROM item WHERE seq BETWEEN ? AND ? AND kind = 2", each).rowcount
                epochs += run("DELETE FROM item WHERE seq BETWEEN ? AND ?", each).rowcount
                aside += run("DELETE FROM aside WHERE seq BETWEEN ? AND ?", each).rowcount
            self._remember_last()
            return reports, epochs, aside

        reports, epochs, aside = self._insist(work)
        again = {seq for seq in self.hidden if any(first <= seq <= last for first, last in bounds)}
        self.hidden -= again
        self.stored -= reports + epochs
        self.reports -= reports
        self.aside -= aside
        return reports + epochs + aside - len(again)

    def hide(self, bounds: Iterable[Range]) -> None:
        """Show these to nobody, until `delete_hidden`."""
        for each in bounds:
            found = self.reading.execute("SELECT seq FROM item WHERE seq BETWEEN ? AND ?", each)
            self.hidden.update(seq for (seq,) in found)

    def delete_hidden(self) -> None:
        """Try again to delete what is hidden."""
        if not self.hidden:
            return
        with database.transaction(self.reading):
            reports, epochs = self._delete_numbered(json.dumps(list(self.hidden)))
        self.stored -= reports + epochs
        self.reports -= reports
        self.hidden.clear()

    def set_aside(self, seqs: Iterable[int], reason: str) -> int:
        """Keep these apart from what waits; how many there were."""
        numbers = json.dumps(list(seqs))

        def work() -> tuple[int, int]:
            self.reading.execute(rows.PUT_ASIDE, (reason, numbers))
            return self._delete_numbered(numbers)

        reports, epochs = self._insist(work)
        self.stored -= reports + epochs
        self.reports -= reports
        self.aside += reports + epochs
        return reports + epochs

    def _delete_numbered(self, numbers: str) -> tuple[int, int]:
        """How many reports and epochs there were."""
        reports = self.reading.execute(rows.DELETE_NUMBERED_REPORTS, (numbers,)).rowcount
        epochs = self.reading.execute(rows.DELETE_NUMBERED, (numbers,)).rowcount
        self._remember_last()
        return reports, epochs

    def _remember_last(self) -> None:
        """The row that tells the last number may have gone."""
        self.reading.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (database.LAST, self.last))

    def _insist(self, work: Callable[[], T]) -> T:
        """Do it on the reading connection, and once more with an empty log if the first time fails."""
        try:
            with database.transaction(self.reading):
                return work()
        except sqlite3.Error:
            if not self.empty_log():
                raise
        with database.transaction(self.reading):
            return work()

    # Given up

    def drop_aside(self) -> int:
        """Give up the oldest of the track that was set aside; how many items."""
        with database.transaction(self.appending):
            dropped = self.appending.execute(rows.DROP_ASIDE).rowcount
            self._write_loss(Loss.ASIDE_DROPPED, dropped)
        self.aside -= dropped
        self.lost[Loss.ASIDE_DROPPED.value] += dropped
        return dropped

    def thin(self, chunk: Sequence[Row], given_up: set[int], reason: Loss) -> None:
        """Of these rows give up some. Those that stay are written again, side by side: otherwise all pages would be
        half empty, and none free.
        """
        thinned_to = chunk[-1][0]
        lost = len(given_up - self.hidden)  # what is hidden has its receipt
        with database.transaction(self.appending):
            self.appending.execute(rows.DELETE_NUMBERED, (json.dumps([row[0] for row in chunk]),))
            self.appending.executemany(rows.INSERT, [row for row in chunk if row[0] not in given_up])
            self.appending.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (database.THINNED_TO, thinned_to))
            self._write_loss(reason, lost)
        self.thinned_to = thinned_to
        self.stored -= len(given_up)
        self.lost[reason.value] += lost
        self.hidden -= given_up

    def count_loss(self, reason: Loss, items: int) -> None:
        """Of items that have never been here."""
        with database.transaction(self.appending):
            self._write_loss(reason, items)
        self.lost[reason.value] += items

    def _write_loss(self, reason: Loss, items: int) -> None:
        if items:
            self.appending.execute(
                "INSERT INTO loss VALUES (?, ?) ON CONFLICT (reason) DO UPDATE SET items = items + excluded.items",
                (reason.value, items),
            )

    # Reading

    def walk(self, query: str, start: int, limit: int) -> Iterator[Item | ReportItem]:
        """Up to so many items that wait and can be read, from a number on.

        Args:
            query: of `rows`: `OLDEST`, `NEWEST` or `REPORTS`.
            start: the number before the first.
            limit: items at most.
        """
        while limit > 0:
            found: list[Row] = self.reading.execute(query, (start, limit)).fetchall()
            if not found:
                return
            start = found[-1][0]
            for item in self._readable(found):
                limit -= 1
                yield item

    def numbered(self, seqs: Iterable[int]) -> Iterator[Item | ReportItem]:
        """Those of the numbered items that wait and can be read, rising."""
        yield from self._readable(self.reading.execute(rows.NUMBERED, (json.dumps(list(seqs)),)).fetchall())

    def ends(self) -> tuple[int | None, int | None]:
        """The first and the last number here."""
        oldest, newest = self.reading.execute(
            "SELECT (SELECT min(seq) FROM item), (SELECT max(seq) FROM item)"
        ).fetchone()
        return oldest, newest

    def _readable(self, found: Iterable[Row]) -> Iterator[Item | ReportItem]:
        for row in found:
            if row[0] in self.hidden:
                continue
            try:
                yield rows.item_of(row)
            except ValueError:
                self.damaged.add(row[0])

    # The file

    def empty_log(self) -> bool:
        """Bring what is in the write-ahead log home, so that it is written from its beginning again: that is room which
        it has already, also on a full disk. False: somebody reads.
        """
        busy, _, _ = self.appending.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        return not busy

    def close(self) -> None:
        """Close both connections. That the disk is broken then is no matter: what is safe is safe already."""
        for connection in (self.reading, self.appending):
            with contextlib.suppress(sqlite3.Error):
                connection.close()
