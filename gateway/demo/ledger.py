"""What the simulated fleet says it made: one JSON object a line, written by the units and read here.

    {"unit":"ambulans-01","source":"gnss","outbox":"…","seq":17,"fix_time":"…Z","at_ns":1763694245200000000}

The gateway and the unit know each other only over the wire. This file and the outboxes are the demo's
evidence about both: a third party looks at what went in and at what came out.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import msgspec

from gateway.demo.errors import DemoError

_OUTBOX_FORMATS = (1, 2)  # PRAGMA user_version of the files that `waiting` understands


class Entry(msgspec.Struct, frozen=True):
    """One fix, made durable on its unit. Other fields are allowed."""

    unit: str
    source: str
    outbox: str | None  # None, with seq, for a device that has none
    seq: int | None
    fix_time: datetime  # aware, UTC
    at_ns: int  # when it was published, nanoseconds since 1970 of this machine's clock


_decoder = msgspec.json.Decoder(Entry)


class Ledger:
    """Reads the file while it grows.

    Args:
        path: of the file; it need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset = 0

    def new_entries(self) -> Iterator[Entry]:
        """What was written since the last call; a line still being written waits for the next one."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._offset += len(line)
                yield _decoder.decode(line)


def waiting(state: Path) -> set[tuple[str, int]]:
    """What the fleet's outboxes still hold, as (outbox, seq): not delivered, and not lost.

    Args:
        state: the fleet's state directory; its units must have stopped, or the answer is old when it is
        given.

    Raises:
        DemoError: if an outbox has a format unknown here.
    """
    found: set[tuple[str, int]] = set()
    for path in sorted(state.glob("*.outbox")):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version not in _OUTBOX_FORMATS:
                raise DemoError(f"{path} has format {version}, which this demo cannot read")
            (outbox,) = connection.execute("SELECT outbox FROM identity").fetchone()
            found.update((outbox, seq) for (seq,) in connection.execute("SELECT seq FROM item"))
    return found
