"""Where the gateway's loops have their time from: the machine, or whoever lets an exercise run faster than the world.

What waits for the world outside (a connection, a query, a socket) waits in the world's time and not here.
"""

import asyncio
import heapq
import itertools
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What a loop asks for."""

    def now(self) -> datetime:
        """Aware, UTC."""

    def seconds(self) -> float:
        """Seconds since some moment; they never go back."""

    async def sleep(self, seconds: float) -> None:
        """Come back when so much time has passed."""

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Come back when the event is set, or when so much time has passed; whether it is set."""


class TrueClock:
    """The machine's."""

    def now(self) -> datetime:
        """As the machine has it."""
        return datetime.now(UTC)

    def seconds(self) -> float:
        """Monotonic."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """The loop's own."""
        await asyncio.sleep(seconds)

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """The loop's own."""
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            pass
        return event.is_set()


TRUE = TrueClock()


def _no_less(seconds: float) -> timedelta:
    """Whoever waits for what is left of a period, and a rounding error is left, must not find the same moment again."""
    return max(timedelta(seconds=seconds), timedelta(microseconds=1)) if seconds > 0 else timedelta()


class _Wait:
    """Of one loop."""

    def __init__(self, event: asyncio.Event) -> None:
        self.event = event
        self.over = asyncio.Event()

    @property
    def rests(self) -> bool:
        """Whether nothing has happened that it waits for."""
        return not (self.event.is_set() or self.over.is_set())


class HeldClock:
    """Time that goes on only when it is told to, and not before everybody has done what the present asks for.

    Every task that has waited on this clock once is one of its loops until it ends. `advance` wakes them in the order
    of their times, and goes on only when all of them wait again: what a loop does takes no time here, however slow the
    machine is.
    """

    def __init__(self, now: datetime) -> None:
        self._now = self._began = now
        self._order = itertools.count()
        self._due: list[tuple[datetime, int, _Wait]] = []
        self._loops: dict[asyncio.Task[object], _Wait | None] = {}  # None: at work
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        """As it was told."""
        return self._now

    def seconds(self) -> float:
        """Since it began."""
        return (self._now - self._began).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Come back when it was told that so much time has passed."""
        await self.wait(asyncio.Event(), seconds)

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Come back when the event is set, or when it was told that so much time has passed; whether it is set."""
        task = asyncio.current_task()
        if task is None:
            raise AssertionError("only a task can wait")
        if task not in self._loops:
            task.add_done_callback(self._ended)
        wait = self._loops[task] = _Wait(event)
        heapq.heappush(self._due, (self._now + _no_less(seconds), next(self._order), wait))
        self._moved.set()
        waiters = [asyncio.ensure_future(each.wait()) for each in (event, wait.over)]
        try:
            await asyncio.wait(waiters, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiter in waiters:
                waiter.cancel()
            wait.over.set()  # its turn, when it comes, is nobody's
            self._loops[task] = None
        return event.is_set()

    async def advance(self, to: datetime) -> None:
        """Let time go on, loop by loop, and come back when all of them rest."""
        await self.rest()
        while self._due and self._due[0][0] <= to:
            due, _, wait = heapq.heappop(self._due)
            if wait.over.is_set():
                continue
            self._now = max(self._now, due)
            wait.over.set()
            await self.rest()
        self._now = max(self._now, to)

    async def rest(self) -> None:
        """Come back when every loop waits for something that has not happened."""
        while not all(wait is not None and wait.rests for wait in self._loops.values()):
            self._moved.clear()
            await self._moved.wait()

    def working(self) -> list[str]:
        """The loops that do not wait: what `rest` waits for."""
        busy = [task for task, wait in self._loops.items() if wait is None or not wait.rests]
        return [repr(task.get_coro()) for task in busy]

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._loops.pop(task, None)
        self._moved.set()
