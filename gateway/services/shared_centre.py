"""Another centre in this very database: its units, and incidents that are handed over to it.

Its gateway is another process, or nobody's at the moment; what it decides (standings, register) is its own, so its
units are ranked by when they are there and by whether they have a mission, and by nothing else.
"""

from typing import Any

from psycopg import AsyncConnection

from gateway.clock import TRUE, Clock
from gateway.services.borders import UnitAbroad, Unreachable
from gateway.services.estimate import Estimator, driving_of
from gateway.services.estimate_units import position_of
from gateway.services.missions import Clash
from gateway.storage import events, fixes, incidents, missions, units
from gateway.storage.borders import MissionAbroad, Neighbour, StatusAbroad
from gateway.storage.events import Event
from gateway.storage.pool import type_of_pool
from tracker.eta import straight_line
from tracker.eta.live import SAID_NOTHING, Source, aged
from tracker.missions import Incident
from tracker.quality import lost_after, stale_after

Connection = AsyncConnection[Any]


class SharedCentre:
    """Spoken to through the tables."""

    def __init__(self, pool: type_of_pool, estimator: Estimator, clock: Clock = TRUE) -> None:
        self._pool = pool
        self._estimator = estimator
        self._clock = clock

    async def units(self, neighbour: Neighbour, incident: Incident, limit: int) -> list[UnitAbroad]:
        """Whom it could send, the soonest free one first: over our roads, or by straight line where they end."""
        centre, now = _centre(neighbour), self._clock.now()
        async with self._pool.connection() as connection:
            enrolled = {each.id: each for each in await units.enrolled(connection, centre)}
            newest = {each.unit: each for each in await fixes.latest(connection, centre) if each.unit in enrolled}
            busy = {each.unit for each in await missions.find(connection, centre, active=True) if each.incident}
        names = sorted(newest)
        positions = [position_of(newest[unit].fix) for unit in names]
        drivings = [driving_of(enrolled[unit].kind, incident.urgency) for unit in names]
        drives = await self._estimator.matrix(positions, [incident.place], drivings, metres=False)
        stale, lost = stale_after(None), lost_after(None)
        found = []
        for unit, (drive,) in zip(names, drives, strict=True):
            fix = newest[unit].fix
            age = max(0.0, (now - fix.time).total_seconds())
            eta, source = drive.eta, drive.source
            if eta is None:
                eta = straight_line.estimate(fix, incident.place.latitude, incident.place.longitude, fix.time)
                source = Source.STRAIGHT_LINE
            eta = aged(eta, age, stale, lost, heading=False)
            why = SAID_NOTHING.format(age=age, limit=lost) if eta is None else None
            tier = "unknown" if eta is None else "busy" if unit in busy else "fit"
            found.append(
                UnitAbroad(
                    unit=unit, name=enrolled[unit].name, kind=enrolled[unit].kind, tier=tier, eta_s=eta,
                    unknown_because=why, source=(Source.LAST_KNOWN if age > stale else source).value,
                )
            )  # fmt: skip
        tiers = ("fit", "busy", "unknown")
        found.sort(key=lambda each: (tiers.index(each.tier or ""), each.eta_s.p50 if each.eta_s else 0.0, each.unit))
        return found[:limit]

    async def open(self, neighbour: Neighbour, incident: Incident) -> None:
        """Write it into the other centre's incidents, with the event that its listeners wait for."""
        centre = _centre(neighbour)
        async with self._pool.connection() as connection, connection.transaction():
            if await incidents.insert(connection, centre, incident):
                event = Event(
                    "incident.opened", f"incidents/{incident.id}", incident, self._clock.now(), None, incident.exercise
                )
                await events.put(connection, centre, event)
                return
            there = (await incidents.find(connection, centre, incident=incident.id))[0]
        if there.reference != incident.reference:
            raise Clash(f"centre {centre} has another incident {incident.id}")

    async def status(self, neighbour: Neighbour, reference: str) -> StatusAbroad:
        """How it stands there; arrival times are that centre's gateway's to tell."""
        centre = _centre(neighbour)
        async with self._pool.connection() as connection:
            there = await incidents.find(connection, centre, incident=reference)
            sent = await missions.find(connection, centre, incident=reference)
        if not there:
            raise Unreachable(f"centre {centre} has no incident {reference} any more")
        closed_as = there[0].closed_as
        return StatusAbroad(
            there[0].closed_at,
            None if closed_as is None else closed_as.value,
            tuple(MissionAbroad(each.unit, each.state.value) for each in sorted(sent, key=lambda each: each.id)),
        )


def _centre(neighbour: Neighbour) -> str:
    if neighbour.shares is None:
        raise Unreachable(f"{neighbour.id} is no centre in this database")
    return neighbour.shares
