"""Follows every unit that is on a mission: arrivals, arrival times and events, from committed fixes in any order.

One for a centre, in one event loop: the only place where fixes are compared with each other. New fixes are gathered for
a moment and taken together: one look at the map finds the roads near all of them. What a fix is late for is read again
from the database, so the times of a mission are the same in whatever order its fixes came.

The database may be away: arrival times go on, and what is to be stored waits.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg
import structlog
from psycopg import AsyncConnection

from gateway.clock import TRUE, Clock
from gateway.feeds.live import LivePicture
from gateway.services.drive import Followed
from gateway.services.estimate import Estimator, driving_of
from gateway.services.missions import DatabaseAway, Missions, Unknown
from gateway.services.patience import Patience
from gateway.services.turns import keep_turning
from gateway.storage import etas, missions, reports
from gateway.storage.etas import Told
from gateway.storage.fixes import Row
from gateway.storage.missions import MissionEvent
from gateway.storage.pool import type_of_pool
from gateway.storage.reports import Row as Report
from tracker.eta.plan import Rest
from tracker.eta.scene import SceneTime, from_history
from tracker.fix import Fix
from tracker.missions import Mission
from tracker.missions.crew import ComparedLeg, Word, compared, word
from tracker.missions.timeline import folded

log = structlog.get_logger()

GATHER_S = 0.2
"""Fixes are gathered for so long before they are routed; nobody reads an arrival time faster."""

SWEEP_S = 1.0
"""How often arrival times are looked at without a new fix: they age."""

SAVE_S = 0.5
SLICE_S = 0.01
"""Of routing; then whoever waits has a turn."""

SCENE_EVERY_S = 3600.0

HEARD_SINCE = timedelta(hours=1)
"""What crews said of ended missions for so long before the start may not have been taken into account."""

MOST_WAITING = 50_000
"""Told arrival times that wait for a database that is away; then the oldest are forgotten: only scores miss them."""


class Arrivals:
    """Call `committed` with what was stored; everything else happens in `run`."""

    def __init__(
        self,
        pool: type_of_pool,
        live: LivePicture,
        missions: Missions,
        estimator: Estimator,
        clock: Clock = TRUE,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._live = live
        self.missions = missions
        self.estimator = estimator
        self.scene = SceneTime()
        self._followed: dict[str, Followed] = {}  # by unit
        self._new: dict[str, list[Fix]] = {}  # by unit: not looked at yet
        self._changed: set[str] = set()  # units whose mission is another one, or stands elsewhere
        self._late: dict[str, float] = {}  # mission: when it is read again, by the clock's seconds
        self._patience = Patience[str]()
        self._told: deque[Told] = deque()
        self._events: deque[MissionEvent] = deque()
        self._wake = asyncio.Event()
        self._urgent = False  # there is no time to gather
        self._serial = estimator.serial  # of the weights that everybody was routed by
        self._loaded = False
        self._swept = self._saved = float("-inf")  # when, by the clock's seconds
        self._scene_due = float("inf")  # when times at scenes are read again, by the clock's seconds
        missions.on_change = self._on_change

    # What comes in

    def committed(self, rows: Iterable[Row]) -> None:
        """Take committed fixes; quick, for it stands between the commit and the receipt."""
        active, recent = self.missions.active, self.missions.recent
        for row in rows:
            if row.unit in active or row.unit in recent:
                self._new.setdefault(row.unit, []).append(row.fix)
        if self._new:
            self._wake.set()

    def reported(self, rows: Iterable[Report]) -> None:
        """Take what crews said, stored and in any order: their missions are read anew with it."""
        for row in rows:
            said = word(row.report, row.said_at)
            if said is None:
                continue
            mission_id = said.mission
            if mission_id is None:
                mission = self.missions.covering(row.unit, said.at)
                mission_id = None if mission is None else mission.id
            if mission_id is not None:
                self._late[mission_id] = 0.0
                self._wake.set()

    def _on_change(self, unit: str) -> None:
        self._changed.add(unit)
        self._wake.set()

    def look_again(self) -> None:
        """Weights have changed: route everybody now, and not with the next fix."""
        self._urgent = True
        self._wake.set()

    def followed(self, unit: str) -> Followed | None:
        """How a unit's drive stands."""
        return self._followed.get(unit)

    # The work

    async def run(self) -> None:
        """Work until cancelled. Start with what the database holds."""
        await keep_turning(
            "arrival times", self._round, self._clock, SAVE_S, wake=self._wake, failed=self._read_all_again
        )

    async def _round(self) -> float:
        """Look at what has come or aged, and store what is to be stored; seconds until the next one."""
        clock = self._clock
        if not self._loaded:
            await self._load()
        if (self._new or self._changed) and not self._urgent:  # if not, what there is has aged
            await clock.sleep(GATHER_S)
        self._urgent = False
        self._wake.clear()
        sweep = clock.seconds() - self._swept >= SWEEP_S
        if sweep:
            self._swept = clock.seconds()
        try:
            await self.turn(clock.now(), everybody=sweep)
        except Exception:
            await self._keep()  # what is known is stored, also where somebody's arrival cannot be told
            raise
        await self._keep()
        return max(0.0, min(SWEEP_S - (clock.seconds() - self._swept), SAVE_S, self._until_change()))

    async def _keep(self) -> None:
        """Once in a while: read again what is due, and store what waits."""
        if self._clock.seconds() - self._saved < SAVE_S:
            return
        self._saved = self._clock.seconds()
        try:
            await self._settle_due(self._clock.now())
        except Exception:
            await self.save()
            raise
        await self.save()
        if self._clock.seconds() >= self._scene_due:
            self._scene_due = self._clock.seconds() + SCENE_EVERY_S
            await self._learn_scene()

    def _read_all_again(self) -> None:
        """What was taken and not followed to its end is read from the database."""
        for mission in self.missions.active.values():
            self._is_late(mission)

    def _until_change(self) -> float:
        """Seconds until weights change by themselves: a closure begins or ends."""
        network = self.estimator.network
        return SAVE_S if network is None else (network.renew_at - self._clock.now()).total_seconds()

    async def turn(self, now: datetime, *, everybody: bool = True) -> None:
        """Look at what is new, and at everybody else's age; tell what has changed."""
        self.estimator.tick(now)
        if self.estimator.serial != self._serial:
            self._serial, everybody = self.estimator.serial, True
        for unit in self._take_changed():
            self._follow(unit, now)
        moved = self._take_fixes()
        await self._route(moved if not everybody else list(self._followed.values()))
        for followed in list(self._followed.values()) if everybody else moved:
            if self._followed.get(followed.unit) is followed:
                self._tell(followed, now)
        self._live.publish()

    def _take_changed(self) -> set[str]:
        changed, self._changed = self._changed, set()
        return changed

    def _follow(self, unit: str, now: datetime) -> None:
        """Begin, change or end following a unit, as its mission now is."""
        mission = self.missions.active.get(unit)
        followed = self._followed.get(unit)
        if mission is None:
            if followed is not None:
                self._events.extend(followed.finish(now))
                del self._followed[unit]
                self._live.foretell(unit, None, None, ())
            return
        if followed is None or followed.mission.id != mission.id:
            if followed is not None:
                self._events.extend(followed.finish(now))
            driving = driving_of(self._live.kind(unit) or "", mission.urgency)
            self._followed[unit] = Followed(mission, driving, self._live.newest(unit))
        elif followed.mission != mission:
            self._events.extend(followed.amend(mission, driving_of(self._live.kind(unit) or "", mission.urgency), now))

    def _take_fixes(self) -> list[Followed]:
        """Feed the new fixes to their missions; those that moved."""
        new, self._new = self._new, {}
        moved = []
        for unit, fixes in new.items():
            followed = self._followed.get(unit)
            fresh = False
            for fix in sorted(fixes, key=lambda each: each.time):
                if not fix.quality.usable:
                    continue
                if followed is not None and followed.is_newer(fix):
                    changes, changed = followed.take(fix)
                    fresh = True
                    if changed:
                        self.missions.told(followed.mission)
                        self._events.extend(changes)
                elif mission := self.missions.covering(unit, fix.time):
                    self._is_late(mission)
            if fresh and followed is not None:
                moved.append(followed)
        return moved

    async def _route(self, moved: Sequence[Followed]) -> None:
        """Give each its drive from its newest fix: what is left of its plan, or a new plan."""
        estimator = self.estimator
        ends = time.monotonic() + SLICE_S
        for followed, rest in self._rests(moved):
            if self._followed.get(followed.unit) is not followed:
                continue
            if rest is not None:
                followed.proceed(rest, estimator)
            else:
                followed.replan(estimator)
            self._events.extend(followed.observe())
            if time.monotonic() >= ends:
                await asyncio.sleep(0)
                ends = time.monotonic() + SLICE_S

    def _rests(self, moved: Sequence[Followed]) -> list[tuple[Followed, Rest | None]]:
        """What is left of each one's plan, found for all at once; None where a new plan is needed. Those whose drive is
        known already for this fix and these weights are left out."""
        due = [each for each in moved if each.needs_drive(self.estimator.serial)]
        for each in due:
            each.keep_plan(self.estimator)
        network = self.estimator.network
        if network is None:
            return [(each, None) for each in due]
        rests: list[tuple[Followed, Rest | None]] = []
        for profile, snapper in network.snappers.items():
            group = [each for each in due if each.driving.profile is profile]
            on_plan = [each for each in group if each.has_plan(self.estimator.serial)]
            rests += [(each, None) for each in group if not each.has_plan(self.estimator.serial)]
            if not on_plan:
                continue
            fixes = [each.newest for each in on_plan if each.newest is not None]
            near = snapper.nearby([fix.latitude for fix in fixes], [fix.longitude for fix in fixes])
            begins = near.position.searchsorted(range(len(fixes) + 1)).tolist()
            for at, each in enumerate(on_plan):
                rests.append((each, each.rest(near, range(begins[at], begins[at + 1]))))
        return rests

    def _tell(self, followed: Followed, now: datetime) -> None:
        """Publish and store what is worth telling of this drive."""
        stale, lost = self._live.limits(followed.unit)
        if followed.foretell(now, stale, lost, self.scene, self.estimator):
            mission, eta, events = followed.shown()
            self._live.foretell(followed.unit, mission, eta, events)
            self._told.extend(followed.told())

    # The database

    async def _load(self) -> None:
        """What is under way, with the times that its fixes tell: also those that came while nobody followed."""
        now = self._clock.now()
        self.scene = await self.missions.load(now)
        async with self._pool.connection() as connection:
            lately = await reports.missions_reported_on(connection, self.missions.centre, now - HEARD_SINCE)
        recent = [each for of_unit in self.missions.recent.values() for each in of_unit.values()]
        active = list(self.missions.active.values())
        self._changed.update(mission.unit for mission in active)
        for mission in [*active, *(each for each in recent if each.id in lately)]:
            try:
                await self.settle(mission, now)
            except DatabaseAway:
                raise
            except Exception:  # one mission that cannot be read must not keep all others from being followed
                log.exception("mission not read", mission=mission.id)
                self._is_late(mission)
        self._scene_due = self._clock.seconds() + SCENE_EVERY_S
        self._loaded = self._urgent = True

    async def _learn_scene(self) -> None:
        try:
            async with self._pool.connection() as connection:
                self.scene = from_history(*await missions.scene_times(connection, self.missions.centre))
        except DatabaseAway as error:
            log.warning("times at scenes not read", error=str(error))

    def _is_late(self, mission: Mission) -> None:
        if mission.id not in self._late:
            self._late[mission.id] = self._patience.due(mission.id, self._clock.seconds())

    async def _settle_due(self, now: datetime) -> None:
        for mission_id, due in list(self._late.items()):
            if self._clock.seconds() < due:
                continue
            del self._late[mission_id]  # before it is read: what comes meanwhile makes it due again
            try:
                await self.settle(await self.missions.mission(mission_id), now)
            except DatabaseAway as error:
                log.warning("late fixes not read", mission=mission_id, error=str(error))
                self._late.setdefault(mission_id, due)
                return
            except Unknown:
                log.warning("nobody knows the mission that fixes or a crew speak of", mission=mission_id)

    async def settle(self, mission: Mission, now: datetime) -> None:
        """Read a mission's times anew from all fixes that are stored.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away.
        """
        followed = self._followed.get(mission.unit)
        follows = followed is not None and followed.mission.id == mission.id
        if followed is not None and follows:
            followed.keep_meanwhile()
        async with self._pool.connection() as connection:
            fixes = await missions.fixes_of(connection, self.missions.centre, mission, now)
            words = await self._words(connection, mission)
        if followed is not None and follows:
            if followed.mission != mission:
                mission = followed.mission  # it has moved on while we read
            timeline = folded(mission, fixes, words)
            changes, changed = followed.resettle(timeline)
            self._events.extend(changes)
            mission = followed.mission
            if followed.unsettled:
                self._is_late(mission)
        else:
            settled = folded(mission, fixes, words).mission
            changed, mission = settled != mission, settled
        if changed:
            self.missions.told(mission)
            self._on_change(mission.unit)

    async def _words(self, connection: AsyncConnection[Any], mission: Mission) -> list[Word]:
        found = await reports.of_mission(
            connection, self.missions.centre, mission.id, mission.unit, mission.assigned_at, mission.ended_at
        )
        words = [word(each.report, each.said_at) for each in found]
        return [each for each in words if each is not None]

    async def compared(self, mission: Mission, now: datetime) -> tuple[ComparedLeg, ...]:
        """Button and receiver side by side.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away.
        """
        async with self._pool.connection() as connection:
            fixes = await missions.fixes_of(connection, self.missions.centre, mission, now)
            return compared(mission, fixes, await self._words(connection, mission))

    async def save(self) -> None:
        """Store what waits; what fails goes on waiting."""
        told, events = list(self._told), list(self._events)
        try:
            await self.missions.save()
            if told or events:
                async with self._pool.connection() as connection, connection.transaction():
                    await etas.insert(connection, self.missions.centre, told)
                    for event in events:
                        await missions.put_event(connection, self.missions.centre, event)
        except (psycopg.DataError, psycopg.IntegrityError):  # waiting would not make them better
            log.exception("arrival times refused by the database", lost=len(told), events=len(events))
        except DatabaseAway as error:
            log.warning("missions and arrival times not stored yet", waiting=len(told), error=str(error))
            for _ in range(len(self._told) - MOST_WAITING):
                self._told.popleft()
            return
        for _ in told:
            self._told.popleft()
        for _ in events:
            self._events.popleft()
