"""A browser's stand-in: it watches the live feed as the board does, and notes when each position arrived."""

import threading
import time
from collections.abc import Iterator
from datetime import datetime
from queue import Empty, SimpleQueue
from typing import Any

import msgspec
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from gateway.demo.latency import Key

_RETRY_S = 0.5
_PATIENCE_S = 1.0  # how long one wait for a frame lasts before the thread looks whether it shall end


class _Position(msgspec.Struct):
    fix_time: datetime
    source: str


class _Unit(msgspec.Struct):
    unit: str
    stale_after_s: float
    position: _Position | None = None


class _Frame(msgspec.Struct):
    type: str
    units: list[_Unit] = []


_decoder = msgspec.json.Decoder(_Frame)


class Viewer:
    """Watches `/api/v1/live` in a thread of its own.

    Args:
        board: address of the board, ``http://host:port/``.
    """

    def __init__(self, board: str) -> None:
        self._address = board.replace("http://", "ws://", 1).rstrip("/") + "/api/v1/live"
        self._arrivals: SimpleQueue[tuple[Key, int]] = SimpleQueue()
        self._fresh_until: dict[str, float] = {}  # POSIX seconds
        self._watching = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="viewer", daemon=True)

    def start(self, within_s: float) -> None:
        """Begin to watch, and wait at most that long for the first frame; it connects again for as long as it
        runs.
        """
        self._thread.start()
        self._watching.wait(within_s)

    def stop(self) -> None:
        """End the watch."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(5 * _PATIENCE_S)

    def arrivals(self) -> Iterator[tuple[Key, int]]:
        """Positions that came since the last call, each with its time (nanoseconds since 1970)."""
        while True:
            try:
                yield self._arrivals.get_nowait()
            except Empty:
                return

    def live_units(self) -> int:
        """Units whose newest fix is not stale now."""
        now = time.time()
        return sum(until >= now for until in list(self._fresh_until.values()))

    def _watch(self) -> None:
        while not self._ending.is_set():
            try:
                self._read()
            except (OSError, WebSocketException):  # the gateway restarts or stops; the supervisor knows which
                self._ending.wait(_RETRY_S)

    def _read(self) -> None:
        # No proxy: the board is on this machine, whatever the environment says.
        connection: Any = connect(self._address, proxy=None, max_size=None, close_timeout=1)
        with connection:
            while not self._ending.is_set():
                try:
                    text = connection.recv(timeout=_PATIENCE_S)
                except TimeoutError:
                    continue
                at_ns = time.time_ns()
                self._watching.set()
                for unit in _decoder.decode(text).units:
                    if unit.position is not None:
                        self._fresh_until[unit.unit] = unit.position.fix_time.timestamp() + unit.stale_after_s
                        self._arrivals.put(((unit.unit, unit.position.source, unit.position.fix_time), at_ns))
