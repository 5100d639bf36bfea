"""Who could be sent to an incident: all units at once, the best first, each with its reasons in words.

Nothing is decided here and nobody is sent. What is known comes from where it is kept: positions from the live picture,
drives from the roads, the status from the unit's standing, the rest from the register. What nobody ever said is
unknown, and speaks against nobody.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from gateway.feeds.live import LivePicture
from gateway.services.coverage import Coverage, Guard
from gateway.services.estimate import Estimator, driving_of
from gateway.services.estimate_units import Arrival, arrivals, position_of
from gateway.services.missions import Missions
from gateway.services.register import Register, crew_left_s
from tracker.duty import minute_of_week, read_windows
from tracker.missions import Incident, Mission, Place, State, Urgency
from tracker.missions.statuses import ON_MISSION, Status
from tracker.recommend.reasons import Reason
from tracker.recommend.units import Need, Offer, Tier, ranked

MEASURED = 10
"""Of the first so many the way is found as well, and told in metres: nobody reads the others' distance."""

AS_MISSION = {
    State.ASSIGNED: Status.ASSIGNED, State.AT_SCENE: Status.ON_SCENE, State.TRANSPORTING: Status.PATIENT_ABOARD,
    State.ARRIVED: Status.AT_HOSPITAL, State.ENDED: Status.AVAILABLE,
}  # fmt: skip
"""What a unit does by its mission, where its standing does not know of it yet."""


class Candidate(Arrival, frozen=True, kw_only=True):
    """A unit that could be sent."""

    kind: str
    agency: str | None
    tier: str  # fit, preemptible, short, busy, unknown, unavailable
    seconds: float | None  # the time that it is ranked by; None: unknown
    mission: str | None  # that it is on already
    status: str
    reasons: tuple[Reason, ...]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What somewhere is asked for."""

    place: Place
    urgency: Urgency
    agencies: frozenset[str] = frozenset()
    capabilities: frozenset[str] = frozenset()
    incident: str | None = None  # whose missions count as sent


def wanted_by(incident: Incident) -> Wanted:
    """What an incident asks for."""
    return Wanted(
        place=incident.place, urgency=incident.urgency, agencies=frozenset(incident.agencies),
        capabilities=frozenset(incident.capabilities), incident=incident.id,
    )  # fmt: skip


class Candidates:
    """Of one centre, in one event loop."""

    def __init__(
        self, live: LivePicture, estimator: Estimator, missions: Missions, register: Register, coverage: Coverage
    ) -> None:
        self._live = live
        self._estimator = estimator
        self._missions = missions
        self._register = register
        self.coverage = coverage
        self.standing: Callable[[str], Status] | None = None
        """A unit's status; None: read off its mission."""

    async def next_for(
        self,
        incident: Incident,
        excluding: Collection[str],
        now: datetime,
        agency: str | None = None,
    ) -> Candidate | None:
        """The best unit that is free and surely gets there, without these: whoever escalates asks this. Its tier says
        whether it is fit, or lacks something and is better than nobody; None: there is nobody.

        Args:
            incident: to go to.
            excluding: units that were asked before.
            now: the time.
            agency: whose it shall be, as when it takes the place of another one; None: as the incident says.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away.
        """
        wanted = wanted_by(incident)
        if agency is not None:
            wanted = msgspec.structs.replace(wanted, agencies=frozenset({agency}))
        free = (Tier.FIT.name.lower(), Tier.SHORT.name.lower())
        for each in await self.ranked(wanted, now):
            if each.unit not in excluding and each.tier in free and each.eta_s is not None:
                return each
        return None

    async def ranked(self, wanted: Wanted, now: datetime) -> list[Candidate]:
        """Every unit of the centre, the best first.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away.
        """
        await self.coverage.renew(now)
        if not self._register.loaded:
            await self._register.load()
        units = [state.unit for state in self._live.states()]
        rows = await arrivals(self._live, self._estimator, units, [wanted.place], wanted.urgency, now, metres=False)
        minute = minute_of_week(now, ZoneInfo(self._estimator.speeds.zone))
        lost = self.coverage.lost(list(self._guards(units, minute, now)))
        await asyncio.sleep(0)
        arrived = {row[0].unit: row[0] for row in rows}
        offers = [self._offer(row[0], wanted, minute, lost.get(row[0].unit, 0.0), now) for row in rows]
        need = Need(
            urgency=wanted.urgency, at=now, capabilities=wanted.capabilities,
            agencies=self._missing(wanted),
        )  # fmt: skip
        order = ranked(need, offers)
        statuses = {offer.unit: offer for offer in offers}
        await asyncio.sleep(0)
        first = [each.unit for each in order[:MEASURED]]
        measured = await arrivals(self._live, self._estimator, first, [wanted.place], wanted.urgency, now)
        metres = {row[0].unit: row[0].distance_m for row in measured}
        found = []
        for each in order:
            at, offer, mission = arrived[each.unit], statuses[each.unit], self._missions.active.get(each.unit)
            found.append(
                Candidate(
                    unit=at.unit, eta_s=at.eta_s, unknown_because=at.unknown_because, source=at.source,
                    fix_time=at.fix_time, fix_age_s=at.fix_age_s, distance_m=metres.get(each.unit, at.distance_m),
                    model=at.model, note=at.note, kind=self._live.kind(each.unit) or "", agency=offer.agency,
                    tier=each.tier.name.lower(), seconds=each.seconds, mission=None if mission is None else mission.id,
                    status=offer.status.value, reasons=each.reasons,
                )
            )  # fmt: skip
        return found

    def status(self, unit: str) -> Status:
        """What a unit is doing. A mere destination binds nobody: the next mission takes its place."""
        mission = self._missions.active.get(unit)
        said = Status.AVAILABLE if self.standing is None else self.standing(unit)
        if said in (Status.OUT_OF_SERVICE, Status.EMERGENCY):
            return said
        if mission is None or mission.incident is None:
            return Status.AVAILABLE if said in ON_MISSION and mission is not None else said
        return said if said in ON_MISSION else AS_MISSION[mission.state]

    def _missing(self, wanted: Wanted) -> frozenset[str]:
        """The wanted agencies of which nobody is on the way yet; all of them, if somebody of each is."""
        missing = wanted.agencies - {self._register.unit(unit).agency for unit in self._sent(wanted)}
        return missing or wanted.agencies

    def _sent(self, wanted: Wanted) -> Iterable[str]:
        if wanted.incident is None:
            return ()
        return (unit for unit, mission in self._missions.active.items() if mission.incident == wanted.incident)

    def _guards(self, units: Iterable[str], minute: float, now: datetime) -> Iterable[Guard]:
        """The free units whose place is known."""
        for unit in units:
            fix = self._live.newest(unit)
            if fix is None or (now - fix.time).total_seconds() > self._live.limits(unit)[1]:
                continue
            if self.status(unit) is Status.AVAILABLE and _on_shift(self._register.unit(unit).shifts, minute):
                kind = self._live.kind(unit) or ""
                yield Guard(unit, kind, position_of(fix), driving_of(kind, Urgency.EMERGENCY))

    def _offer(self, arrival: Arrival, wanted: Wanted, minute: float, lost: float, now: datetime) -> Offer:
        unit = arrival.unit
        details, mission = self._register.unit(unit), self._missions.active.get(unit)
        left, age = crew_left_s(details, now), arrival.fix_age_s
        return Offer(
            unit=unit,
            status=self.status(unit),
            agency=details.agency,
            capabilities=frozenset(details.capabilities),
            eta=arrival.eta_s,
            unknown_because=arrival.unknown_because,
            note=arrival.note,
            fix_age_s=age,
            stale=age is not None and age > self._live.limits(unit)[0],
            turnout_s=_turnout(details.turnout_s, mission),
            on_shift=_on_shift(details.shifts, minute),
            crew_hours=None if left is None else left / 3600,
            mission_urgency=None if mission is None or mission.incident is None else mission.urgency,
            sent=mission is not None and mission.incident is not None and mission.incident == wanted.incident,
            connected=self._live.online(unit),
            coverage_lost_s=lost,
        )


def _turnout(told: float | None, mission: Mission | None) -> float:
    """Seconds until it is under way; a crew that is out already turns out of nothing."""
    return 0.0 if told is None or mission is not None else told


def _on_shift(shifts: str | None, minute: float) -> bool:
    return shifts is None or any(window.holds(minute) for window in _windows(shifts))


_windows = lru_cache(maxsize=1000)(read_windows)
