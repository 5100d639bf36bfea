"""Which hospital for a patient: what it can do for the condition, whether it is open, then how soon and how free.

The drive begins where the patient is: at the scene, or in the unit that has left it or stands there. A hospital whose
point is doubtful is in no ranking: it is told of, with the reason, so that somebody confirms the point.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from gateway.feeds.live import LivePicture
from gateway.services.estimate import Estimator
from gateway.services.estimate_units import Arrival, arrivals
from gateway.services.missions import Missions, Unknown
from gateway.services.network import Position
from gateway.services.register import Register
from gateway.storage import conditions as table
from gateway.storage.incidents import CentrePlace
from gateway.storage.pool import type_of_pool
from tracker.eta.speeds import Driving
from tracker.eta.straight_line import Estimate
from tracker.missions import Incident, Place, State
from tracker.recommend.conditions import Condition, shipped
from tracker.recommend.hospitals import House, Patient, ranked
from tracker.recommend.reasons import Reason
from tracker.register import Facility

HOSPITAL = "hospital"
"""The kind of facility that patients are taken to."""

ABOARD = (State.AT_SCENE, State.TRANSPORTING)
"""A unit in one of these is where the patient is."""


class Hospital(msgspec.Struct, frozen=True, kw_only=True):
    """A hospital in its place."""

    place: CentrePlace
    tier: str  # fit, full, short, unknown, closed
    seconds: float | None  # the time that it is ranked by; None: unknown
    eta_s: Estimate | None
    unknown_because: str | None
    source: str
    distance_m: float | None
    model: str
    note: str | None  # what to know of the way
    grade: str | None
    capabilities: tuple[str, ...]
    beds: int | None  # free; None: unknown
    beds_at: datetime | None
    diversion_because: str | None  # None: it takes patients
    diversion_until: datetime | None
    handover_s: float | None
    reasons: tuple[Reason, ...]


class HeldOut(msgspec.Struct, frozen=True):
    """A hospital that nobody is sent to yet."""

    id: str
    name: str
    because: str


class Choice(msgspec.Struct, frozen=True):
    """All hospitals for one patient, the best first."""

    begins: str  # the unit that the drive begins at; "": at the scene
    condition: Condition | None  # None: none is told, or the table has no such row
    needs: tuple[str, ...]  # what a hospital must have
    hospitals: list[Hospital]
    held_out: list[HeldOut]


class Hospitals:
    """Of one centre, in one event loop."""

    def __init__(
        self,
        centre: str,
        pool: type_of_pool,
        live: LivePicture,
        estimator: Estimator,
        missions: Missions,
        register: Register,
    ) -> None:
        self.centre = centre
        self._pool = pool
        self._live = live
        self._estimator = estimator
        self._missions = missions
        self._register = register

    # The table of conditions

    async def conditions(self) -> Mapping[str, Condition]:
        """What each condition asks for, by id: the centre's own rows before those of the program."""
        async with self._pool.connection() as connection:
            own = {row.id: row for row in await table.conditions(connection, self.centre)}
        return {**shipped(), **own}

    async def put_condition(self, condition: Condition) -> None:
        """The centre's own row from now on."""
        async with self._pool.connection() as connection:
            await table.put(connection, self.centre, condition)

    async def drop_condition(self, condition: str) -> None:
        """The program's row again, or none.

        Raises:
            Unknown: the centre has no row of its own.
        """
        async with self._pool.connection() as connection:
            if not await table.drop(connection, self.centre, condition):
                raise Unknown(f"centre {self.centre} has no row of its own for {condition!r}")

    # The choice

    async def best(
        self, incident: Incident, excluding: Collection[str], now: datetime, *, unit: str | None = None
    ) -> Hospital | None:
        """The best that takes patients and can be reached, without these; None: there is none. ``unit`` as of `choose`.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away.
        """
        choice = await self.choose(incident, now, unit=unit)
        open_ = [each for each in choice.hospitals if each.diversion_because is None and each.eta_s is not None]
        return next((each for each in open_ if each.place.id not in excluding), None)

    async def choose(
        self,
        incident: Incident,
        now: datetime,
        *,
        condition: str | None = None,
        capabilities: Collection[str] | None = None,
        unit: str | None = None,
    ) -> Choice:
        """Every hospital of the centre, the best first.

        Args:
            incident: whose patient.
            now: the time.
            condition: instead of the incident's.
            capabilities: that are needed, instead of those of the condition.
            unit: where the patient is; None: as the incident's missions say.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away.
        """
        await self._register.load()
        row = (await self.conditions()).get(incident.condition if condition is None else condition)
        given = row.capabilities if capabilities is None and row is not None else capabilities
        needs = tuple(sorted(set(given or ())))
        all_ = [each for each in self._register.facilities.values() if each.kind == HOSPITAL]
        usable = [each for each in all_ if each.usable]
        unit = unit or self._with_patient(incident)
        times = await self._times(incident, unit, usable, now)
        houses = {each.id: _house(each, times[each.id], now) for each in usable}
        by_id = {each.id: each for each in usable}
        hospitals = [
            _shown(by_id[each.id], times[each.id], each.tier.name.lower(), each.seconds, each.reasons, now)
            for each in ranked(Patient(frozenset(needs)), houses.values())
        ]
        held_out = [HeldOut(each.id, each.name, each.point_because) for each in all_ if not each.usable]
        return Choice(unit or "", row, needs, hospitals, sorted(held_out, key=lambda each: each.id))

    def _with_patient(self, incident: Incident) -> str | None:
        """The unit that has the patient, or stands beside it; of several the one that has left, then the first sent."""
        there = [
            each for each in self._missions.active.values() if each.incident == incident.id and each.state in ABOARD
        ]
        first = min(there, key=lambda each: (each.state is State.AT_SCENE, each.assigned_at, each.unit), default=None)
        return None if first is None else first.unit

    async def _times(
        self, incident: Incident, unit: str | None, hospitals: Sequence[Facility], now: datetime
    ) -> dict[str, Arrival]:
        places = [Place(each.latitude, each.longitude, each.name, each.id) for each in hospitals]
        if unit is not None and self._live.newest(unit) is not None:
            (row,) = await arrivals(self._live, self._estimator, [unit], places, incident.urgency, now)
        else:
            driving = Driving.LIGHTS if incident.urgency.lights else Driving.NORMAL
            scene = Position(incident.place.latitude, incident.place.longitude)
            (drives,) = await self._estimator.matrix([scene], places, [driving])
            row = [
                Arrival(
                    "", drive.eta, drive.unknown_because, drive.source.value, None, None, drive.distance, drive.model,
                    drive.note,
                )
                for drive in drives
            ]  # fmt: skip
        return {each.id: arrival for each, arrival in zip(hospitals, row, strict=True)}


def _house(facility: Facility, arrival: Arrival, now: datetime) -> House:
    age = None if facility.beds_at is None else (now - facility.beds_at).total_seconds()
    return House(
        id=facility.id, capabilities=frozenset(facility.capabilities), eta=arrival.eta_s,
        unknown_because=arrival.unknown_because, beds=facility.beds, beds_at=facility.beds_at, beds_age_s=age,
        closed_because=facility.closed_because(now), handover_s=facility.handover_s,
    )  # fmt: skip


def _shown(
    facility: Facility, arrival: Arrival, tier: str, seconds: float | None, reasons: tuple[Reason, ...], now: datetime
) -> Hospital:
    closed = facility.closed_because(now)
    return Hospital(
        place=CentrePlace(facility.id, facility.kind, facility.name, facility.latitude, facility.longitude),
        tier=tier, seconds=seconds, eta_s=arrival.eta_s, unknown_because=arrival.unknown_because,
        source=arrival.source, distance_m=arrival.distance_m, model=arrival.model, note=arrival.note,
        grade=facility.grade, capabilities=facility.capabilities, beds=facility.beds, beds_at=facility.beds_at,
        diversion_because=closed, diversion_until=None if closed is None else facility.diversion_until,
        handover_s=facility.handover_s, reasons=reasons,
    )  # fmt: skip
