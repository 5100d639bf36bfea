"""Incidents and missions of one centre: opened, changed, ended, each stored before it is true.

Missions under way are in memory as well, for they are asked about with every fix. A unit has one at most. A unit that
is merely given a destination has a mission without an incident; the next mission of any kind takes its place, while a
mission to an incident gives way to nothing but its own end.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg
from psycopg import AsyncConnection
from psycopg_pool import PoolTimeout

from gateway.clock import TRUE, Clock
from gateway.storage import events, incidents, missions, stamps
from gateway.storage.events import Event
from gateway.storage.incidents import CentrePlace
from gateway.storage.missions import MissionEvent
from gateway.storage.pool import type_of_pool
from tracker.eta.scene import SceneTime, from_history
from tracker.missions import By, Incident, Leg, Mission, NotPossible, Place, State, Urgency, assigned, sent_to
from tracker.missions.mission import advance, direct, end
from tracker.missions.stamping import INSTANT, stamps_of
from tracker.missions.statuses import Status
from tracker.quality import AHEAD_TOLERANCE

Connection = AsyncConnection[Any]

RECENT = timedelta(days=7)
"""For so long after its end a mission's times are corrected by late fixes as soon as they come."""


Work = Callable[[AsyncConnection[Any]], Awaitable[Callable[[Mission], Mission]]]
"""Changes an incident in the caller's transaction, and says what becomes of each of its missions."""
SAME = timedelta(milliseconds=1)
"""Times that are nearer to each other are one: what is said at one instant is put in order by less."""


class Unknown(Exception):
    """The centre has nothing of that id; the sentence says what it looked for."""


class Clash(Exception):
    """That is taken: the id by something else, or the unit by another mission."""


class _NotSent(Exception):
    """The unit's status allows no assignment."""


class MissionView(msgspec.Struct, frozen=True):
    """A mission as it stands, as the API and the events show it."""

    id: str
    unit: str
    incident: str | None  # None: the unit was only given a destination
    urgency: Urgency
    state: State
    assigned_at: datetime
    ended_at: datetime | None
    legs: tuple[Leg, ...]
    notes: str  # for the crew
    ended_by: By | None  # hand, crew, itself
    ended_why: str  # the crew's words, if it refused; or why it was ended by itself
    exercise: bool


def view(mission: Mission) -> MissionView:
    """For the API and the events."""
    return MissionView(
        mission.id, mission.unit, mission.incident, mission.urgency, mission.state, mission.assigned_at,
        mission.ended_at, mission.legs, mission.notes, mission.ended_by, mission.ended_why, mission.exercise,
    )  # fmt: skip


async def _anybody(_connection: Connection, _mission: Mission) -> str | None:
    """Where nobody knows how units stand, all can be sent."""
    return None


class Missions:
    """One for a centre, in one event loop."""

    def __init__(self, centre: str, pool: type_of_pool, clock: Clock = TRUE) -> None:
        self.centre = centre
        self._pool = pool
        self._clock = clock
        self._lock = asyncio.Lock()
        self.active: dict[str, Mission] = {}  # by unit
        self.recent: dict[str, dict[str, Mission]] = {}  # by unit, then id: ended lately
        self.loaded = False  # until then nobody knows who is on a mission
        self._unsaved: dict[str, Mission] = {}  # by id: what receivers told and the database does not know yet
        self.on_change: Callable[[str], None] = lambda _: None
        """Called with the unit whose mission is another one now, or stands elsewhere."""
        self.objections: list[Callable[[str], str | None]] = []
        """Each is asked before a unit is sent, and says why it may not be, if so."""
        self.on_stamps: Callable[[str], None] = lambda _: None
        """Called with the unit of whose status something was stored."""
        self.assignable: Callable[[Connection, Mission], Awaitable[str | None]] = _anybody
        """Why a unit cannot be sent on a mission that was stored in this transaction; None: it can."""
        self.later: Callable[[str, datetime], datetime] = lambda _, at: at
        """A time for what is said of a unit now, later than all that was said at this very instant."""

    async def load(self, now: datetime) -> SceneTime:
        """Read what is under way and what was lately; returns how long units stay at scenes here."""
        async with self._lock, self._pool.connection() as connection:
            found = await missions.find(connection, self.centre, since=now - RECENT, limit=100_000)
            scene = from_history(*await missions.scene_times(connection, self.centre))
        for mission in found:
            self._remember(mission)
        self.loaded = True
        return scene

    # Places and incidents

    async def places(self, kind: str | None = None) -> list[CentrePlace]:
        """The centre's places, or those of one kind."""
        async with self._pool.connection() as connection:
            return await incidents.places(connection, self.centre, kind=kind)

    async def put_place(self, place: CentrePlace) -> None:
        """Make a place or change it. Missions keep the point that they were given."""
        async with self._pool.connection() as connection:
            await incidents.put_place(connection, self.centre, place)

    async def place(self, place_id: str) -> Place:
        """A place of the centre's list.

        Raises:
            Unknown: there is none of that id.
        """
        async with self._pool.connection() as connection:
            found = await incidents.places(connection, self.centre, place=place_id)
        if not found:
            raise Unknown(f"centre {self.centre} has no place {place_id!r}; GET /api/v1/places lists those it has")
        return Place(found[0].latitude, found[0].longitude, found[0].name, found[0].id)

    async def incidents(
        self, *, open_only: bool, limit: int, behind: tuple[datetime | None, str] = (None, "")
    ) -> list[Incident]:
        """Newest first; behind the one of this opening and id."""
        async with self._pool.connection() as connection:
            return await incidents.find(connection, self.centre, open_only=open_only, limit=limit, behind=behind)

    async def incident(self, incident_id: str) -> Incident:
        """One incident.

        Raises:
            Unknown: there is none of that id.
        """
        async with self._pool.connection() as connection:
            found = await incidents.find(connection, self.centre, incident=incident_id)
        if not found:
            raise Unknown(f"centre {self.centre} has no incident {incident_id!r}")
        return found[0]

    # Missions

    async def missions(
        self,
        *,
        unit: str | None,
        incident: str | None,
        active: bool,
        limit: int,
        behind: tuple[datetime | None, str] = (None, ""),
    ) -> list[Mission]:
        """Newest first; behind the one of this assignment and id."""
        async with self._pool.connection() as connection:
            found = await missions.find(
                connection, self.centre, unit=unit, incident=incident, active=active, limit=limit, behind=behind
            )
        return [self._unsaved.get(mission.id, mission) for mission in found]

    async def mission(self, mission_id: str) -> Mission:
        """One mission.

        Raises:
            Unknown: there is none of that id.
        """
        here = self._here(mission_id)
        if here is not None:
            return here
        async with self._pool.connection() as connection:
            found = await missions.find(connection, self.centre, mission=mission_id)
        if not found:
            raise Unknown(f"centre {self.centre} has no mission {mission_id!r}")
        return found[0]

    async def events(self, mission_id: str) -> list[MissionEvent]:
        """What happened on a mission, in order."""
        async with self._pool.connection() as connection:
            return await missions.events(connection, self.centre, mission_id)

    async def assign(
        self,
        mission_id: str | None,
        unit: str,
        incident_id: str,
        urgency: Urgency | None,
        at: datetime,
        notes: str = "",
    ) -> tuple[Mission, bool]:
        """Send a unit to an incident; the second value is False if this very mission was there before.

        Raises:
            Unknown: there is no such incident.
            Clash: the id is another mission's, or the unit is on a mission to an incident.
            NotPossible: the incident is closed.
        """
        async with self._lock:  # `follow` waits: nobody is sent to where the incident was a moment ago
            incident = await self.incident(incident_id)
            at = self._after_last(unit, self.later(unit, at))
            return await self._begin(assigned(mission_id or new_id(), unit, incident, urgency, at, notes))

    def _after_last(self, unit: str, at: datetime) -> datetime:
        """After the end of the unit's last mission, should that be of this instant, or its crew's clock run ahead."""
        ended = [each for each in self.recent.get(unit, {}).values() if each.incident is not None]
        ends = [each.ended_at for each in ended if each.ended_at is not None]
        last = max((each for each in ends if each < at + AHEAD_TOLERANCE), default=None)
        return at if last is None else max(at, last + 10 * INSTANT)

    async def send(self, unit: str, place: Place, urgency: Urgency, at: datetime) -> Mission:
        """Give a unit a destination. The same place again changes nothing.

        Raises:
            Clash: the unit is on a mission to an incident.
        """
        there = self.active.get(unit)
        place = msgspec.structs.replace(place, id=None)
        waiting = there is not None and there.incident is None and there.state is State.ASSIGNED
        if there is not None and waiting and (there.legs[0].place, there.urgency) == (place, urgency):
            return there
        async with self._lock:
            mission, _ = await self._begin(sent_to(new_id(), unit, place, urgency, at))
        return mission

    async def recall(self, unit: str, at: datetime) -> bool:
        """Take a unit's destination back; False if it has none.

        Raises:
            Clash: it is on a mission to an incident, which is ended and not recalled.
        """
        there = self.active.get(unit)
        if there is None:
            return False
        if there.incident is not None:
            raise Clash(f"unit {unit} is on mission {there.id}: end that with PATCH /api/v1/missions/{there.id}")
        await self.change(there.id, lambda mission: end(mission, max(at, mission.assigned_at)))
        return True

    def why_not(self, unit: str) -> str | None:
        """Why a unit may not be sent to anything now; None: it may."""
        return next((why for objection in self.objections if (why := objection(unit))), None)

    async def _begin(self, mission: Mission) -> tuple[Mission, bool]:
        """Under the lock."""
        if why := self.why_not(mission.unit):
            raise Clash(why)
        async with self._pool.connection() as connection:
            try:
                async with connection.transaction():
                    await self._save_unit(connection, mission.unit)
                    before = self.active.get(mission.unit)
                    if before is not None and before.incident is None and before.id != mission.id:
                        before = end(before, max(mission.assigned_at, before.assigned_at))
                        await self._store(connection, before)
                    new = await missions.insert(connection, self.centre, mission)
                    if new:
                        await stamps.put_mission(connection, self.centre, mission, self._clock.now())
                        await self._tell(connection, "mission.assigned", mission, self._clock.now())
                        await self._check_assignable(connection, mission)
            except _NotSent as refusal:
                async with connection.transaction():
                    key = stamps.key_of(mission.id, Status.ASSIGNED)
                    stamp = stamps_of(mission, self._clock.now())[Status.ASSIGNED]
                    await stamps.put(connection, self.centre, mission.unit, key, stamp)
                self.on_stamps(mission.unit)
                raise Clash(f"unit {mission.unit} cannot be sent: {refusal}") from refusal
            except psycopg.errors.UniqueViolation as error:
                other = self.active[mission.unit].id if mission.unit in self.active else "another mission"
                raise Clash(f"unit {mission.unit} is on mission {other}; end it first") from error
            if not new:
                found = (await missions.find(connection, self.centre, mission=mission.id))[0]
                if (found.unit, found.incident) != (mission.unit, mission.incident):
                    raise Clash(f"mission {mission.id!r} exists with another unit or incident")
                return self._here(found.id) or found, False
            if before is not None and before.ended_at is not None:
                self._unsaved.pop(before.id, None)
                self._remember(before)
            self._remember(mission)
        self._changed(mission.unit)
        return mission, True

    async def _check_assignable(self, connection: Connection, mission: Mission) -> None:
        """A unit that is merely given a destination may be in any status."""
        if mission.incident is not None and (why := await self.assignable(connection, mission)):
            raise _NotSent(why)

    def under_way(self, incident: str) -> list[Mission]:
        """The missions to an incident that have not ended, by unit."""
        return sorted((each for each in self.active.values() if each.incident == incident), key=lambda each: each.unit)

    async def change(
        self,
        mission_id: str,
        step: Callable[[Mission], Mission],
        within: Callable[[Connection], Awaitable[None]] | None = None,
    ) -> Mission:
        """Change a mission, and store it before it is true.

        Args:
            mission_id: which.
            step: the change.
            within: done in the same transaction, before it; what it raises undoes both.

        Raises:
            Unknown: there is none of that id.
            NotPossible: ``step`` refuses.
        """
        async with self._lock:
            while True:
                before = await self.mission(mission_id)
                after = step(before)
                async with self._pool.connection() as connection, connection.transaction():
                    if within is not None:
                        await within(connection)
                    await self._store(connection, after, known=before if mission_id not in self._unsaved else None)
                if (self._here(mission_id) or before) == before:  # no fix has moved it meanwhile
                    break
            self._unsaved.pop(mission_id, None)
            self._remember(after)
        self._changed(after.unit)
        return after

    def _changed(self, unit: str) -> None:
        self.on_change(unit)
        self.on_stamps(unit)

    async def _store(
        self, connection: Connection, mission: Mission, known: Mission | None = None, at: datetime | None = None
    ) -> None:
        """Store a mission that was changed, with what it says of its unit, and tell of it; in the caller's
        transaction. One that is as it is ``known`` to be stored needs no telling."""
        if mission == known:
            return
        await missions.update(connection, self.centre, mission)
        await stamps.put_mission(connection, self.centre, mission, self._clock.now())
        kind = "mission.changed" if mission.ended_at is None else "mission.ended"
        await self._tell(connection, kind, mission, at or self._clock.now())

    async def _tell(self, connection: Connection, kind: str, mission: Mission, at: datetime) -> None:
        told = Event(kind, f"missions/{mission.id}", view(mission), at, mission.unit, mission.exercise)
        await events.put(connection, self.centre, told)

    async def step(self, mission_id: str, state: State, at: datetime) -> Mission:
        """Somebody says where a mission stands.

        Raises:
            Unknown: there is none of that id.
            NotPossible: there is no such step from where it stands.
        """

        def step(mission: Mission) -> Mission:
            now = mission.assigned_at if timedelta(0) < mission.assigned_at - at < SAME else at
            return advance(mission, state, now)

        return await self.change(mission_id, step)

    async def annotate(self, mission_id: str, notes: str) -> Mission:
        """Other words for the crew; errors as in `step`."""
        return await self.change(mission_id, lambda mission: msgspec.structs.replace(mission, notes=notes))

    async def redirect(self, mission_id: str, destination: Place | None) -> Mission:
        """Choose, change or drop the hospital of one mission; errors as in `step`."""
        return await self.change(mission_id, lambda mission: direct(mission, destination))

    def held(self) -> asyncio.Lock:
        """As long as it is held no incident changes, and no mission begins or is changed by somebody."""
        return self._lock

    async def follow(self, incident: str, work: Work, at: datetime) -> None:
        """Change an incident and its missions under way together, in one transaction.

        Args:
            incident: its id.
            work: changes the incident; gives what becomes of each of its missions.
            at: when.

        Raises:
            Whatever ``work`` and what it gives raise; nothing is changed then.
        """
        async with self._lock:
            async with self._pool.connection() as connection, connection.transaction():
                step = await work(connection)
                pairs = [(each, step(each)) for each in self.under_way(incident)]
                pairs = [(before, after) for before, after in pairs if after != before]
                for _, after in pairs:
                    await self._store(connection, after, at=at)
            for before, after in pairs:
                here = self._here(before.id) or before
                if here == before:
                    self._unsaved.pop(before.id, None)
                    self._remember(after)
                else:  # fixes moved it on meanwhile: what they told holds, and is stored with the next
                    self.told(step(here))
        for _, after in pairs:
            self._changed(after.unit)

    # What receivers tell

    def told(self, mission: Mission) -> None:
        """Fixes moved this mission on: it is true now, and `save` stores it."""
        self._unsaved[mission.id] = mission
        self._remember(mission)

    async def save(self) -> None:
        """Store what was told. What fails is kept for the next time.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away.
        """
        if not self._unsaved:
            return
        async with self._lock, self._pool.connection() as connection:
            for mission_id, mission in list(self._unsaved.items()):
                async with connection.transaction():
                    await self._store(connection, mission)
                self.on_stamps(mission.unit)
                if self._unsaved.get(mission_id) is mission:
                    del self._unsaved[mission_id]

    async def _save_unit(self, connection: Connection, unit: str) -> None:
        """Store what was told of a unit: a mission that its crew has just ended must not stand in another's way."""
        for mission in [each for each in self._unsaved.values() if each.unit == unit]:
            await self._store(connection, mission)

    def covering(self, unit: str, time: datetime) -> Mission | None:
        """The mission, under way or lately ended, that a unit's fix of this time belongs to."""
        mission = self.active.get(unit)
        if mission is not None and time >= mission.assigned_at:
            return mission
        for each in self.recent.get(unit, {}).values():
            if each.assigned_at <= time and each.ended_at is not None and time <= each.ended_at:
                return each
        return None

    def _here(self, mission_id: str) -> Mission | None:
        """The mission if it is in memory."""
        unsaved = self._unsaved.get(mission_id)
        if unsaved is not None:
            return unsaved
        return next((mission for mission in self.active.values() if mission.id == mission_id), None)

    def _remember(self, mission: Mission) -> None:
        active = self.active.get(mission.unit)
        if mission.ended_at is None:
            self.active[mission.unit] = mission
            return
        if active is not None and active.id == mission.id:
            del self.active[mission.unit]
        ended = self.recent.setdefault(mission.unit, {})
        ended[mission.id] = mission
        for old in [each.id for each in ended.values() if each.ended_at and each.ended_at < mission.ended_at - RECENT]:
            del ended[old]


def new_id() -> str:
    """An id that nobody has."""
    return secrets.token_hex(8)


DatabaseAway = (psycopg.Error, PoolTimeout)
"""What storing may fail with for reasons of its own: it is tried again."""

__all__ = ["Clash", "DatabaseAway", "MissionView", "Missions", "NotPossible", "Unknown", "new_id", "view"]
