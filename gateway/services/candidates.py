"""Who could be sent to an incident: all units at once, the best first, each with its reasons in words.

Nothing is decided here and nobody is sent. What is known comes from where it is kept: positions from the live picture,
drives from the roads, the status from the unit's standing, the rest from the register. What nobody ever said is
unknown, and speaks against nobody.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from gateway.feeds.live import LivePicture, Seen
from gateway.services.coverage import Coverage, Guard
from gateway.services.estimate import Estimator, driving_of
from gateway.services.estimate_units import Arrival, arrivals, position_of
from gateway.services.missions import Missions
from gateway.services.register import Register, crew_left_s
from tracker.duty import minute_of_week, read_windows
from tracker.missions import Incident, Mission, Place, State, Urgency
from tracker.missions.statuses import ON_MISSION, Status
from tracker.recommend.reasons import Reason
from tracker.recommend.units import Candidate as Ranked
from tracker.recommend.units import Need, Offer, Tier, ranked

MEASURED = 10
"""Of the first so many the way is found as well, and told in metres: nobody reads the others' distance."""

AS_MISSION = {
    State.ASSIGNED: Status.ASSIGNED, State.AT_SCENE: Status.ON_SCENE, State.TRANSPORTING: Status.PATIENT_ABOARD,
    State.ARRIVED: Status.AT_HOSPITAL, State.ENDED: Status.AVAILABLE,
}  # fmt: skip
"""What a unit does by its mission, where its standing does not know of it yet."""


class Candidate(Arrival, frozen=True, kw_only=True, gc=False):
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
    """Of one centre, in one event loop.

    Args:
        live, estimator, missions, register, coverage: of the centre.
        standing: a unit's status; None: read off its mission.
    """

    def __init__(
        self,
        live: LivePicture,
        estimator: Estimator,
        missions: Missions,
        register: Register,
        coverage: Coverage,
        standing: Callable[[str], Status] | None = None,
    ) -> None:
        self._live = live
        self._estimator = estimator
        self._missions = missions
        self._register = register
        self.coverage = coverage
        self._standing = standing

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

    async def ranked(self, wanted: Wanted, now: datetime, limit: int | None = None) -> list[Candidate]:
        """The best so many units of the centre, or all, the best first.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout: the database is away.
        """
        await self.coverage.renew(now)
        if not self._register.loaded:
            await self._register.load()
        seen = [each for each in self._live.seen() if not each.concealed]  # its owner shows it to nobody now
        rows = await arrivals(
            self._live, self._estimator, [each.unit for each in seen], [wanted.place], wanted.urgency, now, metres=False
        )
        known = {each.unit: row[0] for each, row in zip(seen, rows, strict=True)}
        shifts = _Shifts(minute_of_week(now, ZoneInfo(self._estimator.speeds.zone)))
        statuses = {each.unit: self.status(each.unit) for each in seen}
        lost = self.coverage.lost(list(self._guards(seen, known, statuses, shifts)))
        offers = {}
        for each in seen:
            unit = each.unit
            offers[unit] = self._offer(each, known[unit], statuses[unit], wanted, shifts, lost.get(unit, 0.0), now)
        need = Need(
            urgency=wanted.urgency, at=now, capabilities=wanted.capabilities, agencies=self._missing(wanted)
        )  # fmt: skip
        order = ranked(need, offers.values(), limit)
        first = [each.unit for each in order[:MEASURED]]
        for row in await arrivals(self._live, self._estimator, first, [wanted.place], wanted.urgency, now):
            at = known[row[0].unit]
            known[at.unit] = msgspec.structs.replace(at, distance_m=row[0].distance_m)
        kinds = {each.unit: each.kind for each in seen}
        return [self._shown(each, known[each.unit], offers[each.unit], kinds[each.unit]) for each in order]

    def _shown(self, place: Ranked, at: Arrival, offer: Offer, kind: str) -> Candidate:
        mission = self._missions.active.get(at.unit)
        return Candidate(
            *(getattr(at, name) for name in Arrival.__struct_fields__),
            kind=kind, agency=offer.agency, tier=place.tier.name.lower(), seconds=place.seconds,
            mission=None if mission is None else mission.id, status=offer.status.value, reasons=place.reasons,
        )  # fmt: skip

    def status(self, unit: str) -> Status:
        """What a unit is doing. A mere destination binds nobody: the next mission takes its place."""
        mission = self._missions.active.get(unit)
        said = Status.AVAILABLE if self._standing is None else self._standing(unit)
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

    def _guards(
        self, seen: Iterable[Seen], known: Mapping[str, Arrival], statuses: Mapping[str, Status], shifts: "_Shifts"
    ) -> Iterable[Guard]:
        """The free units whose place is known."""
        for each in seen:
            if each.fix is None or known[each.unit].eta_s is None or each.concealed:
                continue
            if statuses[each.unit] is Status.AVAILABLE and shifts.hold(self._register.unit(each.unit).shifts):
                driving = driving_of(each.kind, Urgency.EMERGENCY)
                yield Guard(each.unit, each.kind, position_of(each.fix), driving)

    def _offer(
        self,
        seen: Seen,
        arrival: Arrival,
        status: Status,
        wanted: Wanted,
        shifts: "_Shifts",
        lost: float,
        now: datetime,
    ) -> Offer:
        unit = seen.unit
        details, mission = self._register.unit(unit), self._missions.active.get(unit)
        left, age = crew_left_s(details, now), arrival.fix_age_s
        return Offer(
            unit=unit,
            status=status,
            agency=details.agency,
            capabilities=frozenset(details.capabilities),
            eta=arrival.eta_s,
            unknown_because=arrival.unknown_because,
            note=arrival.note,
            fix_age_s=age,
            stale=age is not None and age > seen.stale_after,
            turnout_s=_turnout(details.turnout_s, mission),
            on_shift=not seen.concealed and shifts.hold(details.shifts),
            crew_hours=None if left is None else left / 3600,
            mission_urgency=None if mission is None or mission.incident is None else mission.urgency,
            sent=mission is not None and mission.incident is not None and mission.incident == wanted.incident,
            connected=seen.online,
            coverage_lost_s=lost,
        )


def _turnout(told: float | None, mission: Mission | None) -> float:
    """Seconds until it is under way; a crew that is out already turns out of nothing."""
    return 0.0 if told is None or mission is not None else told


class _Shifts:
    """Which shifts hold at one minute of the week: hundreds of units have few different ones."""

    def __init__(self, minute: float) -> None:
        self._minute = minute
        self._held: dict[str | None, bool] = {None: True}

    def hold(self, shifts: str | None) -> bool:
        """Whether one is on duty by these."""
        held = self._held.get(shifts)
        if held is None:
            held = self._held[shifts] = any(window.holds(self._minute) for window in read_windows(shifts or ""))
        return held
