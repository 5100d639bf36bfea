"""A record of every fix a unit has made safe, for whoever checks afterwards that none was lost.

One JSON object a line, written right after the outbox made the fix durable; for a bare device, which makes nothing
durable, right after the broker's PUBACK:

    {"unit":"ambulans-01","source":"gnss","outbox":"k3…","seq":17,"fix_time":"2026-11-21T03:04:05.200000Z","at_ns":…}

`at_ns` is CLOCK_REALTIME when the fix was handed over: after the append, before the publication. A bare device's
`outbox` and `seq` are null.
"""

import threading
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec


class Ledger:
    """Appends to the file; any thread may write."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)  # one write a line: a killed process leaves whole lines
        self._lock = threading.Lock()
        self._encoder = msgspec.json.Encoder()

    def write(
        self, unit: str, source: str, outbox: str | None, seq: int | None, fix_time: datetime, at_ns: int
    ) -> None:
        """Record one fix; `fix_time` is aware."""
        line = self._encoder.encode(
            {
                "unit": unit,
                "source": source,
                "outbox": outbox,
                "seq": seq,
                "fix_time": fix_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "at_ns": at_ns,
            }
        )
        with self._lock:
            self._file.write(line + b"\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
