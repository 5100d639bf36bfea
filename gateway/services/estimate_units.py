"""When each of some units would be at each of some places, if it left now: what a dispatcher asks before deciding."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from gateway.feeds.live import LivePicture
from gateway.services.estimate import Estimator, driving_of
from gateway.services.network import Position
from tracker.eta.live import SAID_NOTHING, Drive, Source, aged
from tracker.eta.straight_line import Estimate
from tracker.fix import Fix
from tracker.missions import Place, Urgency


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """When a unit would arrive: an estimate with its interval, or unknown with the reason."""

    unit: str
    eta_s: Estimate | None
    unknown_because: str | None
    source: str  # road, straight-line, last-known
    fix_time: datetime | None
    fix_age_s: float | None
    distance_m: float | None  # by road or straight, as the source
    model: str
    note: str | None  # what to know of it: that the way leads through what is closed


async def arrivals(
    live: LivePicture,
    estimator: Estimator,
    units: Sequence[str],
    places: Sequence[Place],
    urgency: Urgency,
    now: datetime,
    *,
    metres: bool = True,
) -> list[list[Arrival]]:
    """A row for each unit, in it an arrival for each place. Units that are lost or never seen have unknown ones.

    A unit is not taken to be on its way there already: while its fix ages only the interval widens. Without ``metres``
    nobody is asked for the length of the way, which takes a tenth of the time.
    """
    fixes = [live.newest(unit) for unit in units]
    ages = [None if fix is None else max(0.0, (now - fix.time).total_seconds()) for fix in fixes]
    limits = [live.limits(unit) for unit in units]
    known = [at for at, age in enumerate(ages) if age is not None and age <= limits[at][1]]
    positions = [position_of(fix) for at in known if (fix := fixes[at]) is not None]
    drivings = [driving_of(live.kind(units[at]) or "", urgency) for at in known]
    drives = await estimator.matrix(positions, places, drivings, metres=metres)
    found = dict(zip(known, drives, strict=True))
    rows = []
    for at, unit in enumerate(units):
        fix, age, (stale, lost) = fixes[at], ages[at], limits[at]
        if at in found and fix is not None and age is not None:
            rows.append([_arrival(unit, drive, fix, age, stale, lost) for drive in found[at]])
            continue
        source, why = estimator.source, "the unit has no position yet"
        if age is not None:
            source, why = Source.LAST_KNOWN, SAID_NOTHING.format(age=age, limit=lost)
        time = None if fix is None else fix.time
        rows.append([Arrival(unit, None, why, source.value, time, age, None, estimator.model, None) for _ in places])
    return rows


def position_of(fix: Fix) -> Position:
    """Where a unit is, and where it is heading."""
    return Position(fix.latitude, fix.longitude, fix.course, fix.speed)


def _arrival(unit: str, drive: Drive, fix: Fix, age: float, stale: float, lost: float) -> Arrival:
    eta = None if drive.eta is None else aged(drive.eta, age, stale, lost, heading=False)
    source = Source.LAST_KNOWN if age > stale else drive.source
    metres = None if eta is None else drive.distance
    return Arrival(unit, eta, drive.unknown_because, source.value, fix.time, age, metres, drive.model, drive.note)
