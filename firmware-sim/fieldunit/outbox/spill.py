"""What the disk does not take meanwhile: it is in memory, until the disk takes it after all."""

import secrets
import sqlite3
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from fieldunit.outbox.items import MEMORY_FLOOR, Epoch, Loss
from fieldunit.outbox.memory import Ring
from fieldunit.outbox.rows import row_of
from fieldunit.outbox.table import Table

TRY_AGAIN_S = 1.0
"""While the disk takes nothing, it is asked so often at most."""

_AT_ONCE = 100  # items that go from memory to the disk in one transaction
_MEMORY_END = 2**52  # so that numbers stay whole in a JSON reader that has only floats


class Spill:
    """The items in memory, and what is wrong with the disk. Not thread-safe.

    Args:
        path: of the file, for the sentences about it.
        limit: items at most.
        tell: told in a sentence when the disk takes nothing, and when it does again.
        clock: seconds that never run backwards.
    """

    def __init__(self, path: Path, limit: int, tell: Callable[[str], None], clock: Callable[[], float]) -> None:
        self.ring = Ring(MEMORY_FLOOR + secrets.randbelow(_MEMORY_END - MEMORY_FLOOR), limit)
        self.lost = 0  # given up here, and not yet in the file's count
        self.trouble: str | None = None  # None: the disk takes what it is given
        self._path = path
        self._tell = tell
        self._clock = clock
        self._asked_at = float("-inf")

    def begin(self, error: sqlite3.Error) -> None:
        """The disk takes nothing, or still nothing."""
        if self.trouble is None:
            self._asked_at = self._clock()
            self._tell(f"{self._path}: the disk takes no fixes ({error}); they are kept in memory until it does")
        self.trouble = str(error)

    def is_due(self) -> bool:
        """Whether it is time to ask the disk again."""
        return self.trouble is not None and self._clock() - self._asked_at >= TRY_AGAIN_S

    def add_epochs(self, epochs: Iterable[Epoch]) -> list[int]:
        """Keep epochs here; their numbers."""
        given = [self.ring.add_epoch(epoch) for epoch in epochs]
        self.lost += self.ring.make_room()
        return given

    def add_report(self, body: bytes, device_time: datetime | None) -> int:
        """Keep a report here; its number."""
        given = self.ring.add_report(body, device_time)
        self.lost += self.ring.make_room()
        return given

    def empty_into(self, table: Table) -> int:
        """Give the disk what it has missed, in the order of the numbers; how many items it took.

        Raises:
            sqlite3.Error: it takes nothing, or nothing any more; what it has taken is no longer here.
        """
        self._asked_at = self._clock()
        saved = 0
        table.delete_hidden()
        while waiting := self.ring.first(_AT_ONCE):
            table.put([row_of(item) for item in waiting])
            self.ring.take((item.seq, item.seq) for item in waiting)
            saved += len(waiting)
        if self.lost:
            table.count_loss(Loss.MEMORY_FULL, self.lost)
            self.lost = 0
        return saved

    def end(self, saved: int) -> None:
        """The disk takes again, and has taken so many that were here."""
        self.trouble = None
        self._tell(f"{self._path}: the disk takes fixes again; {saved} that were in memory are safe now")
