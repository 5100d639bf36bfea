"""What a unit keeps until the centre has it: epochs and reports under one sequence of numbers.

`Outbox` is the file, `MemoryOutbox` the same without one, `Store` what both are to those who use them. `open_outbox`
is for a program that must run whatever the disk is like.
"""

from fieldunit.outbox.items import (
    MEMORY_FLOOR,
    DamagedError,
    DiskError,
    Epoch,
    Item,
    Loss,
    OutboxError,
    ReportItem,
    Statistics,
    Store,
    is_safe,
)
from fieldunit.outbox.memory import MemoryOutbox
from fieldunit.outbox.opening import open_outbox
from fieldunit.outbox.outbox import LIMIT_BYTES, Outbox, outbox_path

__all__ = [
    "LIMIT_BYTES",
    "MEMORY_FLOOR",
    "DamagedError",
    "DiskError",
    "Epoch",
    "Item",
    "Loss",
    "MemoryOutbox",
    "Outbox",
    "OutboxError",
    "ReportItem",
    "Statistics",
    "Store",
    "is_safe",
    "open_outbox",
    "outbox_path",
]
