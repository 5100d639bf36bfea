"""How long a fix takes from its publication to a dispatcher's browser, commit included."""

import asyncio
import math
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.bench.epochs import unit_id


class _Position(msgspec.Struct):
    fix_time: datetime


class _Unit(msgspec.Struct):
    unit: str
    position: _Position | None = None


class _Frame(msgspec.Struct):
    units: list[_Unit] = []


_decode = msgspec.json.Decoder(_Frame).decode


class Watcher:
    """A WebSocket client as the board is one. It only notes frames; they are read when all is over."""

    def __init__(self, board: str) -> None:
        self._address = board.replace("http://", "ws://", 1) + "api/v1/live"
        self._frames: list[tuple[int, bytes]] = []
        self._recording = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to watch; returns when the first frame is there."""
        first = asyncio.Event()
        self._task = asyncio.create_task(self._watch(first))
        await first.wait()

    async def stop(self) -> None:
        """End the watch."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def record(self) -> None:
        """Keep frames from now on."""
        self._recording = True

    def arrivals(self) -> dict[str, list[tuple[int, datetime]]]:
        """End the record. By unit: when a frame came (monotonic ns), and the fix time it showed."""
        self._recording = False
        found: dict[str, list[tuple[int, datetime]]] = defaultdict(list)
        for at_ns, text in self._frames:
            for unit in _decode(text).units:
                if unit.position is not None:
                    found[unit.unit].append((at_ns, unit.position.fix_time))
        self._frames.clear()
        return found

    async def _watch(self, first: asyncio.Event) -> None:
        async with connect(self._address, proxy=None, max_size=None, compression=None) as connection:
            while True:
                try:
                    frame = await connection.recv(decode=False)
                except ConnectionClosed as error:
                    raise RuntimeError("the gateway closed the live socket") from error
                at_ns = time.monotonic_ns()
                first.set()
                if self._recording:
                    self._frames.append((at_ns, frame))


def latencies(
    published_ns: Sequence[Sequence[int]],
    first_unit: int,
    arrivals: dict[str, list[tuple[int, datetime]]],
    start: float,
    interval: float,
    warm_up: float,
) -> tuple[list[float], int]:
    """Milliseconds from each fix's publication until its unit was shown there or further on, and how many never were.

    A fix that a newer one overtook counts too, from its own publication to the newer one's arrival: leaving it out
    would flatter.

    Args:
        published_ns: by unit and fix; first_unit: the number of the first.
        start: POSIX seconds of the first fix; interval: seconds between two of a unit.
        warm_up: seconds at the beginning that do not count.
    """
    found: list[float] = []
    unseen = 0
    for number, times in enumerate(published_ns, first_unit):
        shown = iter(arrivals.get(unit_id(number), ()))
        at_ns, showing = next(shown, (None, None))
        for i, sent_ns in enumerate(times):
            fix_time = datetime.fromtimestamp(start, UTC) + timedelta(seconds=i * interval)
            while showing is not None and showing < fix_time:
                at_ns, showing = next(shown, (None, None))
            if i * interval < warm_up:
                continue
            if at_ns is None:
                unseen += 1
            else:
                found.append((at_ns - sent_ns) / 1e6)
    return sorted(found), unseen


def quantile(rising: Sequence[float], share: float) -> float:
    """The value that this share does not exceed (nearest rank); NaN of nothing."""
    return rising[max(0, math.ceil(share * len(rising)) - 1)] if rising else math.nan
