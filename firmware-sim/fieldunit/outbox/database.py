"""The outbox's file: who may open it, what is in it, and how an older format becomes this one.

Format 1 had a table of epochs with AUTOINCREMENT and no more. A file of it is made format 2 where it lies, in one
transaction that writes a few pages, however much waits in it: rows get a kind, and the old ones are of kind 0. So it
also succeeds on a disk that is almost full, and a power cut leaves one format or the other.
"""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from fieldunit.outbox.items import DamagedError, DiskError, OutboxError
from fieldunit.outbox.memory import random_id

FORMAT = 2
"""PRAGMA user_version of the files this module writes."""

APPLICATION_ID = 0x51474150
"""PRAGMA application_id: the letters QGAP, so that no other program's SQLite file is taken for ours."""

CHECKPOINT_PAGES = 128
"""Of the write-ahead log, then what is in it goes to its place: 0.5 MB that a memory card writes round and round."""

LOG_BYTES = 1024 * 1024
"""A log that a large transaction made longer is cut back to this, or to a quarter of a small outbox."""

RESERVED_BYTES = 512 * 1024
"""Taken at the opening: the disk may be full when coverage is lost, and then the file cannot grow. 5,000 fixes."""

LAST = "last"  # in `state`: the last number given, where no row tells it any more
THINNED_TO = "thinned_to"  # in `state`: how far this round of thinning has come

_STATE = (
    "CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE loss (reason TEXT PRIMARY KEY, items INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TABLE aside (
        seq INTEGER PRIMARY KEY,
        kind INTEGER NOT NULL,
        source TEXT NOT NULL,
        device_time_us INTEGER,
        lines BLOB NOT NULL,
        reason TEXT NOT NULL             -- what the broker said
    ) STRICT""",
    "CREATE INDEX report ON item (seq) WHERE kind = 2",
)
_SCHEMA = (
    "CREATE TABLE identity (outbox TEXT NOT NULL) STRICT",
    # No AUTOINCREMENT: it writes a second page at each append. The last number is the highest row's, or in `state`.
    """CREATE TABLE item (
        seq INTEGER PRIMARY KEY,
        source TEXT NOT NULL,            -- '' for a report
        device_time_us INTEGER,          -- UTC, microseconds since 1970; NULL: the device had no time
        lines BLOB NOT NULL,             -- as its kind says
        kind INTEGER NOT NULL DEFAULT 0  -- 0 sentences, CRLF between them; 1 the same, packed; 2 a report's body
    ) STRICT""",
    *_STATE,
)
_FROM_1 = (
    "ALTER TABLE item ADD COLUMN kind INTEGER NOT NULL DEFAULT 0",
    *_STATE,
    "INSERT INTO state SELECT 'last', seq FROM sqlite_sequence WHERE name = 'item'",  # LAST
)


def locked(path: Path) -> TextIO:
    """Hold the lock file: the kernel gives it free however this process ends.

    Raises:
        OutboxError: another process holds it.
        DiskError: the folder cannot be written.
    """
    try:
        lock = Path(f"{path}.lock").open("w")  # noqa: SIM115 - held as long as the outbox is open
    except OSError as error:
        raise DiskError(f"{path.parent} cannot be written ({error.strerror}); give another --state folder") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise OutboxError(
            f"{path} is in use by another sigap-unit process; stop that one, or give another --state folder"
        ) from None
    return lock


def log_bytes(limit_bytes: int) -> int:
    """What the log may keep for itself, of the bound of file and log."""
    return min(LOG_BYTES, limit_bytes // 4)


def connect(path: Path, synchronous: str, log_bytes: int) -> sqlite3.Connection:
    """One connection to the file. The log is emptied when it is half of what it may be, on a small disk earlier."""
    disk = os.statvfs(path.parent)
    pages = max(8, min(CHECKPOINT_PAGES, log_bytes // 2 // 4096, disk.f_blocks * disk.f_frsize // 8 // 4096))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {pages}")
        connection.execute(f"PRAGMA journal_size_limit = {log_bytes}")
    except BaseException:
        connection.close()
        raise
    return connection


def identity(connection: sqlite3.Connection, path: Path) -> str:
    """The outbox's id. A new file gets its tables, an older one is brought to this format.

    Raises:
        DamagedError: it is another program's.
        OutboxError: a newer version wrote it.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0 and not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        name = random_id()
        statements = (
            *_SCHEMA,
            f"INSERT INTO identity VALUES ('{name}')",  # noqa: S608 - letters of our own
            f"PRAGMA application_id = {APPLICATION_ID}",
        )
        _make(connection, statements)
        _sync_folder(path.parent)
        return name
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise DamagedError(f"{path} is a database, but no outbox; give another --state folder")
    if version == 1:
        _make(connection, _FROM_1)
    elif version != FORMAT:
        raise OutboxError(f"{path} was written by a newer sigap-unit (format {version}); start that version")
    return str(connection.execute("SELECT outbox FROM identity").fetchone()[0])


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it, or nothing. The lock on the file is taken at once, so that nothing fails halfway for want of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # some errors of SQLite have ended it already
            with contextlib.suppress(sqlite3.Error):  # the first error is what is told
                connection.execute("ROLLBACK")
        raise


def reserve(connection: sqlite3.Connection, path: Path, limit_bytes: int) -> None:
    """Let the file and its log take some room on the disk while there is some, so that they have it when the disk is
    full: pages that are free within the file. Also makes room again for a file that a power cut caught at this.
    """
    connection.execute("DROP TABLE IF EXISTS room")
    disk = os.statvfs(path.parent)
    wanted = min(RESERVED_BYTES, limit_bytes // 4, disk.f_bavail * disk.f_frsize // 4)
    pages, free, size = (
        connection.execute(f"PRAGMA {each}").fetchone()[0] for each in ("page_count", "freelist_count", "page_size")
    )
    absent = wanted - pages * size
    if absent <= 0 and Path(f"{path}-wal").stat().st_size < wanted:  # a clean stop has removed the log
        absent = min(free * size, wanted)
    if absent < size:
        return
    with contextlib.suppress(sqlite3.Error):  # there is none to take; what is to be stored will say so
        with transaction(connection):
            connection.execute("CREATE TABLE room (bytes BLOB)")
            connection.execute("INSERT INTO room VALUES (zeroblob(?))", (absent,))
        connection.execute("PRAGMA wal_checkpoint(FULL)")  # written in its place, or it would not be taken yet
        connection.execute("DROP TABLE room")


def sort(error: sqlite3.Error, path: Path) -> OutboxError:
    """What an error at the opening means for whoever runs the unit."""
    if _is_of_the_disk(error):
        return DiskError(f"{path} cannot be opened now ({error}); is the disk full, read-only or broken?")
    return DamagedError(
        f"{path} cannot be used as an outbox ({error}); move it away to begin a new one, "
        "and keep it: it may hold fixes that the centre has not seen"
    )


def _is_of_the_disk(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)


def size_on_disk(path: Path) -> int:
    """Bytes of the file, its log and the log's index."""
    total = 0
    for suffix in ("", "-wal", "-shm"):
        try:
            total += Path(f"{path}{suffix}").stat().st_size
        except OSError:  # it is not there, or the disk is not: then nothing lies there
            continue
    return total


def _make(connection: sqlite3.Connection, statements: tuple[str, ...]) -> None:
    with transaction(connection):
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {FORMAT}")


def _sync_folder(folder: Path) -> None:
    """Make the name of a new file as durable as its content (fsync(2): that of the file does not promise it)."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
