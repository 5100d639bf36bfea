"""The alarms of a centre: each raised once for what it is of, changed, cleared, acknowledged; stored before it is true.

What is open, and what was lately, is in memory: whoever watches asks with every look whether it has said so already.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import msgspec

from gateway.services.missions import Unknown, new_id
from gateway.storage import alarms as table
from gateway.storage.alarms import Alarm, Connection
from gateway.storage.pool import type_of_pool
from tracker.missions import Mission

RECENT = timedelta(days=7)
"""What was raised since then is not raised again; so long are missions corrected."""


class Alarms:
    """One for a centre, in one event loop."""

    def __init__(self, centre: str, pool: type_of_pool) -> None:
        self.centre = centre
        self._pool = pool
        self._lock = asyncio.Lock()
        self._known: dict[str, Alarm] = {}  # by what it is of
        self.loaded = False

    async def load(self, now: datetime) -> None:
        """Begin with what the database holds.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away.
        """
        async with self._pool.connection() as connection:
            known = await table.find(connection, self.centre, since=now - RECENT, limit=100_000)
            known += await table.find(connection, self.centre, open_only=True, limit=100_000)
        self._known = {alarm.about: alarm for alarm in known}
        self.loaded = True

    def of(self, about: str) -> Alarm | None:
        """The alarm of something, open or not."""
        return self._known.get(about)

    def open(self, kind: str | None = None) -> list[Alarm]:
        """What holds now, the oldest first; all, or those of a kind."""
        held = [each for each in self._known.values() if each.open and kind in (None, each.kind)]
        return sorted(held, key=lambda alarm: (alarm.raised_at, alarm.id))

    async def find(self, *, open_only: bool, limit: int) -> list[Alarm]:
        """Newest first."""
        async with self._pool.connection() as connection:
            return await table.find(connection, self.centre, open_only=open_only, limit=limit)

    async def raise_once(
        self,
        about: str,
        at: datetime,
        detail: str,
        *,
        level: str,
        unit: str | None = None,
        mission: Mission | None = None,
        rungs: int = 0,
        values: dict[str, Any] | None = None,
    ) -> Alarm:
        """Raise an alarm, unless it was raised already.

        Args:
            about: what it is of: {kind}/...
            at: since when it holds.
            detail: a sentence.
            level: how far it has gone.
            unit: whom it is of; of a mission, its unit.
            mission: that it is of.
            rungs: steps of the escalation that are done with it.
            values: what the sentence says.
        """
        async with self._lock:
            if about in self._known:
                return self._known[about]
            alarm = Alarm(
                id=new_id(), about=about, kind=about.partition("/")[0], level=level, sound=True, raised_at=at,
                unit=unit or (None if mission is None else mission.unit),
                mission=None if mission is None else mission.id,
                incident=None if mission is None else mission.incident,
                exercise=mission is not None and mission.exercise,
                detail=detail, rungs=rungs, values=values or {},
            )  # fmt: skip
            return await self._put(alarm, "raised", at)

    async def change(self, alarm: Alarm, at: datetime, **changes: Any) -> Alarm:
        """Change an alarm; one that goes to another level sounds again, whoever has acknowledged it before."""
        async with self._lock:
            before = self._known[alarm.about]
            if changes.get("level", before.level) != before.level:
                changes |= {"acknowledged_at": None, "acknowledged_by": "", "sound": True}
            after = msgspec.structs.replace(before, **changes)
            return before if after == before else await self._put(after, "changed", at)

    async def clear(self, alarm: Alarm, at: datetime) -> Alarm:
        """It holds no more."""
        async with self._lock:
            before = self._known[alarm.about]
            if not before.open:
                return before
            return await self._put(msgspec.structs.replace(before, cleared_at=max(at, before.raised_at)), "cleared", at)

    async def acknowledge(self, alarm_id: str, by: str, at: datetime) -> Alarm:
        """Somebody has seen it and acts. Saying so twice changes nothing.

        Raises:
            Unknown: there is none of that id.
        """
        async with self._lock:
            async with self._pool.connection() as connection:
                stored = await table.find(connection, self.centre, alarm=alarm_id)
            if not stored:
                raise Unknown(f"centre {self.centre} has no alarm {alarm_id!r}")
            found = stored[0]  # not from memory: others write alarms too
            if found.acknowledged_at is not None:
                return found
            seen = msgspec.structs.replace(found, acknowledged_at=at, acknowledged_by=by)
            return await self._put(seen, "changed", at)

    async def to_incident(self, connection: Connection, incident: str, into: str) -> None:
        """What was raised of one incident is of another now: in the caller's transaction, which merges them."""
        await table.to_incident(connection, self.centre, incident, into)
        for about, alarm in self._known.items():
            if alarm.incident == incident:
                self._known[about] = msgspec.structs.replace(alarm, incident=into)

    async def _put(self, alarm: Alarm, told: str, at: datetime) -> Alarm:
        try:
            async with self._pool.connection() as connection, connection.transaction():
                await table.put(connection, self.centre, alarm, told, at)
        except BaseException:
            self.loaded = False  # whether it was committed nobody knows: all is read again
            raise
        self._known[alarm.about] = alarm
        return alarm
