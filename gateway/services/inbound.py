"""Tells each hospital whom it has to expect, and the centre when a hospital closes while somebody is on the way to it.

Both are differences and no events: what is so now (missions with a patient aboard, hospitals that take nobody) against
what was told last, looked at once a second and whenever something changes. What is told is written with its event in
one transaction, so that a gateway that is killed tells it after its next start, once.

A hospital learns of the unit, the urgency and the arrival. Nobody is named, and of the incident nothing is told.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import structlog

from gateway.clock import TRUE, Clock
from gateway.feeds.live import LivePicture
from gateway.services.choose_hospital import Hospital, Hospitals
from gateway.services.missions import Missions, Unknown, new_id
from gateway.services.register import Register
from gateway.services.turns import keep_turning
from gateway.storage import alarms, events, inbound
from gateway.storage.alarms import Alarm
from gateway.storage.events import Event
from gateway.storage.inbound import ARRIVED, INBOUND, WITHDRAWN, ToldInbound
from gateway.storage.pool import type_of_pool
from tracker.eta.straight_line import Estimate
from tracker.missions import Leg, LegKind, Mission, State
from tracker.register import Facility

log = structlog.get_logger()

LOOK_S = 1.0
MOVED = timedelta(seconds=60)
"""A hospital is told again when the arrival has moved by this much; the minute between, its own page counts down."""

NEVER = datetime.max.replace(tzinfo=UTC)

CLOSED = "hospital-closed"


class Expected(msgspec.Struct, frozen=True):
    """A patient on the way, as a hospital sees it."""

    unit: str
    mission: str
    urgency: str
    eta_s: Estimate | None  # seconds after `at`; None: unknown
    at: datetime | None
    unknown_because: str | None
    source: str | None  # road, straight-line, last-known
    patient_aboard_at: datetime | None
    exercise: bool


class InboundTold(msgspec.Struct, frozen=True):
    """The event: `hospital.inbound`."""

    facility: str
    state: str  # inbound, arrived, withdrawn
    unit: str
    mission: str
    urgency: str
    patient_aboard_at: datetime | None
    eta_s: Estimate | None  # seconds after `at`
    at: datetime | None
    arrives_at: datetime | None  # the middle; None: unknown


class Inbound:
    """Of one centre, in one event loop."""

    def __init__(
        self,
        centre: str,
        pool: type_of_pool,
        live: LivePicture,
        missions: Missions,
        register: Register,
        hospitals: Hospitals,
        clock: Clock = TRUE,
    ) -> None:
        self.centre = centre
        self._pool = pool
        self._live = live
        self._missions = missions
        self._register = register
        self._hospitals = hospitals
        self._clock = clock
        self._wake = asyncio.Event()
        self._told_of = True  # whether hospitals may have been told of what is not so any more
        register.on_change = self.wake

    def wake(self) -> None:
        """Something has changed: look at once."""
        self._wake.set()

    def of(self, facility: str) -> list[Expected]:
        """Whom a hospital has to expect, the soonest first."""
        found = [self._expected(mission) for mission, where in self._aboard() if where == facility]
        return sorted(found, key=lambda each: (each.eta_s is None, _middle(each.at, each.eta_s) or NEVER, each.unit))

    async def run(self) -> None:
        """Work until cancelled."""
        await keep_turning("hospitals", self.turn, self._clock, LOOK_S, wake=self._wake)

    async def turn(self) -> None:
        """Tell what has changed.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away.
        """
        if not self._missions.loaded:
            return
        await self._register.at_hand()  # else hospitals would seem to be gone
        concerns = any(self._facility(mission.legs[-1]) is not None for mission in self._missions.active.values())
        if not (concerns or self._told_of):
            return
        self._told_of = True
        now = self._clock.now()
        async with self._pool.connection() as connection:
            told = {(each.mission, each.facility): each for each in await inbound.expected(connection, self.centre)}
            raised = {
                (each.mission, each.values["hospital"]): each
                for each in await alarms.find(connection, self.centre, open_only=True)
                if each.kind == CLOSED
            }
        nothing = not (told or raised)
        await self._tell(told, now)
        await self._raise(raised, now)
        self._told_of = concerns or not nothing

    # Whom a hospital has to expect

    async def _tell(self, told: dict[tuple[str, str], ToldInbound], now: datetime) -> None:
        for mission, facility in self._aboard():
            before = told.pop((mission.id, facility), None)
            each = self._expected(mission)
            arrives = _middle(each.at, each.eta_s)
            if before is None or _worth_telling(before.arrives_at, arrives):
                await self._say(mission, facility, INBOUND, each, now)
        for before in told.values():
            try:
                mission = await self._missions.mission(before.mission)
            except Unknown:
                log.warning("a hospital waits for a mission that nobody knows", mission=before.mission)
                continue
            last = mission.legs[-1]
            came = last.arrived_at is not None and self._facility(last) == before.facility
            await self._say(mission, before.facility, ARRIVED if came else WITHDRAWN, self._expected(mission), now)

    async def _say(self, mission: Mission, facility: str, state: str, each: Expected, now: datetime) -> None:
        known = state == INBOUND
        arrives = _middle(each.at, each.eta_s) if known else None
        told = ToldInbound(mission.id, facility, state, each.patient_aboard_at, arrives, now)
        data = InboundTold(
            facility, state, mission.unit, mission.id, mission.urgency.value, each.patient_aboard_at,
            each.eta_s if known else None, each.at if known else None, arrives,
        )  # fmt: skip
        event = Event("hospital.inbound", f"facilities/{facility}", data, now, mission.unit, mission.exercise)
        async with self._pool.connection() as connection, connection.transaction():
            if await inbound.put(connection, self.centre, told):
                await events.put(connection, self.centre, event)

    def _aboard(self) -> Iterator[tuple[Mission, str]]:
        """Missions with a patient aboard, and where they go."""
        for mission in list(self._missions.active.values()):
            facility = self._facility(mission.legs[-1])
            if mission.state is State.TRANSPORTING and facility is not None:
                yield mission, facility

    def _facility(self, leg: Leg) -> str | None:
        """The hospital that a leg leads to; None: it leads to none of the list."""
        if leg.kind is not LegKind.TO_HOSPITAL:
            return None
        return leg.place.id if leg.place.id in self._register.facilities else None

    def _expected(self, mission: Mission) -> Expected:
        eta = self._live.eta(mission.unit)
        aboard = mission.legs[0].left_at
        if eta is None or eta.leg != LegKind.TO_HOSPITAL.value:
            why = "the way to the hospital is not found yet"
            return Expected(
                mission.unit, mission.id, mission.urgency.value, None, None, why, None, aboard, mission.exercise
            )
        return Expected(
            mission.unit, mission.id, mission.urgency.value, eta.eta_s, eta.at, eta.unknown_because, eta.source, aboard,
            mission.exercise,
        )  # fmt: skip

    # Hospitals that close

    async def _raise(self, raised: dict[tuple[str | None, Any], Alarm], now: datetime) -> None:
        for mission in list(self._missions.active.values()):
            last = mission.legs[-1]
            name = self._facility(last)
            if name is None or last.arrived_at is not None:
                continue
            facility = self._register.facilities[name]
            because = facility.closed_because(now)
            if because is None:
                continue
            if raised.pop((mission.id, name), None) is None:
                await self._closed(mission, facility, because, now)
        for alarm in raised.values():  # another hospital, or open again, or there
            ended = msgspec.structs.replace(alarm, cleared_at=max(now, alarm.raised_at))
            async with self._pool.connection() as connection, connection.transaction():
                await alarms.put(connection, self.centre, ended, "cleared", now)

    async def _closed(self, mission: Mission, facility: Facility, because: str, now: datetime) -> None:
        about = f"{CLOSED}/{mission.id}/{facility.id}/{now.isoformat()}"
        best = await self._next_best(mission, facility, now)
        values: dict[str, Any] = {"hospital": facility.id, "hospital_name": facility.name, "because": because}
        detail = f"{facility.name} takes no patients: {because}; {mission.unit} is on the way there"
        if best is None:
            values["next_hospital"] = None
            detail += "; no other hospital that is open can be reached"
        else:
            minutes = None if best.eta_s is None else best.eta_s.p50
            values |= {"next_hospital": best.place.id, "next_hospital_name": best.place.name, "next_eta_s": minutes}
            detail += f"; the next best is {best.place.name}"
        alarm = Alarm(
            id=new_id(), about=about, kind=CLOSED, unit=mission.unit, mission=mission.id, incident=mission.incident,
            level="again", sound=True, raised_at=now, detail=detail, exercise=mission.exercise, values=values,
        )  # fmt: skip
        async with self._pool.connection() as connection, connection.transaction():
            await alarms.put(connection, self.centre, alarm, "raised", now)

    async def _next_best(self, mission: Mission, closed: Facility, now: datetime) -> Hospital | None:
        if mission.incident is None:
            return None
        incident = await self._missions.incident(mission.incident)
        return await self._hospitals.best(incident, {closed.id}, now, unit=mission.unit)


def _middle(at: datetime | None, eta: Estimate | None) -> datetime | None:
    """When somebody arrives, as likely sooner as later."""
    return None if at is None or eta is None else at + timedelta(seconds=eta.p50)


def _worth_telling(before: datetime | None, now: datetime | None) -> bool:
    if before is None or now is None:
        return before is not now
    return abs(now - before) >= MOVED
