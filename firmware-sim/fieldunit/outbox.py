"""The unit's memory of what the centre has not yet confirmed: one SQLite file a unit, `{state}/{unit}.outbox`.

It promises three things. `append` has returned: the item survives a killed process and a cut power line (WAL,
`synchronous=FULL`: one fsync a commit, https://www.sqlite.org/pragma.html#pragma_synchronous). A sequence number
is given once in the life of the file (AUTOINCREMENT, https://www.sqlite.org/autoinc.html), even when every row is
gone. Nothing but `delete`, which is called with the ranges of a receipt, takes an item away.

It knows neither MQTT nor what the lines mean; the TAG block is written when an item is sent.

Two connections to the one file: the sampling thread appends, and waits for the disk; the uplink's thread reads and
deletes on its own one, which does not wait, because a deletion that a power cut undoes costs a duplicate and no fix.
"""

import fcntl
import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, TextIO

from tracker.wire.receipt import Range
from tracker.wire.topics import checked_id

FORMAT = 1
"""PRAGMA user_version of the files this module writes."""

APPLICATION_ID = 0x51474150
"""PRAGMA application_id: the letters QGAP, so that no other program's SQLite file is taken for ours."""

_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"  # base32 of RFC 4648, lower case: 12 letters are 60 random bits
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MAX_SEQUENCE = 2**63 - 1  # SQLite's rowid

_SCHEMA = (
    "CREATE TABLE identity (outbox TEXT NOT NULL) STRICT",
    """CREATE TABLE item (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        source TEXT NOT NULL,
        device_time_us INTEGER,          -- UTC, microseconds since 1970; NULL: the device had no time
        lines BLOB NOT NULL              -- the epoch's sentences, CRLF between them
    ) STRICT""",
    f"PRAGMA user_version = {FORMAT}",
    f"PRAGMA application_id = {APPLICATION_ID}",
)
_OLDEST = "SELECT seq, source, device_time_us, lines FROM item WHERE seq > ? ORDER BY seq LIMIT ?"
_NEWEST = "SELECT seq, source, device_time_us, lines FROM item ORDER BY seq DESC LIMIT ?"
_NUMBERED = """
    SELECT seq, source, device_time_us, lines FROM item WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq
"""


class OutboxError(Exception):
    """The outbox cannot be used; the sentence says what whoever runs the unit can do."""


class Epoch(NamedTuple):
    """What goes in: one epoch of one receiver."""

    source: str  # which receiver in the vehicle: gnss, modem, phone
    device_time: datetime | None  # aware, UTC: the device's clock at the epoch, if it has one
    lines: tuple[bytes, ...]  # sentences, each from '$' to '*hh', without line ends


class Item(NamedTuple):
    """What comes out: an epoch with its sequence number."""

    seq: int
    source: str
    device_time: datetime | None
    lines: tuple[bytes, ...]


class Statistics(NamedTuple):
    """How much waits."""

    depth: int  # items
    oldest: int | None  # sequence number
    newest: int | None
    last: int  # the last sequence number given; 0 before the first


class Outbox:
    """The items of one unit that have no receipt yet. Any thread may call any method.

    Args:
        path: the file; made, with its random id, when it is not there. Its folder must exist.

    Raises:
        OutboxError: it is in use by another process, is no outbox, or was written by a newer version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._closed = False
        self._lock_file = _locked(path)
        try:
            self._appending = _connect(path, synchronous="FULL")
            self._reading = _connect(path, synchronous="NORMAL")
            self.id = _identity(self._appending, path)
            self._last = _last_given(self._appending)
            self._depth = int(self._reading.execute("SELECT count(*) FROM item").fetchone()[0])
        except sqlite3.Error as error:
            self._lock_file.close()
            raise OutboxError(
                f"{path} cannot be used as an outbox ({error}); move it away to begin a new one, "
                "and keep it: it may hold fixes that the centre has not seen"
            ) from error
        except OutboxError:
            self._lock_file.close()
            raise
        self._write_lock = threading.Lock()  # SQLite has one writer at a time; its own waiting is a sleep
        self._read_lock = threading.Lock()

    def append(self, source: str, device_time: datetime | None, lines: Sequence[bytes]) -> int:
        """Keep one epoch. It is on the disk when this returns.

        Returns:
            Its sequence number.

        Raises:
            OutboxError: the disk is full or broken; it was not kept.
        """
        return self.append_many([Epoch(source, device_time, tuple(lines))])[0]

    def append_many(self, epochs: Iterable[Epoch]) -> list[int]:
        """Keep several epochs in one transaction: all of them are on the disk when this returns, or none.

        Returns:
            Their sequence numbers, rising, in the order given.

        Raises:
            OutboxError: the disk is full or broken; nothing was kept.
        """
        given: list[int] = []
        with self._write_lock:
            self._appending.execute("BEGIN IMMEDIATE")
            try:
                for epoch in epochs:
                    row = (epoch.source, _to_us(epoch.device_time), b"\r\n".join(epoch.lines))
                    cursor = self._appending.execute(
                        "INSERT INTO item (source, device_time_us, lines) VALUES (?, ?, ?)", row
                    )
                    assert cursor.lastrowid is not None  # noqa: S101 - an INSERT always sets it
                    given.append(cursor.lastrowid)
                self._appending.execute("COMMIT")
            except BaseException as error:
                if self._appending.in_transaction:  # some errors of SQLite have ended it already
                    self._appending.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise OutboxError(
                        f"{self.path} does not take a fix ({error}); what it held is still there"
                    ) from error
                raise
            if given:
                self._last = given[-1]
                self._depth += len(given)
        return given

    def delete(self, ranges: Iterable[Range]) -> int:
        """Forget what a receipt names. Numbers that are not there, or were never given, do nothing.

        Args:
            ranges: inclusive, of sequence numbers.

        Returns:
            How many items were there and are no more.
        """
        deleted = 0
        with self._write_lock, self._read_lock:
            self._reading.execute("BEGIN IMMEDIATE")
            for first, last in ranges:
                bounds = (max(first, 0), min(last, _MAX_SEQUENCE))
                if bounds[0] <= bounds[1]:
                    deleted += self._reading.execute("DELETE FROM item WHERE seq BETWEEN ? AND ?", bounds).rowcount
            self._reading.execute("COMMIT")
            self._depth -= deleted
        return deleted

    def oldest(self, limit: int, after: int = 0) -> list[Item]:
        """Up to `limit` items with sequence numbers above `after`, rising."""
        return self._items(_OLDEST, (after, limit))

    def newest(self, limit: int) -> list[Item]:
        """Up to `limit` items, the newest first."""
        return self._items(_NEWEST, (limit,))

    def get(self, seqs: Sequence[int]) -> list[Item]:
        """Those of the numbered items that are there, rising."""
        return self._items(_NUMBERED, (json.dumps(list(seqs)),))

    @property
    def depth(self) -> int:
        """How many items wait."""
        return self._depth

    def statistics(self) -> Statistics:
        """Depth, and the oldest and newest number that wait."""
        with self._read_lock:  # two queries in one: SQLite finds an end of the tree at once only when it is asked alone
            oldest, newest = self._reading.execute(
                "SELECT (SELECT min(seq) FROM item), (SELECT max(seq) FROM item)"
            ).fetchone()
        return Statistics(self._depth, oldest, newest, self._last)

    def close(self) -> None:
        """Give the file free for another process. Closing twice is no mistake."""
        if self._closed:
            return
        with self._write_lock, self._read_lock:
            self._closed = True
            self._reading.close()
            self._appending.close()
            self._lock_file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _items(self, query: str, arguments: tuple[int | str, ...]) -> list[Item]:
        with self._read_lock:
            rows = self._reading.execute(query, arguments).fetchall()
        return [Item(seq, source, _from_us(time), tuple(lines.split(b"\r\n"))) for seq, source, time, lines in rows]


def outbox_path(state: Path, unit: str) -> Path:
    """Where the outbox of a unit lies.

    Raises:
        tracker.errors.BadInput: UNIT_ID, if the unit's id is outside the pattern (an id makes a file name here).
    """
    return state / f"{checked_id(unit)}.outbox"


def _to_us(time: datetime | None) -> int | None:
    if time is None:
        return None
    if time.tzinfo is None:
        raise ValueError("a device time must be aware")
    return (time - _EPOCH) // _MICROSECOND


def _from_us(time_us: int | None) -> datetime | None:
    return None if time_us is None else _EPOCH + timedelta(microseconds=time_us)


def _locked(path: Path) -> TextIO:
    """Hold the lock file: the kernel gives it free however this process ends."""
    try:
        lock = Path(f"{path}.lock").open("w")  # noqa: SIM115 - held as long as the outbox is open
    except OSError as error:
        raise OutboxError(f"{path.parent} cannot be written ({error.strerror}); give another --state folder") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise OutboxError(
            f"{path} is in use by another sigap-unit process; stop that one, or give another --state folder"
        ) from None
    return lock


def _connect(path: Path, synchronous: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    return connection


def _identity(connection: sqlite3.Connection, path: Path) -> str:
    """The outbox's id; the schema and the id are made together, or neither."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0 and not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        name = "".join(secrets.choice(_ID_ALPHABET) for _ in range(12))
        connection.execute("BEGIN IMMEDIATE")
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.execute("INSERT INTO identity VALUES (?)", (name,))
        connection.execute("COMMIT")
        _sync_folder(path.parent)
        return name
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise OutboxError(f"{path} is a database, but no outbox; give another --state folder")
    if version != FORMAT:
        raise OutboxError(f"{path} was written by a newer sigap-unit (format {version}); start that version")
    return str(connection.execute("SELECT outbox FROM identity").fetchone()[0])


def _sync_folder(folder: Path) -> None:
    """Make the name of a new file as durable as its content (fsync(2): that of the file does not promise it)."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _last_given(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'item'").fetchone()
    return int(row[0]) if row else 0
