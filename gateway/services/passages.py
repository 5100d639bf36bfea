"""Notes who comes into a geofence and who leaves it.

Fixes are only laid down where they are committed, and looked at once a second, all of a geofence at once. What a unit
sends after an outage is looked at in its order; what comes later than newer fixes of the unit is history and moves
nobody. Where a lent unit is while dispatch may not know is not noted either.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime

import numpy as np

from gateway.clock import TRUE, Clock
from gateway.services.register import Register
from gateway.services.turns import keep_turning
from gateway.storage import register as storage
from gateway.storage.fixes import Row
from gateway.storage.pool import type_of_pool
from gateway.storage.register import PassedBy
from tracker.register.geofences import Area, Passage

PERIOD_S = 1.0
IDLE_S = 60.0
MAX_WAITING = 100_000
"""Fixes that wait to be looked at, the oldest go: a minute of the largest province."""


class Passages:
    """Of one centre, in one event loop.

    Args:
        register: knows the geofences and whose units are.
        pool: stores what was noted.
        clock: of the pauses.
        may_know: whether dispatch may know where a unit was at a moment.
    """

    def __init__(
        self,
        register: Register,
        pool: type_of_pool,
        clock: Clock = TRUE,
        may_know: Callable[[str, datetime], bool] = lambda _unit, _at: True,
    ) -> None:
        self._register = register
        self._pool = pool
        self._clock = clock
        self._may_know = may_know
        self._waiting: deque[tuple[str, datetime, float, float]] = deque(maxlen=MAX_WAITING)
        self._areas: dict[str, Area] = {}
        self._where: dict[tuple[str, str], Passage] | None = None  # by (geofence, unit); None: not read yet
        self._noted: list[PassedBy] = []  # and not stored yet
        self._awake = asyncio.Event()

    def committed(self, rows: Iterable[Row]) -> None:
        """Fixes were stored; the usable ones are laid down. Quick."""
        if self._register.geofences:
            self._waiting.extend(
                (row.unit, row.fix.time, row.fix.latitude, row.fix.longitude) for row in rows if row.fix.quality.usable
            )
            self._awake.set()

    async def run(self) -> None:
        """Look at what comes, at most once a period; what cannot be stored is stored later."""
        await keep_turning(
            "comings and goings",
            self.turn,
            self._clock,
            IDLE_S,
            apart_s=PERIOD_S,
            wake=self._awake,
            failed=self._awake.set,
            waiting=lambda: {"waiting": len(self._noted)},
        )

    async def turn(self) -> None:
        """Look at all that waits, and store who came and went.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away; nothing is forgotten.
        """
        if self._where is None:
            async with self._pool.connection() as connection:
                inside = await storage.inside(connection, self._register.centre)
            self._where = {key: Passage(inside=True) for key in inside}
        self._look(self._where)
        if not self._noted:
            return
        noted, self._noted = self._noted, []
        try:
            async with self._pool.connection() as connection, connection.transaction():
                for each in noted:
                    await storage.note(connection, self._register.centre, each)
        except BaseException:
            self._noted = noted + self._noted
            raise

    def _look(self, where: dict[tuple[str, str], Passage]) -> None:
        fixes = sorted((fix for fix in self._waiting if self._may_know(fix[0], fix[1])), key=lambda fix: fix[1])
        self._waiting.clear()
        fences = self._register.geofences
        if not fixes or not fences:
            return
        for fence in fences.values():
            if fence.id not in self._areas or self._areas[fence.id].fence != fence:
                self._areas[fence.id] = Area(fence)
        latitude = np.array([fix[2] for fix in fixes])
        longitude = np.array([fix[3] for fix in fixes])
        agency = {unit: self._register.unit(unit).agency for unit in {fix[0] for fix in fixes}}
        for fence_id in fences:
            area = self._areas[fence_id]
            for (unit, at, north, east), within in zip(fixes, area.holds(latitude, longitude).tolist(), strict=True):
                passage = where.get((fence_id, unit))
                if (passage is None and not within) or not area.watches(unit, agency[unit]):
                    continue
                passage = passage or Passage()
                says = True if within else False if not passage.inside or area.far(north, east) else None
                passage, settled = passage.seen(says, at)
                where[fence_id, unit] = passage
                if settled is not None:
                    self._noted.append(PassedBy(fence_id, unit, settled, passage.inside))
