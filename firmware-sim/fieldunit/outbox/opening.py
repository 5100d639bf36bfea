"""Opens an outbox for a program that must run whatever the disk is like: a vehicle without one must still be seen."""

from collections.abc import Callable
from pathlib import Path

from fieldunit.outbox.items import DamagedError, DiskError
from fieldunit.outbox.memory import MemoryOutbox
from fieldunit.outbox.outbox import LIMIT_BYTES, Outbox


def open_outbox(path: Path, trouble: Callable[[str], None], *, limit_bytes: int = LIMIT_BYTES) -> Outbox | MemoryOutbox:
    """The unit's outbox, or the best that can be had.

    A file that is damaged is moved aside, under `{path}.damaged`, `.damaged-2`, …, and a new one is begun. Where the
    disk lets nothing be opened it is one in memory, which loses what has no receipt when the process ends: whoever
    runs it should start anew when the disk is well.

    Args:
        path: see `Outbox`.
        trouble: told in a sentence what is not as it should be, now and later.
        limit_bytes: see `Outbox`.

    Raises:
        OutboxError: it is in use by another process, or was written by a newer version: both are for a person to end.
    """
    try:
        try:
            return Outbox(path, limit_bytes=limit_bytes, trouble=trouble)
        except DamagedError as error:
            kept = _move_aside(path)
            trouble(f"{error}. It is kept as {kept}, and a new one is begun")
            return Outbox(path, limit_bytes=limit_bytes, trouble=trouble)
    except (DiskError, DamagedError, OSError) as error:
        trouble(f"{error}; meanwhile fixes are kept in memory only, and what is not receipted ends with this process")
        return MemoryOutbox()


def _move_aside(path: Path) -> Path:
    """Under a name that is free. Its log goes with it: without it the file would be another."""
    number = 1
    while True:
        kept = Path(f"{path}.damaged" if number == 1 else f"{path}.damaged-{number}")
        if not kept.exists():
            break
        number += 1
    path.rename(kept)
    for suffix in ("-wal", "-shm"):
        beside = Path(f"{path}{suffix}")
        if beside.exists():
            beside.rename(f"{kept}{suffix}")
    return kept
