"""Carries events from the database to those who listen: numbers them, hands them to webhooks, wakes streams."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog

from gateway.clock import TRUE, Clock
from gateway.services.turns import keep_turning
from gateway.storage import events, webhooks
from gateway.storage.events import Numbered
from gateway.storage.pool import type_of_pool

log = structlog.get_logger()

POLL_S = 1.0
"""An event that another process wrote waits so long at most; for our own the pools wake us."""

APART_S = 0.02
"""Between two looks, however much is written: what came meanwhile is numbered together."""

BATCH = 500
KEPT = timedelta(days=30)
"""Events can be replayed for so long."""

DEAD_KEPT = timedelta(days=365)
CLEAN_EVERY = timedelta(hours=1)
REMEMBERED = 2000
"""Of the newest, so that streams do not all ask the database."""


class Feed:
    """One for a centre, in one event loop.

    Args:
        on_lanes: told of the (webhook, lane) in which something new waits.
        on_events: told of new events, rising; it must be quick.
        told: set by the pools when events were written over them.
    """

    def __init__(
        self,
        centre: str,
        pool: type_of_pool,
        clock: Clock = TRUE,
        on_lanes: Callable[[Iterable[tuple[str, str]]], None] = lambda _: None,
        on_events: Callable[[list[Numbered]], None] = lambda _: None,
        told: asyncio.Event | None = None,
    ) -> None:
        self.centre = centre
        self._pool = pool
        self._clock = clock
        self._told = told
        self._listeners: set[asyncio.Event] = set()
        self._newest: deque[Numbered] = deque(maxlen=REMEMBERED)
        self._clean_at: datetime | None = None
        self.closed = False
        self._on_lanes = on_lanes
        self._on_events = on_events

    def close(self) -> None:
        """The gateway stops: those who listen leave."""
        self.closed = True
        for listener in self._listeners:
            listener.set()

    @contextmanager
    def listen(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever there is something new; the listener clears it."""
        event = asyncio.Event()
        self._listeners.add(event)
        try:
            yield event
        finally:
            self._listeners.remove(event)

    async def after(self, number: int, limit: int = BATCH) -> list[Numbered]:
        """What came behind a number, rising."""
        if self._newest and number >= self._newest[0].id - 1:
            return [event for event in self._newest if event.id > number][:limit]
        async with self._pool.connection() as connection:
            return await events.after(connection, self.centre, number, limit)

    async def ends(self) -> tuple[int, int]:
        """The number before the oldest event that is still kept, and the newest number there is."""
        async with self._pool.connection() as connection:
            return await events.ends(connection, self.centre)

    async def before(self, at: datetime) -> int:
        """The number of the last event before a moment."""
        async with self._pool.connection() as connection:
            return await events.before(connection, self.centre, at)

    async def turn(self, now: datetime) -> int:
        """Number what was committed and put it before everybody; how many events that were."""
        done = 0
        while True:
            async with self._pool.connection() as connection, connection.transaction():
                fresh = await events.number(connection, self.centre, BATCH)
                lanes = []
                if fresh:
                    lanes = await webhooks.fan_out(connection, self.centre, fresh[0].id, fresh[-1].id, now)
            if not fresh:
                return done
            done += len(fresh)
            if self._newest and fresh[0].id != self._newest[-1].id + 1:
                self._newest.clear()  # another process numbered some in between
            self._newest.extend(fresh)
            self._on_lanes(lanes)
            self._on_events(fresh)
            for listener in self._listeners:
                listener.set()

    async def clean(self, now: datetime) -> int:
        """Forget what is too old, once in a while; how many events."""
        if self._clean_at is not None and now < self._clean_at:
            return 0
        async with self._pool.connection() as connection:
            gone = await webhooks.drop_old(connection, self.centre, now - KEPT, now - DEAD_KEPT)
        self._clean_at = now + CLEAN_EVERY
        return gone

    async def run(self) -> None:
        """Work until cancelled. While the database is away, events wait where they were written."""
        await keep_turning("events", self._round, self._clock, POLL_S, apart_s=APART_S, wake=self._told)

    async def _round(self) -> None:
        await self.turn(self._clock.now())
        await self.clean(self._clock.now())
