"""The bound of an outbox on the disk, and what is given up for it: never a report, never the newest fix.

What was set aside goes first; then the older three quarters of the track get coarser, from the oldest on, and when such
a round is over the next one begins at the oldest again: the older, the coarser, and never a hole.
"""

import os
from pathlib import Path

from fieldunit.outbox import database, rows
from fieldunit.outbox.items import Loss
from fieldunit.outbox.rows import Row
from fieldunit.outbox.table import Table
from fieldunit.outbox.thinning import every_second

_SPARE_PAGES = 8  # between the bound and what is in use
_FREE_PAGES = 3  # in the file, for the next item: where the disk is full it can get no others
_SPARE_BYTES = 1024 * 1024  # free on the disk, or an eighth of it: less, and the file does not grow any more
_INDEX_BYTES = 32 * 1024  # of the log's index, a file as well
_STEPS = 64  # of a sacrifice after one append at most; a bound that was lowered is reached by and by
_CHUNK = 1024  # epochs looked at in one step of a sacrifice


class Bound:
    """Holds a table to its bound. Not thread-safe; the disk's refusals come out as `sqlite3.Error`.

    Args:
        table: the items.
        path: their file.
        limit_bytes: of the file, its log and the log's index.
    """

    def __init__(self, table: Table, path: Path, limit_bytes: int) -> None:
        self._table = table
        self._path = path
        self._ask = table.appending.execute
        (page,) = self._ask("PRAGMA page_size").fetchone()
        self._limit_pages = (limit_bytes - database.log_bytes(limit_bytes) - _INDEX_BYTES) // page

    def keep(self) -> None:
        """Give up what is too much, a part of it at a time."""
        for _ in range(_STEPS):
            reason = self._too_much()
            if reason is None or not self.sacrifice(reason):
                return

    def _too_much(self) -> Loss | None:
        """Why something must go, if it must. Where the disk is nearly full the file does not grow any more: its free
        pages are used again, and its log lies where it lay, so that it works on a disk without a free byte.
        """
        (pages,) = self._ask("PRAGMA page_count").fetchone()
        (free,) = self._ask("PRAGMA freelist_count").fetchone()
        if pages - free > self._limit_pages - _SPARE_PAGES:
            return Loss.THINNED
        if free >= _FREE_PAGES:
            return None
        try:
            disk = os.statvfs(self._path)
        except OSError:  # the next append finds out
            return None
        tight = disk.f_bavail * disk.f_frsize < min(_SPARE_BYTES, disk.f_blocks * disk.f_frsize // 8)
        return Loss.THINNED_DISK_FULL if tight else None

    def sacrifice(self, reason: Loss) -> int:
        """Give up some old track, in one transaction; how many items. What was set aside goes before."""
        if self._table.aside and (dropped := self._table.drop_aside()):
            return dropped
        chunk = self._next_chunk()
        given_up = set(every_second((row[0], row[2]) for row in chunk))
        if given_up:
            self._table.thin(chunk, given_up, reason)
        return len(given_up)

    def _next_chunk(self) -> list[Row]:
        """The next of the older three quarters that this round of thinning has not come to; none, or at least two."""
        epochs = self._table.stored - self._table.reports
        youngest = "SELECT seq FROM item WHERE kind < 2 ORDER BY seq DESC LIMIT 1 OFFSET ?"
        (youngest_old,) = self._ask(youngest, (max(1, epochs // 4),)).fetchone() or (0,)
        size = max(16, min(_CHUNK, epochs // 16))
        for after in (self._table.thinned_to, 0):  # where this round is over, the next one begins at the oldest
            chunk: list[Row] = self._ask(rows.OLD_TRACK, (after, youngest_old, size)).fetchall()
            if len(chunk) > 1:
                return chunk
        self._table.thinned_to = 0
        return []
