"""What an outbox takes and gives, and what whoever sends from one may ask of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from tracker.wire.receipt import Range

MEMORY_FLOOR = 2**32
"""Numbers from here on were given while the disk took nothing: the item is in memory only, and ends with the process.

Each process begins at a random one below 2^52. A number that a process took with it into its end is so never given
again, and a receipt that comes late for it deletes nothing else.
"""


class OutboxError(Exception):
    """The outbox cannot be used; the sentence says what whoever runs the unit can do."""


class DiskError(OutboxError):
    """It cannot be used now, because of the disk: full, read-only, broken, absent. Later it may be."""


class DamagedError(OutboxError):
    """The file is there and is not readable as an outbox any more, or never was one."""


class Loss(StrEnum):
    """Why an item is gone without a receipt. What has one of these was taken from the oldest track, never a report."""

    THINNED = "thinned"  # the file had reached its bound
    THINNED_DISK_FULL = "thinned-disk-full"  # the file had not, and the disk was full
    MEMORY_FULL = "memory-full"  # the disk took nothing, and the memory for that time was full
    ASIDE_DROPPED = "aside-dropped"  # it was refused again and again, had been set aside, and the room was needed


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


class ReportItem(NamedTuple):
    """What the crew or the vehicle's inputs said, with its sequence number."""

    seq: int
    device_time: datetime | None
    body: bytes  # a JSON object without its number: `tracker.wire.reports.numbered` puts it in


class Statistics(NamedTuple):
    """How much waits, and what was lost. All that was ever appended is receipted, or waiting, or aside, or lost."""

    depth: int  # items that wait: epochs and reports, in memory too
    oldest: int | None  # sequence number
    newest: int | None
    last: int  # the last sequence number given on the disk; 0 before the first
    reports: int  # of depth
    aside: int  # items that were refused again and again; not of depth
    in_memory: int  # of depth: items that are not safe, because the disk does not take them
    bytes: int  # on the disk now, write-ahead log included
    lost: Mapping[str, int]  # by reason (`Loss`), since the file was made
    trouble: str | None  # what is wrong with the disk; None: nothing


class Store(Protocol):
    """An outbox as the uplink and the sampling side use it: the file (`Outbox`), or memory alone (`MemoryOutbox`).

    Any thread may call any method. Numbers rise by one, from 1.
    """

    id: str

    def append(self, source: str, device_time: datetime | None, lines: Sequence[bytes]) -> int: ...

    def append_many(self, epochs: Iterable[Epoch]) -> list[int]: ...

    def append_report(self, body: bytes, device_time: datetime | None) -> int: ...

    def delete(self, ranges: Iterable[Range]) -> int: ...

    def set_aside(self, seqs: Iterable[int], reason: str) -> int: ...

    def oldest(self, limit: int, after: int = 0) -> list[Item]: ...

    def newest(self, limit: int) -> list[Item]: ...

    def reports(self, limit: int, after: int = 0) -> list[ReportItem]: ...

    def get(self, seqs: Sequence[int]) -> list[Item | ReportItem]: ...

    @property
    def depth(self) -> int: ...

    @property
    def lost(self) -> int: ...

    def statistics(self) -> Statistics: ...

    def close(self) -> None: ...


def is_safe(seq: int) -> bool:
    """Whether the item that was given this number is on the disk; False: in memory, the disk takes nothing."""
    return seq < MEMORY_FLOOR
