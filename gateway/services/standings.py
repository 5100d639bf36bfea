"""How each unit stands: the one truth of what it is doing, folded from what crews, receivers and dispatchers said.

Stamps are kept by whoever learns of them (`gateway.storage.stamps`), and judged here: after a late one, or one that was
corrected, all from its time on are judged anew. A step that the table does not allow is kept with its reason. What the
standing is afterwards, and that it changed, is stored in the same transaction.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec
import structlog
from psycopg import AsyncConnection

from gateway.clock import TRUE, Clock
from gateway.feeds.live import LivePicture, StandingShown
from gateway.services.missions import Missions, new_id
from gateway.services.turns import keep_turning
from gateway.storage import events, stamps
from gateway.storage.events import Event
from gateway.storage.pool import type_of_pool
from gateway.storage.stamps import Kept
from tracker.missions import By, Mission, NotPossible
from tracker.missions.crew import Word, moved
from tracker.missions.stamping import INSTANT
from tracker.missions.statuses import Judged, Stamp, Standing, Status, Teller, walked
from tracker.quality import AHEAD_TOLERANCE
from tracker.wire.reports import CrewStatus

log = structlog.get_logger()

Connection = AsyncConnection[Any]

LOOK_S = 1.0
"""How often it is looked whether there is something to judge, should nobody say so."""

TOO_LATE = timedelta(days=7)
"""What is said so long after it was so is kept and changes nothing; missions are corrected for as long."""

WITHDRAWN = "what came later says otherwise"
TOLD_TOO_LATE = "it came more than seven days late"


class Labels(Protocol):
    """What the centre calls each status."""

    @property
    def labels(self) -> Mapping[str, str]:
        """By the status's own value."""


class StandingTold(msgspec.Struct, frozen=True):
    """A standing as the API and the events show it."""

    status: str
    label: str
    since: datetime | None
    emergency: bool
    mission: str | None


class StatusTold(msgspec.Struct, frozen=True):
    """The event of a unit's new status."""

    unit: str
    standing: StandingTold


class Standings:
    """One for a centre, in one event loop. What others write is judged in `run`, what it is asked for at once."""

    def __init__(
        self,
        pool: type_of_pool,
        live: LivePicture,
        missions: Missions,
        rules: Labels,
        clock: Clock = TRUE,
    ) -> None:
        self.centre = missions.centre
        self._pool = pool
        self._live = live
        self._missions = missions
        self._rules = rules
        self._clock = clock
        self._lock = asyncio.Lock()
        self._standings: dict[str, Standing] = {}  # as the database has them
        self._newest: dict[str, datetime] = {}  # time of the newest stamp that was judged here, by unit
        self._labels: Mapping[str, str] = {}  # with which they are shown
        self._judged_elsewhere: set[str] = set()  # units whose standing others' transactions may have changed
        self._wake = asyncio.Event()
        self.loaded = False
        self.on_change: Callable[[str], None] = lambda _: None
        """Called with a unit that stands otherwise now."""
        missions.on_stamps = self.wake
        missions.assignable = self._assignable
        missions.later = self.after

    def of(self, unit: str) -> Standing:
        """How a unit stands; available, since nobody knows when, if nobody has said anything."""
        return self._standings.get(unit) or Standing()

    def all(self) -> list[tuple[str, Standing]]:
        """Every unit of which somebody has said something."""
        return sorted(self._standings.items())

    def told(self, unit: str) -> StandingTold:
        """The same in the centre's words."""
        return self._told(self.of(unit))

    def label(self, status: Status) -> str:
        """The centre's word for a status."""
        return self._rules.labels.get(status.value, status.value)

    def wake(self, unit: str | None = None) -> None:
        """Somebody has kept a stamp: of this unit it may be judged already."""
        if unit is not None:
            self._judged_elsewhere.add(unit)
        self._wake.set()

    # The work

    async def run(self) -> None:
        """Work until cancelled."""
        await keep_turning("statuses", self.turn, self._clock, LOOK_S, wake=self._wake, failed=self._forget)

    def _forget(self) -> None:
        """What is in memory may be half done: all is read again."""
        self.loaded = False

    async def turn(self) -> None:
        """Judge what is to be judged, and show it.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away; the next look makes up for it.
        """
        if not self.loaded:
            await self.load()
        async with self._pool.connection() as connection:
            stale = await stamps.stale(connection, self.centre)
        for unit, since in stale:
            async with self._lock, self._pool.connection() as connection:
                async with connection.transaction():
                    after = await self._judge(connection, unit, since)
                self._take(unit, after)
        await self._read_again()
        self._show_all()

    async def _read_again(self) -> None:
        units, self._judged_elsewhere = self._judged_elsewhere, set()
        for unit in units:
            async with self._lock, self._pool.connection() as connection:
                found = await stamps.standings(connection, self.centre, unit)
                if unit in found:
                    self._take(unit, found[unit])

    async def load(self) -> None:
        """Begin with what the database holds. Missions that stamped nothing yet, of an older version, do it now.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away.
        """
        async with self._lock, self._pool.connection() as connection:
            self._standings = await stamps.standings(connection, self.centre)
            for mission in list(self._missions.active.values()):
                async with connection.transaction():
                    await stamps.put_mission(connection, self.centre, mission, self._clock.now())
        self._labels = {}
        self.loaded = True

    async def _judge(self, connection: Connection, unit: str, since: datetime) -> Standing:
        """Judge a unit's stamps from a time on, in the caller's transaction and under the lock; how it stands then."""
        now = self._clock.now()
        await stamps.lock(connection, self.centre, unit)
        found = await stamps.since(connection, self.centre, unit, max(since, now - TOO_LATE))
        verdicts: dict[str, tuple[Judged, Standing | None]] = {}
        if since < now - TOO_LATE:
            late = await stamps.since(connection, self.centre, unit, since)
            known = {each.key for each in found}
            verdicts |= {
                each.key: (Judged(each.stamp, TOLD_TOO_LATE), None)
                for each in late
                if each.stale and each.key not in known
            }
        start = await stamps.before(connection, self.centre, unit, max(since, now - TOO_LATE))
        walk = walked((each.stamp for each in found if not each.withdrawn), start)
        became = {judged.stamp: (judged, after) for judged, after in walk}
        for each in found:
            verdicts[each.key] = (Judged(each.stamp, WITHDRAWN), None) if each.withdrawn else became[each.stamp]
        await stamps.judge(connection, self.centre, unit, verdicts)
        after = walk[-1][1] if walk else start
        if found:
            self._newest[unit] = max(each.stamp.at for each in found)
        if await stamps.put_standing(connection, self.centre, unit, after):
            await events.put(connection, self.centre, self._event(unit, after, now))
        return after

    def _event(self, unit: str, standing: Standing, now: datetime) -> Event:
        mission = self._missions.active.get(unit)
        told = StatusTold(unit, self._told(standing))
        exercise = mission is not None and mission.exercise
        return Event("unit.status", f"units/{unit}", told, now, unit, exercise)

    def _told(self, standing: Standing) -> StandingTold:
        shown = standing.shown
        return StandingTold(shown.value, self.label(shown), standing.since, standing.emergency, standing.mission)

    # What is shown

    def _take(self, unit: str, standing: Standing) -> None:
        """It is stored: it is true."""
        before = self._standings.get(unit)
        self._standings[unit] = standing
        self._show(unit)
        if standing != before:
            self.on_change(unit)
            self._live.publish()

    def _show(self, unit: str) -> None:
        told = self.told(unit)
        self._live.stand(unit, StandingShown(told.status, told.label, told.since, told.emergency))

    def _show_all(self) -> None:
        """Units that are new, and all of them in new words."""
        units = self._live.units_without_standing()
        if self._labels != self._rules.labels:
            self._labels = dict(self._rules.labels)
            units = list(self._live.unit_ids())
        for unit in units:
            self._show(unit)
        if units:
            self._live.publish()

    # What dispatchers say

    def after(self, unit: str, at: datetime) -> datetime:
        """A time for what is said now: later than all that was said at this very instant."""
        newest = self._newest.get(unit)
        return at if newest is None or not at <= newest < at + AHEAD_TOLERANCE else newest + INSTANT

    async def say(
        self, unit: str, status: Status, *, at: datetime | None, mission: str | None, raised: bool, by: str
    ) -> Standing:
        """A dispatcher says what a unit is doing; its mission goes on with it.

        Args:
            unit: of the centre.
            status: EMERGENCY goes with ``raised``.
            at: when it was so; None: now.
            mission: that it is on; None: whichever it is.
            raised: False takes an emergency back.
            by: the dispatcher's name, or "".

        Raises:
            NotPossible: it has no such mission, or had it not then; or there is no such step from how it stands, and
                what was said is kept, with the reason.
        """
        now = self._clock.now()
        active = self._missions.active.get(unit)
        if active is not None and active.incident is None:
            active = None
        if mission is not None and (active is None or mission != active.id):
            raise NotPossible(f"unit {unit} is not on mission {mission}: it may have ended, or be another unit's")
        if active is not None and at is not None and at < active.assigned_at:
            raise NotPossible(
                f"unit {unit} has its mission since {active.assigned_at.isoformat()}: nothing before counts"
            )
        if mission is None and active is not None and status is not Status.EMERGENCY:
            mission = active.id
        stamp = Stamp(
            status=status, by=Teller.DISPATCHER, server_time=now, mission=mission, raised=raised,
            device_time=at or self.after(unit, now),
        )  # fmt: skip
        key = f"hand/{new_id()}"

        async def keep(connection: Connection) -> None:
            await stamps.put(connection, self.centre, unit, key, stamp, by)
            async with self._lock:
                reason = await self._judged_now(connection, unit, stamp.at, key)
            if reason is not None:
                raise Refused(reason)

        try:
            if active is not None and mission == active.id and (word := _word(stamp)) is not None:
                await self._missions.change(active.id, lambda each: moved(each, word, By.HAND), keep)
            else:
                async with self._pool.connection() as connection, connection.transaction():
                    await keep(connection)
        except Refused as refusal:
            async with self._pool.connection() as connection, connection.transaction():
                await stamps.put(connection, self.centre, unit, key, stamp, by)
            await self.turn()
            raise NotPossible(f"unit {unit}: {refusal}") from refusal
        self.wake(unit)
        await self.turn()
        return self.of(unit)

    async def _judged_now(self, connection: Connection, unit: str, since: datetime, key: str) -> str | None:
        """Judge, under the lock; why the stamp of this key does not count."""
        stale = dict(await stamps.stale(connection, self.centre))
        await self._judge(connection, unit, min(since, stale.get(unit, since)))
        kept = await stamps.since(connection, self.centre, unit, since)
        return next((each.refused_because for each in kept if each.key == key), None)

    async def _assignable(self, connection: Connection, mission: Mission) -> str | None:
        """Why a unit cannot be sent on a mission that was just stored in this transaction; None: it can."""
        if self.of(mission.unit).emergency:
            return "its crew is in danger"
        async with self._lock:
            key = stamps.key_of(mission.id, Status.ASSIGNED)
            return await self._judged_now(connection, mission.unit, mission.assigned_at, key)

    async def stamps(self, unit: str, limit: int) -> list[Kept]:
        """What was said of a unit, newest first."""
        async with self._pool.connection() as connection:
            return await stamps.newest(connection, self.centre, unit, limit)


class Refused(Exception):
    """The machine has no such step."""


def _word(stamp: Stamp) -> Word | None:
    """What a dispatcher's stamp says of the mission. Out of service ends none by itself: see `watch`."""
    if stamp.status in (Status.EMERGENCY, Status.OUT_OF_SERVICE):
        return None
    return Word(stamp.at, stamp.mission, CrewStatus(stamp.status.value))
